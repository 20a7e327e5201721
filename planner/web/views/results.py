"""The side of a plan's page that shows its report: rules, flows, findings, the diagram."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from math import ceil
from typing import Any
from urllib.parse import urlencode

from planner.engine import Report
from planner.engine.compare import Comparison
from planner.engine.explain import explain
from planner.engine.findings import CaveatState
from planner.engine.flows import Excluded
from planner.engine.rules import Boundary, Ports, Rule
from planner.plan.blueprint import module_state
from planner.report.diagram.diagram import NoDiagram, render_diagram, render_overview
from planner.report.said.addresses import SoughtAddress
from planner.report.said.filters import DECIDED, Filter, filter_boundaries, filter_flows, narrow_report, say_elsewhere
from planner.report.said.outline import (
    Chapter,
    describe_marks,
    describe_reasons,
    outline_boundaries,
    outline_findings,
    outline_flow,
    outline_rules,
    stands_among_findings,
)
from planner.report.said.printed_rules import UNNEEDED
from planner.report.said.text import say_changes
from planner.report.said.zone_table import MOST_ZONES, ZONE_LEGEND, ZoneCell, tabulate_zones
from planner.store.models import Revision
from planner.web.forms.closed import describe_closed_for_readers
from planner.web.forms.exclusions import wanted_query
from planner.web.forms.own_settings import Settings
from planner.web.views.acts import list_acts
from planner.web.views.cures import Cures
from planner.web.views.state import State
from ports.matrix import section_key

FLOWS_PER_PAGE = 200
MOST_RULES = 2_000
"""How many rules a page lists; a filter leads to the others, and the downloads have all."""
MOST_CLOSED = 50
MOST_LOCAL = 50
MOST_FINDINGS = 20
"""How many findings of one code a page names."""
MOST_EXCLUDED = 200
CAVEAT = "caveat"
"""The code of findings whose answers stand with what they would change."""
MORE_FIELDS = ("zone", "source_endpoint", "destination_endpoint", "role", "port", "decided", "since")
"""The fields of the filter that are folded away until one of them is used."""
MEMBERS = 6
"""How many endpoints a rule names on the page before it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What the page knows of the past: the last change, and what differs from the revision of the filter."""

    revision: Revision | None = None
    """The newest revision; None while the plan is as it was first stored."""
    last: Comparison | None = None
    since: Comparison | None = None

    @property
    def shown(self) -> Comparison | None:
        """What rows are marked by."""
        return self.since or self.last


def describe_results(report: Report, state: State, changes: Changes, draw: bool, here: str) -> dict[str, Any]:
    """What the open view of the report shows; the overview beside it only if `draw`. `here` is the page's address."""
    if report.too_large:
        return {"filter": state.without_filter().filter}
    picture = {}
    if state.view == "diagram":
        picture = _draw(partial(render_diagram, report, unfolded=state.unfold, link=partial(_link, state, here)))
    elif state.view == "rules" and draw:
        picture = _draw(partial(render_overview, report, link=partial(_link, state, here)))
    return {
        "filter": state.filter,
        "more_filters": any(getattr(state.filter, name) for name in MORE_FIELDS),
        "last_change": _describe_last_change(changes, state),
        **picture,
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
        "only": only.query() if compared.rules_opened or compared.rules_changed else "",
    }


def _describe_rules(report: Report, state: State, changes: Changes) -> dict[str, Any]:
    chapters = outline_rules(report, members=MEMBERS)
    admitted = [rule.id for _, rules in filter_boundaries(report, state.filter, changes.since) for rule in rules]
    shown = set(admitted[:MOST_RULES])
    marks = _mark_rules(changes.shown)
    settings = Settings(report)
    return {
        **_describe_fields(report),
        "chapters": [
            {"boundary": chapter.boundary, "lines": lines}
            for chapter in chapters
            if (
                lines := [
                    {
                        "line": line,
                        "mark": marks.get(line.rule.id, ""),
                        "causes": explain(report, line.rule.requirements, line.rule.services, line.rule.reasons),
                        "own": settings.say_of_flows(line.destinations.shown, line.rule.requirements),
                        "flows_query": _lead_to_flows(chapter.boundary, line.rule, state),
                    }
                    for line in chapter.lines
                    if line.rule.id in shown
                ]
            )
        ],
        "closed_chapters": _describe_closed(changes, state),
        "matching": f"{len(admitted):,} of {len(report.rules):,} rules"
        + (f", the first {MOST_RULES:,} shown" if len(admitted) > MOST_RULES else ""),
        **_describe_search(report, state, changes, is_empty=not admitted),
    }


def _describe_search(report: Report, state: State, changes: Changes, *, is_empty: bool) -> dict[str, str]:
    """By which networks an address is found; and if no rule was, where else what is sought stands."""
    chosen = state.filter
    elsewhere = ""
    if is_empty and chosen and (found := say_elsewhere(narrow_report(report, chosen, changes.since))):
        elsewhere = f"{chosen.text or chosen.port or 'What is chosen'}: {found}"
    return {
        "found_by": SoughtAddress(chosen.text, report).say(),
        "elsewhere": elsewhere,
        "elsewhere_query": state.query(view="flows") if elsewhere else "",
    }


def _lead_to_flows(boundary: Boundary, rule: Rule, state: State) -> str:
    """Where the flows of a rule are, as far as a filter can tell them from others of its boundary."""
    fields = {"source": boundary.source.code, "destination": boundary.destination.code}
    for name, ends in (("source_endpoint", rule.sources), ("destination_endpoint", rule.destinations)):
        if len(ends) == 1:
            fields[name] = ends[0].name
    if len(rule.services) == 1:
        fields |= {"protocol": rule.services[0].protocol, "port": rule.services[0].ports or ""}
    if len(rule.sections) == 1:
        fields["section"] = rule.sections[0]
    return state.without_filter().query(view="flows", **fields)


def _mark_rules(compared: Comparison | None) -> dict[str, str]:
    """By number of the rule: "new" when all of it has to be opened, "more" when some has, else "changed"."""
    if not compared:
        return {}
    opened = {opening for rule in compared.rules_opened for opening in rule.openings()}
    changed = {opening for rule in compared.rules_changed for opening in rule.openings()}
    marks = {}
    for rule in compared.after.rules:
        openings = set(rule.openings())
        if openings & opened:
            marks[rule.id] = "new" if openings <= opened else "more"
        elif openings & changed:
            marks[rule.id] = "changed"
    return marks


def _describe_closed(changes: Changes, state: State) -> list[Chapter]:
    """The rules that the last change, or the changes since a revision, made unnecessary."""
    compared = changes.shown
    if compared is None or not (state.filter == Filter() or state.filter == Filter(since=state.filter.since)):
        return []
    chapters = []
    room = MOST_RULES
    for chapter in outline_boundaries(compared.boundaries_closed, compared.before, members=MEMBERS):
        if room > 0:
            chapters.append(replace(chapter, lines=chapter.lines[:room]))
            room -= len(chapter.lines)
    return chapters


def _describe_flows(report: Report, state: State, changes: Changes) -> dict[str, Any]:
    flows = filter_flows(report, state.filter, changes.since)
    page = min(state.page, max(1, ceil(len(flows) / FLOWS_PER_PAGE)))
    first = (page - 1) * FLOWS_PER_PAGE
    shown = flows[first : first + FLOWS_PER_PAGE]
    compared = changes.shown
    opened = {id(flow) for flow in compared.opened} if compared else set()
    settings = Settings(report)
    unused = _filter_excluded(report, state.filter, changes)
    changed = {id(change.after) for change in compared.changed} if compared else set()
    return {
        **_describe_fields(report),
        "flows": [
            {
                "flow": flow,
                "service": outline_flow(flow, report),
                "open": describe_marks(flow.need.any_of, report.matrix),
                "why": describe_reasons(flow.need.reasons),
                "mark": "new" if id(flow) in opened else "changed" if id(flow) in changed else "",
                "causes": explain(
                    report, flow.need.requirements, [Ports(flow.need.protocol, flow.need.ports)], flow.need.reasons
                ),
                "own": settings.say_of_flows((flow.destination,), flow.need.requirements),
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
        "matching": f"{len(flows):,} of {len(report.flows):,} flows"
        + (f", {first + 1:,} to {first + len(shown):,} shown" if len(shown) < len(flows) else ""),
        "previous": state.query(page=str(page - 1)) if page > 1 else "",
        "next": state.query(page=str(page + 1)) if first + len(shown) < len(flows) else "",
        **_describe_search(report, state, changes, is_empty=False),
    }


def _filter_excluded(report: Report, chosen: Filter, changes: Changes) -> list[Excluded]:
    """What the plan excludes, as far as the filter admits it."""
    admitted = filter_flows(replace(report, flows=tuple(item.flow for item in report.excluded)), chosen, changes.since)
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
    corrections: dict[str | None, CaveatState] = {
        item.caveat.slug: item for item in report.caveats if item.caveat.correction
    }
    groups = outline_findings(f for f in report.findings if stands_among_findings(f, report.matrix))
    return {
        "finding_groups": [
            {
                "severity": group.severity,
                "total": len(group.findings),
                "more": len(group.findings) > MOST_FINDINGS,
                "items": [
                    {
                        "finding": finding,
                        "cures": cures.list(finding),
                        "end": cures.end_of_endpoints(finding),
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


def _describe_diagram(_report: Report, state: State, _changes: Changes) -> dict[str, Any]:
    return {"unfold_query": urlencode({"unfold": ",".join(state.unfold)}) if state.unfold else ""}


def _describe_fields(report: Report) -> dict[str, Any]:
    """What the fields of the filter offer."""
    held = {role for endpoint in report.plan.endpoints for role in endpoint.roles}
    cited = {number for flow in report.flows for number in flow.need.sections}
    return {
        "groups": report.zone_groups,
        "sections": [section for section in report.matrix.sections if section.number in cited],
        "roles": [role for slug, role in report.matrix.roles.items() if slug in held],
        "decided_options": DECIDED.items(),
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
    "rules": _describe_rules,
    "zones": _describe_zones,
    "flows": _describe_flows,
    "findings": _describe_findings,
    "diagram": _describe_diagram,
    "unneeded": _describe_unneeded,
    "closed": _describe_what_is_closed,
    "caveats": _describe_reading,
}
