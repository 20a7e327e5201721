/* Changed cells that were sent and not taken, as something else came in place of the table: the login, where the session
   had ended. They are kept in sessionStorage of this tab until the table is there again, and are in it then, changed and
   not saved. What the table itself answers says what became of them. */

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

/** @typedef {[string, Record<string, string>][]} Rows of each its endpoint, none for a new one, and its changed cells */

const KEY = `grid-sent:${location.pathname}`;
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

/* Storage may be full or forbidden; then nothing is kept, and everything else works. */
form.addEventListener("submit", () => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ base: base.value, rows: readChanges() }));
  } catch {
    // as before there was this
  }
});

/** @returns {{ base: string, rows: Rows } | null} what was sent last, unless the table is the answer to it */
function take() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) || "null");
    sessionStorage.removeItem(KEY);
    return document.referrer && new URL(document.referrer).pathname === location.pathname ? null : kept;
  } catch {
    return null;
  }
}

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

const kept = take();
if (kept) {
  putBack(kept);
}
