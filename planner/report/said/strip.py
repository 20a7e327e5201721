"""The zones of a report in one row, with the ports between those that stand side by side: the picture as a strip.

What leads between zones that don't stand side by side is listed beside the row, so that nothing looks closed that
isn't. Only arrangement: every fact comes from the report. Pure.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from planner.engine.report import Report
from planner.engine.rules import Boundary, ZoneGroup
from planner.plan.kinds import KINDS
from ports.text import cut

MOST_IN_ROW = 9
"""How many zones the row has; the whole picture has the others."""
MOST_PORTS = 3
"""How many ports a line names before it counts."""
MOST_SAID = 300
"""How many characters are said of all ports of a line."""
MOST_WAYS = 4
"""How many ways between other zones are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripZone:
    """A zone, or zones alike, with how many endpoints there are."""

    group: ZoneGroup
    endpoints: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What leads from one zone to another."""

    source: ZoneGroup
    destination: ZoneGroup
    short: str
    """443 1433 +4: the first few ports."""
    said: str
    """All of them, with their protocols."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A zone of the row, and what leads between it and the one before it, onwards and back."""

    zone: StripZone
    forth: Way | None = None
    back: Way | None = None
    is_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The row, and what isn't in it."""

    steps: tuple[Step, ...]
    ways: tuple[Way, ...]
    """Between zones that don't stand side by side: the first few."""
    more_ways: int
    more_zones: int


def outline_strip(report: Report) -> Strip:
    """The zones from the outside in, those that nothing leads to or from last."""
    counts = Counter(endpoint.zone for endpoint in report.plan.endpoints)
    ways = {(bound.source.code, bound.destination.code): _way(bound) for bound in report.boundaries}
    used = {code for pair in ways for code in pair}
    joined = {frozenset(pair) for pair in ways}
    groups = _order(report.zone_groups, used, joined)
    row = groups[:MOST_IN_ROW]
    steps = []
    for place, group in enumerate(row):
        zone = StripZone(group=group, endpoints=sum(counts[name] for name in group.zones))
        before = row[place - 1] if place else None
        steps.append(
            Step(
                zone=zone,
                forth=ways.pop((before.code, group.code), None) if before else None,
                back=ways.pop((group.code, before.code), None) if before else None,
                is_first=before is None,
            )
        )
    rest = tuple(ways.values())
    return Strip(
        steps=tuple(steps),
        ways=rest[:MOST_WAYS],
        more_ways=max(0, len(rest) - MOST_WAYS),
        more_zones=len(groups) - len(row),
    )


def _order(groups: Iterable[ZoneGroup], used: set[str], joined: set[frozenset[str]]) -> list[ZoneGroup]:
    """From the outside in; of the zones of one kind first whichever the last one in the row is joined to."""
    ordered: list[ZoneGroup] = []
    ranked = sorted(groups, key=lambda group: (group.code not in used, KINDS[group.kind].order, group.zones))
    for _, alike in groupby(ranked, key=lambda group: (group.code not in used, KINDS[group.kind].order)):
        left = list(alike)
        while left and len(ordered) < MOST_IN_ROW:
            last = ordered[-1].code if ordered else ""
            following = next((group for group in left if frozenset((last, group.code)) in joined), left[0])
            left.remove(following)
            ordered.append(following)
        ordered += left
    return ordered


def _way(boundary: Boundary) -> Way:
    numbers = tuple(dict.fromkeys(ports.ports or ports.protocol for ports in boundary.ports))
    more = len(numbers) - MOST_PORTS
    short = " ".join(numbers[:MOST_PORTS]) + (f" +{more:,}" if more > 0 else "")
    said = cut(", ".join(map(str, boundary.ports)), MOST_SAID)
    return Way(source=boundary.source, destination=boundary.destination, short=short, said=said)
