/* Saving the table of endpoints: of all cells those are sent that are changed. */

import { need } from "./dom.js";
import { cellAt, cellOf, change, changedCells, columnOf, countRows, form, rowOf, tell } from "./grid.js";
import { readChanges } from "./grid_kept.js";

const KEY = `grid:${location.pathname}`; // where the focus was when the form was sent

form.addEventListener("formdata", ({ formData }) => {
  formData.set("cells", JSON.stringify(readChanges()));
});

/* Storage may be forbidden; then the page begins at its head. */
function keepPlace() {
  const cell = cellOf(document.activeElement);
  try {
    sessionStorage.setItem(
      KEY,
      cell ? JSON.stringify([cellAt(rowOf(cell).sectionRowIndex, 0)?.value, columnOf(cell)]) : "",
    );
  } catch {
    // nothing else depends on it
  }
}

function goBack() {
  let place = null;
  try {
    place = JSON.parse(sessionStorage.getItem(KEY) || "null");
    sessionStorage.removeItem(KEY);
  } catch {
    return;
  }
  if (!place || document.querySelector("[autofocus]")) {
    return;
  }
  for (let row = 0; row < countRows(); row += 1) {
    if (cellAt(row, 0)?.value === place[0]) {
      cellAt(row, place[1])?.focus();
      return;
    }
  }
}

form.addEventListener("submit", keepPlace);

document.addEventListener("keydown", (event) => {
  const isSave = event.key === "Enter" ? cellOf(event.target) !== null : event.key.toLowerCase() === "s";
  if (isSave && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit(need("save", HTMLButtonElement));
  }
});

need("discard", HTMLAnchorElement).addEventListener("click", (event) => {
  event.preventDefault();
  const cells = changedCells();
  change(cells.map((cell) => ({ cell, before: cell.value, after: cell.defaultValue })));
  tell(cells.length ? "Discarded. Ctrl+Z in the table brings it back." : "There is nothing to discard.");
  (cells[0]?.isConnected ? cells[0] : cellAt(0, 0))?.focus();
});

goBack();
