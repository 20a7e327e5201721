"""Reports of stored documents and what differs between them; a few recent ones are kept in memory."""

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from planner.engine import Report, evaluate_report
from planner.engine.compare import Comparison, compare_reports
from planner.engine.consequences import Consequences, weigh
from planner.engine.lineage import Step, find_earliest, trace_renames
from planner.engine.renames import Rename
from planner.plan.document import PlanError, check_plan
from planner.store.models import NOTHING_RENAMED, Plan
from ports.matrix import Matrix


def report_for(document: Mapping[str, Any], matrix: Matrix) -> Report:
    """The report of a plan document under a matrix.

    Raises PlanError when the document doesn't fit the matrix: it can have been stored under another.
    """
    text = json.dumps(document, ensure_ascii=False, sort_keys=False)
    return _report(text, _Keyed(matrix))


def comparison_since(plan: Plan, number: int, matrix: Matrix) -> Comparison | None:
    """What a plan's document differs in from its revision of that number.

    None when there is no such revision, or when it doesn't fit the matrix of today.
    """
    revision = plan.revisions.filter(number=number).only("document").first()
    if revision is None:
        return None
    known = find_known(plan, (number, revision.document), (plan.revision, plan.document))
    try:
        return compare_documents(revision.document, plan.document, matrix, matrix, known)
    except PlanError:
        return None


def compare_documents(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    matrix_before: Matrix,
    matrix_after: Matrix,
    known: tuple[Rename, ...] = (),
) -> Comparison:
    """What differs between two plan documents, each under its matrix. Raises PlanError when one doesn't fit.

    `known` are the renames that a history tells.
    """
    return _compare(report_for(before, matrix_before), report_for(after, matrix_after), known)


def find_known(
    plan: Plan, before: tuple[int, Mapping[str, Any]], after: tuple[int, Mapping[str, Any]]
) -> tuple[Rename, ...]:
    """What the history of a plan tells to be renamed between two revisions, given by number and document."""
    first, last = sorted((before[0], after[0]))
    between = plan.revisions.filter(number__gt=first, number__lte=last)
    if not between.exclude(renames={}).exclude(renames=NOTHING_RENAMED).exists():
        return ()
    steps = _list_steps(plan, first, last)
    while (earliest := find_earliest(steps)) < steps[0].number:
        steps = [*_list_steps(plan, earliest, steps[0].number - 1), *steps]
    return trace_renames(steps, before, after)


def _list_steps(plan: Plan, first: int, last: int) -> list[Step]:
    names = [field.name for field in fields(Step)]
    rows = plan.revisions.filter(number__gte=first, number__lte=last).order_by("number").values(*names)
    return [Step(**row) for row in rows]


@lru_cache(maxsize=4)
def _compare(before: Report, after: Report, known: tuple[Rename, ...]) -> Comparison:
    return compare_reports(before, after, known)


@lru_cache(maxsize=4)
def consequences_of(report: Report) -> Consequences:
    """What other answers would change in a report; a report is the same object for as long as it is kept here."""
    return weigh(report)


class _Keyed:
    """A matrix that is compared by its digest."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.matrix.digest == other.matrix.digest

    def __hash__(self) -> int:
        return hash(self.matrix.digest)


@lru_cache(maxsize=8)
def _report(text: str, keyed: _Keyed) -> Report:
    return evaluate_report(keyed.matrix, check_plan(json.loads(text), matrix=keyed.matrix))
