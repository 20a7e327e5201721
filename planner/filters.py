"""The filters of a report: which rules and flows to show. Pure; OR never, AND across fields.

An empty field admits everything. `source` and `destination` are codes of zone groups, `section` a section's number,
`endpoint` a part of an endpoint's name, `text` a part of a name, address, service, port or reason; case is ignored.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from urllib.parse import urlencode

from planner.document import Endpoint
from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import Boundary, Rule
from ports.matrix import PROTOCOLS, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show of a report."""

    source: str = ""
    destination: str = ""
    protocol: str = ""
    section: str = ""
    endpoint: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    def query(self) -> str:
        """The filter as a query string, without what is empty."""
        return urlencode([(f.name, value) for f in fields(self) if (value := getattr(self, f.name))])


def read_filter(values: Iterable[tuple[str, str]], report: Report) -> tuple[Filter, dict[str, str]]:
    """A filter from the pairs of a query string.

    Returns it with a sentence for each field whose value the report doesn't have; such a field is shown as it was
    given and filters everything out, so that nothing wrong looks like an answer.
    """
    known = {field.name for field in fields(Filter)}
    given = {name: value.strip()[:255] for name, value in values if name in known}
    chosen = Filter(**given)
    codes = {group.code for group in report.zone_groups}
    faults = {}
    for name, allowed in (
        ("source", codes),
        ("destination", codes),
        ("protocol", set(PROTOCOLS)),
        ("section", {section.number for section in report.matrix.sections}),
    ):
        value = getattr(chosen, name)
        if value and value not in allowed:
            faults[name] = f"“{value[:40]}” is not in this report; choose from the list."
    return chosen, faults


def filter_boundaries(report: Report, chosen: Filter) -> tuple[tuple[Boundary, tuple[Rule, ...]], ...]:
    """The boundaries and those of their rules that the filter admits; boundaries without any are left out."""
    result = []
    for boundary in report.boundaries:
        if chosen.source and boundary.source.code != chosen.source:
            continue
        if chosen.destination and boundary.destination.code != chosen.destination:
            continue
        rules = tuple(rule for rule in boundary.rules if _admits_rule(chosen, rule, report))
        if rules:
            result.append((boundary, rules))
    return tuple(result)


def filter_flows(report: Report, chosen: Filter) -> tuple[Flow, ...]:
    """The flows that the filter admits, in the report's order."""
    codes = {zone: group.code for group in report.zone_groups for zone in group.zones}
    return tuple(
        flow
        for flow in report.flows
        if (not chosen.source or codes[flow.source.zone] == chosen.source)
        and (not chosen.destination or codes[flow.destination.zone] == chosen.destination)
        and (not chosen.protocol or flow.need.protocol == chosen.protocol)
        and (not chosen.section or chosen.section in flow.need.sections)
        and _names(chosen.endpoint, (flow.source, flow.destination))
        and _contains(
            chosen.text,
            (flow.source, flow.destination),
            [f"{flow.need.protocol} {flow.need.ports or ''}", *flow.need.services],
            flow.need.reasons,
        )
    )


def _admits_rule(chosen: Filter, rule: Rule, report: Report) -> bool:
    endpoints = (*rule.sources, *rule.destinations)
    return (
        (not chosen.protocol or any(ports.protocol == chosen.protocol for ports in rule.services))
        and (not chosen.section or chosen.section in rule.sections)
        and _names(chosen.endpoint, endpoints)
        and _contains(chosen.text, endpoints, [rule.id, *map(str, rule.services), *rule.names], rule.reasons)
    )


def _names(part: str, endpoints: Iterable[Endpoint]) -> bool:
    wanted = part.casefold()
    return not wanted or any(wanted in endpoint.name.casefold() for endpoint in endpoints)


def _contains(part: str, endpoints: Iterable[Endpoint], words: Iterable[str], reasons: Iterable[Reason]) -> bool:
    wanted = part.casefold()
    return (
        not wanted
        or any(wanted in word.casefold() for word in words)
        or any(wanted in str(reason).casefold() for reason in reasons)
        or any(
            wanted in text.casefold()
            for endpoint in endpoints
            for text in (endpoint.name, endpoint.zone, *endpoint.addresses)
        )
    )
