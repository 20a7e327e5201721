"""Numbers of rules in a change request: which are those of before and which those of now.

What is to be closed has the number that it had, all else the one that it has. Where a number stood for something else
before, each place that names it says which of the two it is.
"""

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

from planner.engine.compare import Comparison, Renumbered

RENAMED = (
    "A new name opens and closes nothing. All of this change request has the new names; rules to close have their old "
    "numbers, all others their new ones."
)
"""What is said of names."""
_RENUMBERED = (
    "Some numbers stood for something else before and are marked as old or new. No number stands for two rules at "
    "once if what is closed by its old number goes first, then the renumbered rules in their order under “Renamed”, "
    "and if what is opened by its new number comes last."
)


class Numbers:
    """How a change request names the rules of a comparison."""

    def __init__(self, comparison: Comparison) -> None:
        self._renumbered = comparison.renumbered
        self._doubled = comparison.doubled

    def old(self, number: str) -> str:
        """A number of before."""
        return f"{number} (old number)" if self._is_doubled(number) else number

    def new(self, number: str) -> str:
        """A number of now."""
        return f"{number} (new number)" if self._is_doubled(number) else number

    def of(self, action: str, number: str) -> str:
        """The number of a rule by what is to be done with it: what is closed has that of before."""
        return self.old(number) if action.startswith("close") else self.new(number)

    def _is_doubled(self, number: str) -> bool:
        return number.partition("/")[0] in self._doubled

    def list_renumbered(self) -> Iterator[tuple[Renumbered, bool]]:
        """What has another number, in an order in which each number is free when its turn comes.

        Each with whether it isn't: where rules change numbers with one another no order makes it so.
        """
        takers: dict[str, list[int]] = defaultdict(list)
        waits = [0] * len(self._renumbered)
        held: dict[str, int] = defaultdict(int)
        for one in self._renumbered:
            held[one.old] += 1
        for place, one in enumerate(self._renumbered):
            if one.new in self._doubled:
                takers[one.new].append(place)
                waits[place] = held[one.new]
        ready = [place for place, count in enumerate(waits) if not count]
        left, first = set(range(len(waits))), 0
        while left:
            while first not in left:
                first += 1
            place = heappop(ready) if ready else first
            if place not in left:
                continue
            left.remove(place)
            one = self._renumbered[place]
            yield one, waits[place] > 0
            for taker in takers[one.old]:
                waits[taker] -= 1
                if not waits[taker]:
                    heappush(ready, taker)


def say_names(comparison: Comparison) -> str:
    """What is said above what has another name or number."""
    return f"{RENAMED} {_RENUMBERED}" if comparison.renumbered and comparison.doubled else RENAMED
