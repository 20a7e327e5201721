"""A row as another edition would have it: what it names there is called as it is called here. Pure.

What a field names follows from its declaration (`Names`); options go with the choice that stands beside them.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ports.matrix.marks import Names
from ports.matrix.reading import FIELDS, HEAD, Record, Records, record_key
from ports.matrix.renames import OPTIONS_OF, Renames, map_names
from ports.matrix.rows import KINDS, Facet, Part, Row, facets, field_names

NewNames = Mapping[str, Mapping[str, str]]
"""From names of before to names of now, by kind of row; for options of a choice by "choice/" and its name of now."""


def list_new_names(renames: Renames, records: Records) -> NewNames:
    """What rows and options of other editions are called in these records, where that is another name."""
    if not renames:
        return {}
    found: dict[str, Mapping[str, str]] = {}
    for kind in FIELDS:
        if kind != HEAD:
            rows = records.get(kind, ())
            found[kind] = map_names(renames, kind, {str(row.get(record_key(kind))) for row in rows})
    for choice in records.get(OPTIONS_OF, ()):
        of = f"{OPTIONS_OF}/{choice.get(record_key(OPTIONS_OF))}"
        found[of] = map_names(renames, of, {str(option.get("slug")) for option in choice.get("options") or ()})
    return {of: names for of, names in found.items() if names}


def follow_names(kind: str, record: Record, names: NewNames) -> dict[str, Any]:
    """The record of a row with the new names of all rows and options that it names; its own name stays.

    Values that aren't of the types that their fields have stay as they are.
    """
    return _follow_facts(KINDS[kind], record, names) if names and kind in KINDS else dict(record)


def follow_value(kind: str, field: str, value: Any, names: NewNames) -> Any:
    """The value of one field of a row with new names, as `follow_names` gives them."""
    return follow_names(kind, {field: value}, names)[field]


def _follow_facts(facts: type[Row | Part], record: Mapping[str, Any], names: NewNames) -> dict[str, Any]:
    known = {facet.name: facet for facet in facets(facts)}
    new = {field: _follow(known[field], value, names) if field in known else value for field, value in record.items()}
    if isinstance(new.get("choice"), str) and isinstance(new.get("options"), list):
        new["options"] = _rename_options(new["choice"], new["options"], names)
    return new


def _follow(facet: Facet, value: Any, names: NewNames) -> Any:
    if isinstance(value, str):
        return names.get(facet.text.kind, {}).get(value, value) if isinstance(facet.text, Names) else value
    if isinstance(value, list):
        return [_follow(facet, one, names) for one in value]
    if not isinstance(value, dict):
        return value
    if facet.keys is not None:
        return dict(_follow_pairs(facet, value, names))
    fits = (part for part in facet.parts if value.keys() <= set(field_names(part)))
    part = next(fits, None)
    return value if part is None else _follow_facts(part, value, names)


def _follow_pairs(facet: Facet, value: dict[str, Any], names: NewNames) -> Iterator[tuple[str, Any]]:
    """A mapping of which each key names a row: options, if it is a choice."""
    kind = facet.keys.kind if isinstance(facet.keys, Names) else ""
    for key, held in value.items():
        now = names.get(kind, {}).get(key, key)
        yield now, _rename_options(now, held, names) if kind == OPTIONS_OF else _follow(facet, held, names)


def _rename_options(choice: str, options: Any, names: NewNames) -> Any:
    """One option of a choice, or a list of them."""
    called = names.get(f"{OPTIONS_OF}/{choice}", {})
    if isinstance(options, list):
        return [called.get(one, one) if isinstance(one, str) else one for one in options]
    return called.get(options, options) if isinstance(options, str) else options
