// Filters and searches act while they are changed. Without this file their button does the same.
import { show } from "./swap.js";

const PAUSE = 300; // milliseconds without typing
let waiting;
let asking = new AbortController();

function address(form) {
  const url = new URL(form.action);
  const chosen = Array.from(new FormData(form)).filter(([, value]) => value !== "");
  url.search = new URLSearchParams(chosen);
  return url;
}

// Who pressed the button or Enter is led to what was found; who still types or chooses stays there.
async function follow(form, leads = false) {
  clearTimeout(waiting);
  asking.abort();
  asking = new AbortController();
  const url = address(form);
  try {
    document.documentElement.dataset.busy = "yes";
    const answer = await fetch(url, { signal: asking.signal });
    if (!answer.ok || answer.redirected) return location.assign(url); // signed out since, say
    const html = await answer.text();
    history.replaceState(null, "", url);
    show(html, url);
    if (leads && url.hash) document.querySelector(url.hash)?.scrollIntoView();
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form.filters");
  if (!form || event.isComposing) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => follow(form), PAUSE);
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("form.filters")) return;
  event.preventDefault();
  delete event.target.dataset.sent;
  follow(event.target, true);
});
