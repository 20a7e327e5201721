/* What is typed and not saved yet outlives a reload or a crash: it is kept in this tab and offered back.

   Of each form, the fields that differ from the server's, with the revision that they were typed on: sent later, they
   clash with what others have changed in between as if they had been sent then. */
"use strict";

(() => {
  const KEY = `unsaved:${location.pathname}`;
  const IDENTITY = ["target", "service", "choice", "caveat"]; // the hidden field that says what a form is about
  const SKIPPED = "[type=hidden], [type=password], [type=file], button, fieldset, output, object";
  let timer = 0;

  /* Storage may be full or forbidden; then nothing is kept, and everything else works. */
  function read(key = KEY) {
    try {
      return JSON.parse(sessionStorage.getItem(key)) ?? {};
    } catch {
      return {};
    }
  }

  function write(drafts) {
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

  function drop(key) {
    const drafts = read();
    delete drafts[key];
    write(drafts);
  }

  const nameOf = (path, value) => `${path} ${IDENTITY.map(value).find(Boolean) ?? ""}`;
  const keyOf = (form) => nameOf(new URL(form.action).pathname, (name) => form.elements[name]?.value);
  const forms = () => [...document.querySelectorAll("#panel form[method=post]")].filter((form) => form.elements.base);
  const findForm = (key) => forms().find((form) => keyOf(form) === key);

  function group(form) {
    const groups = new Map();
    for (const field of form.elements) {
      if (field.name && !field.matches(SKIPPED)) {
        groups.set(field.name, [...(groups.get(field.name) ?? []), field]);
      }
    }
    return groups;
  }

  function valuesOf(fields) {
    return fields
      .filter((field) => !field.matches("[type=radio], [type=checkbox]") || field.checked)
      .map((field) => field.value);
  }

  function typedInto(form) {
    const changed = [...group(form)].filter(([, fields]) => fields.some(isChanged));
    return Object.fromEntries(changed.map(([name, fields]) => [name, valuesOf(fields)]));
  }

  /* A form that came back with errors has the refused values for its own; they are not saved all the same. */
  function keep(form) {
    const drafts = read();
    const key = keyOf(form);
    const refused = form.closest("[data-unsaved]") ? drafts[key]?.fields : {};
    const fields = { ...refused, ...typedInto(form) };
    if (Object.keys(fields).length) {
      drafts[key] = { base: form.elements.base.value, href: location.pathname + location.search, fields };
    } else {
      delete drafts[key];
    }
    write(drafts);
  }

  function flush() {
    clearTimeout(timer);
    timer = 0;
    for (const form of forms().filter((form) => form.dataset.typed !== undefined)) {
      delete form.dataset.typed;
      keep(form);
    }
  }

  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      const form = event.target.form;
      if (form && forms().includes(form)) {
        form.dataset.typed = "";
        timer ||= setTimeout(flush, 200);
      }
    });
  }
  window.addEventListener("pagehide", flush);

  /* What came back refused stands in its form, on the revision of that. */
  function stay(key) {
    const drafts = read();
    const form = findForm(key);
    if (form && drafts[key]) {
      drafts[key].base = form.elements.base.value;
      write(drafts);
    }
  }

  document.addEventListener("edit-answered", (event) => {
    const key = nameOf(event.detail.path, (name) => event.detail.parameters[name]);
    if (stateLine.isRefused()) {
      stay(key);
    } else {
      drop(key);
    }
    offer();
  });

  // --- offering it back ---------------------------------------------------------------------------------------------

  const box = () => document.getElementById("draft");

  function stands(form, fields) {
    const now = group(form);
    return Object.entries(fields).every(([name, values]) => String(valuesOf(now.get(name) ?? [])) === String(values));
  }

  /* The first input that is kept and stands in no form; its words, when its form is gone. */
  function findLost() {
    return Object.entries(read()).find(([key, draft]) => {
      const form = findForm(key);
      return !form || !(stands(form, draft.fields) || Object.keys(typedInto(form)).length);
    });
  }

  function describe(key, draft) {
    const fields = Object.keys(draft.fields).map((name) => name.replaceAll("_", " "));
    const subject = key.slice(key.indexOf(" ") + 1);
    return `${fields.join(", ")}${subject && ` of ${subject}`}.`;
  }

  function offer(gone = "") {
    flush();
    const [key, draft] = findLost() ?? [];
    box().hidden = !draft || saving.isWaiting();
    box().dataset.key = key ?? "";
    const isGone = Boolean(draft) && key === gone;
    document.getElementById("draft-restore").hidden = isGone;
    document.getElementById("draft-words").textContent = isGone
      ? "Input that was not saved. Its form isn't there any more; this is what it said:"
      : draft && `Input that was not saved: ${describe(key, draft)}`;
    document.getElementById("draft-text").textContent = isGone
      ? Object.entries(draft.fields).map(([name, values]) => `${name}: ${values.join(", ")}`).join("\n")
      : "";
  }

  /* Returns whether every value is still offered by the form. */
  function fill(fields, values) {
    return fields.map((field) => {
      if (field.matches("[type=radio], [type=checkbox]")) {
        field.checked = values.includes(field.value);
      } else if (!field.matches("select") || [...field.options].some((option) => option.value === values[0])) {
        field.value = values[0] ?? "";
      } else {
        return false;
      }
      return true;
    }).every(Boolean);
  }

  function restoreInto(form, draft) {
    const groups = group(form);
    const entries = Object.entries(draft.fields);
    const all = entries.map(([name, values]) => fill(groups.get(name) ?? [], values)).every(Boolean);
    form.elements.base.value = draft.base;
    const first = groups.get(entries[0][0])?.[0];
    for (let fold = first?.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    first?.focus();
    announce(all ? "Restored. It isn't saved yet." : "Restored but for what is no longer offered. It isn't saved yet.");
    if (first?.matches("[type=radio], [type=checkbox]") && !form.querySelector("button:not(noscript *)")) {
      first.dispatchEvent(new Event("change", { bubbles: true })); // a form that a click sends has no button
    }
  }

  function restore() {
    const { key } = box().dataset;
    const draft = read()[key];
    const form = findForm(key);
    if (form && draft) {
      restoreInto(form, draft);
      offer();
    } else if (draft) {
      sessionStorage.setItem(`${KEY} restore`, JSON.stringify({ key }));
      location.assign(draft.href);
    }
  }

  function discard() {
    drop(box().dataset.key);
    offer();
    announce("Discarded.");
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("draft-restore").addEventListener("click", restore);
    document.getElementById("draft-discard").addEventListener("click", discard);
    const { key } = read(`${KEY} restore`);
    sessionStorage.removeItem(`${KEY} restore`);
    const form = key && findForm(key);
    if (form) {
      restoreInto(form, read()[key]);
    }
    offer(key);
  });
  document.addEventListener("htmx:beforeRequest", flush); // its answer may take the form away
  document.addEventListener("htmx:afterSettle", () => offer());
})();
