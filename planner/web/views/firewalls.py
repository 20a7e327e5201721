"""The firewalls of a plan: adding one, or one for each remote site, changing one, taking one away."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from planner.plan.edits import say_gone
from planner.store.models import Plan
from planner.web.forms.firewalls import FirewallForm, differs
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
    return try_edit(request, plan, matrix, form, "add-firewalls", {"rows": form.rows})


def _edit(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    name = request.POST.get("firewall", "")
    seen, _ = read_base(request, plan)
    form = FirewallForm(request.POST, zones=seen["zones"], editing=name)
    if was_sent_before(request, plan) or not form.is_valid():
        return form
    row = next((row for row in seen.get("firewalls", ()) if row["name"] == name), None)
    if row is None:
        form.add_error(None, say_gone("firewalls", name))
        return form
    return try_edit(request, plan, matrix, form, "edit-firewall", {"firewall": name, "changes": differs(form, row)})


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
