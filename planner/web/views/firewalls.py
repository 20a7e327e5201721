"""The firewalls of a plan: adding one, or one for each remote site, changing one, taking one away."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from planner.plan.edits import say_gone
from planner.plan.rows import Document
from planner.store.models import Plan
from planner.web.forms.firewalls import FirewallForm
from planner.web.forms.plans import EditForm
from planner.web.views.access import plan_view
from planner.web.views.plans import edit_view, read_base, show_changed
from planner.web.views.rows import try_edit, try_plainly, was_sent_before
from ports.matrix import Matrix


def _add(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    seen, _ = read_base(request, plan)
    form = FirewallForm(request.POST, zones=seen["zones"])
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    return _try(request, plan, matrix, form, "add-firewalls", {"rows": form.rows})


def _edit(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    name = request.POST.get("firewall", "")
    seen, _ = read_base(request, plan)
    form = FirewallForm(request.POST, zones=seen["zones"], editing=name)
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    row = _find(seen, name)
    if not row:
        form.add_error(None, say_gone("firewalls", name))
        return form
    return _try(request, plan, matrix, form, "edit-firewall", {"firewall": name, "changes": form.changes(row)})


def _try(
    request: HttpRequest, plan: Plan, matrix: Matrix, form: FirewallForm, edit: str, params: Mapping[str, Any]
) -> FirewallForm:
    """Apply an edit. A form that is told what others did catches up with it: its sender sees what is sent again."""
    try_edit(request, plan, matrix, form, edit, params)
    if form.told:
        plan.refresh_from_db()
        seen, renames = read_base(request, plan)
        now = _find(plan.document, form.editing)
        form.catch_up(_find(seen, form.editing) if now else {}, now, plan.document["zones"], renames)
    return form


def _find(document: Document, name: str) -> Document:
    """The firewall of that name, empty where there is none."""
    return next((row for row in document.get("firewalls", ()) if row["name"] == name), {})


add_firewall = edit_view(_add, "firewalls")
edit_firewall = edit_view(_edit, "firewalls")


@require_POST
@plan_view
def delete_firewall(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The firewall leaves the plan; the zones stay."""
    trouble = ""
    if not was_sent_before(request, plan):
        trouble = try_plainly(request, plan, "delete-firewall", {"firewall": request.POST.get("firewall", "")})
    return show_changed(request, plan, panel="firewalls", trouble=trouble, focus="firewalls-title")
