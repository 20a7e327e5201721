/* Edits on their way to the server: what doesn't arrive is kept and sent again, under the same id, so it counts once. */
"use strict";

const saving = (() => {
  const PASSING = [0, 408, 425, 429, 502, 503, 504]; // no answer, or one for now only: it may be another in a moment
  const REFUSED = {
    403: "this page is too old. Reload it; what you typed is then offered back.",
    404: "this browser can't open the plan any more. Reload the page.",
    410: "this plan has been deleted. Reload the page to restore it.",
    413: "that is more than the service takes in one go. Shorten it, or send it in parts.",
  };
  const OWN = ["operation", "base", "csrfmiddlewaretoken"]; // what a form carries along without saying anything
  const flights = new Map(); // by request: what was sent, and what the same form has said since
  let waiting = []; // edits that did not arrive, oldest first
  let tries = 0;
  let notBefore = 0;

  const isEdit = (config) => config?.verb === "post" && config.parameters?.operation;

  /* What is sent anew takes the place of what didn't arrive of the same form; the server tells them apart. */
  document.addEventListener("htmx:configRequest", (event) => {
    if (isEdit(event.detail) && event.detail.elt.matches("form")) {
      waiting = waiting.filter((edit) => edit.operation !== event.detail.parameters.operation);
    }
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

  /* Sent again as it is, it would be refused again; so it stays in its form only, and in the draft of that. */
  function refuse(config, status) {
    forget(waiting.find((edit) => edit.operation === config.parameters.operation));
    stateLine.set("refused", `Not saved: ${REFUSED[status] ?? `the service refused it (${status}). Reload the page.`}`);
  }

  function arrive(config) {
    stateLine.clear("refused");
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
    flights.set(xhr, { config, next: null });
    xhr.addEventListener("load", () => {
      if (xhr.status < 400) {
        arrive(config);
        follow(flights.get(xhr));
      } else if (xhr.status >= 500 || PASSING.includes(xhr.status)) {
        keep(config, xhr.status);
      } else {
        refuse(config, xhr.status);
      }
    });
    xhr.addEventListener("error", () => keep(config, 0));
    xhr.addEventListener("timeout", () => keep(config, 0));
    xhr.addEventListener("loadend", () => flights.delete(xhr));
  });

  const says = (values) => JSON.stringify([...values].filter(([name]) => !OWN.includes(name)).map(String));

  /* What a form says while its last edit is on its way: its answer replaces the form, and htmx would let this fall. */
  function hear(event) {
    const form = event.target.closest("form");
    const flight = [...flights.values()].find(({ config }) => form && config.elt === form);
    const sends = event.type === "submit" || form?.getAttribute("hx-trigger")?.includes("change");
    if (flight && sends) {
      const values = new FormData(form, event.submitter ?? null);
      flight.next = says(values) === says(flight.config.formData) ? null : values;
    }
  }
  document.addEventListener("change", hear);
  document.addEventListener("submit", hear);

  /* It is another edit, made on what the first one left. */
  function follow({ config, next }) {
    if (next) {
      next.set("operation", Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join(""));
      next.set("base", document.getElementById("state").dataset.revision);
      htmx.ajax("POST", config.path, { source: "#retry", target: "#report", values: next });
    }
  }

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
