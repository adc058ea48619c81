// What HTML and htmx can't do: modal dialogs, menus, the clipboard, and a message if the server doesn't answer.

document.documentElement.classList.add("js");
document.addEventListener("DOMContentLoaded", openDialog);
document.addEventListener("htmx:after:swap", openDialog);

function openDialog() {
  const dialog = document.querySelector("dialog:not(:modal)");
  if (!dialog) return;
  dialog.removeAttribute("open");
  dialog.showModal();
  document.getElementById("copy-token")?.focus();
  if (dialog.id === "token-dialog") guardToken(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    const row = document.getElementById(dialog.dataset.row);
    row?.classList.add("is-new");
    row?.focus();
  });
}

// Esc is answered like Close, but leaves no token that wasn't copied. Browsers without closedby send "cancel", too.
function guardToken(dialog) {
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && (isCopied() || guard().hidden)) document.getElementById("token-close").requestSubmit();
  });
}

const isCopied = () => "copied" in document.getElementById("token").dataset;
const guard = () => document.getElementById("token-guard");

// Nor is the token in the back-forward cache.
addEventListener("pagehide", () => document.getElementById("token-dialog")?.remove());

document.addEventListener("click", (event) => {
  const details = document.getElementById(event.target.dataset.hides);
  if (!details) return;
  details.hidden = true;
  document.getElementById(event.target.dataset.hides.replace("details", "key"))?.focus();
});

// An open menu closes by Esc, and by a click anywhere else.
document.addEventListener("click", (event) => closeMenu(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenu()?.querySelector("summary").focus();
});

function closeMenu(target) {
  const menu = document.querySelector(".menu[open]");
  if (!menu || menu.contains(target)) return null;
  menu.open = false;
  return menu;
}

document.addEventListener("click", async (event) => {
  const button = event.target;
  const source = document.getElementById(button.dataset.copies);
  if (!source) return;
  const copied = await copy(source);
  const status = button.parentElement.querySelector("[role=status]") ?? document.getElementById("copy-status");
  status.textContent = copied ? status.dataset.copied : status.dataset.failed;
  if (copied) button.firstChild.textContent = "Copied";
});

// There is no clipboard API on plain http, where only a selection inside the modal dialog can be copied.
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    source.dataset.copied = "true";
  } catch {
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    if (document.execCommand("copy")) source.dataset.copied = "true";
  }
  return "copied" in source.dataset;
}

document.addEventListener("copy", (event) => {
  if (event.target.id === "token") event.target.dataset.copied = "true";
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "token-close") return;
  event.preventDefault();
  if (isCopied() || !guard().hidden) {
    document.getElementById("token-dialog").close();
  } else {
    guard().hidden = false;
    guard().textContent = guard().dataset.message;
  }
});

// A button says what it is doing; who was signed out finds what they typed again.
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => setBusy(ctx.sourceElement, true));
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => setBusy(ctx.sourceElement, false));
document.addEventListener("DOMContentLoaded", restoreName);

function setBusy(form, isBusy) {
  const button = form.querySelector("[data-busy]");
  if (!button) return;
  form.setAttribute("aria-busy", isBusy);
  button.dataset.idle ??= button.textContent;
  button.textContent = isBusy ? button.dataset.busy : button.dataset.idle;
}

const account = () => document.querySelector(".menu summary").textContent;
const keyName = () => document.querySelector("#key-create [name=name]");

function restoreName() {
  if (!keyName()) return;
  keyName().value ||= sessionStorage.getItem(account()) ?? "";
  sessionStorage.clear(); // that of others, too
}

// 5xx responses aren't swapped: nothing typed is lost. The error is shown on the page, so the dialog closes.
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  removeRevokeDialog(ctx);
  if (ctx.response.status >= 500) show(failure(ctx));
  if (ctx.response.status === 401 && ctx.sourceElement.id === "key-create") sessionStorage.setItem(account(), keyName().value);
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (!failure(ctx)) return;
  removeRevokeDialog(ctx);
  show(document.querySelector("[data-offline]").dataset.offline);
});

function failure(ctx) {
  return ctx?.sourceElement.closest("[data-failed]")?.dataset.failed;
}

// Removed: if it were only closed, the swap that follows would open it again.
function removeRevokeDialog(ctx) {
  const dialog = ctx.sourceElement.closest("#revoke-dialog");
  dialog?.close();
  dialog?.remove();
}

function show(text) {
  if (!text) return;
  const message = document.createElement("p");
  message.className = "message failed";
  message.textContent = text;
  document.querySelector("[data-offline]").replaceChildren(message);
}
