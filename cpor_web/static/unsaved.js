// What was filled in and not saved: the browser asks before the page is left without it, by a link as by a key, and
// before another form of the page is sent. A form that came back unsaved says so from the beginning.
let sent = null;

// What was typed before this file came, or what the browser filled in again on the way back: some do only now.
look();
addEventListener("pageshow", look);

document.addEventListener("input", ({ target }) => {
  if (target.form?.dataset.unsaved) target.form.dataset.unsaved = "yes";
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) sent = event.target;
});
addEventListener("beforeunload", (event) => {
  const unsaved = Array.from(document.querySelectorAll('form[data-unsaved="yes"]'));
  if (unsaved.some((form) => form !== sent)) event.preventDefault();
  sent = null;
});

function look() {
  for (const form of document.querySelectorAll("form[data-unsaved]")) {
    if (Array.from(form.elements).some(differs)) form.dataset.unsaved = "yes";
  }
}

function differs(field) {
  if (field.options) return field.selectedIndex !== Math.max(0, Array.from(field.options).findIndex((option) => option.defaultSelected));
  return "defaultValue" in field && (field.value !== field.defaultValue || field.checked !== field.defaultChecked);
}
