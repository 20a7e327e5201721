"""What must stay closed: what the plan never allows, what the document forbids, and the flows that break it. Pure."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from planner.engine.flows import Flow, TooLarge
from planner.engine.terms import ALWAYS, Terms
from planner.engine.topology import PLAIN, Topology
from planner.plan import limits
from planner.plan.document import Endpoint, Never
from planner.plan.fields import Expectation
from ports.matrix import Prohibition, port_span

Side = Mapping[str, str]
"""`zone` or `endpoint`, with its name."""
type Row = Never | Expectation | Closed
"""A row about what goes from one side to another; without a protocol everything, without ports all."""
_Sides = tuple[str, str, str, str]
"""Both sides of a row, each as `zone` or `endpoint` and its name."""
_Service = tuple[str, str | None]
"""Protocol and ports of flows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closed:
    """What must stay closed from one side to another; without a protocol everything, without ports all of them."""

    source: Side
    destination: Side
    protocol: str | None
    ports: str | None
    sections: tuple[str, ...]
    """Of the document, if it says so; empty for what the plan says."""
    reason: str
    number: int | None
    """Which of the plan's `never` rows it is, from 0; None for the document's prohibitions."""
    breaking: tuple[Flow, ...]
    """The flows that it forbids and that are needed nevertheless, in their order."""

    @property
    def kept(self) -> bool:
        """Whether no flow breaks it."""
        return not self.breaking


def find_closed(topology: Topology, terms: Terms, flows: Sequence[Flow]) -> tuple[Closed, ...]:
    """Each `never` row of the plan in its order, then each prohibition of the document for each two endpoints.

    Raises TooLarge where flows break the rows more often, each counted for each row, than planner.plan.limits.BROKEN.
    """
    rows, crossing = topology.plan.never, _list_crossing(flows)
    between = Between(rows, crossing)
    if (broken := between.count_all(rows)) > limits.BROKEN:
        raise TooLarge(limits.say_broken(broken))
    return (*_close_by_plan(rows, between), *_close_by_document(topology, terms, crossing))


def count_broken(rows: Sequence[Never], flows: Sequence[Flow]) -> int:
    """How often flows break these rows, each counted for each row.

    The cost grows with the rows and the flows, and not with what breaks what.
    """
    return Between(rows, _list_crossing(flows)).count_all(rows)


def _list_crossing(flows: Sequence[Flow]) -> list[Flow]:
    return [flow for flow in flows if flow.scope != "same-host"]


class Between:
    """Flows by the sides of rows, each of which is a zone or an endpoint, then by protocol and ports."""

    def __init__(self, rows: Iterable[Row], flows: Iterable[Flow]) -> None:
        wanted = {_sides(row.source, row.destination) for row in rows}
        self._flows: dict[_Sides, dict[_Service, list[Flow]]] = {}
        self._places: dict[int, int] = {}
        for place, flow in enumerate(flows if wanted else ()):
            for first in (("zone", flow.source.zone), ("endpoint", flow.source.name)):
                for second in (("zone", flow.destination.zone), ("endpoint", flow.destination.name)):
                    sides = (*first, *second)
                    if sides in wanted:
                        found = self._flows.setdefault(sides, defaultdict(list))
                        found[flow.need.protocol, flow.need.ports].append(flow)
                        self._places[id(flow)] = place
        self._spans: dict[tuple[_Sides, str], PortSpans] = {}
        self._found: dict[tuple[object, ...], tuple[Flow, ...]] = {}

    def count_all(self, rows: Iterable[Row]) -> int:
        """How many flows rows forbid, each counted for each row."""
        counted: dict[tuple[object, ...], int] = {}
        total = 0
        for row in rows:
            asked = _sides(row.source, row.destination), row.protocol, row.ports
            if asked not in counted:
                counted[asked] = self.count(row)
            total += counted[asked]
        return total

    def count(self, row: Row) -> int:
        """As many as `find` finds, none of which is looked at."""
        sides = _sides(row.source, row.destination)
        if row.protocol is None or row.ports is None:
            there = self._flows.get(sides, {})
            return sum(len(flows) for service, flows in there.items() if forbids(row.protocol, row.ports, *service))
        return self._find_spans(sides, row.protocol).count(row.ports)

    def find(self, row: Row) -> tuple[Flow, ...]:
        """The flows that a row forbids, in their order."""
        sides = _sides(row.source, row.destination)
        asked = sides, row.protocol, row.ports
        if asked not in self._found:
            hit = self._list_hit(sides, row)
            if (sides, hit) not in self._found:  # rows that forbid the same share what they find
                found = [flow for service in hit for flow in self._flows[sides][service]]
                self._found[sides, hit] = tuple(sorted(found, key=lambda flow: self._places[id(flow)]))
            self._found[asked] = self._found[sides, hit]
        return self._found[asked]

    def find_first(self, row: Row) -> Flow | None:
        """The first of the flows that `find` finds; None where it finds none."""
        sides = _sides(row.source, row.destination)
        firsts = (self._flows[sides][service][0] for service in self._list_hit(sides, row))
        return min(firsts, key=lambda flow: self._places[id(flow)], default=None)

    def _list_hit(self, sides: _Sides, row: Row) -> tuple[_Service, ...]:
        """The protocols and ports between two sides that a row forbids: what `forbids` says of each of them."""
        if row.protocol is None or row.ports is None:
            there = self._flows.get(sides, {})
            return tuple(service for service in there if forbids(row.protocol, row.ports, *service))
        return tuple(self._find_spans(sides, row.protocol).find(row.ports))

    def _find_spans(self, sides: _Sides, protocol: str) -> "PortSpans":
        place = sides, protocol
        if place not in self._spans:
            there = self._flows.get(sides, {})
            self._spans[place] = PortSpans(
                {service: len(flows) for service, flows in there.items() if service[0] == protocol and service[1]}
            )
        return self._spans[place]


class PortSpans:
    """Ports and ranges of one protocol, of which those that meet others are found without a look at all.

    Rows and flows can be tens of thousands each. They stand in order, and over them a tree that has for all of them,
    for each half, each quarter and so on how far it reaches.
    """

    def __init__(self, flows: Mapping[_Service, int]) -> None:
        """How many flows there are on each of these ports."""
        spans = sorted((*port_span(ports), (protocol, ports)) for protocol, ports in flows if ports)
        self._services = [service for _, _, service in spans]
        self._starts = [low for low, _, _ in spans]
        self._width = 1 << len(spans).bit_length()
        self._reach = [0] * self._width + [high for _, high, _ in spans] + [0] * (self._width - len(spans))
        for node in range(self._width - 1, 0, -1):
            self._reach[node] = max(self._reach[2 * node : 2 * node + 2])
        self._begun = [0, *accumulate(flows[service] for service in self._services)]
        """Flows on the first so many of them."""
        by_end = sorted((high, flows[service]) for _, high, service in spans)
        self._ends = [high for high, _ in by_end]
        self._ended = [0, *accumulate(count for _, count in by_end)]
        """The same for those that end first."""

    def count(self, ports: str) -> int:
        """Flows on these ports: those on what begins before they end, but not on what ends before they begin."""
        low, high = port_span(ports)
        return self._begun[bisect_right(self._starts, high)] - self._ended[bisect_left(self._ends, low)]

    def find(self, ports: str) -> Iterator[_Service]:
        """Those that have a port of these, in order."""
        low, high = port_span(ports)
        end = bisect_right(self._starts, high)
        nodes = [(1, 0, self._width)]
        while nodes:
            node, first, width = nodes.pop()
            if first >= end or self._reach[node] < low:
                continue
            if width == 1:
                yield self._services[first]
            else:
                half = width // 2
                nodes += [(2 * node + 1, first + half, half), (2 * node, first, half)]


def _sides(source: Side, destination: Side) -> _Sides:
    (first,), (second,) = source.items(), destination.items()
    return (*first, *second)


def forbids(protocol: str | None, ports: str | None, of_flow: str, ports_of_flow: str | None) -> bool:
    """Whether a flow on these ports is among what is forbidden: the ports of both overlap.

    Without a protocol everything is forbidden, without ports every port of the protocol.
    """
    if protocol is None or ports is None or ports_of_flow is None:
        return protocol in (None, of_flow)
    (low, high), (least, most) = port_span(ports), port_span(ports_of_flow)
    return protocol == of_flow and low <= most and least <= high


def _close_by_plan(rows: Sequence[Never], between: Between) -> Iterator[Closed]:
    for number, row in enumerate(rows):
        yield Closed(
            source=row.source,
            destination=row.destination,
            protocol=row.protocol,
            ports=row.ports,
            sections=(),
            reason=row.reason,
            number=number,
            breaking=between.find(row),
        )


def _close_by_document(topology: Topology, terms: Terms, flows: Sequence[Flow]) -> Iterator[Closed]:
    sides = [
        (
            prohibition,
            sorted(endpoint.name for endpoint in _forbidden_sources(topology, terms, prohibition)),
            sorted(endpoint.name for endpoint in topology.with_role(prohibition.destination)),
        )
        for prohibition in topology.matrix.prohibitions
    ]
    by_pair: dict[tuple[str, str], list[Flow]] = defaultdict(list)
    ends = {name for _, sources, destinations in sides if sources for name in destinations}
    if ends:
        for flow in flows:
            if flow.destination.name in ends:
                by_pair[flow.source.name, flow.destination.name].append(flow)
    for prohibition, sources, destinations in sides:
        for source in sources:
            for destination in destinations:
                if source != destination:
                    yield Closed(
                        source={"endpoint": source},
                        destination={"endpoint": destination},
                        protocol=None,
                        ports=None,
                        sections=(prohibition.section,),
                        reason=prohibition.summary,
                        number=None,
                        breaking=tuple(by_pair[source, destination]),
                    )


def _forbidden_sources(topology: Topology, terms: Terms, prohibition: Prohibition) -> Iterator[Endpoint]:
    """The endpoints that must not open a connection: a condition on a choice is about the source's own."""
    for endpoint in topology.with_role(prohibition.source):
        own = terms.under(topology.settings.get(endpoint.name, PLAIN))
        if own.meets_all(prohibition.when) == ALWAYS:
            yield endpoint
