// Documents can be dropped on their field, and show how far they are. Without this file the browser just sends them.
import { show } from "./swap.js";

let shown = bare(location.href);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.querySelector(".upload")) return; // only those show how far they are
  if (!form.querySelector("input[type=file]")?.files.length) return;
  event.preventDefault();
  send(form, new FormData(form, event.submitter));
});

function send(form, data) {
  const request = new XMLHttpRequest();
  const progress = form.querySelector(".upload");
  const bar = progress.querySelector("progress");
  progress.hidden = false;
  request.upload.addEventListener("progress", (event) => {
    bar.value = event.loaded / event.total;
    if (event.loaded === event.total) bar.removeAttribute("value"); // all is there, and being checked
  });
  request.addEventListener("load", () => {
    // An answer that refuses is no page of its own: loading this one again is then right.
    const here = bare(location.href);
    const there = request.status < 400 ? request.responseURL : here;
    show(request.responseText, there);
    if (there === here) history.replaceState(null, "", there); // what watches for a new page sees one
    else history.pushState(null, "", there);
    shown = bare(there);
    document.querySelector(".messages")?.scrollIntoView({ block: "center" }); // it says what happened, far above the field
  });
  request.addEventListener("error", () => form.submit());
  request.open("POST", form.action);
  request.send(data);
}

// A link within the page comes here too: that is no other page, and must not lose what was chosen or written.
addEventListener("popstate", () => {
  if (bare(location.href) !== shown) location.reload();
});

function bare(address) {
  return address.split("#")[0];
}

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    const field = event.target.closest?.(".field--file");
    event.preventDefault(); // elsewhere on the page the browser would open the document and leave
    if (!field) {
      event.dataTransfer.dropEffect = "none";
      return;
    }
    field.classList.toggle("is-over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") take(field.querySelector("input[type=file]"), event.dataTransfer.files[0]);
  });
}

function take(input, file) {
  const one = new DataTransfer();
  one.items.add(file);
  input.files = one.files;
  input.focus();
}
