/* A fresh fragment never takes away what the reader has done: ticks, typed text, opened details and dialogs.
   Drafts of fields marked data-keep also survive a reload of this tab. */
import { all, on, onContent } from "./dom.js";

const EDITED = {
  value: (field) => "defaultValue" in field && field.value !== field.defaultValue,
  checked: (field) => field.checked !== field.defaultChecked,
  selected: (option) => option.selected !== option.defaultSelected,
  open: () => true,
};

function keepAttribute(name, element) {
  const edited = EDITED[name];
  return edited && edited(element) ? false : undefined;
}

/** What is shown once (a fresh secret) stays although the server will not say it again. */
const keepOnce = (old) => (old instanceof Element && old.hasAttribute("data-once") ? false : undefined);

document.addEventListener("DOMContentLoaded", () => {
  window.Idiomorph.defaults.callbacks.beforeNodeMorphed = keepOnce;
  window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = keepAttribute;
});

// Only what is being typed is left alone: idiomorph would also keep the words on a button that has just been pressed.
document.addEventListener("htmx:beforeSwap", () => {
  window.Idiomorph.defaults.ignoreActiveValue = document.activeElement?.matches("input, textarea, select") ?? false;
});

const draftName = (field) => `draft:${location.pathname}:${field.name}`;

on("input", "[data-keep]", (field) => sessionStorage.setItem(draftName(field), field.value));

onContent(() => {
  for (const field of all("[data-keep]")) {
    const draft = sessionStorage.getItem(draftName(field));
    if (draft && !field.value) field.value = draft;
  }
});

function forget(form) {
  for (const field of all("[data-keep]", form)) {
    sessionStorage.removeItem(draftName(field));
    field.value = field.defaultValue;
  }
}

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (form instanceof HTMLFormElement && event.detail.successful) forget(form);
});
// A plain submit leaves the page: what comes back decides, so the draft goes when the server has redirected us.
document.addEventListener("submit", (event) => {
  if (event.target.hasAttribute("hx-post")) return;
  for (const field of all("[data-keep]", event.target)) sessionStorage.removeItem(draftName(field));
});
