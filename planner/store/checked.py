"""Plans that have been checked, kept in the memory of a process under what their documents say: so that the report
that follows an edit doesn't check again what the edit has checked, nor the next edit what it leaves as it is.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from planner.engine import Report, TooLarge
from planner.engine.size import check_size
from planner.plan.carry import carry
from planner.plan.document import Plan, PlanError, carry_stored, check_plan, check_stored, dump_plan
from planner.plan.recheck import dump_changed, recheck_plan
from planner.plan.stored import look_through
from planner.store.documents import find_length
from planner.store.kept import Document, Proofs, prove
from planner.store.recent import Recent
from ports.matrix import Matrix


class Checked(NamedTuple):
    """A document that nobody changes, and the plan that it was read as."""

    document: Document
    plan: Plan
    is_dump: bool = False
    """Whether the document is known to be what `dump_plan` makes of the plan, in the order of keys too."""


_checked: Recent[Checked] = Recent(lambda one: len(one.plan.endpoints), count=4)


class Edited(NamedTuple):
    """What comes of an edit."""

    plan: Plan
    document: dict[str, Any]
    proofs: Proofs


def read_checked(document: Document, matrix: Matrix) -> Plan:
    """The plan of a stored document, whose names follow those of the matrix. Raises PlanError."""
    carried, names = carry(document, matrix)
    if names:
        return check_stored(carried, matrix=matrix)
    key = prove(document), matrix.state
    return _checked.find(key, lambda: Checked(document, check_stored(document, matrix=matrix))).plan


def check_edited(document: Document, edit: Callable[[Document], dict[str, Any]], matrix: Matrix) -> Edited:
    """The plan after an edit of a stored document, and its document. Raises PlanError for what is no plan.

    `edit` makes the new document and leaves the rows that it doesn't change the objects that they are.
    """
    stored = look_through(document)
    proof = prove(document)
    before = _checked.get((proof, matrix.state))
    if before is None:
        tree = edit(document)
        plan = check_plan(tree, matrix=matrix, stored=stored)
        written = dump_plan(plan)
    else:
        tree = edit(before.document)
        plan = recheck_plan(tree, before=before.document, plan=before.plan, matrix=matrix, stored=stored)
        if before.is_dump:
            written = dump_changed(plan, before=before.plan, document=before.document)
        else:
            written = dump_plan(plan)
    proofs = Proofs(proof, prove(written))
    if tree == written:
        _checked.keep((proofs.after, matrix.state), Checked(written, plan, is_dump=True))
    return Edited(plan, written, proofs)


def check_growth(
    before: Document, document: Document, matrix: Matrix, plan: Plan | None, report: Report | None
) -> None:
    """Raise PlanError for a state that is too large, unless it is no larger than the plan is: so it can be mended.

    `plan` is what the document was read as, where it was; `report` is of an earlier state of the plan, where one is
    known.
    """
    try:
        plan = plan or check_stored(document, matrix=matrix)
    except PlanError:
        return  # an undo may lead to what the matrix of today doesn't fit, and nothing is evaluated of that
    try:
        # What a document takes in ASCII is no less than in UTF-8.
        check_size(matrix, plan, document=document, at_most=find_length(document), report=report)
    except TooLarge as error:
        try:
            now = carry_stored(before, matrix=matrix)[0]
        except PlanError:
            raise error from None
        check_size(matrix, plan, now)
