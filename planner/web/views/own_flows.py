"""The flows that a plan needs beyond the vendor's document: adding, changing and deleting them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from planner.plan.edits import GONE
from planner.plan.presets import PRESETS
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import outline_for
from planner.web.forms.flows import ENDS, FlowChangeForm, FlowsForm, describe_adder, fill_in
from planner.web.forms.plans import EditForm
from planner.web.views.access import plan_view
from planner.web.views.htmx import htmx_of
from planner.web.views.plans import describe_page, edit_view, read_base
from planner.web.views.rows import find_seen, take_away, try_edit, was_sent_before
from planner.web.views.state import read_state
from ports.matrix import Matrix


def _read_form(request: HttpRequest, plan: Plan, matrix: Matrix, data: QueryDict) -> FlowsForm:
    """The form of new flows, whose sets are those that its sender saw."""
    seen, _ = read_base(request, plan)
    return FlowsForm(data, document=seen, matrix=matrix, newest=plan.document)


def _add(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    form = _read_form(request, plan, matrix, request.POST)
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    if not form.rows:
        said = "This very flow is" if form.there == 1 else "All of these flows are"
        form.add_error(None, f"{said} in the plan already.")
        return form
    return try_edit(request, plan, matrix, form, "add-flow", {"rows": list(form.rows)})


def _edit(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    form = FlowChangeForm(request.POST)
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    flow = find_seen(request, plan, "additional_flows")
    if flow is None:
        return _offer_anew(request, plan, matrix, {}, GONE)
    changes = form.changes(flow)
    if not changes:
        return form
    answer = try_edit(request, plan, matrix, form, "edit-flow", {"flow": flow, "changes": changes})
    return _offer_anew(request, plan, matrix, flow, *answer.non_field_errors()) if answer.told else answer


def _offer_anew(request: HttpRequest, plan: Plan, matrix: Matrix, flow: Mapping[str, Any], *errors: str) -> EditForm:
    """What was typed for a flow that is there no more, as the form of a new one: so it isn't lost."""
    _, renames = read_base(request, plan)
    data = request.POST.copy()
    data.update({end: renames.endpoints.get(flow[end], flow[end]) for end in ("source", "destination") if end in flow})
    form = FlowsForm(data, document=plan.document, matrix=matrix)
    form.is_valid()
    for error in errors:
        form.add_error(None, error)
    form.add_error(None, "What you typed stands here as a new flow; add it if it is to count.")
    form.told = True
    return form


@require_http_methods(["GET", "HEAD", "POST"])
@plan_view
def prepare_flows(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The form of new flows as it was filled in, with the preset that was chosen, and how many flows it makes.

    Nothing is stored. For htmx the form alone; else the page with it.
    """
    matrix = matrix_of(plan)
    data = request.POST if request.method == "POST" else request.GET
    preset = PRESETS.get(data.get("preset", ""))
    form = _read_form(request, plan, matrix, fill_in(data, preset) if preset else data)
    adder = describe_adder(form, preset.slug if preset else "", is_told=False)
    if htmx_of(request):
        context = {"plan": plan, "here": plan.get_absolute_url(), "adder": adder, "fresh": True}
        context["unsaved"] = any(map(form.sent, ENDS))
        return render(request, "planner/panels/own_adder.html", context)
    report = outline_for(plan.version, matrix)
    state, faults = read_state(request, report)
    context = describe_page(request, plan, report, state.at_panel("own"), faults)
    return render(request, "planner/plan.html", context | {"adder": adder, "fresh": True})


add_flow = edit_view(_add, "own")
edit_flow = edit_view(_edit, "own")
delete_flow = take_away("additional_flows", "delete-flow", "flow", panel="own", focus="own-title")
