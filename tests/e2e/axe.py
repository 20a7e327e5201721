"""What axe-core and the rule for small targets find in a page.

A page of a plan has thousands of elements, most of them built alike, and most of them again on the next page. So axe
looks at three of the parts and rows of a page that are alike, and not again at a part that it has found nothing in
before, while the same conditions of the stylesheets held: width, colours, paper. Whether a text stands out it asks for
three texts that are drawn alike on the same grounds, wherever they stand. What it doesn't look at is out of the
page meanwhile, as axe takes about as long for elements that it is told to pass by. `test_accessibility` looks at pages
whole, too.
"""

from importlib.resources import files

from tests.e2e.tabs import DESKTOP

AXE = (files("axe_core_python") / "axe.min.js").read_text("utf-8")
# This axe doesn't read colours as browsers write what `color-mix` makes, and gives up the whole rule at the first.
READ = "this.parseString=function(e){"
READ_MIXED = (
    r"e=e.replace(/^color\(srgb (\S+) (\S+) (\S+?)(?: \/ (\S+))?\)$/,"
    "(_,r,g,b,a=1)=>`rgba(${[r,g,b].map((part)=>Math.round(255*part)).join(', ')}, ${a})`);"
)
assert AXE.count(READ) == 1
AXE = AXE.replace(READ, READ + READ_MIXED)
# To know what lies on what it asks anew, for each element, whether any that it stands in scrolls.
ASK = "if(Vn(t.actualNode)){r=t;break}"
assert AXE.count(ASK) == 1
AXE = AXE.replace(ASK, "if(t.scrolls??=!!Vn(t.actualNode)){r=t;break}")
ADDRESS = "/axe.js"
"""Where a service of tests has axe beside the application: what a browser has compiled of a script with an address it
keeps for the next page, and it compiles one that a test brings along anew in each."""
ADD = """
  (address) => new Promise((done, failed) => {
    const script = document.createElement("script");
    script.addEventListener("load", () => { script.remove(); done(); });
    script.addEventListener("error", () => { script.remove(); failed(new Error(`no ${address}`)); });
    script.src = address;
    document.head.append(script);
  })
"""
served: set[str] = set()
"""The beginnings of addresses of services that have it."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Success criterion 2.5.8, which this axe doesn't know: 24 by 24 pixels, or so far from others that a circle of that
# size around its middle meets neither another target nor the circle of another small one. Text links are exempt, and
# so are the browser's own controls together with their label, and the parts of the picture while it is seen from afar,
# as the buttons beside it bring them nearer (the exception "Equivalent").
SMALL = """() => {
  const boxes = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
    .filter((element) => element.checkVisibility() && element.type !== "hidden")
    .filter((element) => !element.closest(".skip, .picture-far"))
    .map((element) => ({element, box: (element.closest("label") ?? element).getBoundingClientRect()}))
    .filter(({box}) => box.width > 1 && box.height > 1);
  const isSmall = ({box}) => box.width < 24 || box.height < 24;
  const isProse = ({element}) =>
    element.matches("p a, li p a, dd a, caption a") && getComputedStyle(element).display === "inline";
  const reach = (x, y, box) =>
    Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
  return boxes.filter((target) => isSmall(target) && !isProse(target)).filter(({element, box}) => {
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    return boxes.some((other) => other.element !== element && (reach(x, y, other.box) < 12 ||
      (isSmall(other) && Math.hypot(other.box.left + other.box.width / 2 - x, other.box.top + other.box.height / 2 - y)
        < 24)));
  }).map(({element, box}) => `${element.outerHTML.slice(0, 150)} ${box.width}x${box.height}`);
}
"""

# Two elements are built alike when they have the same elements in the same places, of the same classes, roles and
# states, seen or not, with or without text and other attributes, and stand in the same kinds of elements. What has the
# focus stays, and so does what something outside refers to or has its label in. Ids are compared before, over the
# whole page.
RUN = """
async ({tags, known, whole}) => {
  const VALUES = /^(class|type|scope|role|lang|dir|tabindex|style|hidden|disabled|open|rel|target|colspan|rowspan)$/;
  const FREE = /^aria-(label|labelledby|describedby|controls|owns|activedescendant|details|flowto)$/;
  const REFERENCES = ["for", "headers", "list", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns",
    "aria-activedescendant"];
  const PARTS = "header, nav, section, article, form, fieldset, details, table, ul, ol, dl, div, p, svg";
  const ROWS = "tr, li, g";

  const once = (write) => {
    const made = new Map();
    return (of) => {
      if (!made.has(of)) made.set(of, write(of));
      return made.get(of);
    };
  };
  const name = once((element) => `${element.tagName} ${[...element.attributes].map(({name, value}) =>
    VALUES.test(name) || (name.startsWith("aria-") && !FREE.test(name)) ? `${name}=${value}`
      : `${name}${value.trim() ? "=" : ""}`).sort().join(" ")}`);
  const shape = once((element) => {
    const children = [...element.childNodes].map((child) =>
      child.nodeType === Node.ELEMENT_NODE ? shape(child) : child.nodeType === Node.TEXT_NODE && child.data.trim()
        ? "t" : "");
    return digest(`${name(element)} ${element.checkVisibility()} (${children.join("")})`);
  });
  // 53 bits of a text, as a number in 36 digits and letters: enough for the thousands there are.
  const digest = once((text) => {
    let [a, b] = [0xdeadbeef, 0x41c6ce57];
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      [a, b] = [Math.imul(a ^ code, 2654435761), Math.imul(b ^ code, 1597334677)];
    }
    return `<${(4294967296 * (2097151 & (b ^ (b >>> 15))) + ((a ^ (a >>> 13)) >>> 0)).toString(36)}>`;
  });

  const small = (SMALL)();
  const ids = new Map();
  for (const {id} of document.querySelectorAll("[id]")) ids.set(id, (ids.get(id) ?? 0) + 1);
  const twice = [...ids].filter(([, count]) => count > 1).map(([id]) => id);
  const referring = new Map();
  for (const attribute of REFERENCES)
    for (const element of document.querySelectorAll(`[${attribute}]`))
      for (const id of element.getAttribute(attribute).split(/\\s+/))
        if (referring.has(id)) referring.get(id).push(element);
        else referring.set(id, [element]);
  const mayGo = (element) => !element.contains(document.activeElement)
    && [element, ...element.querySelectorAll("[id]")].every(({id}) =>
      (referring.get(id) ?? []).every((other) => element.contains(other)))
    && [...element.querySelectorAll("label")].every(({control}) => !control || element.contains(control));

  const seen = new Set(known.split(" "));
  const gone = [];
  const fresh = new Set();
  const counts = new Map();
  const look = (element, around) => {
    const own = `${around}/${name(element)}`;
    for (const child of element.children) {
      // What a role, a table or a label needs inside it stays with it.
      const isPart = child.matches(PARTS) && !child.matches("[role], [role] > *, label *, a *, button *, summary *");
      if (isPart || child.matches(ROWS)) {
        const key = digest(`${own} ${shape(child)}`);
        counts.set(key, (counts.get(key) ?? 0) + 1);
        if ((counts.get(key) > 3 || (isPart && seen.has(key))) && mayGo(child)) {
          gone.push(child);
          continue;
        }
        if (isPart) fresh.add(key);
      }
      look(child, own);
    }
  };
  const conditions = new Set();
  const collect = (rules) => {
    for (const rule of rules) {
      if (rule.media?.length) conditions.add(rule.media.mediaText);
      collect(rule.styleSheet?.cssRules ?? rule.cssRules ?? []);
    }
  };
  collect(document.styleSheets);
  const hold = [...conditions].filter((condition) => matchMedia(condition).matches).join(" ");
  const sheets = [...document.styleSheets].map(({href}) => href).join(" ");
  const place = [scrollX, scrollY];
  if (!whole) look(document.body, `${sheets} ${hold} ${name(document.body)}`);
  const back = gone.map((element) => [element, element.parentElement, element.nextSibling]);
  for (const element of gone) element.remove();
  // Contrast, which is half of what axe takes, follows from these, whichever element it is: it looks at three that are
  // the same in all of them, and not again at what it has found nothing in before.
  const ground = once((element) => {
    if (!element) return "";
    const {backgroundColor, backgroundImage, filter, mixBlendMode, opacity, position} = getComputedStyle(element);
    const own = [backgroundColor, backgroundImage, filter, mixBlendMode, opacity, position].filter(
      (value) => !["rgba(0, 0, 0, 0)", "none", "normal", "1", "static"].includes(value));
    return `${ground(element.parentElement)}${own.length ? `/${own.join(" ")}` : ""}`;
  });
  const inks = new Map();
  const ink = (element) => {
    const {color, fontSize, fontWeight, textShadow} = getComputedStyle(element);
    const text = [color, fontSize, fontWeight, textShadow, ground(element)].join(" ");
    if (!inks.has(text)) inks.set(text, {key: digest(text), times: 0});
    return inks.get(text);
  };
  const rule = axe._audit.rules.find(({id}) => id === "color-contrast");
  const check = axe._audit.checks["color-contrast"];
  const {matches} = rule;
  const {evaluate} = check;
  rule.matches = function (element, ...more) {
    return (whole || !seen.has(ink(element).key)) && matches.call(this, element, ...more);
  };
  check.evaluate = function (element, ...more) {
    const found = ink(element);
    if (found.times === 3 && !whole) {
      this.data({});
      return true;
    }
    const is = evaluate.call(this, element, ...more);
    if (is === true) found.times++;
    return is;
  };
  // What a rule is about the browser finds sooner than axe, which goes through all there is for each of sixty.
  const rules = Object.getPrototypeOf(rule);
  const {gather} = rules;
  rules.gather = function (...more) {
    if (whole) return gather.apply(this, more);
    const found = [...document.querySelectorAll(this.selector)];
    return (this.excludeHidden ? found.filter((element) => !axe.utils.isHidden(element)) : found)
      .map((element) => axe.utils.getNodeFromTree(element));
  };
  // axe lets others go on between its rules, and none may: an answer could be for what is out of the page.
  const {setTimeout} = window;
  window.setTimeout = (work) => queueMicrotask(work);
  try {
    const options = {
      runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false, elementRef: true,
    };
    axe.configure({noHtml: true});  // of all that it looks at
    const {violations, passes, incomplete} = await axe.run(document, options);
    for (const {nodes} of violations)
      for (const node of nodes) {
        node.html = node.element.outerHTML;
        delete node.element;
      }
    const broken = incomplete.filter(({error}) => error).map(({id, error}) => `${id}: ${error.message}`);
    for (const {key, times} of inks.values()) if (times) fresh.add(key);
    return {violations, passes: passes.length, fresh: [...fresh].join(" "), twice, broken, small};
  } finally {
    window.setTimeout = setTimeout;
    rules.gather = gather;
    rule.matches = matches;
    check.evaluate = evaluate;
    for (const [element, parent, next] of back.reverse()) parent.insertBefore(element, next);
    scrollTo({left: place[0], top: place[1], behavior: "instant"});
  }
}
"""
assert RUN.count("SMALL") == 1
RUN = RUN.replace("SMALL", SMALL)  # before parts of the page go, and everything is laid out anew
# What scripts do when a window has changed its size is done with the next picture.
WIDTH = """
  () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
    resolve(document.documentElement.scrollWidth))))
"""
_known: dict[str, None] = {}
"""The parts of pages that nothing was found in, as RUN names them."""


def answer(start_response):
    """What is at ADDRESS, by WSGI; it may be kept."""
    body = AXE.encode()
    headers = [("Content-Type", "text/javascript; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", [*headers, ("Cache-Control", "max-age=31536000, immutable")])
    return [body]


def _bring(page):
    """Have axe in a page: the page's policy lets a script of its own service in, and one of the browser's driver."""
    if page.evaluate("'axe' in window"):
        return
    home = next((start for start in served if page.url.startswith(f"{start}/")), None)
    if home:
        page.evaluate(ADD, f"{home}{ADDRESS}")
    else:
        page.evaluate(AXE)


def violations(page, *, whole=False):
    """What is wrong with a page as it is shown now, each with its address. `whole` has axe look at all of it."""
    page.wait_for_load_state()  # a click comes back when the next page has begun to arrive: without a body yet
    _bring(page)
    # What goes to a page and back goes through several hands, item by item: thousands of parts are one text.
    result = page.evaluate(RUN, {"tags": TAGS, "known": " ".join(_known), "whole": whole})
    assert result["passes"] > 5, "rules that have been looked at"
    found = [
        f"{found['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]
    found += [f"duplicate-id: {name}" for name in result["twice"]]
    found += [f"not looked at: {rule}" for rule in result["broken"]]
    found += [f"too small: {target}" for target in result["small"]]
    if not found:
        _known.update(dict.fromkeys(result["fresh"].split()))
    return [f"{page.url} {fault}" for fault in found]


class Looks:
    """Pages in two widths, each in a colour of its own: in the second where they stand, by the window's size, and the
    next one the other way round. Nothing of all this takes longer than to open a page. They are looked at without
    motion, which is a condition of the stylesheets, too: what is fine in one test needn't be looked at in the next.
    """

    def __init__(self, *looks):
        """`looks` are widths with a colour, "light" or "dark", from the one that pages are opened in."""
        self.looks = list(looks)

    def find_faults(self, page):
        """What is wrong with a page in either, that it scrolls sideways included."""
        faults = []
        page.wait_for_load_state()
        for width, scheme in self.looks:
            page.set_viewport_size({"width": width, "height": DESKTOP["height"]})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if (shown := page.evaluate(WIDTH)) > width:
                faults.append(f"{page.url} is {shown} pixels wide in {width}")
            faults += violations(page)
        self.looks.reverse()
        return faults
