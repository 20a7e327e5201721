"""Sets of whole numbers as spans: addresses of one family, ports, protocols. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self


@dataclass(frozen=True)
class Spans:
    """A set of whole numbers of 0 or more: spans of first and last number, in order, apart from each other.

    Two of them are equal exactly when they hold the same numbers.
    """

    spans: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError where the spans are not in order and apart; `Spans.of` takes them as they come."""
        if any(first > last or first < 0 for first, last in self.spans):
            raise ValueError(f"no span of whole numbers: {self.spans}")
        if any(first <= last + 1 for (_, last), (first, _) in pairwise(self.spans)):
            raise ValueError(f"not in order and apart: {self.spans}")

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> Self:
        """The numbers of all these spans, in whatever order they come, whether or not they meet or overlap."""
        found: list[tuple[int, int]] = []
        for first, last in sorted(spans):
            if found and first <= found[-1][1] + 1:
                found[-1] = found[-1][0], max(found[-1][1], last)
            else:
                found.append((first, last))
        return cls(tuple(found))

    @classmethod
    def only(cls, number: int) -> Self:
        """One number."""
        return cls(((number, number),))

    def __hash__(self) -> int:
        """Reckoned once: many entries name one large set."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.spans)

    def __bool__(self) -> bool:
        """Whether there is any number in it."""
        return bool(self.spans)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Each span, in order."""
        return iter(self.spans)

    def __contains__(self, number: int) -> bool:
        """Whether it holds this number."""
        place = bisect_right(self.spans, (number, number))
        near = self.spans[max(0, place - 1) : place + 1]
        return any(first <= number <= last for first, last in near)

    def __or__(self, other: Self) -> Self:
        """What is in either."""
        if not self.spans or not other.spans:
            return self if self.spans else other
        return self.of((*self.spans, *other.spans))

    def __and__(self, other: Self) -> Self:
        """What is in both."""
        if self is other:
            return self
        if len(self.spans) == len(other.spans) == 1:  # as most are
            (begin, end), (start, stop) = self.spans[0], other.spans[0]
            if start <= begin and end <= stop:
                return self
            if begin <= start and stop <= end:
                return other
            begin, end = max(begin, start), min(end, stop)
            return self._trust(((begin, end),) if begin <= end else ())
        if self._is_within(other):
            return self
        if other._is_within(self):
            return other
        found: list[tuple[int, int]] = []
        here, mine_end = self._near(other)
        there, their_end = other._near(self)
        if here == mine_end or there == their_end:
            return self._trust(())
        mine, theirs = iter(self.spans[here:mine_end]), iter(other.spans[there:their_end])
        begin, end = next(mine)
        start, stop = next(theirs)
        try:
            while True:
                if end < start:
                    begin, end = next(mine)
                elif stop < begin:
                    start, stop = next(theirs)
                elif end < stop:
                    found.append((begin if begin > start else start, end))
                    begin, end = next(mine)
                else:
                    found.append((begin if begin > start else start, stop))
                    start, stop = next(theirs)
        except StopIteration:
            pass
        return self._trust(tuple(found))

    def __sub__(self, other: Self) -> Self:
        """What is in this one and not in the other."""
        if self is other or self._is_within(other):
            return self._trust(())
        begin, end = self._near(other)
        if begin == end:
            return self
        found: list[tuple[int, int]] = []
        place, their_end = other._near(self)
        for first, last in self.spans[begin:end]:
            start = first
            while place < their_end and other.spans[place][1] < start:
                place += 1
            at = place
            while at < their_end and other.spans[at][0] <= last:
                if start < other.spans[at][0]:
                    found.append((start, other.spans[at][0] - 1))
                start = max(start, other.spans[at][1] + 1)
                at += 1
            if start <= last:
                found.append((start, last))
        return self._trust((*self.spans[:begin], *found, *self.spans[end:]))

    def _is_within(self, other: Self) -> bool:
        """Whether one span of the other holds all of this one; nothing is within all."""
        mine, theirs = self.spans, other.spans
        if not mine or not theirs:
            return not mine
        place = bisect_left(theirs, (mine[0][0] + 1,)) - 1
        return place >= 0 and mine[-1][1] <= theirs[place][1]

    def _near(self, other: Self) -> tuple[int, int]:
        """From which place to before which one the spans lie that can meet the other's.

        A few addresses out of thousands are found and cut out without a look at the rest.
        """
        if not self.spans or not other.spans:
            return 0, 0
        begin = bisect_left(self.spans, (other.spans[0][0],))
        if begin and self.spans[begin - 1][1] >= other.spans[0][0]:
            begin -= 1
        return begin, max(begin, bisect_left(self.spans, (other.spans[-1][1] + 1,)))

    def work(self, other: Self) -> int:
        """How many spans are gone over to say what is in both or in one alone; few where either has but one."""
        if len(self.spans) == 1 or len(other.spans) == 1:
            return 1
        begin, end = self._near(other)
        there, their_end = other._near(self)
        return end - begin + their_end - there

    @classmethod
    def _trust(cls, spans: tuple[tuple[int, int], ...]) -> Self:
        """Spans that are known to be in order and apart, which isn't looked at once more."""
        made = object.__new__(cls)
        object.__setattr__(made, "spans", spans)
        return made

    def covers(self, other: Self) -> bool:
        """Whether each number of the other is in this one."""
        return not other - self

    @cached_property
    def size(self) -> int:
        """How many numbers there are."""
        return sum(last - first + 1 for first, last in self.spans)


NOTHING = Spans()
IPV4 = Spans(((0, 2**32 - 1),))
IPV6 = Spans(((0, 2**128 - 1),))
PORTS = Spans(((0, 2**16 - 1),))
"""Every port; of ICMP every type and code, each as type × 256 + code (RFC 792, RFC 4443)."""
PROTOCOLS = Spans(((0, 255),))
"""Every protocol that an IP header can name: https://www.iana.org/assignments/protocol-numbers."""
FAMILIES = {4: IPV4, 6: IPV6}
"""Address family -> all of its addresses."""
