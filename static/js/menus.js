/* Menus made of <details>: one open at a time, closed by Escape or a click elsewhere. A select marked data-submit sends
   its form when it changes. */
import { all, on } from "./dom.js";

document.addEventListener("click", (event) => {
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of all("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

on("change", "[data-submit]", (field) => field.form.requestSubmit());
