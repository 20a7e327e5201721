"""Plans that have been somewhere else, stored with all their revisions: in short writes, and all of them or none."""

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import timedelta
from itertools import batched
from typing import Any

from django.db import transaction

from planner.engine.lineage import find_added
from planner.plan.archive import PlanRecord, RevisionRecord
from planner.plan.archive_answers import AnswerRecord
from planner.plan.archive_comments import CommentRecord
from planner.plan.archive_states import StateRecord
from planner.store import audit, models
from planner.store.holders import Holder
from planner.store.kept import Chain
from ports.models import PortMatrix

OTHERS_TURN = 2
"""How many times as long as one write of an import took others may write before its next one."""
STATES = 50
"""How many states of rules an import stores in one write; each names all endpoints of its rule."""
ROWS = 500
"""How many rows an import stores or takes back in one write."""
BROKEN_OFF = timedelta(days=1)
"""After so long an import is over, and what it left was left because its process died."""

Slices = Iterable[Sequence[RevisionRecord]]
Arriving = tuple[
    PlanRecord, PortMatrix | None, Slices, Iterable[StateRecord], Iterable[AnswerRecord], Iterable[CommentRecord]
]
"""A plan on its way in: with the edition that it is put on, and all that comes with it."""


def import_plans(
    *,
    plans: Iterable[Arriving],
    editions: Mapping[str, PortMatrix],
    holder: Holder | None = None,
) -> list[models.Plan]:
    """Store plans that have been somewhere else, each with all its revisions, which have been checked: all, or none.

    Each comes with the edition that it is put on, and with the states of its rules, the answers to questions of
    the matrix and the comments, to be read in this order after its revisions; `editions` are those that are here, by
    slug.

    The revisions of a plan come in slices. Each is a write of its own, with time for others after it, since all at
    once would keep everybody waiting. Until the last one is there nobody holds the plans but the import, so that
    nobody sees a part of them.
    """
    arriving = f"{models.ARRIVING}{secrets.token_hex(16)}"
    try:
        rows = []
        for plan, edition, slices, states, answers, said in plans:
            row = _import_plan(plan, slices, edition, editions, arriving)
            _import_states(row, states)
            _import_rows(models.Answer, row, answers)
            _import_rows(models.Comment, row, said)
            rows.append(row)
        with transaction.atomic():
            (holder or Holder()).take(arriving)
            for row in rows:
                audit.note("plan-made", plan=row, actor=holder.name if holder else "")
    except BaseException:
        _take_back(arriving)
        raise
    return rows


def _import_plan(
    plan: PlanRecord, slices: Slices, edition: PortMatrix | None, editions: Mapping[str, PortMatrix], arriving: str
) -> models.Plan:
    with _short_write():
        # Which token pushes it stays behind, as tokens do.
        git = None if plan.git is None else {**plan.git, "token": None, "label": "", "by": ""}
        row = models.Plan.objects.create(
            document={}, edition=edition, revision=plan.revision, created=plan.created, git=git
        )
        models.Hold.objects.create(plan=row, browser=arriving, role=models.Hold.Role.OWN)
    last: RevisionRecord | None = None
    chain = Chain()
    for some in slices:
        for few in batched(some, ROWS):
            made = []
            for one in few:
                added = find_added(last.document, one.document, one.renames) if last else {}
                facts = {field.name: getattr(one, field.name) for field in fields(one) if field.name != "document"}
                facts |= chain.add(last.document if last else None, one.document)
                facts |= {"edition": editions.get(one.edition or ""), "digest": one.digest or ""}
                made.append(models.Revision(plan=row, added=added, **facts))
                last = one
            with _short_write():
                models.Revision.objects.bulk_create(made)
    if last is None or last.number != plan.revision:
        raise ValueError("a plan has as many revisions as it says")
    for sent in batched(plan.handovers, ROWS):
        with _short_write():
            models.Handover.objects.bulk_create(
                models.Handover(plan=row, **(asdict(one) | {"digest": one.digest or ""})) for one in sent
            )
    row.document, row.name = dict(last.document), last.document["name"]
    row.updated, row.deleted = plan.updated, plan.deleted
    kept = {"document": row.document, "name": row.name, "updated": row.updated, "deleted": row.deleted}
    with _short_write():
        models.Plan.objects.filter(pk=row.pk).update(**kept)
    return row


def _import_states(plan: models.Plan, states: Iterable[StateRecord]) -> None:
    """Store what the rules of a plan were given, a few at a time, as some are large."""
    numbers: dict[int, int] = {}
    acts: dict[int, str] = {}
    for few in batched(states, STATES):
        made = []
        for one in few:
            own = {"number", "life", "act"}
            facts = {field.name: getattr(one, field.name) for field in fields(one) if field.name not in own}
            operation = acts.setdefault(one.act, models.make_operation())
            made.append(models.RuleState(plan=plan, operation=operation, **facts))
        with _short_write():
            models.RuleState.objects.bulk_create(made)
            for one, row in zip(few, made, strict=True):
                numbers[one.number] = row.pk
                if one.life is not None:
                    row.life = numbers[one.life]
            models.RuleState.objects.bulk_update([row for row in made if row.life], ["life"])


def _import_rows(kind: Any, plan: models.Plan, records: Iterable[AnswerRecord | CommentRecord]) -> None:
    """Store what stands beside a plan, a row for each record."""
    for few in batched(records, ROWS):
        kept = [
            {field.name: getattr(one, field.name) for field in fields(one) if field.name != "number"} for one in few
        ]
        with _short_write():
            kind.objects.bulk_create(kind(plan=plan, **facts) for facts in kept)


@contextmanager
def _short_write() -> Iterator[None]:
    """A transaction, and then time for others, since SQLite leaves it to chance who of those that wait is next."""
    with transaction.atomic():
        began = time.monotonic()
        yield
    time.sleep(OTHERS_TURN * (time.monotonic() - began))


def _take_back(arriving: str) -> None:
    """Remove what an import has stored, in short writes as it came."""
    plans = models.Plan.objects.filter(holds__browser=arriving)
    for kind in (models.Revision, models.Handover, models.RuleState, models.Answer, models.Comment):
        while numbers := list(kind.objects.filter(plan__in=plans).values_list("pk", flat=True)[:ROWS]):
            with _short_write():
                kind.objects.filter(pk__in=numbers).delete()
    with transaction.atomic():
        plans.delete()
