"""Endpoints as a table: CSV as spreadsheet programs write it, read as rows and written. Pure.

What its rows mean to a plan, `planner.plan.endpoint_import` says.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from planner.plan.cells import write_cells
from planner.plan.document import dump_row
from planner.plan.fields import PARTS
from planner.plan.kinds import KINDS
from ports.matrix import Matrix
from ports.text import free_name, name_key, neutralise

Document = Mapping[str, Any]

MAX_BYTES = 2 * 1024 * 1024
"""Most bytes of a table that are read."""
MAX_LINES = 20_000
"""Most endpoints of a table that are read; one of 5,000 remote sites with four endpoints each has as many."""

ZONE_KIND = "zone_kind"
"""The one column that is no field of an endpoint."""


def list_columns() -> dict[str, str]:
    """The columns with what they hold: fields of an endpoint, and beside its zone what kind a new zone is of."""
    columns: dict[str, str] = {}
    for entry in PARTS["endpoints"].fields:
        if entry.column:
            columns[entry.key] = entry.column
        if entry.names == "zones":
            columns[ZONE_KIND] = f"For a zone that isn't in the plan yet: {', '.join(KINDS)}."
    return columns


class TableFault(NamedTuple):
    """One thing that is wrong with a table: line (from 1), column by its name (empty: the line), a sentence."""

    line: int
    column: str
    message: str

    @property
    def where(self) -> str:
        """Line 3, addresses."""
        return f"Line {self.line}, {self.column}" if self.column else f"Line {self.line}"


class TableError(ValueError):
    """The table can't be added. `faults` has everything that is wrong with it, by line."""

    def __init__(self, faults: Iterable[TableFault]) -> None:
        self.faults = tuple(dict.fromkeys(sorted(faults, key=lambda fault: fault.line)))
        super().__init__("\n".join(f"{fault.where}: {fault.message}" for fault in self.faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table as it was read: its header, and each row with the number of its line."""

    line: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_sheet(data: bytes) -> Sheet:
    """Read a table as spreadsheet programs write it: a header line, then rows with at most as many cells.

    CSV in UTF-8, or in UTF-16 with a byte order mark; commas, semicolons or tabs, whichever the header has. Raises
    TableError.
    """
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.1f} MiB"
        raise TableError([TableFault(1, "", f"The table has {size}; at most {MAX_BYTES // 2**20} MiB are read.")])
    rows = split_table(decode(data), "endpoints")
    if not rows:
        raise TableError([TableFault(1, "", f"The table is empty; its first line is {','.join(list_columns())}.")])
    line, header = rows[0][0], [cell.strip() for cell in rows[0][1]]
    while header and not header[-1]:
        header.pop()
    if len(rows) == 1:
        raise TableError([TableFault(line, "", "There is no endpoint below the header.")])
    faults = [
        TableFault(at, "", f"The line has {len(cells)} cells, the header {len(header)} columns.")
        for at, cells in rows[1:]
        if any(cell.strip() for cell in cells[len(header) :])
    ]
    if faults:
        raise TableError(faults)
    filled = ((at, (*(cell.strip() for cell in cells), *[""] * len(header))) for at, cells in rows[1:])
    return Sheet(line=line, header=tuple(header), rows=tuple((at, cells[: len(header)]) for at, cells in filled))


def decode(data: bytes) -> str:
    """The text of a table. Raises TableError."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            sentence = "This begins as UTF-16 and isn't; save the table as “CSV UTF-8”."
            raise TableError([TableFault(1, "", sentence)]) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sentence = "This is not UTF-8; save the table as “CSV UTF-8”."
        raise TableError([TableFault(line, "", sentence)]) from None


def template(document: Document, matrix: Matrix) -> bytes:
    """A table to begin with: the header, and endpoints such as this matrix knows in the first zone of the plan."""
    zone = document["zones"][0]
    taken = [endpoint["name"] for endpoint in document["endpoints"]]
    server = next((role.slug for role in matrix.assignable_roles if role.kind == "server"), "")
    people = next((role.slug for role in matrix.assignable_roles if role.kind == "people"), "")
    make = PARTS["endpoints"].value
    examples = [
        make(name="Server 1", zone="", addresses=("192.0.2.10", "server1.example.net"), roles=(server,)),
        make(name="Staff", zone="", addresses=("198.51.100.0/24",), group=True, roles=(people,)),
        make(
            name="Managed 1",
            zone="",
            addresses=("192.0.2.20",),
            platforms=tuple(matrix.platforms)[:1],
            operations=tuple(matrix.operations),
            sessions=tuple(matrix.sessions)[:1],
        ),
    ]
    if server in {role for endpoint in document["endpoints"] for role in endpoint.get("roles", ())}:
        examples = examples[1:]
    own = [entry.key for entry in PARTS["endpoints"].fields if not entry.copied]
    there = {item for endpoint in document["endpoints"] for key in own for item in endpoint.get(key, ())}
    rows = []
    for example in examples:
        name = free_name(example.name, {name_key(other) for other in taken})
        row = dump_row("endpoints", replace(example, name=name, zone=zone["name"]))
        # Whoever has one of its addresses would be changed.
        rows.append({key: value for key, value in row.items() if key not in own or there.isdisjoint(value)})
    return _write(rows, {zone["name"]: zone["kind"]})


def export(document: Document) -> bytes:
    """The endpoints of a plan document as the table that an import reads back."""
    return _write(document["endpoints"], {zone["name"]: zone["kind"] for zone in document["zones"]})


def _write(endpoints: Iterable[Mapping[str, Any]], kinds: Mapping[str, str]) -> bytes:
    """CSV (RFC 4180) in UTF-8 with a byte order mark, as spreadsheets take it; `kinds` are those of the zones."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list_columns(), lineterminator="\r\n", restval="")
    writer.writeheader()
    for endpoint in endpoints:
        cells = write_cells(endpoint) | {ZONE_KIND: kinds[endpoint["zone"]]}
        writer.writerow({column: neutralise(cell) for column, cell in cells.items()})
    return text.getvalue().encode("utf-8-sig")


def first_line(text: str) -> str:
    """The first line that isn't blank, or nothing; found without dividing all of the text."""
    start = len(text) - len(text.lstrip())
    begin = max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1
    ends = [end for end in (text.find("\n", start), text.find("\r", start)) if end >= 0]
    return text[begin : min(ends, default=len(text))]


def split_table(text: str, what: str, most: int = MAX_LINES) -> list[tuple[int, list[str]]]:
    """The lines that say something, each with its number; a line is as long as its quotes make it.

    `what` is what its lines are called, `most` how many there may be below the header. Raises TableError for what
    can't be read as CSV, and for too many lines.
    """
    first = first_line(text)
    delimiter = max(",;\t", key=first.count) if first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return rows
        except csv.Error as error:
            fault = TableFault(line, "", f"The line can't be read as CSV: {error}.")
            raise TableError([fault]) from None
        if any(cell.strip() for cell in cells):
            if len(rows) > most:  # and the header
                sentence = f"At most {most:,} {what} are read at once; divide the table."
                raise TableError([TableFault(line, "", sentence)])
            rows.append((line, cells))
        line = reader.line_num + 1
