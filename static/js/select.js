/* Ticks in a list and the bar that acts on them. data-select marks the form; data-pick-all ticks all that is shown. */
import { all, on, one, onContent } from "./dom.js";

let last = null;

const picks = (form) => all(".pick[name=ids]", form);

export function refresh(form) {
  const ticked = picks(form).filter((pick) => pick.checked).length;
  const every = one("[data-pick-all]", form);
  if (every) {
    every.checked = ticked > 0 && ticked === picks(form).length;
    every.indeterminate = ticked > 0 && !every.checked;
  }
  const bar = one("[data-bulk]", form);
  if (bar) bar.hidden = ticked === 0;
  const everything = one("[data-all-matching]", form);
  if (everything && !ticked) everything.checked = false;
  const number = everything?.checked ? Number(everything.value) : ticked;
  // All that match may be too many to be counted on the page; the server asks before it acts.
  const told = Number.isNaN(number) ? "all" : number.toLocaleString("en");
  for (const place of all("[data-picked]", form)) place.textContent = told;
}

export function tick(form, pick, checked) {
  pick.checked = checked;
  refresh(form);
}

on("change", "[data-select] [data-pick-all]", (every) => {
  const form = every.closest("[data-select]");
  for (const pick of picks(form)) pick.checked = every.checked;
  refresh(form);
});
on("change", "[data-select] .pick[name]", (pick) => refresh(pick.closest("[data-select]")));

on("click", "[data-select] .pick[name=ids]", (pick, event) => {
  const form = pick.closest("[data-select]");
  const list = picks(form);
  if (event.shiftKey && last && list.includes(last)) {
    const [from, to] = [list.indexOf(last), list.indexOf(pick)].sort((a, b) => a - b);
    for (const between of list.slice(from, to + 1)) between.checked = pick.checked;
  }
  last = pick;
  refresh(form);
});

onContent(() => all("[data-select]").forEach(refresh));

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("[data-select]");
  if (!form || !event.detail.successful || event.detail.elt.hasAttribute("data-live")) return;
  // Answered by a question: whoever cancels it still has what was ticked.
  if (event.detail.xhr.getResponseHeader("HX-Retarget")) return;
  for (const pick of picks(form)) pick.checked = false;
  refresh(form);
});
