/* Business time left goes on while the office is open. The server says how much was left, when, and which hours come. */
import { all, onContent } from "./dom.js";

/** The same words as console/tickets/rules/countdown.py. */
function business(seconds) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const sign = seconds < 0 ? "−" : "";
  if (minutes === 0) return `${sign}${Math.abs(seconds)} s`;
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (!hours) return `${sign}${rest} min`;
  return `${sign}${hours.toLocaleString("en")} h${rest ? ` ${rest} min` : ""}`;
}

/** Seconds of the open hours that have passed since `from`. */
function passed(open, from, now) {
  return open.split(",").filter(Boolean).reduce((sum, span) => {
    const [begin, end] = span.split("-").map(Number);
    return sum + Math.max(0, Math.min(end, now) - Math.max(begin, from));
  }, 0);
}

function tell() {
  const now = Math.floor(Date.now() / 1000);
  for (const element of all("[data-left]")) {
    const { left, from, open, over } = element.dataset;
    const seconds = Number(left) - passed(open, Number(from), now);
    const text = business(over === undefined ? seconds : -seconds);
    if (element.textContent !== text) element.textContent = text;
  }
}

onContent(tell);
setInterval(() => { if (!document.hidden) tell(); }, 1000);
