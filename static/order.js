// Dragging components into order, beside the buttons that do it without a pointer.

document.addEventListener("DOMContentLoaded", makeSortable);
document.addEventListener("htmx:after:swap", makeSortable);

function makeSortable() {
  for (const list of document.querySelectorAll("[data-order]")) {
    if (!Sortable.get(list)) Sortable.create(list, { handle: ".grip", draggable: ">[data-moved]", onEnd: saveMove });
  }
}

function saveMove({ item, oldDraggableIndex, newDraggableIndex }) {
  const places = newDraggableIndex - oldDraggableIndex;
  if (!places) return;
  const button = document.createElement("button");
  Object.assign(button, { name: "move", value: `${item.dataset.moved}:${places}`, hidden: true });
  const form = document.getElementById("order");
  form.append(button);
  form.requestSubmit(button);
}
