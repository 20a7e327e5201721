"""A document in the place of a stored plan's: by whoever says which revision theirs is made from, and nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from planner.engine.renames import find_renames, renames_of
from planner.plan.changes import Change, compare_documents, compare_renamed
from planner.plan.document import Plan, PlanError, check_stored, dump_plan
from planner.plan.rows import NO_RENAMES, Renames
from planner.store import models
from planner.store.actions import Applied, Sender, apply_edit, lock_plan
from planner.store.git import Source, check_owner, note_push
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
def replace_document(
    *, plan_id: int, matrix: Matrix, plan: Plan, sender: Sender, source: Source | None = None
) -> Applied:
    """Put the document of a plan, which was checked under this matrix, in the place of a stored one's.

    Without a base it replaces whatever is there. Rows that stay keep their order, and new ones come last. An endpoint
    or a zone that can be nothing else than one with another name is renamed. `source` is where the document comes
    from, if it is a file in git. Raises Behind when the plan has changed since the sender's base, NotPossible
    (OwnedByGit, too), and PlanError for one that is too large.
    """
    row = lock_plan(plan_id)
    if plan.product is None and row.document.get("product"):
        plan = replace(plan, product=matrix.product_slug)
    document = dump_plan(plan)
    if sender.base is not None and sender.base != row.revision:
        raise _tell_behind(row, sender.base, document)
    changes = compare_renamed(row.document, document, _find_renames(row, plan, document, matrix))
    done = Applied(plan=row, changed=False)
    if changes:
        params = {"summary": _say(changes, source), "changes": changes}
        done = apply_edit(plan_id=plan_id, matrix=matrix, edit="replace-document", params=params, sender=sender)
    if source is not None:
        check_owner(row, token=sender.token, by_command=sender.by_command)
        note_push(done.plan, done.plan.revision, source, sender.author)
    return done


def _find_renames(row: models.Plan, plan: Plan, document: Mapping[str, Any], matrix: Matrix) -> Renames:
    """What the document calls otherwise than the stored plan; nothing where that doesn't fit the matrix of today."""
    if not any(_names(row.document, part) - _names(document, part) for part in ("zones", "endpoints")):
        return NO_RENAMES  # which is cheap to see, and nearly always so
    try:
        before = check_stored(row.document, matrix=matrix)
    except PlanError:
        return NO_RENAMES
    return renames_of(find_renames(before, plan))


def _names(document: Mapping[str, Any], part: str) -> set[str]:
    return {item["name"] for item in document[part]}


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


def _say(changes: Sequence[Change], source: Source | None) -> str:
    """What a document changes, in words: the rows that it names, and how many places."""
    did = "Document replaced" if source is None else f"Pushed from {source.commit[:10] or 'a file'}"
    named = dict.fromkeys(change.where[1] if len(change.where) > 1 else change.where[0] for change in changes)
    return f"{did}: {many(len(changes), 'change')}, of {several(list(named))}"[:300]
