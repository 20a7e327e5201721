"""Between the database and archives: plans out with all that was saved of them, and in again under new ones.

`planner.plan.archive` has the format. What stays behind is what belongs to an address: tokens and their hashes, who is
looking, and the ids of edits.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import IO, Any

from django.db.models import Q
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
from planner.plan.archive_answers import AnswerRecord
from planner.plan.archive_comments import CommentRecord
from planner.plan.archive_states import StateRecord
from planner.plan.carry import Carried, carry, say_carried
from planner.store import arrivals, models
from planner.store.holders import Holder
from planner.store.kept import read_in_order
from planner.store.products import matrix_for
from ports.matrix import Matrix
from ports.models import PortMatrix
from ports.queries import find_matrix_at

IN_MEMORY = 4 * 2**20
"""What is larger is kept in a temporary file."""
SLICE = 2**18
"""How many bytes of revisions are stored in one write, so that others wait for it no more than a moment."""


def export_plans(file: IO[bytes], plans: Iterable[models.Plan]) -> int:
    """Write plans to an archive, and return how many. They are read while it is written."""
    return write_archive(file, (_read_out(plan) for plan in plans))


def _read_out(plan: models.Plan) -> tuple[PlanRecord, Iterator[RevisionRecord], Mapping[str, Iterator[Any]]]:
    beside = {"states": _list_states(plan), "answers": _list_answers(plan), "comments": _list_comments(plan)}
    return _describe(plan), _list_revisions(plan), beside


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
    tell: Callable[[str], object] = lambda _: None,
) -> list[models.Plan]:
    """Make new plans of an archive, which the holder owns; ArchiveError and none if there is a fault in it.

    Each is put on its edition if that is here, else on the current one of its product; `matrix` is that of plans that
    name none. `tell` is told in sentences which were put on another edition than their own, and
    which names followed.

    All of it is checked before the first is stored, and nothing is locked meanwhile. `admit` is told then how many
    there are; what it raises keeps them from being stored.
    """
    archive = Archive(file, limits)
    plans = [archive.read_plan(number) for number in range(1, archive.count + 1)]
    editions = Editions(matrix)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as checked:
        for number, plan in enumerate(plans, start=1):
            choose = partial(editions.read_under, plan.edition)
            for revision in archive.read_revisions(number, plan, choose, check_size):
                checked.write(json.dumps(dump_record(revision)).encode() + b"\n")
            editions.settle(plan.edition, revision.document)
            parts = archive.read_states, archive.read_answers, archive.read_comments
            for one in chain.from_iterable(read(number, plan) for read in parts):
                checked.write(json.dumps(dump_record(one)).encode() + b"\n")
        checked.seek(0)
        admit(len(plans))
        brought = (
            (
                plan,
                edition,
                _slice(checked, plan.revision),
                _load_states(checked, plan.states),
                _load_answers(checked, plan.answers),
                _load_comments(checked, plan.comments),
            )
            for plan, edition in zip(plans, editions.settled, strict=True)
        )
        made = arrivals.import_plans(plans=brought, editions=editions.rows, holder=holder)
    for plan, row, carried in zip(plans, made, editions.carried, strict=True):
        if plan.edition and row.edition and row.edition.slug != plan.edition:
            tell(
                f"“{row.name}” was on the edition {plan.edition}, which isn’t here. It was put on {row.edition.slug}, "
                "the current one."
            )
        if carried:
            tell(f"“{row.name}”: {say_carried(carried)}.")
    return made


class Editions:
    """Which edition each plan of an archive goes on, and under which each of its revisions is checked."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self.rows = {row.slug: row for row in PortMatrix.objects.all()}
        self.settled: list[PortMatrix | None] = []
        """That of each plan so far."""
        self.carried: list[tuple[Carried, ...]] = []
        """What each plan so far has under another name there."""
        self._current: dict[str, Matrix] = {}
        self._newest: tuple[Carried, ...] = ()

    def read_under(self, of_plan: str | None, of_revision: str | None, document: object) -> Matrix:
        """The matrix that the next revision of a plan is checked under, and read by its names.

        Raises PlanError when the product isn't here, and as `planner.plan.carry.carry` does.
        """
        matrix = self._choose(of_plan, of_revision, document)
        self._newest = carry(document, matrix)[1]
        return matrix

    def _choose(self, of_plan: str | None, of_revision: str | None, document: object) -> Matrix:
        """That of its edition, else of the plan's, else the product's current one."""
        for slug in (of_revision, of_plan):
            if slug is not None and (row := self.rows.get(slug)):
                return find_matrix_at(row.pk)
        product = document.get("product") if isinstance(document, dict) else None
        key = product if isinstance(product, str) else ""
        if key not in self._current:
            self._current[key] = matrix_for(product, self._matrix)
        return self._current[key]

    def settle(self, slug: str | None, document: Mapping[str, Any]) -> None:
        """Put the next plan on its edition if that is here, else on the one its newest document was read under."""
        self.settled.append(self.rows.get(self._choose(slug, None, document).edition))
        self.carried.append(self._newest)


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


def _load_states(lines: IO[bytes], count: int) -> Iterator[StateRecord]:
    """The states that come next, so many, one at a time."""
    for _ in range(count):
        facts: dict[str, Any] = json.loads(lines.readline())
        review = facts["review"] and date.fromisoformat(facts["review"])
        yield StateRecord(**(facts | {"at": datetime.fromisoformat(facts["at"]), "review": review}))


def _load_answers(lines: IO[bytes], count: int) -> Iterator[AnswerRecord]:
    """The answers that come next, so many, one at a time."""
    for _ in range(count):
        facts: dict[str, Any] = json.loads(lines.readline())
        yield AnswerRecord(**(facts | {"at": datetime.fromisoformat(facts["at"])}))


def _load_comments(lines: IO[bytes], count: int) -> Iterator[CommentRecord]:
    """The comments that come next, likewise."""
    for _ in range(count):
        facts: dict[str, Any] = json.loads(lines.readline())
        times = {key: facts[key] and datetime.fromisoformat(facts[key]) for key in ("at", "resolved_at")}
        yield CommentRecord(**(facts | times))


def _load(line: bytes) -> RevisionRecord:
    facts: dict[str, Any] = json.loads(line)
    return RevisionRecord(**(facts | {"created": datetime.fromisoformat(facts["created"])}))


def _describe(plan: models.Plan) -> PlanRecord:
    return PlanRecord(
        revision=plan.revision,
        created=plan.created,
        updated=plan.updated,
        deleted=plan.deleted,
        edition=plan.edition.slug if plan.edition else None,
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
        git=None if plan.git is None else {key: plan.git[key] for key in ("repository", "path")},
    )


def _list_states(plan: models.Plan) -> Iterator[StateRecord]:
    """What its rules were given, in the order in which they were; a few at a time, as they can be large."""
    numbers: dict[int, int] = {}
    acts: dict[str, int] = {}
    states = plan.states.filter(revision__lte=plan.revision).order_by("pk")
    for number, state in enumerate(states.iterator(chunk_size=10), start=1):
        numbers[state.pk] = number
        yield StateRecord(
            number=number,
            revision=state.revision,
            rule=state.rule,
            boundary=state.boundary,
            life=numbers.get(state.life),
            act=acts.setdefault(state.operation, number),
            before=state.before,
            was_changed=state.was_changed,
            state=state.state,
            ticket=state.ticket,
            owner=state.owner,
            comment=state.comment,
            review=state.review,
            author=state.author,
            via=state.via,
            at=state.at,
            stands=state.stands,
            blocks=state.blocks,
            ends=state.ends,
        )


def _list_answers(plan: models.Plan) -> Iterator[AnswerRecord]:
    """How questions of the matrix were answered, in that order."""
    answers = plan.answers.filter(revision__lte=plan.revision).order_by("pk")
    for number, row in enumerate(answers.iterator(chunk_size=100), start=1):
        yield AnswerRecord(
            number=number,
            revision=row.revision,
            kind=row.kind,
            subject=row.subject,
            answer=row.answer,
            reason=row.reason,
            added=row.added,
            author=row.author,
            at=row.at,
        )


def _list_comments(plan: models.Plan) -> Iterator[CommentRecord]:
    """What people said, in that order, but of rules as they were after the plan was read."""
    said = plan.comments.filter(Q(revision=None) | Q(revision__lte=plan.revision)).order_by("pk")
    for number, row in enumerate(said.iterator(chunk_size=100), start=1):
        yield CommentRecord(
            number=number,
            kind=row.kind,
            subject=row.subject,
            text=row.text,
            mentions=row.mentions,
            author=row.author,
            at=row.at,
            resolved=row.resolved,
            resolved_by=row.resolved_by,
            resolved_at=row.resolved_at,
            revision=row.revision,
            blocks=row.blocks,
        )


def _list_revisions(plan: models.Plan) -> Iterator[RevisionRecord]:
    """By number, up to the one that was the newest when the plan was read; a few at a time, as they can be large."""
    revisions = plan.revisions.filter(number__lte=plan.revision).select_related("edition").order_by("number")
    for revision in read_in_order(revisions.iterator(chunk_size=10)):
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
            edition=revision.edition.slug if revision.edition else None,
            digest=revision.digest or None,
            document=revision.document,
        )
