"""Records as a fixture: the file that `matrix load` takes. Pure."""

import json
from typing import Any

from ports.matrix.reading import HEAD, Record, Records, complete
from ports.matrix.rows import KINDS, facets

STEP = 10
"""From the position of a row to that of the next one."""


def write_fixture(records: Records, edition: str) -> str:
    """The records of an edition as JSON, a row in each line, under the slug of the edition.

    What is blank in a row is left out. Reading it gives the same facts in the same order.
    """
    lines = [
        json.dumps({"model": f"ports.{kind}", "fields": fields}, ensure_ascii=False)
        for kind in KINDS
        for fields in _list_fields(kind, records, edition)
    ]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _list_fields(kind: str, records: Records, edition: str) -> list[dict[str, Any]]:
    rows = records.get(kind, ())
    if kind == HEAD:
        return [{"slug": edition, **_leave_out_blank(kind, row)} for row in rows]
    return [
        {"matrix": [edition], "position": number * STEP, **_leave_out_blank(kind, row)}
        for number, row in enumerate(rows, 1)
    ]


def _leave_out_blank(kind: str, record: Record) -> dict[str, Any]:
    row = complete(kind, record)
    return {
        facet.name: row[facet.name]
        for facet in facets(KINDS[kind])
        if facet.name in row and (facet.required or row[facet.name] != facet.blank)
    }
