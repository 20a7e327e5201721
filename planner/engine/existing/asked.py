"""What the flows of a plan ask for, as sets of packets, to be cut out of others. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from planner.engine.existing.bits import list_bits
from planner.engine.existing.boxes import Box, cut_all
from planner.engine.existing.measure import divide
from planner.engine.existing.model import Entry, Match
from planner.engine.existing.packets import ALIKE, ECHO, families_of, find_service
from planner.engine.existing.pairs import Places
from planner.engine.existing.table import Table
from planner.engine.flows import Flow
from planner.engine.published import Published
from planner.engine.spans import Spans

_Rest = tuple[Spans, ...]
"""Destinations, protocols, ports and source ports."""
KEPT_SPANS = 1_000_000
"""Most spans that are remembered of what is left of packets."""
MOST_GROUPS = 1_000
"""For how many sets of rows sources are remembered that these are for."""


class SeenAs(NamedTuple):
    """A published endpoint as some zones see it."""

    published: Published
    seen: int
    """The address that these see, as a number."""
    real: int
    zones: frozenset[str]
    follows: bool
    """Whether the rules come before and after the translation; else they are said of packets as they come in."""


class Asked:
    """What flows ask for: from addresses, to addresses, on ports; an echo request whatever its code."""

    def __init__(
        self,
        flows: Iterable[Flow],
        numbers: Mapping[str, int],
        places: Mapping[Literal[4, 6], Places],
        published: Sequence[SeenAs] = (),
    ) -> None:
        """`numbers`: the bits of endpoints, by name. What is asked for at a published endpoint is asked for at the
        address as well that the source sees."""
        services: dict[tuple[str, str], set[tuple[str, str | None]]] = defaultdict(set)
        zones: dict[str, str] = {}
        for flow in flows:
            services[flow.source.name, flow.destination.name].add((flow.need.protocol, flow.need.ports))
            zones[flow.source.name] = flow.source.zone
        there: dict[tuple[str, frozenset[tuple[str, str | None]]], list[str]] = defaultdict(list)
        for (source, destination), found in services.items():
            there[source, frozenset(found)].append(destination)
        here: dict[tuple[frozenset[str], frozenset[tuple[str, str | None]], tuple[SeenAs, ...]], list[str]]
        here = defaultdict(list)
        seeing = {zone: tuple(one for one in published if zone in one.zones) for zone in set(zones.values())}
        for (source, asked), destinations in there.items():
            ends = frozenset(destinations)
            seen = tuple(one for one in seeing[zones[source]] if one.published.endpoint in ends)
            here[ends, asked, seen].append(source)
        matches: list[Match] = []
        for (ends, asked, seen), sources in here.items():
            for family, place in places.items():
                from_here = Spans.of(span for name in sources for span in place.addresses(numbers[name]))
                spans = [span for name in ends for span in place.addresses(numbers[name])]
                spans += [(one.seen, one.seen) for one in seen if one.published.family == family]
                to_there = Spans.of(spans)
                if from_here and to_there:
                    matches += _list_matches(family, from_here, to_there, asked)
        self._table = Table([Entry(name="", matches=tuple(matches), verdict="accept")])
        self._groups: dict[int, _Groups] = {}
        """By the bits of rows that bear on packets."""
        self._left: dict[tuple[object, ...], list[_Rest]] = {}
        """What is left of all but sources, by the rows that ask for some of it and by what there was."""
        self._size = 0

    def list_parts(self, family: Literal[4, 6], box: Box) -> Iterator[Box]:
        """What of some packets is asked for; of what is asked for more than once, more than once."""
        parts = (box.meet(_as_box(row.match)) for row in self._table.list_rows(self._meet(family, box)))
        return (part for part in parts if part is not None)

    def cut(self, family: Literal[4, 6], box: Box) -> list[Box]:
        """What of some packets no flow asks for, as boxes that have nothing in common."""
        bits = self._meet(family, box)
        if not bits:
            return [box]
        groups = self._group(bits)
        # Sources that differ are cut each by itself; what is left is taken together where it is the same.
        found: dict[_Rest, list[Spans]] = defaultdict(list)
        if untouched := box.sources - groups.together:
            found[box[1:]].append(untouched)
        for sources, rows in groups.parts:
            if both := box.sources & sources:
                for rest in self._find_left(rows, box):
                    found[rest].append(both)
        return [
            Box(several[0] if len(several) == 1 else Spans.of(span for one in several for span in one), *rest)
            for rest, several in found.items()
        ]

    def _find_left(self, rows: tuple[int, ...], box: Box) -> list["_Rest"]:
        """What is left of all but the sources of some packets, from a source of which these rows ask for some."""
        key = rows, *box[1:]
        if key not in self._left:
            asked = (_as_box(self._table.rows[row].match).with_side(0, box.sources) for row in rows)
            found: list[_Rest] = [one[1:] for one in cut_all([box], asked)]
            self._size += sum(len(spans.spans) for one in found for spans in one) + 1
            if self._size > KEPT_SPANS:
                self._left.clear()
                self._size = 0
            self._left[key] = found
        return self._left[key]

    def _meet(self, family: int, box: Box) -> int:
        return self._table.meet(
            family,
            (box.sources, box.sources),
            (box.destinations, box.destinations),
            (box.protocols, box.ports),
        )

    def _group(self, bits: int) -> "_Groups":
        if bits not in self._groups:
            if len(self._groups) > MOST_GROUPS:
                self._groups.clear()
            rows = list(list_bits(bits))
            parts = divide([self._table.rows[row].match.sources for row in rows])
            made = tuple((sources, tuple(rows[place] for place in places)) for sources, places in parts)
            self._groups[bits] = _Groups(Spans.of(span for sources, _ in made for span in sources), made)
        return self._groups[bits]


class _Groups(NamedTuple):
    """Sources by what asks for something from them."""

    together: Spans
    parts: tuple[tuple[Spans, tuple[int, ...]], ...]
    """Sources that have nothing in common, and the rows that are for them."""


def _list_matches(
    family: Literal[4, 6], sources: Spans, destinations: Spans, asked: Iterable[tuple[str, str | None]]
) -> Iterator[Match]:
    """The services of one protocol are one match."""
    ports: dict[Spans, list[tuple[int, int]]] = defaultdict(list)
    for protocol, said in asked:
        if family in families_of(protocol):
            number, its = find_service(protocol, said)
            ports[number] += ALIKE if its is ECHO else its
    for number, spans in ports.items():
        yield Match(
            family=family,
            sources=sources,
            destinations=destinations,
            protocols=number,
            ports=Spans.of(spans),
        )


def _as_box(match: Match) -> Box:
    return Box(match.sources, match.destinations, match.protocols, match.ports)
