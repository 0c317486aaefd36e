// Everything works without this file; it spares a step here and there.
"use strict";

// After a form came back with errors, reading starts at the summary.
document.querySelector(".error-summary")?.focus();

// A table that is wider than the screen can be moved with the keys.
for (const wrap of document.querySelectorAll(".table-wrap")) {
  if (wrap.scrollWidth > wrap.clientWidth) wrap.tabIndex = 0;
}

// A second press of the same button, before the answer has come, is not a second request.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
  setTimeout(() => delete event.target.dataset.sent, 3000);
});

// A page that the browser kept, shown again with "back", can be sent again.
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
