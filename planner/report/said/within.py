"""What stays within zones, by number: no firewall between zones sees it, the hosts' own do.

A number says the zone and what asks for it first, as numbers of rules do (docs/adr/0006-rule-numbers.md): INT-240. It
stands for all such connections of the zone, and of zones that are alike. Only arrangement: every fact comes from the
report. Pure.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from planner.engine.flows import Flow, Need
from planner.engine.report import Report
from planner.engine.rules import Ports, ZoneGroup, place_number, rank_requirements
from planner.engine.terms import Alternative
from planner.report.said.by_service import ServiceReasons
from planner.report.said.outline import describe_marks, name_services
from ports.matrix import Reason, section_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Connections within a zone, or within each of like zones, that the same requirement asks for first."""

    id: str
    zones: ZoneGroup
    services: tuple[ServiceReasons, ...]
    undecided: str
    flows: tuple[Flow, ...]


def list_numbers(report: Report) -> Iterator[str]:
    """The numbers of a report's rules, and of what stays within its zones: what entries on devices are named after."""
    yield from (rule.id for rule in report.rules)
    yield from (within.id for within in number_within(report))


def number_within(report: Report) -> tuple[Within, ...]:
    """Everything within zones, sorted by zone as rules are and by number; each such flow is in one of them."""
    matrix, ranks = report.matrix, rank_requirements(report.matrix)
    groups = {zone: group for group in report.zone_groups for zone in group.zones}
    places: dict[int, tuple[int, int]] = {}
    parts: dict[tuple[str, int, int, tuple[Alternative, ...]], list[Flow]] = defaultdict(list)
    for flow in report.flows:
        if flow.scope == "same-zone":
            need = flow.need
            place = places.get(id(need))
            if place is None:
                place = places[id(need)] = place_number(need.requirements, need.any_of, ranks, matrix)
            parts[groups[flow.source.zone].code, *place, need.any_of].append(flow)
    order = {group.code: at for at, group in enumerate(report.zone_groups)}
    by_code = {group.code: group for group in report.zone_groups}
    taken: set[tuple[str, int]] = set()
    found = []
    for (code, ten, unit, marks), flows in sorted(parts.items(), key=lambda part: (order[part[0][0]], part[0][1:])):
        number = next(n for n in count(ten + unit) if (code, n) not in taken)
        taken.add((code, number))
        found.append(
            Within(
                id=f"{code}-{number}",
                zones=by_code[code],
                services=_outline(flows, report),
                undecided=describe_marks(marks, matrix),
                flows=tuple(flows),
            )
        )
    return tuple(found)


def index_within(parts: tuple[Within, ...]) -> Mapping[tuple[str, str, Ports], str]:
    """Source name, destination name and service of every flow within a zone -> its number."""
    return {
        (flow.source.name, flow.destination.name, Ports(flow.need.protocol, flow.need.ports)): part.id
        for part in parts
        for flow in part.flows
    }


def _outline(flows: list[Flow], report: Report) -> tuple[ServiceReasons, ...]:
    """The services of flows by their reasons and sections, in the order of each first one."""
    needs: dict[Ports, dict[int, Need]] = defaultdict(dict)
    for flow in flows:
        needs[Ports(flow.need.protocol, flow.need.ports)][id(flow.need)] = flow.need
    together: dict[tuple[tuple[Reason, ...], tuple[str, ...]], list[Ports]] = defaultdict(list)
    for ports, asked in sorted(needs.items(), key=lambda item: item[0].order):
        reasons = {reason for need in asked.values() for reason in need.reasons}
        sections = {number for need in asked.values() for number in need.sections}
        together[tuple(sorted(reasons)), tuple(sorted(sections, key=section_key))].append(ports)
    names = {
        ports: sorted({slug for need in asked.values() for slug in need.services}) for ports, asked in needs.items()
    }
    return tuple(
        ServiceReasons(
            ports=tuple(alike),
            services=tuple(name_services(ports, names[ports], report) for ports in alike),
            reasons=reasons,
            sections=sections,
        )
        for (reasons, sections), alike in together.items()
    )
