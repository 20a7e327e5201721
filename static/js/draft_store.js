/* Where input that isn't saved is kept: in sessionStorage of this tab, by the page that it was typed on. Storage may be
   full or forbidden; then nothing is kept, and everything else works. */

/**
 * @typedef {object} Draft
 * @property {string} base the revision that it was typed on
 * @property {string} href where its form is
 * @property {Record<string, string[]>} fields what was typed, by the names of the fields
 */

const KEY = `unsaved:${location.pathname}`;
const COMING_BACK = `${KEY} restore`;

/**
 * @param {string} key
 * @returns {unknown}
 */
function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @returns {Record<string, Draft>} the drafts of this page by the keys of their forms */
export const readDrafts = () => /** @type {Record<string, Draft> | null} */ (read(KEY)) ?? {};

/** @param {Record<string, Draft>} drafts */
export function writeDrafts(drafts) {
  try {
    if (Object.keys(drafts).length) {
      sessionStorage.setItem(KEY, JSON.stringify(drafts));
    } else {
      sessionStorage.removeItem(KEY);
    }
  } catch {
    sessionStorage.removeItem(KEY); // rather none than an old one
  }
}

/** @param {string} key */
export function dropDraft(key) {
  const drafts = readDrafts();
  delete drafts[key];
  writeDrafts(drafts);
}

/**
 * Go to where the form of a draft is, which is to be restored there.
 * @param {string} key
 * @param {Draft} draft
 */
export function goBack(key, draft) {
  sessionStorage.setItem(COMING_BACK, JSON.stringify({ key }));
  location.assign(draft.href);
}

/** @returns {string | undefined} the key of the draft that one has come back for */
export function takeComingBack() {
  const found = /** @type {{ key?: string } | null} */ (read(COMING_BACK));
  sessionStorage.removeItem(COMING_BACK);
  return found?.key;
}
