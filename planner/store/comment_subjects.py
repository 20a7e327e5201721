"""What comments are about: which of it a plan has, and which comments stand at it now."""

from collections.abc import Mapping

from django.db.models import QuerySet

from planner.engine import Report
from planner.report.said.answers import CAVEAT, CHOICE
from planner.store.comments import DECISION, ENDPOINT, RULE
from planner.store.models import Comment, Plan
from planner.store.rule_comments import GONE

KINDS = (ENDPOINT, RULE, DECISION)


def list_there(report: Report) -> Mapping[str, frozenset[str]]:
    """What a plan has that can be commented on, by kind."""
    matrix = report.matrix
    questions = {CHOICE: matrix.choices, CAVEAT: matrix.caveats}
    return {
        ENDPOINT: frozenset(endpoint.name for endpoint in report.plan.endpoints),
        RULE: frozenset(rule.id for rule in report.rules),
        DECISION: frozenset(f"{kind}/{slug}" for kind, rows in questions.items() for slug in rows),
    }


def is_known(plan: Plan, report: Report, kind: str, name: str) -> bool:
    """Whether the plan has what is named, or comments on it from when it had."""
    if kind not in KINDS or not 0 < len(name) <= 255 or "\0" in name:
        return False
    return name in list_there(report)[kind] or is_told(plan, kind, name)


def is_told(plan: Plan, kind: str, name: str) -> bool:
    """Whether there are comments on what is named."""
    return plan.comments.filter(kind=kind, subject=name).exists()


def find_about(plan: Plan, placed: Mapping[int, str], kind: str, name: str, *, is_there: bool) -> QuerySet[Comment]:
    """The comments that stand at what is named now, the first first; `placed` as `rule_comments.place` says it.

    What was said about a rule that is gone doesn't stand at one that has got its number.
    """
    rows = plan.comments.order_by("pk")
    if kind != RULE:
        return rows.filter(kind=kind, subject=name)
    wanted = name if is_there else GONE
    rows = rows.filter(pk__in=[number for number, rule in placed.items() if rule == wanted])
    return rows if is_there else rows.filter(subject=name)
