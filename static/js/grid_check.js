/* What is wrong with changed cells is asked of the server while one works, and stands at the cell before it is saved. */

import { cellAt, changedCells, columns, form, placeOf, rowOf, showFault } from "./grid.js";

const PAUSE = 500; // milliseconds without a change

let timer = 0;
/** @type {AbortController | null} */
let asked = null;

document.addEventListener("grid-changed", () => {
  asked?.abort();
  clearTimeout(timer);
  timer = window.setTimeout(check, PAUSE);
});

async function check() {
  const cells = changedCells();
  const rows = [...new Set(cells.map(rowOf))];
  const focus = document.activeElement;
  if (!rows.length) {
    return;
  }
  asked = new AbortController();
  try {
    const body = new FormData(form);
    const answer = await fetch(form.dataset.check ?? "", { method: "POST", body, signal: asked.signal });
    if (!answer.ok) {
      return;
    }
    /** @type {{ faults: { row: number, column: string, message: string }[] }} */
    const { faults } = await answer.json();
    for (const cell of cells) {
      showFault(cell, "");
    }
    for (const { row, column, message } of faults) {
      const place = rows[row];
      const cell = place && cellAt(placeOf(place), columns.indexOf(column));
      // Who is still typing isn't told yet.
      if (cell && cell !== focus) {
        showFault(cell, message);
      }
    }
  } catch {
    // saving tells what is wrong as well
  }
}
