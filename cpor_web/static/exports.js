// Tells how many rows of an export have come while it comes. Without this file the browser saves the same file itself.
import { show } from "./swap.js";

const HEAD = 8; // bytes before each part: the rows so far, and how long the part is

let running = null;

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-export]");
  if (!link || running || event.defaultPrevented) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  fetchCounted(link.href);
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-export-stop]")) running?.abort();
});

async function fetchCounted(url) {
  running = new AbortController();
  addEventListener("beforeunload", ask);
  try {
    const answer = await fetch(url, { headers: { "X-Progress": "rows" }, signal: running.signal });
    if (!answer.headers.has("X-Rows")) return elsewhere(answer, url);
    const all = Number(answer.headers.get("X-Rows"));
    tell("going", 0, all);
    const [parts, rows] = await read(answer.body.getReader(), (rows) => tell("going", rows, all));
    save(new Blob(parts), new URL(url).pathname.split("/").pop());
    tell("done", rows, all);
  } catch (error) {
    tell(error.name === "AbortError" ? "stopped" : "broken", 0, 0);
  } finally {
    removeEventListener("beforeunload", ask);
    running = null;
  }
}

async function read(reader, told) {
  const parts = [];
  let rows = 0;
  let held = new Uint8Array();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    held = joined(held, next.value);
    for (let size; held.length >= HEAD && held.length >= HEAD + (size = number(held, 4)); held = held.subarray(HEAD + size)) {
      rows = number(held, 0);
      parts.push(held.slice(HEAD, HEAD + size));
    }
    told(rows);
  }
  if (held.length) throw new Error("the last part is not whole");
  return [parts, rows];
}

function number(bytes, at) {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}

function joined(before, more) {
  const all = new Uint8Array(before.length + more.length);
  all.set(before);
  all.set(more, before.length);
  return all;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Other exports are under way, say, or nobody is signed in any more.
async function elsewhere(answer, url) {
  if (new URL(answer.url).pathname !== location.pathname) return location.assign(url);
  history.replaceState(null, "", answer.url);
  show(await answer.text(), answer.url);
}

// What is shown is looked for each time: a filter may have changed the page meanwhile.
function tell(state, rows, all) {
  const place = document.getElementById("export-progress");
  if (!place) return;
  const language = document.documentElement.lang;
  const said = place.dataset[state].replace("{rows}", rows.toLocaleString(language)).replace("{all}", all.toLocaleString(language));
  const bar = place.querySelector("progress");
  place.hidden = false;
  place.querySelector("label").textContent = said;
  place.querySelector("button").hidden = bar.hidden = state !== "going";
  bar.max = Math.max(all, 1);
  bar.value = rows;
  if (state !== "going") document.getElementById("said").textContent = said;
}

function ask(event) {
  event.preventDefault(); // leaving would end the export
}
