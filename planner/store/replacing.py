"""A document in the place of a stored plan's: by whoever says which revision theirs is made from, and nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from planner.plan.changes import Change, compare_documents
from planner.plan.document import Plan, dump_plan
from planner.store import models
from planner.store.actions import Applied, Sender, apply_edit, lock_plan
from planner.store.reports import find_sound_version
from ports.matrix import Matrix
from ports.text import many, several


class Behind(ValueError):
    """The plan has changed since the revision that the sender's document is made from; nothing was stored."""

    def __init__(
        self, *, base: int, row: models.Plan, theirs: Sequence[Change], yours: Sequence[Change], said: Sequence[str]
    ) -> None:
        self.base, self.revision = base, row.revision
        self.theirs, self.yours, self.said = tuple(theirs), tuple(yours), tuple(said)
        super().__init__(
            f"The plan is at revision {row.revision} by now, and your document is made from revision {base}. "
            "Nothing was stored. Read the plan, bring in what is yours, and send it with the new ETag."
        )


@transaction.atomic
def replace_document(*, plan_id: int, matrix: Matrix, plan: Plan, sender: Sender) -> Applied:
    """Put the document of a plan, which was checked under this matrix, in the place of a stored one's.

    Without a base it replaces whatever is there. Rows that stay keep their order, and new ones come last. Raises
    Behind when the plan has changed since the sender's base, NotPossible, and PlanError for one that is too large.
    """
    row = lock_plan(plan_id)
    if sender.operation and row.revisions.filter(operation=sender.operation).exists():
        return Applied(plan=row, changed=False)
    if plan.product is None and row.document.get("product"):
        plan = replace(plan, product=matrix.product_slug)
    document = dump_plan(plan)
    if sender.base is not None and sender.base != row.revision:
        raise _tell_behind(row, sender.base, document)
    changes = compare_documents(row.document, document)
    if not changes:
        return Applied(plan=row, changed=False)
    params = {"summary": _say(changes), "changes": changes}
    return apply_edit(plan_id=plan_id, matrix=matrix, edit="replace-document", params=params, sender=sender)


def _tell_behind(row: models.Plan, number: int, document: Mapping[str, Any]) -> Behind:
    """Both sides: what others changed since the sender's base, and what the sender did."""
    base = find_sound_version(row, number) if number < row.revision else None
    before = base.document if base else row.document
    since = row.revisions.filter(number__gt=number).order_by("-number").values_list("number", "author", "summary")[:20]
    return Behind(
        base=number,
        row=row,
        theirs=compare_documents(before, row.document),
        yours=compare_documents(before, document),
        said=[f"revision {one}{f' by {author}' if author else ''}: {summary}" for one, author, summary in since],
    )


def _say(changes: Sequence[Change]) -> str:
    """What a document changes, in words: the rows that it names, and how many places."""
    named = dict.fromkeys(change.where[1] if len(change.where) > 1 else change.where[0] for change in changes)
    return f"Document replaced: {many(len(changes), 'change')}, of {several(list(named))}"[:300]
