"""The checks as targets of Prometheus' blackbox_exporter: a file for file_sd_configs, with labels to alert by."""

from collections.abc import Iterator
from typing import Any

from planner.engine.checks import Check
from planner.engine.report import Report
from planner.plan.syntax import to_json
from planner.report.checks.bundle import check_attempts, checks_of
from planner.report.said.edition import Edition

MODULES = {"tcp": "tcp_connect", "icmp": "icmp"}
"""The modules of the exporter's example configuration, by protocol; UDP has none."""
_ATTEMPT = 16
"""Characters that a target takes beside its address: port, quotes and what stands before them."""


def render_blackbox(report: Report, edition: Edition | None = None) -> bytes:
    """A list of targets as JSON in UTF-8, in the form that file_sd_configs reads.

    Raises NotExpressible where it would be too large.
    """
    checks = [check for check in checks_of(report, edition) if check.protocol in MODULES]
    check_attempts("Targets for blackbox_exporter", checks, _ATTEMPT)
    sections, boundaries = _list_sections(report), _list_boundaries(report)
    return to_json(
        [
            target
            for check in checks
            for target in _list_targets(check, sections.get(check.opening, ""), boundaries.get(check.rule or "", ""))
        ]
    ).encode()


def _list_targets(check: Check, section: str, boundary: str) -> Iterator[dict[str, Any]]:
    hosts = [f"[{address}]" if ":" in address and check.ports else address for address in check.addresses]
    targets = [f"{host}:{port}" if port else host for host in (*hosts, *check.names) for port in check.tries]
    if targets:
        labels = {
            "__param_module": MODULES[check.protocol],
            "check": check.id,
            "source": check.source,
            "destination": check.destination,
            "rule": check.rule or "",
            "section": section,
            "boundary": boundary,
            "must_be": "closed" if check.closed else "open",
        }
        yield {"targets": targets, "labels": {name: value for name, value in labels.items() if value}}


def _list_sections(report: Report) -> dict[tuple[str, str, str, str | None], str]:
    return {
        (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports): ", ".join(flow.need.sections)
        for flow in report.flows
    }


def _list_boundaries(report: Report) -> dict[str, str]:
    return {rule.id: boundary.code for boundary in report.boundaries for rule in boundary.rules}
