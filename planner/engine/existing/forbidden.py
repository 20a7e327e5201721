"""Entries that admit what must stay closed: packets that a `never` row or a prohibition of the document forbids. Pure.

What is forbidden goes the way of all packets, from all endpoints of one side to all of the other, and whatever comes
out admitted is told with the entries that admitted it. What isn't understood is told as such: it may break the row.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Literal

from planner.engine.existing.outcomes import Outcome
from planner.engine.existing.packets import Ends, Packets, Unit, families_of, find_service
from planner.engine.existing.spans import FAMILIES, PORTS, PROTOCOLS, Spans
from planner.engine.existing.walk import Walker
from planner.engine.existing.words import list_services
from planner.engine.prohibitions import Closed, Side
from planner.engine.report import Report
from planner.plan.document import Endpoint

MOST_WALKS = 20_000
"""Most sets of packets that are tried; rows beyond it are said to be unchecked."""
MOST_NAMED = 20
"""Most endpoints of either side that are named."""

SeenFrom = Callable[[str], Ends]
"""Zone of the source -> the endpoints as they are seen from there."""


ListSent = Callable[[str, str, Packets], Iterable[Outcome]]
"""Zone of the source, name of an endpoint, and packets to its own address -> what becomes of those that come for the
address by which it is published, and are sent on to it."""

_ByFamily = dict[int, set[tuple[int, int]]]
"""Address family -> spans of addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What an entry admits of what one row forbids; prohibitions of one section, which say the same, are one row."""

    row: Closed
    """Of several prohibitions the first."""
    sources: tuple[str, ...]
    """Endpoints between which it does, sorted, the first of many."""
    destinations: tuple[str, ...]
    services: tuple[str, ...]
    """In words."""
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """An entry that admits what must stay closed."""

    entry: str
    """As the device names it; a policy by itself where no entry decides."""
    is_sure: bool
    """Whether it does; else something isn't understood or known, and it may."""
    breaches: tuple[Breach, ...]
    constructs: tuple[str, ...]
    """Where it isn't sure: what isn't understood or known."""

    @property
    def size(self) -> int:
        """How many packets, by addresses, protocols and ports."""
        return sum(breach.size for breach in self.breaches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaches:
    """All that is found."""

    entries: tuple[Forbidden, ...]
    """Those that are sure first, of each kind the widest first."""
    unchecked: int
    """How many rows weren't looked at, or not between all endpoints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Rows that forbid the same from any of these endpoints to any of those."""

    row: Closed
    sources: tuple[Endpoint, ...]
    destinations: tuple[Endpoint, ...]


@dataclass(slots=True, kw_only=True)
class _Found:
    """What one entry admits of a group."""

    group: _Group
    size: int = 0
    sources: _ByFamily = field(default_factory=lambda: {4: set(), 6: set()})
    destinations: _ByFamily = field(default_factory=lambda: {4: set(), 6: set()})
    named: set[str] = field(default_factory=set)
    """Endpoints whose addresses aren't known."""
    services: dict[str, None] = field(default_factory=dict)


def find_forbidden(report: Report, walker: Walker, ends: Ends, seen_from: SeenFrom, list_sent: ListSent) -> Breaches:
    """The entries of a walker's ruleset that admit between zones what must stay closed."""
    search = _Search(walker, ends, seen_from, list_sent)
    unchecked = 0
    for group in _list_groups(report):
        unchecked += not search.look(group)
    return Breaches(entries=tuple(search.sum_up()), unchecked=unchecked)


def _list_groups(report: Report) -> Iterator[_Group]:
    """The plan's own rows one by one, and those of the document that say the same together."""
    endpoints = {endpoint.name: endpoint for endpoint in report.plan.endpoints}
    in_zone: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in report.plan.endpoints:
        in_zone[endpoint.zone].append(endpoint)

    def list_side(side: Side) -> Sequence[Endpoint]:
        return (endpoints[side["endpoint"]],) if "endpoint" in side else in_zone[side["zone"]]

    said: dict[tuple[object, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    first: dict[tuple[object, ...], Closed] = {}
    for row in report.closed:
        if row.number is not None:
            yield _Group(row=row, sources=tuple(list_side(row.source)), destinations=tuple(list_side(row.destination)))
        else:
            key = row.sections, row.reason, row.protocol, row.ports
            first.setdefault(key, row)
            said[key][row.source["endpoint"]].append(row.destination["endpoint"])
    for alike_key, by_source in said.items():
        alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for source, destinations in by_source.items():
            alike[tuple(destinations)].append(source)
        for names, sources in alike.items():
            yield _Group(
                row=first[alike_key],
                sources=tuple(endpoints[name] for name in sources),
                destinations=tuple(endpoints[name] for name in names),
            )


class _Search:
    def __init__(self, walker: Walker, ends: Ends, seen_from: SeenFrom, list_sent: ListSent) -> None:
        self._walker = walker
        self._list_sent = list_sent
        self._ends = ends
        self._seen_from = seen_from
        self._walks = 0
        self._sides: dict[tuple[str, ...], int] = {}
        """Endpoints of a side -> its number, by which the walker remembers them."""
        self._found: dict[tuple[str, bool], dict[int, _Found]] = defaultdict(dict)
        self._constructs: dict[str, dict[str, None]] = defaultdict(dict)

    def look(self, group: _Group) -> bool:
        """Try what a row forbids, zone by zone; whether all of it could be."""
        here, there = _by_zone(group.sources), _by_zone(group.destinations)
        for source, destination in product(here, there):
            if source != destination:  # within a zone no firewall sees it
                for family in _families_of(group.row):
                    sides = (source, here[source]), (destination, there[destination])
                    if not all(self._try(group, packets) for packets in self._list_packets(group.row, family, *sides)):
                        return False
                    self._try_sent(group, family, *sides)
        return True

    def _try_sent(
        self, group: _Group, family: Literal[4, 6], here: tuple[str, list[Endpoint]], there: tuple[str, list[Endpoint]]
    ) -> None:
        """Note what becomes of packets for the addresses by which endpoints are published."""
        for endpoint in there[1]:
            for packets in self._list_packets(group.row, family, here, (there[0], [endpoint])):
                if packets.destination.name is None:
                    self._note_all(group, packets, self._list_sent(here[0], endpoint.name, packets))

    def _list_packets(
        self, row: Closed, family: Literal[4, 6], here: tuple[str, list[Endpoint]], there: tuple[str, list[Endpoint]]
    ) -> Iterator[Packets]:
        """What a row forbids from endpoints of one zone to those of another, as few sets as can be."""
        seen = self._seen_from(here[0])
        ways = self._walker.ways.between(here[0], there[0]) if self._walker.has_sides else ((None, None),)
        service = find_service(row.protocol, row.ports) if row.protocol else (PROTOCOLS, PORTS)
        for source in _list_units(self._ends, here[1], family):
            for destination in _list_units(seen, there[1], family):
                keys = (self._number(here[1]), source.whose, source.name), (
                    self._number(there[1]), destination.whose, destination.name, id(seen),
                )  # fmt: skip
                for enters, leaves in ways:
                    yield Packets(
                        family=family,
                        source=source,
                        destination=destination,
                        service=service,
                        keys=keys,
                        enters=enters,
                        leaves=leaves,
                    )

    def _number(self, endpoints: Iterable[Endpoint]) -> int:
        return self._sides.setdefault(tuple(endpoint.name for endpoint in endpoints), len(self._sides))

    def _try(self, group: _Group, packets: Packets) -> bool:
        """Note what becomes of packets; False where no more are tried."""
        self._walks += 1
        if self._walks > MOST_WALKS:
            return False
        self._note_all(group, packets, self._walker.walk(packets, tells_each=True))
        return True

    def _note_all(self, group: _Group, packets: Packets, outcomes: Iterable[Outcome]) -> None:
        has_names = packets.source.name is not None or packets.destination.name is not None
        for one in outcomes:
            if one.state == "open":
                for entry in one.by:
                    self._note(group, entry, one, packets, is_sure=True)
            elif one.state == "unknown" and not has_names:
                # What isn't known of addresses that the plan doesn't have is no matter of the device.
                for doubt in one.doubts:
                    self._constructs[doubt.entry][doubt.construct] = None
                    self._note(group, doubt.entry, one, packets, is_sure=False)

    def _note(self, group: _Group, entry: str, one: Outcome, packets: Packets, *, is_sure: bool) -> None:
        found = self._found[entry, is_sure].setdefault(id(group), _Found(group=group))
        found.size += one.box.size
        found.services.update(dict.fromkeys(list_services(one.box.protocols, one.box.ports)))
        if packets.source.name is None:
            found.sources[packets.family].update(one.box.sources)
        else:
            found.named.add(packets.source.whose)
        if packets.destination.name is None:
            found.destinations[packets.family].update(one.box.destinations)
        else:
            found.named.add(packets.destination.whose)

    def sum_up(self) -> Iterator[Forbidden]:
        """What was found, by entry: those that are sure first."""
        made = [
            Forbidden(
                entry=entry,
                is_sure=is_sure,
                breaches=tuple(self._list_breaches(rows.values())),
                constructs=() if is_sure else tuple(self._constructs[entry]),
            )
            for (entry, is_sure), rows in self._found.items()
        ]
        return iter(sorted(made, key=lambda one: (not one.is_sure, -one.size, one.entry)))

    def _list_breaches(self, rows: Iterable[_Found]) -> Iterator[Breach]:
        for found in sorted(rows, key=lambda one: -one.size):
            sources = self._name(found.group.sources, [self._ends], found.sources, found.named)
            views = list({id(seen): seen for seen in map(self._seen_from, _by_zone(found.group.sources))}.values())
            yield Breach(
                row=found.group.row,
                sources=sources,
                destinations=self._name(found.group.destinations, views, found.destinations, found.named),
                services=tuple(found.services),
                size=found.size,
            )

    def _name(
        self, endpoints: Iterable[Endpoint], views: Sequence[Ends], met: _ByFamily, named: set[str]
    ) -> tuple[str, ...]:
        """The endpoints that have addresses among these, and those that are among these names."""
        spans = {family: Spans.of(several) for family, several in met.items()}
        found = (
            endpoint.name
            for endpoint in sorted(endpoints, key=lambda one: one.name)
            if endpoint.name in named
            or any(
                unit.name is None and unit.addresses & spans[family]
                for view in views
                for family in FAMILIES
                if spans[family]
                for unit in view.find(endpoint, family)
            )
        )
        return tuple(islice(found, MOST_NAMED))


def _by_zone(endpoints: Iterable[Endpoint]) -> dict[str, list[Endpoint]]:
    found: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in endpoints:
        found[endpoint.zone].append(endpoint)
    return found


def _families_of(row: Closed) -> tuple[Literal[4, 6], ...]:
    return families_of(row.protocol) if row.protocol else (4, 6)


def _list_units(ends: Ends, endpoints: Iterable[Endpoint], family: Literal[4, 6]) -> Iterator[Unit]:
    """All addresses of some endpoints at once, then each of their names."""
    units = [unit for endpoint in endpoints for unit in ends.find(endpoint, family)]
    if known := Spans.of(span for unit in units if unit.name is None for span in unit.addresses):
        yield Unit(addresses=known)
    yield from (unit for unit in units if unit.name is not None)
