"""What one part of a document says about another: names that must be there, and fields that contradict each other.

These checks see a document of any shape, before it is known to be one: whatever isn't as it should be is passed over,
since the readers say so. Each yields the path within the value, a code and a sentence.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, TypeGuard

from planner.plan.devices import DEVICES
from planner.plan.faults import shown
from planner.plan.kinds import KINDS
from planner.plan.reading import ANY
from planner.plan.stored import Stored
from planner.plan.syntax import Null, Path
from ports.matrix import Matrix
from ports.text import name_key

Row = Mapping[str, Any]
Found = Iterator[tuple[Path, str, str]]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a document has that its parts can name."""

    matrix: Matrix
    rows: Mapping[str, Mapping[str, Row]]
    """By part, "zones" or "endpoints": its rows by name."""
    listed: Mapping[str, str]
    """By part: its first names, as a sentence lists them."""
    managers: frozenset[str]
    managers_listed: str
    stored: Stored

    @cached_property
    def _alike(self) -> Mapping[str, Mapping[str, str]]:
        return {part: {name_key(name): name for name in rows} for part, rows in self.rows.items()}

    def say_twin(self, part: str, name: str, among: Collection[str]) -> str:
        """A sentence about the row that `name` may mean, if it is among these; empty for none.

        Its name is the same but for characters, which may look alike, or capitals.
        """
        twin = self._alike[part].get(name_key(name))
        if twin is None or twin not in among:
            return ""
        return f" {shown(twin)} is written with other characters or capitals: take it over exactly."


Check = Callable[[object, Row, Known], Found]
"""Takes what stands in a field, the row that it stands in, and what there is to be named."""


def know(parts: Mapping[str, list[tuple[int, Row]]], matrix: Matrix, stored: Stored) -> Known:
    """What of a document its other parts can name. `parts` has the rows of each part with their indexes."""
    rows = {
        part: {name: row for _, row in items if (name := text(row.get("name"))) is not None}
        for part, items in parts.items()
    }
    managing = matrix.managing_roles
    managers = [name for name, row in rows["endpoints"].items() if not managing.isdisjoint(texts(row.get("roles")))]
    return Known(
        matrix=matrix,
        rows=rows,
        listed={part: some(names) for part, names in rows.items()},
        managers=frozenset(managers),
        managers_listed=some(managers),
        stored=stored,
    )


def must_be_there(part: str) -> Check:
    """The names in the field are rows of this part."""
    word = WORDS[part]

    def check(value: object, _row: Row, known: Known) -> Found:
        for path, name in _names(value):
            if name not in (rows := known.rows[part]):
                twin = known.say_twin(part, name, rows)
                sentence = f"There is no {word} {shown(name)}; the {word}s are {known.listed[part]}.{twin}"
                yield path, f"no-such-{word}", sentence

    return check


def keys_must_be_there(part: str) -> Check:
    """The keys of the mapping in the field are names of rows of this part."""
    check_name = must_be_there(part)

    def check(value: object, row: Row, known: Known) -> Found:
        for key in value if isinstance(value, dict) else ():
            for path, code, sentence in check_name(key, row, known):
                yield (key, *path), code, sentence

    return check


def check_any(value: object, row: Row, known: Known) -> Found:
    """`any` stands alone, for a group in a zone that allows it."""
    if not isinstance(value, list) or ANY not in value:
        return
    addresses = texts(value)
    if len(set(addresses)) > 1:
        yield (), "any-alone", f"The address {ANY} stands alone; leave the others away, or it."
    zone = known.rows["zones"].get(text(row.get("zone")) or "", {})
    allowed = [kind.slug for kind in KINDS.values() if kind.allows_any]
    if row.get("group") not in (True, "true", "True", "TRUE") or zone.get("kind") not in allowed:
        sentence = (
            f"The address {ANY} is for a group (group: true) in a zone of kind {' or '.join(allowed)} only; "
            "an address that is not known yet is left empty."
        )
        yield (), "any-not-allowed", sentence


def check_roles(value: object, _row: Row, known: Known) -> Found:
    """An endpoint has at most one of roles that exclude each other."""
    own = set(texts(value)) if isinstance(value, list) and len(value) > 1 else set[str]()
    for role in known.matrix.roles.values() if len(own) > 1 else ():
        held = sorted(own & known.matrix.holders[role.slug]) if role.exclusive else []
        if len(held) > 1:
            sentence = f"An endpoint is one {role.label} at most, found {', '.join(held)}; keep one of them."
            yield (), "exclusive-roles", sentence


def check_managers(value: object, _row: Row, known: Known) -> Found:
    """Whoever manages an endpoint has a role that manages."""
    for position, name in _places(value):
        if name in known.managers:
            continue
        twin = ""
        if name in known.rows["endpoints"]:
            roles = ", ".join(sorted(known.matrix.managing_roles))
            code, what = "no-manager", f"{shown(name)} has none of the roles that manage others ({roles})"
        else:
            code, what = "no-such-endpoint", f"There is no endpoint {shown(name)}"
            twin = known.say_twin("endpoints", name, known.managers)
        yield (position,), code, f"{what}; allowed are {known.managers_listed}.{twin}"


def check_flow_ports(value: object, row: Row, _known: Known) -> Found:
    """Ports for protocols that have any."""
    absent = value is None or isinstance(value, Null)
    if row.get("protocol") == "icmp" and not absent:
        yield (), "icmp-ports", f"ICMP has no ports, found {shown(value)}; leave the key away."
    if row.get("protocol") in ("tcp", "udp") and absent:
        yield (), "ports-missing", "A port or range is needed; only icmp goes without."


def check_pair_ports(value: object, row: Row, known: Known) -> Found:
    """Protocol and ports together, or neither; ICMP has no ports."""
    there = [not (each is None or isinstance(each, Null)) for each in (row.get("protocol"), value)]
    if there == [False, True]:
        yield (), "protocol-missing", "Ports need their protocol; or leave both away for every flow of the pair."
    elif there[0]:
        yield from check_flow_ports(value, row, known)


def check_forbidden_ports(value: object, row: Row, _known: Known) -> Found:
    """Ports of a protocol that has any; without ports, all of it."""
    if value is None or isinstance(value, Null):
        return
    protocol = row.get("protocol")
    if protocol is None or isinstance(protocol, Null):
        yield (), "protocol-missing", "Ports need their protocol; leave both away for everything."
    elif protocol == "icmp":
        yield from check_flow_ports(value, row, _known)


def check_side(value: object, _row: Row, known: Known) -> Found:
    """The zone or endpoint that a side names is there."""
    if isinstance(value, dict):
        for part, word in WORDS.items():
            name = None if isinstance(value.get(word), Null) else value.get(word)
            for path, code, sentence in must_be_there(part)(name, value, known):
                yield (word, *path), code, sentence


def check_options(value: object, row: Row, known: Known) -> Found:
    """The options of a firewall are those of its format, each with a value that it may have."""
    device = DEVICES.get(text(row.get("format")) or "")
    if device is None or not isinstance(value, dict):
        return
    for name, given in value.items():
        option = device.options.get(name)
        if option is None:
            allowed = ", ".join(device.options) or "none"
            yield (name,), "unknown-option", f"{device.name} has no option {shown(name)}; allowed are {allowed}."
        elif _is_text(given) and (
            not option.pattern.fullmatch(given)
            or (option.is_reserved(given) and (device.slug, name, given) not in known.stored.options)
        ):
            yield (name,), "option-value", f"{shown(given)} can't stand here; allowed is {option.allowed}."


def check_either(other: str) -> Check:
    """None of the members stands in another list, too."""

    def check(value: object, row: Row, _known: Known) -> Found:
        others = set(texts(row.get(other)))
        for position, slug in _places(value):
            if slug in others:
                yield (position,), "in-both", f"{shown(slug)} stands in {other} as well; keep one of them."

    return check


WORDS = {"zones": "zone", "endpoints": "endpoint"}
"""The parts whose rows are named by others, and what one row is called."""


def _names(value: object) -> Iterator[tuple[Path, str]]:
    if isinstance(value, list):
        yield from (((position,), name) for position, name in _places(value))
    elif isinstance(value, str):
        yield (), str(value)


def _places(value: object) -> Iterator[tuple[int, str]]:
    """The texts of a list with where they stand; none of what is no list."""
    for position, item in enumerate(value if isinstance(value, list) else ()):
        if _is_text(item):
            yield position, str(item)


def text(value: object) -> str | None:
    """A text, or None for whatever is none."""
    return str(value) if isinstance(value, str) else None


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list, or none."""
    if not isinstance(value, list):
        return ()
    return tuple([str(item) for item in value if _is_text(item)])  # asked for tens of thousands of times


def _is_text(value: object) -> TypeGuard[str]:
    """Whether it is a text in a list or mapping, where YAML's plain null is none."""
    return isinstance(value, str) and not isinstance(value, Null)


def some(names: Collection[str]) -> str:
    """The first few of many names, and how many more there are."""
    listed = [shown(name) for name in islice(names, 8)]
    if len(names) > len(listed):
        return f"{', '.join(listed)} and {len(names) - len(listed)} more"
    return ", ".join(listed) or "none yet"
