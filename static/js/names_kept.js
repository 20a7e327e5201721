/* Names and addresses of the guided start over a reload, and over a step back to the questions: kept in sessionStorage of
   this tab, by the server that they are for, and put back where the answers bring it again. Storage may be full or
   forbidden; then nothing is kept, and everything else works. */

import { all } from "./dom.js";
import { NAMES } from "./kept_answers.js";

/** @typedef {Record<string, Record<string, string>>} Kept by server what its fields say, by the end of their names */

/** @returns {[string, string, HTMLInputElement][]} of each field its server, what it says of that, and the field */
function listFields() {
  return all(".names-table tbody tr").flatMap((row) => {
    const [of, ...fields] = /** @type {HTMLInputElement[]} */ (all("input", row));
    return fields.map(
      (field) =>
        /** @type {[string, string, HTMLInputElement]} */ ([
          of?.value ?? "",
          field.name.slice(field.name.lastIndexOf("-") + 1),
          field,
        ]),
    );
  });
}

function keep() {
  /** @type {Kept} */
  const kept = {};
  for (const [server, what, field] of listFields()) {
    kept[server] = { ...kept[server], [what]: field.value };
  }
  try {
    sessionStorage.setItem(NAMES, JSON.stringify(kept));
  } catch {
    // full or forbidden
  }
}

/** @returns {Kept} */
function read() {
  try {
    return JSON.parse(sessionStorage.getItem(NAMES) ?? "{}");
  } catch {
    return {};
  }
}

const kept = read();
for (const [server, what, field] of listFields()) {
  field.value = kept[server]?.[what] ?? field.value;
}
for (const happens of ["input", "change"]) {
  document.querySelector("form.names")?.addEventListener(happens, keep);
}
