/* The few helpers that the modules share. */

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Run `handle(element, event)` for events of `type` from inside elements that match `selector`, now or later. */
export function on(type, selector, handle, options) {
  document.addEventListener(type, (event) => {
    const element = event.target instanceof Element ? event.target.closest(selector) : null;
    if (element) handle(element, event);
  }, options);
}

/** After the page has loaded, and after htmx has put something new into it. */
export function onContent(handle) {
  const start = () => handle(document.body);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  document.addEventListener("htmx:afterSettle", start);
}

/** Remember a preference where the server can read it. */
export function setCookie(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

/** The clock of this moment in the reader's zone: the one of their settings, else the browser's. */
export function clock(date = new Date()) {
  return date.toLocaleTimeString("en-GB", { ...CLOCK, timeZone: document.documentElement.dataset.tz || undefined });
}
