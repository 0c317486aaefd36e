// Everything works without these scripts; they spare a step here and there.
import { settle } from "./swap.js";

const root = document.documentElement;
const SAME_PRESS = 3_000;
const LONGEST_WAIT = 30_000;

root.classList.add("has-scripts");
settle();
if (document.querySelector("form:is([data-asks], [data-unsent])")) import("./asking.js");
if (document.querySelector("a[data-list]")) import("./back.js");
if (document.querySelector("a[data-beside]")) import("./beside.js");
if (document.querySelector("a[data-export]")) import("./exports.js");
if (document.querySelector("form.filters")) import("./filters.js");
if (document.getElementById("single-keys")) import("./keys.js");
if (document.querySelector("form[data-passkey]")) import("./passkeys.js");
if (document.querySelector("form[data-unsaved]")) import("./unsaved.js");
if (document.querySelector("input[type=file]")) import("./uploads.js");

// A page that answers a form is there under its own address too: then "back" and "reload" send nothing again.
const { here } = document.querySelector("main").dataset;
if (here) history.replaceState(null, "", here);

// A second press of the same button, before the answer has come, is not a second request.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = root.dataset.busy = "yes";
  setTimeout(() => delete form.dataset.sent, SAME_PRESS);
  setTimeout(() => delete root.dataset.busy, LONGEST_WAIT);
});

// A page that the browser kept, shown again with "back", can be sent again.
addEventListener("pageshow", () => {
  delete root.dataset.busy;
  for (const form of document.forms) delete form.dataset.sent;
});
