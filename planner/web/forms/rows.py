"""Rows of a plan that have no name: what forms call them, where they are found again, a page of them, their ends."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple

from planner.plan.faults import Fault
from planner.web.forms.plans import EditForm
from ports.text import read_number

Document = Mapping[str, Any]
PER_PAGE = 100
MOST_PAGES = 99_999
MAX_SELECT = 300
"""Most names of a list to choose from; beyond that they are typed."""
MAX_SUGGESTED = 5_000
"""Most names that are suggested to one who types."""


_PLACE = re.compile(r"\w+\[\d+\]\.(\w+)")


class ItemForm(EditForm):
    """A form of one row of a list of the plan."""

    keys: Mapping[str, str] = {}
    """By key of the document: the form's field, where it is called otherwise."""

    def place_faults(self, faults: Iterable[Fault]) -> None:
        """Bring what the document says against the row to its fields."""
        for fault in faults:
            match = _PLACE.match(fault.where)
            field = self.keys.get(match[1], match[1]) if match else None
            self.add_error(field if field in self.fields else None, fault.message)


def key_of(row: Document) -> str:
    """What a form calls a row: made of all that it says, so that it never means another one."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:32]


def find_row(document: Document, part: str, key: str) -> dict[str, Any] | None:
    """The row of that key, as it stands in the document."""
    return next((row for row in document.get(part, ()) if key_of(row) == key), None)


def read_page(text: str) -> int:
    """The number of a page in an address; the first for whatever is none."""
    return read_number(text, least=1, most=MOST_PAGES) or 1


class Pages(NamedTuple):
    """A page of many rows: its rows from `first` to `last`, counted from 1, of `total`."""

    rows: Sequence[Any]
    first: int
    last: int
    total: int
    previous: int | None
    next: int | None


def turn_to(rows: Sequence[Any], page: int) -> Pages:
    """One page of the rows; the last one for a page that they don't have."""
    last = max(1, ceil(len(rows) / PER_PAGE))
    page = min(page, last)
    start = (page - 1) * PER_PAGE
    return Pages(
        rows=rows[start : start + PER_PAGE],
        first=start + 1,
        last=min(start + PER_PAGE, len(rows)),
        total=len(rows),
        previous=page - 1 if page > 1 else None,
        next=page + 1 if page < last else None,
    )


def count_alike(rows: Iterable[Document], start: int = 0) -> list[dict[str, Any]]:
    """The rows with their keys; of those that say the same, one, with how many there are and the number of the first.

    `start` is the number of the first of all.
    """
    items: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows, start):
        key = key_of(row)
        item = items.setdefault(key, {"row": row, "key": key, "count": 0, "number": number})
        item["count"] += 1
    return list(items.values())
