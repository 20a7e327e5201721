"""Sets of numbers and the rows that have each, found by where the spans of these sets begin and end. Pure.

Answers are whole numbers whose bits are rows. A row has a number in its set when an odd number of bounds comes up to
it: as many beginnings as ends, and one more. So what one number meets is the sum, without carries, of all bounds up to
it; and a span meets what its first number does, and what begins after that. Sums are kept for so many places that
they fit into memory, and made up from the nearest: the work grows neither with the rows that are met nor with how
many spans one row has.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain, pairwise

from planner.engine.existing.bits import to_bits
from planner.engine.spans import Spans

KEPT = 16 * 2**20
"""About how many bytes of sums are kept of each kind."""
OF_EACH = 40
"""How many bytes a sum takes beside its bits."""
MANY_SPANS, MANY_ROWS = 8, 64
"""From how many spans of a set, and rows that have it, on these rows are added as bits that were put together once."""

_Bound = tuple[int, int]
"""A number, and the set that begins or has ended there."""


class Bounds:
    """Rows by sets, each of which several rows may have."""

    def __init__(self, rows: Mapping[Spans, Sequence[int]], size: int) -> None:
        """Of each set its rows: each from 0 to below `size`, and in no other set."""
        self._sets = list(rows)
        self._rows = list(rows.values())
        self._size = size

    @cached_property
    def _begins(self) -> list[_Bound]:
        return sorted((first, number) for number, spans in enumerate(self._sets) for first, _ in spans)

    @cached_property
    def _ends(self) -> list[_Bound]:
        """By the first number that isn't in the span any more."""
        return sorted((last + 1, number) for number, spans in enumerate(self._sets) for _, last in spans)

    @cached_property
    def _inside(self) -> "_Sums":
        return _Sums(sorted(chain(self._begins, self._ends)), self._adder)

    @cached_property
    def _beginning(self) -> "_Ranges":
        return _Ranges(self._begins, self._adder)

    @cached_property
    def _ending(self) -> "_Ranges":
        return _Ranges(self._ends, self._adder)

    @cached_property
    def _adder(self) -> "_Adder":
        return _Adder(self._sets, self._rows, self._size)

    def find_met(self, spans: Spans) -> int:
        """The rows that have something in common with a set."""
        found = 0
        if self._sets:
            for first, last in spans:
                found |= self._inside.find(first)
                if first != last:
                    found |= self._beginning.find(first, last)
        return found

    def find_around(self, spans: Spans) -> int:
        """The rows that have all of a set, which isn't empty."""
        if not self._sets:
            return 0
        found = -1
        for first, last in spans:
            found &= self._inside.find(first)
            if found and first != last:
                found &= ~self._ending.find(first, last)
            if not found:
                break
        return found


class _Adder:
    """Puts the rows of several sets together."""

    def __init__(self, sets: Sequence[Spans], rows: Sequence[Sequence[int]], size: int) -> None:
        self._rows = rows
        self._size = size
        self._together = {
            number: to_bits(rows[number], size)
            for number, one in enumerate(sets)
            if len(one.spans) >= MANY_SPANS and len(rows[number]) >= MANY_ROWS
        }
        self.most = max(1, KEPT // (size // 8 + OF_EACH))
        """How many sums are kept at most."""

    def toggle(self, bounds: Iterable[_Bound]) -> int:
        """The rows of which an odd number of bounds is among these."""
        bits, found = bytearray(self._size // 8 + 1), 0
        for _, number in bounds:
            if number in self._together:
                found ^= self._together[number]
            else:
                for row in self._rows[number]:
                    bits[row >> 3] ^= 1 << (row & 7)
        return found ^ int.from_bytes(bits, "little")

    def join(self, bounds: Iterable[_Bound]) -> int:
        """The rows of which any bound is among these."""
        bits, found = bytearray(self._size // 8 + 1), 0
        for _, number in bounds:
            if number in self._together:
                found |= self._together[number]
            else:
                for row in self._rows[number]:
                    bits[row >> 3] |= 1 << (row & 7)
        return found | int.from_bytes(bits, "little")


class _Sums:
    """The rows of which an odd number of bounds comes up to a number."""

    def __init__(self, bounds: Sequence[_Bound], adder: _Adder) -> None:
        self._places = _Places(bounds)
        self._adder = adder
        self._cuts = self._places.divide(adder.most)
        self._known = [0]
        for begin, end in pairwise(self._cuts):
            self._known.append(self._known[-1] ^ adder.toggle(self._places.list_bounds(begin, end)))

    def find(self, number: int) -> int:
        """Up to this one."""
        count = self._places.count(number)
        near = bisect_right(self._cuts, count) - 1
        found, known = self._known[near], self._cuts[near]
        return found ^ self._adder.toggle(self._places.list_bounds(known, count)) if known < count else found


class _Ranges:
    """The rows that have any bound between two numbers: by a tree of what there is at so many places in a row."""

    def __init__(self, bounds: Sequence[_Bound], adder: _Adder) -> None:
        self._places = _Places(bounds)
        self._adder = adder
        self._cuts = self._places.divide(adder.most // 2)
        self._leaves = len(self._cuts) - 1
        self._tree = [0] * self._leaves
        self._tree += (adder.join(self._places.list_bounds(*both)) for both in pairwise(self._cuts))
        for node in range(self._leaves - 1, 0, -1):
            self._tree[node] = self._tree[2 * node] | self._tree[2 * node + 1]

    def find(self, first: int, last: int) -> int:
        """From after the first number up to the last one."""
        begin, end = self._places.count(first), self._places.count(last)
        here, there = bisect_left(self._cuts, begin), bisect_right(self._cuts, end) - 1
        if here > there:
            return self._adder.join(self._places.list_bounds(begin, end))
        beside = (
            self._places.list_bounds(begin, self._cuts[here]),
            self._places.list_bounds(self._cuts[there], end),
        )
        found = self._adder.join(chain(*beside)) if any(beside) else 0
        here, there = here + self._leaves, there + self._leaves
        while here < there:
            if here & 1:
                found |= self._tree[here]
                here += 1
            if there & 1:
                there -= 1
                found |= self._tree[there]
            here, there = here // 2, there // 2
        return found


class _Places:
    """The numbers at which there are bounds, in order."""

    def __init__(self, bounds: Sequence[_Bound]) -> None:
        """The bounds are in order."""
        self._bounds = bounds
        self._places: list[int] = []
        self._starts: list[int] = []
        for start, (place, _) in enumerate(bounds):
            if not self._places or self._places[-1] != place:
                self._places.append(place)
                self._starts.append(start)
        self._starts.append(len(bounds))

    def divide(self, most: int) -> list[int]:
        """Parts with about as many bounds each, at most so many: before which place each begins, from 0, and how many
        places there are. A place with many bounds ends its part."""
        step = len(self._bounds) // max(1, most) + 1
        cuts, done = [0], 0
        for place, start in enumerate(self._starts):
            if start - done >= step or place == len(self._places) > cuts[-1]:
                cuts.append(place)
                done = start
        return cuts

    def count(self, number: int) -> int:
        """How many of them come up to a number."""
        return bisect_right(self._places, number)

    def list_bounds(self, begin: int, end: int) -> Sequence[_Bound]:
        """Those of some of the places, from one to before another."""
        return self._bounds[self._starts[begin] : self._starts[end]] if begin < end else ()
