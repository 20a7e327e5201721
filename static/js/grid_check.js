/* What is wrong with changed cells is asked of the server while one works, and stands at the cell before it is saved.
   What saving has put there, as that somebody else has changed the same, stays until the cell is changed or saved. */

import { all } from "./dom.js";
import { cellAt, cellOf, changedCells, columns, form, NOW, placeOf, rowOf, showFault } from "./grid.js";

const PAUSE = 500; // milliseconds without a change

let timer = 0;
/** @type {AbortController | null} */
let asked = null;

document.addEventListener("grid-changed", () => {
  asked?.abort();
  clearTimeout(timer);
  timer = window.setTimeout(check, PAUSE);
});

/* What was put there before; also at cells that say again what is stored. */
function clear() {
  for (const fault of all(`.error[id$="${NOW}"]`, form)) {
    const cell = cellOf(fault.closest("td")?.querySelector("input:not([type=hidden])") ?? null);
    if (cell) {
      showFault(cell, "");
    }
  }
}

async function check() {
  const cells = changedCells();
  const rows = [...new Set(cells.map(rowOf))];
  const focus = document.activeElement;
  if (!rows.length) {
    clear();
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
    clear();
    for (const { row, column, message } of faults) {
      const place = rows[row];
      const cell = place && cellAt(placeOf(place), columns.indexOf(column));
      // Who is still typing isn't told yet.
      if (cell && cell !== focus && !cell.closest("td")?.querySelector(".error")) {
        showFault(cell, message);
      }
    }
  } catch {
    // saving tells what is wrong as well
  }
}
