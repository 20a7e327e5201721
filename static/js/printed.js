/* The report as a page of its own finds rules, copies the addresses of a side, and shows pictures from nearer.

   The file carries this script in itself, and its policy allows just these bytes; without it everything can be read.
   So it imports nothing, and makes its own controls. */

/**
 * All elements that fit a selector.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
const all = (selector, root = document) => [
  .../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector)),
];

/**
 * A button that does something.
 * @param {string} text
 * @param {string} label what it does, for those who don't see where it stands
 * @param {() => void} press
 */
function makeButton(text, label, press) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", press);
  return button;
}

/**
 * Elements of the objects that a part of a rule leads to: its group, or the parts of one.
 * @param {ParentNode} part
 * @returns {HTMLElement[]}
 */
function listGroups(part) {
  return all("a.at", part).flatMap((link) => {
    const target = document.getElementById(decodeURIComponent(link.getAttribute("href") ?? "").slice(1));
    if (target?.matches(".union")) {
      return listGroups(target);
    }
    const members = target?.parentElement && all(`[id="${target.id}"] ~ pre`, target.parentElement)[0];
    return members ? [members] : [];
  });
}

/**
 * The addresses of a side of a rule, each once.
 * @param {HTMLElement} side
 */
function listAddresses(side) {
  const texts = [side, ...listGroups(side)].map((part) => part.dataset.addresses ?? "");
  return [...new Set(texts.join(" ").split(" ").filter(Boolean))];
}

// --- addresses as numbers --------------------------------------------------------------------------------------------

/**
 * The first and the last address of an address or network, with its family; null for what is neither.
 * @param {string} text
 * @returns {{ bits: number, first: bigint, last: bigint } | null}
 */
function readNetwork(text) {
  const [address = "", prefix, more] = text.split("/");
  const bits = address.includes(":") ? 128 : 32;
  const number = bits === 32 ? readNumber(address.split("."), 8n, 4, /^\d{1,3}$/, 10) : readLong(address);
  const length = prefix === undefined ? bits : Number(/^\d{1,3}$/.test(prefix) ? prefix : Number.NaN);
  if (number === null || more !== undefined || !(length <= bits)) {
    return null;
  }
  const size = 1n << BigInt(bits - length);
  const first = (number / size) * size;
  return { bits, first, last: first + size - 1n };
}

/**
 * @param {string[]} parts
 * @param {bigint} bits of each
 * @param {number} count how many there have to be
 * @param {RegExp} form
 * @param {number} base
 */
function readNumber(parts, bits, count, form, base) {
  if (parts.length !== count || parts.some((part) => !form.test(part) || parseInt(part, base) >> Number(bits))) {
    return null;
  }
  return parts.reduce((sum, part) => (sum << bits) | BigInt(parseInt(part, base)), 0n);
}

/** @param {string} text an IPv6 address (RFC 4291, section 2.2, without the form that ends in an IPv4 address) */
function readLong(text) {
  const [head = "", tail, more] = text.split("::");
  const [before, after] = [head, tail ?? ""].map((part) => (part ? part.split(":") : []));
  if (!before || !after || more !== undefined) {
    return null;
  }
  const missing = 8 - before.length - after.length;
  const zeros = tail === undefined ? [] : Array(Math.max(0, missing)).fill("0");
  return readNumber([...before, ...zeros, ...after], 16n, 8, /^[0-9a-f]{1,4}$/i, 16);
}

// --- search ----------------------------------------------------------------------------------------------------------

/**
 * What is searched of a rule.
 * @param {HTMLElement} row
 * @param {string} boundary
 */
function readRule(row, boundary) {
  const ends = all("[data-side]", row);
  const groups = ends.flatMap(listGroups);
  const services = all(".services", row).map((cell) => cell.textContent);
  const ports = all(".services samp", row)
    .flatMap((one) => [...one.textContent.matchAll(/\b(?:tcp|udp) ([\d, -]+)/g)])
    .flatMap(([, some = ""]) => some.split(",").map((part) => part.trim().split("-").map(Number)));
  return {
    row,
    names: [row.querySelector(".id"), ...ends, ...groups]
      .map((part) => part?.textContent ?? "")
      .join("\n")
      .toLowerCase(),
    words: [boundary, ...services].join("\n").toLowerCase().replaceAll(/\s+/g, " "),
    ports,
    networks: ends.flatMap(listAddresses).flatMap((address) => readNetwork(address) ?? []),
  };
}

/**
 * Whether a rule has a word: a name, an address or network that meets one of its, a port within its ports.
 * @param {ReturnType<typeof readRule>} rule
 * @param {string} word
 */
function hasWord(rule, word) {
  const sought = /[.:]/.test(word) ? readNetwork(word) : null;
  const isNumber = /^\d{1,5}$/.test(word);
  return (
    rule.names.includes(word) ||
    (!isNumber && rule.words.includes(word)) ||
    (isNumber && rule.ports.some(([first = 0, last = first]) => first <= Number(word) && Number(word) <= last)) ||
    (sought !== null &&
      rule.networks.some((one) => one.bits === sought.bits && one.first <= sought.last && sought.first <= one.last))
  );
}

/** @param {HTMLElement} table */
function addSearch(table) {
  /** @type {ReturnType<typeof readRule>[]} */
  const rules = [];
  /** @type {{ head: HTMLElement, rows: HTMLElement[] }[]} */
  const chapters = [];
  for (const body of all("tbody", table)) {
    if (body.querySelector(".group")) {
      chapters.push({ head: body, rows: [] });
    } else {
      chapters.at(-1)?.rows.push(body);
      rules.push(readRule(body, chapters.at(-1)?.head.textContent ?? ""));
    }
  }
  const field = document.createElement("input");
  field.type = "search";
  field.autocomplete = "off";
  const label = document.createElement("label");
  label.append("Find rules by name, address or port ", field);
  const said = document.createElement("output");
  const bar = document.createElement("div");
  bar.className = "tools finding";
  bar.setAttribute("role", "search");
  bar.append(label, said);
  table.before(bar);
  field.addEventListener("input", () => {
    // tcp/443 and tcp 443 are the same; a network keeps its slash.
    const words = field.value
      .toLowerCase()
      .replaceAll(/\b(tcp|udp)\//g, "$1 ")
      .split(/\s+/)
      .filter(Boolean);
    for (const rule of rules) {
      rule.row.classList.toggle("not-found", !words.every((word) => hasWord(rule, word)));
    }
    for (const { head, rows } of chapters) {
      head.classList.toggle(
        "not-found",
        rows.every((row) => row.matches(".not-found")),
      );
    }
    const found = rules.filter((rule) => !rule.row.matches(".not-found")).length;
    said.textContent = words.length ? `${found} of ${rules.length} ${rules.length === 1 ? "rule" : "rules"}` : "";
  });
}

// --- copying ---------------------------------------------------------------------------------------------------------

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const before = document.activeElement;
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (before instanceof HTMLElement) {
      before.focus();
    }
    return copied;
  }
}

/**
 * @param {HTMLElement} side
 * @param {HTMLElement} status where it is said
 */
function addCopying(side, status) {
  const addresses = listAddresses(side);
  if (!addresses.length) {
    return;
  }
  const rule = side.closest("tr")?.querySelector(".id")?.textContent ?? "";
  const what = side.dataset.side === "to" ? "destinations" : "sources";
  const count = `${addresses.length} ${addresses.length === 1 ? "address" : "addresses"}`;
  const button = makeButton("Copy", `Copy the ${count} of the ${what} of ${rule}`, async () => {
    const copied = await copy(addresses.join("\n"));
    status.textContent = copied
      ? `${count} of the ${what} of ${rule} copied`
      : "The browser doesn’t let this page copy; select the addresses instead.";
    button.textContent = copied ? "Copied" : "Not copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  button.className = "copy";
  side.prepend(button);
}

// --- pictures --------------------------------------------------------------------------------------------------------

const STEP = 1.4;
const MOST = 6;

/**
 * Buttons over a picture; its frame is scrolled, so the browser's own ways to do that work.
 * @param {HTMLElement} figure
 */
function addZoom(figure) {
  const svg = figure.querySelector("svg");
  if (!svg) {
    return;
  }
  const name = svg.querySelector("title")?.textContent ?? "the picture";
  const whole = () => svg.getBoundingClientRect().width;
  const frame = document.createElement("div");
  frame.className = "frame";
  svg.before(frame);
  frame.append(svg);
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", name);
  /** @type {number | null} */
  let size = null; // in pixels; null: as a whole
  /** @param {number | null} next */
  const show = (next) => {
    size = next;
    figure.classList.toggle("near", next !== null);
    frame.tabIndex = next === null ? -1 : 0; // so that arrow keys move it
    svg.style.setProperty("--size", `${next ?? 0}px`);
  };
  /** @param {number} by */
  const zoom = (by) => {
    const now = size ?? whole();
    const least = Math.min(120, now);
    show(Math.min(MOST * 1000, Math.max(least, now * by)));
  };
  const back = makeButton("Whole", `Whole: ${name}`, () => show(null));
  back.className = "whole";
  const bar = document.createElement("div");
  bar.className = "tools zooming";
  bar.append(
    makeButton("+", `Larger: ${name}`, () => zoom(STEP)),
    makeButton("−", `Smaller: ${name}`, () => zoom(1 / STEP)),
    back,
  );
  figure.prepend(bar);
}

// --- all of it -------------------------------------------------------------------------------------------------------

const status = document.createElement("div");
status.className = "unseen";
status.setAttribute("role", "status");
document.body.append(status);
for (const table of all("table.rules, table.altered")) {
  addSearch(table);
  for (const side of all("[data-side]", table)) {
    addCopying(side, status);
  }
}
for (const figure of all("figure")) {
  addZoom(figure);
}

export {}; // a module, so that its names are its own
