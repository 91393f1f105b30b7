/* Questions. data-dialog opens a dialog of this page; data-ask fetches its href into the shared dialog, so that the
   question holds numbers of this moment. Without JavaScript both are ordinary links. */
import { on, one } from "./dom.js";

on("click", "[data-dialog]", (opener, event) => {
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog) return;
  event.preventDefault();
  dialog.showModal();
});

on("click", "[data-ask]", async (opener, event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const url = opener.getAttribute("href") || opener.getAttribute("formaction");
  await ask(url);
});

/** Open the shared dialog with what `url` says, as `block` of that page. */
export async function ask(url) {
  await window.htmx.ajax("GET", url, { target: "#ask-body", swap: "innerHTML" });
  const dialog = one("#ask");
  const heading = one("h1, h2", dialog);
  if (!heading) return;
  heading.id = "ask-title";
  if (!dialog.open) dialog.showModal();
}

// A form may be answered by a question: it comes into the shared dialog by itself.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "ask-body" || one("#ask").open) return;
  const heading = one("h1, h2", event.detail.target);
  if (heading) heading.id = "ask-title";
  one("#ask").showModal();
});

on("click", "[data-close]", (button) => button.closest("dialog")?.close());

// A click on the backdrop is a click on the dialog itself.
document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, successful } = event.detail;
  if (successful && elt instanceof HTMLFormElement) elt.closest("dialog")?.close();
});
