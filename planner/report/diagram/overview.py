"""What an overview shows that other programs draw: zones, their endpoints, and a line for each boundary. Pure."""

from collections import defaultdict
from dataclasses import dataclass

from planner.engine.report import Report
from planner.engine.rules import Boundary, Ports, ZoneGroup
from planner.report.diagram.picture import Box, picture_endpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Zones, like ones together, and what passes from one to another."""

    zones: tuple[tuple[ZoneGroup, tuple[Box, ...]], ...]
    """In the order of the report; endpoints that are alike in a large plan are one box."""
    boundaries: tuple[Boundary, ...]
    """Those between two of these zones."""
    more: tuple[Box, ...]
    """Counts of what there was no room for."""


def compose_overview(report: Report) -> Overview:
    """The overview of a report: of at most about `picture.MOST` boxes, so zones can be missing; `more` counts them."""
    picture = picture_endpoints(report)
    inside: dict[str, list[Box]] = defaultdict(list)
    for frame in picture.frames:
        inside[frame.fields["zone"]] += frame.boxes
    return Overview(
        zones=tuple((group, tuple(inside[group.code])) for group in report.zone_groups if group.code in inside),
        boundaries=tuple(one for one in report.boundaries if {one.source.code, one.destination.code} <= inside.keys()),
        more=picture.loose,
    )


def find_undecided(boundary: Boundary) -> frozenset[Ports]:
    """The services of a boundary that nothing needs but options of choices that aren't made."""
    certain = {ports for rule in boundary.rules if not rule.any_of for ports in rule.services}
    return frozenset(ports for ports in boundary.ports if ports not in certain)
