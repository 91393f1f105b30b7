/* Toasts go by themselves, except while they are read; what went wrong stays until it is dismissed. */
import { all, on, onContent } from "./dom.js";

const STAYS = 8000;
const timers = new WeakMap();

function wait(toast) {
  clearTimeout(timers.get(toast));
  timers.set(toast, setTimeout(() => toast.remove(), STAYS));
}

onContent(() => {
  for (const toast of all("[data-toast].toast")) if (!timers.has(toast)) wait(toast);
});
for (const type of ["pointerover", "focusin"]) on(type, "[data-toast].toast", (toast) => clearTimeout(timers.get(toast)));
for (const type of ["pointerout", "focusout"]) on(type, "[data-toast].toast", wait);
on("click", "[data-dismiss]", (button) => button.closest("[data-toast]")?.remove());
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) event.detail.elt.closest?.("[data-toast]")?.remove();
});

// A request that got no answer at all is said here; one that was refused brings its own words.
document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.elt.hasAttribute("data-live")) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  toast.setAttribute("role", "alert");
  toast.textContent = "The server did not answer; nothing was changed. Try again.";
  document.getElementById("toasts")?.append(toast);
  wait(toast);
});
