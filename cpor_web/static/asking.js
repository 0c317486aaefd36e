// What would be lost, or can be done only once, is asked about before it is done. Without this file the page says it only.
let agreed = null;

document.addEventListener("submit", askFirst, true);

async function askFirst(event) {
  const { target: form, submitter } = event;
  const left = Array.from(document.querySelectorAll("form[data-unsent]")).find((other) => other !== form && holdsSomething(other));
  const asks = holdsSomething(form) && form.dataset.asks; // an empty one is answered with what is missing
  if (form === agreed || (!left && !asks)) return;
  event.preventDefault();
  event.stopPropagation();
  if (left && !(await isAgreed(left.dataset.unsent, submitter))) return left.querySelector("input[type=file], textarea").focus();
  if (asks && !(await isAgreed(asks, submitter))) return;
  agreed = form;
  form.requestSubmit(submitter);
  agreed = null;
}

function holdsSomething(form) {
  return Array.from(form.elements).some((field) => field.files?.length || (field.type === "textarea" && field.value.trim()));
}

// The focus is on what changes nothing; Escape says that too. The other button says what was pressed.
function isAgreed(question, submitter) {
  const dialog = document.getElementById("question");
  const [yes, no] = dialog.querySelectorAll("button");
  dialog.querySelector("p").textContent = question;
  if (submitter) yes.textContent = submitter.textContent;
  yes.onclick = () => dialog.close("yes");
  no.onclick = () => dialog.close();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}
