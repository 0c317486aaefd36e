// A single letter puts the focus on the link or button with that access key, or on the part of the page to which it
// leads; j and k go down and up a table's rows, or the cells of a grid. No letter presses or follows anything: Enter
// does. It is off until somebody switches it on (WCAG 2.1.4).
const KEPT = "single-keys";
const TYPED_IN = "input:not([type=checkbox], [type=radio]), select, textarea";
let chosen = "off"; // where nothing can be kept, until the page is left

settle();
arrive();
document.addEventListener("swapped", settle);
document.addEventListener("change", (event) => {
  if (event.target.id === "single-keys") keep(event.target.checked ? "on" : "off");
});

document.addEventListener("keydown", (event) => {
  const isBare = !event.ctrlKey && !event.altKey && !event.metaKey && !event.isComposing;
  if (!isBare || !isOn() || event.key.length !== 1 || event.target.closest(TYPED_IN)) return;
  const place = event.key === "j" || event.key === "k" ? row(event.key === "j" ? 1 : -1) : named(event.key);
  if (!place) return;
  event.preventDefault();
  go(place);
});

function settle() {
  const box = document.getElementById("single-keys");
  if (!box) return;
  box.checked = isOn();
  box.closest(".single-keys").hidden = false;
}

// A jump from another page ends where the same jump of this page does.
function arrive() {
  const jump = location.hash && document.querySelector(`[accesskey][href="#${CSS.escape(location.hash.slice(1))}"]`);
  if (jump && isOn()) go(jump);
}

function named(key) {
  return document.querySelector(`[accesskey="${CSS.escape(key)}"]`);
}

function row(step) {
  const rows = Array.from(document.querySelectorAll("main tbody th a, .cell :checked:enabled"));
  const here = rows.indexOf(document.activeElement);
  return rows[here < 0 ? 0 : here + step];
}

function go(place) {
  const address = place.getAttribute("href");
  if (!address?.startsWith("#")) return place.focus();
  const part = document.getElementById(address.slice(1));
  part.scrollIntoView();
  const section = part.closest("section");
  const control = section.querySelector("input:not([type=hidden]), select, textarea, button") ?? section.querySelector("a");
  (control ?? place).focus({ preventScroll: Boolean(control) });
}

function isOn() {
  return kept() === "on";
}

function kept() {
  try {
    return localStorage.getItem(KEPT) ?? chosen;
  } catch {
    return chosen;
  }
}

function keep(choice) {
  chosen = choice;
  try {
    localStorage.setItem(KEPT, choice);
  } catch {
    // nothing is kept
  }
}
