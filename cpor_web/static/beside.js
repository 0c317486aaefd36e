// Shows another document beside the grid, and leaves alone what is filled in there. Without this file the page is left.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-beside]");
  if (!link || event.defaultPrevented) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show(link.href);
});

async function show(address) {
  const answer = await fetch(address);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const shown = page.querySelector(".desk__document");
  if (!shown) return location.assign(address);
  document.querySelector(".desk__document").replaceWith(shown);
  document.querySelector(".desk form").setAttribute("action", page.querySelector(".desk form").getAttribute("action"));
  history.replaceState(null, "", address);
  shown.querySelector("[aria-current]")?.focus({ preventScroll: true });
}
