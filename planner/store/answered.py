"""New plans that somebody made by answering questions: the decisions in them are theirs. All or nothing is stored."""

from django.db import transaction

from planner.plan.document import Plan
from planner.store import actions, answers, models
from planner.store.holders import Holder
from ports.matrix import Matrix


@transaction.atomic
def create_answered(
    *, plan: Plan, matrix: Matrix, summary: str, holder: Holder | None = None, who: str = ""
) -> models.Plan:
    """`planner.store.actions.create_plan` for a plan of which `who` gave the answers; raises as that does."""
    row = actions.create_plan(plan=plan, matrix=matrix, summary=summary, holder=holder)
    answers.note_first(row, who=who)
    return row
