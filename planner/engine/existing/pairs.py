"""The endpoints of a plan by their addresses, and pairs of them, as bits: endpoint N is bit N. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from planner.engine.existing.bits import list_bits, to_bits
from planner.engine.existing.bounds import Bounds
from planner.engine.existing.packets import Ends
from planner.engine.spans import NOTHING, Spans
from planner.plan.document import Endpoint

MOST_KNOWN = 1_000
"""Of how many sets of endpoints the names are remembered, as many entries are for the same ones."""


class Met(NamedTuple):
    """Endpoints that have addresses among some."""

    ends: int
    """Their bits."""
    lone: Mapping[int, int]
    """Of endpoints that share addresses with others, those that have one address alone among these: by address."""

    def within(self, ends: int) -> "Met":
        """Those of them that are among others, too."""
        return Met(self.ends & ends, {address: bits & ends for address, bits in self.lone.items() if bits & ends})


class Places:
    """The endpoints of a plan of which addresses of one family are known."""

    def __init__(self, endpoints: Sequence[Endpoint], ends: Ends, family: Literal[4, 6]) -> None:
        """The endpoints are all of the plan, in its order, which is that of the bits."""
        self._size = len(endpoints)
        self._known = {
            number: unit.addresses
            for number, endpoint in enumerate(endpoints)
            for unit in ends.find(endpoint, family)
            if unit.name is None
        }
        self._zones: dict[str, list[int]] = defaultdict(list)
        for number in self._known:
            self._zones[endpoints[number].zone].append(number)
        spans = sorted((*span, number) for number, several in self._known.items() for span in several)
        alike: dict[Spans, list[int]] = defaultdict(list)
        for number, addresses in self._known.items():
            alike[addresses].append(number)
        self._bounds = Bounds(alike, self._size)
        self._shared = to_bits(_list_shared(spans), self._size)
        self._found: dict[Spans, Met] = {}
        self._sides: dict[frozenset[str], tuple[int, Spans]] = {}

    def addresses(self, number: int) -> Spans:
        """The known addresses of an endpoint; nothing where it has none."""
        return self._known.get(number, NOTHING)

    def find(self, spans: Spans) -> Met:
        """The endpoints that have addresses among some."""
        if spans not in self._found:
            met = self._bounds.find_met(spans)
            lone: dict[int, int] = defaultdict(int)
            for number in list_bits(met & self._shared):
                both = self._known[number] & spans
                if both.size == 1:
                    lone[both.spans[0][0]] |= 1 << number
            self._found[spans] = Met(met, lone)
        return self._found[spans]

    def side(self, zones: frozenset[str]) -> tuple[int, Spans]:
        """The endpoints of some zones, and all of their addresses."""
        if zones not in self._sides:
            numbers = [number for zone in zones for number in self._zones.get(zone, ())]
            spans = Spans.of(span for number in numbers for span in self._known[number])
            self._sides[zones] = to_bits(numbers, self._size), spans
        return self._sides[zones]


def _list_shared(spans: Sequence[tuple[int, int, int]]) -> Iterator[int]:
    """Which endpoints share addresses with another, by all of their spans in order."""
    end = -1
    for place, (first, last, number) in enumerate(spans):
        if first <= end or (place + 1 < len(spans) and spans[place + 1][0] <= last):
            yield number
        end = max(end, last)


class Pairs:
    """Pairs of endpoints, each two of which are others and not the same single address."""

    def __init__(self) -> None:
        self._by_destinations: dict[int, int] = {}
        """Destinations -> sources of which these are all; no source stands there twice."""

    def add(self, here: Met, there: Met) -> bool:
        """Each of some sources with each of some destinations; whether that is any pair."""
        found = list(list_groups(here, there))
        for sources, destinations in found:
            self._add(sources, destinations)
        return bool(found)

    def _add(self, sources: int, destinations: int) -> None:
        changed: dict[int, int] = defaultdict(int)
        left = sources
        for known, several in self._by_destinations.items():
            changed[known | destinations] |= several & sources
            changed[known] |= several & ~sources
            left &= ~several
        changed[destinations] |= left
        self._by_destinations = {known: several for known, several in changed.items() if several}

    def __len__(self) -> int:
        """How many pairs there are."""
        return sum(
            sources.bit_count() * destinations.bit_count() - (sources & destinations).bit_count()
            for destinations, sources in self._by_destinations.items()
        )

    @property
    def sources(self) -> int:
        """The endpoints that are the source of a pair."""
        return self._join(self._by_destinations.items())

    @property
    def destinations(self) -> int:
        """Those that are the destination of one."""
        return self._join((sources, destinations) for destinations, sources in self._by_destinations.items())

    def _join(self, several: Iterable[tuple[int, int]]) -> int:
        """Of pairs of others and these, these that are in a pair with another than themselves."""
        found = 0
        for others, these in several:
            found |= these & ~others if others.bit_count() == 1 else these
        return found


def list_groups(here: Met, there: Met) -> Iterator[tuple[int, int]]:
    """Sources and destinations that make up all pairs of some endpoints between which there are packets.

    None goes from an address to itself.
    """
    rest = here.ends
    for address in here.lone.keys() & there.lone.keys():
        one, other = here.lone[address], there.lone[address]
        if (one | other).bit_count() > 1:
            rest &= ~one
            if _is_any(one, there.ends & ~other):
                yield one, there.ends & ~other
    if _is_any(rest, there.ends):
        yield rest, there.ends


def _is_any(sources: int, destinations: int) -> bool:
    return bool(sources and destinations) and (sources | destinations).bit_count() > 1


class InOrder:
    """The names of endpoints, to be told of some of them in their order."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        """The endpoints are all of the plan, in the order of their bits."""
        self._names = [endpoint.name for endpoint in endpoints]
        self._order = sorted(range(len(endpoints)), key=self._names.__getitem__)
        self._known: dict[tuple[int, int], tuple[str, ...]] = {}

    def name(self, bits: int, most: int) -> tuple[str, ...]:
        """The names of endpoints by their bits, sorted, the first of many; of the same ones they are remembered."""
        key = bits, most
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = self._find(bits, most)
        return self._known[key]

    def _find(self, bits: int, most: int) -> tuple[str, ...]:
        """They: of nearly all endpoints, only those that are named are looked at."""
        if bits.bit_count() <= most:
            return tuple(sorted(self._names[number] for number in list_bits(bits)))
        data = bits.to_bytes(len(self._names) // 8 + 1, "little")
        chosen = (number for number in self._order if data[number >> 3] >> (number & 7) & 1)
        return tuple(self._names[number] for number in islice(chosen, most))
