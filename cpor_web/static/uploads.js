// Documents can be dropped on their field, and show how far they are. Without this file the browser just sends them.
import { show } from "./swap.js";

let shown = bare(location.href);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.querySelector(".upload")) return; // only those show how far they are
  const sent = together(form).flatMap(documentsOf);
  if (!sent.length) return;
  event.preventDefault();
  if (document.querySelector(".upload:not([hidden])")) return; // something is on its way: not twice, however long it takes
  sendAll(sent, event.submitter);
});

// Where a list has a form in each row, what is chosen in any of them goes up with one press.
function together(form) {
  return form.matches("[data-together]") ? Array.from(document.querySelectorAll("form[data-together]")) : [form];
}

function documentsOf(form) {
  const field = form.querySelector("input[type=file]");
  return Array.from(field.files, (file, index) => ({ form, field, file, isFirst: index === 0 }));
}

// One request each, as each document may be as large as a request may be; the last answer is shown, all are told.
async function sendAll(sent, submitter) {
  const told = [];
  for (const [index, each] of sent.entries()) {
    const answer = await send(each, submitter);
    if (answer && !answer.status) return stay(sent, index, told); // stopped on this side
    if (!answer && sent.length === 1) return sendPlainly(each.form);
    if (!answer) return stay(sent, index, told);
    if (isTrouble(answer)) return stay(sent, index, [...told, troubleIn(answer.responseText)]);
    const isRefused = answer.status >= 400;
    if (isRefused || index === sent.length - 1) {
      take(answer);
      tell(told, isRefused ? sent.slice(index + 1) : []);
      return;
    }
    told.push(...messagesIn(answer.responseText));
  }
}

function send({ form, field, file, isFirst }, submitter) {
  const data = new FormData(form, form.contains(submitter) ? submitter : null);
  if (file.size || field.files.length > 1) data.set(field.name, file);
  if (!isFirst) data.delete("replaces"); // the first of several takes the older one's place
  const request = new XMLHttpRequest();
  const progress = form.querySelector(".upload");
  const bar = progress.querySelector("progress");
  progress.hidden = false;
  request.upload.addEventListener("progress", (event) => {
    bar.value = event.loaded / event.total;
    if (event.loaded === event.total) bar.removeAttribute("value"); // all is there, and being checked
  });
  request.open("POST", form.action);
  request.send(data);
  return new Promise((done) => {
    for (const end of ["load", "abort"]) request.addEventListener(end, () => done(request));
    request.addEventListener("error", () => done(null));
  });
}

function sendPlainly(form) {
  form.querySelector(".upload").hidden = true; // on the way back it is sent anew
  form.submit();
}

// Too large, too many, or the server is in trouble: such an answer has no form, and would take with it what was typed.
function isTrouble({ status }) {
  return [413, 429].includes(status) || status >= 500;
}

function troubleIn(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const [title, words] = ["h1", "main .measure p"].map((each) => page.querySelector(each)?.textContent.trim());
  return message("error", [title, words].filter(Boolean).join(". "));
}

function message(kind, words) {
  return Object.assign(document.createElement("p"), { className: `message message--${kind}`, textContent: words });
}

// One got no answer, or none with a form. The browser would send several together, of which one is taken: they stay
// chosen here.
function stay(sent, index, told) {
  for (const form of new Set(sent.map((each) => each.form))) {
    const chosen = new DataTransfer();
    for (const each of sent.slice(index)) if (each.form === form) chosen.items.add(each.file);
    form.querySelector("input[type=file]").files = chosen.files;
    form.querySelector(".upload").hidden = true;
    delete form.dataset.sent; // it can be sent again at once
  }
  delete document.documentElement.dataset.busy;
  document.querySelector("main .messages")?.remove();
  tell(told, sent.slice(index));
}

function take(request) {
  // An answer that refuses is no page of its own: loading this one again is then right.
  const here = bare(location.href);
  const there = request.status < 400 ? request.responseURL : here;
  show(request.responseText, there);
  if (there === here) history.replaceState(null, "", there); // what watches for a new page sees one
  else history.pushState(null, "", there);
  shown = bare(there);
}

function messagesIn(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelectorAll(".messages > *");
}

// What was told of the documents before the last one, and which were not sent after one that was refused.
function tell(earlier, left) {
  const main = document.querySelector("main");
  let messages = main.querySelector(".messages");
  if (!messages && (earlier.length || left.length)) {
    messages = Object.assign(document.createElement("div"), { className: "messages" });
    messages.setAttribute("role", "status");
    main.prepend(messages);
  }
  messages?.prepend(...earlier);
  const words = left[0]?.form.dataset.left; // only forms that take several say it
  if (words) messages.append(message("warning", words.replace("{names}", () => left.map(({ file }) => file.name).join(", "))));
  messages?.scrollIntoView({ block: "center" }); // it says what happened, far above the field
}

// A link within the page comes here too: that is no other page, and must not lose what was chosen or written.
addEventListener("popstate", () => {
  if (bare(location.href) !== shown) location.reload();
});

function bare(address) {
  return address.split("#")[0];
}

for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    const field = event.target.closest?.(".field--file");
    event.preventDefault(); // elsewhere on the page the browser would open the document and leave
    if (!field) {
      event.dataTransfer.dropEffect = "none";
      return;
    }
    field.classList.toggle("is-over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") choose(field.querySelector("input[type=file]"), event.dataTransfer.files);
  });
}

function choose(input, files) {
  const chosen = new DataTransfer();
  for (const file of input.multiple ? files : [files[0]]) chosen.items.add(file);
  input.files = chosen.files;
  input.focus();
}

// Several are sent one by one, which takes this file: without it the field takes one.
function letSeveral() {
  for (const input of document.querySelectorAll("form[data-left] input[type=file]")) input.multiple = true;
}

letSeveral();
document.addEventListener("swapped", letSeveral);
