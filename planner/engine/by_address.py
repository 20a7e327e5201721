"""What must stay closed and is kept by the names of endpoints, while a flow of another one has their addresses. Pure.

A row is about names. A firewall sees addresses alone: where a network that may is wider than a machine in it that must
not, the file of the network's flow lets the machine through, and that of a machine which may, in a network that must
not, lets a part of the network through.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import NamedTuple

from planner.engine.address_spans import read_span
from planner.engine.flows import Flow
from planner.engine.prohibitions import Between, Closed, Side, forbids
from planner.engine.report import Report
from planner.plan.document import ANY, Endpoint, address_key

MOST_AROUND = 100
"""Most endpoints that are tried for having the addresses of another one; of a source those that flows lead from."""
MOST_TRIED = 20_000
"""Most pairs of endpoints that are tried for all rows together. Where an endpoint has more than MOST_AROUND, so many
flows and addresses are looked at for those that a flow of the other side leads from or to."""
_KEPT = MOST_AROUND + 2
"""How many are found: its own may be among them, and one more says that there are more."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAddresses:
    """What becomes of rows that no flow breaks, by addresses."""

    opened: Mapping[Closed, ByAddress]
    """Those that are kept by name only, each with the first flow that opens it."""
    partly_tried: frozenset[Closed]
    """Of the others those of which something may open them all the same: there was too much to try."""


def find_by_address(report: Report, rows: Sequence[Closed]) -> ByAddresses:
    """Which of some rows of a report are kept by name only.

    The endpoints of a row are looked at, and not those of a zone that it names. The cost grows with the rows and the
    addresses of the plan, and not with their pairs.
    """
    kept = [row for row in rows if row.kept]
    crossing = [flow for flow in report.flows if flow.scope != "same-host"]
    search = _Search(report.plan.endpoints, crossing, kept)
    tried: list[tuple[Closed, Closed, tuple[Holder, ...]]] = []
    partly = set()
    for row in kept:
        pairs, is_all = search.list_pairs(row)
        # What forbids everything is opened by the first two that flows lead between.
        for first, second, holders in islice(pairs, min(MOST_TRIED - len(tried), MOST_TRIED if row.protocol else 1)):
            tried.append((row, replace(row, source=dict([first]), destination=dict([second])), holders))
        if not is_all or next(pairs, None):
            partly.add(row)
    between = Between((asked for _, asked, _ in tried), crossing)
    opened: dict[Closed, ByAddress] = {}
    for row, asked, holders in tried:
        if row not in opened and (flow := between.find_first(asked)):
            opened[row] = ByAddress(flow=flow, holders=holders)
    return ByAddresses(opened=opened, partly_tried=frozenset(partly - opened.keys()))


_Sides = Mapping[_Named, Holder | None]
"""A side of a row, as what is no holder, and the endpoints that have addresses of it."""


class _Search:
    """For what flows and endpoints of a plan rows are tried by addresses."""

    def __init__(self, endpoints: Sequence[Endpoint], flows: Sequence[Flow], rows: Sequence[Closed]) -> None:
        self._endpoints = {one.name: one for one in endpoints}
        sides = [row.source for row in rows], [row.destination for row in rows]
        leading, led_to = {flow.source.name for flow in flows}, {flow.destination.name for flow in flows}
        self._sources, self._targets = self._find_holders(sides[0], leading), self._find_holders(sides[1], led_to)
        has_any = any(chain(self._sources.values(), self._targets.values()))
        self._flows = flows if has_any else ()
        self._left = MOST_TRIED
        """Of the flows and addresses that are looked at where endpoints have many holders."""

    @cached_property
    def _reached(self) -> Mapping[_Named, set[_Named]]:
        """By each zone and endpoint that flows lead from, the zones and endpoints that they lead to."""
        reached: dict[_Named, set[_Named]] = defaultdict(set)
        for flow in self._flows:
            for side in _name_sides(flow.source):
                reached[side].update(_name_sides(flow.destination))
        return reached

    @cached_property
    def _leading(self) -> Mapping[_Named, Sequence[Flow]]:
        """The flows from each zone and endpoint."""
        return _index((side, flow) for flow in self._flows for side in _name_sides(flow.source))

    @cached_property
    def _led_to(self) -> Mapping[_Named, Sequence[Flow]]:
        return _index((side, flow) for flow in self._flows for side in _name_sides(flow.destination))

    def list_pairs(self, row: Closed) -> tuple[Iterator[tuple[_Named, _Named, tuple[Holder, ...]]], bool]:
        """Each two sides that flows lead between and that have addresses of those of the row, and whose they have.

        And whether one of these opens it if any does.
        """
        (sources, all_sources), (targets, all_targets) = (
            _list_sides(side, holders)
            for side, holders in ((row.source, self._sources), (row.destination, self._targets))
        )
        is_all = all_sources and all_targets
        if all_targets and not all_sources:
            flows = (flow for target in targets for flow in self._led_to.get(target, ()))
            sources, is_all = self._narrow(row, row.source, sources, ((flow, flow.source) for flow in flows))
        elif all_sources and not all_targets:
            flows = (flow for source in sources for flow in self._leading.get(source, ()))
            targets, is_all = self._narrow(row, row.destination, targets, ((f, f.destination) for f in flows))
        return self._meet(sources, targets), is_all

    def _narrow(
        self, row: Closed, side: Side, found: _Sides, ends: Iterable[tuple[Flow, Endpoint]]
    ) -> tuple[_Sides, bool]:
        """What stands for a side of many holders, of the ends of flows of the other side those that a row forbids.

        Each of them opens it. And whether that is known; else what was found, as there is too much to look at.
        """
        looked_at = list(islice(ends, max(self._left, 0) + 1))
        forbidden = {
            end.name: end
            for flow, end in looked_at
            if forbids(row.protocol, row.ports, flow.need.protocol, flow.need.ports)
        }
        self._left -= len(looked_at) + sum(len(end.addresses) for end in forbidden.values())
        if self._left < 0:
            return found, False
        own = self._endpoints[side["endpoint"]]
        endpoints = {**forbidden, own.name: own}
        return _list_sides(side, find_others(endpoints.values(), {own.name}, forbidden))[0], True

    def _meet(self, sources: _Sides, targets: _Sides) -> Iterator[tuple[_Named, _Named, tuple[Holder, ...]]]:
        wanted = set(targets)
        for first, holder in sources.items():
            there = self._reached.get(first, set())
            if not wanted.isdisjoint(there):
                for second, other in targets.items():
                    if second in there:
                        yield first, second, tuple(filter(None, (holder, other)))

    def _find_holders(self, sides: Iterable[Side], taking_part: Collection[str]) -> _Holders:
        """Of the endpoints that sides of rows name, those of `taking_part` that have addresses of theirs."""
        names = {side["endpoint"] for side in sides if "endpoint" in side}
        return find_others(self._endpoints.values(), names, taking_part) if names else {}


def _name_sides(end: Endpoint) -> tuple[_Named, _Named]:
    return ("zone", end.zone), ("endpoint", end.name)


def _index(flows: Iterable[tuple[_Named, Flow]]) -> Mapping[_Named, Sequence[Flow]]:
    found: dict[_Named, list[Flow]] = defaultdict(list)
    for side, flow in flows:
        found[side].append(flow)
    return found


def _list_sides(side: Side, holders: _Holders) -> tuple[_Sides, bool]:
    """What stands for a side of a row, and whether that is all there is."""
    ((kind, name),) = side.items()
    found = holders.get(name, {}) if kind == "endpoint" else {}
    others = {("endpoint", one): Holder(one, name, in_part) for one, in_part in islice(found.items(), MOST_AROUND)}
    return {(kind, name): None, **others}, len(found) <= MOST_AROUND


def find_others(endpoints: Iterable[Endpoint], names: Collection[str], among: Collection[str]) -> _Holders:
    """Of the endpoints of these names, the first others among some that have addresses of theirs: one more than
    MOST_AROUND where there are more.

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
        """The first of some names that may be told."""
        return dict.fromkeys(islice(filter(self._among.__contains__, dict.fromkeys(names)), _KEPT))

    def add(self, names: Iterable[str], others: Iterable[str], *, in_part: bool = False) -> None:
        """Note of those that are asked for that others have addresses of theirs."""
        several = self._part if in_part else self._whole
        for name in names:
            if name in self._names and len(several[name]) < _KEPT:
                several[name].update(dict.fromkeys(others))

    def sum_up(self) -> Mapping[str, Mapping[str, bool]]:
        """What was found: a part only of those that have all of none."""
        found = {}
        for name in self._names:
            others = dict.fromkeys(self._part[name], True) | dict.fromkeys(self._whole[name], False)
            in_order = (other for other in (*self._whole[name], *self._part[name]) if other != name)
            found[name] = {other: others[other] for other in islice(dict.fromkeys(in_order), MOST_AROUND + 1)}
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
        if around and len(around[-1].within) < _KEPT:
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
