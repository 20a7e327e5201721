"""What a ruleset lets through by no entry at all: policies that accept. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice, permutations
from typing import Literal

from planner.engine.existing.asked import SeenAs
from planner.engine.existing.closed_packets import SeenFrom, Tries, part_by_zone
from planner.engine.existing.packets import Ends, Packets
from planner.engine.existing.spans import Spans
from planner.engine.existing.walk import Walker
from planner.engine.prohibitions import Closed
from planner.engine.report import Report

_FAMILIES: tuple[Literal[4, 6], ...] = (4, 6)
_MOST_PAIRS = 20
"""Most pairs of zones between which packets are tried."""
_MOST_STEPS = 2_000
"""And most steps of them."""


def find_open_policies(
    report: Report, walker: Walker, ends: Ends, seen_from: SeenFrom, published: Sequence[SeenAs] = ()
) -> tuple[str, ...]:
    """The policies by which packets between zones of a plan get through that no entry decides about.

    Where a chain of a family refuses what its entries don't decide about there are none, and nothing is tried.
    """
    tries = Tries(walker, ends, seen_from, published, lambda work: None)
    parts = part_by_zone(report.plan.endpoints)
    found: dict[str, None] = {}
    for family in _FAMILIES:
        names = walker.list_open_policies(family)
        if names and any(
            _gets_through(walker, one.packets, names)
            for here, there in islice(permutations(parts, 2), _MOST_PAIRS)
            for one in tries.list_all(_EVERYTHING, family, here, there)
            if not one.arrive and not one.unclear
        ):
            found |= dict.fromkeys(names)
    return tuple(found)


_EVERYTHING = Closed(
    source={}, destination={}, protocol=None, ports=None, sections=(), reason="", number=None, breaking=()
)
"""What is tried between two zones."""


def _gets_through(walker: Walker, packets: Packets, names: tuple[str, ...]) -> bool:
    """Whether policies alone let some of these packets through; of those that take long, of two addresses."""
    found = walker.walk_within(packets, _MOST_STEPS)
    if found is None:
        sides = packets.source, packets.destination
        source, destination = (replace(one, addresses=Spans.only(one.addresses.spans[0][0])) for one in sides)
        packets = replace(packets, source=source, destination=destination, keys=("policies", id(packets)))
        found = walker.walk_within(packets, _MOST_STEPS)
    return any(one.state == "open" and one.by == names for one in found or ())
