"""Results become part of the life of rules: what was implemented and is open is verified."""

from collections.abc import Iterator

from planner.engine import Report
from planner.engine.life import Lives, mark_of
from planner.engine.rules import Rule
from planner.store import models
from planner.store.actions import Sender
from planner.store.lives import Overtaken, Pick, Wish, lives_of, set_states
from planner.store.results import Proven
from ports.text import cut

IMPLEMENTED, VERIFIED = "implemented", "verified"


def verify(plan: models.Plan, report: Report, proven: Proven, *, who: str) -> int:
    """Set to verified what is implemented as it is and of which every flow is open; return how many rules that are.

    Nothing that a person has rejected, or only requested, becomes verified. Where somebody sets states at the same
    time, theirs count.
    """
    lives = lives_of(plan, report)
    picks = [Pick(mark=mark_of(rule), seen=lives.by_rule[rule.id].newest) for rule in _list_open(lives, proven)]
    if not picks:
        return 0
    sender = Sender(author=cut(f"{who}, by results", 60))
    try:
        return set_states(plan_id=plan.pk, matrix=report.matrix, picks=picks, wish=Wish(state=VERIFIED), sender=sender)
    except Overtaken:
        return 0


def _list_open(lives: Lives, proven: Proven) -> Iterator[Rule]:
    for state in proven.acceptance.rules:
        life = lives.of(state.rule)
        if (
            life
            and life.given.state == IMPLEMENTED
            and not life.changed
            and not life.others
            and state.status == "open"
        ):
            yield state.rule


def list_contradicted(lives: Lives, proven: Proven) -> tuple[str, ...]:
    """The numbers of rules that are verified and blocked again by what was tried since."""
    return tuple(
        state.rule.id
        for state in proven.acceptance.rules
        if state.status in ("blocked", "forbidden-open")
        and (life := lives.of(state.rule)) is not None
        and life.given.state == VERIFIED
    )
