/* Sending an edit once more, wherever its form has gone in the meantime. */

/**
 * @typedef {object} Edit an edit as it was sent
 * @property {string} path
 * @property {FormData} values
 * @property {boolean} isMultipart in which encoding; in the other one it would be another edit
 */

/**
 * An edit as htmx sends it.
 * @param {HtmxRequest} request
 * @param {FormData} [values] what it is to say instead
 * @returns {Edit}
 */
export function takeDown(request, values = request.formData) {
  return { path: request.path, values, isMultipart: request.headers["Content-Type"] === undefined };
}

/**
 * Send an edit. Each goes by itself, as htmx keeps but one request of an element waiting.
 * @param {Edit} edit
 * @param {boolean} isAsked whether someone has just asked for it
 */
export async function post({ path, values, isMultipart }, isAsked) {
  const sender = document.createElement("div");
  sender.hidden = true;
  sender.toggleAttribute("data-unasked", !isAsked);
  if (isMultipart) {
    sender.setAttribute("hx-encoding", "multipart/form-data");
  }
  document.body.append(sender);
  try {
    await htmx.ajax("POST", path, { source: sender, target: "#report", values });
  } catch {
    // its failure has been noted by then
  }
  sender.remove();
}

/**
 * Whether the files of an edit are still what they were when they were chosen; browsers send no others.
 * @param {Edit} edit
 */
export async function canBeRead({ values }) {
  const files = [...values.values()].filter((value) => value instanceof File);
  try {
    await Promise.all(files.map((file) => file.slice(0, 1).arrayBuffer()));
    return true;
  } catch {
    return false;
  }
}
