"""What a plan doesn't need of what the document asks for: excluding a flow, and taking that back."""

from django.http import HttpRequest

from planner.store.models import Plan
from planner.web.forms.exclusions import ExclusionForm
from planner.web.forms.plans import EditForm
from planner.web.views.plans import edit_view
from planner.web.views.rows import take_away, try_edit, was_sent_before
from ports.matrix import Matrix


def _add(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    form = ExclusionForm(request.POST)
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    if form.row in plan.document.get("exclusions", ()):
        form.add_error(None, "This very exclusion is in the plan already.")
        return form
    return try_edit(request, plan, matrix, form, "add-exclusion", {"exclusion": form.row})


add_exclusion = edit_view(_add, "excluded")
delete_exclusion = take_away("exclusions", "delete-exclusion", "exclusion", panel="excluded", focus="excluded-title")
