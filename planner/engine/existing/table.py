"""The entries of one chain, found by what they could decide about. Pure.

Of ten thousand entries only those few are looked at that meet the addresses and ports of a flow. Each kind of
criterion answers with a whole number whose bits are rows; what meets all of them is what all numbers have in common.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
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
    run: int = 0
    """Which of the runs of refusals it is in, from 1; 0 for none."""


LEAST_RUN = 40
"""Fewest refusals in a row that are taken together."""


class Table:
    """The entries of a chain that decide about first packets, in their order."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.rows = _mark_runs([
            Row(place, entry, match)
            for place, entry in enumerate(entries)
            if not entry.replies
            for match in entry.matches
        ])  # fmt: skip
        self._runs: dict[tuple[int, int, int], Match] = {}
        """Refusals of a run that were taken together, by the run, how many they are and the place of the first."""
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

    def unite(self, rows: Sequence[Row]) -> Match:
        """Several rows of one run in order as one match."""
        key = rows[0].run, len(rows), rows[0].place
        whole = len(rows) == rows[-1].place - rows[0].place + 1
        if whole and key in self._runs:
            return self._runs[key]
        united = replace(
            rows[0].match,
            sources=Spans.of(span for row in rows for span in row.match.sources),
            destinations=Spans.of(span for row in rows for span in row.match.destinations),
        )
        if whole:
            self._runs[key] = united
        return united


def _mark_runs(rows: list[Row]) -> list[Row]:
    """The rows, with those marked that refuse in a row and differ in their sources alone, or in their destinations.

    What such a run refuses is what any of its rows matches, so the rows can be taken together.
    """
    marked = list(rows)
    number = 0
    for like in (_but_sources, _but_destinations):
        place = 0
        for key, several in groupby(rows, like):
            size = len(list(several))
            if key is not None and size >= LEAST_RUN and not any(row.run for row in marked[place : place + size]):
                number += 1
                marked[place : place + size] = [row._replace(run=number) for row in marked[place : place + size]]
            place += size
    return marked


def _is_plain_refusal(row: Row) -> bool:
    entry, match = row.entry, row.match
    is_plain = entry.verdict == "drop" and not entry.obscure and entry.enters is None and entry.leaves is None
    return is_plain and len(entry.matches) == 1 and not match.source_names and not match.destination_names


def _but_sources(row: Row) -> tuple[object, ...] | None:
    """What a plain refusal matches beside its sources; None for other entries."""
    match = row.match
    others = match.family, match.destinations, match.protocols, match.source_ports, match.ports
    return others if _is_plain_refusal(row) else None


def _but_destinations(row: Row) -> tuple[object, ...] | None:
    match = row.match
    others = match.family, match.sources, match.protocols, match.source_ports, match.ports
    return others if _is_plain_refusal(row) else None


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
