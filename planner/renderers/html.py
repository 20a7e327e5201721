"""The report as one self-contained HTML document: for the screen as it is, and what the PDF is made of."""

from functools import cache
from pathlib import Path

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe

from planner.document import Endpoint
from planner.engine.report import Report
from planner.renderers.diagram import NoDiagram, render_diagram, render_overview
from planner.renderers.edition import Edition
from planner.renderers.outline import (
    describe_marks,
    describe_reasons,
    outline_findings,
    outline_flow,
    outline_rules,
    outline_zones,
)

MEMBERS = 12
"""How many endpoints a rule names in print before it counts."""
MOST_FLOWS = 300
"""A longer table of flows stays out of print."""
_STYLES = Path(__file__).resolve().parents[2] / "static" / "css" / "print.css"


def render_html(report: Report, edition: Edition | None = None) -> bytes:
    """The report as an HTML document in UTF-8 that needs no other file. Without an edition it is dated today."""
    return _document(report, edition).encode()


def _document(report: Report, edition: Edition | None) -> str:
    edition = edition or Edition(date=timezone.localdate())
    overview = diagram = no_diagram = ""
    try:
        # The diagram escapes what it draws; nothing else goes in unescaped.
        if report.boundaries:
            overview = mark_safe(render_overview(report))  # noqa: S308
        if report.plan.endpoints:
            diagram = mark_safe(render_diagram(report))  # noqa: S308
    except NoDiagram as error:
        no_diagram = str(error)
    missing = {finding.subject for finding in report.findings if finding.code == "address-missing"}
    severities = ("error", "decision", "warning")
    return render_to_string(
        "planner/document.html",
        {
            "report": report,
            "plan": report.plan,
            "matrix": report.matrix,
            "edition": edition,
            "styles": mark_safe(_styles()),  # noqa: S308 - our own file
            "overview": overview,
            "diagram": diagram,
            "no_diagram": no_diagram,
            "chapters": outline_rules(report, members=MEMBERS),
            "finding_groups": outline_findings(f for f in report.findings if f.severity in severities),
            "notes": outline_findings(f for f in report.findings if f.severity == "info"),
            "zones": outline_zones(report, members=MEMBERS),
            "directory": _directory(report),
            "missing": len(missing),
            "counts": {severity: sum(f.severity == severity for f in report.findings) for severity in severities},
            "crossing": sum(flow.scope == "cross-zone" for flow in report.flows),
            "flows": [
                {
                    "flow": flow,
                    "service": outline_flow(flow, report),
                    "open": describe_marks(flow.need.any_of, report.matrix),
                    "why": describe_reasons(flow.need.reasons),
                }
                for flow in report.flows
            ]
            if len(report.flows) <= MOST_FLOWS
            else [],
            "most_flows": MOST_FLOWS,
            "changed_ports": [(report.matrix.services[slug], ports) for slug, ports in report.plan.ports.items()],
            "applied": [state.caveat for state in report.caveats if state.applied],
        },
    )


def _directory(report: Report) -> list[tuple[str, list[Endpoint]]]:
    """All endpoints by zone, zones in the order of the plan."""
    by_zone: dict[str, list[Endpoint]] = {zone.name: [] for zone in report.plan.zones}
    for endpoint in report.plan.endpoints:
        by_zone[endpoint.zone].append(endpoint)
    return list(by_zone.items())


@cache
def _styles() -> str:
    return _STYLES.read_text("utf-8")
