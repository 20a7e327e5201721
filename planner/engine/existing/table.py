"""The entries of one chain, found by what they could decide about. Pure.

Of ten thousand entries only those few are looked at that meet the addresses and ports of a flow. Each kind of
criterion answers with a whole number whose bits are rows; what meets all of them is what all numbers have in common.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from struct import iter_unpack
from typing import Any, NamedTuple

from planner.engine.existing.model import Entry, Match, Sides, Verdict
from planner.engine.existing.spans import FAMILIES, PORTS, PROTOCOLS, Spans

KEPT = 64 * 2**20
"""Most bytes of answers that a table remembers of one criterion."""
MANY = 100
"""From how many sets on those that begin or end before a number aren't gone over one by one."""
MOST_SUMS = 256
"""For how many places at most it is remembered what comes before."""


class Row(NamedTuple):
    """One match of an entry."""

    place: int
    """Of the entry in its chain, from 0."""
    entry: Entry
    match: Match


class Table:
    """The entries of a chain that decide about first packets, in their order."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.rows = [
            Row(place, entry, match)
            for place, entry in enumerate(entries)
            if not entry.replies
            for match in entry.matches
        ]
        self._families = {family: self._of_family(family) for family in FAMILIES}
        size = len(self.rows)
        self._protocols = _Criterion(((n, row.match.protocols) for n, row in enumerate(self.rows)), PROTOCOLS, size)
        self._ports = _Criterion(((n, row.match.ports) for n, row in enumerate(self.rows)), PORTS, size)
        self.accepts = to_bits((n for n, row in enumerate(self.rows) if row.entry.verdict == "accept"), size)
        """The rows that admit, as bits."""
        self.plain = to_bits((n for n, row in enumerate(self.rows) if _is_plain(row)), size)
        """Those that admit or refuse and ask for nothing but addresses, ports, protocols and sides."""
        self._from_anywhere = to_bits((n for n, row in enumerate(self.rows) if row.match.source_ports == PORTS), size)
        sides: dict[tuple[Sides | None, Sides | None, Verdict], list[int]] = defaultdict(list)
        for number, row in enumerate(self.rows):
            if row.entry.enters or row.entry.leaves:
                sides[row.entry.enters, row.entry.leaves, row.entry.verdict].append(number)
        self.sides = {key: to_bits(numbers, size) for key, numbers in sides.items()}
        """The rows that ask for sides, as bits: by those where packets enter, those where they leave, and verdict."""

    def _of_family(self, family: int) -> tuple["_Criterion", "_Criterion"]:
        rows = [(number, row.match) for number, row in enumerate(self.rows) if row.match.family == family]
        size, everything = len(self.rows), FAMILIES[family]
        # Where a name stands beside addresses, any address may be meant.
        return (
            _Criterion(((n, everything if m.source_names else m.sources) for n, m in rows), everything, size),
            _Criterion(
                ((n, everything if m.destination_names else m.destinations) for n, m in rows), everything, size
            ),
        )

    def list_rows(self, bits: int) -> Iterator[Row]:
        """The rows whose bits are set, in their order."""
        return map(self.rows.__getitem__, list_bits(bits))

    def meet(
        self,
        family: int,
        sources: tuple[Hashable, Spans],
        destinations: tuple[Hashable, Spans],
        service: tuple[Spans, Spans],
    ) -> int:
        """The rows that meet packets of a family, as bits of which the lowest is the first row's.

        Addresses come with a key that they are remembered by.
        """
        if not self.rows:
            return 0
        here, there = self._families[family]
        protocols, ports = service
        found = here.find(*sources) & there.find(*destinations)
        if found:
            found &= self._protocols.find(protocols, protocols) & self._ports.find(ports, ports)
        return found

    def find_along(
        self,
        family: int,
        sources: tuple[Hashable, Spans],
        destinations: tuple[Hashable, Spans],
        service: tuple[Spans, Spans],
    ) -> tuple[int, int]:
        """The rows that do nothing but admit or refuse and have all of some packets, but for their sources, and but
        for their destinations, as bits; whatever sides they ask for."""
        here, there = self._families[family]
        protocols, ports = service
        plain = self.plain & self._from_anywhere
        plain &= self._protocols.cover(protocols, protocols) & self._ports.cover(ports, ports)
        return plain & there.cover(*destinations), plain & here.cover(*sources)


def _is_plain(row: Row) -> bool:
    """Whether a row admits or refuses, by nothing but addresses, ports, protocols and sides."""
    entry, match = row.entry, row.match
    has_names = match.source_names or match.destination_names
    return entry.verdict in ("accept", "drop") and not entry.obscure and not has_names


class _Criterion:
    """Which rows have something in common with a set of addresses, protocols or ports."""

    def __init__(self, rows: Iterable[tuple[int, Spans]], everything: Spans, size: int) -> None:
        self._size = size
        self._known: dict[Hashable, int] = {}
        self._covering: dict[Hashable, int] = {}
        alike: dict[Spans, list[int]] = defaultdict(list)
        for number, spans in rows:
            alike[spans].append(number)
        self._always = to_bits(alike.pop(everything, ()), size)
        self._alike = dict(alike)
        self._sets = list(alike)
        numbered = [(first, last, number) for number, spans in enumerate(alike) for first, last in spans]
        self._single = Ordered([one for one in numbered if len(self._sets[one[2]].spans) == 1], self._list_rows, size)
        self._several = Overlaps(one for one in numbered if len(self._sets[one[2]].spans) > 1)

    def _list_rows(self, number: int) -> Sequence[int]:
        return self._alike[self._sets[number]]

    def find(self, key: Hashable, spans: Spans) -> int:
        if key not in self._known:
            hits = {number for span in spans for number in self._several.find(*span)}
            found = self._always | to_bits((row for hit in hits for row in self._list_rows(hit)), self._size)
            _make_room(self._known, self._size)
            self._known[key] = found | self._single.find_met(spans)
        return self._known[key]

    def cover(self, key: Hashable, spans: Spans) -> int:
        """Which rows have all of a set; that is asked of sets alone that rows have something in common with."""
        if key not in self._covering:
            first = Spans(spans.spans[:1])
            near = set(self._several.find(*spans.spans[0]))
            # Whatever has all of it has its first span.
            hits = [one for one in near if self._sets[one].covers(first) and self._sets[one].covers(spans)]
            found = self._always | to_bits((row for hit in hits for row in self._list_rows(hit)), self._size)
            _make_room(self._covering, self._size)
            self._covering[key] = found | self._single.find_around(spans.spans[0][0], spans.spans[-1][1])
        return self._covering[key]


class Overlaps:
    """Spans with a number each, found by what they have in common with a span: by a tree of their greatest ends."""

    def __init__(self, spans: Iterable[tuple[int, int, int]]) -> None:
        """First, last, number."""
        self._spans = sorted(spans)
        self._starts = [first for first, _, _ in self._spans]
        self._leaves = 1
        while self._leaves < len(self._spans):
            self._leaves *= 2
        self._ends = [-1] * (2 * self._leaves)
        for place, (_, last, _) in enumerate(self._spans):
            self._ends[self._leaves + place] = last
        for node in range(self._leaves - 1, 0, -1):
            self._ends[node] = max(self._ends[2 * node], self._ends[2 * node + 1])

    def find(self, first: int, last: int) -> Iterator[int]:
        """The numbers of those that have something in common with it; one that has several spans comes once each."""
        return (number for number, _ in self.find_with_ends(first, last))

    def find_with_ends(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """They, and where each ends."""
        beyond = bisect_right(self._starts, last)
        waiting = [(1, 0, self._leaves)]
        while waiting:
            node, begin, width = waiting.pop()
            if begin >= beyond or self._ends[node] < first:
                continue
            if width == 1:
                _, end, number = self._spans[begin]
                yield number, end
            else:
                half = width // 2
                waiting += [(2 * node, begin, half), (2 * node + 1, begin + half, half)]


class Ordered:
    """Sets of one span each, and the rows that have each: found one by one where they are few, by what begins and ends
    before a number where they are many."""

    def __init__(
        self, spans: Sequence[tuple[int, int, int]], list_rows: Callable[[int], Iterable[int]], size: int
    ) -> None:
        """First, last, number of each set; the rows of a number, each below `size` and in no other set."""
        self._by_first = sorted(spans)
        self._by_last = sorted(spans, key=itemgetter(1))
        self._list_rows = list_rows
        self._size = size
        self._overlaps = Overlaps(self._by_first)
        self._firsts = [first for first, _, _ in self._by_first]
        self._lasts = [last for _, last, _ in self._by_last]

    @cached_property
    def _begun(self) -> "_Sums":
        return _Sums([self._list_rows(number) for _, _, number in self._by_first], self._size)

    @cached_property
    def _ended(self) -> "_Sums":
        return _Sums([self._list_rows(number) for _, _, number in self._by_last], self._size)

    def find_met(self, spans: Spans) -> int:
        """The rows that have something in common with a set, as bits."""
        found = 0
        few: set[int] = set()
        for first, last in spans:
            begun, ended = bisect_right(self._firsts, last), bisect_left(self._lasts, first)
            if begun - ended < MANY:
                few.update(self._overlaps.find(first, last))
            else:
                found |= self._begun.find(begun) & ~self._ended.find(ended)
        return found | self._to_bits(few)

    def find_around(self, first: int, last: int) -> int:
        """The rows that have all from one number to another, as bits."""
        begun, ended = bisect_right(self._firsts, first), bisect_left(self._lasts, last)
        if begun - bisect_left(self._lasts, first) < MANY:
            return self._to_bits(number for number, end in self._overlaps.find_with_ends(first, first) if end >= last)
        return self._begun.find(begun) & ~self._ended.find(ended)

    def _to_bits(self, numbers: Iterable[int]) -> int:
        return to_bits((row for number in numbers for row in self._list_rows(number)), self._size)


class _Sums:
    """The rows of the first so many of some lists, as bits."""

    def __init__(self, lists: Sequence[Iterable[int]], size: int) -> None:
        self._lists = lists
        self._size = size
        self._step = len(lists) // MOST_SUMS + 1
        self._known = [0]
        for begin in range(0, len(lists), self._step):
            self._known.append(self._known[-1] | self._to_bits(begin, begin + self._step))

    def find(self, count: int) -> int:
        """Of the first `count` lists."""
        place = count // self._step
        return self._known[place] | self._to_bits(place * self._step, count)

    def _to_bits(self, begin: int, end: int) -> int:
        return to_bits((row for several in self._lists[begin:end] for row in several), self._size)


def _make_room(known: dict[Any, int], bits: int) -> None:
    """Forget all where more than KEPT is remembered."""
    if len(known) * (bits // 8 + 100) > KEPT:
        known.clear()


def to_bits(numbers: Iterable[int], size: int) -> int:
    """A whole number with these bits set, each of 0 to `size`."""
    bits = bytearray(size // 8 + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


def list_bits(bits: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest: a step for each 64, and one for each that is set."""
    data = bits.to_bytes((bits.bit_length() + 63) // 64 * 8, "little")
    for place, (left,) in enumerate(iter_unpack("<Q", data)):
        word = left
        while word:
            low = word & -word
            yield 64 * place + low.bit_length() - 1
            word ^= low
