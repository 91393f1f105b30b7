/* Times tick in the reader's zone; the server writes the same words, so nothing jumps. */
import { all, onContent, setCookie } from "./dom.js";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

// The zone of the reader's settings, else the browser's own.
const chosen = document.documentElement.dataset.tz || undefined;
const FIELDS = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
const FORMAT = new Intl.DateTimeFormat("en-US", { timeZone: chosen, hourCycle: "h23", ...FIELDS });

const two = (value) => String(value).padStart(2, "0");

/** A date as the reader's wall shows it. `day0` counts days, for comparing them. */
function wall(date) {
  const part = Object.fromEntries(FORMAT.formatToParts(date).map(({ type, value }) => [type, Number(value)]));
  return { ...part, day0: Date.UTC(part.year, part.month - 1, part.day) / DAY };
}

const hours = (at) => `${two(at.hour)}:${two(at.minute)}`;
const day = (at, now) => `${at.day} ${MONTHS[at.month - 1]}${at.year === now.year ? "" : ` ${at.year}`}`;
const weekday = (at, now) => `${DAYS[(at.day0 + 4) % 7]} ${day(at, now)} ${hours(at)}`;

const WORDS = {
  ago(seconds, at, now) {
    if (seconds < 1) return "just now";
    if (seconds < MINUTE) return `${seconds} s ago`;
    if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
    return at.day0 === now.day0 ? hours(at) : day(at, now);
  },
  when(_seconds, at, now) {
    if (at.day0 === now.day0) return `today ${hours(at)}`;
    return at.day0 === now.day0 - 1 ? `yesterday ${hours(at)}` : weekday(at, now);
  },
  at: (seconds, at, now) => WORDS.when(seconds, at, now).replace("today ", ""),
  until(passed, at, now) {
    const seconds = -passed;
    if (seconds <= 0) return "now";
    if (seconds < MINUTE) return `in ${seconds} s`;
    if (seconds < HOUR) return `in ${Math.floor(seconds / MINUTE)} min`;
    return at.day0 === now.day0 ? hours(at) : weekday(at, now);
  },
  clock: (_seconds, at) => hours(at),
  seconds: (_seconds, at) => `${hours(at)}:${two(at.second)}`,
};

export function tell(root = document) {
  const clock = new Date();
  const now = wall(clock);
  for (const element of all("time[data-time]", root)) {
    const date = new Date(element.dateTime);
    const at = wall(date);
    const text = WORDS[element.dataset.time](Math.floor((clock - date) / 1000), at, now);
    if (element.textContent !== text) element.textContent = text;
    const exact = `${weekday(at, now)}:${two(at.second)} (${element.dateTime})`;
    if (element.title !== exact) element.title = exact;
  }
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) setCookie("tz", zone);
onContent(() => tell());
setInterval(() => { if (!document.hidden) tell(); }, 1000);
