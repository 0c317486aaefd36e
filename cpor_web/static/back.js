// The way back to a list leads to it as it was left: its filters, its page. Without this file it leads to its beginning.
// Nothing is kept for this: the browser knows where this tab was, also before a form was sent, and from where it came.
lead();
document.addEventListener("swapped", lead);

function lead() {
  const back = document.querySelector("a[data-list]");
  if (!back) return;
  const { navigation } = window;
  const been = navigation?.currentEntry ? navigation.entries().slice(0, navigation.currentEntry.index) : [];
  const addresses = [document.referrer, ...been.map((entry) => entry.url)].filter(Boolean).map((address) => new URL(address));
  const list = addresses.findLast(({ origin, pathname }) => origin === back.origin && pathname === back.pathname);
  if (list) back.href = list;
}
