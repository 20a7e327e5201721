/* Where input that isn't saved is kept: in sessionStorage of this tab, by the page that it was typed on. Storage may be
   full or forbidden; then nothing is kept, and everything else works. */

/**
 * @typedef {object} Draft
 * @property {string} base the revision that it was typed on
 * @property {string} about what that is about, in words
 * @property {string} href where its form is
 * @property {Record<string, string[]>} fields what was typed, by the names of the fields
 * @property {Record<string, string>} [labels] what these are called on the page
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

/**
 * @param {string} key
 * @param {unknown} value what is to be kept there; nothing where it is null, or where there is no room
 */
function write(key, value) {
  try {
    sessionStorage.removeItem(key); // rather none than an old one
    if (value !== null) {
      sessionStorage.setItem(key, JSON.stringify(value));
    }
  } catch {
    // full or forbidden
  }
}

/** @param {Record<string, Draft>} drafts */
export const writeDrafts = (drafts) => write(KEY, Object.keys(drafts).length ? drafts : null);

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
  write(COMING_BACK, { key });
  location.assign(draft.href);
}

/** @returns {string | undefined} the key of the draft that one has come back for */
export function takeComingBack() {
  const found = /** @type {{ key?: string } | null} */ (read(COMING_BACK));
  write(COMING_BACK, null);
  return found?.key;
}
