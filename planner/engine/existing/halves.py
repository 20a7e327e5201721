"""Packets cut in two, so that fewer entries bear on either part. Pure.

What takes too many steps at once may take few so.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from planner.engine.existing.boxes import Box
from planner.engine.existing.table import Table
from planner.engine.spans import Spans

EACH = 10
"""How many steps it costs to find what bears on a set of packets."""
BOTH: Sequence[Literal[0, 1]] = (0, 1)
"""Sources and destinations: which of a box they are."""


def halve(
    tables: Iterable[Table],
    family: int,
    box: Box,
    spend: Callable[[int], None],
    axes: Sequence[Literal[0, 1]] = BOTH,
) -> list[Box]:
    """Some packets in two parts, by the side that fewest entries of tables bear on both of; none where it is no use.

    `spend` is told how much work it is, and may raise. `axes`: the sides that may be cut.
    """
    known = [table for table in tables if table.rows]

    def count(part: Box) -> int:
        """How many matches of entries bear on some packets."""
        spend(EACH)
        ends = (part.sources, part.sources), (part.destinations, part.destinations), (part.protocols, part.ports)
        return sum(table.meet(family, *ends).bit_count() for table in known)

    least = 2 * count(box)
    best: list[Box] = []
    for axis in axes:
        if halves := _cut_in_two(box[axis]):
            parts = [box.with_side(axis, half) for half in halves]
            found = sum(map(count, parts))
            if found < least:
                least, best = found, parts
    return best


def _cut_in_two(spans: Spans) -> tuple[Spans, Spans] | None:
    """Two parts of a set, by places or by numbers; None of one number."""
    several = spans.spans
    if len(several) > 1:
        middle = len(several) // 2
        return Spans(several[:middle]), Spans(several[middle:])
    ((first, last),) = several
    if first == last:
        return None
    middle = (first + last) // 2
    return Spans(((first, middle),)), Spans(((middle + 1, last),))
