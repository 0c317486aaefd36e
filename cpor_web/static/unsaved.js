// What was filled in and not saved: the browser asks before the page is left without it, by a link as by a key.
const form = document.querySelector("form[data-unsaved]");
let isUnsaved = form.dataset.unsaved === "yes";

form.addEventListener("input", () => (isUnsaved = true));
form.addEventListener("submit", () => (isUnsaved = false));
addEventListener("beforeunload", (event) => {
  if (isUnsaved) event.preventDefault();
});
