/* What fields and forms hold. */

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Field */

/**
 * Whether an element is a field that someone can fill in.
 * @param {Element | null} element
 * @returns {element is Field}
 */
export function isField(element) {
  return (
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement
  );
}

/**
 * Whether a field is a box or a circle that is ticked.
 * @param {Field} field
 * @returns {field is HTMLInputElement}
 */
export function isBox(field) {
  return field instanceof HTMLInputElement && (field.type === "radio" || field.type === "checkbox");
}

/**
 * The fields of a part of the page that people see.
 * @param {Element} part
 * @returns {Field[]}
 */
export function fieldsOf(part) {
  return [...part.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(isField);
}

/**
 * Whether a field holds something else than what the server put there.
 * @param {Field} field
 */
export function isChanged(field) {
  if (isBox(field)) {
    return field.checked !== field.defaultChecked;
  }
  if (field instanceof HTMLSelectElement) {
    const first = Math.max(
      0,
      [...field.options].findIndex((option) => option.defaultSelected),
    );
    return field.options.length > 0 && field.selectedIndex !== first;
  }
  return field.value !== field.defaultValue;
}

/**
 * What a form says, as a text that can be compared with what it says at another time, and with nothing else: what is
 * sent of it may leave out more. Of files what tells them apart; a field for files without one says nothing.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} [submitter] the button that sends it
 * @param {string[]} [except] names of fields that don't count
 */
export function wordsOf(form, submitter = null, except = []) {
  const entries = [...new FormData(form, submitter)].filter(([name]) => !except.includes(name));
  const words = entries.map(([name, value]) => [name, value instanceof File ? markOf(value) : value]);
  return JSON.stringify(words.filter(([, value]) => value));
}

/** @param {File} file */
const markOf = (file) => file.name && [file.name, file.size, file.lastModified];

/**
 * The button that an event says a form was sent by.
 * @param {Event | undefined} event
 */
export const submitterOf = (event) => (event instanceof SubmitEvent ? event.submitter : null);
