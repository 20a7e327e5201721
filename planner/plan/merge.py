"""Edits that meet: an edit made for an older state of a plan, carried over to what others have made of it since."""

from collections.abc import Iterator

from planner.plan.changes import Change, Edit, FieldPath, Index
from planner.plan.edits import fit
from planner.plan.fields import PARTS
from planner.plan.rows import Document, Renames


def rebase(edit: Edit, document: Document, renames: Renames) -> tuple[Edit, tuple[FieldPath, ...]]:
    """The edit as it is to be made now, and the fields in which it meets what others did.

    `document` is the plan now, `renames` what has been renamed between the state that the edit was made for and now.
    The edit meets others in a field that has by now neither the value that its author saw nor the one that it gets;
    and in what would go with it without its author having seen that. Raises NotPossible when what it is about isn't
    there any more.
    """
    moved = edit.under(renames)
    if not any(change.before != change.after for change in moved.changes):
        return Edit(what=edit.what, where=moved.where, words=edit.words), ()  # all stays as it is now
    now = fit(document, moved)
    index = Index(document)
    met = {
        path
        for mine, change in zip(edit.changes, moved.changes, strict=True)
        for path in _find_met(index, mine, change, now)
    }
    met |= {where for where in now.touched - moved.touched if index.look(where) is not None}
    return now, tuple(sorted(met))


def _find_met(index: Index, mine: Change, change: Change, now: Edit) -> Iterator[FieldPath]:
    """The fields of a change that others have changed as well, otherwise than it does.

    `mine` is the change as its author made it, `change` the same with the names of now, `now` the edit as it is made.
    """
    there = index.look(change.where)
    if change.is_rename:
        if mine.where != change.where and change.after != change.before:  # others have renamed it too
            yield change.where
    elif not change.is_row:
        if there not in (change.before, change.after):
            yield change.where
    elif there and PARTS[change.where[0]].named:
        if change.before is not None:
            keys = dict.fromkeys((*change.before, *there))
            yield from ((*change.where, key) for key in keys if change.before.get(key) != there.get(key))
        elif change.where in now.touched:
            yield from ((*change.where, key) for key in change.after if change.after[key] != there.get(key))
