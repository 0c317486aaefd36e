// Asks the device for a passkey when the button of such a form is pressed, and sends what it answers.
const KNOWN = window.PublicKeyCredential?.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;

const READ = {
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
  create: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
};

if (KNOWN) document.querySelectorAll("form[data-passkey]").forEach(offer);

function offer(form) {
  form.hidden = false;
  form.previousElementSibling.hidden = true;
  // Before any other listener: the form is not sent until the device has answered.
  form.addEventListener("submit", (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    event.stopPropagation();
    ask(form);
  });
}

async function ask(form) {
  const failed = form.querySelector("[role=alert]");
  failed.hidden = true;
  try {
    const passkey = await READ[form.dataset.passkey](JSON.parse(form.dataset.options));
    form.elements.answer.value = JSON.stringify(passkey);
  } catch {
    failed.hidden = false;
    return;
  }
  form.requestSubmit();
}
