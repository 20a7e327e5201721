"""What results mean for a plan: rules that are implemented and open become verified, and findings join its report."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from django.db import Error

from planner.engine import Report, TooLarge
from planner.engine.findings import Finding
from planner.engine.life import Life, Lives, mark_of
from planner.engine.result_findings import add_findings, find_results
from planner.engine.rules import Opening, Rule
from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.store import models
from planner.store.actions import Sender
from planner.store.admission import AccessTaken
from planner.store.lives import Overtaken, Pick, Wish, lives_of, set_states
from planner.store.recent import Recent
from planner.store.results import Proven, Taken, Upload, count_flows, forget_superseded, prove, take
from planner.store.trouble import name_trouble
from ports.text import cut

IMPLEMENTED, VERIFIED = "implemented", "verified"
UNFINISHED = (
    "The results are kept. Which rules become verified by them couldn’t be stored at the moment: send one of the "
    "files again in a minute."
)
_told: Recent[tuple[tuple[Report, tuple[Finding, ...]], Report]] = Recent(lambda pair: len(pair[1].flows), count=4)
"""What is made anew of a report is the same object while its results say the same: others keep things by it."""


def verify(plan: models.Plan, report: Report, proven: Proven, *, who: str) -> int:
    """Set to verified what is implemented as it is and of which every flow is open; return how many rules that are.

    Nothing that a person has rejected, or only requested, becomes verified. Where somebody sets states at the same
    time, theirs count; and nothing does where the plan has gone or grown meanwhile, or its sender's access was taken.
    """
    lives = lives_of(plan, report)
    picks = [Pick(mark=mark_of(rule), seen=lives.by_rule[rule.id].newest) for rule in _list_open(lives, proven)]
    if not picks:
        return 0
    sender = Sender(author=cut(f"{who}, by results", 60))
    try:
        return set_states(plan_id=plan.pk, matrix=report.matrix, picks=picks, wish=Wish(state=VERIFIED), sender=sender)
    except (Overtaken, AccessTaken, NotPossible, PlanError, TooLarge):
        return 0


def _list_later(rule: Rule, life: Life) -> Iterator[Opening]:
    """What a rule opens that its state wasn't given for: what came, and what leads to or from where others were."""
    yield from life.more
    if moved := {one.name for one in life.moved}:
        yield from (opening for opening in rule.openings() if not moved.isdisjoint(opening[:2]))


def take_uploads(
    plan: models.Plan,
    report: Report,
    uploads: list[Upload],
    *,
    who: str,
    via: str = "",
    link: models.ShareLink | None = None,
    is_stranger: bool = False,
) -> tuple[Taken, int]:
    """Store what can be used, as `take`, and what follows of it; returns also how many rules were verified."""
    taken = take(plan, report, uploads, who=who, via=via, link=link, is_stranger=is_stranger)
    return follow(plan, report, taken, who=via or who)


def follow(
    plan: models.Plan, report: Report, taken: Taken, *, who: str, note: Callable[[int], object] | None = None
) -> tuple[Taken, int]:
    """What follows of results that are kept: their flows are counted, and rules verified. Returns also how many.

    To be done in no transaction: all that is kept is unpacked and assessed for it, and others write meanwhile. What
    was there already is assessed again, as that may not have come to its end; doing it twice changes nothing. Runs of
    which nothing counts any more are forgotten. Where the database fails the results stay, and what is returned says
    so. `note` stores how many rules became verified.
    """
    if not taken.stored and not taken.known:
        return taken, 0
    try:
        proven = prove(plan, report)
        count_flows(taken, proven)
        forget_superseded(taken, proven)
        verified = verify(plan, report, proven, who=who)
        if note:
            note(verified)
    except Error as error:
        if name_trouble(error) is None:
            raise
        return replace(taken, unfinished=UNFINISHED), 0
    return taken, verified


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


def tell_results(report: Report, lives: Lives, proven: Proven) -> Report:
    """The report of a plan's newest revision with what its results have found; the same where they found nothing."""
    if not proven:
        return report
    verified: set[str] = set()
    later: set[Opening] = set()
    for rule in (state.rule for state in proven.acceptance.rules):
        if (life := lives.of(rule)) is not None and life.given.state == VERIFIED:
            verified.add(rule.id)
            later.update(_list_later(rule, life))
    findings = find_results(report, proven.acceptance, verified, later)
    if not findings:
        return report
    key = report, findings
    return _told.find(key, lambda: (key, add_findings(report, findings)))[1]
