"""Entries that admit what must stay closed: packets that a `never` row or a prohibition of the document forbids. Pure.

What is forbidden goes the way of all packets, from all endpoints of one side to all of the other, and whatever comes
out admitted is told with the entries that admitted it. So does what comes for another address and is sent on to an
endpoint, whether or not the plan says that it is published. What isn't understood is told as such: it may break the
row. A set of packets that takes many steps is cut in halves until it takes few.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from planner.engine.existing.asked import SeenAs
from planner.engine.existing.bits import to_bits
from planner.engine.existing.bounds import Bounds
from planner.engine.existing.boxes import Box
from planner.engine.existing.closed_packets import Group, Members, SeenFrom, Service, Tries, Try, list_groups
from planner.engine.existing.halves import BOTH, EACH, halve
from planner.engine.existing.outcomes import Doubt, Outcome
from planner.engine.existing.packets import Ends, Packets
from planner.engine.existing.pairs import InOrder
from planner.engine.existing.walk import MOST_STEPS, Walker
from planner.engine.existing.words import list_services
from planner.engine.prohibitions import Closed
from planner.engine.report import Report
from planner.engine.spans import FAMILIES, Spans

MOST_WORK = 250_000
"""Most steps of all rows together, beside those for their number; rows beyond it are unchecked. A step takes
up to 25 microseconds of a processor."""
WORK_OF_EACH = 15
"""How many more there may be for each match of an entry, and for each row."""
MOST_AT_ONCE = 2_000
"""Most steps of a set of packets before it is cut in halves."""
MOST_NAMED = 20
"""Most endpoints of either side that are named."""

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
    """How many rows weren't looked at, or not between all endpoints; prohibitions that are one group count once."""


@dataclass(slots=True, kw_only=True)
class _Found:
    """What one entry admits of a group."""

    group: Group
    size: int = 0
    sources: _ByFamily = field(default_factory=lambda: {4: set(), 6: set()})
    destinations: _ByFamily = field(default_factory=lambda: {4: set(), 6: set()})
    """As the sources see them."""
    arriving: _ByFamily = field(default_factory=lambda: {4: set(), 6: set()})
    """The own addresses to which packets are sent on that come for others."""
    named: set[str] = field(default_factory=set)
    """Endpoints whose addresses aren't known."""
    services: dict[Service, None] = field(default_factory=dict)
    constructs: dict[str, None] = field(default_factory=dict)
    """Where it isn't sure: what isn't understood or known."""

    def has_services_of(self, other: "_Found") -> bool:
        """Whether it has all services of another one."""
        together: dict[Spans, list[tuple[int, int]]] = defaultdict(list)
        for protocols, ports in self.services:
            together[protocols] += ports
        known = [(protocols, Spans.of(ports)) for protocols, ports in together.items()]
        return all(
            any(own.covers(protocols) and its.covers(ports) for own, its in known)
            for protocols, ports in other.services
        )


class _TooMuch(Exception):
    """More work than is done for all rows together."""


def find_forbidden(
    report: Report, walker: Walker, ends: Ends, seen_from: SeenFrom, published: Sequence[SeenAs] = ()
) -> Breaches:
    """The entries of a walker's ruleset that admit between zones what must stay closed.

    `published`: where endpoints are seen under another address.
    """
    search = _Search(report, walker, ends, seen_from, published)
    unchecked = 0
    for group in list_groups(report):
        unchecked += not search.look(group)
    return Breaches(entries=tuple(search.sum_up()), unchecked=unchecked)


class _Search:
    def __init__(
        self, report: Report, walker: Walker, ends: Ends, seen_from: SeenFrom, published: Sequence[SeenAs]
    ) -> None:
        self._walker = walker
        self._tries = Tries(walker, ends, seen_from, published, self._spend)
        self._names = _Names(report, ends, seen_from)
        self._work = 0
        self._begin = walker.steps
        matches = sum(len(table.rows) for table in walker.list_tables())
        self._most = MOST_WORK + WORK_OF_EACH * (matches + len(report.closed))
        self._is_whole = True
        """Whether all packets of a row could be tried so far."""
        self._found: dict[tuple[str, bool], dict[Group, _Found]] = defaultdict(dict)

    def look(self, group: Group) -> bool:
        """Try what a row forbids, zone by zone; whether all of it could be."""
        self._walker.pause()
        self._is_whole = True
        try:
            for here, there in product(group.sources, group.destinations):
                if here.zone != there.zone:  # within a zone no firewall sees it
                    for family in group.families:
                        for one in self._tries.list_all(group.row, family, here, there):
                            self._try(group, one)
        except _TooMuch:
            return False
        return self._is_whole

    def _try(self, group: Group, one: Try) -> None:
        """Note what becomes of packets."""
        packets = one.packets
        has_names = packets.source.name is not None or packets.destination.name is not None
        for found in self._list_outcomes(packets):
            if packets.goal and not (found.translated or (found.untranslated and found.state == "unknown")):
                continue  # what isn't sent on comes to nobody
            box = one.arrive(found.box) if one.arrive else found.box
            if found.state == "open" and not one.unclear:
                for entry in found.by:
                    self._note(group, entry, box, one)
                continue
            doubts: Iterable[Doubt] = ()
            if found.state == "open":
                doubts = (Doubt(one.unclear, entry) for entry in found.by)
            elif not has_names:
                # What isn't known of addresses that the plan doesn't have is no matter of the device.
                doubts = found.doubts
            for doubt in doubts:
                self._note(group, doubt.entry, box, one, doubt.construct)

    def _list_outcomes(self, packets: Packets) -> Iterator[Outcome]:
        """What becomes of packets; what isn't known after MOST_STEPS, and can't be cut in halves, is left out."""
        axes = [axis for axis in BOTH if (packets.source, packets.destination)[axis].name is None]
        waiting = [packets]
        while waiting:
            now = waiting.pop()
            self._spend(EACH)
            found = self._walker.walk_within(now, MOST_AT_ONCE)
            if found is None:
                if halves := halve(self._walker.list_tables(), now.family, now.box, self._spend, axes):
                    waiting += (_cut(now, half) for half in halves)
                    continue
                found = self._walker.walk_within(now, MOST_STEPS)
            self._spend(0)
            if found is None:
                self._is_whole = False
                continue
            yield from found

    def _spend(self, work: int) -> None:
        """Count work. Raises _TooMuch where that is more than is done in all."""
        self._work += work
        if self._work + self._walker.steps - self._begin > self._most:
            raise _TooMuch

    def _note(self, group: Group, entry: str, box: Box, one: Try, construct: str | None = None) -> None:
        """Note what an entry admits, or may if a construct that isn't understood means it."""
        packets = one.packets
        found = self._found[entry, construct is None].setdefault(group, _Found(group=group))
        found.size += box.size
        found.services[box.protocols, box.ports] = None
        if construct is not None:
            found.constructs[construct] = None
        if packets.source.name is None:
            found.sources[packets.family].update(box.sources)
        else:
            found.named.add(packets.source.whose)
        if one.arrive:
            found.arriving[packets.family].update(box.destinations)
        elif packets.destination.name is None:
            found.destinations[packets.family].update(box.destinations)
        else:
            found.named.add(packets.destination.whose)

    def sum_up(self) -> Iterator[Forbidden]:
        """What was found, by entry: those that are sure first.

        What isn't sure of a row isn't told where the same entry surely admits as much of it: an address behind a
        translation that is followed can be asked for itself as well, and what becomes of that isn't always known.
        """
        made = []
        for (entry, is_sure), rows in self._found.items():
            surely = {} if is_sure else self._found.get((entry, True), {})
            told = [one for row, one in rows.items() if row not in surely or not self._names.tells(surely[row], one)]
            if told:
                forbidden = Forbidden(
                    entry=entry,
                    is_sure=is_sure,
                    breaches=tuple(map(self._names.tell, sorted(told, key=lambda one: -one.size))),
                    constructs=tuple(dict.fromkeys(construct for one in told for construct in one.constructs)),
                )
                made.append(forbidden)
        return iter(sorted(made, key=lambda one: (not one.is_sure, -one.size, one.entry)))


def _cut(packets: Packets, box: Box) -> Packets:
    """Some of packets: all but one side is as it was."""
    whole = packets.box
    keys = [box[axis] if box[axis] != whole[axis] else packets.keys[axis] for axis in BOTH]
    return replace(
        packets,
        source=replace(packets.source, addresses=box.sources),
        destination=replace(packets.destination, addresses=box.destinations),
        keys=(keys[0], keys[1]),
    )


class _Names:
    """The names of endpoints by their addresses, in time that grows with neither side of a row."""

    def __init__(self, report: Report, ends: Ends, seen_from: SeenFrom) -> None:
        self._endpoints = report.plan.endpoints
        self._ends = ends
        self._seen_from = seen_from
        self._numbers = {endpoint.name: number for number, endpoint in enumerate(self._endpoints)}
        self._in_order = InOrder(self._endpoints)
        self._bounds: dict[tuple[int, int], Bounds] = {}
        """By the id of how endpoints are seen and family: their numbers by their addresses."""
        self._bits: dict[Members, int] = {}

    def tell(self, found: _Found) -> Breach:
        """What was found of a group, with the endpoints of both sides."""
        sources, destinations = (self._in_order.name(ends, MOST_NAMED) for ends in self._find_ends(found))
        services = dict.fromkeys(word for one in found.services for word in list_services(*one))
        return Breach(
            row=found.group.row,
            sources=sources,
            destinations=destinations,
            services=tuple(services),
            size=found.size,
        )

    def tells(self, found: _Found, other: _Found) -> bool:
        """Whether what was found of a group tells all that another finding of it does."""
        ends = zip(self._find_ends(found), self._find_ends(other), strict=True)
        return found.has_services_of(other) and not any(its & ~own for own, its in ends)

    def _find_ends(self, found: _Found) -> tuple[int, int]:
        """The endpoints of both sides of a group that were met, as bits."""
        group = found.group
        views = list({id(seen): seen for one in group.sources for seen in (self._seen_from(one.zone),)}.values())
        named = to_bits(map(self._numbers.__getitem__, found.named), len(self._endpoints))
        sources = self._find([self._ends], found.sources) | named
        met = self._find(views, found.destinations) | self._find([self._ends], found.arriving) | named
        return sources & self._among(group.sources), met & self._among(group.destinations)

    def _among(self, sides: Iterable[Members]) -> int:
        """All endpoints of these, as bits."""
        among = 0
        for one in sides:
            if one not in self._bits:
                numbers = (self._numbers[endpoint.name] for endpoint in one.endpoints)
                self._bits[one] = to_bits(numbers, len(self._endpoints))
            among |= self._bits[one]
        return among

    def _find(self, views: Iterable[Ends], spans: _ByFamily) -> int:
        """The endpoints that have addresses among these, as bits."""
        found = 0
        for view in views:
            for family in FAMILIES:
                if spans[family]:
                    found |= self._bounds_of(view, family).find_met(Spans.of(spans[family]))
        return found

    def _bounds_of(self, view: Ends, family: int) -> Bounds:
        key = id(view), family
        if key not in self._bounds:
            alike: dict[Spans, list[int]] = defaultdict(list)
            for number, endpoint in enumerate(self._endpoints):
                for unit in view.find(endpoint, family):
                    if unit.name is None:
                        alike[unit.addresses].append(number)
            self._bounds[key] = Bounds(alike, len(self._endpoints))
        return self._bounds[key]
