/* Completion in a search: a combobox over the list that the server offers for what stands before the caret.
   Without JavaScript the field is an ordinary search field. */
import { all, on, one, onContent } from "./dom.js";

const PAUSE = 90;
let waiting = 0;
let asked = 0;

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

async function ask(input) {
  const mine = (asked += 1);
  const query = new URLSearchParams({ q: input.value, at: input.selectionStart ?? input.value.length });
  const answer = await fetch(`${input.dataset.complete}?${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (mine !== asked || document.activeElement !== input) return;
  const html = answer?.ok ? await answer.text() : "";
  const parsed = new DOMParser().parseFromString(html, "text/html");
  list().replaceChildren(...all("[role=option]", parsed).map((option) => document.importNode(option, true)));
  show(input, list().childElementCount > 0);
}

function soon(input) {
  clearTimeout(waiting);
  waiting = setTimeout(() => ask(input), PAUSE);
}

function close(input) {
  clearTimeout(waiting);
  asked += 1;
  show(input, false);
}

function choose(input, option) {
  for (const other of all("[role=option]", list())) other.setAttribute("aria-selected", String(other === option));
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

function move(input, step) {
  const options = all("[role=option]", list());
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

on("keydown", "[data-complete]", (input, event) => {
  const open = !list().hidden;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (open) move(input, event.key === "ArrowDown" ? 1 : -1);
    else ask(input);
  } else if (event.key === "Escape" && open) {
    close(input);
    // Once closes the list, twice leaves the field.
    event.stopPropagation();
  } else if ((event.key === "Enter" || event.key === "Tab") && open && chosen()) {
    take(input, chosen());
  } else return;
  event.preventDefault();
}, true);

// Before the field loses its focus.
on("mousedown", "#completions [role=option]", (option, event) => {
  event.preventDefault();
  take(one("[data-complete]"), option);
});
