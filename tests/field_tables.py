"""The tables of docs/matrix-format.md: what each kind of row holds, as the kinds declare it."""

import json
import re

from ports.matrix.rows import KINDS, PARTS, Facet, Part, Row, describe_fields, facets

_TABLE = re.compile(r"(?m)^(<!-- fields of (\w+) -->)\n.*?^(<!-- end -->)$", re.DOTALL)


def fill_tables(text: str) -> str:
    """The page with each of its tables as it should be.

    A table stands between the lines `<!-- fields of NAME -->` and `<!-- end -->`; NAME is a kind of row, or the class
    of what a mapping holds. Raises KeyError for a name that is neither.
    """
    return _TABLE.sub(lambda found: "\n".join([found[1], *_make_table(find_declared(found[2])), found[3]]), text)


def list_tables(text: str) -> tuple[str, ...]:
    """The names of the tables that the page has."""
    return tuple(found[2] for found in _TABLE.finditer(text))


def find_declared(name: str) -> type[Row | Part]:
    """The kind of row, or the class of that name; KeyError if there is none."""
    return KINDS[name] if name in KINDS else PARTS[name]


def _make_table(facts: type[Row | Part]) -> list[str]:
    described = describe_fields(facts)
    rows = [
        f"| `{facet.name}` | {_say_type(facet)} | {_say_blank(facet)} | {described[facet.attribute]} |"
        for facet in facets(facts)
    ]
    return ["| field | holds | if left out | meaning |", "| --- | --- | --- | --- |", *rows]


def _say_type(facet: Facet) -> str:
    words = facet.text.words if facet.text else "text"
    if facet.store == "flag":
        return "`true` or `false`"
    if facet.parts:
        held = " or ".join(dict.fromkeys(part.NOUN for part in facet.parts))
        return f"mapping: {held}" if facet.store == "facts" else f"list of mappings, each {held}"
    if facet.store == "facts":
        return f"mapping of {facet.keys.words if facet.keys else 'text'} to {words}"
    if facet.store == "list":
        return f"list, each {words}{', or null' if facet.nullable else ''}"
    return words


def _say_blank(facet: Facet) -> str:
    if facet.required:
        return "must be there"
    return "nothing" if facet.blank is None else f"`{json.dumps(facet.blank)}`"
