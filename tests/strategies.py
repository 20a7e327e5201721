"""Plans for property tests: sound documents under any matrix, odd in every way that the format allows."""

import unicodedata
from functools import cache
from math import ceil
from string import ascii_letters, digits

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

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

_ENDS = ascii_letters + digits
_PARTS = st.sampled_from(ascii_letters), st.text(_ENDS + " -", max_size=12), st.sampled_from(_ENDS)
BENIGN = st.tuples(*_PARTS).map("".join)
_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs"))


NAMES = st.one_of(
    BENIGN,
    st.sampled_from(HOSTILE_NAMES),
    st.text(_CHARACTERS, min_size=1, max_size=40).map(lambda text: text.strip() or "blank"),
)
PROSE = st.one_of(
    st.just(""),
    NAMES,
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60).map(
        lambda text: "".join(c for c in text if unicodedata.category(c) != "Cc" or c in "\t\r\n")
    ),
    st.just("Two lines,\r\nand\ta tab.\n\n  indented\n"),
)
REASONS = PROSE.map(lambda text: text if text.strip() else "Why")
PORTS = st.one_of(
    st.sampled_from(["22", "80", "135", "389", "443", "445", "0443", "1434", "1400-1500", "8443", "7-7"]),
    st.integers(1, 65535),
    st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(lambda ends: f"{min(ends)}-{max(ends)}"),
)
ANY_ADDRESS = st.ip_addresses()
ADDRESSES = st.one_of(
    ANY_ADDRESS.map(str),
    st.sampled_from(
        [
            "10.0.0.1", "10.0.0.1/32", "10.0.0.0/24", "0.0.0.0/0", "::/0", "2001:DB8::1", "fd00::/64",
            "PS01.example.net", "_sip",
        ]
    ),
)  # fmt: skip
NETWORKS = ("10.0.0.0/24", "10.0.0.0/8", "192.0.2.0/28", "2001:db8::/48", "198.51.100.7/32")


# A strategy is made and looked over each time that it is called for, and each draw from one is noted with what came
# of it; both take longer than to draw. So those that every plan is drawn from are made once, and what a plan consists
# of is drawn by functions, out of what Hypothesis draws with (`data`), within one strategy.
@cache
def names(count: int):
    """So many names that are no duplicates of each other."""
    return _names(count)


@st.composite
def _names(draw, count):
    found = {}
    for _ in range(count):
        name = draw(NAMES)
        while name_key(name) in found:
            name = f"{len(found)} {name}"[:255].strip()
        found[name_key(name)] = name
    return list(found.values())


def documents(matrix: Matrix, *, most: int = 7):
    """Sound plan documents, as mappings, with up to `most` endpoints."""
    return _Documents(matrix, most)


class _Documents(SearchStrategy):
    """What `documents` draws from."""

    def __init__(self, matrix: Matrix, most: int) -> None:
        super().__init__()
        self.matrix = matrix
        self.most = most

    def __repr__(self) -> str:
        return f"documents({self.matrix.title!r}, most={self.most})"

    def do_draw(self, data):
        """A document, of what is drawn."""
        return _document(data, self.matrix, self.most)


def _up_to(data, most: int) -> int:
    """A number from none to so many."""
    return data.draw_integer(0, most)


def _one_of(data, values):
    """One of the values."""
    return values[_up_to(data, len(values) - 1)]


def _some(data, values, most: int = 4):
    """A list of different values out of those given, in any order; none if there are none."""
    left = list(values)
    if not left:
        return left
    return [left.pop(_up_to(data, len(left) - 1)) for _ in range(_up_to(data, min(most, len(left))))]


def _document(data, matrix: Matrix, most: int):
    zones = [
        {"name": name, "kind": _one_of(data, tuple(ZONE_KINDS))} for name in data.draw(names(data.draw_integer(1, 4)))
    ]
    endpoints = [_endpoint(data, matrix, zones, name) for name in data.draw(names(_up_to(data, most)))]
    managers = [e["name"] for e in endpoints if matrix.managing_roles.intersection(e.get("roles", ()))]
    document = {"format": 1, "name": data.draw(NAMES), "zones": zones, "endpoints": endpoints}
    optional = {
        "description": lambda: data.draw(PROSE),
        "choices": lambda: _choices(data, matrix),
        "ports": lambda: _overrides(data, matrix),
        "corrections": lambda: _some(data, [slug for slug, caveat in matrix.caveats.items() if caveat.correction], 5),
        "additional_flows": lambda: _rows(data, endpoints, _additional_flow, most=3),
    }
    # Each number that is drawn takes as long as what is made of it, so one of them says several things.
    for key, digit in zip(optional, _digits(_up_to(data, 2**5 - 1), 2, 5), strict=True):
        if digit:
            document[key] = optional[key]()
    correctable = {slug for slug, caveat in matrix.caveats.items() if caveat.correction}
    left = sorted(correctable.difference(document.get("corrections", ())))
    rows = {
        "as_documented": lambda: _some(data, left, 3),
        "exclusions": lambda: _rows(data, endpoints, _exclusion),
        "never": lambda: _rows(data, endpoints, _never, zones),
        "firewalls": lambda: _firewalls(data, zones, endpoints),
        "expect": lambda: _rows(data, endpoints, _expectation, zones),
    }
    for key, digit in zip(rows, _digits(_up_to(data, 3**5 - 1), 3, 5), strict=True):
        if digit == 1:
            document[key] = rows[key]()
    for row in (*zones, *endpoints):
        own, other = _digits(_up_to(data, 4**2 - 1), 4, 2)
        if own == 1:
            row["choices"], row["ports"] = _choices(data, matrix), _overrides(data, matrix)
        if other == 1 and "kind" in row:
            row["networks"] = _some(data, NETWORKS, 2)
        elif other == 1 and managers:
            row["managed_by"] = _some(data, managers, 3)
    return document


def _digits(number: int, base: int, count: int) -> list[int]:
    """The last so many digits of a number, the last one first."""
    return [number // base**place % base for place in range(count)]


def _rows(data, endpoints, of, *others, most: int = 2):
    """A few rows about these endpoints; none where there are none."""
    names = [endpoint["name"] for endpoint in endpoints]
    return [of(data, names, *others) for _ in range(_up_to(data, most))] if names else []


def _traffic(data):
    """A protocol, with ports where it has any, or nothing."""
    protocol = _one_of(data, (None, *PROTOCOLS))
    if protocol is None:
        return {}
    return {"protocol": protocol} | ({} if protocol == "icmp" else {"ports": data.draw(PORTS)})


def _exclusion(data, endpoints):
    ends = {end: _one_of(data, endpoints) for end in ("source", "destination")}
    return {**ends, **_traffic(data), "reason": data.draw(REASONS)}


def _never(data, endpoints, zones):
    sides = [{"endpoint": name} for name in endpoints], [{"zone": zone["name"]} for zone in zones]
    ends = {end: _one_of(data, _one_of(data, sides)) for end in ("from", "to")}
    return {**ends, **_traffic(data), "reason": data.draw(REASONS)}


def _expectation(data, endpoints, zones):
    return _never(data, endpoints, zones) | {"allowed": data.draw_boolean()}


def _firewalls(data, zones, endpoints):
    """None to two firewalls of different names."""
    return [_firewall(data, name, zones, endpoints) for name in data.draw(names(_up_to(data, 2)))]


def _firewall(data, name, zones, endpoints):
    row = {
        "name": name,
        "format": _one_of(data, sorted(DEVICES)),
        "zones": {name: data.draw(NAMES) for name in _some(data, [zone["name"] for zone in zones])},
    }
    if data.draw_boolean():
        row["log"] = data.draw_boolean()
    if endpoints and data.draw_boolean():
        published = _some(data, [endpoint["name"] for endpoint in endpoints], 2)
        row["published"] = {name: str(data.draw(ANY_ADDRESS)) for name in published}
    if "chain" in DEVICES[row["format"]].options and data.draw_boolean():
        row["options"] = {"chain": "vault"}
    return row


def _endpoint(data, matrix: Matrix, zones, name):
    zone = _one_of(data, zones)
    endpoint = {"name": name, "zone": zone["name"]}
    roles = _some(data, [role.slug for role in matrix.assignable_roles])
    for role in matrix.roles.values():
        if role.exclusive:
            held = [slug for slug in roles if slug in matrix.holders[role.slug]]
            roles = [slug for slug in roles if slug not in held[1:]]
    group = _up_to(data, 2)  # 2: that it is none is said
    is_any, *kept = _digits(_up_to(data, 2**6 - 1), 2, 6)
    values = {
        "roles": roles,
        "platforms": _some(data, matrix.platforms, 3),
        "operations": _some(data, matrix.operations),
        "sessions": _some(data, matrix.sessions, 3),
        "addresses": [data.draw(ADDRESSES) for _ in range(_up_to(data, 3))],
    }
    said = {key: value for (key, value), keep in zip(values.items(), kept, strict=True) if value or keep}
    if group:
        said["group"] = group == 1
    if zone["kind"] == "internet" and is_any:
        said |= {"group": True, "addresses": ["any"]}
    return endpoint | said


def _choices(data, matrix: Matrix):
    chosen = {}
    for slug in _some(data, matrix.choices, len(matrix.choices)):
        choice = matrix.choices[slug]
        chosen[slug] = _some(data, choice.slugs) if choice.many else _one_of(data, tuple(choice.slugs))
    return chosen


def _overrides(data, matrix: Matrix):
    services = [slug for slug, service in matrix.services.items() if service.configurable]
    return {slug: data.draw(PORTS) for slug in _some(data, services)}


def _additional_flow(data, endpoints):
    flow = {
        "source": _one_of(data, endpoints),
        "destination": _one_of(data, endpoints),
        "protocol": _one_of(data, tuple(PROTOCOLS)),
        "reason": data.draw(REASONS),
    }
    return flow if flow["protocol"] == "icmp" else flow | {"ports": data.draw(PORTS)}
