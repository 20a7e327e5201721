/* The table of endpoints: its cells, what in them is changed, and what brings that back.

   A cell is a field that the page has anyway; its default value is what the plan has. */

import { all, need } from "./dom.js";
import { announce } from "./live.js";

/** @typedef {{ cell: HTMLInputElement, before: string, after: string }} Change */

export const form = need("grid-form", HTMLFormElement);
export const table = need("grid", HTMLTableElement);
const body = /** @type {HTMLTableSectionElement} */ (table.tBodies[0]);
const heads = all("thead th", table);
export const columns = heads.map((head) => head.dataset.column ?? "");
const state = need("state", HTMLElement);
const said = need("grid-said", HTMLElement);

/** @type {Set<HTMLInputElement>} the cells that hold something else than the plan */
const changed = new Set();
/** @type {Change[][]} what was done, oldest first */
const done = [];
/** @type {Change[][]} what was taken back */
let undone = [];
let isShowing = false; // what follows from changes, once for all of a paste

// --- cells -----------------------------------------------------------------------------------------------------------

/**
 * The cell that an element is.
 * @param {EventTarget | null} target
 */
export const cellOf = (target) =>
  target instanceof HTMLInputElement && target.type === "text" && table.contains(target) ? target : null;

/** @param {HTMLInputElement} cell */
export const rowOf = (cell) => /** @type {HTMLTableRowElement} */ (cell.closest("tr"));

/** @param {HTMLInputElement} cell */
export const columnOf = (cell) => /** @type {HTMLTableCellElement} */ (cell.closest("td")).cellIndex;

/**
 * @param {HTMLTableRowElement} row
 * @returns {HTMLInputElement[]}
 */
export const cellsOf = (row) => [
  .../** @type {NodeListOf<HTMLInputElement>} */ (row.querySelectorAll("td > input:not([type=hidden])")),
];

/**
 * The cell at a place, if there is one.
 * @param {number} row
 * @param {number} column
 */
export const cellAt = (row, column) =>
  cellOf(body.rows[row]?.cells[column]?.querySelector("input:not([type=hidden])") ?? null);

/** @param {HTMLTableRowElement} row */
export const placeOf = (row) => row.sectionRowIndex;

export const countRows = () => body.rows.length;

/**
 * The endpoint that a row is about; nothing for a new one.
 * @param {HTMLTableRowElement} row
 */
export const nameOf = (row) => /** @type {HTMLInputElement} */ (row.querySelector("input[type=hidden]")).value;

/** @param {HTMLTableRowElement} row */
const isBlank = (row) => !nameOf(row) && cellsOf(row).every((cell) => !cell.value && !cell.defaultValue);

// --- rows ------------------------------------------------------------------------------------------------------------

const blank = /** @type {HTMLTableRowElement} */ (body.rows[body.rows.length - 1]?.cloneNode(true));
let made = 0;

/**
 * What the fields of a row are called after.
 * @param {HTMLTableRowElement} row
 * @param {string} name
 */
function label(row, name) {
  cellsOf(row).forEach((cell, at) => {
    cell.setAttribute("aria-label", `${heads[at]?.textContent} of ${name}`);
  });
}

/**
 * Have so many rows, the last of which is empty.
 * @param {number} count
 */
export function makeRows(count) {
  const fresh = document.createDocumentFragment();
  for (let left = count - body.rows.length; left > 0; left -= 1) {
    const row = /** @type {HTMLTableRowElement} */ (blank.cloneNode(true));
    made += 1;
    label(row, `new endpoint ${made}`);
    fresh.append(row);
  }
  body.append(fresh);
}

/* One empty row at the end: to type into, and to paste below the last endpoint. */
function keepOneBlank() {
  while (body.rows.length > 1 && isLastBlank(1) && isLastBlank(2)) {
    const row = /** @type {HTMLTableRowElement} */ (body.rows[body.rows.length - 1]);
    if (row.contains(document.activeElement)) {
      break;
    }
    row.remove();
  }
  if (!isLastBlank(1)) {
    makeRows(body.rows.length + 1);
  }
}

/** @param {number} back */
function isLastBlank(back) {
  const row = body.rows[body.rows.length - back];
  return row !== undefined && isBlank(row);
}

// --- changes ---------------------------------------------------------------------------------------------------------

/**
 * A cell holds something else now.
 * @param {HTMLInputElement} cell
 */
export function note(cell) {
  const isChanged = cell.value !== cell.defaultValue;
  changed[isChanged ? "add" : "delete"](cell);
  const place = /** @type {HTMLTableCellElement} */ (cell.closest("td"));
  place.classList.toggle("grid-changed", isChanged);
  showFault(cell, "");
  if (place.cellIndex === 0) {
    const row = rowOf(cell);
    label(row, cell.value.trim() || nameOf(row) || "new endpoint");
  }
  if (!isShowing) {
    isShowing = true;
    requestAnimationFrame(() => {
      isShowing = false;
      keepOneBlank();
      showState();
    });
  }
  document.dispatchEvent(new CustomEvent("grid-changed"));
}

/** How the id of a fault ends that was put there since the page came. */
export const NOW = "-now";

/**
 * What is wrong with a cell stands under it; an empty sentence takes it away.
 * @param {HTMLInputElement} cell
 * @param {string} sentence
 */
export function showFault(cell, sentence) {
  const place = /** @type {HTMLTableCellElement} */ (cell.closest("td"));
  const there = place.querySelector(".error");
  if (!sentence && !there) {
    return;
  }
  there?.remove();
  place.classList.toggle("grid-faulty", sentence !== "");
  cell.toggleAttribute("aria-invalid", sentence !== "");
  if (!sentence) {
    cell.removeAttribute("aria-describedby");
    return;
  }
  const fault = document.createElement("p");
  fault.className = "error";
  fault.id = `fault-${columns[place.cellIndex]}-${placeOf(rowOf(cell))}${NOW}`;
  fault.textContent = sentence;
  cell.setAttribute("aria-invalid", "true");
  cell.setAttribute("aria-describedby", fault.id);
  place.append(fault);
}

function showState() {
  const count = changed.size;
  state.textContent = count
    ? `${count.toLocaleString("en")} ${count === 1 ? "cell" : "cells"} changed, nothing saved yet`
    : `Saved · revision ${state.dataset.revision}`;
  state.dataset.state = count ? "unsaved" : "saved";
}

/** The cells that are changed, in the order of the table. */
export function changedCells() {
  const places = new Map([...body.rows].map((row, place) => [row, place]));
  const place = (/** @type {HTMLInputElement} */ cell) =>
    (places.get(rowOf(cell)) ?? 0) * columns.length + columnOf(cell);
  return [...changed].filter((cell) => cell.isConnected).sort((one, other) => place(one) - place(other));
}

/**
 * Say something that isn't about one cell, to be seen and read out.
 * @param {string} sentence
 */
export function tell(sentence) {
  said.textContent = sentence;
  said.hidden = !sentence;
  announce(sentence);
}

/**
 * Change cells as one step.
 * @param {Change[]} changes
 */
export function change(changes) {
  const step = changes.filter(({ before, after }) => before !== after);
  for (const { cell, after } of step) {
    cell.value = after;
    note(cell);
  }
  remember(step);
}

/**
 * Keep what has been done, so that it can be taken back.
 * @param {Change[]} step
 */
export function remember(step) {
  if (step.length) {
    done.push(step);
    undone = [];
  }
}

/** Take the last step back. */
export function undo() {
  swap(done, undone, ({ before }) => before);
}

/** Do again what was taken back. */
export function redo() {
  swap(undone, done, ({ after }) => after);
}

/**
 * @param {Change[][]} from
 * @param {Change[][]} to
 * @param {(change: Change) => string} value
 */
function swap(from, to, value) {
  const step = from.pop();
  if (!step) {
    return;
  }
  to.push(step);
  for (const change of step) {
    if (!change.cell.isConnected) {
      makeRows(body.rows.length); // its row was empty and went
      body.append(rowOf(change.cell));
    }
    change.cell.value = value(change);
    note(change.cell);
  }
  step[0]?.cell.focus();
}

// --- the page as it comes --------------------------------------------------------------------------------------------

for (const row of body.rows) {
  for (const field of row.querySelectorAll("input")) {
    field.removeAttribute("name"); // grid_saving.js sends what is changed
    const was = field.dataset.was;
    if (was !== undefined) {
      const typed = field.value; // and isn't saved
      field.defaultValue = was;
      field.value = typed;
      changed.add(field);
      field.closest("td")?.classList.add("grid-changed");
    } else if (field.value !== field.defaultValue) {
      note(field); // someone was quicker than this script
    }
  }
}
made = [...body.rows].filter((row) => !nameOf(row)).length;
keepOneBlank();
