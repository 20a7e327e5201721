"""What is to be done, at the head of a plan: each a link to its field, with the buttons that do it at once."""

from typing import Any

from planner.engine import Report
from planner.report.said.todo import Task, list_todo
from planner.web.views.acts import key_of_finding, list_acts
from planner.web.views.cures import Cures
from planner.web.views.state import State

SHOWN = 4
"""How many tasks stand there at once; the others are unfolded."""
MOST = 50
"""How many there are at most; the findings have the others."""
NAMES = 4
"""How many endpoints without an address are named at once."""
FOLDED = 100
"""How many are named at all; the table has all of them."""


def describe_todo(report: Report, state: State) -> dict[str, Any]:
    """The list with its progress; empty where nothing is left, or nothing is known of a plan that is too large."""
    todo = list_todo(report)
    cures = Cures(report, state, view=state.view)
    items = [describe_task(task, cures) for task in todo.tasks[:MOST]]
    return {
        "todo": todo,
        "todo_items": items[:SHOWN],
        "todo_more": items[SHOWN:],
        "todo_beyond": len(todo.tasks) - len(items),
        "todo_findings": state.query(view="findings"),
    }


def describe_task(task: Task, cures: Cures) -> dict[str, Any]:
    """One task with its link, its buttons and the endpoints that it names."""
    ways = [cures.lead_to_caveat(task.finding.subject or "")] if task.kind == "caveat" else cures.list(task.finding)
    missing = task.finding.endpoints if task.kind == "address" else ()
    return {
        "task": task,
        "key": key_of_finding(task.finding),
        "way": ways[0] if ways else None,
        "acts": list_acts(task.finding, cures),
        "names": [(name, cures.lead_to_addresses(name)) for name in missing[:NAMES]],
        "folded": [(name, cures.lead_to_addresses(name)) for name in missing[NAMES:FOLDED]],
        "more": max(0, len(missing) - NAMES),
        "beyond": max(0, len(missing) - FOLDED),
    }
