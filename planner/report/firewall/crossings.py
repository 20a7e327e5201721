"""Which ends of which rules meet where: at the boundaries of a report, or at one firewall of the plan. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

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
    for rule in report.rules:
        sources, destinations = _sort(rule.sources, behind), _sort(rule.destinations, behind)
        for source, here in sources.items():
            for destination, there in destinations.items():
                if source != destination:
                    part = Part(rule=rule, sources=tuple(here), destinations=tuple(there))
                    parts[source, destination].append(part)
    for source, destination in sorted(parts):
        yield Crossing(
            source=source,
            destination=destination,
            label=f"{clean(source, 60)} to {clean(destination, 60)}",
            parts=tuple(parts[source, destination]),
        )


def _sort(endpoints: Iterable[Endpoint], behind: Mapping[str, str]) -> dict[str, list[Endpoint]]:
    """Endpoints by what their zone is behind; those of a zone that isn't there are left out."""
    found: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in endpoints:
        if endpoint.zone in behind:
            found[behind[endpoint.zone]].append(endpoint)
    return found
