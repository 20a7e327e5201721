"""A plan on the wall: one thing to do after another, large and with nothing around it; at the end what it comes to."""

import re
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from planner.engine import Report
from planner.engine.findings import Finding
from planner.report.said.todo import Kind, list_todo
from planner.store.editions import matrix_of
from planner.store.lives import lives_of
from planner.store.models import Plan
from planner.store.reports import outline_for
from planner.store.results import prove_beside
from planner.store.verified import tell_results
from planner.web.views.access import plan_view
from planner.web.views.cures import Cures
from planner.web.views.panels import weigh_options
from planner.web.views.state import read_state
from planner.web.views.todo import describe_task

TITLES: dict[Kind, str] = {
    "error": "Error",
    "use": "Nobody uses it",
    "choice": "Decision",
    "caveat": "Question of the document",
    "address": "Missing addresses",
    "firewall": "No firewall",
}
"""What stands above a task, by its kind."""
MOST = 24
"""How many endpoints a task names in sight; the others unfold."""


@require_safe
@plan_view
def present_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """One task, by its place in the list; the first without a number, and the summary after the last."""
    matrix = matrix_of(plan)
    report = outline_for(plan.version, matrix)
    report = tell_results(report, lives_of(plan, report), prove_beside(plan, report))
    todo = list_todo(report)
    last = len(todo.tasks) + 1
    number = min(max(1, _read_number(request.GET.get("task", ""))), last)
    context = {
        "plan": plan,
        "here": plan.get_absolute_url(),
        "report": report,
        "todo": todo,
        "number": number,
        "last": last,
        "previous": number - 1 or None,
        "next": number + 1 if number < last else None,
    }
    if number < last:
        state, _ = read_state(request, report)
        task = todo.tasks[number - 1]
        item = describe_task(task, Cures(report, state, view=state.view))
        context |= {"task": task, "title": TITLES[task.kind], "item": item, **_describe(task.finding, report)}
    else:
        context["figures"] = _list_figures(report)
    return render(request, "planner/present.html", context)


def _read_number(text: str) -> int:
    """A number of an address; 1 for anything else, since a task that is done moves the others up anyway."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 1


def _describe(finding: Finding, report: Report) -> dict[str, Any]:
    """The endpoints that a task is about, and for a decision what can be answered."""
    return {
        "shown": finding.endpoints[:MOST],
        "folded": finding.endpoints[MOST:],
        "options": weigh_options(report, finding.subject or "") if finding.code == "choice-undecided" else (),
    }


def _list_figures(report: Report) -> Sequence[tuple[str, str]]:
    """What the plan comes to, as figures with their words."""
    return [
        (f"{len(report.plan.endpoints):,}", "endpoints"),
        (f"{len(report.rules):,}", "firewall rules"),
        (f"{len(report.boundaries):,}", "boundaries between zones"),
        (f"{len(report.decisions) + len(report.questions):,}", "open decisions"),
        (f"{sum(1 for finding in report.findings if finding.severity == 'error'):,}", "errors"),
    ]
