"""The life of rules on a plan's page: setting the state of one or of many, and what is left to be closed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from planner.engine import Report
from planner.engine.rules import Boundary, Rule
from planner.plan.edits import NotPossible
from planner.store import lives
from planner.store.comments import open_comments
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.store.rule_comments import place
from planner.web.forms.lives import StateForm, form_of
from planner.web.views.access import plan_view
from planner.web.views.htmx import htmx_of
from planner.web.views.keeper import describe_rule, find_rule
from planner.web.views.plans import read_sender, show_changed
from planner.web.views.writers import read_writer
from ports.text import read_number

MOST_ACTS = 50
"""How many entries the history of a rule has."""


@require_POST
@plan_view
def set_states(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Set the state of the rules that are chosen."""
    form = StateForm(request.POST)
    if form.is_valid():
        _try(request, plan, form)
    return show_changed(request, plan, form=form)


def _try(request: HttpRequest, plan: Plan, form: StateForm) -> None:
    """Set what a valid form says; what speaks against it becomes its error."""
    try:
        lives.set_states(
            plan_id=plan.pk, matrix=matrix_of(plan), picks=form.cleaned_data["picks"], wish=form.wish,
            sender=read_sender(request),
        )  # fmt: skip
    except (lives.Overtaken, NotPossible) as error:
        form.add_error(None, str(error))
        form.told = True


@require_safe
@plan_view
def show_rule(request: HttpRequest, plan: Plan) -> HttpResponse:
    """One rule with its state, what has changed since, and its history."""
    report = report_for(plan.version, matrix_of(plan))
    boundary, rule = find_rule(report, request.GET.get("rule", ""))
    return _show_rule(request, plan, report, boundary, rule)


@require_POST
@plan_view
def set_state(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Set the state of one rule, then back to it among the others."""
    form = StateForm(request.POST, of_one=True)
    if form.is_valid():
        _try(request, plan, form)
    if form.is_valid():
        return redirect(f"{plan.get_absolute_url()}#rule-{request.POST.get('id', '')}")
    plan.refresh_from_db()
    report = report_for(plan.version, matrix_of(plan))
    try:
        boundary, rule = find_rule(report, request.POST.get("id", ""))
    except Http404:  # the rule is gone, and what was typed must not be
        return show_changed(request, plan, form=form.of_many())
    return _show_rule(request, plan, report, boundary, rule, form)


def _show_rule(
    request: HttpRequest, plan: Plan, report: Report, boundary: Boundary, rule: Rule, form: StateForm | None = None
) -> HttpResponse:
    known = lives.lives_of(plan, report)
    life = known.of(rule)
    context = {
        "plan": plan,
        "here": plan.get_absolute_url(),
        "comments": open_comments(plan, read_writer(request), lambda: place(plan, report)),
        "history": lives.list_history(plan, life, MOST_ACTS),
        **describe_rule(report, boundary, rule, known, form or form_of(life)),
    }
    return render(request, "planner/rule.html", context)


@require_POST
@plan_view
def close_rules(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Say of rules that nobody asks for any more that they have been closed."""
    read = map(read_number, request.POST.getlist("left"))
    numbers = [number for number in read if number is not None]
    trouble = ""
    try:
        lives.close_states(plan_id=plan.pk, matrix=matrix_of(plan), numbers=numbers, sender=read_sender(request))
    except (lives.Overtaken, NotPossible) as error:
        trouble = str(error)
    return show_changed(request, plan, trouble=trouble, focus="left" if htmx_of(request) else "")
