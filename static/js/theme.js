/* Light or dark at once; the cookie makes the next page come that way from the server, without a flash. */
import { all, on, setCookie } from "./dom.js";

on("submit", "[data-theme-switch]", (form, event) => {
  event.preventDefault();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const current = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  const next = current === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  setCookie("theme", next);
  for (const button of all("[data-theme-switch] button")) button.value = current;
});
