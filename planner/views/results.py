"""The side of a plan's page that shows its report: rules, flows, findings, the diagram."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from math import ceil
from typing import Any
from urllib.parse import urlencode

from planner.engine import Report
from planner.filters import Filter, filter_boundaries, filter_flows
from planner.renderers.diagram import NoDiagram, render_diagram, render_overview
from planner.renderers.outline import describe_marks, describe_reasons, outline_findings, outline_flow, outline_rules
from planner.views.state import State
from ports.matrix import PROTOCOLS

FLOWS_PER_PAGE = 200
MEMBERS = 6
"""How many endpoints a rule names on the page before it counts."""


def describe_results(report: Report, state: State, draw: bool, here: str) -> dict[str, Any]:
    """What the open view of the report shows; the overview beside it only if `draw`. `here` is the page's address."""
    picture = {}
    if state.view == "diagram":
        picture = _draw(partial(render_diagram, report, unfolded=state.unfold, link=partial(_link, state, here)))
    elif state.view == "rules" and draw:
        picture = _draw(partial(render_overview, report, link=partial(_link, state, here)))
    return {"filter": state.filter, **picture, **_VIEWS[state.view](report, state)}


def count_view(slug: str, report: Report) -> str | None:
    """What the tab of a view says beside its name."""
    counts = {"rules": len(report.rules), "flows": len(report.flows), "findings": len(report.findings)}
    return f"{counts[slug]:,}" if slug in counts else None


def _describe_rules(report: Report, state: State) -> dict[str, Any]:
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
    }


def _describe_flows(report: Report, state: State) -> dict[str, Any]:
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


def _describe_findings(report: Report, _state: State) -> dict[str, Any]:
    return {"finding_groups": outline_findings(report.findings)}


def _describe_diagram(_report: Report, state: State) -> dict[str, Any]:
    return {"unfold_query": urlencode({"unfold": ",".join(state.unfold)}) if state.unfold else ""}


def _describe_fields(report: Report) -> dict[str, Any]:
    """What the fields of the filter offer."""
    cited = {number for flow in report.flows for number in flow.need.sections}
    return {
        "groups": report.zone_groups,
        "protocols": PROTOCOLS,
        "sections": [section for section in report.matrix.sections if section.number in cited],
    }


def _draw(render: Callable[[], str]) -> dict[str, str]:
    try:
        return {"diagram": render()}
    except NoDiagram as error:
        return {"no_diagram": str(error)}


def _link(state: State, here: str, fields: Mapping[str, str]) -> str:
    """Where a part of a picture leads: zones to their rules, endpoints to their flows, the rest to the diagram."""
    if "unfold" in fields:
        return f"{here}?{state.query(view='diagram', **fields)}"
    one = any(name.endswith("endpoint") for name in fields)
    inside = "source" in fields and fields["source"] == fields.get("destination")
    return f"{here}?{replace(state, filter=Filter()).query(view='flows' if one or inside else 'rules', **fields)}"


_VIEWS: dict[str, Callable[[Report, State], dict[str, Any]]] = {
    "rules": _describe_rules,
    "flows": _describe_flows,
    "findings": _describe_findings,
    "diagram": _describe_diagram,
}
