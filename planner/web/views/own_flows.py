"""The flows that a plan needs beyond the vendor's document: adding, changing and deleting them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from planner.plan.edits import GONE
from planner.store.models import Plan
from planner.web.forms.flows import FlowChangeForm, FlowForm
from planner.web.forms.plans import EditForm
from planner.web.views.plans import edit_view, read_base
from planner.web.views.rows import find_seen, take_away, try_edit, was_sent_before
from ports.matrix import Matrix


def _add(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    form = FlowForm(request.POST)
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    if form.flow in plan.document.get("additional_flows", ()):
        form.add_error(None, "This very flow is in the plan already.")
        return form
    return try_edit(request, plan, matrix, form, "add-flow", {"flow": form.flow})


def _edit(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    form = FlowChangeForm(request.POST)
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    flow = find_seen(request, plan, "additional_flows")
    if flow is None:
        return _offer_anew(request, plan, {}, GONE)
    changes = form.changes(flow)
    if not changes:
        return form
    answer = try_edit(request, plan, matrix, form, "edit-flow", {"flow": flow, "changes": changes})
    return _offer_anew(request, plan, flow, *answer.non_field_errors()) if answer.told else answer


def _offer_anew(request: HttpRequest, plan: Plan, flow: Mapping[str, Any], *errors: str) -> EditForm:
    """What was typed for a flow that is there no more, as the form of a new one: so it isn't lost."""
    _, renames = read_base(request, plan)
    data = request.POST.copy()
    data.update({end: renames.endpoints.get(flow[end], flow[end]) for end in ("source", "destination") if end in flow})
    form = FlowForm(data)
    form.is_valid()
    for error in errors:
        form.add_error(None, error)
    form.add_error(None, "What you typed stands here as a new flow; add it if it is to count.")
    form.told = True
    return form


add_flow = edit_view(_add, "own")
edit_flow = edit_view(_edit, "own")
delete_flow = take_away("additional_flows", "delete-flow", "flow", panel="own", focus="own-title")
