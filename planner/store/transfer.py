"""Between the database and archives: plans out with all that was saved of them, and in again under new ones.

`planner.plan.archive` has the format. What stays behind is what belongs to an address: tokens and their hashes, who is
looking, and the ids of edits.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import IO, Any

from django.db import transaction
from django.utils import timezone

from planner.engine.size import check_size
from planner.plan.archive import (
    Archive,
    HandoverRecord,
    Limits,
    PlanRecord,
    RevisionRecord,
    dump_record,
    write_archive,
)
from planner.store import actions, models
from planner.store.holders import Holder
from ports.matrix import Matrix

IN_MEMORY = 4 * 2**20
"""What is larger is kept in a temporary file."""


def export_plans(file: IO[bytes], plans: Iterable[models.Plan]) -> int:
    """Write plans to an archive, and return how many. They are read while it is written."""
    return write_archive(file, ((_describe(plan), _list_revisions(plan)) for plan in plans))


def all_plans() -> Iterator[models.Plan]:
    """Every plan, oldest first, those in the bin too unless they are gone for good."""
    overdue = timezone.now() - models.KEPT_IN_BIN
    return models.Plan.objects.exclude(deleted__lte=overdue).defer("document").order_by("pk").iterator()


def import_plans(
    file: IO[bytes],
    limits: Limits,
    matrix: Matrix,
    holder: Holder | None = None,
    *,
    admit: Callable[[int], object] = lambda _: None,
) -> list[models.Plan]:
    """Make new plans of an archive, which the holder owns; ArchiveError and none if there is a fault in it.

    All of it is checked before the first is stored, so that the write lock is held for the storing alone. `admit` is
    told then how many there are; what it raises keeps them from being stored.
    """
    archive = Archive(file, limits)
    plans: list[PlanRecord] = []
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as checked:
        for number in range(1, archive.count + 1):
            plan = archive.read_plan(number)
            plans.append(plan)
            for revision in archive.read_revisions(number, plan, matrix, partial(check_size, matrix)):
                checked.write(json.dumps(dump_record(revision)).encode() + b"\n")
        checked.seek(0)
        with transaction.atomic():
            admit(len(plans))
            return [
                actions.import_plan(plan=plan, revisions=map(_load, islice(checked, plan.revision)), holder=holder)
                for plan in plans
            ]


def _load(line: bytes) -> RevisionRecord:
    facts: dict[str, Any] = json.loads(line)
    return RevisionRecord(**(facts | {"created": datetime.fromisoformat(facts["created"])}))


def _describe(plan: models.Plan) -> PlanRecord:
    return PlanRecord(
        revision=plan.revision,
        created=plan.created,
        updated=plan.updated,
        deleted=plan.deleted,
        handovers=tuple(
            HandoverRecord(
                revision=handover.revision,
                recipient=handover.recipient,
                note=handover.note,
                author=handover.author,
                sent=handover.sent,
            )
            for handover in plan.handovers.filter(revision__lte=plan.revision).order_by("sent", "pk")
        ),
    )


def _list_revisions(plan: models.Plan) -> Iterator[RevisionRecord]:
    """By number, up to the one that was the newest when the plan was read; a few at a time, as they can be large."""
    for revision in plan.revisions.filter(number__lte=plan.revision).order_by("number").iterator(chunk_size=10):
        yield RevisionRecord(
            number=revision.number,
            created=revision.created,
            author=revision.author,
            summary=revision.summary,
            checkpoint=revision.checkpoint,
            undo_to=revision.undo_to,
            redo_to=revision.redo_to,
            restored=revision.restored,
            renames=revision.renames,
            document=revision.document,
        )
