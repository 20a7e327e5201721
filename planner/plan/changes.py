"""A change to a plan as a value: what is done to what, and each field that it changes, before and after.

Documents are plain data as `planner.plan.document.dump_plan` writes them. A field is named by its path, with names as
they are before the change: ("name",), ("ports", "ssh"), ("endpoints", "PS01", "zone"). A row as a whole is
("endpoints", "PS01"); one without a name goes by all that it says. What a field is, its entry in
`planner.plan.fields` says; what has no entry stays as it is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from planner.plan.fields import PARTS, PLAN
from planner.plan.references import WORDS
from planner.plan.rows import Document, Renames, Row, apply_renames, rename_row, rename_value, row_key, tidy

FieldPath = tuple[str, ...]
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of a plan before and after; None where it isn't there. A rename is a change of a row's `name`."""

    where: FieldPath
    before: Any = None
    after: Any = None
    at: int | None = field(default=None, compare=False)
    """Where a row or a member of a list stands among its like; None: at the end."""

    @property
    def is_rename(self) -> bool:
        """Whether it gives another name to a row that others may name."""
        return self.where[2:] == ("name",) and self.where[0] in WORDS

    @property
    def is_row(self) -> bool:
        """Whether it is about a row as a whole, which comes, goes, or without a name is replaced."""
        return len(self.where) == 2 and self.where[0] in PARTS

    def under(self, renames: Renames) -> "Change":
        """The same change for a document in which others have renamed rows: its path and values have their new names.

        A name that this change itself gives to a row stays.
        """
        part = self.where[0]
        if not renames or part not in PARTS:
            return self
        where = (part, renames.of(part).get(self.where[1], self.where[1]), *self.where[2:])
        if self.is_rename:
            return replace(self, where=where, before=where[1])
        if self.is_row:
            before, after = (row and rename_row(part, row, renames) for row in (self.before, self.after))
            if not PARTS[part].named:
                return replace(self, where=(part, row_key(part, before or after)), before=before, after=after)
            if self.before is None:
                where, after = self.where, {**after, "name": self.after["name"]}
            return replace(self, where=where, before=before, after=after)
        entry = PARTS[part].by_key.get(where[2])
        if entry is None or not entry.names:
            return replace(self, where=where)
        if len(where) == 4:  # one key of a mapping by names: its value is the firewall's own word, or an address
            names = renames.of(entry.names)
            return replace(self, where=(*where[:3], names.get(where[3], where[3])))
        before, after = (value and rename_value(entry, value, renames) for value in (self.before, self.after))
        return replace(self, where=where, before=before, after=after)

    def inverse(self) -> "Change":
        """The change that takes this one back, on a document in which nothing has been renamed since."""
        part, where = self.where[0], self.where
        if self.is_rename:
            where = (part, self.after, "name")
        elif self.is_row and self.after is not None:
            where = (part, row_key(part, self.after))
        return Change(where=where, before=self.after, after=self.before, at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change to a plan, as its author means it: a verb, the row that it is about, and all that changes by it."""

    what: str
    """A key of `planner.plan.edits.EDITS`."""
    where: FieldPath = ()
    changes: tuple[Change, ...] = ()
    words: Mapping[str, Any] = field(default_factory=dict)
    """What `summaries` can't know: by field, what slugs are called; or as "summary" the whole sentence."""

    @property
    def renames(self) -> Renames:
        """The names that it changes."""
        names: dict[str, dict[str, str]] = {"zones": {}, "endpoints": {}}
        for change in self.changes:
            if change.is_rename:
                names[change.where[0]][change.where[1]] = change.after
        return Renames(zones=names["zones"], endpoints=names["endpoints"])

    @property
    def touched(self) -> frozenset[FieldPath]:
        """The fields that it changes."""
        return frozenset(change.where for change in self.changes)

    def under(self, renames: Renames) -> "Edit":
        """The same for a document in which zones and endpoints have been renamed since."""
        where = self.where
        if len(where) > 1:
            where = (where[0], renames.of(where[0]).get(where[1], where[1]))
        return replace(self, where=where, changes=tuple(change.under(renames) for change in self.changes))

    def inverse(self) -> "Edit":
        """What takes it back, to be applied to the document that it has made."""
        renames = self.renames
        changes = (change if change.is_rename else change.under(renames) for change in self.changes)
        return replace(self, changes=tuple(change.inverse() for change in changes))


class Index:
    """A document whose fields are found without a search."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._rows: dict[str, dict[str, tuple[int, Row]]] = {}
        self._more: dict[FieldPath, list[tuple[int, Row]]] = {}

    def find(self, part: str, key: str, after: int = 0) -> tuple[int, Row] | None:
        """Where a row stands, and the row; of those that say the same the first, or the one after so many."""
        if part not in self._rows:
            known: dict[str, tuple[int, Row]] = {}
            for found in enumerate(self.document.get(part, ())):
                if known.setdefault(own := row_key(part, found[1]), found) is not found:
                    self._more.setdefault((part, own), []).append(found)
            self._rows[part] = known
        if after:
            return next(iter(self._more.get((part, key), [])[after - 1 : after]), None)
        return self._rows[part].get(key)

    def look(self, where: FieldPath) -> Any:
        """The value of a field, None where it isn't there or is empty. A row as a whole is the row."""
        part = where[0]
        if part in PARTS and len(where) > 1:
            found = self.find(part, where[1])
            row = found[1] if found else NOTHING
            if len(where) == 2:
                return row or None
            value = _given(part, where[2], row)
            return value if len(where) == 3 else (value or NOTHING).get(where[3])
        value = self.document.get(part) or None
        if len(where) == 1:
            return value
        if isinstance(value, Mapping):
            return value.get(where[1])
        return True if value and where[1] in value else None


def _given(part: str, key: str, row: Row) -> Any:
    """The value of a field, None where it is empty; a flag that is off says something where it is usually on."""
    value, entry = row.get(key), PARTS[part].by_key.get(key)
    return value if value is False and entry is not None and entry.default is True else (value or None)


# ---- applying ----


def apply(document: Document, edit: Edit) -> dict[str, Any]:
    """The document after an edit that has been made for it or fitted to it."""
    changed = dict(document)
    for key in dict.fromkeys(change.where[0] for change in edit.changes):
        changes = [change for change in edit.changes if change.where[0] == key]
        if key in PARTS:
            changed[key] = _apply_to_rows(key, document.get(key, ()), changes)
        elif changes[0].where == (key,):
            changed[key] = changes[0].after
        elif PARTS[PLAN].by_key[key].merges == "members":
            changed[key] = _apply_to_members(document.get(key, ()), changes)
        else:
            changed[key] = _apply_to_keys(document.get(key, NOTHING), changes)
        if changed[key] is None:
            del changed[key]
    return apply_renames(changed, edit.renames)


def _apply_to_keys(mapping: Mapping[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    changed = dict(mapping) | {change.where[-1]: change.after for change in changes}
    return {key: value for key, value in changed.items() if value is not None}


def _apply_to_members(members: Iterable[str], changes: Sequence[Change]) -> list[str]:
    named = {change.where[1] for change in changes}
    kept = [member for member in members if member not in named]
    return _insert(kept, [(change.at, change.where[1]) for change in changes if change.after])


def _apply_to_rows(part: str, rows: Sequence[Row], changes: Sequence[Change]) -> list[Row]:
    wanted = {change.where[1] for change in changes}
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if (key := row_key(part, row)) in wanted:
            places.setdefault(key, []).append(place)
    changed: list[Row | None] = list(rows)
    came = []
    for change in changes:
        if change.is_row and change.before is None:
            came.append((change.at, change.after))
        elif change.is_row:
            found = places[change.where[1]]
            place = change.at if change.at in found else found[0]
            found.remove(place)  # another change is about another row that says the same
            changed[place] = change.after
        elif not change.is_rename:
            place = places[change.where[1]][0]
            changed[place] = _apply_to_row(part, changed[place] or NOTHING, change)
    return _insert([row for row in changed if row is not None], came)


def _apply_to_row(part: str, row: Row, change: Change) -> Row:
    key = change.where[2]
    value = change.after if len(change.where) == 3 else _apply_to_keys(row.get(key, NOTHING), [change])
    return tidy(part, {**row, key: value})


def _insert[T](items: list[T], came: Iterable[tuple[int | None, T]]) -> list[T]:
    """The list with what comes at its place, or at the end."""
    for place, item in sorted(came, key=lambda pair: (pair[0] is None, pair[0] or 0)):
        items.insert(len(items) if place is None else place, item)
    return items


# ---- comparing ----


def compare_rows(part: str, old: Row, new: Row) -> Iterator[Change]:
    """What differs between two states of a row, or with PLAN of the plan's own fields, each by its path."""
    start = () if part == PLAN else (part, old["name"])
    for key in dict.fromkeys((*old, *new)):
        entry = PARTS[part].by_key.get(key)
        if entry and entry.merges == "keys":
            before, after = old.get(key) or NOTHING, new.get(key) or NOTHING
            for slug in dict.fromkeys((*before, *after)):
                yield Change(where=(*start, key, slug), before=before.get(slug), after=after.get(slug))
        elif entry and entry.merges == "members":
            members = list(old.get(key, ()))
            for slug in dict.fromkeys((*members, *new.get(key, ()))):
                at = members.index(slug) if slug in members else None
                was, now = (True if slug in (side.get(key) or ()) else None for side in (old, new))
                yield Change(where=(*start, key, slug), before=was, after=now, at=at)
        elif not entry or not entry.row:
            yield Change(where=(*start, key), before=_given(part, key, old), after=_given(part, key, new))


def compare_documents(old: Document, new: Document) -> tuple[Change, ...]:
    """What differs between two states of a plan, in which names mean the same: none has been renamed."""
    changes = [*compare_rows(PLAN, old, new)]
    for entry in PARTS[PLAN].rows:
        part = entry.key
        before, after = Index(old), Index(new)
        if not PARTS[part].named:
            changes += _compare_unnamed(part, old.get(part, ()), new.get(part, ()))
            continue
        for place, row in enumerate(old.get(part, ())):
            other = after.look((part, row["name"]))
            if other is None:
                changes.append(Change(where=(part, row["name"]), before=row, at=place))
            else:
                changes += compare_rows(part, row, other)
        changes += [
            Change(where=(part, row["name"]), after=row)
            for row in new.get(part, ())
            if before.look((part, row["name"])) is None
        ]
    return tuple(change for change in changes if change.before != change.after)


def compare_renamed(old: Document, new: Document, renames: Renames) -> tuple[Change, ...]:
    """What differs between two states of a plan, of which the new one calls some rows otherwise and none as before."""
    back = {part: {after: before for before, after in renames.of(part).items()} for part in WORDS}
    named = apply_renames(new, Renames(zones=back["zones"], endpoints=back["endpoints"]))
    moved = (
        Change(where=(part, before, "name"), before=before, after=after)
        for part, names in back.items()
        for after, before in names.items()
    )
    return (*compare_documents(old, named), *moved)


def _compare_unnamed(part: str, old: Sequence[Row], new: Sequence[Row]) -> Iterator[Change]:
    left, there = (Counter(row_key(part, row) for row in rows) for rows in (new, old))
    for place, row in enumerate(old):
        key = row_key(part, row)
        left[key] -= 1
        if left[key] < 0:
            yield Change(where=(part, key), before=row, at=place)
    for row in new:
        key = row_key(part, row)
        there[key] -= 1
        if there[key] < 0:
            yield Change(where=(part, key), after=row)
