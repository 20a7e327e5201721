"""What a report says of flows that the plan excludes, and of what must stay closed: rows of text for every format.

And between which zones that is.
"""

from collections.abc import Iterator, Mapping

from planner.engine.by_address import ByAddress, ByAddresses, find_by_address
from planner.engine.flows import Flow
from planner.engine.prohibitions import Closed
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.report.said.outline import describe_reasons

EXCLUDED_TITLES = ("From", "To", "Protocol, port", "Asked for by the document", "Not needed here, because", "§")
CLOSED_TITLES = ("From", "To", "Protocol, port", "Must stay closed, because", "Says who", "Kept")
PARTLY_TRIED = "so many endpoints have these addresses that the flows of some were not looked at"
"""What is said of what is kept where something else may open it by addresses, with no end."""
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
    by_address = find_by_address(report, report.closed)
    for closed in report.closed:
        yield (
            name_side(closed.source),
            name_side(closed.destination),
            say_closed_ports(closed),
            closed.reason,
            "the plan" if closed.number is not None else ", ".join(f"§{section}" for section in closed.sections),
            _say_kept(closed, by_address),
        )


def name_side(side: Mapping[str, str]) -> str:
    """The name of an endpoint, or of a zone with the word."""
    return side["endpoint"] if "endpoint" in side else f"zone {side['zone']}"


def say_closed_ports(closed: Closed) -> str:
    """tcp 3389, all of udp, or everything."""
    if closed.protocol is None:
        return "everything"
    return str(Ports(closed.protocol, closed.ports)) if closed.ports else f"all of {closed.protocol}"


def say_closed_by(row: Closed) -> str:
    """Who keeps what closed, and from where to where: a row of the plan, or a section of the document.

    Of a section's prohibitions, which have the same words between many endpoints, it isn't said between which.
    """
    ports = say_closed_ports(row)
    if row.number is None:
        return f"the document (§{', §'.join(row.sections)}) keeps {ports} closed there"
    return f"the plan keeps {ports} closed from {name_side(row.source)} to {name_side(row.destination)}"


def _say_kept(closed: Closed, by_address: ByAddresses) -> str:
    """Whether it is kept, and if by name only, what opens it, or that this isn't known; or which flows break it."""
    if closed.breaking:
        return f"no: {', '.join(name_breaking(closed))}"
    opened = say_opened(closed, by_address)
    if opened:
        return f"yes, by name{' only' if closed in by_address.opened else ''}: {opened}"
    return "yes"


def say_opened(closed: Closed, by_address: ByAddresses) -> str:
    """What opens by addresses what is kept by name, or that this isn't known; empty where nothing does."""
    if closed in by_address.opened:
        return say_by_address(by_address.opened[closed])
    return PARTLY_TRIED if closed in by_address.partly_tried else ""


def say_by_address(opened: ByAddress) -> str:
    """The flow that has the addresses of what is kept closed by name, and whose they are, with no end."""
    has = (f"{one.name} has {'a part' if one.in_part else 'an address'} of {one.of}" for one in opened.holders)
    return f"{_name_flow(opened.flow)} is needed, and {' and '.join(has)}"


def name_breaking(closed: Closed) -> list[str]:
    """The first few flows that break it, and how many more there are: "PS01 → SQL01 tcp 1433", "and 3 more"."""
    said = [_name_flow(flow) for flow in closed.breaking[:MOST_BREAKING]]
    more = len(closed.breaking) - len(said)
    return [*said, f"and {more:,} more"] if more else said


def _name_flow(flow: Flow) -> str:
    return f"{flow.source.name} → {flow.destination.name} {Ports(flow.need.protocol, flow.need.ports)}"


class Sides:
    """Which groups of zones the sides of what must stay closed belong to."""

    def __init__(self, report: Report) -> None:
        self._zones = code_zones(report)
        self._endpoints = {endpoint.name: self._zones[endpoint.zone] for endpoint in report.plan.endpoints}

    def codes(self, item: Closed) -> tuple[str, str]:
        """The codes of the groups that it leads from and to."""
        return self._code(item.source), self._code(item.destination)

    def _code(self, side: Mapping[str, str]) -> str:
        return self._zones[side["zone"]] if "zone" in side else self._endpoints[side["endpoint"]]


def code_zones(report: Report) -> Mapping[str, str]:
    """Name of a zone -> the code of its group."""
    return {zone: group.code for group in report.zone_groups for zone in group.zones}


def filter_closed(report: Report, between: str) -> list[Closed]:
    """What must stay closed across one boundary, which its code names: "DMZ-INT"; an empty one admits everything."""
    if not between:
        return list(report.closed)
    sides = Sides(report)
    return [item for item in report.closed if "-".join(sides.codes(item)) == between]


def name_between(report: Report, between: str) -> str:
    """DMZ → Internal, for the code of a boundary; empty for one that the report doesn't have."""
    labels = {group.code: group.label for group in report.zone_groups}
    source, _, destination = between.partition("-")
    return f"{labels[source]} → {labels[destination]}" if {source, destination} <= labels.keys() else ""
