"""Two documents that were made of the same one, brought together: a plan file and the plan that a service keeps.

What one of them changed counts, and what both changed alike. What both changed otherwise is a conflict, which names
the place and its values. Rows are matched by their names, with what has been renamed since under its old one, so that
text and order play no part. Documents are plain data as `planner.plan.document.dump_plan` writes them. Pure.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from planner.plan.changes import NOTHING, FieldPath
from planner.plan.fields import PARTS, PLAN
from planner.plan.references import WORDS
from planner.plan.rows import (
    NO_RENAMES,
    Document,
    Renames,
    Row,
    apply_renames,
    ends_key,
    leave_out,
    names_of,
    row_key,
    tidy,
)
from ports.text import name_key

Side = Literal["mine", "theirs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A place that both sides changed, each otherwise: its path with the names of before, and its three values.

    None where it isn't there. A row without a name goes by the ends that it names, and its values are the rows with
    these ends.
    """

    where: FieldPath
    before: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What two documents come to together, with the favoured side's values at each conflict."""

    document: dict[str, Any]
    conflicts: tuple[Conflict, ...]
    """Sorted by place, each place once."""
    renames: Renames
    """What is called otherwise than in mine."""


def merge_documents(
    base: Document,
    mine: Document,
    theirs: Document,
    *,
    mine_renames: Renames = NO_RENAMES,
    their_renames: Renames = NO_RENAMES,
    favour: Side = "mine",
) -> Merged:
    """Bring together what mine and theirs have made of base, each with what it renamed (old name -> new).

    Rows keep the order of mine, and what theirs has besides comes last. A rename counts only where the old name is
    gone. What one side deleted and the other one names is a conflict, too, and so are two rows that come to have one
    name. Where one of both names no product, mine stays as it is in that.
    """
    mine_renames, their_renames = (
        _sound(mine_renames, their_renames, base, mine),
        _sound(their_renames, mine_renames, base, theirs),
    )
    unsaid = {}
    if "product" not in mine or "product" not in theirs:
        unsaid = {key: value for key, value in mine.items() if key == "product"}
        base, mine, theirs = (
            {key: value for key, value in one.items() if key != "product"} for one in (base, mine, theirs)
        )
    merging = _Merging(favour=favour, mine=mine_renames, theirs=their_renames)
    three = base, apply_renames(mine, _turn(mine_renames)), apply_renames(theirs, _turn(their_renames))
    document = merging.merge_row(PLAN, (), *three)
    for entry in PARTS[PLAN].rows:
        rows = [one.get(entry.key, ()) for one in three]
        merge = merging.merge_named if PARTS[entry.key].named else merging.merge_unnamed
        document[entry.key] = merge(entry.key, *rows)
    document = merging.settle_names_of_the_gone(document, *three)
    document, renames = merging.merge_renames(document, mine, theirs)
    document = {"format": document["format"], **tidy(PLAN, {**apply_renames(document, renames), **unsaid})}
    conflicts = sorted(merging.conflicts.values(), key=lambda one: one.where)
    return Merged(document=document, conflicts=tuple(conflicts), renames=_turn(mine_renames).then(renames))


def _sound(own: Renames, others: Renames, base: Document, after: Document) -> Renames:
    """The renames of what is in base, and under its new name alone in the document after it.

    What the others know to be renamed so is, too, where the document has it so.
    """

    def choose(part: str) -> dict[str, str]:
        old, new = ({row["name"] for row in one[part]} for one in (base, after))
        found: dict[str, str] = {}
        for name, to in (*own.of(part).items(), *others.of(part).items()):
            if name in old - new and to in new - old and name not in found and to not in found.values():
                found[name] = to
        return found

    return Renames(zones=choose("zones"), endpoints=choose("endpoints"))


def _turn(renames: Renames) -> Renames:
    """New names -> old ones."""
    zones, endpoints = ({new: old for old, new in renames.of(part).items()} for part in ("zones", "endpoints"))
    return Renames(zones=zones, endpoints=endpoints)


@dataclass(slots=True, kw_only=True)
class _Merging:
    """One merge: which side counts at a conflict, what either renamed, and the conflicts so far by their places."""

    favour: Side
    mine: Renames
    theirs: Renames
    conflicts: dict[FieldPath, Conflict] = field(default_factory=dict)

    def choose(self, where: FieldPath, before: Any, mine: Any, theirs: Any) -> Any:
        """One value out of three."""
        if theirs in (mine, before):
            return mine
        return theirs if mine == before else self.note(where, before, mine, theirs)

    def note(self, where: FieldPath, before: Any, mine: Any, theirs: Any) -> Any:
        """Remember a conflict, and return what counts there for now."""
        self.conflicts[where] = Conflict(where=where, before=before, mine=mine, theirs=theirs)
        return mine if self.favour == "mine" else theirs

    def merge_row(self, part: str, where: FieldPath, before: Row, mine: Row, theirs: Row) -> dict[str, Any]:
        """A row of which each side has one, or with PLAN the plan's own fields: field by field."""
        merged: dict[str, Any] = {}
        for key in dict.fromkeys((*mine, *theirs)):
            entry = PARTS[part].by_key.get(key)
            values = before.get(key), mine.get(key), theirs.get(key)
            if entry and entry.merges == "keys":
                merged[key] = self._merge_keys((*where, key), *(value or NOTHING for value in values))
            elif not (entry and (entry.row or entry.merges == "members")):
                merged[key] = self.choose((*where, key), *values)
        lists = [key for key, entry in PARTS[part].by_key.items() if entry.merges == "members"]
        return tidy(part, merged | self._merge_members(lists, before, mine, theirs))

    def _merge_members(self, lists: Sequence[str], *sides: Row) -> dict[str, list[str]]:
        """The lists of a plan whose members come and go by themselves, together: a member stands in one of them alone.

        What a list says of a member is its answer, as a caveat is corrected or left as documented.
        """
        before, mine, theirs = ({one: key for key in lists for one in side.get(key) or ()} for side in sides)
        chosen = {
            one: self.choose((lists[0], one), before.get(one), mine.get(one), theirs.get(one))
            for one in dict.fromkeys((*mine, *theirs))
        }
        return {key: [one for one, answer in chosen.items() if answer == key] for key in lists}

    def _merge_keys(
        self, where: FieldPath, before: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
    ) -> dict[str, Any]:
        merged = {
            key: self.choose((*where, key), before.get(key), mine.get(key), theirs.get(key))
            for key in dict.fromkeys((*mine, *theirs))
        }
        return {key: value for key, value in merged.items() if value is not None}

    def merge_named(self, part: str, before: Sequence[Row], mine: Sequence[Row], theirs: Sequence[Row]) -> list[Row]:
        """Rows that are known by their names: those of one name field by field, where both sides have one."""
        old, own, other = ({row["name"]: row for row in rows} for rows in (before, mine, theirs))
        merged: list[Row] = []
        for name in dict.fromkeys((*own, *other)):
            where = part, name
            row: Row | None
            if name in own and name in other:
                row = self.merge_row(part, where, old.get(name, NOTHING), own[name], other[name])
            else:
                row = self._choose_row(where, old.get(name), own.get(name), other.get(name))
            if row is not None:
                merged.append(row)
        return merged

    def _choose_row(self, where: FieldPath, before: Row | None, mine: Row | None, theirs: Row | None) -> Row | None:
        """A row that one side alone has: to rename it is to change it, so that the other can't have deleted it."""
        part, name = where
        if name in (self.mine if mine else self.theirs).of(part):
            self._note_row(where, before, mine, theirs)
            return mine if self.favour == "mine" else theirs
        chosen: Row | None = self.choose(where, before, mine, theirs)
        return chosen

    def _note_row(self, where: FieldPath, before: Row | None, mine: Row | None, theirs: Row | None) -> None:
        """Remember a conflict about a row, which each side has under its own name for it."""
        part, name = where
        named = (
            row and {**row, "name": renames.of(part).get(name, name)}
            for row, renames in ((mine, self.mine), (theirs, self.theirs))
        )
        self.note(where, before, *named)

    def merge_unnamed(self, part: str, before: Sequence[Row], mine: Sequence[Row], theirs: Sequence[Row]) -> list[Row]:
        """Rows that are known by all that they say: what either side added or took away.

        A row that both took away and replaced by others of the same ends was changed by both.
        """
        old, own, other = (_by_ends(part, rows) for rows in (before, mine, theirs))
        known = {row_key(part, row): row for row in (*before, *theirs, *mine)}
        wanted: Counter[str] = Counter()
        instead: dict[str, list[Row]] = {}
        for ends in dict.fromkeys((*own, *other)):
            was, here, there = (sides.get(ends, Counter()) for sides in (old, own, other))
            gone, came = was - there, there - was
            if (was - here) & gone and here - was != came and here != there:
                values = ([known[key] for key in rows.elements()] for rows in (was, here, there))
                rows = self.note((part, ends), *values)
                wanted.update(row_key(part, row) for row in rows)
                for first in list(here - there)[:1]:  # theirs stand where mine did
                    instead[first] = [known[key] for key in there - here]
            else:
                wanted.update(here - (gone - (was - here)) + (came - (here - was)))
        merged = []
        for row in chain.from_iterable((*instead.get(row_key(part, row), ()), row) for row in (*mine, *theirs)):
            if wanted[row_key(part, row)] > 0:
                wanted[row_key(part, row)] -= 1
                merged.append(row)
        return merged

    def settle_names_of_the_gone(
        self, document: dict[str, Any], before: Document, mine: Document, theirs: Document
    ) -> dict[str, Any]:
        """Where one side deleted what the other one names by now: the row comes back, or goes with what names it."""
        sides = [{part: {row["name"]: row for row in one.get(part, ())} for part in WORDS}
                 for one in (before, mine, theirs)]  # fmt: skip
        favoured = sides[1 if self.favour == "mine" else 2]
        while missing := dict.fromkeys(_find_missing(document)):
            # What goes takes rows with it that name others of these, so it goes before any of them comes back.
            gone = [(part, name) for part, name in missing if name not in favoured[part]]
            for part, name in gone or missing:
                self._note_row((part, name), *(side[part].get(name) for side in sides))
            for part in WORDS:
                names = [name for which, name in gone or missing if which == part]
                if gone:
                    document = leave_out(document, part, names)
                else:
                    back = (favoured[part][name] for name in names)
                    document = {**document, part: [*document.get(part, ()), *back]}
        return document

    def merge_renames(
        self, document: dict[str, Any], mine: Document, theirs: Document
    ) -> tuple[dict[str, Any], Renames]:
        """The names that rows are to have where these are others than in base, and the document for them.

        Where two rows come to have one name, the one that the favoured side knows by it has it. The other one keeps
        the name of before, or goes with what names it if that was its only one.
        """
        known = mine if self.favour == "mine" else theirs
        found: dict[str, dict[str, str]] = {}
        for part in (entry.key for entry in PARTS[PLAN].rows if PARTS[entry.key].named):
            names = {row["name"] for row in known.get(part, ())}
            called = {}
            for row in document.get(part, ()):
                name = row["name"]
                here, there = (one.of(part).get(name, name) for one in (self.mine, self.theirs))
                called[name] = self.choose((part, name, "name"), name, here, there)
            taken: set[str] = set()
            gone = []
            found[part] = {}
            for name in sorted(called, key=lambda name: called[name] not in names):
                free = next((one for one in (called[name], name) if name_key(one) not in taken), None)
                if free != called[name]:
                    both = (_find_called(part, called[name], one) for one in (mine, theirs))
                    self.note((part, called[name]), None, *both)
                if free is None:
                    gone.append(name)
                    continue
                taken.add(name_key(free))
                if free != name:
                    found[part][name] = free
            if gone:
                document = leave_out(document, part, gone)
        return document, Renames(zones=found["zones"], endpoints=found["endpoints"])


def _by_ends(part: str, rows: Sequence[Row]) -> dict[str, Counter[str]]:
    """Rows without names, as `row_key` knows them, by the zones and endpoints that they name."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(ends_key(part, row), Counter())[row_key(part, row)] += 1
    return found


def _find_missing(document: Document) -> Iterator[FieldPath]:
    """The zones and endpoints that rows of a document name and that it hasn't, each as its path."""
    there = {part: {row["name"] for row in document.get(part, ())} for part in WORDS}
    for entry in PARTS[PLAN].rows:
        for row in document.get(entry.key, ()):
            for part in WORDS:
                yield from ((part, name) for name in sorted(names_of(entry.key, row, part) - there[part]))


def _find_called(part: str, name: str, document: Document) -> Row | None:
    """The row that a document calls so, by whatever capitals."""
    return next((row for row in document.get(part, ()) if name_key(row["name"]) == name_key(name)), None)
