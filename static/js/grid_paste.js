/* A block from a spreadsheet, pasted into the table of endpoints from the chosen cell on. */

import {
  cellAt,
  cellOf,
  change,
  columnOf,
  columns,
  countRows,
  form,
  makeRows,
  placeOf,
  rowOf,
  table,
  tell,
} from "./grid.js";
import { begin, isBeingEdited, settle } from "./grid_keys.js";

/**
 * The rows and cells of a text as spreadsheets copy it: tabs between cells, quotes around those with line breaks.
 * @param {string} text
 * @returns {string[][]}
 */
function split(text) {
  /** @type {string[][]} */
  const rows = [[]];
  const token = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/gy;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [, quoted, plain, end] = match;
    rows.at(-1)?.push((quoted?.replaceAll('""', '"') ?? plain ?? "").replace(/\s*[\r\n]+\s*/g, "; ").trim());
    if (!end) {
      break;
    }
    if (end !== "\t") {
      rows.push([]);
    }
  }
  return rows;
}

/**
 * The block without empty lines at its end, empty columns at its right, and the heads of the columns that it goes into.
 * @param {string[][]} rows
 * @param {number} column
 */
function trim(rows, column) {
  const left = [...rows];
  while (left.length && left.at(-1)?.every((text) => !text)) {
    left.pop();
  }
  const width = Math.max(0, ...left.map((row) => row.findLastIndex((text) => text !== "") + 1));
  const block = left.map((row) => row.slice(0, width));
  const head = block[0]?.map((text) => text.toLowerCase().replaceAll(/[\s-]+/g, "_"));
  return block.length > 1 && head?.every((text, at) => text === columns[column + at]) ? block.slice(1) : block;
}

/**
 * @param {HTMLInputElement} cell
 * @param {string[][]} block
 */
function fill(cell, block) {
  const [row, column] = [placeOf(rowOf(cell)), columnOf(cell)];
  const width = Math.max(...block.map((texts) => texts.length));
  if (column + width > columns.length) {
    const more = column + width - columns.length;
    tell(
      `Nothing was pasted: to the right of this cell the table has ${more} columns fewer than the block. Start further left.`,
    );
    return;
  }
  const { last } = form.dataset;
  if (last && row + block.length > countRows() - 1) {
    const more = row + block.length - countRows() + 1;
    tell(
      `Nothing was pasted: this page ends at row ${last}, and ${more} rows of the block would stand on the next one. Paste it in parts.`,
    );
    return;
  }
  makeRows(row + block.length + 1);
  const changes = block.flatMap((texts, down) =>
    texts.flatMap((after, right) => {
      const cell = cellAt(row + down, column + right);
      return cell ? [{ cell, before: cell.value, after }] : [];
    }),
  );
  change(changes);
  const count = changes.length.toLocaleString("en");
  tell(
    `Pasted: ${count} ${changes.length === 1 ? "cell" : "cells"} in ${block.length.toLocaleString("en")} ${block.length === 1 ? "row" : "rows"}, not saved yet. Ctrl+Z takes it back.`,
  );
}

table.addEventListener("paste", (event) => {
  const cell = cellOf(event.target);
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!cell || !text) {
    return;
  }
  const block = trim(split(text), columnOf(cell));
  const isOne = block.length === 1 && block[0]?.length === 1;
  if (!block.length || (isOne && isBeingEdited() && event.isTrusted)) {
    return; // into the text, as the browser does it
  }
  event.preventDefault();
  settle(cell);
  fill(cell, block);
  begin(cell);
});
