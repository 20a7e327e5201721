"""The page of a plan: its topology and decisions on one side, what has to be opened on the other."""

import re
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass, replace
from math import ceil
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import replace_url

from planner import actions, presence
from planner.document import PlanError
from planner.edits import NotPossible
from planner.engine import Report
from planner.filters import Filter, filter_boundaries, filter_flows, read_filter
from planner.forms import ChoiceForm, CorrectionForm, PortForm, RenameForm
from planner.models import Plan
from planner.renderers import FORMATS
from planner.renderers.diagram import NoDiagram, render_diagram, render_overview
from planner.renderers.outline import (
    describe_marks,
    describe_reasons,
    outline_findings,
    outline_flow,
    outline_rules,
    outline_zones,
)
from planner.reports import report_for
from planner.topology_forms import CLOSED, OPENINGS, Opened, describe_topology, read_opened
from planner.views.access import plan_view
from ports.matrix import PROTOCOLS, Matrix
from ports.queries import current_matrix

PANELS = {"topology": "Topology", "decisions": "Decisions", "ports": "Ports", "caveats": "Caveats"}
VIEWS = {"rules": "Rules", "flows": "Flows", "findings": "Findings", "diagram": "Diagram"}
FLOWS_PER_PAGE = 200
MEMBERS = 6
"""How many endpoints a rule names on the page before it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What of the page is shown: a panel, a view of the report, a filter, a page of flows."""

    panel: str
    view: str
    filter: Filter
    page: int
    opened: Opened = CLOSED
    """What is open in the topology panel; a link to a panel closes it."""

    def query(self, **changes: str) -> str:
        """The state as a query string, with changes."""
        values = {
            "panel": self.panel if self.panel != "topology" else "",
            "view": self.view if self.view != "rules" else "",
            **dict(parse_qsl(self.filter.query())),
            **({self.opened.kind: self.opened.name} if not {"panel", *OPENINGS} & changes.keys() else {}),
            **changes,
        }
        return urlencode({name: value for name, value in values.items() if value})


def read_state(request: HttpRequest, report: Report) -> tuple[State, dict[str, str]]:
    """The state in the address: of the page that an htmx edit comes from, else of the request itself."""
    pairs = list(request.GET.items())
    if request.method == "POST" and request.htmx and request.htmx.current_url:
        with suppress(ValueError):  # no address at all
            pairs = parse_qsl(urlsplit(request.htmx.current_url).query)
    values = dict(pairs)
    chosen, faults = read_filter(pairs, report)
    page = values.get("page", "1")
    return State(
        panel=values.get("panel", "") if values.get("panel") in PANELS else "topology",
        view=values.get("view", "") if values.get("view") in VIEWS else "rules",
        filter=chosen,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 and int(page) > 0 else 1,
        opened=read_opened(values, report) if values.get("panel", "topology") in ("", "topology") else CLOSED,
    ), faults


@require_safe
@plan_view
def show_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The whole page, or for htmx the part that it asks for."""
    matrix = current_matrix()
    report = report_for(plan.document, matrix)
    state, faults = read_state(request, report)
    part = request.htmx.target if request.htmx and not request.htmx.history_restore_request else None
    context = describe_page(request, plan, report, state, draw=part != "results") | {
        "filter_faults": faults,
        **_came_from(request, state),
    }
    template = f"planner/plan.html#moved-{part}" if part in ("report", "panel", "results") else "planner/plan.html"
    response = render(request, template, context)
    if part == "results":  # an address to bookmark, without the fields that are empty
        replace_url(response, "?".join(filter(None, (context["here"], context["query"]))))
    return response


def _came_from(request: HttpRequest, state: State) -> dict[str, Any]:
    """Where the focus goes: to what has just been opened, or back to the link of what has just been closed."""
    if not request.htmx or not request.htmx.current_url:
        return {"fresh": bool(state.opened.kind)}
    before = dict(parse_qsl(urlsplit(request.htmx.current_url).query))
    opened = state.opened
    return {
        "fresh": bool(opened.kind) and before.get(opened.kind) != opened.name,
        "returned": "" if opened.kind else before.get("edit", "") or before.get("zone", ""),
    }


def describe_page(
    request: HttpRequest, plan: Plan, report: Report, state: State, bound: Form | None = None, *, draw: bool = True
) -> dict[str, Any]:
    """Everything that the page shows, the diagram only if `draw`.

    `bound` is a form that was sent with errors, to be shown again as it was.
    """
    token = request.resolver_match.kwargs["token"] if request.resolver_match else ""
    return {
        "plan": plan,
        "token": token,
        "here": reverse("show_plan", kwargs={"token": token}),
        "report": report,
        "state": state,
        "query": state.query(),
        "unfiltered": replace(state, filter=Filter()).query(),
        "panels": [(slug, name, state.query(panel=slug), _panel_count(slug, report)) for slug, name in PANELS.items()],
        "views": [(slug, name, state.query(view=slug), _view_count(slug, report)) for slug, name in VIEWS.items()],
        "formats": FORMATS.values(),
        "bound": bound,
        "visitor": presence.read_visitor(request),
        "history": _describe_history(plan),
        **_describe_panel(report, state, bound),
        **_describe_report(report, state, draw),
    }


def _describe_history(plan: Plan) -> dict[str, str]:
    """What an undo would take back and a redo bring back, in words; empty when there is nothing."""
    now = plan.revisions.filter(number=plan.revision).first()
    if now is None:
        return {"undo": "", "redo": ""}
    again = plan.revisions.filter(number=now.redo_to).first() if now.redo_to else None
    return {"undo": now.summary if now.undo_to else "", "redo": again.summary if again else ""}


def _panel_count(slug: str, report: Report) -> str:
    if slug == "decisions" and report.decisions:
        return f"{len(report.decisions)} open"
    if slug == "ports" and report.plan.ports:
        return f"{len(report.plan.ports)} changed"
    if slug == "caveats":
        waiting = sum(1 for state in report.caveats if state.caveat.correction and not state.applied)
        return str(waiting) if waiting else ""
    return ""


def _view_count(slug: str, report: Report) -> str | None:
    counts = {"rules": len(report.rules), "flows": len(report.flows), "findings": len(report.findings)}
    return f"{counts[slug]:,}" if slug in counts else None


def _draw(render: Callable[[Report], str], report: Report) -> dict[str, str]:
    try:
        return {"diagram": render(report)}
    except NoDiagram as error:
        return {"no_diagram": str(error)}


def _describe_panel(report: Report, state: State, bound: Form | None) -> dict[str, Any]:
    plan, matrix = report.plan, report.matrix
    if state.panel == "decisions":
        opened = {decision.choice.slug: decision for decision in report.decisions}
        return {
            "choices": [
                {
                    "choice": choice,
                    "decision": opened.get(slug),
                    "chosen": _chosen(report, slug),
                    "decided": slug in plan.choices,
                    "errors": _errors(bound, ChoiceForm, "choice", slug),
                }
                for slug, choice in sorted(matrix.choices.items(), key=lambda item: item[0] not in opened)
            ],
            "stray_errors": _stray_errors(bound, ChoiceForm, "choice", matrix.choices),
        }
    if state.panel == "ports":
        configurable = {slug for slug, service in matrix.services.items() if service.configurable}
        return {
            "services": [
                {
                    "service": service,
                    "value": _sent(bound, PortForm, "service", slug, "ports", plan.ports.get(slug, "")),
                    "override": plan.ports.get(slug, ""),
                    "errors": _errors(bound, PortForm, "service", slug),
                }
                for slug, service in matrix.services.items()
                if slug in configurable
            ],
            "stray_errors": _stray_errors(bound, PortForm, "service", configurable),
        }
    if state.panel == "caveats":
        bearing = {item.caveat.slug for item in report.caveats}
        return {
            "caveats": [
                {"caveat": caveat, "applied": slug in plan.corrections, "bears": slug in bearing}
                for slug, caveat in sorted(matrix.caveats.items(), key=lambda item: item[0] not in bearing)
            ],
            "stray_errors": _stray_errors(bound, CorrectionForm, "caveat", ()),
        }
    return {
        "zones": outline_zones(report, members=MEMBERS),
        "closed": state.query(panel=""),
        "closed_pairs": parse_qsl(state.query(panel="")),
        **describe_topology(report, state.opened, bound),
        "rename": bound if isinstance(bound, RenameForm) else RenameForm(
            initial={"name": plan.name, "description": plan.description}
        ),
    }  # fmt: skip


def _chosen(report: Report, slug: str) -> tuple[str, ...]:
    taken = report.plan.choices.get(slug, report.matrix.choices[slug].default or ())
    return (taken,) if isinstance(taken, str) else taken


def _errors(bound: Form | None, kind: type[Form], key: str, slug: str) -> list[str]:
    """The sentences of a form that was sent with errors, if it is the one for this slug."""
    if not isinstance(bound, kind) or bound.data.get(key, "") != slug:
        return []
    return [str(error) for errors in bound.errors.values() for error in errors]


def _stray_errors(bound: Form | None, kind: type[Form], key: str, shown: Container[str]) -> list[str]:
    """The sentences of a form that was sent with errors and has no place of its own in the panel."""
    slug = bound.data.get(key, "") if isinstance(bound, kind) else ""
    return [] if slug in shown else _errors(bound, kind, key, slug)


def _sent(bound: Form | None, kind: type[Form], key: str, slug: str, field: str, otherwise: str) -> str:
    if isinstance(bound, kind) and bound.data.get(key) == slug:
        return str(bound.data.get(field, ""))
    return otherwise


def _describe_report(report: Report, state: State, draw: bool) -> dict[str, Any]:
    chosen = state.filter
    context: dict[str, Any] = {"filter": chosen}
    if state.view == "findings":
        return context | {"finding_groups": outline_findings(report.findings)}
    if state.view == "diagram":
        return context | _draw(render_diagram, report)
    cited = {number for flow in report.flows for number in flow.need.sections}
    context |= {
        "groups": report.zone_groups,
        "protocols": PROTOCOLS,
        "sections": [section for section in report.matrix.sections if section.number in cited],
    }
    if state.view == "flows":
        flows = filter_flows(report, chosen)
        page = min(state.page, max(1, ceil(len(flows) / FLOWS_PER_PAGE)))
        first = (page - 1) * FLOWS_PER_PAGE
        shown = flows[first : first + FLOWS_PER_PAGE]
        return context | {
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
    chapters = outline_rules(report, members=MEMBERS)
    admitted = {rule.id for _, rules in filter_boundaries(report, chosen) for rule in rules}
    shown_chapters = [
        {"boundary": chapter.boundary, "lines": lines}
        for chapter in chapters
        if (lines := [line for line in chapter.lines if line.rule.id in admitted])
    ]
    context |= {"chapters": shown_chapters, "matching": f"{len(admitted):,} of {len(report.rules):,} rules"}
    return context | (_draw(render_overview, report) if draw else {})


def read_sender(request: HttpRequest) -> actions.Sender:
    """Who sends an edit: its id and base from the form, the name that the browser's person chose."""
    operation, base = request.POST.get("operation", ""), request.POST.get("base", "")
    return actions.Sender(
        operation=operation if re.fullmatch(r"[0-9a-f]{32}", operation) else None,
        base=int(base) if re.fullmatch(r"[1-9][0-9]{0,8}", base, re.ASCII) else None,
        author=presence.read_visitor(request).name,
    )


Edit = Callable[[HttpRequest, Plan, Matrix], Form]


def edit_view(edit: Edit, panel: str) -> Callable[..., HttpResponse]:
    """A view around one edit: on success the page as it is now, on errors the form as it was sent.

    `edit` reads the form and applies it; what it raises is shown beside the form, and nothing was stored then.
    """

    @require_POST
    @plan_view
    def view(request: HttpRequest, plan: Plan) -> HttpResponse:
        form = edit(request, plan, current_matrix())
        return show_changed(request, plan, form=form, panel=panel)

    return view


def show_changed(
    request: HttpRequest, plan: Plan, *, form: Form | None = None, panel: str | None = None, trouble: str = ""
) -> HttpResponse:
    """The answer to an edit: for htmx the parts that may have changed, else the page.

    `form` is shown as it was sent if it has errors, in its panel; `trouble` is a sentence of what couldn't be done.
    """
    plan.refresh_from_db()
    report = report_for(plan.document, current_matrix())
    state, faults = read_state(request, report)
    failed = bool(trouble) or (form is not None and not form.is_valid())
    if not failed and not request.htmx:
        token = request.resolver_match.kwargs["token"] if request.resolver_match else ""
        query = state.query(panel=panel) if panel else state.query()
        return redirect(reverse("show_plan", kwargs={"token": token}) + (f"?{query}" if query else ""))
    # Of the ports only the one that was sent is replaced: what is being typed into another field stays.
    shown = state.panel == panel
    if failed and panel:
        state = replace(state, panel=panel)
    context = describe_page(request, plan, report, state, form if failed else None)
    if form is not None and shown and panel == "ports":
        slug = form.data.get("service")
        context["item"] = next((item for item in context["services"] if item["service"].slug == slug), None)
    template = "planner/plan.html#changed" if request.htmx else "planner/plan.html"
    return render(request, template, context | {"filter_faults": faults, "trouble": trouble})


def _apply(form: Form, plan: Plan, matrix: Matrix, request: HttpRequest, action: Callable[..., object]) -> Form:
    """Apply a valid form by an action; what speaks against it becomes the form's error."""
    if form.is_valid():
        try:
            action(plan_id=plan.pk, matrix=matrix, sender=read_sender(request), **form.cleaned_data)
        except PlanError as error:
            for fault in error.faults:
                form.add_error(None, fault.message)
        except (NotPossible, actions.Clash) as error:
            form.add_error(None, str(error))
    return form


def _rename(request: HttpRequest, plan: Plan, matrix: Matrix) -> Form:
    return _apply(RenameForm(request.POST), plan, matrix, request, actions.rename_plan)


def _choose(request: HttpRequest, plan: Plan, matrix: Matrix) -> Form:
    return _apply(ChoiceForm(request.POST, matrix=matrix), plan, matrix, request, actions.choose)


def _override(request: HttpRequest, plan: Plan, matrix: Matrix) -> Form:
    return _apply(PortForm(request.POST, matrix=matrix), plan, matrix, request, actions.override_port)


def _correct(request: HttpRequest, plan: Plan, matrix: Matrix) -> Form:
    return _apply(CorrectionForm(request.POST, matrix=matrix), plan, matrix, request, actions.set_correction)


rename_plan = edit_view(_rename, "topology")
decide_choice = edit_view(_choose, "decisions")
override_port = edit_view(_override, "ports")
correct_caveat = edit_view(_correct, "caveats")
