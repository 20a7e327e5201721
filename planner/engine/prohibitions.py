"""What must stay closed: what the plan never allows, what the document forbids, and the flows that break it. Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.engine.flows import Flow
from planner.engine.terms import ALWAYS, Terms
from planner.engine.topology import PLAIN, Topology
from planner.plan.document import Endpoint, Never
from ports.matrix import Prohibition, port_span

Side = Mapping[str, str]
"""`zone` or `endpoint`, with its name."""


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
    """Each `never` row of the plan in its order, then each prohibition of the document for each two endpoints."""
    crossing = [flow for flow in flows if flow.scope != "same-host"]
    return (*_close_by_plan(topology.plan.never, crossing), *_close_by_document(topology, terms, crossing))


class _Between:
    """Flows by their sides, each of which is a zone or an endpoint, then by protocol and ports."""

    def __init__(self, rows: Iterable[Never], flows: Iterable[Flow]) -> None:
        wanted = {_sides(row.source, row.destination) for row in rows}
        self._flows: dict[tuple[str, str, str, str], dict[tuple[str, str | None], list[Flow]]] = {}
        self._places: dict[int, int] = {}
        for place, flow in enumerate(flows):
            for first in (("zone", flow.source.zone), ("endpoint", flow.source.name)):
                for second in (("zone", flow.destination.zone), ("endpoint", flow.destination.name)):
                    sides = (*first, *second)
                    if sides in wanted:
                        found = self._flows.setdefault(sides, defaultdict(list))
                        found[flow.need.protocol, flow.need.ports].append(flow)
                        self._places[id(flow)] = place
        self._spans: dict[tuple[object, ...], _Spans] = {}
        self._found: dict[tuple[object, ...], tuple[Flow, ...]] = {}

    def find(self, row: Never) -> tuple[Flow, ...]:
        """The flows that a row forbids, in their order."""
        sides = _sides(row.source, row.destination)
        asked = sides, row.protocol, row.ports
        if asked not in self._found:
            hit = self._list_hit(sides, row)
            if (sides, hit) not in self._found:  # rows that forbid the same share what they find
                found = [flow for key in hit for flow in self._flows[sides][key]]
                self._found[sides, hit] = tuple(sorted(found, key=lambda flow: self._places[id(flow)]))
            self._found[asked] = self._found[sides, hit]
        return self._found[asked]

    def _list_hit(self, sides: tuple[str, str, str, str], row: Never) -> tuple[tuple[str, str | None], ...]:
        """The protocols and ports between two sides that a row forbids: what `forbids` says of each of them."""
        there = self._flows.get(sides, {})
        if row.protocol is None or row.ports is None:
            return tuple(key for key in there if forbids(row.protocol, row.ports, *key))
        place = sides, row.protocol
        if place not in self._spans:
            self._spans[place] = _Spans(ports for protocol, ports in there if ports and protocol == row.protocol)
        return tuple((row.protocol, ports) for ports in self._spans[place].find(row.ports))


class _Spans:
    """Ports and ranges of one protocol, of which those that meet a row's are found without a look at all.

    Rows and flows can be tens of thousands each. They stand in order, and over them a tree that has for all of them,
    for each half, each quarter and so on how far it reaches.
    """

    def __init__(self, ports: Iterable[str]) -> None:
        self._ports = sorted(ports, key=port_span)
        spans = [port_span(one) for one in self._ports]
        self._starts = [low for low, _ in spans]
        self._width = 1 << len(spans).bit_length()
        self._reach = [0] * self._width + [high for _, high in spans] + [0] * (self._width - len(spans))
        for node in range(self._width - 1, 0, -1):
            self._reach[node] = max(self._reach[2 * node : 2 * node + 2])

    def find(self, ports: str) -> Iterator[str]:
        """Those that have a port of these, in order."""
        low, high = port_span(ports)
        end = bisect_right(self._starts, high)
        nodes = [(1, 0, self._width)]
        while nodes:
            node, first, width = nodes.pop()
            if first >= end or self._reach[node] < low:
                continue
            if width == 1:
                yield self._ports[first]
            else:
                half = width // 2
                nodes += [(2 * node + 1, first + half, half), (2 * node, first, half)]


def _sides(source: Side, destination: Side) -> tuple[str, str, str, str]:
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


def _close_by_plan(rows: Sequence[Never], flows: Sequence[Flow]) -> Iterator[Closed]:
    between = _Between(rows, flows) if rows else None
    for number, row in enumerate(rows):
        yield Closed(
            source=row.source,
            destination=row.destination,
            protocol=row.protocol,
            ports=row.ports,
            sections=(),
            reason=row.reason,
            number=number,
            breaking=between.find(row) if between else (),
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
