"""Deleting a plan, after a question, and taking it out of the bin again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from planner.store import bin
from planner.store.holders import read_holder
from planner.store.models import KEPT_IN_BIN, Plan
from planner.web.views.access import bin_view, owner_view
from planner.web.views.errors import show_not_found
from ports.sensitive import sensitive


@require_http_methods(["GET", "HEAD", "POST"])
@owner_view
@sensitive
def delete_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Ask whether the plan is to be deleted, and put it into the bin."""
    if request.method == "POST":
        bin.delete_plan(plan_id=plan.pk, actor=read_holder(request).name)
        return redirect(plan)
    return render(request, "planner/delete.html", {"plan": plan, "days": KEPT_IN_BIN.days})


@require_POST
@bin_view
def restore_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Take the plan out of the bin; one that isn't in it stays as it is."""
    if not bin.restore_plan(plan_id=plan.pk, actor=read_holder(request).name):
        return show_not_found(request, LookupError())
    return redirect(plan)
