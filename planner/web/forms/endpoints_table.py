"""The table in which all endpoints of a plan are edited: what is sent of it, and what a page of it shows."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple

from django.http import QueryDict

from planner.plan.cells import endpoint_columns, title_of, write_cells
from planner.plan.table_changes import Sent
from planner.web.forms.rows import read_page
from ports.matrix import Matrix
from ports.text import name_key, read_number

PER_PAGE = 500
"""Rows of a page. Without a script a page is sent whole: settings.DATA_UPLOAD_MAX_NUMBER_FIELDS allows for it."""
NEW_ROWS = 3
"""Empty rows at its end; a script adds as many as are pasted."""
MAX_SENT = 20_000
"""Most rows that are read at once."""
_IDENTITY = "row"


def shown_columns() -> tuple[str, ...]:
    """The columns in the order of the page: what is yes or no stands last."""
    columns = endpoint_columns()
    return tuple(sorted(columns, key=lambda key: columns[key].reads.shape == "flag"))


class Unreadable(ValueError):
    """What was sent is no table. The message is a sentence."""


def read_rows(data: QueryDict) -> list[Sent]:
    """The rows that were sent: by a script those with changed cells as JSON, by a plain form all of the page.

    New rows without any text are none. Raises Unreadable.
    """
    cells = data.get("cells")
    rows = _read_fields(data) if cells is None else _read_json(cells)
    if len(rows) > MAX_SENT:
        raise Unreadable(f"At most {MAX_SENT:,} rows are stored at once, found {len(rows):,}; save fewer at a time.")
    return [row for row in rows if row.name or any(text.strip() for text in row.cells.values())]


def _read_fields(data: QueryDict) -> list[Sent]:
    known = {_IDENTITY, *endpoint_columns()}
    cells: dict[int, dict[str, str]] = {}
    for name, text in data.items():
        column, _, end = name.rpartition("-")
        number = read_number(end, most=999_999)
        if column in known and number is not None:
            cells.setdefault(number, {})[column] = str(text)
    return [Sent(key=str(number), name=row.pop(_IDENTITY, ""), cells=row) for number, row in sorted(cells.items())]


def _read_json(text: str) -> list[Sent]:
    """A list of pairs: the endpoint's name, empty for a new one, and the changed cells by column."""
    known = shown_columns()
    try:
        rows = json.loads(text)
        if not isinstance(rows, list) or not all(isinstance(cells, dict) for _, cells in rows):
            raise TypeError
        return [
            Sent(
                key=str(number),
                name=_text(name),
                cells={column: _text(cells[column]) for column in known if column in cells},
            )
            for number, (name, cells) in enumerate(rows)
        ]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unreadable("The table could not be read; reload the page and send it again.") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


class Kept(NamedTuple):
    """A cell that wasn't stored: what was typed, and why not."""

    text: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaved:
    """What of a table wasn't stored."""

    cells: Mapping[str, Mapping[str, Kept]] = field(default_factory=dict)
    """By endpoint, as it is called now, and column."""
    new: Sequence[Mapping[str, Kept]] = ()
    """New endpoints, by column."""

    @property
    def rows(self) -> list[Mapping[str, Kept]]:
        """The rows that they are in, new ones last."""
        return [*self.cells.values(), *self.new]

    @property
    def count(self) -> int:
        """How many cells that are."""
        return sum(map(len, self.rows))

    @property
    def faults(self) -> int:
        """How many of them have something wrong."""
        return sum(1 for row in self.rows for kept in row.values() if kept.fault)


NOTHING = Unsaved()


class Cell(NamedTuple):
    """A cell as the page shows it."""

    column: str
    name: str
    """Of its field."""
    title: str
    text: str
    was: str | None
    """What the plan has, where the text is something else."""
    fault: str


class Row(NamedTuple):
    """A row as the page shows it; `name` is empty for a new endpoint, `label` what its fields are called after."""

    number: int
    name: str
    label: str
    group: bool
    cells: list[Cell]


class Page(NamedTuple):
    """A page of the table: its rows from `first` to `last`, counted from 1, of `total`, and the pages beside it."""

    rows: list[Row]
    first: int
    last: int
    total: int
    number: int
    previous: int | None
    next: int | None


class Wish(NamedTuple):
    """Which endpoints are wished to be seen."""

    find: str = ""
    without: str = ""
    page: int = 1


def read_wish(values: QueryDict) -> Wish:
    """What the address says: words to find, a column that is empty, a page."""
    page, without = values.get("page", ""), values.get("without", "")
    return Wish(
        find=values.get("find", "").strip()[:300],
        without=without if without in endpoint_columns() else "",
        page=read_page(page),
    )


def show_page(document: Mapping[str, Any], wish: Wish, unsaved: Unsaved = NOTHING) -> Page:
    """A page of the endpoints that are wished for. What wasn't saved is on it, wherever else it would stand."""
    there = [endpoint for endpoint in document["endpoints"] if _fits(endpoint, wish)]
    last = max(1, ceil(len(there) / PER_PAGE))
    number = min(wish.page, last)
    start = (number - 1) * PER_PAGE
    page = there[start : start + PER_PAGE]
    names = {endpoint["name"] for endpoint in page}
    others = unsaved.cells.keys() - names
    page = [*page, *(endpoint for endpoint in document["endpoints"] if endpoint["name"] in others)]
    rows = [
        _show(at, row["name"], row["name"], row, unsaved.cells.get(row["name"], {})) for at, row in enumerate(page)
    ]
    for at, cells in enumerate((*unsaved.new, *({},) * NEW_ROWS), 1):
        label = cells["name"].text if "name" in cells and cells["name"].text else f"new endpoint {at}"
        rows.append(_show(len(rows), "", label, {}, cells))
    return Page(
        rows=rows,
        first=start + 1 if there else 0,
        last=start + len(names),
        total=len(there),
        number=number,
        previous=number - 1 if number > 1 else None,
        next=number + 1 if number < last else None,
    )


def _fits(endpoint: Mapping[str, Any], wish: Wish) -> bool:
    if wish.without and endpoint.get(wish.without):
        return False
    key = name_key(wish.find)
    return not key or any(key in name_key(text) for text in _say(endpoint))


def _say(endpoint: Mapping[str, Any]) -> Iterator[str]:
    """What is free text of an endpoint: its name, its zone, its addresses."""
    for column, entry in endpoint_columns().items():
        if entry.reads.options is None and entry.reads.shape in ("text", "list"):
            value = endpoint.get(column, "")
            yield from [value] if isinstance(value, str) else value


def _show(number: int, name: str, label: str, row: Mapping[str, Any], kept: Mapping[str, Kept]) -> Row:
    there = write_cells(row)
    cells = []
    for column in shown_columns():
        text, fault = kept.get(column, (there[column], ""))
        was = there[column] if column in kept else None
        cells.append(Cell(column, f"{column}-{number}", title_of(column), text, was, fault))
    return Row(number, name, label, bool(row.get("group")), cells)


def list_meanings(matrix: Matrix) -> list[dict[str, Any]]:
    """What may stand in each column."""
    columns = endpoint_columns()
    return [
        {
            "title": title_of(column),
            "meaning": columns[column].column,
            "words": [*options(matrix).items()] if (options := columns[column].reads.options) else [],
        }
        for column in shown_columns()
    ]
