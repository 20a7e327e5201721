/* What a form sent whose answer hasn't been seen, in sessionStorage of this tab: where the session had ended, the login
   comes in its place. Storage may be full or forbidden; then nothing is kept, and everything else works. */

/**
 * @param {string} key of the form
 * @param {unknown} words what it says
 */
export function keepSent(key, words) {
  try {
    sessionStorage.removeItem(key); // rather none than an old one
    sessionStorage.setItem(key, JSON.stringify({ from: location.pathname, words }));
  } catch {
    // full or forbidden
  }
}

/* A page that one came to from where the form was is the answer, and says what became of it. */
const isAnswer = (/** @type {string} */ from) =>
  Boolean(document.referrer) && new URL(document.referrer).pathname === from;

/**
 * @param {string} key of the form
 * @returns {unknown} what it said, unless this page is the answer; null where nothing is kept
 */
export function takeSent(key) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
    sessionStorage.removeItem(key);
    return kept && !isAnswer(kept.from) ? kept.words : null;
  } catch {
    return null;
  }
}
