"""The side of a plan's page that shows its report: rules, flows, findings, the diagram."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import groupby
from math import ceil
from typing import Any
from urllib.parse import urlencode

from planner.engine import Report
from planner.engine.compare import Comparison, flow_key
from planner.engine.explain import explain
from planner.engine.findings import CaveatState
from planner.engine.flows import Excluded
from planner.engine.rules import Ports
from planner.engine.topology import find_settings
from planner.plan.blueprint import module_state
from planner.report.checks.commands import Trials
from planner.report.diagram.boundaries import draw_boundaries
from planner.report.diagram.diagram import NoDiagram, render_diagram, render_overview
from planner.report.said.filters import DECIDED, IN_STATE, Filter, filter_flows
from planner.report.said.outline import (
    describe_marks,
    describe_reasons,
    outline_findings,
    outline_flow,
    stands_among_findings,
)
from planner.report.said.printed_rules import UNNEEDED, list_rules_of
from planner.report.said.strip import Way, outline_strip
from planner.report.said.text import say_changes
from planner.report.said.zone_table import MOST_ZONES, ZONE_LEGEND, ZoneCell, tabulate_zones
from planner.web.forms.closed import describe_closed_for_readers
from planner.web.forms.exclusions import wanted_query
from planner.web.forms.own_settings import Settings
from planner.web.views.acts import list_acts
from planner.web.views.cures import Cures
from planner.web.views.keeper import describe_states
from planner.web.views.marked import Changes
from planner.web.views.rules import describe_rules, describe_search
from planner.web.views.state import State
from ports.matrix import section_key
from ports.text import many

FLOWS_PER_PAGE = 200
MOST_CLOSED = 50
MOST_LOCAL = 500
MOST_FINDINGS = 20
"""How many findings of one code a page names."""
MOST_FOLDED = 500
"""How many findings of a kind are named, the folded ones counted in."""
MOST_CONCERNED = 200
"""How many endpoints of a finding it names."""
MOST_EXCLUDED = 200
CAVEAT = "caveat"
"""The code of findings whose answers stand with what they would change."""
MORE_FIELDS = (
    "zone", "source_endpoint", "destination_endpoint", "role", "firewall", "rule", "port", "decided", "state", "since",
)  # fmt: skip
"""The fields of the filter that are folded away until one of them is used."""


def describe_results(report: Report, state: State, changes: Changes, draw: bool, here: str) -> dict[str, Any]:
    """What the open view of the report shows; the overview beside it only if `draw`. `here` is the page's address."""
    if report.too_large:
        return {"filter": state.without_filter().filter}
    picture: dict[str, Any] = {}
    if state.view == "diagram":
        picture = _draw(partial(render_diagram, report, unfolded=state.unfold, link=partial(_link, state, here)))
    elif state.view == "rules" and draw:
        picture = _describe_strip(report, state)
        picture |= _draw(partial(render_overview, report, link=partial(_link, state, here)))
    return {
        "filter": state.filter,
        "more_filters": any(getattr(state.filter, name) for name in MORE_FIELDS),
        "last_change": _describe_last_change(changes, state),
        **picture,
        **describe_states(changes.keeper),
        **(_describe_fields(report, state.filter) if state.view in ("rules", "flows") else {}),
        **_VIEWS[state.view](report, state, changes),
    }


def count_view(slug: str, report: Report) -> str | None:
    """What the tab of a view says beside its name."""
    counts = {
        "rules": len(report.rules),
        "flows": len(report.flows),
        "findings": sum(finding.severity != "info" for finding in report.findings),
        "closed": len(report.closed),
        "unneeded": sum(len(group.requirements) for group in report.unneeded),
    }
    return f"{counts[slug]:,}" if slug in counts else None


def _describe_last_change(changes: Changes, state: State) -> dict[str, Any] | None:
    """The last change in words and numbers, and a link to what it opened."""
    compared = changes.last
    if compared is None or changes.revision is None or not compared or state.filter.since:
        return None
    only = replace(state, view="rules", filter=Filter(since=str(changes.revision.number - 1)))
    return {
        "summary": changes.revision.summary,
        "number": changes.revision.number,
        "said": ", ".join(say_changes(compared)) or "no firewall rule changes",
        "only": only.query() if _has_changed_rules(compared) else "",
    }


def _has_changed_rules(compared: Comparison) -> bool:
    """Whether a rule of now has been opened or changed, or names an endpoint with other addresses."""
    return bool(compared.rules_opened or compared.rules_changed or any(list_rules_of(compared).values()))


def _describe_flows(report: Report, state: State, changes: Changes) -> dict[str, Any]:
    flows = filter_flows(report, state.filter, changes.since, changes.keeper.lives)
    page = min(state.page, max(1, ceil(len(flows) / FLOWS_PER_PAGE)))
    first = (page - 1) * FLOWS_PER_PAGE
    shown = flows[first : first + FLOWS_PER_PAGE]
    compared = changes.shown
    opened = {id(flow) for flow in compared.opened} if compared else set()
    settings, trials = Settings(report), Trials(report)
    unused = _filter_excluded(report, state.filter, changes)
    changed = {id(change.after) for change in compared.changed} if compared else set()
    return {
        "flows": [
            {
                "flow": flow,
                "service": outline_flow(flow, report),
                "open": describe_marks(flow.need.any_of, report.matrix),
                "why": describe_reasons(flow.need.reasons),
                "mark": "new" if id(flow) in opened else "changed" if id(flow) in changed else "",
                "causes": explain(
                    report,
                    flow.need.requirements,
                    [Ports(flow.need.protocol, flow.need.ports)],
                    find_settings(report.plan, [flow.destination]),
                    flow.need.reasons,
                ),
                "own": settings.say_of_flows((flow.destination,), flow.need.requirements),
                "trial": trials.of(flow_key(flow)),
                "wanted": "" if flow.need.own else wanted_query(flow),
            }
            for flow in shown
        ],
        "exclude_query": state.query(panel="excluded", page=str(page) if page > 1 else ""),
        "excluded_flows": [
            {"flow": item.flow, "service": outline_flow(item.flow, report), "reason": item.exclusion.reason}
            for item in unused[:MOST_EXCLUDED]
        ],
        "more_excluded": max(0, len(unused) - MOST_EXCLUDED),
        "closed_flows": compared.closed[:MOST_CLOSED] if compared and not state.filter and page == 1 else (),
        "matching": f"{len(flows):,} of {many(len(report.flows), 'flow')}"
        + (f", {first + 1:,} to {first + len(shown):,} shown" if len(shown) < len(flows) else ""),
        "previous": state.query(page=str(page - 1)) if page > 1 else "",
        "next": state.query(page=str(page + 1)) if first + len(shown) < len(flows) else "",
        **describe_search(report, state, changes, is_empty=False),
    }


def _filter_excluded(report: Report, chosen: Filter, changes: Changes) -> list[Excluded]:
    """What the plan excludes, as far as the filter admits it."""
    admitted = filter_flows(
        replace(report, flows=tuple(item.flow for item in report.excluded)),
        chosen,
        changes.since,
        changes.keeper.lives,
    )
    wanted = {id(flow) for flow in admitted}
    return [item for item in report.excluded if id(item.flow) in wanted]


def _describe_unneeded(report: Report, _state: State, _changes: Changes) -> dict[str, Any]:
    titles = {section.number: section.title for section in report.matrix.sections}
    return {
        "absent_modules": [module.question for module in module_state(report.matrix, report.plan) if not module.on],
        "unneeded": [
            (
                title,
                lead,
                [
                    {"number": number, "title": titles.get(number, ""), "groups": list(groups)}
                    for number, groups in groupby(parts, key=lambda group: group.section)
                ],
            )
            for kind, title, lead in UNNEEDED
            if (parts := sorted((u for u in report.unneeded if u.kind == kind), key=lambda u: section_key(u.section)))
        ],
        "local": [
            {
                "endpoint": local.endpoint,
                "lines": [
                    {"service": outline_flow(flow, report), "why": describe_reasons(flow.need.reasons)}
                    for flow in local.flows
                ],
            }
            for local in report.local[:MOST_LOCAL]
        ],
        "more_local": max(0, len(report.local) - MOST_LOCAL),
    }


def _describe_zones(report: Report, state: State, _changes: Changes) -> dict[str, Any]:
    """The table from zone to zone, each cell with where its rules, or its flows, and what is closed there are."""
    table = tabulate_zones(report)
    plain = state.without_filter()

    def lead(cell: ZoneCell) -> dict[str, Any]:
        sides = {"source": cell.source.code, "destination": cell.destination.code}
        return {
            "cell": cell,
            "passing": plain.query(view="rules" if cell.rules else "flows", **sides),
            "closed_view": plain.query(view="closed", between=cell.code),
            "closed_panel": plain.query(panel="closed", between=cell.code),
        }

    return {
        "zone_table": table,
        "zone_rows": [(source, [lead(cell) for cell in cells]) for source, cells in table.rows] if table else (),
        "zone_legend": ZONE_LEGEND,
        "most_zones": MOST_ZONES,
    }


def _describe_what_is_closed(report: Report, state: State, _changes: Changes) -> dict[str, Any]:
    return {**describe_closed_for_readers(report, state.between), "all_closed": state.query(between="")}


def _describe_reading(report: Report, _state: State, _changes: Changes) -> dict[str, Any]:
    """How the document was read, as far as it bears on the plan."""
    return {"read_caveats": [{"caveat": item.caveat, "answer": item.answer} for item in report.caveats]}


def _describe_findings(report: Report, state: State, _changes: Changes) -> dict[str, Any]:
    """The findings by code, each with the links to the fields that cure it."""
    cures = Cures(report, state)
    ends = {endpoint.name: endpoint for endpoint in report.plan.endpoints}
    corrections: dict[str | None, CaveatState] = {
        item.caveat.slug: item for item in report.caveats if item.caveat.correction
    }
    groups = outline_findings(f for f in report.findings if stands_among_findings(f, report.matrix))
    return {
        "finding_groups": [
            {
                "severity": group.severity,
                "more": max(0, len(group.findings) - MOST_FINDINGS),
                "folded": group.findings[MOST_FINDINGS:MOST_FOLDED],
                "beyond": max(0, len(group.findings) - MOST_FOLDED),
                "items": [
                    {
                        "finding": finding,
                        "cures": cures.list(finding),
                        "end": cures.end_of_endpoints(finding),
                        "endpoints": [ends[name] for name in finding.endpoints[:MOST_CONCERNED]],
                        "correction": (
                            correction := corrections.get(finding.subject) if finding.code == CAVEAT else None
                        ),
                        "acts": [] if correction else list_acts(finding, cures),
                    }
                    for finding in group.findings[:MOST_FINDINGS]
                ],
            }
            for group in groups
        ]
    }


def _describe_strip(report: Report, state: State) -> dict[str, Any]:
    """The zones in a row, each and each line with where its rules are."""
    plain = state.without_filter()
    strip = outline_strip(report)

    def lead(way: Way | None) -> dict[str, Any] | None:
        sides = {"source": way.source.code, "destination": way.destination.code} if way else {}
        return {"way": way, "query": plain.query(view="rules", **sides)} if way else None

    return {
        "strip": strip,
        "strip_steps": [
            {
                "step": step,
                "query": plain.query(view="rules", zone=step.zone.group.code),
                "forth": lead(step.forth),
                "back": lead(step.back),
            }
            for step in strip.steps
        ],
        "strip_ways": [lead(way) for way in strip.ways],
        "diagram_query": plain.query(view="diagram"),
        "zones_query": plain.query(view="zones"),
    }


def _describe_diagram(report: Report, state: State, _changes: Changes) -> dict[str, Any]:
    boundaries, more = draw_boundaries(report)
    return {
        "unfold_query": urlencode({"unfold": ",".join(state.unfold)}) if state.unfold else "",
        "boundaries": boundaries,
        "more_boundaries": more,
    }


MOST_SITES = 40
"""How many zones may stand together under one code for the filter to list them by name; else the search finds one."""


def _list_places(report: Report, chosen: Filter) -> list[tuple[str, str]]:
    """What the filter offers as zones: each group by its code, and below it the zones of a group of several by name.

    A name that is chosen is there, too, however many there are.
    """
    places = []
    for group in report.zone_groups:
        places.append((group.code, group.label))
        if len(group.zones) > 1:
            wanted = {chosen.source, chosen.destination, chosen.zone}
            names = [zone for zone in group.zones if len(group.zones) <= MOST_SITES or zone in wanted]
            places += [(zone, f"– {zone}") for zone in names]
    return places


def _describe_fields(report: Report, chosen: Filter) -> dict[str, Any]:
    """What the fields of the filter offer."""
    held = {role for endpoint in report.plan.endpoints for role in endpoint.roles}
    cited = {number for flow in report.flows for number in flow.need.sections}
    return {
        "places": _list_places(report, chosen),
        "sections": [section for section in report.matrix.sections if section.number in cited],
        "firewall_names": [firewall.name for firewall in report.plan.firewalls],
        "roles": [role for slug, role in report.matrix.roles.items() if slug in held],
        "decided_options": DECIDED.items(),
        "state_options": IN_STATE.items(),
    }


def _draw(render: Callable[[], str]) -> dict[str, str]:
    try:
        return {"diagram": render()}
    except NoDiagram as error:
        return {"no_diagram": str(error)}


def _link(state: State, here: str, fields: Mapping[str, str]) -> str:
    """Where a part of a picture leads: zones to their rules, endpoints to their flows, the rest to the diagram."""
    state = state.without_question()  # the picture stays as it is when another one is asked
    if "unfold" in fields:
        return f"{here}?{state.query(view='diagram', **fields)}"
    one = any(name.endswith("endpoint") for name in fields)
    inside = "source" in fields and fields["source"] == fields.get("destination")
    return f"{here}?{state.without_filter().query(view='flows' if one or inside else 'rules', **fields)}"


_VIEWS: dict[str, Callable[[Report, State, Changes], dict[str, Any]]] = {
    "rules": describe_rules,
    "zones": _describe_zones,
    "flows": _describe_flows,
    "findings": _describe_findings,
    "diagram": _describe_diagram,
    "unneeded": _describe_unneeded,
    "closed": _describe_what_is_closed,
    "caveats": _describe_reading,
    "decisions": lambda *_: {},  # the page has them by itself: they are not of the report
}
