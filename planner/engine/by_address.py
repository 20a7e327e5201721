"""What must stay closed and is kept by the names of endpoints, while a flow of another one has their addresses. Pure.

A row is about names. A firewall sees addresses alone: where a network that may is wider than a machine in it that must
not, the file of the network's flow lets the machine through, and that of a machine which may, in a network that must
not, lets a part of the network through.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import NamedTuple

from planner.engine.address_spans import read_span
from planner.engine.flows import Flow
from planner.engine.prohibitions import Between, Closed, Side
from planner.engine.report import Report
from planner.plan.document import ANY, Endpoint, address_key

MOST_AROUND = 100
"""Most endpoints that are tried for having the addresses of another one; of a source those that flows lead from."""
MOST_TRIED = 20_000
"""Most pairs of endpoints that are tried for all rows together."""


_Holders = Mapping[str, Mapping[str, bool]]
"""By the name of an endpoint those that have its addresses, and whether a part of one only."""
_Named = tuple[str, str]
"""A side of a flow or a row: `zone` or `endpoint`, and its name."""


class Holder(NamedTuple):
    """An endpoint of a flow that has addresses of one that a row names."""

    name: str
    of: str
    """The endpoint that the row names."""
    in_part: bool
    """Whether it has a part of a network of it, and all of no address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAddress:
    """What opens a row that no flow breaks."""

    flow: Flow
    holders: tuple[Holder, ...]
    """Of one side or both, where the endpoint of the flow isn't that of the row."""


def find_by_address(report: Report, rows: Sequence[Closed]) -> Mapping[Closed, ByAddress]:
    """Those of some rows of a report that are kept by name only, each with the first flow that opens it.

    The endpoints of a row are looked at, and not those of a zone that it names. The cost grows with the rows and the
    addresses of the plan, and not with their pairs.
    """
    kept = [row for row in rows if row.kept]
    crossing = [flow for flow in report.flows if flow.scope != "same-host"]
    endpoints = report.plan.endpoints
    sources = _find_holders(endpoints, (row.source for row in kept), {flow.source.name for flow in crossing})
    targets = _find_holders(endpoints, (row.destination for row in kept), {flow.destination.name for flow in crossing})
    has_any = any(chain(sources.values(), targets.values()))
    reached = _list_reached(crossing) if has_any else {}
    tried = list(islice(_list_tries(kept, sources, targets, reached), MOST_TRIED))
    between = Between((asked for _, asked in tried), crossing)
    found: dict[Closed, ByAddress] = {}
    for row, asked in tried:
        if row not in found and (flow := between.find_first(asked)):
            pairs = (asked.source, row.source, sources), (asked.destination, row.destination, targets)
            others = tuple(
                Holder(one["endpoint"], other["endpoint"], holders[other["endpoint"]][one["endpoint"]])
                for one, other, holders in pairs
                if one != other
            )
            found[row] = ByAddress(flow=flow, holders=others)
    return found


def _find_holders(endpoints: Sequence[Endpoint], sides: Iterable[Side], taking_part: Collection[str]) -> _Holders:
    """Of the endpoints that sides of rows name, those of `taking_part` that have addresses of theirs."""
    names = {side["endpoint"] for side in sides if "endpoint" in side}
    return find_others(endpoints, names, taking_part) if names else {}


def _list_reached(flows: Iterable[Flow]) -> Mapping[_Named, set[_Named]]:
    """By each zone and endpoint that flows lead from, the zones and endpoints that they lead to."""
    reached: dict[_Named, set[_Named]] = defaultdict(set)
    for flow in flows:
        for source in (("zone", flow.source.zone), ("endpoint", flow.source.name)):
            reached[source] |= {("zone", flow.destination.zone), ("endpoint", flow.destination.name)}
    return reached


def _list_tries(
    rows: Iterable[Closed], sources: _Holders, targets: _Holders, reached: Mapping[_Named, set[_Named]]
) -> Iterator[tuple[Closed, Closed]]:
    """Each row, with the same about each two endpoints that have addresses of those that it names.

    Two that no flow leads between are none of them. What forbids everything is opened by the first two that are.
    """
    for row in rows:
        pairs = _list_pairs(_list_sides(row.source, sources), _list_sides(row.destination, targets), reached)
        for (kind, source), (other_kind, target) in islice(pairs, None if row.protocol else 1):
            yield row, replace(row, source={kind: source}, destination={other_kind: target})


def _list_pairs(
    firsts: Iterable[_Named], seconds: Collection[_Named], reached: Mapping[_Named, set[_Named]]
) -> Iterator[tuple[_Named, _Named]]:
    """Each two sides, one of each kind, that flows lead between."""
    wanted = set(seconds)
    for first in firsts:
        there = reached.get(first, set())
        if not wanted.isdisjoint(there):
            yield from ((first, second) for second in seconds if second in there)


def _list_sides(side: Side, holders: Mapping[str, Collection[str]]) -> list[_Named]:
    return [*side.items(), *(("endpoint", name) for name in holders.get(side.get("endpoint", ""), ()))]


def find_others(endpoints: Sequence[Endpoint], names: Collection[str], among: Collection[str]) -> _Holders:
    """Of the endpoints of these names, the first others among some that have addresses of theirs.

    A DNS name is the same or none, and to what is `any` all of its zone belongs. Networks either lie within each other
    or are apart: in the order of their first addresses, the wider ones first, those around one are open on a stack.
    """
    found = _Found(names, among)
    spans: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
    named: dict[str, dict[str, None]] = defaultdict(dict)
    zones: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in (one for one in endpoints if one.name in names or one.name in among):
        zones[endpoint.zone].append(endpoint)
        for address in endpoint.addresses:
            span = read_span(address)
            if span is not None:
                spans[span.family].append((span.first, -span.last, endpoint.name))
            elif address != ANY:
                named[address_key(address)][endpoint.name] = None
    for several in spans.values():
        _sweep(sorted(several), found)
    for alike in named.values():
        found.add(alike, found.cut(alike))
    for here in zones.values():
        anywhere = [endpoint.name for endpoint in here if ANY in endpoint.addresses]
        if anywhere:
            others = [endpoint for endpoint in here if ANY not in endpoint.addresses]
            found.add((endpoint.name for endpoint in others), found.cut(anywhere))
            some = found.cut(endpoint.name for endpoint in others if endpoint.addresses)
            found.add(anywhere, some, in_part=True)
    return found.sum_up()


class _Found:
    """By name of an endpoint that is asked for, those that have all of an address of it, and those with a part."""

    def __init__(self, names: Collection[str], among: Collection[str]) -> None:
        self._names = names
        self._among = among
        self._whole: dict[str, dict[str, None]] = defaultdict(dict)
        self._part: dict[str, dict[str, None]] = defaultdict(dict)

    def cut(self, names: Iterable[str]) -> dict[str, None]:
        """The first of some names that may be told, one more than is told, as the own one may be among them."""
        return dict.fromkeys(islice(filter(self._among.__contains__, dict.fromkeys(names)), MOST_AROUND + 1))

    def add(self, names: Iterable[str], others: Iterable[str], *, in_part: bool = False) -> None:
        """Note of those that are asked for that others have addresses of theirs."""
        several = self._part if in_part else self._whole
        for name in names:
            if name in self._names and len(several[name]) <= MOST_AROUND:
                several[name].update(dict.fromkeys(others))

    def sum_up(self) -> Mapping[str, Mapping[str, bool]]:
        """What was found: a part only of those that have all of none."""
        found = {}
        for name in self._names:
            others = dict.fromkeys(self._part[name], True) | dict.fromkeys(self._whole[name], False)
            in_order = (other for other in (*self._whole[name], *self._part[name]) if other != name)
            found[name] = {other: others[other] for other in islice(dict.fromkeys(in_order), MOST_AROUND)}
        return found


@dataclass(slots=True)
class _Network:
    """A network that those in it come after."""

    last: int
    names: dict[str, None]
    """Whose it is."""
    around: dict[str, None]
    """Whose it is and what is around it, the first of them."""
    within: dict[str, None] = field(default_factory=dict)
    """Whose what is in it is, the first of them."""


def _sweep(spans: Iterable[tuple[int, int, str]], found: _Found) -> None:
    """Note of each network whose those around it and within it are; `spans`: first, -last and whose, sorted."""
    around: list[_Network] = []

    def close() -> None:
        one = around.pop()
        found.add(one.names, one.within, in_part=True)
        if around and len(around[-1].within) <= MOST_AROUND:
            around[-1].within = found.cut(chain(around[-1].within, one.names, one.within))

    for (first, minus_last), alike in groupby(spans, key=itemgetter(0, 1)):
        while around and around[-1].last < first:
            close()
        names = dict.fromkeys(name for _, _, name in alike)
        known = found.cut(chain(around[-1].around if around else (), names))
        found.add(names, known)
        around.append(_Network(-minus_last, names, known))
    while around:
        close()
