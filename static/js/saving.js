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
  const flights = new Map(); // by request: what was sent, what its form said then, and what it has said since
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

  /* What its form has said in the meantime takes its place. */
  function keep({ config, next }, status) {
    const { operation } = config.parameters;
    waiting = waiting.filter((edit) => edit.operation !== operation);
    const values = next ?? config.formData;
    waiting.push({ operation, path: config.path, values, isMultipart: isMultipart(config), status });
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

  const isUnderWay = () => [...flights.values()].some((flight) => flight.isAsked && !flight.isAnswered);

  /* Heard from the request itself: the form may have left the page by then, and htmx's events with it. */
  document.addEventListener("htmx:beforeSend", (event) => {
    const { requestConfig: config, xhr } = event.detail;
    if (config.verb !== "post") {
      return;
    }
    const form = config.elt.matches("form") ? config.elt : null;
    const said = form && wordsOf(form, config.triggeringEvent?.submitter, OWN);
    const isAsked = !config.elt.matches("[data-unasked]");
    const flight = { config, form, said, next: null, isAsked, isAnswered: false };
    flights.set(xhr, flight);
    if (isAsked) {
      stateLine.set("saving", "Saving…");
    }
    /* This comes before the answer is shown, which says how it went; what comes after it has another answer. */
    xhr.addEventListener("readystatechange", () => {
      flight.isAnswered ||= xhr.readyState === XMLHttpRequest.DONE;
      if (flight.isAnswered && !isUnderWay()) {
        stateLine.forget("saving");
      }
    });
    if (isEdit(config)) {
      xhr.addEventListener("load", () => land(flight, xhr.status));
      for (const name of ["error", "timeout", "abort"]) {
        xhr.addEventListener(name, () => keep(flight, 0));
      }
    }
    xhr.addEventListener("loadend", () => {
      flights.delete(xhr);
      if (!isUnderWay()) {
        stateLine.clear("saving");
      }
    });
  });

  function land(flight, status) {
    if (status >= 500 || PASSING.includes(status)) {
      keep(flight, status);
      return;
    }
    if (status < 400) {
      arrive(flight.config);
    } else {
      refuse(flight.config, status);
    }
    follow(flight, status);
  }

  /* What a form says while its last edit is on its way waits for the answer, which replaces the form. htmx would keep it
     with the form and let it fall, or send it although it says nothing new. */
  document.addEventListener("htmx:confirm", (event) => {
    const { elt: form, triggeringEvent: trigger } = event.detail;
    const flight = [...flights.values()].find((flight) => flight.form === form && isEdit(flight.config));
    if (flight) {
      event.preventDefault();
      const isSame = wordsOf(form, trigger?.submitter, OWN) === flight.said;
      flight.next = isSame ? null : new FormData(form, trigger?.submitter ?? null);
    }
  });

  /* It is another edit, made on what the first one left. */
  function follow({ config, next }, status) {
    if (next) {
      next.set("operation", Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join(""));
      if (status < 400) {
        next.set("base", document.getElementById("state").dataset.revision);
      }
      post({ path: config.path, values: next, isMultipart: isMultipart(config) });
    }
  }

  const isMultipart = (config) => config.headers["Content-Type"] === undefined;

  /* Wherever its form has gone in the meantime, and in the same encoding: in another one it would be another edit.
     Each goes by itself, as htmx keeps but one request of an element waiting. */
  async function post({ path, values, isMultipart }, isAsked = true) {
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

  /* A browser sends a file as it was when it was chosen, or not at all. */
  async function canBeRead(values) {
    const files = [...values.values()].filter((value) => value instanceof File);
    try {
      await Promise.all(files.map((file) => file.slice(0, 1).arrayBuffer()));
      return true;
    } catch {
      return false;
    }
  }

  async function send(edit, isAsked) {
    if (await canBeRead(edit.values)) {
      await post(edit, isAsked);
    } else {
      forget(edit);
      stateLine.set("refused", "Not saved: the file has changed or gone since it was chosen. Choose it again.");
    }
  }

  function forget(edit) {
    waiting = waiting.filter((other) => other !== edit);
    show();
  }

  async function resendAll(isAsked) {
    for (const edit of [...waiting]) {
      await send(edit, isAsked);
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("retry").addEventListener("click", () => resendAll(true));
  });

  return {
    /* The service answers: what can pass goes out again, in its order, not more often than it makes sense. */
    async resend() {
      if (waiting.length && Date.now() >= notBefore && waiting.every((edit) => PASSING.includes(edit.status))) {
        await resendAll(false);
      }
    },
    isWaiting: () => waiting.length > 0,
    isSending: () => flights.size > 0,
  };
})();
