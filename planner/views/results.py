"""The side of a plan's page that shows its report: rules, flows, findings, the diagram."""

from collections.abc import Callable
from math import ceil
from typing import Any

from planner.engine import Report
from planner.filters import filter_boundaries, filter_flows
from planner.renderers.diagram import NoDiagram, render_diagram, render_overview
from planner.renderers.outline import describe_marks, describe_reasons, outline_findings, outline_flow, outline_rules
from planner.views.state import State
from ports.matrix import PROTOCOLS

FLOWS_PER_PAGE = 200
MEMBERS = 6
"""How many endpoints a rule names on the page before it counts."""


def describe_results(report: Report, state: State, draw: bool) -> dict[str, Any]:
    """What the open view of the report shows; the overview beside it only if `draw`."""
    return {"filter": state.filter, **_VIEWS[state.view](report, state, draw)}


def count_view(slug: str, report: Report) -> str | None:
    """What the tab of a view says beside its name."""
    counts = {"rules": len(report.rules), "flows": len(report.flows), "findings": len(report.findings)}
    return f"{counts[slug]:,}" if slug in counts else None


def _describe_rules(report: Report, state: State, draw: bool) -> dict[str, Any]:
    chapters = outline_rules(report, members=MEMBERS)
    admitted = {rule.id for _, rules in filter_boundaries(report, state.filter) for rule in rules}
    return {
        **_describe_fields(report),
        "chapters": [
            {"boundary": chapter.boundary, "lines": lines}
            for chapter in chapters
            if (lines := [line for line in chapter.lines if line.rule.id in admitted])
        ],
        "matching": f"{len(admitted):,} of {len(report.rules):,} rules",
        **(_draw(render_overview, report) if draw else {}),
    }


def _describe_flows(report: Report, state: State, _with_picture: bool) -> dict[str, Any]:
    flows = filter_flows(report, state.filter)
    page = min(state.page, max(1, ceil(len(flows) / FLOWS_PER_PAGE)))
    first = (page - 1) * FLOWS_PER_PAGE
    shown = flows[first : first + FLOWS_PER_PAGE]
    return {
        **_describe_fields(report),
        "flows": [
            {
                "flow": flow,
                "service": outline_flow(flow, report),
                "open": describe_marks(flow.need.any_of, report.matrix),
                "why": describe_reasons(flow.need.reasons),
            }
            for flow in shown
        ],
        "matching": f"{len(flows):,} of {len(report.flows):,} flows"
        + (f", {first + 1:,} to {first + len(shown):,} shown" if len(shown) < len(flows) else ""),
        "previous": state.query(page=str(page - 1)) if page > 1 else "",
        "next": state.query(page=str(page + 1)) if first + len(shown) < len(flows) else "",
    }


def _describe_findings(report: Report, _state: State, _with_picture: bool) -> dict[str, Any]:
    return {"finding_groups": outline_findings(report.findings)}


def _describe_diagram(report: Report, _state: State, _with_picture: bool) -> dict[str, Any]:
    return _draw(render_diagram, report)


def _describe_fields(report: Report) -> dict[str, Any]:
    """What the fields of the filter offer."""
    cited = {number for flow in report.flows for number in flow.need.sections}
    return {
        "groups": report.zone_groups,
        "protocols": PROTOCOLS,
        "sections": [section for section in report.matrix.sections if section.number in cited],
    }


def _draw(render: Callable[[Report], str], report: Report) -> dict[str, str]:
    try:
        return {"diagram": render(report)}
    except NoDiagram as error:
        return {"no_diagram": str(error)}


_VIEWS: dict[str, Callable[[Report, State, bool], dict[str, Any]]] = {
    "rules": _describe_rules,
    "flows": _describe_flows,
    "findings": _describe_findings,
    "diagram": _describe_diagram,
}
