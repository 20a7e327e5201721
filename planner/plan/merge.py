"""Edits that meet: which fields an edit touches, and whether it still fits a document that moved on.

Documents are plain data as `planner.plan.document.dump_plan` writes them. A field is named by its path, for example
("endpoints", "PS01", "zone"). Zones and endpoints are known by their names; whoever renames one says so in `Renames`,
so that an edit made before can be carried over. What a field is for merging, its entry in `planner.plan.fields` says.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from planner.plan.fields import PARTS, PLAN

Document = Mapping[str, Any]
FieldPath = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """Old name -> new name, of zones and of endpoints."""

    zones: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)

    def then(self, later: "Renames") -> "Renames":
        """These renames followed by later ones, as one step."""
        return Renames(zones=_chain(self.zones, later.zones), endpoints=_chain(self.endpoints, later.endpoints))

    def of(self, part: str) -> Mapping[str, str]:
        """Those of one part, "zones" or "endpoints"."""
        return {"zones": self.zones, "endpoints": self.endpoints}.get(part, {})

    def __bool__(self) -> bool:
        return bool(self.zones or self.endpoints)


NO_RENAMES = Renames()


def _chain(first: Mapping[str, str], then: Mapping[str, str]) -> dict[str, str]:
    chained = {old: then.get(new, new) for old, new in first.items()}
    reached = set(first.values())
    chained.update({old: new for old, new in then.items() if old not in reached and old not in first})
    return {old: new for old, new in chained.items() if old != new}


def apply_renames(document: Document, renames: Renames) -> dict[str, Any]:
    """The document with its zones and endpoints renamed, in every place that names them."""
    renamed = dict(document)
    if renames:
        for entry in PARTS[PLAN].rows:
            if entry.key in document:
                renamed[entry.key] = [rename_row(entry.key, row, renames) for row in document[entry.key]]
    return renamed


def rename_row(part: str, row: Mapping[str, Any], renames: Renames) -> dict[str, Any]:
    """A row, or some fields of one, with the names in it that others have by now."""
    changed = dict(row)
    for entry in PARTS[part].fields:
        if entry.key not in row:
            continue
        if entry.key == "name":
            changed["name"] = renames.of(part).get(row["name"], row["name"])
        elif entry.names:
            changed[entry.key] = rename_in(row[entry.key], renames.of(entry.names))
    return changed


def rename_in(value: Any, names: Mapping[str, str]) -> Any:
    """A name, a list of names, or a mapping by names, after renames."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {names.get(name, name): item for name, item in value.items()}
    return [names.get(name, name) for name in value]


def names_in(value: Any) -> frozenset[str]:
    """The names in a field that names others."""
    return frozenset([value] if isinstance(value, str) else value or ())


def names_of(part: str, row: Mapping[str, Any], others: str) -> frozenset[str]:
    """The rows of another part that a row names, by whatever field."""
    fields = (entry.key for entry in PARTS[part].fields if entry.names == others)
    return frozenset().union(*(names_in(row.get(key)) for key in fields))


def rows_that_name(document: Document, part: str, name: str) -> list[Mapping[str, Any]]:
    """The rows of a part that name this endpoint."""
    return [row for row in document.get(part, ()) if name in names_of(part, row, "endpoints")]


def list_fields(document: Document) -> dict[FieldPath, Any]:
    """Every field of a document with its value; that a row is there is a field too.

    What a document has beyond the fields that are known is a field like any other, which nobody shares.
    """
    known = PARTS[PLAN].by_key
    fields: dict[FieldPath, Any] = {
        (entry.key,): document.get(entry.key, entry.default) for entry in known.values() if entry.merges == "whole"
    }
    for key, value in document.items():
        entry = known.get(key)
        if entry is None or entry.merges == "whole":
            fields[key,] = value
        elif entry.merges == "keys":
            fields.update({(key, slug): item for slug, item in value.items()})
        elif entry.merges == "members":
            fields.update({(key, slug): True for slug in value})
        elif PARTS[key].named:
            for row in value:
                fields.update(list_row(key, row))
        else:
            rows = Counter(row_key(row) for row in value)
            fields.update({(key, row): count for row, count in rows.items()})
    return fields


def list_row(part: str, row: Mapping[str, Any]) -> dict[FieldPath, Any]:
    """That a row with a name is there, and each of its fields."""
    name = row["name"]
    fields: dict[FieldPath, Any] = {(part, name): True}
    for key, value in row.items():
        entry = PARTS[part].by_key.get(key)
        if entry and entry.merges == "keys":
            fields.update({(part, name, key, slug): item for slug, item in value.items()})
        elif key != "name":
            fields[part, name, key] = value
    return fields


def row_key(row: Mapping[str, Any]) -> str:
    """What a row without a name is known by: all that it says."""
    return json.dumps(row, sort_keys=True)


def touched(before: Document, after: Document, renames: Renames = NO_RENAMES) -> frozenset[FieldPath]:
    """The fields that differ between two states. With renames, names as in `after`; a rename touches the old path."""
    old, new = list_fields(apply_renames(before, renames)), list_fields(after)
    changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    changed |= {("zones", name, "name") for name in renames.zones.values()}
    changed |= {("endpoints", name, "name") for name in renames.endpoints.values()}
    return frozenset(changed)


def find_clashes(mine: Iterable[FieldPath], theirs: Iterable[FieldPath]) -> tuple[FieldPath, ...]:
    """The fields that both touch, sorted; what touches an endpoint or zone as a whole touches all of its fields."""
    others = set(theirs)
    whole = {path for path in others if len(path) == 2}
    parts = {path[:2] for path in others if len(path) > 2}
    return tuple(
        sorted(path for path in set(mine) if path in others or path[:2] in whole or (len(path) == 2 and path in parts))
    )
