"""Plans for property tests: sound documents under any matrix, odd in every way that the format allows."""

import unicodedata
from functools import cache, lru_cache
from math import ceil

from hypothesis import settings
from hypothesis import strategies as st

from planner.plan.devices import DEVICES
from ports.matrix import PROTOCOLS, ZONE_KINDS, Matrix
from ports.text import name_key

EXAMPLES = {"ci": 0.3, "quick": 0.15, "long": 10.0}
"""By profile: what part of the examples that a test names it tries. Three tenths, each drawn for itself (`chance.py`),
differ more than all did of which five of six were made out of another, as they still are under `long`."""
ROUNDS = {"ci": 1.0, "quick": 0.25, "long": 10.0}
"""By profile: what part of the rounds that a test names it goes through, where it draws without Hypothesis."""


def often(number: int) -> int:
    """How many examples of so many are tried: three tenths, half of that under `quick`, ten times all under `long`.

    All of them under a profile of Hypothesis' own.
    """
    return ceil(number * EXAMPLES.get(settings.get_current_profile_name(), 1))


def rounds(number: int) -> int:
    """As many rounds as named, a quarter under the profile `quick`, and ten times as many under `long`."""
    return max(1, int(number * ROUNDS.get(settings.get_current_profile_name(), 1)))


HOSTILE_NAMES = (
    "=1+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table></svg><b>bold</b>",
    '"><a href="javascript:alert(1)">click</a>',
    "<!-- comment -->",
    "<![CDATA[ x ]]>",
    "<b>bold</b>",
    "<",
    "&amp; &#61; &lt;i&gt;",
    "{{ plan.name }} {% now %} {# x #}",
    "%s %(name)s {0} {name}",
    "back\\slash\\n\\N\\l\\",
    "\"quoted\", and 'so'",
    "pipe | pipe || `code` *star* _under_ ~~gone~~ $a$",
    "[link](https://evil.example/)",
    "semi;colon, comma",
    "Grüße aus Zürich 😀",
    "שרת ראשי",
    "right\u202eto left",
    "zero\u200bwidth\u2066isolate",
    "line\u2028separator",
    "not\ufffea\uffffcharacter \U0001ffff",
    "e\u0301 composed",
    "null",
    "~",
    "yes",
    "0123",
    "1e5",
    "2024-01-01",
    "any",
    "- item",
    "key: value # comment",
    "? [a, {b}]",
    "!tag &anchor *alias",
    "-",
    "--flag",
    "../../etc/passwd",
    "x" * 255,
    "Ж" * 255,
)
"""Names that some format, reader or program would take for something else than a name."""

BENIGN = st.from_regex(r"[A-Za-z][A-Za-z0-9 -]{0,12}[A-Za-z0-9]", fullmatch=True)
_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"))


def is_name(text: str) -> bool:
    """Whether the format allows the text as a name."""
    return 1 <= len(text) <= 255 and text == text.strip()


NAMES = st.one_of(
    BENIGN,
    st.sampled_from(HOSTILE_NAMES),
    st.text(_CHARACTERS, min_size=1, max_size=40).map(str.strip).filter(is_name),
)
PROSE = st.one_of(
    st.just(""),
    NAMES,
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60).map(
        lambda text: "".join(c for c in text if unicodedata.category(c) != "Cc" or c in "\t\r\n")
    ),
    st.just("Two lines,\r\nand\ta tab.\n\n  indented\n"),
)
REASONS = PROSE.filter(str.strip)
PORTS = st.one_of(
    st.sampled_from(["22", "80", "135", "389", "443", "445", "0443", "1434", "1400-1500", "8443", "7-7"]),
    st.integers(1, 65535),
    st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(lambda ends: f"{min(ends)}-{max(ends)}"),
)
ADDRESSES = st.one_of(
    st.ip_addresses().map(str),
    st.sampled_from(
        [
            "10.0.0.1", "10.0.0.1/32", "10.0.0.0/24", "0.0.0.0/0", "::/0", "2001:DB8::1", "fd00::/64",
            "PS01.example.net", "_sip",
        ]
    ),
)  # fmt: skip
SOME_ADDRESSES = st.lists(ADDRESSES, max_size=3)
NETWORKS = ("10.0.0.0/24", "10.0.0.0/8", "192.0.2.0/28", "2001:db8::/48", "198.51.100.7/32")


def some(values, most: int = 4):
    """Lists of different values out of those given, in any order; none if there are none."""
    return _some(tuple(values), most)


# A strategy is made and looked over each time that it is called for, which takes longer than to draw from it; so those
# that are drawn from for every plan are made once.
@lru_cache(1024)
def _some(values: tuple[str, ...], most: int):
    return _few(values, up_to(min(most, len(values)))) if values else st.just([])


@st.composite
def _few(draw, values, count):
    """So many of the values; a list without doubles as Hypothesis draws it takes half as long again."""
    left = list(values)
    return [left.pop(draw(up_to(len(left) - 1))) for _ in range(draw(count))]


one_of_these = lru_cache(1024)(st.sampled_from)
"""One of the values of a tuple."""


@cache
def names(count: int):
    """So many names that are no duplicates of each other."""
    return st.lists(NAMES, min_size=count, max_size=count, unique_by=name_key)


@cache
def up_to(most: int):
    """A number from none to so many."""
    return st.integers(0, most)


@st.composite
def documents(draw, matrix: Matrix, *, most: int = 7):
    """Sound plan documents, as mappings, with up to `most` endpoints."""
    zones = [
        {"name": name, "kind": draw(one_of_these(tuple(ZONE_KINDS)))} for name in draw(names(draw(st.integers(1, 4))))
    ]
    endpoints = [draw(_endpoints(matrix, zones, name)) for name in draw(names(draw(up_to(most))))]
    managers = [e["name"] for e in endpoints if matrix.managing_roles.intersection(e.get("roles", ()))]
    document = {"format": 1, "name": draw(NAMES), "zones": zones, "endpoints": endpoints}
    optional = {
        "description": lambda: PROSE,
        "choices": lambda: _choices(matrix),
        "ports": lambda: _overrides(matrix),
        "corrections": lambda: some((slug for slug, caveat in matrix.caveats.items() if caveat.correction), 5),
        "additional_flows": lambda: (
            st.lists(_additional_flows([e["name"] for e in endpoints]), max_size=3) if endpoints else st.just([])
        ),
    }
    # Each number that is drawn takes as long as what is made of it, so one of them says several things.
    for key, digit in zip(optional, _digits(draw(up_to(2**5 - 1)), 2, 5), strict=True):
        if digit:
            document[key] = draw(optional[key]())
    correctable = {slug for slug, caveat in matrix.caveats.items() if caveat.correction}
    left = sorted(correctable.difference(document.get("corrections", ())))
    rows = {
        "as_documented": lambda: some(left, 3),
        "exclusions": lambda: _rows(endpoints, _exclusions),
        "never": lambda: _rows(endpoints, _never, zones),
        "firewalls": lambda: st.lists(
            _firewalls(zones, endpoints), max_size=2, unique_by=lambda row: name_key(row["name"])
        ),
        "expect": lambda: _rows(endpoints, _expectations, zones),
    }
    for key, digit in zip(rows, _digits(draw(up_to(3**5 - 1)), 3, 5), strict=True):
        if digit == 1:
            document[key] = draw(rows[key]())
    for row in (*zones, *endpoints):
        own, other = _digits(draw(up_to(4**2 - 1)), 4, 2)
        if own == 1:
            row["choices"], row["ports"] = draw(_choices(matrix)), draw(_overrides(matrix))
        if other == 1 and "kind" in row:
            row["networks"] = draw(some(NETWORKS, 2))
        elif other == 1 and managers:
            row["managed_by"] = draw(some(managers, 3))
    return document


def _digits(number: int, base: int, count: int) -> list[int]:
    """The last so many digits of a number, the last one first."""
    return [number // base**place % base for place in range(count)]


def _rows(endpoints, of, *others):
    """A few rows about these endpoints; none where there are none."""
    names = [endpoint["name"] for endpoint in endpoints]
    return st.lists(of(names, *others), max_size=2) if names else st.just([])


@st.composite
def _traffic(draw):
    """A protocol, with ports where it has any, or nothing."""
    protocol = draw(one_of_these((None, *PROTOCOLS)))
    if protocol is None:
        return {}
    return {"protocol": protocol} | ({} if protocol == "icmp" else {"ports": draw(PORTS)})


@st.composite
def _exclusions(draw, endpoints):
    ends = {end: draw(one_of_these(tuple(endpoints))) for end in ("source", "destination")}
    return {**ends, **draw(_traffic()), "reason": draw(REASONS)}


@st.composite
def _never(draw, endpoints, zones):
    sides = st.one_of(
        one_of_these(tuple(endpoints)).map(lambda name: {"endpoint": name}),
        st.sampled_from(zones).map(lambda zone: {"zone": zone["name"]}),
    )
    return {"from": draw(sides), "to": draw(sides), **draw(_traffic()), "reason": draw(REASONS)}


@st.composite
def _expectations(draw, endpoints, zones):
    return draw(_never(endpoints, zones)) | {"allowed": draw(st.booleans())}


@st.composite
def _firewalls(draw, zones, endpoints):
    names = [zone["name"] for zone in zones]
    row = {
        "name": draw(NAMES),
        "format": draw(one_of_these(tuple(sorted(DEVICES)))),
        "zones": {name: draw(NAMES) for name in draw(some(names))},
    }
    if draw(st.booleans()):
        row["log"] = draw(st.booleans())
    if endpoints and draw(st.booleans()):
        published = draw(some([endpoint["name"] for endpoint in endpoints], 2))
        row["published"] = {name: str(draw(st.ip_addresses())) for name in published}
    if "chain" in DEVICES[row["format"]].options and draw(st.booleans()):
        row["options"] = {"chain": "vault"}
    return row


@st.composite
def _endpoints(draw, matrix: Matrix, zones, name):
    zone = draw(st.sampled_from(zones))
    endpoint = {"name": name, "zone": zone["name"]}
    roles = draw(some([role.slug for role in matrix.assignable_roles]))
    for role in matrix.roles.values():
        if role.exclusive:
            held = [slug for slug in roles if slug in matrix.holders[role.slug]]
            roles = [slug for slug in roles if slug not in held[1:]]
    group = draw(up_to(2))  # 2: that it is none is said
    is_any, *kept = _digits(draw(up_to(2**6 - 1)), 2, 6)
    values = {
        "roles": roles,
        "platforms": draw(some(matrix.platforms, 3)),
        "operations": draw(some(matrix.operations)),
        "sessions": draw(some(matrix.sessions, 3)),
        "addresses": draw(SOME_ADDRESSES),
    }
    said = {key: value for (key, value), keep in zip(values.items(), kept, strict=True) if value or keep}
    if group:
        said["group"] = group == 1
    if zone["kind"] == "internet" and is_any:
        said |= {"group": True, "addresses": ["any"]}
    return endpoint | said


@st.composite
def _choices(draw, matrix: Matrix):
    chosen = {}
    for slug in draw(some(matrix.choices, len(matrix.choices))):
        choice = matrix.choices[slug]
        chosen[slug] = draw(some(choice.slugs) if choice.many else one_of_these(tuple(choice.slugs)))
    return chosen


@st.composite
def _overrides(draw, matrix: Matrix):
    services = [slug for slug, service in matrix.services.items() if service.configurable]
    return {slug: draw(PORTS) for slug in draw(some(services))}


@st.composite
def _additional_flows(draw, endpoints):
    flow = {
        "source": draw(one_of_these(tuple(endpoints))),
        "destination": draw(one_of_these(tuple(endpoints))),
        "protocol": draw(one_of_these(tuple(PROTOCOLS))),
        "reason": draw(REASONS),
    }
    return flow if flow["protocol"] == "icmp" else flow | {"ports": draw(PORTS)}
