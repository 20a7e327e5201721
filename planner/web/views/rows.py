"""What the edits of rows without a name have in common: what was sent before, which row is meant, taking one away."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from planner.plan.document import PlanError
from planner.plan.edits import NotPossible, say_gone
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.web.forms.rows import ItemForm, find_row
from planner.web.views.access import View, plan_view
from planner.web.views.plans import read_base, read_sender, show_changed
from ports.matrix import Matrix


def was_sent_before(request: HttpRequest, plan: Plan) -> bool:
    """Whether the very form has counted already."""
    operation = read_sender(request).operation
    return operation is not None and plan.revisions.filter(operation=operation).exists()


def find_seen(request: HttpRequest, plan: Plan, part: str) -> dict[str, Any] | None:
    """The row that the form names, as its sender saw it; renames since are seen to when the edit is carried over."""
    base, _ = read_base(request, plan)
    return find_row(base, part, request.POST.get("key", ""))


def try_edit[F: ItemForm](
    request: HttpRequest, plan: Plan, matrix: Matrix, form: F, edit: str, params: Mapping[str, Any]
) -> F:
    """Apply an edit; what speaks against it becomes the form's errors."""
    try:
        actions.apply_edit(plan_id=plan.pk, matrix=matrix, edit=edit, params=params, sender=read_sender(request))
    except PlanError as error:
        form.place_faults(error.faults)
    except (NotPossible, actions.Clash) as error:
        form.add_error(None, str(error))
        form.told = True
    return form


def try_plainly(request: HttpRequest, plan: Plan, edit: str, params: Mapping[str, Any]) -> str:
    """Apply an edit that has no fields. Returns what speaks against it, or nothing."""
    try:
        actions.apply_edit(
            plan_id=plan.pk, matrix=matrix_of(plan), edit=edit, params=params, sender=read_sender(request)
        )
    except PlanError as error:
        return " ".join(error.brief)
    except (NotPossible, actions.Clash) as error:
        return str(error)
    return ""


def take_away(part: str, edit: str, name: str, *, panel: str, focus: str) -> View:
    """A view that takes away the row that the form names by all that it says: never another in its place.

    `name` is what the edit calls the row; `panel` shows the others, and `focus` there gets the focus.
    """

    @require_POST
    @plan_view
    def view(request: HttpRequest, plan: Plan) -> HttpResponse:
        trouble = ""
        if not was_sent_before(request, plan):
            row = find_seen(request, plan, part)
            trouble = say_gone(part) if row is None else try_plainly(request, plan, edit, {name: row})
        return show_changed(request, plan, panel=panel, trouble=trouble, focus=focus)

    return view
