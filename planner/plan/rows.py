"""Rows of a plan document as plain data: what they are known by, whom they name, and what follows a name.

Zones and endpoints are known by their names; whoever renames one says so in `Renames`. Which field names whom, the
table in `planner.plan.fields` says. What isn't in the table is kept as it is.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from planner.plan.field import Field
from planner.plan.fields import PARTS, PLAN
from planner.plan.references import WORDS

Document = Mapping[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """Old name -> new name, of zones and of endpoints."""

    zones: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)

    def then(self, later: "Renames") -> "Renames":
        """These renames followed by later ones, as one step."""
        return Renames(zones=_chain(self.zones, later.zones), endpoints=_chain(self.endpoints, later.endpoints))

    def of(self, part: str) -> Mapping[str, str]:
        """Those of one part, "zones" or "endpoints"; none of any other."""
        return {"zones": self.zones, "endpoints": self.endpoints}.get(part, {})

    def __bool__(self) -> bool:
        return bool(self.zones or self.endpoints)


NO_RENAMES = Renames()


def join_renames(steps: Iterable[Mapping[Any, Mapping[str, str]]]) -> Renames:
    """The renames of revisions, one after the other, as one step; each as it is stored, empty for none."""
    joined = NO_RENAMES
    for names in steps:
        joined = joined.then(Renames(**names)) if names else joined
    return joined


def _chain(first: Mapping[str, str], then: Mapping[str, str]) -> dict[str, str]:
    chained = {old: then.get(new, new) for old, new in first.items()}
    reached = set(first.values())
    chained.update({old: new for old, new in then.items() if old not in reached and old not in first})
    return {old: new for old, new in chained.items() if old != new}


def tidy(part: str, row: Row) -> dict[str, Any]:
    """A row without its empty fields, in the order of the format; what isn't known stays as it is, at the end."""
    known = PARTS[part].by_key
    tidied = {key: row[key] for key, entry in known.items() if key in row and _says_something(entry, row[key])}
    return tidied | {key: value for key, value in row.items() if key not in known and value is not None}


def _says_something(entry: Field, value: Any) -> bool:
    """Whether a value has to stand in a document: what is empty needn't, unless something else would be meant."""
    return entry.needed or (value is not None and value != entry.default and bool(value or entry.default))


def row_key(part: str, row: Row) -> str:
    """What a row is known by: its name, or without one all that it says."""
    return str(row["name"]) if PARTS[part].named else json.dumps(row, sort_keys=True)


def ends_key(part: str, row: Row) -> str:
    """What a row without a name has in common with others of the same ends: the zones and endpoints that it names."""
    return json.dumps([row.get(entry.key) for entry in PARTS[part].fields if entry.names])


def apply_renames(document: Document, renames: Renames) -> dict[str, Any]:
    """The document with its zones and endpoints renamed, in every place that names them."""
    renamed = dict(document)
    if renames:
        for entry in PARTS[PLAN].rows:
            if entry.key in document:
                renamed[entry.key] = [rename_row(entry.key, row, renames) for row in document[entry.key]]
    return renamed


def rename_row(part: str, row: Row, renames: Renames) -> Row:
    """A row, or some fields of one, with its own name and those that it names after renames; itself if it has none."""
    changed = dict(row)
    for entry in PARTS[part].fields:
        if entry.key in row:
            if entry.key == "name":
                changed["name"] = renames.of(part).get(row["name"], row["name"])
            elif entry.names:
                changed[entry.key] = rename_value(entry, row[entry.key], renames)
    return row if changed == row else changed


def rename_value(entry: Field, value: Any, renames: Renames) -> Any:
    """The value of a field that holds names, after renames."""
    if entry.names == "sides":
        return {word: renames.of(part).get(value[word], value[word]) for part, word in WORDS.items() if word in value}
    return _rename_in(value, renames.of(entry.names))


def _rename_in(value: Any, names: Mapping[str, str]) -> Any:
    """A name, a list of names, or a mapping by names, after renames."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {names.get(name, name): item for name, item in value.items()}
    return [names.get(name, name) for name in value] if value else value


def names_of(part: str, row: Row, others: str) -> frozenset[str]:
    """The rows of another part that a row names, by whatever field."""
    return frozenset().union(*(_named(entry, row.get(entry.key), others) for entry in PARTS[part].fields))


def rows_that_name(document: Document, part: str, name: str) -> list[Row]:
    """The rows of a part that name this endpoint."""
    return [row for row in document.get(part, ()) if name in names_of(part, row, "endpoints")]


def _named(entry: Field, value: Any, others: str) -> frozenset[str]:
    """The rows of one part, "zones" or "endpoints", that a field with this value names."""
    if entry.names == "sides" and value:
        return frozenset(name for name in (value.get(WORDS[others]),) if name is not None)
    return _names_in(value) if entry.names == others else frozenset()


def _names_in(value: Any) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else value or ())


def find_lost(document: Document, part: str, names: Iterable[str]) -> dict[str, frozenset[int]]:
    """The indexes, by part, of the rows that are deleted with these names: their own, and rows that need one."""
    gone: dict[str, set[str]] = {entry.key: set() for entry in PARTS[PLAN].rows} | {part: set(names)}
    lost: dict[str, frozenset[int]] = {}
    for key in _needed_first():
        needs = [entry for entry in PARTS[key].fields if entry.needs_one]
        rows = document.get(key, ())
        lost[key] = frozenset(
            place
            for place, row in enumerate(rows)
            if row.get("name") in gone[key]
            or any(_named(entry, row.get(entry.key), part) & gone[part] for entry in needs for part in WORDS)
        )
        if PARTS[key].named:
            gone[key] |= {rows[place]["name"] for place in lost[key]}
    return lost


def leave_out(document: Document, part: str, names: Iterable[str]) -> dict[str, Any]:
    """The document without what goes with these names, and without the names where several are listed."""
    names = frozenset(names)
    lost = find_lost(document, part, names)
    gone = {key: frozenset(row_key(key, document[key][place]) for place in places) for key, places in lost.items()}
    gone[part] |= names
    left = dict(document)
    for key in document.keys() & lost.keys():
        kept = (row for place, row in enumerate(document[key]) if place not in lost[key])
        left[key] = [tidy(key, {**row, **fewer}) if (fewer := forget_names(key, row, gone)) else row for row in kept]
    return left


def _needed_first() -> list[str]:
    """The parts in an order in which each comes after those that a row of it needs."""
    parts = [entry.key for entry in PARTS[PLAN].rows]
    needs = {
        key: {
            part
            for entry in PARTS[key].fields
            if entry.needs_one
            for part in (WORDS if entry.names == "sides" else [entry.names])
        }
        for key in parts
    }
    return list(TopologicalSorter({key: needs[key] - {key} for key in parts}).static_order())


def forget_names(part: str, row: Row, gone: Mapping[str, frozenset[str]]) -> dict[str, Any]:
    """The fields of a row that name several and lose some of them, as they are without those that are gone."""
    changes: dict[str, Any] = {}
    for entry in PARTS[part].fields:
        value = row.get(entry.key)
        if entry.names in ("", "sides") or isinstance(value, str) or not _names_in(value) & gone[entry.names]:
            continue
        kept = [name for name in value or () if name not in gone[entry.names]]
        changes[entry.key] = {name: value[name] for name in kept} if isinstance(value, Mapping) else kept
    return changes
