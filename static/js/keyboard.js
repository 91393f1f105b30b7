/* Keys. j k move through the rows of a list, x ticks, Enter opens; a, e, s, r press the button that shows the letter. */
import { all, on, one } from "./dom.js";
import { open as openPalette } from "./palette.js";
import { tick } from "./select.js";

let going = 0;
let hereId = null;

const rows = () => all("[data-row]").filter((row) => row.checkVisibility());
const here = () => (hereId ? document.getElementById(hereId) : null);
const typing = (target) => target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

function stand(row) {
  all("[data-row].here").forEach((other) => other.classList.remove("here"));
  hereId = row?.id ?? null;
  if (!row) return;
  row.classList.add("here");
  row.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const list = rows();
  if (!list.length) return;
  const at = list.indexOf(here());
  stand(list[at < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + step, 0), list.length - 1)]);
}

function pick() {
  const box = here() && one(".pick[name=ids]", here());
  if (box) tick(box.closest("[data-select]"), box, !box.checked);
}

/** Press what shows `key`; in a list, on the ticked rows, or else on the row one stands on. */
function press(key) {
  const button = one(`[data-key="${key}"]`);
  if (!button) return false;
  const form = button.closest("[data-select]");
  if (form && !one(".pick[name=ids]:checked", form)) {
    const box = here() && one(".pick[name=ids]", here());
    if (!box) return false;
    tick(form, box, true);
  }
  button.click();
  return true;
}

function go(key) {
  const link = one(`[data-go="${key}"]`);
  if (link) link.click();
}

/** In a list to the next row; on the page of one thing to the next of the list that one came from. */
function step(key, by) {
  const link = one(`a[data-step="${key}"]`);
  if (link) link.click();
  else move(by);
}

const KEYS = {
  j: () => step("j", 1),
  k: () => step("k", -1),
  x: pick,
  Enter: () => one("a.subject", here() ?? document.createElement("i"))?.click(),
  "/": () => (one("[data-search]") ? one("[data-search]").focus() : openPalette()),
  "?": () => one("#keys")?.showModal(),
  g: () => { going = Date.now(); },
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (one("dialog[open]")) return;
  if (event.key === "Enter" && event.target instanceof Element && event.target.closest("a, button, summary")) return;
  if (Date.now() - going < 1500) {
    going = 0;
    go(event.key);
    event.preventDefault();
  } else if (KEYS[event.key]) {
    KEYS[event.key]();
    event.preventDefault();
  } else if (/^[a-z]$/.test(event.key) && press(event.key)) {
    event.preventDefault();
  }
});

// A fresh fragment carries no "here": the reader still stands where they stood.
document.addEventListener("htmx:afterSwap", () => here()?.classList.add("here"));
on("click", "[data-row]", (row) => stand(row));


