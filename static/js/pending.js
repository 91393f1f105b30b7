/* Changes on their way. What is pressed before the answer is shown is meant for the page as the answer will show it:
   it waits for that, and is forgotten when the answer is a refusal. The same change is never asked for twice at once. */

const underWay = new Map();
let waiting = [];

/** Whether a request is waited for: a change, or a question that is about to stand before the reader. */
const matters = ({ elt, target, requestConfig }) =>
  target?.id === "ask-body" || (elt instanceof HTMLFormElement && requestConfig.verb !== "get");

/** Keep `act` until nothing is on its way; false when nothing is, and the caller can act at once. */
export function later(act) {
  if (underWay.size) waiting.push(act);
  return underWay.size > 0;
}

function goOn() {
  while (waiting.length && !underWay.size) waiting.shift()();
}

/** After everybody else who waits for the answer: what it brought is on the page, ticks are gone, a dialog is closed. */
function answered(xhr) {
  underWay.delete(xhr);
  const leads = ["HX-Redirect", "HX-Location", "HX-Refresh"].some((name) => xhr.getResponseHeader(name));
  if (xhr.status < 200 || xhr.status >= 400 || leads) waiting = [];
  goOn();
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (!matters(detail)) return;
  const { path, triggeringEvent } = detail.requestConfig;
  underWay.set(detail.xhr, { elt: detail.elt, path, submitter: triggeringEvent?.submitter });
  // Comes whatever becomes of it, also when the answer cannot be shown.
  detail.xhr.addEventListener("loadend", () => answered(detail.xhr));
});

// By itself htmx keeps a second press of a form and sends it afterwards.
document.addEventListener("htmx:confirm", (event) => {
  const { elt, path, triggeringEvent } = event.detail;
  const again = (one) => one.elt === elt && one.path === path && one.submitter === triggeringEvent?.submitter;
  if ([...underWay.values()].some(again)) event.preventDefault();
});

let aim = null;

// Nor does the second half of a double click press what the answer to the first has put under the pointer.
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  const now = button?.form?.method === "post" ? button.form.getAttribute("action") : null;
  if (event.detail > 1 && now !== aim) {
    event.preventDefault();
    event.stopPropagation();
  } else aim = now;
}, true);
