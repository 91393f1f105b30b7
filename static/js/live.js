/* Live regions. An element with data-live is asked for again every 1.5 s, with the ETag of what it shows: a 304
   changes nothing. Hidden tabs stop asking. When contact is lost the page says how old it is and tries again. */
import { all, clock, on, one } from "./dom.js";

const EVERY = 1500;
// A server that is slow to answer is asked less often, so that many readers leave room for the work they watch.
const RESTS = 2;
const LONGEST_REST = 8_000;
const PATIENCE = 8000;
const BACK_OFF = [2000, 5000, 10000, 20000, 30000];
const etags = new WeakMap();
const abandoned = new WeakSet();
const askedAt = new WeakMap();

let failures = 0;
let freshAt = new Date();
let nextAt = Date.now() + EVERY;
let ended = false;

const isLive = (element) => element instanceof Element && element.hasAttribute("data-live");

function tick() {
  if (document.hidden || ended) return;
  if (failures) tellLost();
  if (Date.now() >= nextAt) poll();
}

function poll() {
  const regions = all("[data-live]");
  nextAt = Date.now() + (failures ? BACK_OFF[Math.min(failures - 1, BACK_OFF.length - 1)] : EVERY);
  for (const region of regions) {
    if (!region.classList.contains("htmx-request")) window.htmx.trigger(region, "live");
  }
}

document.addEventListener("htmx:configRequest", (event) => {
  const { elt, headers } = event.detail;
  if (!isLive(elt)) return;
  headers["X-Poll"] = "1";
  askedAt.set(elt, Date.now());
  event.detail.timeout = PATIENCE;
  if (etags.has(elt)) headers["If-None-Match"] = etags.get(elt);
});

// What a person asks for goes first: a poll already under way would bring what was true before it.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isLive(event.detail.elt)) all("[data-live].htmx-request").forEach(abandon);
});

function abandon(region) {
  abandoned.add(region);
  window.htmx.trigger(region, "htmx:abort");
  abandoned.delete(region);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  // Not detail.elt: that is what is swapped, and a form that was refused may have been going to swap a live region.
  const { requestConfig, xhr } = event.detail;
  if (isLive(requestConfig.elt) && xhr.status >= 400) event.detail.shouldSwap = false;
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr } = event.detail;
  if (!isLive(elt) || abandoned.has(elt)) return;
  if (xhr.status === 200 || xhr.status === 304) succeeded(elt, xhr);
  else if (xhr.status === 401) sessionEnded();
  else failed();
});

function succeeded(region, xhr) {
  const etag = xhr.getResponseHeader("ETag");
  const here = region.id ? document.getElementById(region.id) : region;
  if (etag && here) etags.set(here, etag);
  failures = 0;
  freshAt = new Date();
  const took = freshAt - (askedAt.get(region) ?? freshAt);
  nextAt = Math.max(nextAt, Date.now() + Math.min(took * RESTS, LONGEST_REST));
  const lost = one("#lost");
  if (lost) lost.hidden = true;
  mark(`Live, ${clock(freshAt)}`, false);
}

function failed() {
  failures += 1;
  nextAt = Date.now() + BACK_OFF[Math.min(failures - 1, BACK_OFF.length - 1)];
  // One missed answer is no news; the second is.
  if (failures > 1) tellLost();
}

function tellLost() {
  const lost = one("#lost");
  if (!lost || failures < 2) return;
  const old = Math.round((Date.now() - freshAt) / 1000);
  const wait = Math.max(0, Math.ceil((nextAt - Date.now()) / 1000));
  const since = document.createElement("strong");
  since.textContent = `Not live since ${clock(freshAt)}.`;
  one("[data-lost-text]", lost).replaceChildren(since, ` What you see is ${age(old)} old. ${wait ? `Trying again in ${wait} s.` : "Trying now."}`);
  lost.hidden = false;
  mark("Not live", true);
}

function sessionEnded() {
  ended = true;
  const lost = one("#lost");
  if (!lost) return;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = "Sign in again";
  one("[data-lost-text]", lost).replaceChildren("Your session has ended. ", link, "; nothing was changed.");
  lost.hidden = false;
  mark("Not live", true);
}

function mark(text, lost) {
  for (const element of all("[data-live-mark]")) {
    element.classList.toggle("lost", lost);
    one("[data-live-text]", element).textContent = text;
  }
}

const age = (seconds) => (seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`);

function now() {
  if (!document.hidden && !ended) poll();
}

on("click", "[data-try-now]", now);
document.addEventListener("visibilitychange", now);
window.addEventListener("online", now);
window.addEventListener("pageshow", (event) => { if (event.persisted) now(); });
setInterval(tick, 250);
