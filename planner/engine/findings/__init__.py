"""Findings: what the reader of a report must know or decide.

Some follow from the matrix (checks, caveats, choices), the others from the vocabulary of plans. There is one for each
cause, with all that it concerns. Their codes are stable and listed in docs/findings.md. Pure.
"""

from collections.abc import Iterable

from planner.engine.findings.addresses import find_addresses
from planner.engine.findings.decisions import (
    CaveatState,
    ask_decisions,
    find_caveats,
    find_decisions,
    run_checks,
    tell_caveats,
)
from planner.engine.findings.evidence import Decision, Evidence, Finding
from planner.engine.findings.firewalls import find_firewall_trouble
from planner.engine.findings.managed import find_local_flows, find_managed, find_port_conflicts
from planner.engine.findings.usage import find_closed_trouble, find_usage
from ports.matrix import SEVERITIES

__all__ = [
    "CaveatState",
    "Decision",
    "Evidence",
    "Finding",
    "find_caveats",
    "find_decisions",
    "find_findings",
    "sort_findings",
]


def find_findings(evidence: Evidence) -> tuple[Finding, ...]:
    """All findings, gravest first, then by code and subject."""
    findings = (
        *run_checks(evidence),
        *ask_decisions(evidence),
        *tell_caveats(evidence),
        *find_usage(evidence),
        *find_closed_trouble(evidence),
        *find_addresses(evidence),
        *find_managed(evidence),
        *find_port_conflicts(evidence),
        *find_firewall_trouble(evidence),
        *find_local_flows(evidence),
    )
    return sort_findings(findings)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Gravest first, then by code and subject."""
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, str, str, str]:
    return SEVERITIES.index(finding.severity), finding.code, finding.subject or "", finding.message
