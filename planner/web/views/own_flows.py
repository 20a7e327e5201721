"""The flows that a plan needs beyond the vendor's document: adding, changing and deleting them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from planner.plan.document import PlanError
from planner.plan.edits import GONE, NotPossible
from planner.store import actions
from planner.store.models import Plan
from planner.web.forms.flows import FlowChangeForm, FlowForm, find_flow
from planner.web.forms.plans import EditForm
from planner.web.views.access import plan_view
from planner.web.views.plans import edit_view, read_base, read_sender, show_changed
from ports.matrix import Matrix
from ports.queries import current_matrix


def _add(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    form = FlowForm(request.POST)
    if _was_sent_before(request, plan) or not form.is_valid():
        return form
    if form.flow in plan.document.get("additional_flows", ()):
        form.add_error(None, "This very flow is in the plan already.")
        return form
    return _try(request, plan, matrix, form, "add-flow", {"flow": form.flow})


def _edit(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    form = FlowChangeForm(request.POST)
    if _was_sent_before(request, plan) or not form.is_valid():
        return form
    flow = _seen_flow(request, plan)
    if flow is None:
        return _offer_anew(request, plan, {}, GONE)
    changes = form.changes(flow)
    if not changes:
        return form
    answer = _try(request, plan, matrix, form, "edit-flow", {"flow": flow, "changes": changes})
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


@require_POST
@plan_view
def delete_flow(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Delete the flow that the form names by all that it says: never another one that has taken its place."""
    trouble = ""
    if not _was_sent_before(request, plan):
        flow = _seen_flow(request, plan)
        try:
            if flow is None:
                raise NotPossible(GONE)
            actions.apply_edit(
                plan_id=plan.pk,
                matrix=current_matrix(),
                edit="delete-flow",
                params={"flow": flow},
                sender=read_sender(request),
            )
        except PlanError as error:
            trouble = " ".join(dict.fromkeys(fault.message for fault in error.faults[:3]))
        except (NotPossible, actions.Clash) as error:
            trouble = str(error)
    return show_changed(request, plan, panel="own", trouble=trouble, focus="own-title")


def _seen_flow(request: HttpRequest, plan: Plan) -> dict[str, Any] | None:
    """The flow as the sender saw it; what has been renamed since is seen to when the edit is carried over."""
    base, _ = read_base(request, plan)
    return find_flow(base, request.POST.get("key", ""))


def _was_sent_before(request: HttpRequest, plan: Plan) -> bool:
    operation = read_sender(request).operation
    return operation is not None and plan.revisions.filter(operation=operation).exists()


def _try(
    request: HttpRequest, plan: Plan, matrix: Matrix, form: FlowChangeForm, edit: str, params: Mapping[str, Any]
) -> EditForm:
    """Apply an edit; what speaks against it becomes the form's errors."""
    try:
        actions.apply_edit(plan_id=plan.pk, matrix=matrix, edit=edit, params=params, sender=read_sender(request))
    except PlanError as error:
        form.place_faults(error.faults)
    except (NotPossible, actions.Clash) as error:
        form.add_error(None, str(error))
        form.told = True
    return form


add_flow = edit_view(_add, "own")
edit_flow = edit_view(_edit, "own")
