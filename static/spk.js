// What HTML and htmx cannot do by themselves: modal dialogs, the clipboard, words for a server that doesn't answer.

document.documentElement.classList.add("js");
document.addEventListener("DOMContentLoaded", openDialog);
document.addEventListener("htmx:after:swap", openDialog);

function openDialog() {
  const dialog = document.querySelector("dialog:not(:modal)");
  if (!dialog) return;
  dialog.removeAttribute("open");
  dialog.showModal();
  document.getElementById("copy-token")?.focus();
  dialog.addEventListener("cancel", (event) => {
    // Where closedby isn't known yet, Esc must not take an uncopied token away.
    if (dialog.id !== "token-dialog") return;
    event.preventDefault();
    document.getElementById("token-close").requestSubmit();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    const row = document.getElementById(dialog.dataset.row);
    row?.classList.add("is-new");
    row?.focus();
  });
}

// A token is on the screen only while its dialog is: not in the back-forward cache either.
addEventListener("pagehide", () => document.getElementById("token-dialog")?.remove());

document.addEventListener("click", async (event) => {
  if (event.target.id !== "copy-token") return;
  const copied = await copy(document.getElementById("token"));
  const status = document.getElementById("copy-status");
  status.textContent = copied ? status.dataset.copied : status.dataset.failed;
  if (copied) event.target.textContent = "Copied";
});

// The clipboard API is missing on plain http; there, only a selection inside the modal dialog can be copied.
async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value);
    input.dataset.copied = "true";
  } catch {
    input.select();
    if (document.execCommand("copy")) input.dataset.copied = "true";
  }
  return "copied" in input.dataset;
}

document.addEventListener("copy", (event) => {
  if (event.target.id === "token") event.target.dataset.copied = "true";
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "token-close") return;
  event.preventDefault();
  const guard = document.getElementById("token-guard");
  if ("copied" in document.getElementById("token").dataset || !guard.hidden) {
    document.getElementById("token-dialog").close();
  } else {
    guard.hidden = false;
    guard.textContent = guard.dataset.words;
  }
});

// Answers with a 5xx are not swapped, so that nothing typed is lost; a refusal belongs on the page, not behind a dialog.
document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  leaveRevokeDialog();
  if (ctx.response.status >= 500) say(ctx.sourceElement.dataset.failed);
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (!ctx?.sourceElement.dataset.failed) return;
  leaveRevokeDialog();
  say(document.querySelector("[data-offline]").dataset.offline);
});

// Gone at once: closed but still there, it would be opened again by the swap that follows.
function leaveRevokeDialog() {
  const dialog = document.getElementById("revoke-dialog");
  dialog?.close();
  dialog?.remove();
}

function say(words) {
  if (!words) return;
  const message = document.createElement("p");
  message.className = "message";
  message.textContent = words;
  document.querySelector("[data-offline]").replaceChildren(message);
}
