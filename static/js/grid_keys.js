/* The keyboard in the table of endpoints, as in a spreadsheet.

   A cell is chosen, or it is edited. In a chosen one arrows move, and what is typed takes the place of what is there;
   typing, F2 or a second click edit it. */

import {
  cellAt,
  cellOf,
  cellsOf,
  columnOf,
  columns,
  countRows,
  note,
  placeOf,
  redo,
  remember,
  rowOf,
  table,
  undo,
} from "./grid.js";

let isEditing = false;
let start = ""; // what the cell held when it was chosen
let wasChosen = false; // when the pointer went down

/** Whether the cell that has the focus is edited, not only chosen. */
export const isBeingEdited = () => isEditing;

/**
 * A cell is chosen, with what it holds now.
 * @param {HTMLInputElement} cell
 */
export function begin(cell) {
  start = cell.value;
  isEditing = false;
  cell.select();
}

/**
 * What has been typed into a cell counts as one step.
 * @param {HTMLInputElement} cell
 */
export function settle(cell) {
  if (cell.value !== start) {
    remember([{ cell, before: start, after: cell.value }]);
  }
  start = cell.value;
  isEditing = false;
}

/**
 * @param {number} row
 * @param {number} column
 */
function choose(row, column) {
  const cell = cellAt(Math.max(0, Math.min(row, countRows() - 1)), Math.max(0, Math.min(column, columns.length - 1)));
  cell?.focus();
  cell?.select();
}

table.addEventListener("focusin", (event) => {
  const cell = cellOf(event.target);
  if (cell) {
    begin(cell);
  }
});

table.addEventListener("focusout", (event) => {
  const cell = cellOf(event.target);
  if (cell) {
    settle(cell);
  }
});

table.addEventListener("pointerdown", (event) => {
  wasChosen = event.target === document.activeElement;
});

table.addEventListener("click", (event) => {
  const cell = cellOf(event.target);
  if (cell && wasChosen) {
    isEditing = true;
  } else {
    cell?.select();
  }
});

table.addEventListener("input", (event) => {
  const cell = cellOf(event.target);
  if (cell) {
    isEditing = true;
    note(cell);
  }
});

/**
 * Where a key leads from a cell: rows down and columns to the right, or nowhere.
 * @param {KeyboardEvent} event
 * @param {HTMLInputElement} cell
 * @returns {[number, number] | null}
 */
function find(event, cell) {
  const [row, column] = [placeOf(rowOf(cell)), columnOf(cell)];
  const all = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case "Enter":
      return [row + (event.shiftKey ? -1 : 1), column];
    case "ArrowUp":
      return [all ? 0 : row - 1, column];
    case "ArrowDown":
      return [all ? countRows() - 1 : row + 1, column];
    case "PageUp":
      return [row - 10, column];
    case "PageDown":
      return [row + 10, column];
  }
  if (isEditing) {
    return null; // these move within the text
  }
  switch (event.key) {
    case "ArrowLeft":
      return [row, all ? 0 : column - 1];
    case "ArrowRight":
      return [row, all ? cellsOf(rowOf(cell)).length - 1 : column + 1];
    case "Home":
      return [all ? 0 : row, 0];
    case "End":
      return [all ? countRows() - 1 : row, columns.length - 1];
  }
  return null;
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLInputElement} cell
 * @returns {boolean} whether the key has been dealt with
 */
function press(event, cell) {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !isEditing && (key === "z" || key === "y")) {
    (key === "y" || event.shiftKey ? redo : undo)();
    return true;
  }
  if (event.key === "Escape" && isEditing) {
    cell.value = start;
    note(cell);
    isEditing = false;
    cell.select();
    return true;
  }
  if (event.key === "F2") {
    isEditing = true;
    cell.setSelectionRange(cell.value.length, cell.value.length);
    return true;
  }
  return false;
}

table.addEventListener("keydown", (event) => {
  const cell = cellOf(event.target);
  if (!cell || event.isComposing || event.altKey || (event.key === "Enter" && (event.ctrlKey || event.metaKey))) {
    return;
  }
  const place = event.shiftKey && event.key !== "Enter" ? null : find(event, cell);
  if (place) {
    event.preventDefault();
    settle(cell);
    choose(...place);
  } else if (press(event, cell)) {
    event.preventDefault();
  }
});

const chosen = cellOf(document.activeElement); // by the page itself, before this script was there
if (chosen) {
  begin(chosen);
}
