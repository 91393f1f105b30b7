/* Ctrl-K: search or jump. The list comes from the server; arrows choose, Enter goes. Enter pressed before the list of the
   words that stand there has come waits for it. */
import { all, on, one } from "./dom.js";

const dialog = () => one("#palette");
let shown = null;
let entered = false;

export function open() {
  const palette = dialog();
  if (!palette) return;
  palette.showModal();
  const input = one("input", palette);
  input.value = "";
  shown = null;
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

function enter(input) {
  entered = input.value !== shown;
  if (entered) window.htmx.trigger(input, "open");
  else one("[role=option][aria-selected=true]", dialog())?.click();
}

on("input", "#palette input", () => { entered = false; });

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (!detail.elt.matches?.("#palette input") || !detail.successful) return;
  shown = detail.requestConfig.parameters.q;
  if (entered && dialog().open) enter(detail.elt);
});

on("keydown", "#palette input", (input, event) => {
  if (event.key === "ArrowDown") move(1);
  else if (event.key === "ArrowUp") move(-1);
  else if (event.key === "Enter") enter(input);
  else return;
  event.preventDefault();
});
