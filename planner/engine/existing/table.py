"""The entries of one chain, found by what they could decide about. Pure.

Of ten thousand entries only those few are looked at that meet the addresses and ports of a flow. Each kind of
criterion answers with a whole number whose bits are rows; what meets all of them is what all numbers have in common.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from planner.engine.existing.model import Entry, Match
from planner.engine.existing.spans import FAMILIES, PORTS, PROTOCOLS, Spans

KEPT = 64 * 2**20
"""Most bytes of answers that a table remembers of one criterion."""


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

    def find(
        self,
        family: int,
        sources: tuple[Hashable, Spans],
        destinations: tuple[Hashable, Spans],
        service: tuple[Spans, Spans],
    ) -> Iterator[Row]:
        """The rows that meet packets of a family, in order. Addresses come with a key that they are remembered by."""
        if not self.rows:
            return
        here, there = self._families[family]
        protocols, ports = service
        found = here.find(*sources) & there.find(*destinations)
        if found:
            found &= self._protocols.find(protocols, protocols) & self._ports.find(ports, ports)
        yield from map(self.rows.__getitem__, list_bits(found))


class _Criterion:
    """Which rows have something in common with a set of addresses, protocols or ports."""

    def __init__(self, rows: Iterable[tuple[int, Spans]], everything: Spans, size: int) -> None:
        self._size = size
        self._known: dict[Hashable, int] = {}
        alike: dict[Spans, list[int]] = defaultdict(list)
        for number, spans in rows:
            alike[spans].append(number)
        self._always = _to_bits(alike.pop(everything, ()), size)
        self._rows = list(alike.values())
        self._overlaps = Overlaps((first, last, number) for number, spans in enumerate(alike) for first, last in spans)

    def find(self, key: Hashable, spans: Spans) -> int:
        if key not in self._known:
            hits = {number for span in spans for number in self._overlaps.find(*span)}
            _make_room(self._known, self._size)
            self._known[key] = self._always | _to_bits((row for hit in hits for row in self._rows[hit]), self._size)
        return self._known[key]


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
        beyond = bisect_right(self._starts, last)
        waiting = [(1, 0, self._leaves)]
        while waiting:
            node, begin, width = waiting.pop()
            if begin >= beyond or self._ends[node] < first:
                continue
            if width == 1:
                yield self._spans[begin][2]
            else:
                half = width // 2
                waiting += [(2 * node, begin, half), (2 * node + 1, begin + half, half)]


def _make_room(known: dict[Any, int], bits: int) -> None:
    """Forget all where more than KEPT is remembered."""
    if len(known) * (bits // 8 + 100) > KEPT:
        known.clear()


def _to_bits(numbers: Iterable[int], size: int) -> int:
    bits = bytearray(size // 8 + 1)
    for number in numbers:
        bits[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(bits, "little")


def list_bits(bits: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest; of a number of n bytes in n steps and one for each."""
    for place, byte in enumerate(bits.to_bytes((bits.bit_length() + 7) // 8, "little")):
        if byte:
            for bit in range(8):
                if byte >> bit & 1:
                    yield 8 * place + bit
