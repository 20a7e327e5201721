"""Between the database and archives: plans out with all that was saved of them, and in again under new ones.

`planner.plan.archive` has the format. What stays behind is what belongs to an address: tokens and their hashes, who is
looking, and the ids of edits.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import IO, Any

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
from planner.store import arrivals, models
from planner.store.holders import Holder
from ports.matrix import Matrix

IN_MEMORY = 4 * 2**20
"""What is larger is kept in a temporary file."""
SLICE = 2**18
"""How many bytes of revisions are stored in one write, so that others wait for it no more than a moment."""


def export_plans(file: IO[bytes], plans: Iterable[models.Plan]) -> int:
    """Write plans to an archive, and return how many. They are read while it is written."""
    return write_archive(file, ((_describe(plan), _list_revisions(plan)) for plan in plans))


def all_plans() -> Iterator[models.Plan]:
    """Every plan, oldest first, those in the bin too unless they are gone for good."""
    overdue = timezone.now() - models.KEPT_IN_BIN
    there = models.Plan.objects.exclude(deleted__lte=overdue).exclude(pk__in=models.list_arriving())
    return there.defer("document").order_by("pk").iterator()


def import_plans(
    file: IO[bytes],
    limits: Limits,
    matrix: Matrix,
    holder: Holder | None = None,
    *,
    admit: Callable[[int], object] = lambda _: None,
) -> list[models.Plan]:
    """Make new plans of an archive, which the holder owns; ArchiveError and none if there is a fault in it.

    All of it is checked before the first is stored, and nothing is locked meanwhile. `admit` is told then how many
    there are; what it raises keeps them from being stored.
    """
    archive = Archive(file, limits)
    plans = [archive.read_plan(number) for number in range(1, archive.count + 1)]
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as checked:
        for number, plan in enumerate(plans, start=1):
            for revision in archive.read_revisions(number, plan, matrix, partial(check_size, matrix)):
                checked.write(json.dumps(dump_record(revision)).encode() + b"\n")
        checked.seek(0)
        admit(len(plans))
        brought = ((plan, _slice(checked, plan.revision)) for plan in plans)
        return arrivals.import_plans(plans=brought, matrix=matrix, holder=holder)


def _slice(lines: IO[bytes], count: int) -> Iterator[list[RevisionRecord]]:
    """The next so many revisions, as many at a time as have SLICE bytes together, or a single one."""
    some: list[RevisionRecord] = []
    size = 0
    for _ in range(count):
        line = lines.readline()
        if some and size + len(line) > SLICE:
            yield some
            some, size = [], 0
        some.append(_load(line))
        size += len(line)
    yield some


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
                digest=handover.digest or None,
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
