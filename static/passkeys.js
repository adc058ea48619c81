// Passkeys: asks the browser for one, and sends its answer with the form.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.passkey) return;
  event.preventDefault();
  ask(form);
});

// Browsers offer passkeys in the list of the email field, too, until somebody presses the button.
let waiting = new AbortController();
const offered = document.querySelector("form[data-conditional]");
window.PublicKeyCredential?.isConditionalMediationAvailable?.().then((can) => {
  if (can && offered) ask(offered, { mediation: "conditional", signal: waiting.signal });
});

async function ask(form, options = {}) {
  const error = form.querySelector("[data-cancelled]");
  if (!options.mediation) waiting.abort();
  error.hidden = true;
  try {
    const given = JSON.parse(form.dataset.options);
    const credential = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(given), ...options });
    form.querySelector("[data-answer]").value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (problem) {
    if (options.mediation) return;
    const kind = { InvalidStateError: "known", TypeError: "unsupported", ReferenceError: "unsupported" }[problem.name];
    error.textContent = error.dataset[kind] ?? error.dataset.cancelled;
    error.hidden = false;
  }
}
