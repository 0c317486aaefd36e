// Activities and products follow the solution area at once. Without this file a button does the same.
"use strict";

const area = document.getElementById("area");
const activity = document.getElementById("activity");

function fits(areas) {
  return !area.value || !areas || areas.split(" ").includes(area.value);
}

function follow() {
  for (const option of activity.options) {
    option.hidden = option.disabled = !fits(option.dataset.areas);
  }
  if (activity.selectedOptions[0]?.disabled) activity.value = "";
  for (const group of document.querySelectorAll("fieldset[data-area]")) {
    // What is disabled is not sent: ticks of another area stay on the page, should the choice be changed back.
    group.hidden = group.disabled = !fits(group.dataset.area);
  }
}

if (area) {
  const refresh = document.querySelector("button[name=refresh]");
  refresh.parentElement.hidden = refresh.disabled = true;
  area.addEventListener("change", follow);
  addEventListener("pageshow", follow);
  follow();
}

// On the way back to a new form the server makes it anew, and the browser fills in what was typed: it stays the form
// that it was, so that saving it again edits the draft that it made. Who loads it anew begins anew.
const once = document.getElementById("once");

if (once) {
  const [how] = performance.getEntriesByType("navigation");
  if (how?.type === "back_forward" && history.state?.once) once.value = history.state.once;
  else history.replaceState({ once: once.value }, "");
}
