"""How many runs of results a plan keeps, and which ones go where there are more."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

MOST_RUNS = 2_000
"""How many runs one plan has."""
MOST_KEPT = 1_000_000
"""How many results its runs have together: all of them are unpacked to say what they prove."""


class Size(NamedTuple):
    """A run that is kept, by what it takes."""

    number: int
    """That of its row."""
    source: str
    results: int


def is_too_much(runs: int, results: int) -> bool:
    """Whether a plan has no room for so many runs with so many results together."""
    return runs > MOST_RUNS or results > MOST_KEPT


def list_beyond(rows: Iterable[Size], spare: Sequence[int]) -> set[int]:
    """The numbers of the runs that have to go, of all `rows`, the oldest first; `spare`: what goes first, in order.

    After that the oldest goes of the source that has the most, so that nobody takes another source's results away by
    sending many.
    """
    left = list(rows)
    gone: set[int] = set()
    weights: tuple[tuple[int, Callable[[Size], int]], ...] = (
        (MOST_RUNS, lambda _: 1),
        (MOST_KEPT, lambda row: row.results),
    )
    for most, weigh in weights:
        over = sum(map(weigh, left)) - most
        for row in _list_by_turns(left, spare, weigh):
            if over <= 0:
                break
            over -= weigh(row)
            gone.add(row.number)
        left = [row for row in left if row.number not in gone]
    return gone


def _list_by_turns(rows: Collection[Size], spare: Sequence[int], weigh: Callable[[Size], int]) -> Iterator[Size]:
    """In which order runs go."""
    by_number = {row.number: row for row in rows}
    yield from (by_number.pop(number) for number in spare if number in by_number)
    of_source: defaultdict[str, list[Size]] = defaultdict(list)
    for row in by_number.values():
        of_source[row.source].append(row)
    heaviest = [(-sum(map(weigh, runs)), source) for source, runs in of_source.items()]
    heapify(heaviest)
    for runs in of_source.values():
        runs.reverse()
    while heaviest:
        weight, source = heappop(heaviest)
        row = of_source[source].pop()
        yield row
        if of_source[source]:
            heappush(heaviest, (weight + weigh(row), source))
