"""Object groups: the lists of endpoints that are too long for a rule, and where their members are listed.

A rule with a long side names a group instead. Every endpoint is listed once, with its addresses: where groups overlap,
what they share stands by itself and the groups name it. Pure.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from planner.engine.report import Report
from planner.plan.document import ANY, Endpoint
from planner.report.said.outline import MISSING, describe_common
from ports.text import show_line

MOST_NAMED = 8
"""How many endpoints a rule names before it names a group."""
LEAST_REUSED = 4
"""So many endpoints make a group already where several sides of rules have just these: they are printed once."""
MOST_LINES = 22
"""How many lines the side of a rule may take: a row has to fit a page."""
MOST_ADDRESSES = 4
"""How many addresses of an endpoint a rule says; all of them are with the objects."""
LETTERS = 20
"""How many characters fit in a line of a side, about."""
LINE = 60
"""How many characters of the list of members fit in one of two columns, on either paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A list of endpoints under a name."""

    name: str
    anchor: str
    total: int
    common: str
    """What its members have in common, or all their names where they are few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An endpoint as a rule names it: with its first addresses, and how many more there are."""

    endpoint: Endpoint
    addresses: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a rule: endpoints by name, or a group."""

    named: tuple[Named, ...]
    group: Group | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Endpoints that are listed together. `lines`: their text, laid out in columns for a font of one width."""

    title: str
    anchor: str
    endpoints: tuple[Endpoint, ...]
    common: str
    lines: str
    used_by: tuple[str, ...]
    """Numbers of the rules that name exactly these as a group; empty for a zone's other endpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """A group whose members stand under several headings."""

    group: Group
    parts: tuple[Group, ...]
    used_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """All that is listed."""

    groups: tuple[Members, ...]
    unions: tuple[Union, ...]
    zones: tuple[Members, ...]


class Grouping:
    """Collects the groups that the rules of one document need, and gives each list of endpoints one name."""

    def __init__(self, report: Report, mark: str = "") -> None:
        """`mark` tells the groups from those of another report in the same document."""
        self.report = report
        self._mark = mark
        self._groups: dict[tuple[str, ...], Group] = {}
        self._members: dict[tuple[str, ...], Sequence[Endpoint]] = {}
        self._used: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._names: set[str] = set()
        sides = (side for rule in report.rules for side in (rule.sources, rule.destinations))
        self._sides = Counter(_key(side) for side in sides if len(side) >= LEAST_REUSED)

    def side(self, rule: str, what: str, endpoints: Sequence[Endpoint]) -> Side:
        """One side of a rule; `what` is "sources" or "destinations"."""
        named = tuple(map(_name, endpoints[:MOST_NAMED]))
        key = _key(endpoints)
        is_short = len(endpoints) <= MOST_NAMED and sum(map(_count_lines, named)) <= MOST_LINES
        if is_short and self._sides[key] < 2:
            return Side(named=named, group=None)
        if key not in self._groups:
            name = self._free(f"{rule} {what}{f' ({self._mark})' if self._mark else ''}")
            self._groups[key] = Group(
                name=name,
                anchor=self._anchor("group", len(self._groups)),
                total=len(endpoints),
                common=", ".join(key) if is_short else describe_common(endpoints, self.report.matrix),
            )
            self._members[key] = endpoints
        if rule not in self._used[key]:
            self._used[key].append(rule)
        return Side(named=(), group=self._groups[key])

    def _anchor(self, what: str, number: int) -> str:
        return f"{what}-{number + 1}{'-before' if self._mark else ''}"

    def _free(self, name: str) -> str:
        wanted, number = name, 2
        while wanted in self._names:
            wanted, number = f"{name} ({number})", number + 1
        self._names.add(wanted)
        return wanted

    def objects(self, endpoints: Iterable[Endpoint]) -> Objects:
        """Where all members of the groups stand, and those of `endpoints` that are in no group, by zone."""
        keys = list(self._groups)
        within: dict[str, list[int]] = defaultdict(list)
        members: dict[str, Endpoint] = {}
        for number, key in enumerate(keys):
            for endpoint in self._members[key]:
                within[endpoint.name].append(number)
                members[endpoint.name] = endpoint
        atoms: dict[tuple[int, ...], list[Endpoint]] = defaultdict(list)
        for name, among in within.items():
            atoms[tuple(among)].append(members[name])
        whole = {
            numbers: key
            for numbers, listed in atoms.items()
            for key in (keys[number] for number in numbers)
            if len(listed) == len(self._members[key])
        }
        blocks: list[Members] = []
        parts: dict[tuple[int, ...], Group] = {}
        for numbers, listed in sorted(atoms.items()):
            if numbers in whole:
                group = self._groups[whole[numbers]]
            else:
                group = Group(
                    name=self._free(f"Objects {len(parts) + 1}{f' ({self._mark})' if self._mark else ''}"),
                    anchor=self._anchor("objects", len(parts)),
                    total=len(listed),
                    common=describe_common(listed, self.report.matrix),
                )
            parts[numbers] = group
            used = self._used[whole[numbers]] if numbers in whole else ()
            blocks.append(self._list(group.name, group.anchor, listed, used))
        direct = set(whole.values())
        within_group: dict[int, list[Group]] = defaultdict(list)
        for numbers, group in sorted(parts.items()):
            for number in numbers:
                within_group[number].append(group)
        unions = tuple(
            Union(
                group=self._groups[key],
                parts=tuple(within_group[number]),
                used_by=tuple(self._used[key]),
            )
            for number, key in enumerate(keys)
            if key not in direct
        )
        rest = [endpoint for endpoint in endpoints if endpoint.name not in within]
        return Objects(groups=tuple(blocks), unions=unions, zones=tuple(self._by_zone(rest)))

    def _by_zone(self, endpoints: Iterable[Endpoint]) -> Iterable[Members]:
        """By zone, and many like zones together."""
        by_zone: dict[str, list[Endpoint]] = defaultdict(list)
        for endpoint in endpoints:
            by_zone[endpoint.zone].append(endpoint)
        for group in self.report.zone_groups:
            lots = [group.zones] if len(group.zones) > MOST_NAMED else [(zone,) for zone in group.zones]
            for zones in lots:
                found = [endpoint for zone in zones for endpoint in by_zone[zone]]
                if found:
                    yield self._list(group.label if len(zones) > 1 else zones[0], "", found, ())

    def _list(self, title: str, anchor: str, endpoints: Sequence[Endpoint], used: Sequence[str]) -> Members:
        zones = {endpoint.zone for endpoint in endpoints}
        return Members(
            title=title,
            anchor=anchor,
            endpoints=tuple(endpoints),
            common=describe_common(endpoints, self.report.matrix),
            lines=lay_out([say_member(endpoint, zone=len(zones) > 1) for endpoint in endpoints]),
            used_by=tuple(used),
        )


def _key(endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
    return tuple(endpoint.name for endpoint in endpoints)


def _name(endpoint: Endpoint) -> Named:
    shown = endpoint.addresses[:MOST_ADDRESSES]
    return Named(endpoint=endpoint, addresses=shown, more=len(endpoint.addresses) - len(shown))


def _count_lines(named: Named) -> int:
    name = sum(2 if letter in "mwMW@%" else 1.4 if letter.isupper() else 1 for letter in named.endpoint.name)
    name += _width(named.endpoint.name) - len(named.endpoint.name)
    addresses = named.addresses or ("",)
    return 1 + int(name) // LETTERS + sum(1 + len(text) // LETTERS for text in addresses) + bool(named.more)


def say_member(endpoint: Endpoint, *, zone: bool) -> str:
    """A name with its addresses; with its zone, when that is asked for and the name doesn't say it."""
    says_it = endpoint.zone.casefold() in endpoint.name.casefold()
    place = f" ({show_line(endpoint.zone)})" if zone and not says_it else ""
    addresses = ("any address" if address == ANY else address for address in endpoint.addresses or (MISSING,))
    return f"{show_line(endpoint.name)}{place}: {', '.join(addresses)}"


def lay_out(texts: Sequence[str], line: int = LINE) -> str:
    """Texts in columns, each followed by a semicolon but the last; long ones take as many columns as they need."""
    ended = [f"{text};" for text in texts[:-1]] + [*texts[-1:]]
    widths = [_width(text) for text in ended]
    typical = sorted(widths)[len(widths) * 9 // 10] if widths else 0
    columns = max(1, line // (typical + 3))
    cell = line // columns
    lines: list[str] = []
    row: list[str] = []
    used = 0
    for text, width in zip(ended, widths, strict=True):
        cells = min(columns, -(-(width + 2) // cell))
        if used and used + cells > columns:
            lines.append("".join(row).rstrip())
            row, used = [], 0
        row.append(text + " " * (cells * cell - width))
        used += cells
    return "\n".join([*lines, "".join(row).rstrip()]) if row else ""


def _width(text: str) -> int:
    """How many cells a text takes in a font of one width, about."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
