"""Cells of a table of endpoints: what is written into one for a field, and what is read from one. Pure.

Which fields have a column, the table in `planner.plan.fields` says; a cell has the same words wherever it stands: in a
file, in what is pasted from a spreadsheet, in the table that is edited on a page.
"""

import re
from collections.abc import Container, Mapping
from typing import Any

from planner.plan.field import Field
from planner.plan.fields import PARTS
from ports.matrix import Matrix
from ports.text import neutralise

_YES = {"yes", "true", "1", "x"}
_NO = {"", "no", "false", "0"}


class CellFault(ValueError):
    """What stands in a cell can't be read. The message is a sentence."""


def endpoint_columns() -> dict[str, Field]:
    """By key of the document: the fields of an endpoint that have a column, in the order of the format."""
    return {entry.key: entry for entry in PARTS["endpoints"].fields if entry.column}


def title_of(column: str) -> str:
    """What people call a column: Managed by."""
    return column.replace("_", " ").capitalize()


def write_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """An endpoint of a plan document as cells by column, which `read_cell` reads back."""
    return {key: write_cell(entry, row.get(key)) for key, entry in endpoint_columns().items()}


def write_cell(entry: Field, value: Any) -> str:
    """The value of a field as the text of a cell; nothing is an empty one."""
    match entry.reads.shape:
        case "flag":
            return "yes" if value else ""
        case "list":
            return " ".join(filter(None, value or ()))
        case "names":
            return "; ".join(value or ())
        case _:
            return value or ""


def read_cell(entry: Field, cell: str, *, names: Container[str], matrix: Matrix) -> Any:
    """What a cell says of a field. `names` are those of the endpoints, one of which may have what divides names.

    Slugs may be written as people call them ("Domain controller"). What is no slug, address or name is for the
    document to refuse. Raises CellFault.
    """
    match entry.reads.shape:
        case "flag":
            if cell.casefold() not in _YES | _NO:
                raise CellFault(f"This is yes or no, found {quote(cell)}.")
            return cell.casefold() in _YES
        case "list":
            return _read_words(cell, entry, matrix) if entry.reads.options else _split(cell, r"[\s;,]+")
        case "names":
            if cell in names:
                return [cell]
            return _split(cell, r"[;\r\n]+" if re.search(r"[;\r\n]", cell) else r"\s+")
        case _:
            return cell


def _read_words(cell: str, entry: Field, matrix: Matrix) -> list[str]:
    """Slugs, or what people call them where semicolons, commas or nothing divide them."""
    known = name_words(entry, matrix)
    found: list[str] = []
    for part in _split(cell, r"[;,\r\n]+"):
        whole = known.get(" ".join(part.casefold().split()))
        found += [whole] if whole else [known.get(word.casefold(), word) for word in part.split()]
    return list(dict.fromkeys(found))


def name_words(entry: Field, matrix: Matrix) -> dict[str, str]:
    """By what people call it, in lower case: each slug that a field may have."""
    options = entry.reads.options(matrix) if entry.reads.options else {}
    said = {slug: name for slug, name in entry.reads.say(matrix).items() if slug in options}
    return {name.casefold(): slug for names in (said, options) for slug, name in names.items()} | {
        slug.casefold(): slug for slug in options
    }


def _split(cell: str, pattern: str) -> list[str]:
    """The items of a cell, as often as they stand there."""
    return [read_back(item.strip()) for item in re.split(pattern, cell) if item.strip()]


def read_back(text: str) -> str:
    """A cell without the apostrophe that downloads put before what a spreadsheet could take for a formula."""
    return text[1:] if text.startswith("'") and neutralise(text[1:]) != text[1:] else text


def quote(text: str) -> str:
    """What stands in a cell, as a sentence repeats it: cut, and without what can't be seen."""
    shown = "".join(c if c.isprintable() else "�" for c in text)
    return f"“{shown if len(shown) <= 60 else shown[:58] + '…'}”"
