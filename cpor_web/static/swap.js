// Shows the content of another page of ours in this one's place; header and footer stay.

// After a form came back with errors, reading starts at the summary; a table wider than the screen moves with the keys.
export function settle() {
  document.querySelector(".error-summary, .message--error[tabindex]")?.focus();
  for (const wrap of document.querySelectorAll(".table-wrap")) {
    if (wrap.scrollWidth > wrap.clientWidth) wrap.tabIndex = 0;
  }
}

// Say what the new content tells; keep the focus where it was, and what is being typed there.
export function show(html, url) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const main = page.querySelector("main");
  const active = document.activeElement;
  if (!main) return location.assign(url);
  const twin = main.querySelector(same(active));
  const typed = twin && ["search", "text"].includes(active.type) ? [active.value, active.selectionStart] : null;
  document.title = page.title;
  main.classList.add("is-swapped");
  document.querySelector("main").replaceWith(main);
  document.getElementById("said").textContent = words(main);
  delete document.documentElement.dataset.busy;
  if (typed) {
    twin.value = typed[0];
    twin.setSelectionRange(typed[1], typed[1]);
  }
  (twin ?? main).focus({ preventScroll: true });
  settle();
  document.dispatchEvent(new Event("swapped"));
}

function same(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  return `form[action="${CSS.escape(element.form?.getAttribute("action") ?? "")}"] button`;
}

function words(main) {
  const said = main.querySelectorAll(".messages, .empty, [data-said]");
  return Array.from(said, (each) => each.textContent.trim().replace(/\s+/g, " ")).join(" ");
}
