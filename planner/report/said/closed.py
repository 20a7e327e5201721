"""What a report says of flows that the plan excludes, and of what must stay closed: rows of text for every format."""

from collections.abc import Iterator, Mapping

from planner.engine.prohibitions import Closed
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.report.said.outline import describe_reasons

EXCLUDED_TITLES = ("From", "To", "Protocol, port", "Asked for by the document", "Not needed here, because", "§")
CLOSED_TITLES = ("From", "To", "Protocol, port", "Must stay closed, because", "Says who", "Kept")
MOST_BREAKING = 6
"""How many flows that break a prohibition are named."""


def list_excluded(report: Report) -> Iterator[tuple[str, ...]]:
    """A row for each flow that the plan excludes, under EXCLUDED_TITLES."""
    for one in report.excluded:
        need = one.flow.need
        yield (
            one.flow.source.name,
            one.flow.destination.name,
            str(Ports(need.protocol, need.ports)),
            describe_reasons(need.reasons),
            one.exclusion.reason,
            ", ".join(need.sections),
        )


def list_closed(report: Report) -> Iterator[tuple[str, ...]]:
    """A row for each side that must stay closed to another, under CLOSED_TITLES."""
    for closed in report.closed:
        yield (
            name_side(closed.source),
            name_side(closed.destination),
            say_closed_ports(closed),
            closed.reason,
            "the plan" if closed.number is not None else ", ".join(f"§{section}" for section in closed.sections),
            say_kept(closed),
        )


def name_side(side: Mapping[str, str]) -> str:
    """The name of an endpoint, or of a zone with the word."""
    return side["endpoint"] if "endpoint" in side else f"zone {side['zone']}"


def say_closed_ports(closed: Closed) -> str:
    """tcp 3389, all of udp, or everything."""
    if closed.protocol is None:
        return "everything"
    return str(Ports(closed.protocol, closed.ports)) if closed.ports else f"all of {closed.protocol}"


def say_kept(closed: Closed) -> str:
    """Whether it is kept, or which flows break it."""
    if closed.kept:
        return "yes"
    said = [
        f"{flow.source.name} → {flow.destination.name} {Ports(flow.need.protocol, flow.need.ports)}"
        for flow in closed.breaking[:MOST_BREAKING]
    ]
    more = len(closed.breaking) - len(said)
    return f"no: {', '.join(said)}{f' and {more:,} more' if more else ''}"
