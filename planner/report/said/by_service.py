"""The services of a rule with the reasons of each: why is this port open, and where does the document say so?

Services that are there for the same reasons stand together. Only arrangement: every fact comes from the report. Pure.
"""

from collections import defaultdict
from dataclasses import dataclass

from planner.engine.report import Report
from planner.engine.rules import Ports, Rule
from planner.report.said.outline import ServiceLine, describe_reasons, name_rule
from ports.matrix import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReasons:
    """Services of a rule, and what all of them are needed for."""

    ports: tuple[Ports, ...]
    services: tuple[ServiceLine, ...]
    """The same, with their names and what they were changed from."""
    reasons: tuple[Reason, ...]
    sections: tuple[str, ...]

    @property
    def why(self) -> str:
        """The reasons as one text."""
        return describe_reasons(self.reasons)

    @property
    def said(self) -> str:
        """tcp 88, tcp 464."""
        return ", ".join(map(str, self.ports))


def outline_services(rule: Rule, report: Report) -> tuple[ServiceReasons, ...]:
    """The services of a rule of this report by their reasons and sections, in the order of each first one."""
    together: dict[tuple[tuple[Reason, ...], tuple[str, ...]], list[tuple[Ports, ServiceLine]]] = defaultdict(list)
    named = zip(rule.services, name_rule(rule, report), strict=True)
    for one, reasons, sections in zip(named, rule.service_reasons, rule.service_sections, strict=True):
        together[reasons, sections].append(one)
    return tuple(
        ServiceReasons(
            ports=tuple(ports for ports, _ in alike),
            services=tuple(line for _, line in alike),
            reasons=reasons,
            sections=sections,
        )
        for (reasons, sections), alike in together.items()
    )
