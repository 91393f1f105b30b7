/* Completion in a search: a combobox over the list that the server offers for what stands before the caret.
   Without JavaScript the field is an ordinary search field. Offers belong to the words and the caret that they were asked
   for; keys pressed before those of now have come wait for them. */
import { all, on, one, onContent } from "./dom.js";

const PAUSE = 90;
let waiting = 0;
let asked = 0;
let offered = "";
let early = [];

const list = () => one("#completions");
const chosen = () => one("[role=option][aria-selected=true]", list());

onContent(() => {
  for (const input of all("[data-complete]:not([role])")) {
    const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "completions" };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    list().setAttribute("role", "listbox");
    list().setAttribute("aria-label", "Completions");
  }
});

function show(input, open) {
  list().hidden = !open;
  input.setAttribute("aria-expanded", String(open));
  if (!open) input.removeAttribute("aria-activedescendant");
}

const standing = (input) => `${input.selectionStart} ${input.value}`;

async function ask(input) {
  const mine = (asked += 1);
  const words = standing(input);
  const query = new URLSearchParams({ q: input.value, at: input.selectionStart ?? input.value.length });
  const answer = await fetch(`${input.dataset.complete}?${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  const html = answer?.ok ? await answer.text() : "";
  if (mine !== asked || document.activeElement !== input) return;
  const parsed = new DOMParser().parseFromString(html, "text/html");
  list().replaceChildren(...all("[role=option]", parsed).map((option) => document.importNode(option, true)));
  offered = words;
  show(input, list().childElementCount > 0);
  for (const key of early.splice(0)) if (!press(input, key) && key === "Enter") input.form.requestSubmit();
}

function soon(input) {
  // What was chosen was chosen for what stood there before.
  chosen()?.setAttribute("aria-selected", "false");
  input.removeAttribute("aria-activedescendant");
  early = [];
  clearTimeout(waiting);
  waiting = setTimeout(() => ask(input), PAUSE);
}

function close(input) {
  clearTimeout(waiting);
  asked += 1;
  early = [];
  show(input, false);
}

function choose(input, option) {
  for (const other of all("[role=option]", list())) other.setAttribute("aria-selected", String(other === option));
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function move(input, step) {
  const options = all("[role=option]", list());
  if (!options.length) return;
  const at = options.indexOf(chosen());
  choose(input, options[at < 0 && step < 0 ? options.length - 1 : (at + step + options.length) % options.length]);
}

function take(input, option) {
  const { offer, begin, end } = option.dataset;
  const goesOn = "goesOn" in option.dataset;
  const text = goesOn ? offer : `${offer} `;
  input.setRangeText(text, Number(begin), Number(end), "end");
  input.focus();
  close(input);
  if (goesOn) ask(input);
}

on("input", "[data-complete]", soon);
on("focusin", "[data-complete]", soon);
on("focusout", "[data-complete]", close);

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** Do what `key` means to the offers; false when it means nothing to them. */
function press(input, key) {
  if (STEPS[key]) move(input, STEPS[key]);
  else if (chosen() && !list().hidden) take(input, chosen());
  else return false;
  return true;
}

/** Keep `key` for the offers of the words that stand here now, when those that are shown are for others. */
function later(input, key) {
  if (early.length) early.push(key);
  else if (STEPS[key] && offered !== standing(input)) {
    early = [key];
    ask(input);
  }
  return early.length > 0;
}

on("keydown", "[data-complete]", (input, event) => {
  const { key } = event;
  const open = !list().hidden;
  if (STEPS[key] && !open) ask(input);
  else if (key === "Escape" && open) {
    close(input);
    // Once closes the list, twice leaves the field.
    event.stopPropagation();
  } else if (!open || !(STEPS[key] || key === "Enter" || key === "Tab")) return;
  else if (!later(input, key) && !press(input, key)) return;
  event.preventDefault();
}, true);

// Before the field loses its focus.
on("mousedown", "#completions [role=option]", (option, event) => {
  event.preventDefault();
  take(one("[data-complete]"), option);
});
