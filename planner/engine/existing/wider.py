"""Entries that admit, between endpoints of a plan, what no flow of it asks for: all of it, counted. Pure.

Of what an entry matches, everything between endpoints that no flow asks for goes the way of all packets, as one set,
and what comes out admitted by this entry is more than the plan needs. So what an earlier entry has refused or admitted
isn't held against a later one. A set that many entries bear on is cut in halves until few do.

What is admitted to an address that the device sends on to an endpoint counts as admitted to the endpoint, on the ports
on which it arrives.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from planner.engine.existing.asked import Asked, SeenAs
from planner.engine.existing.bits import list_bits
from planner.engine.existing.boxes import Box
from planner.engine.existing.halves import EACH, halve
from planner.engine.existing.measure import count_packets, list_all_services
from planner.engine.existing.model import WHOLE_ICMP, Entry, Sides
from planner.engine.existing.narrower import Part, find_narrower, order_of
from planner.engine.existing.packets import Ends, Packets, Unit, families_of, find_service
from planner.engine.existing.pairs import InOrder, Met, Pairs, Places, list_groups
from planner.engine.existing.passages import Passage, list_passages
from planner.engine.existing.sent import Sent, Translations
from planner.engine.existing.table import Row
from planner.engine.existing.walk import MOST_STEPS, Walker
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import Triple, fold
from planner.engine.spans import Spans

_FAMILIES: tuple[Literal[4, 6], ...] = (4, 6)
MOST_NAMED = 100
"""Most endpoints of either side that are named; how many pairs there are is told of all."""
MOST_AT_ONCE = 2_000
"""Most steps of a set of packets before it is cut in halves."""
MOST_WORK = 60_000
"""Most steps of all entries together, beside those for their number; of what comes after these nothing is known. One
takes up to 25 microseconds of a processor."""
WORK_OF_EACH = 15
"""How many more there may be for each match of an entry, and for each flow."""
MOST_NARROWER, MOST_PARTS = 1_000, 100
"""For how many entries it is remembered what the plan needs of them, as others may admit the same; and of how many
parts at most."""
PAIRS_OF_WORK = 8
"""To look at so many pairs of endpoints between which there are flows takes as long as a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wider:
    """An entry that admits more than the plan asks for."""

    entry: str
    """As the device names it."""
    sources: tuple[str, ...]
    """Endpoints from which it admits what no flow asks for, sorted; of many the first."""
    destinations: tuple[str, ...]
    """And to which."""
    services: tuple[str, ...]
    """What that is, in words."""
    pairs: int
    """Between how many pairs of endpoints."""
    source_count: int
    """How many sources there are, named or not."""
    destination_count: int
    size: int
    """How many packets, by addresses, protocols and ports: the widest first. Those that endpoints could send to
    themselves are among them."""
    narrower: tuple[Triple, ...]
    """What the plan needs of it: sources, destinations, services. Empty where that is nothing."""
    is_whole: bool = True
    """Whether all of it was tried; else it admits at least this, and may admit more."""
    whole_icmp: bool = False
    """Whether the plan needs an echo of it that nothing there can let through without all of ICMP."""


def find_wider(search: "Search", tell: Callable[[int, int], None] = lambda number, of: None) -> tuple[Wider, ...]:
    """The entries of a walker's ruleset that admit too much, the widest first.

    `tell` is told which of how many entries it is, before each.
    """
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in search.walker.list_rows():
        if row.entry.verdict == "accept" and not row.entry.obscure:
            rows[row.entry.name].append(row)
    found = []
    for number, (name, several) in enumerate(rows.items(), 1):
        tell(number, len(rows))
        if one := search.measure(name, several):
            found.append(one)
    return tuple(sorted(found, key=lambda one: (-one.size, one.entry)))


class _TooMuch(Exception):
    """More work than is done for all entries together."""


@dataclass(slots=True)
class _Excess:
    """What is found of one entry."""

    pairs: Pairs = field(default_factory=Pairs)
    boxes: dict[int, list[Box]] = field(default_factory=lambda: {4: [], 6: []})
    """All that it admits too much, by family."""
    told: list[Box] = field(default_factory=list)
    """What of that is between two endpoints."""
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Some(Packets):
    """Packets from some ports alone."""

    source_ports: Spans

    @property
    def box(self) -> Box:
        """All of them."""
        return Box(self.source.addresses, self.destination.addresses, *self.service, self.source_ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """Some packets that an entry matches, and how they go."""

    row: Row
    passage: Passage
    box: Box
    """To the own addresses of endpoints."""
    here: int
    """The endpoints that may be sources, as bits."""
    there: int
    sent: Sent | None = None
    """How they are sent on, where they come for another address."""
    published: SeenAs | None = None
    """Which endpoint that leads to, where the plan says so and they are followed."""

    @property
    def family(self) -> Literal[4, 6]:
        """The address family."""
        return self.row.match.family


class Search:
    """A plan's endpoints and flows, to be found by what the entries of a ruleset are for."""

    def __init__(
        self,
        report: Report,
        walker: Walker,
        ends: Ends,
        published: Sequence[SeenAs] = (),
        named: Mapping[str, Iterable[Flow]] | None = None,
    ) -> None:
        """The walker has the ruleset; the ends are of the report's plan.

        `published`: where endpoints are seen under another address; `named`: by name of an entry, flows of which it
        admits what is known by DNS name or has no address yet.
        """
        self.walker = walker
        self._ends = ends
        self._published = published
        self._named = named or {}
        self._in_order = InOrder(report.plan.endpoints)
        self._numbers = {endpoint.name: number for number, endpoint in enumerate(report.plan.endpoints)}
        self._flows: dict[int, dict[int, list[Flow]]] = defaultdict(lambda: defaultdict(list))
        self._reached: dict[int, int] = defaultdict(int)
        for flow in report.flows:
            source, destination = self._numbers[flow.source.name], self._numbers[flow.destination.name]
            self._flows[source][destination].append(flow)
            self._reached[source] |= 1 << destination
        self._places = {family: Places(report.plan.endpoints, ends, family) for family in _FAMILIES}
        self._asked = Asked(report.flows, self._numbers, self._places, published)
        self._passages = tuple(list_passages(walker, (zone.name for zone in report.plan.zones)))
        self._open_to: dict[tuple[Sides | None, Sides | None], tuple[Passage, ...]] = {}
        self._work = 0
        self._begin = walker.steps
        rows = sum(len(table.rows) for table in walker.list_tables())
        self._most = MOST_WORK + WORK_OF_EACH * (rows + len(report.flows))
        self._narrower: dict[tuple[object, ...], tuple[Triple, ...]] = {}
        """What the plan needs of entries, by what they admit of what flows ask for."""
        self._translations = Translations(walker.ruleset.translations, walker.ways)
        self.unsent: dict[str, dict[str, None]] = defaultdict(dict)
        """By name of a translation that isn't understood, the entries that admit to its address what may go on to an
        endpoint."""
        self.untried: set[str] = set()
        """The names of entries of which nothing is known, since it takes too much work or others took it."""
        self._services: dict[tuple[str, str | None], tuple[Spans, Spans]] = {
            (flow.need.protocol, flow.need.ports): find_service(flow.need.protocol, flow.need.ports)
            for flow in report.flows
        }

    def measure(self, name: str, rows: Iterable[Row]) -> Wider | None:
        """What the matches of an entry admit too much; None where that is nothing."""
        self.walker.pause()
        several = _drop_same(tuple(rows))
        excess = _Excess()
        try:
            for row in several:
                for one in self._list_tries(row):
                    self._look(one, excess)
        except _TooMuch:
            excess.is_whole = False
        if not excess.told:
            if not excess.is_whole:
                self.untried.add(name)
            return None
        sources, destinations = excess.pairs.sources, excess.pairs.destinations
        narrower = self._find_narrower(name, several, excess)
        return Wider(
            entry=name,
            sources=self._in_order.name(sources, MOST_NAMED),
            destinations=self._in_order.name(destinations, MOST_NAMED),
            services=tuple(list_all_services(excess.told)),
            pairs=len(excess.pairs),
            source_count=sources.bit_count(),
            destination_count=destinations.bit_count(),
            size=sum(map(count_packets, excess.boxes.values())),
            narrower=narrower,
            is_whole=excess.is_whole,
            whole_icmp=self.walker.ruleset.format in WHOLE_ICMP
            and any(ports.protocol == "icmp" for _, _, services in narrower for ports in services),
        )

    # ---- what is tried ----

    def _list_tries(self, row: Row) -> Iterator[_Try]:
        """What a match of an entry says of endpoints of the plan, by each passage and each address."""
        match, places = row.match, self._places[row.match.family]
        for passage in self._list_passages(row.entry):
            here, from_here = places.side(passage.sources)
            there, to_there = places.side(passage.destinations)
            sources, destinations = match.sources & from_here, match.destinations & to_there
            if sources and destinations:
                box = Box(sources, destinations, match.protocols, match.ports, match.source_ports)
                yield _Try(row=row, passage=passage, box=box, here=here, there=there)
            for seen in self._published:
                if seen.follows and seen.published.family == match.family:
                    yield from self._list_followed(row, passage, seen)
            if self.walker.ruleset.translations and sources:
                yield from self._list_sent(row, passage, sources)

    def _list_followed(self, row: Row, passage: Passage, seen: SeenAs) -> Iterator[_Try]:
        """What a match says of packets for the address by which an endpoint is published, before or after that is
        translated."""
        match, places = row.match, self._places[row.match.family]
        there, to_there = places.side(passage.destinations)
        here, from_here = places.side(passage.sources & seen.zones)
        sources = match.sources & from_here
        is_meant = seen.seen in match.destinations or seen.real in match.destinations
        if is_meant and sources and seen.real in to_there:
            box = Box(sources, Spans.only(seen.real), match.protocols, match.ports, match.source_ports)
            sent = Sent(shift=seen.real - seen.seen, goal=(match.family, seen.real))
            yield _Try(row=row, passage=passage, box=box, here=here, there=there, sent=sent, published=seen)

    def _list_sent(self, row: Row, passage: Passage, sources: Spans) -> Iterator[_Try]:
        """What a match says of packets that a translation of the device sends on."""
        match, places = row.match, self._places[row.match.family]
        here, there = places.side(passage.sources)[0], places.side(passage.destinations)[0]
        to_there = places.side(passage.destinations)[1]
        whole = Box(sources, match.destinations, match.protocols, match.ports, match.source_ports)
        for one, box, sent in self._translations.list_leading(match.family, whole, passage.enters, self._spend):
            if sent is None:
                if not one.real or one.real & to_there:
                    self.unsent[one.name][row.entry.name] = None
                continue
            real = sent.find_real(box)
            if destinations := real.destinations & to_there:
                arriving = real._replace(destinations=destinations)
                yield _Try(row=row, passage=passage, box=arriving, here=here, there=there, sent=sent)

    def _list_passages(self, entry: Entry) -> tuple[Passage, ...]:
        """By which passages an entry admits, as far as is known."""
        key = entry.enters, entry.leaves
        if key not in self._open_to:
            matches = self.walker.ways.matches
            self._open_to[key] = tuple(
                one
                for one in self._passages
                if matches(entry.enters, one.enters, "accept") is True
                and matches(entry.leaves, one.leaves, "accept") is True
            )
        return self._open_to[key]

    def _look(self, one: _Try, excess: _Excess) -> None:
        """What an entry admits of some packets that no flow asks for."""
        places = self._places[one.family]
        for box in self._asked.cut(one.family, one.box):
            here, there = places.find(box.sources).within(one.here), places.find(box.destinations).within(one.there)
            if not any(True for _ in list_groups(here, there)):
                continue
            for part in self._list_admitted(one, box, excess):
                excess.boxes[one.family].append(part)
                if excess.pairs.add(*self._meet(one, part)):
                    excess.told.append(part)

    def _meet(self, one: _Try, box: Box) -> tuple[Met, Met]:
        places = self._places[one.family]
        return places.find(box.sources).within(one.here), places.find(box.destinations).within(one.there)

    # ---- what becomes of it ----

    def _list_admitted(self, one: _Try, box: Box, excess: _Excess) -> Iterator[Box]:
        """What of some packets the entry admits, to the own addresses of endpoints."""
        sent = one.sent
        waiting = [sent.find_seen(box) if sent else box]
        while waiting:
            now = waiting.pop()
            packets = self._make_packets(one, now)
            self._spend(EACH)
            found = self.walker.list_admitted(packets, one.row.entry.name, MOST_AT_ONCE)
            if found is None:
                if halves := halve(self.walker.list_tables(), one.family, now, self._spend):
                    waiting += halves
                    continue
                found = self.walker.list_admitted(packets, one.row.entry.name, MOST_STEPS)
            self._spend(0)
            if found is None:
                excess.is_whole = False
                continue
            for outcome in found:
                if sent is None or outcome.translated:
                    yield outcome.box
                elif sent.goal is None:
                    yield sent.find_real(outcome.box)

    def _make_packets(self, one: _Try, box: Box) -> Packets:
        return _Some(
            family=one.family,
            source=Unit(addresses=box.sources),
            destination=Unit(addresses=box.destinations),
            service=(box.protocols, box.ports),
            source_ports=box.source_ports,
            keys=(box.sources, box.destinations),
            enters=one.passage.enters,
            leaves=one.passage.leaves,
            goal=one.sent.goal if one.sent else None,
        )

    def _spend(self, work: int) -> None:
        """Count work. Raises _TooMuch where that is more than is done in all."""
        self._work += work
        if self._work + self.walker.steps - self._begin > self._most:
            raise _TooMuch

    # ---- what the plan needs of an entry ----

    def _find_narrower(self, name: str, rows: Iterable[Row], excess: _Excess) -> tuple[Triple, ...]:
        """What flows need of an entry; all of those that it is for, whole, once there is too much work."""
        named = tuple(self._named.get(name, ()))
        admitted: dict[tuple[object, ...], tuple[_Try, Box]] = {}
        parts: dict[int, tuple[Flow, list[Part]]] = {}
        try:
            for row in rows:
                for one in self._list_tries(row):
                    for box in self._asked.list_parts(one.family, one.box):
                        for part in self._list_admitted(one, box, excess):
                            admitted[one.family, one.passage, one.sent, one.published, part[:4]] = one, part
            key = (tuple(map(id, named)), *admitted)
            if key in self._narrower:
                return self._narrower[key]
            for one, part in admitted.values():
                self._share(one, part, parts)
        except _TooMuch:
            excess.is_whole = False
            whole = {id(flow): flow for flow in (*self.list_asked(rows), *named)}
            return tuple(fold(sorted(whole.values(), key=order_of)))
        found = find_narrower(parts.values(), named, self._ends)
        if len(admitted) <= MOST_PARTS:
            if len(self._narrower) >= MOST_NARROWER:
                self._narrower.clear()
            self._narrower[key] = found
        return found

    def _share(self, one: _Try, box: Box, parts: dict[int, tuple[Flow, list[Part]]]) -> None:
        """Note of which flows these packets are."""
        here, there = self._meet(one, box)
        places = self._places[one.family]
        for source in list_bits(here.ends):
            reached = self._reached[source] & there.ends
            self._spend(reached.bit_count() // PAIRS_OF_WORK)
            from_here = places.addresses(source) & box.sources
            for destination in list_bits(reached):
                to_there = places.addresses(destination) & box.destinations
                for flow in self._flows[source][destination]:
                    if one.family not in families_of(flow.need.protocol) or not self._is_sent(one, flow):
                        continue
                    number, ports = self._services[flow.need.protocol, flow.need.ports]
                    protocols, ports = number & box.protocols, ports & box.ports
                    if from_here and to_there and protocols and ports:
                        part = Part(one.family, Box(from_here, to_there, protocols, ports))
                        parts.setdefault(id(flow), (flow, []))[1].append(part)

    def _is_sent(self, one: _Try, flow: Flow) -> bool:
        """Whether packets of a flow come for the address that these come for, or for another that leads there."""
        if one.sent is not None and one.published is None:
            return True
        for seen in self._published:
            if (
                seen.published.endpoint == flow.destination.name
                and seen.published.family == one.family
                and flow.source.zone in seen.zones
            ):
                return one.published == seen or (one.published is None and seen.follows and not self.walker.translates)
        return one.published is None

    def list_asked(self, rows: Iterable[Row]) -> Iterator[Flow]:
        """The flows of which some packets are matched by an entry, of which these are the matches."""
        found: dict[int, Flow] = {}
        for row in rows:
            family, match = row.match.family, row.match
            places = self._places[family]
            direct = places.find(match.destinations).ends
            for seen in self._published:
                if not seen.follows and seen.published.family == family and seen.seen in match.destinations:
                    direct |= 1 << self._numbers[seen.published.endpoint]
            reached = [(direct, match.protocols, match.ports)]
            whole = Box(match.sources, match.destinations, match.protocols, match.ports)
            reached += (
                (places.find(real.destinations).ends, real.protocols, real.ports)
                for real in self._translations.list_arriving(family, whole)
            )
            for there, protocols, ports in reached:
                for flow in self._list_flows(family, match.sources, there, (protocols, ports)):
                    found[id(flow)] = flow
        return iter(sorted(found.values(), key=lambda flow: (flow.source.name, flow.destination.name)))

    def _list_flows(
        self, family: Literal[4, 6], sources: Spans, there: int, service: tuple[Spans, Spans]
    ) -> Iterator[Flow]:
        """The flows from some addresses to some endpoints of which some packets have one of these services."""
        meets: dict[tuple[str, str | None], bool] = {}
        for source in list_bits(self._places[family].find(sources).ends):
            for destination in list_bits(self._reached[source] & there):
                for flow in self._flows[source][destination]:
                    key = flow.need.protocol, flow.need.ports
                    if key not in meets:
                        protocols, ports = self._services[key]
                        is_any = protocols & service[0] and ports & service[1]
                        meets[key] = bool(is_any) and family in families_of(flow.need.protocol)
                    if meets[key]:
                        yield flow


def _drop_same(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The matches of an entry without those that say of the same packets once more, as a list may that says an entry
    many times."""
    if len(rows) == 1:
        return rows
    return tuple({(row.match, row.entry.enters, row.entry.leaves): row for row in reversed(rows)}.values())[::-1]
