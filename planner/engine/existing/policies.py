"""What a ruleset lets through by no entry at all: policies that accept. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from planner.engine.existing.asked import SeenAs
from planner.engine.existing.closed_packets import Members, SeenFrom, Tries, Try, part_by_zone
from planner.engine.existing.packets import Ends, Packets
from planner.engine.existing.walk import Walker
from planner.engine.prohibitions import Closed
from planner.engine.report import Report
from planner.engine.spans import Spans

_FAMILIES: tuple[Literal[4, 6], ...] = (4, 6)
MOST_WORK = 40_000
"""Most steps through entries for each family, with one for each pair of zones and EACH for each set of packets; pairs
beyond it stay untried. A step takes up to 25 microseconds of a processor."""
EACH = 10
"""To make packets and send them takes as long as so many steps."""
MOST_STEPS = 2_000
"""Most steps of a set of packets."""


def find_open_policies(
    report: Report,
    walker: Walker,
    ends: Ends,
    seen_from: SeenFrom,
    published: Sequence[SeenAs] = (),
    *,
    only_passing: bool = False,
) -> tuple[str, ...]:
    """The policies by which packets between zones of a plan get through that no entry decides about.

    Where a chain of a family refuses what its entries don't decide about there are none, and nothing is tried.
    `only_passing`: whether pairs of zones are left out that don't pass the device, as far as it is known.
    """
    open_ones = {family: names for family in _FAMILIES if (names := walker.list_open_policies(family))}
    if not open_ones:
        return ()
    search = _Search(report, walker, only_passing=only_passing)
    tries = Tries(walker, ends, seen_from, published, search.spend)
    found: dict[str, None] = {}
    for family, names in open_ones.items():
        if search.gets_through(tries, family, names):
            found |= dict.fromkeys(names)
    return tuple(found)


class _Search:
    """Packets between any two zones, until it is enough work."""

    def __init__(self, report: Report, walker: Walker, *, only_passing: bool) -> None:
        self._walker = walker
        self._only_passing = only_passing
        self._parts = [
            one
            for one in part_by_zone(report.plan.endpoints)
            if not only_passing or walker.ways.of_zone(one.zone) != (None,)
        ]
        self._work = 0
        self._begin = walker.steps

    def spend(self, work: int) -> None:
        """Count work."""
        self._work += work

    def gets_through(self, tries: Tries, family: Literal[4, 6], names: tuple[str, ...]) -> bool:
        """Whether policies of these names alone let some packets of a family through, as far as they are tried."""
        self._work, self._begin = 0, self._walker.steps  # what one family takes leaves no less for the other
        return any(
            _gets_through(self._walker, one.packets, names)
            for one in self._list_tries(tries, family)
            if not one.arrive and not one.unclear
        )

    def _list_tries(self, tries: Tries, family: Literal[4, 6]) -> Iterator[Try]:
        for here, there in self._list_pairs():
            self.spend(1)
            if not self._only_passing or self._walker.ways.passes(here.zone, there.zone):
                for one in tries.list_all(_EVERYTHING, family, here, there):
                    self.spend(EACH)
                    yield one
                    if self._is_enough:
                        return
            if self._is_enough:
                return

    def _list_pairs(self) -> Iterator[tuple[Members, Members]]:
        """Any two zones: a pair from each zone before a second one from any, as one may be refused everything."""
        for distance in range(1, len(self._parts)):
            yield from zip(self._parts, self._parts[distance:] + self._parts[:distance], strict=True)

    @property
    def _is_enough(self) -> bool:
        return self._work + self._walker.steps - self._begin > MOST_WORK


_EVERYTHING = Closed(
    source={}, destination={}, protocol=None, ports=None, sections=(), reason="", number=None, breaking=()
)
"""What is tried between two zones."""


def _gets_through(walker: Walker, packets: Packets, names: tuple[str, ...]) -> bool:
    """Whether policies alone let some of these packets through; of those that take long, of two addresses."""
    found = walker.walk_within(packets, MOST_STEPS)
    if found is None:
        sides = packets.source, packets.destination
        source, destination = (replace(one, addresses=Spans.only(one.addresses.spans[0][0])) for one in sides)
        packets = replace(packets, source=source, destination=destination, keys=("policies", id(packets)))
        found = walker.walk_within(packets, MOST_STEPS)
    return any(one.state == "open" and one.by == names for one in found or ())
