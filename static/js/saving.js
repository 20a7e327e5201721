/* Edits on their way to the server: what doesn't arrive is kept and sent again, under the same id, so it counts once. */
"use strict";

const saving = (() => {
  const PASSING = [0, 502, 503, 504]; // no answer, or none from the service itself: it may be back in a moment
  const flights = new Set();
  const sent = new WeakMap(); // form -> the content that went out under its id
  let waiting = []; // edits that did not arrive, oldest first
  let tries = 0;
  let notBefore = 0;

  const isEdit = (config) => config?.verb === "post" && config.parameters?.operation;

  function makeOperation() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function describe(formData) {
    const own = ["operation", "csrfmiddlewaretoken"];
    const say = (value) => (value instanceof File ? [value.name, value.size, value.lastModified] : value);
    return JSON.stringify([...formData].filter(([name]) => !own.includes(name)).map(([name, v]) => [name, say(v)]));
  }

  /* An id belongs to what was sent under it: other content needs another, or the server would take it for a repeat. */
  document.addEventListener("htmx:configRequest", (event) => {
    const form = event.detail.elt;
    if (!isEdit(event.detail) || !form.matches("form")) {
      return;
    }
    const content = describe(event.detail.formData);
    if (sent.has(form) && sent.get(form) !== content) {
      const before = form.elements.operation.value;
      waiting = waiting.filter((edit) => edit.operation !== before); // what is newer takes its place
      form.elements.operation.value = event.detail.parameters.operation = makeOperation();
    }
    sent.set(form, content);
  });

  function show() {
    const retry = document.getElementById("retry");
    retry.hidden = waiting.length === 0;
    if (waiting.length === 0) {
      stateLine.clear("unsent");
      return;
    }
    const { status } = waiting.at(-1);
    stateLine.set(
      "unsent",
      PASSING.includes(status)
        ? "Not saved: no connection. It is kept and sent again by itself."
        : `Not saved: the service answered with an error (${status}). It is kept.`,
    );
  }

  function keep(config, status) {
    const { operation } = config.parameters;
    const before = waiting.find((edit) => edit.operation === operation);
    const form = config.elt.matches("form") ? config.elt : before?.form;
    waiting = waiting.filter((edit) => edit !== before);
    waiting.push({ operation, path: config.path, form, values: config.formData, status });
    tries += 1;
    notBefore = Date.now() + Math.min(60_000, 1000 * 2 ** tries);
    show();
  }

  function arrive(config) {
    waiting = waiting.filter((edit) => edit.operation !== config.parameters.operation);
    tries = 0;
    show();
    document.dispatchEvent(new CustomEvent("edit-answered", { detail: config }));
  }

  /* Heard from the request itself: the form may have left the page by then, and htmx's events with it. */
  document.addEventListener("htmx:beforeSend", (event) => {
    const { requestConfig: config, xhr } = event.detail;
    if (!isEdit(config)) {
      return;
    }
    flights.add(xhr);
    xhr.addEventListener("load", () => (xhr.status < 400 ? arrive(config) : keep(config, xhr.status)));
    xhr.addEventListener("error", () => keep(config, 0));
    xhr.addEventListener("timeout", () => keep(config, 0));
    xhr.addEventListener("loadend", () => flights.delete(xhr));
  });

  /* As it was sent, wherever its form has gone in the meantime; a file only its form can send. */
  function send(edit) {
    const values = edit.values;
    const hasFile = [...values.values()].some((value) => value instanceof File);
    if (hasFile) {
      return edit.form?.isConnected ? htmx.ajax("POST", edit.path, { source: edit.form }) : forget(edit);
    }
    return htmx.ajax("POST", edit.path, { source: "#retry", target: "#report", values });
  }

  function forget(edit) {
    waiting = waiting.filter((other) => other !== edit);
    show();
  }

  async function resendAll() {
    for (const edit of [...waiting]) {
      await Promise.resolve(send(edit)).catch(() => {}); // its failure has been noted by then
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("retry").addEventListener("click", resendAll);
  });

  return {
    /* The service answers: what can pass goes out again, in its order, not more often than it makes sense. */
    async resend() {
      if (waiting.length && Date.now() >= notBefore && waiting.every((edit) => PASSING.includes(edit.status))) {
        await resendAll();
      }
    },
    isWaiting: () => waiting.length > 0,
    isSending: () => flights.size > 0,
  };
})();
