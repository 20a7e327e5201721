"""Decisions with a reason: an answer to a question of the matrix, and why. All or nothing is stored."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from planner.plan.edits import NotPossible
from planner.report.said.answers import CAVEAT, CHOICE
from planner.store import actions, models
from planner.store.actions import ANYONE, Sender, lock_plan
from planner.store.answers import list_answers
from ports.matrix import Matrix


@transaction.atomic
def choose(
    *,
    plan_id: int,
    matrix: Matrix,
    choice: str,
    options: Sequence[str] | None,
    reason: str = "",
    sender: Sender = ANYONE,
) -> None:
    """`planner.store.actions.choose` with a reason, which may also be told of what was decided before.

    Raises as that does, and NotPossible for a reason without a decision.
    """
    actions.choose(
        plan_id=plan_id, matrix=matrix, choice=choice, options=options, sender=replace(sender, reason=reason)
    )
    _tell(plan_id, CHOICE, choice, reason, sender)


@transaction.atomic
def answer_caveat(
    *, plan_id: int, matrix: Matrix, caveat: str, answer: str, reason: str = "", sender: Sender = ANYONE
) -> None:
    """`planner.store.actions.answer_caveat` with a reason; raises as `choose` does."""
    actions.answer_caveat(
        plan_id=plan_id, matrix=matrix, caveat=caveat, answer=answer, sender=replace(sender, reason=reason)
    )
    _tell(plan_id, CAVEAT, caveat, reason, sender)


def _tell(plan_id: int, kind: str, subject: str, reason: str, sender: Sender) -> None:
    """Keep the reason of an answer that stands already; what has just been kept isn't kept twice."""
    if not reason:
        return
    plan = lock_plan(plan_id)
    answer = dict(list_answers(plan.document)).get((kind, subject))
    last = plan.answers.filter(kind=kind, subject=subject).order_by("-pk").first()
    if last is not None and last.answer == answer and last.reason == reason:
        return
    if answer is None:
        raise NotPossible("A reason is kept with a decision: choose what it is the reason for. Nothing was stored.")
    models.Answer.objects.create(
        plan=plan,
        revision=last.revision if last is not None and last.answer == answer else plan.revision,
        kind=kind,
        subject=subject,
        answer=answer,
        reason=reason,
        added=True,
        author=(sender.who or sender.author)[:60],
    )
