// Dragging components into order, beside the buttons that do it without a pointer.

document.addEventListener("DOMContentLoaded", makeSortable);
document.addEventListener("htmx:after:swap", makeSortable);

function makeSortable() {
  for (const list of document.querySelectorAll("[data-order]")) {
    if (!Sortable.get(list)) Sortable.create(list, { handle: ".grip", draggable: ">[data-moved]", onEnd: saveMove });
  }
}

// It goes back until the server says that it was moved, so that what is shown is what is saved.
function saveMove({ item, from, oldDraggableIndex, newDraggableIndex }) {
  const places = newDraggableIndex - oldDraggableIndex;
  if (!places) return;
  item.remove();
  from.insertBefore(item, from.children[oldDraggableIndex] ?? null);
  const button = document.createElement("button");
  Object.assign(button, { name: "move", value: `${item.dataset.moved}:${places}`, hidden: true });
  const form = document.getElementById("order");
  form.append(button);
  form.requestSubmit(button);
}
