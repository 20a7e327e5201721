"""The lives of the rules of stored plans: which states there are, and every write to them.

States stand beside the plan's document. They make no revision of it, and no undo takes them back; each stays in the
history of its rule. Whoever sets one says which they saw: if another one was set in between, nothing is stored.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.dateformat import format as format_date

from planner.engine import Report
from planner.engine.compare import Comparison
from planner.engine.life import (
    NO_LIVES,
    STATES,
    Block,
    End,
    Given,
    Life,
    Lives,
    block_of,
    end_of,
    mark_of,
    match_lives,
    overtake,
    rename_given,
)
from planner.engine.rules import Boundary, Opening, Ports, Rule
from planner.store import models
from planner.store.actions import ANYONE, Sender, lock_plan
from planner.store.recent import Recent
from planner.store.reports import find_renames_since, report_for
from ports.matrix import Matrix
from ports.text import many, short
from ports.written import Written

CLOSED = "closed"
"""What the history calls the end of a rule that nobody asked for any more."""
NONE = "none"
"""What a form calls no state."""
MOST_TOLD = 5
"""How many rules a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A rule that a state is set for: what it says, and the latest state that its sender has seen; 0 for none."""

    mark: str
    seen: int
    comment: str | None = None
    """What is said of this one alone, in place of what is said of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be set. None leaves it as it is."""

    state: str | None = None
    """A key of STATES, or NONE. Where it is left as it is, a rule without a state is requested."""
    ticket: str | None = None
    owner: str | None = None
    comment: str | None = None
    review: date | None = None
    no_review: bool = False
    """Whether the date is taken away."""


class Overtaken(ValueError):
    """Somebody set a state that the sender hasn't seen, or the rules say something else by now. Nothing was stored."""


_kept: Recent[tuple[Report, Lives]] = Recent(lambda pair: len(pair[0].flows), count=4)


_newest = Written(lambda plan: models.RuleState.objects.filter(plan=plan).order_by("-pk").values_list("pk")[:1], 2**62)
_standing = Written(lambda plan: models.RuleState.objects.filter(plan=plan, stands=True).order_by("pk"), 2**62)


def newest_state(plan: models.Plan) -> int:
    """The number of the latest state that was set for a rule of a plan; 0 if there is none."""
    found: tuple[int, ...] = _newest.first(plan.pk) or (0,)
    return found[0]


def lives_of(plan: models.Plan, report: Report, today: date | None = None, *, newest: int | None = None) -> Lives:
    """The lives of the rules of a plan's newest report. Two queries, more after something was renamed.

    `newest` is what `newest_state` says, for a caller that knows it.
    """
    newest = newest_state(plan) if newest is None else newest
    if not newest or report.too_large:
        return NO_LIVES
    day = today or timezone.localdate()

    def make() -> tuple[Report, Lives]:
        return report, match_lives(report.rules, list_given(plan), day)

    return _kept.find((plan.key, plan.revision, newest, day, report), make)[1]


def lives_of_sides(plan: models.Plan, compared: Comparison) -> tuple[Lives, Lives]:
    """The lives of the rules before and after, as far as these have states now; two of a plan's revisions compared."""
    given = list_given(plan)
    day = timezone.localdate()
    if not given:
        return NO_LIVES, NO_LIVES
    return match_lives(compared.before.rules, given, day), match_lives(compared.after.rules, given, day)


def list_given(plan: models.Plan) -> tuple[Given, ...]:
    """The states that stand, under the names that the plan has now."""
    return tuple(given for given, _ in _read_standing(plan))


def _read_standing(plan: models.Plan) -> list[tuple[Given, models.RuleState]]:
    rows: list[models.RuleState] = _standing.ask(plan.pk)
    renames = find_renames_since(plan, {row.revision for row in rows})
    taken: set[str] = set()
    if renames:
        taken = {item["name"] for key in ("endpoints", "zones") for item in plan.document[key]}
    return [(rename_given(_read(row), renames.get(row.revision, ()), taken), row) for row in rows]


def _read(row: models.RuleState) -> Given:
    return Given(
        number=row.pk,
        state=row.state,
        rule=row.rule,
        boundary=row.boundary,
        at=row.at,
        blocks=read_blocks(row.blocks),
        ends=read_ends(row.ends),
        ticket=row.ticket,
        owner=row.owner,
        comment=row.comment,
        review=row.review,
        by=name_author(row),
    )


def name_author(row: models.RuleState) -> str:
    """Who set a state, with the link that it came by; empty where nobody knows."""
    return f"{row.author} (by the link “{row.via}”)" if row.via else row.author


def read_blocks(data: Iterable[Any]) -> tuple[Block, ...]:
    """Openings as they are stored."""
    return tuple(
        Block(tuple(sources), tuple(destinations), tuple(Ports(*ports) for ports in services))
        for sources, destinations, services in data
    )


def read_ends(data: Mapping[str, Any]) -> dict[str, End]:
    """Where their endpoints stood, as it is stored."""
    return {name: End(zone, tuple(addresses)) for name, (zone, addresses) in data.items()}


def write_ends(ends: Mapping[str, End]) -> dict[str, Any]:
    """The same the other way round."""
    return {name: [end.zone, list(end.addresses)] for name, end in ends.items()}


def is_counted(plan: models.Plan, sender: Sender) -> bool:
    """Whether states of a plan were set by this very operation already: the same form was sent twice."""
    return bool(sender.operation) and plan.states.filter(operation=sender.operation).exists()


@transaction.atomic
def set_states(
    *, plan_id: int, matrix: Matrix, picks: Sequence[Pick], wish: Wish, sender: Sender = ANYONE, via: str = ""
) -> int:
    """Set the states of rules, all or none, and return of how many; the same operation counts once.

    `via` says for whom the read link is that it comes by. Raises Overtaken, NotPossible for a plan in the bin, and as
    `report_for` does.
    """
    plan = lock_plan(plan_id)
    if is_counted(plan, sender):
        return len(picks)
    report = report_for(plan.version, matrix)
    standing = _read_standing(plan)
    lives = match_lives(report.rules, [given for given, _ in standing], timezone.localdate())
    chosen = _find_rules(report, lives, picks, names_people=not via)
    now = timezone.now()
    operation = sender.operation or models.make_operation()
    lasting = {row.pk: row.life or row.pk for _, row in standing}
    own = {pick.mark: replace(wish, comment=pick.comment) for pick in picks if pick.comment is not None}
    rows = [
        _make_row(plan, boundary, rule, lives.of(rule), own.get(mark_of(rule), wish) if own else wish, lasting)
        for boundary, rule in chosen
    ]
    for row in rows:
        row.author, row.via, row.operation, row.at = sender.author[:60], via[:100], operation, now
    _take_over(plan, standing, {opening for _, rule in chosen for opening in rule.openings()})
    models.RuleState.objects.bulk_create(rows)
    return len(rows)


def _find_rules(
    report: Report, lives: Lives, picks: Sequence[Pick], *, names_people: bool
) -> list[tuple[Boundary, Rule]]:
    """The rules that are meant. Raises Overtaken where one isn't there, or has a life that its sender hasn't seen.

    With `names_people` it says by whom.
    """
    there = {mark_of(rule): (boundary, rule) for boundary in report.boundaries for rule in boundary.rules}
    gone = sum(pick.mark not in there for pick in picks)
    if gone:
        raise Overtaken(
            f"The plan has changed since: {many(gone, 'rule')} of those that you chose "
            f"{'says' if gone == 1 else 'say'} something else by now, or {'is' if gone == 1 else 'are'} gone. "
            "Nothing was set. Look at the rules as they are now, then choose again."
        )
    met = [
        (rule, life)
        for pick in picks
        for rule, life in ((there[pick.mark][1], lives.of(there[pick.mark][1])),)
        if (life.newest if life else 0) != pick.seen
    ]
    if met:
        told = "; ".join(_tell_met(rule, life, names_people=names_people) for rule, life in met[:MOST_TOLD])
        more = f"; and of {len(met) - MOST_TOLD} more" if len(met) > MOST_TOLD else ""
        raise Overtaken(
            f"Someone set the state in between ({told}{more}). Nothing of yours was set. "
            "Send it again if it is to count."
        )
    return [there[mark] for mark in dict.fromkeys(pick.mark for pick in picks)]


def _tell_met(rule: Rule, life: Life | None, *, names_people: bool) -> str:
    if life is None:
        return f"{rule.id}: taken back"
    given = max((life.given, *life.others), key=lambda one: one.number)
    by = f" by {short(given.by)}" if given.by and names_people else ""
    ticket = f", {short(given.ticket)}" if given.ticket else ""
    return f"{rule.id}: {given.state}{by}{ticket}, {format_date(timezone.localtime(given.at), 'j F, H:i')}"


def _make_row(
    plan: models.Plan, boundary: Boundary, rule: Rule, life: Life | None, wish: Wish, lasting: Mapping[int, int]
) -> models.RuleState:
    was = life.given if life else None
    state = wish.state if wish.state is not None else (was.state if was else next(iter(STATES)))
    stands = state != NONE
    ends = {end.name: end_of(end) for end in (*rule.sources, *rule.destinations)}
    block = block_of(rule)
    return models.RuleState(
        plan=plan,
        revision=plan.revision,
        rule=rule.id[:60],
        boundary=boundary.label[:600],
        life=lasting[was.number] if was else 0,
        before=was.state if was else "",
        was_changed=bool(life and life.changed),
        state=state if stands else "",
        ticket=_choose(wish.ticket, was.ticket if was else ""),
        owner=_choose(wish.owner, was.owner if was else ""),
        comment=_choose(wish.comment, was.comment if was else ""),
        review=None if wish.no_review else wish.review or (was.review if was else None),
        stands=stands,
        blocks=[block] if stands else [],
        ends=write_ends(ends) if stands else {},
    )


def _choose(wish: str | None, was: str) -> str:
    return was if wish is None else wish


def _take_over(
    plan: models.Plan, standing: Iterable[tuple[Given, models.RuleState]], openings: Collection[Opening]
) -> None:
    """Have these openings no other state any more; what had another name is kept under the one of now."""
    taken = frozenset(openings)
    touched = []
    for given, row in standing:
        left = overtake(given, taken)
        blocks, ends = [_plain(block) for block in left.blocks], write_ends(left.ends)
        if (blocks, ends) == (row.blocks, row.ends):
            continue
        row.blocks, row.ends, row.revision, row.stands = blocks, ends, plan.revision, bool(blocks)
        touched.append(row)
    models.RuleState.objects.bulk_update(touched, ["blocks", "ends", "revision", "stands"], batch_size=200)


def _plain(block: Block) -> list[Any]:
    return [list(block.sources), list(block.destinations), [list(ports) for ports in block.services]]


@transaction.atomic
def close_states(*, plan_id: int, matrix: Matrix, numbers: Collection[int], sender: Sender = ANYONE) -> int:
    """Say of rules that nobody asks for any more that they have been closed, and return of how many.

    Those that have been closed already are passed over. Raises Overtaken for one that is asked for again.
    """
    plan = lock_plan(plan_id)
    report = report_for(plan.version, matrix)
    standing = _read_standing(plan)
    rows = {given.number: row for given, row in standing if given.number in numbers}
    left = {one.number for one in match_lives(report.rules, [one for one, _ in standing], timezone.localdate()).left}
    if back := [row for number, row in rows.items() if number not in left]:
        raise Overtaken(f"The plan asks for {back[0].rule} again, so nothing was closed. Look at the rules of now.")
    now, operation = timezone.now(), sender.operation or models.make_operation()
    made = [
        models.RuleState(
            plan=plan, revision=plan.revision, rule=row.rule, boundary=row.boundary, life=row.life or row.pk,
            before=row.state, state=CLOSED, ticket=row.ticket, owner=row.owner, author=sender.author[:60],
            operation=operation, at=now, stands=False,
        )
        for row in rows.values()
    ]  # fmt: skip
    for row in rows.values():
        row.stands, row.blocks, row.ends = False, [], {}
    models.RuleState.objects.bulk_update(rows.values(), ["blocks", "ends", "stands"], batch_size=200)
    models.RuleState.objects.bulk_create(made)
    return len(made)


def list_history(plan: models.Plan, life: Life | None, most: int) -> list[models.RuleState]:
    """What was set for a rule, newest first; of several states that bear on it, what was set for each."""
    if life is None:
        return []
    numbers = [given.number for given in (life.given, *life.others)]
    begun = [row.life or row.pk for row in plan.states.filter(pk__in=numbers).only("life")]
    found = plan.states.filter(Q(life__in=begun) | Q(pk__in=begun))
    return list(found.defer("blocks", "ends").order_by("-pk")[:most])


MOST_NAMED = 8
"""How many rules an entry of the history names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody set in one go: the first of its rules, and how many there are."""

    rows: tuple[models.RuleState, ...]
    total: int

    @property
    def more(self) -> int:
        """How many rules it doesn't name."""
        return self.total - len(self.rows)


def list_acts(plan: models.Plan, *, before: int | None, most: int) -> list[Act]:
    """What was set in a plan, newest first; with `before` only what is older than the row of that number."""
    rows = plan.states.all() if before is None else plan.states.filter(pk__lt=before)
    acts = rows.order_by().values("operation").annotate(newest=Max("pk"), total=Count("pk")).order_by("-newest")
    totals = {act["operation"]: act["total"] for act in acts[:most]}
    rank = Window(RowNumber(), partition_by="operation", order_by="pk")
    named: dict[str, list[models.RuleState]] = {operation: [] for operation in totals}
    found = plan.states.filter(operation__in=totals).annotate(rank=rank).filter(rank__lte=MOST_NAMED)
    for row in found.defer("blocks", "ends").order_by("pk"):
        named[row.operation].append(row)
    return [Act(rows=tuple(named[operation]), total=total) for operation, total in totals.items()]


def find_act(plan: models.Plan, number: int) -> Act | None:
    """What was set in one go, of which that is the number of a row, with all its rules; None where there is none."""
    row = plan.states.filter(pk=number).first()
    if row is None:
        return None
    rows = tuple(plan.states.filter(operation=row.operation).defer("blocks", "ends").order_by("pk"))
    return Act(rows=rows, total=len(rows))
