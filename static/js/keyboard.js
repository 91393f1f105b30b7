/* Keys. j k move through the rows of a list, x ticks, Enter opens; a, e, s, r press the button that shows the letter. */
import { all, on, one } from "./dom.js";
import { open as openPalette } from "./palette.js";
import { later } from "./pending.js";
import { tick } from "./select.js";

const LEAVES = 5000;

let going = 0;
let leaving = 0;
let hereId = null;
let order = [];

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

/** What came next where one acted: the row itself may stand elsewhere by now, or have gone. */
function beside(step) {
  const at = order.indexOf(hereId);
  const beyond = step > 0 ? order.slice(at + 1) : order.slice(0, Math.max(at, 0)).reverse();
  order = [];
  return at < 0 ? null : beyond.map((id) => document.getElementById(id)).find((row) => row?.checkVisibility());
}

function move(step) {
  const list = rows();
  if (!list.length) return;
  const next = beside(step);
  if (next) return void stand(next);
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
  order = rows().map((row) => row.id);
  button.click();
  return true;
}

/** Until the next page is there, no key is for this one any more. */
function follow(link) {
  if (!link) return;
  leaving = Date.now();
  link.click();
}

function go(key) {
  follow(one(`[data-go="${key}"]`));
}

/** In a list to the next row; on the page of one thing to the next of the list that one came from. */
function step(key, by) {
  const link = one(`a[data-step="${key}"]`);
  if (link) follow(link);
  else move(by);
}

const KEYS = {
  j: () => step("j", 1),
  k: () => step("k", -1),
  x: pick,
  Enter: () => follow(here() && one("a.subject", here())),
  "/": () => (one("[data-search]") ? one("[data-search]").focus() : openPalette()),
  "?": () => one("#keys")?.showModal(),
  g: () => { going = Date.now(); },
};

/** Do what `key` means on the page as it is now; false when it means nothing. */
function act(key) {
  if (one("dialog[open]") || Date.now() - leaving < LEAVES) return false;
  if (Date.now() - going < 1500) {
    going = 0;
    go(key);
    return true;
  }
  if (!KEYS[key]) return press(key);
  KEYS[key]();
  return true;
}

// These only open something, and what is typed into it must find it open.
const AT_ONCE = new Set(["/", "?"]);
// These may be held down; no other key acts more than once.
const HELD = new Set(["j", "k"]);

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(target)) {
    if (key === "Escape") target.blur();
    return;
  }
  if (one("dialog[open]") || (event.repeat && !HELD.has(key)) || !(KEYS[key] || /^[a-z]$/.test(key))) return;
  if (key === "Enter" && target instanceof Element && target.closest("a, button, summary")) return;
  const waits = !AT_ONCE.has(key) && later(() => act(key));
  if (waits || act(key)) event.preventDefault();
});

window.addEventListener("pageshow", () => { leaving = 0; });

// A fresh fragment carries no "here": the reader still stands where they stood.
document.addEventListener("htmx:afterSwap", () => here()?.classList.add("here"));
on("click", "[data-row]", (row) => stand(row));
