/* Copy buttons: hidden until there is a clipboard to copy to. */
import { all, on, one, onContent } from "./dom.js";

onContent(() => {
  if (!navigator.clipboard) return;
  for (const button of all("[data-copy][hidden]")) button.hidden = false;
});

on("click", "[data-copy]", async (button) => {
  const source = one(button.dataset.copy);
  if (!source) return;
  const label = one("span", button);
  const usual = label.textContent;
  try {
    await navigator.clipboard.writeText(source.dataset.text ?? source.textContent);
    label.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    label.textContent = "Press Ctrl C";
  }
  setTimeout(() => { label.textContent = usual; }, 1500);
});
