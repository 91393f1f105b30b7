/* Times tick in the reader's zone; the server writes the same words, so nothing jumps. */
import { all, onContent, setCookie } from "./dom.js";

const MINUTE = 60;
const HOUR = 3600;
const two = (value) => String(value).padStart(2, "0");
const hours = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const sameDay = (a, b) => a.toDateString() === b.toDateString();
const day = (date, now) => `${date.getDate()} ${MONTHS[date.getMonth()]}${date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`}`;
const weekday = (date, now) => `${DAYS[date.getDay()]} ${day(date, now)} ${hours(date)}`;

const WORDS = {
  ago(date, now) {
    const seconds = Math.floor((now - date) / 1000);
    if (seconds < 1) return "just now";
    if (seconds < MINUTE) return `${seconds} s ago`;
    if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
    return sameDay(date, now) ? hours(date) : day(date, now);
  },
  when(date, now) {
    if (sameDay(date, now)) return `today ${hours(date)}`;
    const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
    return sameDay(date, yesterday) ? `yesterday ${hours(date)}` : weekday(date, now);
  },
  at: (date, now) => WORDS.when(date, now).replace("today ", ""),
  until(date, now) {
    const seconds = Math.floor((date - now) / 1000);
    if (seconds <= 0) return "now";
    if (seconds < MINUTE) return `in ${seconds} s`;
    if (seconds < HOUR) return `in ${Math.floor(seconds / MINUTE)} min`;
    return sameDay(date, now) ? hours(date) : weekday(date, now);
  },
  clock: (date) => hours(date),
  seconds: (date) => `${hours(date)}:${two(date.getSeconds())}`,
};

export function tell(root = document) {
  const now = new Date();
  for (const element of all("time[data-time]", root)) {
    const date = new Date(element.dateTime);
    const text = WORDS[element.dataset.time](date, now);
    if (element.textContent !== text) element.textContent = text;
    const exact = `${weekday(date, now)}:${two(date.getSeconds())} (${element.dateTime})`;
    if (element.title !== exact) element.title = exact;
  }
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) setCookie("tz", zone);
onContent(() => tell());
setInterval(() => { if (!document.hidden) tell(); }, 1000);
