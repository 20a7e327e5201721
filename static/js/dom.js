/* Finding elements, with their types. */

/**
 * The element with an id, which the page has.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type what it is to be
 * @returns {T}
 */
export function need(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) {
    throw new Error(`This page has no ${type.name} “${id}”.`);
  }
  return element;
}

/**
 * The closest element around what an event happened to that fits a selector.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function closest(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/**
 * All elements that fit a selector.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export function all(selector, root = document) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector))];
}
