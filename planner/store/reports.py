"""Reports of stored documents and what differs between them; a few recent ones are kept in memory."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import fields, replace

from planner.deploy import metrics
from planner.deploy.turns import LARGE
from planner.engine import Report, TooLarge, evaluate_report, outline_plan
from planner.engine.compare import Comparison, compare_reports
from planner.engine.consequences import Consequences, weigh
from planner.engine.lineage import Step, find_earliest, trace_heirs, trace_renames
from planner.engine.renames import Rename
from planner.plan.blueprint import ModuleState, module_state
from planner.plan.document import PlanError
from planner.store.checked import read_checked
from planner.store.editions import matrix_then
from planner.store.evaluated import find_kept, find_report
from planner.store.kept import LARGE as DOCUMENT
from planner.store.kept import Damaged
from planner.store.models import NOTHING_RENAMED, Plan, Revision, Version
from planner.store.recent import Recent
from ports.matrix import Matrix
from ports.written import Written

_logger = logging.getLogger(__name__)
_comparisons: Recent[Comparison] = Recent(lambda c: len(c.before.flows) + len(c.after.flows), count=4)
# With the report, which is what tells them apart.
_modules: Recent[tuple[Report, tuple[ModuleState, ...]]] = Recent(lambda pair: len(pair[0].flows), count=8)
_consequences: Recent[tuple[Report, Consequences]] = Recent(lambda pair: len(pair[0].flows), count=4)


def report_for(version: Version, matrix: Matrix) -> Report:
    """The report of a stored version of a plan under a matrix; kept under plan, revision and state of the matrix.

    What the edition that it was stored under calls otherwise goes by its name in the matrix.

    Raises PlanError when the document doesn't fit the matrix: it can have been stored under another; and TooLarge when
    it fits and can't be evaluated: it can have been stored when more was allowed.
    """

    def make(before: Report | None) -> Report:
        size = "large" if len(version.document.get("endpoints", ())) >= LARGE else "usual"
        return metrics.timed(size, lambda: evaluate_report(matrix, read_checked(version.document, matrix), before))

    return find_report(version, matrix, make)


def outline_for(version: Version, matrix: Matrix) -> Report:
    """`report_for`; of a plan that is too large what can be shown of it, so that its page opens and it can be mended.

    Raises PlanError when the document doesn't fit the matrix.
    """
    try:
        return report_for(version, matrix)
    except TooLarge as error:
        return outline_plan(matrix, read_checked(version.document, matrix), error.sentence)


def comparison_since(plan: Plan, number: int, matrix: Matrix, under: Matrix | None = None) -> Comparison | None:
    """What a plan differs in from its revision of that number: now under `matrix`, then under the matrix of then.

    That is the one that the revision was stored under, or `under`. None when there is no such revision, when its
    matrix isn't kept here, or when one of the two doesn't fit its matrix, is too large or damaged.
    """
    before = find_sound_version(plan, number)
    then = under or (matrix_then(before, matrix) if before else None)
    if before is None or then is None:
        return None
    return _try_to_compare(plan, before, plan.version, then, matrix)


def comparison_of_last(plan: Plan, revision: Revision, matrix: Matrix) -> Comparison | None:
    """What the newest revision changed: it and the one before, each under the matrix that it was stored under.

    `matrix` stands for one that isn't known. None when that can't be said.
    """
    before = _find_before(plan, revision.number - 1)
    after = Version(plan=plan.key, number=plan.revision, document=plan.document, digest=revision.digest)
    now = matrix_then(after, matrix)
    then = matrix_then(before, now) if before and now else None
    if before is None or now is None or then is None:
        return None
    return _try_to_compare(plan, before, after, then, now)


def _find_before(plan: Plan, number: int) -> Version | None:
    """`find_sound_version` of one that was probably looked at just now, so that its document needn't be read."""
    kept = find_kept(plan.key, number)
    if kept is None:
        return find_sound_version(plan, number)
    found = _digest.first(plan.pk, number)
    return None if found is None else replace(kept, digest=found[0])


def _try_to_compare(
    plan: Plan, before: Version, after: Version, matrix_before: Matrix, matrix_after: Matrix
) -> Comparison | None:
    try:
        return compare_versions(before, after, matrix_before, matrix_after, find_known(plan, before, after))
    except PlanError:
        return None


_revision = Written(
    lambda plan, number: Revision.objects.filter(plan=plan, number=number).defer("renames", "added"), 2**62, 2**30
)


_entry = Written(lambda plan, number: Revision.objects.filter(plan=plan, number=number).defer(*DOCUMENT), 2**62, 2**30)
_digest = Written(
    lambda plan, number: Revision.objects.filter(plan=plan, number=number).values_list("digest"), 2**62, 2**30
)
_renaming = Written(
    lambda plan, after, upto: (
        Revision.objects.filter(plan=plan, number__gt=after, number__lte=upto)
        .exclude(renames={})
        .exclude(renames=NOTHING_RENAMED)
        .order_by()
        .values_list("pk")[:1]
    ),
    2**62, 2**30, 2**30 + 1,
)  # fmt: skip
"""Whether anything was renamed after one revision, up to another."""


def find_revision(plan: Plan, number: int) -> Revision | None:
    """A revision of a plan without what it renames and adds; None when there is none of that number."""
    if number >= 2**63:  # no number of a row, and SQLite refuses to look for it
        return None
    found: Revision | None = _revision.first(plan.pk, number)
    return found


def find_entry(plan: Plan, number: int) -> Revision | None:
    """What the history says of a revision of a plan, without its document; None when there is none of that number."""
    found: Revision | None = _entry.first(plan.pk, number)
    return found


def say_step(plan: Plan, changed: Revision | None, goal: int) -> str:
    """What a step to the revision `goal` undoes or redoes, in the words of the change itself.

    `changed` is the one of both revisions that has the change. Undo leads from an edit to the revision before it, and
    to that same revision from whatever brings the edit's state back. Where an archive has it otherwise, this says only
    where the step leads.
    """
    if changed and changed.undo_to:
        number = changed.undo_to + 1
        edit = changed if changed.number == number else find_entry(plan, number)
        if edit and edit.undo_to == changed.undo_to:
            return edit.summary
    return f"back to revision {goal}"


def find_version(plan: Plan, number: int) -> Version | None:
    """A plan as it is at the revision of that number; None when there is none."""
    found = find_revision(plan, number)
    if found is None:
        return None
    return Version(plan=plan.key, number=number, document=found.document, digest=found.digest)


def find_sound_version(plan: Plan, number: int) -> Version | None:
    """`find_version` for what can do without it: None too for one that is damaged, which the log tells."""
    try:
        return find_version(plan, number)
    except Damaged as error:
        _logger.error("plan %s: %s", plan.key, error)
        return None


def compare_versions(
    before: Version,
    after: Version,
    matrix_before: Matrix,
    matrix_after: Matrix,
    known: tuple[Rename, ...] = (),
) -> Comparison:
    """What differs between two stored versions, each under its matrix. Raises as `report_for` does.

    `known` are the renames that a history tells.
    """
    old, new = report_for(before, matrix_before), report_for(after, matrix_after)
    return _comparisons.find((old, new, known), lambda: compare_reports(old, new, known))


def find_known(plan: Plan, before: Version, after: Version) -> tuple[Rename, ...]:
    """What the history of a plan tells to be renamed between two of its versions."""
    first, last = sorted((before.number, after.number))
    if not _renaming.ask(plan.pk, first, last):
        return ()
    steps = _list_lineage(plan, first, last)
    return trace_renames(steps, (before.number, before.document), (after.number, after.document))


def find_renames_since(plan: Plan, numbers: Collection[int]) -> Mapping[int, tuple[Rename, ...]]:
    """What is called otherwise now than in each of these revisions of a plan; those of which nothing is are left out.

    To be asked of names that these revisions have, as `trace_heirs` says: their documents aren't read, so damage to
    one of them changes nothing here. All that is asked of the revisions costs two queries, and one more for each older
    one that was brought back.
    """
    older = sorted({number for number in numbers if number < plan.revision})
    if not older or not _renaming.ask(plan.pk, older[0], plan.revision):
        return {}
    steps = _list_lineage(plan, older[0], plan.revision)
    there = {step.number for step in steps}
    known = [number for number in older if number in there]
    found = trace_heirs(steps, known, (plan.revision, plan.document))
    return {number: renames for number, renames in found.items() if renames}


def _list_lineage(plan: Plan, first: int, last: int) -> list[Step]:
    """The revisions from the first to the last, and before them all from the earliest one that they bring back.

    As far as they are there: one can be lost.
    """
    steps = _list_steps(plan, first, last)
    while (earliest := find_earliest(steps)) < steps[0].number:
        older = _list_steps(plan, earliest, steps[0].number - 1)
        if not older:
            break
        steps = [*older, *steps]
    return steps


def _list_steps(plan: Plan, first: int, last: int) -> list[Step]:
    names = [field.name for field in fields(Step)]
    rows = plan.revisions.filter(number__gte=first, number__lte=last).order_by("number").values(*names)
    return [Step(**row) for row in rows]


def modules_of(report: Report) -> tuple[ModuleState, ...]:
    """Which modules are in the plan of a report, as `module_state` says."""
    return _modules.find(report, lambda: (report, module_state(report.matrix, report.plan)))[1]


def consequences_of(report: Report) -> Consequences:
    """What other answers would change in a report; a report is the same object for as long as it is kept here."""
    return _consequences.find(report, lambda: (report, weigh(report)))[1]
