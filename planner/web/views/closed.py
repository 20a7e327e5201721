"""What must stay closed: adding a row, taking one back, and adding those of a table of zone policies."""

from django.http import HttpRequest

from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.store import actions
from planner.store.models import Plan
from planner.web.forms.closed import NeverForm, PoliciesForm
from planner.web.forms.plans import EditForm
from planner.web.views.plans import edit_view, read_sender
from planner.web.views.rows import take_away, try_edit, was_sent_before
from ports.matrix import Matrix


def _add(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    form = NeverForm(request.POST)
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    if form.row in plan.document.get("never", ()):
        form.add_error(None, "This very row is in the plan already.")
        return form
    return try_edit(request, plan, matrix, form, "add-never", {"rows": [form.row]})


def _import(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm | None:
    form = PoliciesForm(request.POST, document=plan.document, matrix=matrix)
    sender = read_sender(request)
    if was_sent_before(request, plan):
        return None  # sent twice: its rows are there
    if form.is_valid():
        params = {"rows": list(form.rows)}
        try:
            actions.apply_edit(plan_id=plan.pk, matrix=matrix, edit="add-never", params=params, sender=sender)
        except PlanError as error:
            for sentence in error.brief:
                form.add_error(None, sentence)
        except (NotPossible, actions.Clash) as error:
            form.add_error(None, str(error))
    return form


add_never = edit_view(_add, "closed")
add_policies = edit_view(_import, "closed")
remove_never = take_away("never", "delete-never", "row", panel="closed", focus="never-title")
