"""All endpoints on one side of a rule: what a page fetches to unfold it, and a page of its own without a script."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from planner.engine.rules import Rule
from planner.plan.document import Endpoint
from planner.sharing.links import Reading
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.store.sides import NothingToCompare, compare_sides, read_sides
from planner.web.views.access import plan_view
from planner.web.views.changes import find_part
from planner.web.views.htmx import htmx_of
from planner.web.views.reading import Place, by_account, find_changes
from planner.web.views.rules import MEMBERS, SIDES
from planner.web.views.state import lead_to_editor, read_state
from ports.matrix import Matrix

OF_CHANGES = {"show_way": "both", "of_changes": True}
"""What the page of a change request's endpoints says otherwise."""


@require_safe
@plan_view
def show_ends_of_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The endpoints on one side of a rule of the plan; what has no address leads to the field for it."""
    report = report_for(plan.version, matrix_of(plan))
    here = plan.get_absolute_url()
    state, _ = read_state(request, report)
    names = {"here": here, "name": plan.name, "fill_in": lead_to_editor(state, here)}
    return _show_ends(request, report.rules, names)


@require_safe
@plan_view
def show_ends_of_changes(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The endpoints on one side of a rule of a change request."""
    try:
        compared = compare_sides(plan, read_sides(request.GET.dict(), plan)).comparison
    except NothingToCompare as error:
        raise Http404(str(error)) from None
    here = reverse("show_changes", kwargs={"key": plan.key})
    rules = find_part(compared, request.GET.get("part", ""))
    return _show_ends(request, rules, {"here": here, "name": plan.name, **OF_CHANGES})


def show_ends_of_reading(request: HttpRequest, reading: Reading, place: Place) -> HttpResponse:
    """The same of a report, for readers."""
    matrix: Matrix = reading.matrix
    rules = report_for(reading.version, matrix).rules
    return _show_ends(request, rules, {"here": place.here, "name": reading.name})


def show_ends_of_reading_changes(request: HttpRequest, reading: Reading, place: Place) -> HttpResponse:
    """The same of a change request, for readers; 404 where they aren't told what changed."""
    compared, _ = find_changes(reading)
    rules = find_part(compared, request.GET.get("part", ""))
    return _show_ends(request, rules, {"here": f"{place.here}changes/", "name": reading.name, **OF_CHANGES})


def _show_ends(request: HttpRequest, rules: Iterable[Rule], names: Mapping[str, Any]) -> HttpResponse:
    """The page, or for htmx only what unfolds; 404 for a rule or side that there isn't."""
    number, side = request.GET.get("rule", ""), request.GET.get("side", "")
    rule = next((rule for rule in rules if rule.id == number), None)
    if rule is None or side not in SIDES:
        raise Http404
    endpoints: tuple[Endpoint, ...] = getattr(rule, side)
    htmx = htmx_of(request)
    is_part = bool(htmx) and not htmx.history_restore_request
    shown = endpoints[3:] if is_part and len(endpoints) > MEMBERS else endpoints
    context = {"rule": rule, "side": side, "endpoints": shown, "is_part": is_part, **names}
    return render(request, f"planner/rule_ends.html{'#part' if is_part else ''}", context)


read_ends = by_account(show_ends_of_reading)
