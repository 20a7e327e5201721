/* Changed cells that were sent and not taken, as the login came in place of the table, where the session had ended. They
   are in the table again afterwards, changed and not saved. */

import {
  cellAt,
  change,
  changedCells,
  columnOf,
  columns,
  countRows,
  form,
  makeRows,
  nameOf,
  rowOf,
  tell,
} from "./grid.js";
import { keepSent, takeSent } from "./sent.js";

/** @typedef {[string, Record<string, string>][]} Rows of each its endpoint, none for a new one, and its changed cells */

const KEY = `sent ${location.pathname}`;
const base = /** @type {HTMLInputElement} */ (form.elements.namedItem("base"));

/** @returns {Rows} */
export function readChanges() {
  /** @type {Map<HTMLTableRowElement, Record<string, string>>} */
  const rows = new Map();
  for (const cell of changedCells()) {
    const cells = rows.get(rowOf(cell)) ?? {};
    cells[columns[columnOf(cell)] ?? ""] = cell.value;
    rows.set(rowOf(cell), cells);
  }
  return [...rows].map(([row, cells]) => [nameOf(row), cells]);
}

form.addEventListener("submit", () => keepSent(KEY, { base: base.value, rows: readChanges() }));

/** @returns {Map<string, number>} the places of the endpoints, without the empty row at the end */
function findPlaces() {
  const cells = Array.from({ length: countRows() - 1 }, (_, place) => cellAt(place, 0));
  return new Map(cells.map((cell, place) => [cell ? nameOf(rowOf(cell)) : "", place]));
}

/**
 * @param {Rows} rows
 * @param {Map<string, number>} places
 */
function listChanges(rows, places) {
  let blank = countRows() - 1;
  makeRows(blank + rows.filter(([name]) => !name).length + 1);
  return rows.flatMap(([name, cells]) => {
    const place = name ? (places.get(name) ?? -1) : blank;
    blank += name ? 0 : 1;
    return Object.entries(cells).flatMap(([column, after]) => {
      const cell = cellAt(place, columns.indexOf(column));
      return cell && cell.value !== after ? [{ cell, before: cell.value, after }] : [];
    });
  });
}

/** @param {{ base: string, rows: Rows }} kept */
function putBack(kept) {
  const places = findPlaces();
  const changes = listChanges(kept.rows, places);
  const gone = kept.rows.map(([name]) => name).filter((name) => name && !places.has(name));
  if (changes.length || gone.length) {
    base.value = kept.base; // what others have changed since then is told
    change(changes);
    const rest = gone.length ? ` These endpoints aren’t on this page any more: ${gone.join(", ")}.` : "";
    tell(`What was sent and not saved is in the table again. Save sends it once more.${rest}`);
  }
}

const kept = /** @type {{ base: string, rows: Rows } | null} */ (takeSent(KEY));
if (kept) {
  putBack(kept);
}
