"""The entries of one chain, found by what they could decide about. Pure.

Of ten thousand entries only those few are looked at that meet the addresses and ports of a flow. Each kind of
criterion answers with a whole number whose bits are rows; what meets all of them is what all numbers have in common.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from planner.engine.existing.bits import list_bits, to_bits
from planner.engine.existing.bounds import Bounds
from planner.engine.existing.model import Entry, Match, Sides, Verdict
from planner.engine.spans import FAMILIES, PORTS, PROTOCOLS, Spans

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

    # What rows are found by is made when packets first come: many a ruleset has chains that none reaches.

    @cached_property
    def _families(self) -> dict[int, tuple["_Criterion", "_Criterion"]]:
        return {family: self._of_family(family) for family in FAMILIES}

    @cached_property
    def _protocols(self) -> "_Criterion":
        return _Criterion(((n, row.match.protocols) for n, row in enumerate(self.rows)), PROTOCOLS, len(self.rows))

    @cached_property
    def _ports(self) -> "_Criterion":
        return _Criterion(((n, row.match.ports) for n, row in enumerate(self.rows)), PORTS, len(self.rows))

    @cached_property
    def accepts(self) -> int:
        """The rows that admit, as bits."""
        return to_bits((n for n, row in enumerate(self.rows) if row.entry.verdict == "accept"), len(self.rows))

    @cached_property
    def plain(self) -> int:
        """Those that admit or refuse and ask for nothing but addresses, ports, protocols and sides, as bits."""
        return to_bits((n for n, row in enumerate(self.rows) if _is_plain(row)), len(self.rows))

    @cached_property
    def _from_anywhere(self) -> int:
        return to_bits((n for n, row in enumerate(self.rows) if row.match.source_ports == PORTS), len(self.rows))

    @cached_property
    def sides(self) -> dict[tuple[Sides | None, Sides | None, Verdict], int]:
        """The rows that ask for sides, as bits: by those where packets enter, those where they leave, and verdict."""
        sides: dict[tuple[Sides | None, Sides | None, Verdict], list[int]] = defaultdict(list)
        for number, row in enumerate(self.rows):
            if row.entry.enters or row.entry.leaves:
                sides[row.entry.enters, row.entry.leaves, row.entry.verdict].append(number)
        return {key: to_bits(numbers, len(self.rows)) for key, numbers in sides.items()}

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
        self._bounds = Bounds(alike, size)

    def find(self, key: Hashable, spans: Spans) -> int:
        """Those that have any of it, as bits."""
        if key not in self._known:
            _make_room(self._known, self._size)
            self._known[key] = self._always | self._bounds.find_met(spans)
        return self._known[key]

    def cover(self, key: Hashable, spans: Spans) -> int:
        """Those that have all of a set that isn't empty, as bits."""
        if key not in self._covering:
            _make_room(self._covering, self._size)
            self._covering[key] = self._always | self._bounds.find_around(spans)
        return self._covering[key]


def _make_room(known: dict[Any, int], bits: int) -> None:
    """Forget all where more than KEPT is remembered."""
    if len(known) * (bits // 8 + 100) > KEPT:
        known.clear()
