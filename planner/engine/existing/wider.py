"""Entries that admit, between endpoints of a plan, what no flow of it asks for. Pure.

An entry is tried between each two endpoints that it speaks of: what it matches there and no flow asks for goes the way
of all packets, and what comes out admitted by this entry is more than the plan needs. So what an earlier entry has
refused or admitted isn't held against a later one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.engine.existing.boxes import Box
from planner.engine.existing.model import WHOLE_ICMP, Entry
from planner.engine.existing.packets import ALIKE, ECHO, Ends, families_of, find_service
from planner.engine.existing.spans import FAMILIES, NOTHING, Spans
from planner.engine.existing.table import Overlaps, Row
from planner.engine.existing.walk import Packets, Walker
from planner.engine.existing.words import list_services
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import Triple, fold
from planner.plan.document import Endpoint

_Service = tuple[str, str | None]
"""Protocol and ports of a flow, as the plan has them."""
MOST_PAIRS = 20
"""Most pairs of endpoints of which is told what an entry admits too much; what it does between others is reckoned."""
MOST_TRIES = 100
"""Most pairs that are tried to find these."""
MOST_AT_LENGTH = 10_000
"""After so many pairs in all, one pair of each further entry is tried."""
MOST_TRIED = 100_000
"""Most pairs that are tried in all."""
MOST_LOOKED_AT = 20_000
"""Most pairs of one entry of which it is seen whether a flow between them asks for all of it, so that those are tried
of which none does."""
MOST_LOOKS = 2_000_000
"""The same of all entries together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wider:
    """An entry that admits more than the plan asks for."""

    entry: str
    """As the device names it."""
    sources: tuple[str, ...]
    """Endpoints between which it admits what no flow asks for, sorted; of many pairs those that were tried."""
    destinations: tuple[str, ...]
    services: tuple[str, ...]
    """What that is, in words."""
    pairs: int
    """How many pairs of endpoints it speaks of."""
    size: int
    """How many packets, by addresses, protocols and ports: the widest first."""
    narrower: tuple[Triple, ...]
    """What the plan needs of it: sources, destinations, services. Empty where that is nothing."""
    is_whole: bool = True
    """Whether all pairs were tried that it speaks of; else it admits at least this, and may admit more."""
    whole_icmp: bool = False
    """Whether the plan needs an echo of it that nothing there can let through without all of ICMP."""


def find_wider(search: "Search") -> tuple[Wider, ...]:
    """The entries of a walker's ruleset that admit too much, the widest first."""
    found: dict[str, list[_Excess]] = defaultdict(list)
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in search.walker.list_rows():
        if row.entry.verdict == "accept" and not row.entry.obscure:
            rows[row.entry.name].append(row)
            found[row.entry.name] += search.try_row(row)
    whole = search.walker.ruleset.format in WHOLE_ICMP
    made = (
        _sum_up(name, parts, search.list_asked(rows[name]), whole_icmp=whole) for name, parts in found.items() if parts
    )
    return tuple(sorted(made, key=lambda one: (-one.size, one.entry)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Excess:
    """What an entry admits too much between two endpoints, or of how many pairs that stands for."""

    source: Endpoint
    destination: Endpoint
    boxes: tuple[Box, ...]
    pairs: int
    """How many pairs it speaks of, counted at the first of them."""
    size: int
    """How many packets, by addresses, protocols and ports, if all pairs are as those that were tried."""
    is_whole: bool
    """Whether all pairs were tried of which no flow asks for all."""


class Search:
    """A plan's endpoints and flows, to be found by what the entries of a ruleset are for."""

    def __init__(self, report: Report, walker: Walker, ends: Ends, seen: Iterable[Ends] = ()) -> None:
        """The walker has the ruleset; the ends are of the report's plan, `seen` are those as some sides see them."""
        self.walker = walker
        self._ends = ends
        self._tried = 0
        self._endpoints = report.plan.endpoints
        self._by_pair: dict[tuple[str, str], list[Flow]] = defaultdict(list)
        self._reached: dict[str, set[str]] = defaultdict(set)
        for flow in report.flows:
            self._by_pair[flow.source.name, flow.destination.name].append(flow)
            self._reached[flow.source.name].add(flow.destination.name)
        self._known = {family: self._list_known(family) for family in (4, 6)}
        self._overlaps = {
            family: Overlaps((first, last, number) for number, (_, spans) in enumerate(known) for first, last in spans)
            for family, known in self._known.items()
        }
        self._seen = tuple(self._list_seen(ends, seen))
        self._found: dict[tuple[int, Spans], tuple[int, ...]] = {}
        self._looks = 0
        self._is_cut = False
        """Whether some pairs of the entry that is being tried weren't looked at."""
        self.untried: set[str] = set()
        """The names of entries of which no pair was tried, after too many pairs of others."""
        self._unasked: dict[tuple[int, int, frozenset[_Service], Sequence[int]], tuple[int, ...]] = {}
        """Of a source, a family, services and destinations: to which of these it has no flow of such a service."""
        self._services: dict[_Service, tuple[Spans, Spans]] = {
            (flow.need.protocol, flow.need.ports): find_service(flow.need.protocol, flow.need.ports)
            for flow in report.flows
        }

    def _list_known(self, family: int) -> list[tuple[Endpoint, Spans]]:
        """The endpoints of which addresses of a family are known."""
        return [
            (endpoint, unit.addresses)
            for endpoint in self._endpoints
            for unit in self._ends.find(endpoint, family)
            if unit.name is None
        ]

    def _list_seen(self, ends: Ends, seen: Iterable[Ends]) -> Iterator[tuple[int, str, Spans]]:
        """Family, name and addresses of those that some sides see under another address."""
        for view in seen:
            for family in FAMILIES:
                for endpoint in self._endpoints:
                    units = view.find(endpoint, family)
                    if units != ends.find(endpoint, family):
                        yield from ((family, endpoint.name, unit.addresses) for unit in units if unit.name is None)

    def _find(self, family: int, spans: Spans) -> tuple[int, ...]:
        """Which of these endpoints have addresses among those."""
        key = family, spans
        if key not in self._found:
            overlaps = self._overlaps[family]
            self._found[key] = tuple(sorted({number for span in spans for number in overlaps.find(*span)}))
        return self._found[key]

    def try_row(self, row: Row) -> Iterator[_Excess]:
        """What a match of an entry admits too much, between each pair of endpoints that is tried."""
        match, family = row.match, row.match.family
        here, there = self._find(family, match.sources), self._find(family, match.destinations)
        pairs = len(here) * len(there)
        if not pairs:
            return
        known = self._known[family]
        found: list[tuple[Endpoint, Endpoint, tuple[Box, ...]]] = []
        most = (MOST_PAIRS, MOST_TRIES) if self._tried < MOST_AT_LENGTH else (1, 1)
        tried = 0
        self._is_cut = False
        for one, other in self._pick(row, here, there):
            if len(found) == most[0] or tried == most[1] or self._tried >= MOST_TRIED:
                self._is_cut = True
                break
            (source, from_here), (destination, to_there) = known[one], known[other]
            tried += 1
            self._tried += 1
            box = Box(from_here, to_there, match.protocols, match.ports, match.source_ports).meet(
                Box(match.sources, match.destinations, match.protocols, match.ports, match.source_ports)
            )
            left = self._leave(family, source, destination, [box] if box else [])
            boxes = tuple(self._list_admitted(row, source, destination, left)) if left else ()
            if boxes:
                found.append((source, destination, boxes))
        if self._is_cut and not tried:
            self.untried.add(row.entry.name)
        is_whole = not self._is_cut
        for place, (source, destination, boxes) in enumerate(found):
            yield _Excess(
                source=source,
                destination=destination,
                boxes=boxes,
                pairs=0 if place else pairs,
                size=pairs * sum(box.size for box in boxes) // tried,
                is_whole=is_whole,
            )

    def _pick(self, row: Row, here: Sequence[int], there: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Pairs of endpoints that an entry speaks of and between which no flow asks for all that it admits."""
        family = row.match.family
        known = self._known[family]
        most = min(MOST_LOOKED_AT, MOST_LOOKS - self._looks)
        asking = frozenset(service for service in self._services if self._asks_for_all(row, service))
        for one, other in self._list_unasked(family, asking, here, there):
            if most <= 0:
                self._is_cut = True
                break
            most -= 1
            self._looks += 1
            (source, from_here), (destination, to_there) = known[one], known[other]
            if source.name == destination.name or (from_here == to_there and from_here.size == 1):
                continue
            if self._may_pass(row.entry, source.zone, destination.zone):
                yield one, other

    def _list_unasked(
        self, family: int, asking: frozenset[_Service], here: Iterable[int], there: Sequence[int]
    ) -> Iterator[tuple[int, int]]:
        """Pairs of endpoints without a flow of one of some services between them."""
        known = self._known[family]
        for one in here:
            name = known[one][0].name
            key = one, family, asking, there
            if key not in self._unasked:
                reached = {
                    flow.destination.name
                    for destination in self._reached.get(name, ())
                    for flow in self._by_pair[name, destination]
                    if (flow.need.protocol, flow.need.ports) in asking
                }
                self._unasked[key] = tuple(other for other in there if known[other][0].name not in reached)
            yield from ((one, other) for other in self._unasked[key])

    def _may_pass(self, entry: Entry, source: str, destination: str) -> bool:
        """Whether an entry is for what comes from one zone and goes to another, as far as is known."""
        if not entry.enters and not entry.leaves:
            return True
        ways = self.walker.ways
        return any(
            ways.matches(entry.enters, enters, "accept") is True
            and ways.matches(entry.leaves, leaves, "accept") is True
            for enters, leaves in ways.between(source, destination)
        )

    def _asks_for_all(self, row: Row, service: _Service) -> bool:
        """Whether a service is all that a match of an entry admits, whatever the addresses."""
        protocols, ports = self._services[service]
        return (
            row.match.family in families_of(service[0])
            and protocols.covers(row.match.protocols)
            and (ALIKE if ports is ECHO else ports).covers(row.match.ports)
        )

    def _leave(self, family: int, source: Endpoint, destination: Endpoint, boxes: list[Box]) -> list[Box]:
        """What of some packets no flow asks for."""
        for flow in self._list_near(family, source, destination):
            if not boxes:
                break
            if family not in families_of(flow.need.protocol):
                continue
            protocols, ports = find_service(flow.need.protocol, flow.need.ports)
            for one in self._ends.find(flow.source, family):
                for other in self._ends.find(flow.destination, family):
                    if one.name is None and other.name is None:
                        asked = Box(one.addresses, other.addresses, protocols, ALIKE if ports is ECHO else ports)
                        boxes = list(_cut(boxes, asked))
        return boxes

    def _list_near(self, family: int, source: Endpoint, destination: Endpoint) -> Iterator[Flow]:
        """The flows between endpoints that have addresses in common with these, theirs first."""
        yield from self._by_pair.get((source.name, destination.name), ())
        known = self._known[family]
        theirs = {known[number][0].name for number in self._meet(family, destination)}
        for number in self._meet(family, source):
            name = known[number][0].name
            for other in sorted(self._reached.get(name, set()) & theirs):
                if (name, other) != (source.name, destination.name):
                    yield from self._by_pair[name, other]

    def _meet(self, family: int, endpoint: Endpoint) -> Sequence[int]:
        spans = next(unit.addresses for unit in self._ends.find(endpoint, family) if unit.name is None)
        return self._find(family, spans)

    def _list_admitted(self, row: Row, source: Endpoint, destination: Endpoint, boxes: list[Box]) -> Iterator[Box]:
        """What of some packets is admitted by this entry, by whatever way they come."""
        family = row.match.family
        [here] = (unit for unit in self._ends.find(source, family) if unit.name is None)
        [there] = (unit for unit in self._ends.find(destination, family) if unit.name is None)
        ways = self.walker.ways.between(source.zone, destination.zone) if self.walker.has_sides else ((None, None),)
        for enters, leaves in ways:
            packets = Packets(
                family=family,
                source=here,
                destination=there,
                service=(row.match.protocols, row.match.ports),
                keys=((source.name, None), (destination.name, None)),
                enters=enters,
                leaves=leaves,
            )
            outcomes = self.walker.walk(packets, boxes, apart=row.entry.name)
            found = [one.box for one in outcomes if one.state == "open" and row.entry.name in one.by]
            if found:
                yield from found
                return

    def list_asked(self, rows: Iterable[Row]) -> Iterator[Flow]:
        """The flows of which some packets are matched by an entry, of which these are the matches."""
        found: dict[int, Flow] = {}
        for row in rows:
            family, match = row.match.family, row.match
            known = self._known[family]
            there = {known[number][0].name for number in self._find(family, match.destinations)}
            there |= {name for of, name, spans in self._seen if of == family and spans & match.destinations}
            meets = {
                service: bool(protocols & match.protocols and ports & match.ports)
                for service, (protocols, ports) in self._services.items()
                if family in families_of(service[0])
            }
            for number in self._find(family, match.sources):
                source = known[number][0].name
                for destination in self._reached.get(source, set()) & there:
                    for flow in self._by_pair[source, destination]:
                        if meets.get((flow.need.protocol, flow.need.ports)):
                            found[id(flow)] = flow
        return iter(sorted(found.values(), key=lambda flow: (flow.source.name, flow.destination.name)))


def _cut(boxes: Iterable[Box], asked: Box) -> Iterator[Box]:
    for box in boxes:
        part = box.meet(asked)
        if part is None:
            yield box
        else:
            yield from box.without(part)


def _sum_up(name: str, parts: list[_Excess], asked: Iterable[Flow], *, whole_icmp: bool) -> Wider:
    flows = list(asked)
    return Wider(
        entry=name,
        sources=tuple(sorted({part.source.name for part in parts})),
        destinations=tuple(sorted({part.destination.name for part in parts})),
        services=tuple(_list_services(box for part in parts for box in part.boxes)),
        pairs=max(len(parts), sum(part.pairs for part in parts)),
        size=sum(part.size for part in parts),
        narrower=tuple(fold(flows)),
        is_whole=all(part.is_whole for part in parts),
        whole_icmp=whole_icmp and any(flow.need.protocol == "icmp" for flow in flows),
    )


def _list_services(boxes: Iterable[Box]) -> Iterator[str]:
    """Protocols and ports in words, each protocol with all of its ports."""
    ports: dict[Spans, Spans] = {}
    for box in boxes:
        ports[box.protocols] = ports.get(box.protocols, NOTHING) | box.ports
    for protocols, found in ports.items():
        yield from list_services(protocols, found)
