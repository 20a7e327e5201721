"""Many entries in a row that admit or refuse and differ in one side alone, decided about together. Pure.

Packets from any address that meet ten thousand entries, each for other sources, are cut to pieces once for a stretch
of these and not once for each entry. What a stretch does is the same for whatever packets are all within the other
criteria of its entries, so it is reckoned once, and so is what it has in common with one set of addresses: other flows
from there find both.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

from planner.engine.existing.bits import list_bits
from planner.engine.existing.boxes import SPANS_OF_WORK, Box
from planner.engine.existing.model import Match
from planner.engine.existing.table import Row, Table
from planner.engine.spans import FAMILIES, NOTHING, PORTS, Spans

BLOCK = 1024
"""How many rows of a table a stretch is within: one that differs for a flow leaves the others as they are."""
MASK = (1 << BLOCK) - 1
WINDOW = 32
"""How many rows are looked at once for whether any of them bears on packets, where not all in a row do nothing."""
_WINDOW = (1 << WINDOW) - 1
LEAST = 4
"""Fewest entries that are taken together once as many are named as are ever told."""
LEAST_MET = 64
"""Fewest rows that packets meet and that are looked at for stretches."""
LEAST_ALIKE = 32
"""Fewest rows of a block with the same criteria but for one side that many packets are taken to meet alike."""
MOST_LONE = 64
"""Most rows beside them in a block that are put off, so that what all packets meet stays one stretch."""
MANY_SPANS = 500
"""From how many spans on what a few others leave of them isn't remembered: it is found as quickly."""
KEPT_ROWS = 200_000
"""Most rows of stretches that are remembered of one table."""
KEPT_SPANS = 1_000_000
"""Most spans that are remembered of what sets have in common."""
Axis = Literal[0, 1, 3, 4]
"""What entries differ in, as boxes have it: their sources, their destinations, their ports or their source ports."""
_SIDES: tuple[Axis, ...] = (0, 1)
_AXES: tuple[Axis, ...] = (0, 1, 3, 4)
Settled = Literal["accept", "drop"]
_FIRST: tuple[Settled, Settled] = ("drop", "accept")


class Owned(NamedTuple):
    """Addresses of which one row decides."""

    first: int
    last: int
    number: int
    """Of the row in its stretch, from 0."""


class Several:
    """The entries of a stretch that admit, or those that refuse, with the addresses that each decides about."""

    def __init__(self, axis: Axis, rows: Sequence[Row], owned: Sequence[Owned]) -> None:
        """The rows are all of the stretch; what is owned is in order and apart."""
        self.axis = axis
        self.spans = Spans.of((one.first, one.last) for one in owned)
        """All of these addresses."""
        self._rows = rows
        self._owned = owned
        self._starts = [one.first for one in owned]

    def name(self, box: Box) -> str:
        """One of the entries that decide about some packets, as the device names it."""
        place = bisect_right(self._starts, box[self.axis].spans[0][0]) - 1
        return self._rows[self._owned[max(0, place)].number].entry.name

    def find_part(self, name: str) -> Spans:
        """The addresses that entries of a name decide about; none where there is no such entry here."""
        return self._parts.get(name, NOTHING)

    @cached_property
    def _parts(self) -> Mapping[str, Spans]:
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for one in self._owned:
            found[self._rows[one.number].entry.name].append((one.first, one.last))
        return {name: Spans.of(spans) for name, spans in found.items()}

    def find_first(self, spans: Spans) -> str:
        """The first entry, in the order of the device, that some of these addresses meet; empty where none does."""
        first = len(self._rows)
        for start, end in spans:
            place = max(0, bisect_right(self._starts, start) - 1)
            while place < len(self._owned) and self._owned[place].first <= end:
                if self._owned[place].last >= start:
                    first = min(first, self._owned[place].number)
                place += 1
        return self._rows[first].entry.name if first < len(self._rows) else ""


class Stretch:
    """Rows of a table in their order that differ in one side alone, as far as some packets can tell."""

    def __init__(self, rows: Sequence[Row], axis: Axis, *, is_whole: bool) -> None:
        """`is_whole`: whether each row has all of the packets but for that side; else the rows have the same criteria
        but for it, and the stretch is for what these have."""
        self.axis: Axis = axis
        self.rows = rows
        self.part = None if is_whole else _widen(rows[0].match, axis)
        verdicts: tuple[Settled, ...] = ("accept", "drop")
        self._has_admitting = any(row.entry.verdict == "accept" for row in rows)
        owned = list(self._divide(range(len(rows))))
        apart = {one: [own for own in owned if rows[own.number].entry.verdict == one] for one in verdicts}
        self.parts = tuple((one, Several(axis, rows, apart[one])) for one in verdicts if apart[one])
        """What the first of the rows that matches does: a verdict, and those that have it."""
        self.spans = (
            Spans.of((one.first, one.last) for one in owned) if len(self.parts) > 1 else self.parts[0][1].spans
        )
        """All that any of them decides about."""

    def _divide(self, numbers: Sequence[int]) -> Iterator[Owned]:
        """Give each address to the first of some rows that has it, by the bounds of all: each is gone over once."""
        sides = [(number, _as_box(self.rows[number].match)[self.axis]) for number in numbers]
        bounds = sorted({bound for _, side in sides for first, last in side for bound in (first, last + 1)})
        place = {bound: number for number, bound in enumerate(bounds)}
        after = list(range(len(bounds) + 1))
        """From each place the next one that nobody has yet, or one on the way to it."""

        def find(number: int) -> int:
            while after[number] != number:
                after[number] = number = after[after[number]]
            return number

        owners: list[int | None] = [None] * len(bounds)
        for owner, side in sides:
            for first, last in side:
                number, end = find(place[first]), place[last + 1]
                while number < end:
                    owners[number] = owner
                    after[number] = number + 1
                    number = find(number + 1)
        for number, one in enumerate(owners):
            if one is not None:
                yield Owned(bounds[number], bounds[number + 1] - 1, one)

    @cached_property
    def _admitting(self) -> Several:
        """Those that admit, as if nothing had decided before them."""
        numbers = [number for number, row in enumerate(self.rows) if row.entry.verdict == "accept"]
        return Several(self.axis, self.rows, list(self._divide(numbers)))

    def find_admitting(self, box: Box) -> str:
        """The first entry that would admit some packets, whatever comes before it; empty where none would."""
        if not self._has_admitting:
            return ""
        inside = box.meet(self.part) if self.part else box
        return self._admitting.find_first(inside[self.axis]) if inside else ""


class Chain(Protocol):
    """What stretches ask of the chain that they are in."""

    def has_named(self, verdict: Settled) -> bool:
        """Whether as many entries have this verdict on packets as are ever named."""

    def meets(self, stretch: Stretch) -> bool:
        """Whether a stretch bears on any packets that are still of interest."""


class Stretches:
    """Those of one table, each made once."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[tuple[int, int, Axis, bool], Stretch] = {}
        self._size = 0
        self._alike: dict[tuple[int, Axis], tuple[int, ...]] = {}
        self._common: dict[tuple[int, Axis], int] = {}

    def find(self, start: int, bits: int, axis: Axis, *, is_whole: bool) -> Stretch:
        """That of the rows whose bits are set, from the row `start`."""
        key = start, bits, axis, is_whole
        if key not in self._known:
            rows = [self._table.rows[start + place] for place in list_bits(bits)]
            self._size += len(rows)
            if self._size > KEPT_ROWS:
                self._known.clear()
                self._size = len(rows)
            self._known[key] = Stretch(rows, axis, is_whole=is_whole)
        return self._known[key]

    def list_turns(self, met: int, along: tuple[int, int], alike: int, chain: "Chain") -> Iterator[Row | Stretch]:
        """What decides about packets, in order: rows one by one, and stretches of them.

        `met`: the rows that the packets meet, as bits; `along`: those of them that have all of the packets but for
        their sources, and but for their destinations, and do what is understood; `alike`: those that do what is
        understood, of which some may have the same criteria but for one side. Until the chain has named as many
        entries of a verdict as are ever told, each of them comes by itself; after that those may come later that have
        no address in common with what they give way to, and so decide about the same packets.
        """
        put_off: list[Stretch] = []
        for turn, lone in self._list_in_order(met, along, alike, chain):
            if put_off and not _gives_way(put_off, turn):
                yield from put_off
                put_off = []
            yield turn
            put_off += lone
        yield from put_off

    def _list_in_order(
        self, met: int, along: tuple[int, int], alike: int, chain: "Chain"
    ) -> Iterator[tuple[Row | Stretch, list[Stretch]]]:
        """What decides about packets, in order; and with a stretch what stands between its rows and may come later."""
        for start, block in _list_blocks(met):
            left = block
            looked: set[tuple[Axis, bool, int]] = set()
            """Of which rows it was seen whether they bear on anything, by the last of them."""
            ways = tuple(one >> start & MASK for one in along)
            accepts = self._table.accepts >> start & MASK
            same = alike >> start & MASK
            while left:
                low = left & -left
                axis, run, is_whole = self._find_run(start, left, ways, same)
                verdicts: list[Settled] = ["accept"] if run & accepts else []
                verdicts += ["drop"] if run & ~accepts else []
                if not all(map(chain.has_named, verdicts)):
                    near = run & (_WINDOW << (low.bit_length() - 1) // WINDOW * WINDOW)
                    idle = 0
                    for piece in (run, near):
                        key = axis, is_whole, piece.bit_length()
                        if not idle and piece.bit_count() >= LEAST and key not in looked:
                            looked.add(key)
                            rows = piece if is_whole else self._fill(start, piece, left, axis)
                            idle = 0 if chain.meets(self.find(start, rows, axis, is_whole=is_whole)) else piece
                    if idle:
                        left ^= idle
                        continue
                    first, like = _FIRST[bool(low & accepts)], accepts if low & accepts else ~accepts
                    run = _until(run, run & ~like) if chain.has_named(first) else low
                if is_whole:
                    run = self._without_tail(start, run, axis)
                if run.bit_count() < LEAST:
                    run = low
                rows = run if is_whole or run == low else self._fill(start, run, left, axis)
                left ^= run
                if is_whole:
                    yield self._part(start, run, axis)
                elif run != low:
                    yield self.find(start, rows, axis, is_whole=False), []
                else:
                    yield self._table.rows[start + low.bit_length() - 1], []

    def _part(self, start: int, run: int, axis: Axis) -> tuple[Stretch, list[Stretch]]:
        """The stretch of some rows that have all of the packets but for one side; without those, each apart, that few
        packets meet and that could as well stand behind the others."""
        common = run & self._find_common(start, axis)
        lone = run & ~common
        if lone and common.bit_count() >= LEAST and lone.bit_count() <= MOST_LONE:
            stretch = self.find(start, common, axis, is_whole=True)
            apart = [self.find(start, 1 << place, axis, is_whole=True) for place in list_bits(lone)]
            if _gives_way(apart, stretch):
                return stretch, apart
        return self.find(start, run, axis, is_whole=True), []

    def _without_tail(self, start: int, run: int, axis: Axis) -> int:
        """Some rows without those behind the last of them that has the same criteria as many others.

        Most tables end with what is for everything, which none gives way to.
        """
        common = run & self._find_common(start, axis)
        return run & ((1 << common.bit_length()) - 1) if common else run

    def _find_common(self, start: int, axis: Axis) -> int:
        """The rows of a block that have the same criteria but for one side as many others of it, as bits."""
        key = start, axis
        if key not in self._common:
            found = 0
            for one in set(self._find_alike(start, axis)):
                found |= one if one.bit_count() >= LEAST_ALIKE else 0
            self._common[key] = found
        return self._common[key]

    def _find_run(self, start: int, bits: int, ways: Sequence[int], same: int) -> tuple[Axis, int, bool]:
        """The rows of a block from the first of these on that can be taken together: the side that they differ in, the
        rows, and whether they have all of the packets but for it."""
        low = bits & -bits
        for axis in _SIDES:
            if ways[axis] & low:
                return axis, _until(bits, bits & ~ways[axis]), True
        if not same & low:
            return 0, low, False
        place = low.bit_length() - 1
        runs = [_until(bits, bits & ~(self._find_alike(start, axis)[place] & same)) for axis in _AXES]
        longest = max(runs, key=int.bit_count)
        return _AXES[runs.index(longest)], longest, False

    def _fill(self, start: int, run: int, left: int, axis: Axis) -> int:
        """Some rows that have the same criteria but for one side, with all others of the block that have and that no
        other row which is left comes before.

        What these others are for is no part of the packets, or was decided about: so they change nothing, and packets
        that meet others of these rows find the same stretch.
        """
        alike = self._find_alike(start, axis)[run.bit_length() - 1] & self._table.plain >> start
        return _until(alike, left & ~run)

    def _find_alike(self, start: int, axis: Axis) -> tuple[int, ...]:
        """Of each row of a block those of it that have the same criteria but for one side, as bits."""
        key = start, axis
        if key not in self._alike:
            found: dict[tuple[object, ...], int] = defaultdict(int)
            keys = [_but_side(row, axis) for row in self._table.rows[start : start + BLOCK]]
            for place, one in enumerate(keys):
                found[one] |= 1 << place
            self._alike[key] = tuple(found[one] for one in keys)
        return self._alike[key]


def _gives_way(several: Sequence[Stretch], turn: Row | Stretch) -> bool:
    """Whether some stretches decide about the same packets behind this one as before it."""
    return isinstance(turn, Stretch) and all(one.axis == turn.axis and not turn.spans & one.spans for one in several)


def _but_side(row: Row, axis: Axis) -> tuple[object, ...]:
    box = _as_box(row.match)
    return row.match.family, row.entry.enters, row.entry.leaves, *box[:axis], *box[axis + 1 :]


def _widen(match: Match, axis: Axis) -> Box:
    """All that has the criteria of a match but for one."""
    return _as_box(match).with_side(axis, PORTS if axis > 1 else FAMILIES[match.family])


def _as_box(match: Match) -> Box:
    return Box(match.sources, match.destinations, match.protocols, match.ports, match.source_ports)


def _list_blocks(bits: int) -> Iterator[tuple[int, int]]:
    """The bits that are set, by blocks: number of the first row, bits from there."""
    width = BLOCK // 8
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    for begin in range(0, len(data), width):
        if found := int.from_bytes(data[begin : begin + width], "little"):
            yield begin * 8, found


def _until(bits: int, stop: int) -> int:
    """Those below the lowest of the others; all where there are no others."""
    return bits & ((stop & -stop) - 1) if stop else bits


class Meetings:
    """What large sets of addresses have in common, or one has alone, remembered by the sets themselves."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, bool], tuple[Spans, Spans, Spans]] = {}
        self._size = 0
        self._work = 0

    def take_work(self) -> int:
        """What it took since this was last asked, in comparisons of boxes of few spans."""
        work, self._work = divmod(self._work, SPANS_OF_WORK)
        return work

    def both(self, one: Spans, other: Spans) -> Spans:
        """What is in both."""
        return self._find(one, other, is_rest=False)

    def rest(self, one: Spans, other: Spans) -> Spans:
        """What is in the first alone."""
        return self._find(one, other, is_rest=True)

    def _find(self, one: Spans, other: Spans, *, is_rest: bool) -> Spans:
        if len(one.spans) > MANY_SPANS and len(other.spans) <= LEAST:
            return one - other if is_rest else one & other
        key = id(one), id(other), is_rest
        known = self._known.get(key)
        if known is None:
            self._work += one.work(other)
            found = one - other if is_rest else one & other
            self._size += len(found.spans) + 1
            if self._size > KEPT_SPANS:
                self._known.clear()
                self._size = len(found.spans) + 1
            self._known[key] = known = one, other, found  # both are kept, so that no other set is taken for them
        return known[2]
