"""Decisions with a reason: an answer to a question of the matrix, and why. All or nothing is stored."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from django.db import transaction

from planner.plan.edits import NotPossible
from planner.report.said.answers import CAVEAT, CHOICE
from planner.store import actions, models
from planner.store.actions import ANYONE, Sender, lock_plan, was_sent
from planner.store.answers import list_answers
from ports.matrix import Matrix


def choose(
    *,
    plan_id: int,
    matrix: Matrix,
    choice: str,
    options: Sequence[str] | None,
    reason: str = "",
    sender: Sender = ANYONE,
) -> models.Plan:
    """`planner.store.actions.choose` with a reason, which may also be told of what was decided before.

    Raises as that does, and NotPossible for a reason without a decision.
    """
    edit = partial(actions.choose, plan_id=plan_id, matrix=matrix, choice=choice, options=options)
    return _decide(plan_id, (CHOICE, choice), replace(sender, reason=reason), edit)


def answer_caveat(
    *, plan_id: int, matrix: Matrix, caveat: str, answer: str, reason: str = "", sender: Sender = ANYONE
) -> models.Plan:
    """`planner.store.actions.answer_caveat` with a reason; raises as `choose` does."""
    edit = partial(actions.answer_caveat, plan_id=plan_id, matrix=matrix, caveat=caveat, answer=answer)
    return _decide(plan_id, (CAVEAT, caveat), replace(sender, reason=reason), edit)


@transaction.atomic
def _decide(plan_id: int, question: tuple[str, str], sender: Sender, edit: Callable[..., models.Plan]) -> models.Plan:
    plan = lock_plan(plan_id)
    if was_sent(plan, sender):  # its reason was kept with it, and what stands now may be somebody else's decision
        return plan
    plan = edit(sender=sender)
    _tell(plan, question, sender)
    return plan


def _tell(plan: models.Plan, question: tuple[str, str], sender: Sender) -> None:
    """Keep the reason of an answer that stands already; what has just been kept isn't kept twice."""
    if not sender.reason:
        return
    kind, subject = question
    answer = dict(list_answers(plan.document)).get(question)
    last = plan.answers.filter(kind=kind, subject=subject).order_by("-pk").first()
    if last is not None and last.answer == answer and last.reason == sender.reason:
        return
    if answer is None:
        raise NotPossible("A reason is kept with a decision: choose what it is the reason for. Nothing was stored.")
    models.Answer.objects.create(
        plan=plan,
        revision=last.revision if last is not None and last.answer == answer else plan.revision,
        kind=kind,
        subject=subject,
        answer=answer,
        reason=sender.reason,
        added=True,
        author=(sender.who or sender.author)[:60],
    )
