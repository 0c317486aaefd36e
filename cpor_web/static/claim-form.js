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
  refresh.hidden = refresh.disabled = true;
  area.addEventListener("change", follow);
  addEventListener("pageshow", follow);
  follow();
}
