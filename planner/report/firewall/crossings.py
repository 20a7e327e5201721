"""Which ends of which rules meet where: at the boundaries of a report, or at one firewall of the plan. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from weakref import WeakKeyDictionary

from planner.engine.report import Report
from planner.engine.rules import Boundary, Rule
from planner.plan.document import Endpoint
from planner.plan.fields import Firewall
from planner.report.firewall.words import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A rule, and those of its sources and destinations that meet there: all of them with all its services."""

    rule: Rule
    sources: tuple[Endpoint, ...]
    destinations: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """What goes from one side to another.

    The sides are codes of groups of zones ("DMZ"), or a firewall's own names for them ("port2").
    """

    source: str
    destination: str
    label: str
    """Both sides in harmless words."""
    parts: tuple[Part, ...]


def list_crossings(report: Report, firewall: Firewall | None = None) -> tuple[Crossing, ...]:
    """What each boundary of the report lets through, or what passes a firewall of the plan, by its own names.

    A flow passes a firewall if both its zones are there, behind different names. A rule whose zones stand behind
    several of them is parted; the parts together are those of its flows that pass, each once.
    """
    found = _at_boundaries(report.boundaries) if firewall is None else _at_firewall(report, firewall.zones)
    return tuple(found)


def _at_boundaries(boundaries: Iterable[Boundary]) -> Iterator[Crossing]:
    for boundary in boundaries:
        yield Crossing(
            source=boundary.source.code,
            destination=boundary.destination.code,
            label=clean(f"{boundary.source.label} to {boundary.destination.label}") or boundary.code,
            parts=tuple(
                Part(rule=rule, sources=rule.sources, destinations=rule.destinations) for rule in boundary.rules
            ),
        )


def _at_firewall(report: Report, behind: Mapping[str, str]) -> Iterator[Crossing]:
    parts: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for meeting in _find_ends(report).meet(behind):
        sources, destinations = meeting.list_sources(), meeting.list_destinations()
        for source, here in sources.items():
            for destination, there in destinations.items():
                if source != destination:
                    part = Part(rule=meeting.rule, sources=tuple(here), destinations=tuple(there))
                    parts[source, destination].append(part)
    for source, destination in sorted(parts):
        yield Crossing(
            source=source,
            destination=destination,
            label=f"{clean(source, 60)} to {clean(destination, 60)}",
            parts=tuple(parts[source, destination]),
        )


def count_passing(report: Report) -> int:
    """How many flows pass firewalls of the plan, each counted at each that it passes.

    It takes no longer for endpoints by the thousand: those of a zone are counted together.
    """
    ends = _find_ends(report)
    return sum(meeting.count_flows() for one in report.plan.firewalls for meeting in ends.meet(one.zones))


_Placed = list[tuple[int, Endpoint]]
"""Ends of one side of a rule, each with its place there."""


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A rule at a firewall: what of its two sides is behind it, by zone."""

    rule: Rule
    sources: Mapping[str, _Placed]
    destinations: Mapping[str, _Placed]
    behind: Mapping[str, str]

    def list_sources(self) -> dict[str, list[Endpoint]]:
        """The sources by what their zone is behind, in the order of the rule."""
        return self._sort(self.sources)

    def list_destinations(self) -> dict[str, list[Endpoint]]:
        """The destinations, likewise."""
        return self._sort(self.destinations)

    def count_flows(self) -> int:
        """How many flows of the rule pass the firewall."""
        sources, destinations = self._count(self.sources), self._count(self.destinations)
        beside = sum(number * destinations[side] for side, number in sources.items())
        return len(self.rule.services) * (sources.total() * destinations.total() - beside)

    def _sort(self, zones: Mapping[str, _Placed]) -> dict[str, list[Endpoint]]:
        placed: dict[str, _Placed] = defaultdict(list)
        for zone, ends in zones.items():
            placed[self.behind[zone]] += ends
        return {side: [end for _, end in sorted(ends, key=_place)] for side, ends in placed.items()}

    def _count(self, zones: Mapping[str, _Placed]) -> Counter[str]:
        found: Counter[str] = Counter()
        for zone, ends in zones.items():
            found[self.behind[zone]] += len(ends)
        return found


class _Ends:
    """The ends of a report's rules by their zones, for however many firewalls. It holds no report."""

    def __init__(self, report: Report) -> None:
        self._rules = report.rules
        self._sources = _by_zone(rule.sources for rule in report.rules)
        self._destinations = _by_zone(rule.destinations for rule in report.rules)

    def meet(self, behind: Mapping[str, str]) -> Iterator[_Meeting]:
        """The rules, in their order, that have sources and destinations behind a firewall, not all on one side."""
        sources, destinations = (_find(side, behind) for side in (self._sources, self._destinations))
        for number in sorted(sources.keys() & destinations.keys()):
            here, there = sources[number], destinations[number]
            if len({behind[zone] for zone in (*here, *there)}) > 1:
                yield _Meeting(self._rules[number], here, there, behind)


_Side = Mapping[str, Mapping[int, _Placed]]
"""Zone -> number of a rule -> those of its ends that are in the zone."""


def _by_zone(sides: Iterable[Iterable[Endpoint]]) -> _Side:
    found: dict[str, dict[int, _Placed]] = defaultdict(lambda: defaultdict(list))
    for number, ends in enumerate(sides):
        for place, end in enumerate(ends):
            found[end.zone][number].append((place, end))
    return found


def _find(side: _Side, behind: Mapping[str, str]) -> dict[int, dict[str, _Placed]]:
    """Number of a rule -> zone behind the firewall -> the ends of the rule there."""
    found: dict[int, dict[str, _Placed]] = defaultdict(dict)
    for zone in behind:
        for number, ends in side.get(zone, {}).items():
            found[number][zone] = ends
    return found


_place = itemgetter(0)
_ends: WeakKeyDictionary[Report, _Ends] = WeakKeyDictionary()


def _find_ends(report: Report) -> _Ends:
    if report not in _ends:
        _ends[report] = _Ends(report)
    return _ends[report]
