/* Ctrl-K: search or jump. The list comes from the server; arrows choose, Enter goes. */
import { all, on, one } from "./dom.js";

const dialog = () => one("#palette");

export function open() {
  const palette = dialog();
  if (!palette) return;
  palette.showModal();
  const input = one("input", palette);
  input.value = "";
  input.focus();
  window.htmx.trigger(input, "open");
}

on("click", "[data-palette]", (opener, event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !dialog()) return;
  event.preventDefault();
  open();
});

function move(step) {
  const options = all("[role=option]", dialog());
  if (!options.length) return;
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const next = options[(at + step + options.length) % options.length];
  for (const option of options) option.setAttribute("aria-selected", String(option === next));
  next.scrollIntoView({ block: "nearest" });
  one("input", dialog()).setAttribute("aria-activedescendant", next.id);
}

on("keydown", "#palette input", (input, event) => {
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter") one("[role=option][aria-selected=true]", dialog())?.click();
  else return;
  event.preventDefault();
});
