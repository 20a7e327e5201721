"""Endpoints as a table: reading CSV as spreadsheet programs write it. Pure.

Everything that is wrong is reported together, each fault with its line and column; a table with a fault adds nothing.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from planner.plan.cells import CellFault, quote, read_back, read_cell, write_cells
from planner.plan.changes import apply
from planner.plan.document import check_plan, dump_row
from planner.plan.edits import add_endpoints
from planner.plan.faults import NAME_TAKEN, Fault, PlanError
from planner.plan.fields import PARTS, Field
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
_PLACE = re.compile(r"((\w+)\[\d+\])(?:\.(\w+))?")


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
class Table:
    """Zones and endpoints of the plan document, and for each endpoint the line that it came from."""

    zones: tuple[dict[str, Any], ...]
    endpoints: tuple[dict[str, Any], ...]
    lines: tuple[int, ...]


def read_table(data: bytes, *, document: Document, matrix: Matrix) -> Table:
    """Read a table of endpoints that are to be added to a plan document.

    CSV in UTF-8 with a header line; commas, semicolons or tabs, whichever the header has. Raises TableError.
    """
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.1f} MiB"
        raise TableError([TableFault(1, "", f"The table has {size}; at most {MAX_BYTES // 2**20} MiB are read.")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sentence = "This is not UTF-8; save the table as “CSV UTF-8”."
        raise TableError([TableFault(line, "", sentence)]) from None
    rows = split_table(text, "endpoints")
    if not rows:
        raise TableError([TableFault(1, "", f"The table is empty; its first line is {','.join(list_columns())}.")])
    header = _read_header(*rows[0])
    table = _Reader(document, matrix, header, tuple(list_columns())).read(rows[1:])
    if not table.endpoints:
        raise TableError([TableFault(rows[0][0], "", "There is no endpoint below the header.")])
    try:
        edit = add_endpoints(document, {"zones": table.zones, "endpoints": table.endpoints})
        check_plan(apply(document, edit), matrix=matrix)
    except PlanError as error:
        raise TableError(place_faults(error.faults, table, document)) from None
    return table


def place_faults(faults: Iterable[Fault], table: Table, document: Document) -> list[TableFault]:
    """The faults of the document with the table's rows at its end, by line and column of the table.

    The faults of a zone stand where an endpoint names it, those of the rest of the plan in the first line.
    """
    rows = [*zip(table.lines, table.endpoints, strict=True)]
    names = {line: endpoint["name"] for line, endpoint in rows}
    naming = {endpoint["zone"]: line for line, endpoint in rows}
    lines = {f"endpoints[{at}]": line for at, line in enumerate(table.lines, len(document["endpoints"]))}
    lines |= {f"zones[{at}]": naming[zone["name"]] for at, zone in enumerate(table.zones, len(document["zones"]))}
    placed = []
    for fault in faults:
        match = _PLACE.match(fault.where)
        if not match or match[1] not in lines:
            placed.append(TableFault(1, "", f"{fault.where}: {fault.message}"))
            continue
        line, column = lines[match[1]], "zone" if match[2] == "zones" else match[3] or ""
        message = f"There is an endpoint “{names[line]}” already." if fault.code == NAME_TAKEN else fault.message
        placed.append(TableFault(line, column, message))
    return placed


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
    rows = []
    for example in examples:
        name = free_name(example.name, {name_key(other) for other in taken})
        rows.append(dump_row("endpoints", replace(example, name=name, zone=zone["name"])))
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


def split_table(text: str, what: str) -> list[tuple[int, list[str]]]:
    """The lines that say something, each with its number; a line is as long as its quotes make it.

    `what` is what its lines are called. Raises TableError for what can't be read as CSV, and for too many lines.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
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
            if len(rows) > MAX_LINES:  # and the header
                sentence = f"At most {MAX_LINES:,} {what} are read at once; divide the table."
                raise TableError([TableFault(line, "", sentence)])
            rows.append((line, cells))
        line = reader.line_num + 1


def _read_header(line: int, cells: Sequence[str]) -> list[str]:
    names = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    columns = list_columns()
    needed = [entry.key for entry in PARTS["endpoints"].fields if entry.column and entry.needed]
    known = f"the columns are {', '.join(columns)}"
    faults = [
        TableFault(line, "", f"There is no column {quote(cell)}; {known}.")
        for cell, name in zip(cells, names, strict=False)
        if name not in columns
    ]
    faults += [
        TableFault(line, name, "This column is there more than once; keep one of them.")
        for name in columns
        if names.count(name) > 1
    ]
    faults += [
        TableFault(line, name, f"This column is needed and missing; {known}.") for name in needed if name not in names
    ]
    if faults:
        raise TableError(faults)
    return names


@dataclass(slots=True)
class _Reader:
    """What is known while a table is read from top to bottom."""

    document: Document
    matrix: Matrix
    header: list[str]
    columns: Sequence[str]
    faults: list[TableFault] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def read(self, rows: Sequence[tuple[int, list[str]]]) -> Table:
        """All rows as zones and endpoints. Raises TableError when one of them has a fault."""
        cells = [(line, self._cells(line, row)) for line, row in rows]
        zones = self._new_zones(cells)
        names = {name_key(endpoint["name"]): endpoint["name"] for endpoint in self.document["endpoints"]}
        exact = {row["name"] for _, row in cells} | set(names.values())
        endpoints = [self._endpoint(line, row, names, exact) for line, row in cells]
        if self.faults:
            raise TableError(self.faults)
        return Table(zones=zones, endpoints=tuple(endpoints), lines=tuple(line for line, _ in cells))

    def _cells(self, line: int, row: list[str]) -> dict[str, str]:
        if any(cell.strip() for cell in row[len(self.header) :]):
            self.faults.append(
                TableFault(line, "", f"The line has {len(row)} cells, the header {len(self.header)} columns.")
            )
        cells = dict.fromkeys(self.columns, "")
        cells.update((name, read_back(cell.strip())) for name, cell in zip(self.header, row, strict=False))
        return cells

    def _new_zones(self, rows: Sequence[tuple[int, dict[str, str]]]) -> tuple[dict[str, Any], ...]:
        old = {zone["name"]: zone["kind"] for zone in self.document["zones"]}
        spelled = {name_key(name): name for name in old}
        fresh: dict[str, str] = {}
        kinds = dict(old)  # of those that the table adds as well
        given = {row["zone"] for _, row in rows if row[ZONE_KIND]}
        for line, row in rows:
            zone, kind = row["zone"], row[ZONE_KIND].casefold()
            if not zone:
                self.faults.append(TableFault(line, "zone", "A zone is needed."))
                continue
            other = spelled.setdefault(name_key(zone), zone)
            if other != zone:
                sentence = f"There is a zone {quote(other)}; write it like that, or give this one another name."
                self.faults.append(TableFault(line, "zone", sentence))
            elif kind and kind not in KINDS:
                sentence = f"{quote(row['zone_kind'])} is no kind of zone; allowed are {', '.join(KINDS)}."
                self.faults.append(TableFault(line, ZONE_KIND, sentence))
            elif kind and kinds.setdefault(zone, kind) != kind:
                sentence = f"The zone {quote(zone)} is {kinds[zone]} already; leave the cell empty."
                self.faults.append(TableFault(line, ZONE_KIND, sentence))
            elif zone not in old and zone not in given:
                sentence = f"There is no zone {quote(zone)} in the plan; its kind is needed in {ZONE_KIND} to add it."
                self.faults.append(TableFault(line, "zone", sentence))
            elif kind and zone not in old:
                fresh[zone] = kind
        return tuple({"name": name, "kind": kind} for name, kind in fresh.items())

    def _endpoint(self, line: int, row: dict[str, str], names: dict[str, str], exact: set[str]) -> dict[str, Any]:
        name = row["name"]
        key = name_key(name)
        if not name:
            self.faults.append(TableFault(line, "name", "A name is needed."))
        elif key in self.lines:
            sentence = f"{quote(name)} stands in line {self.lines[key]} already; names differ in more than case."
            self.faults.append(TableFault(line, "name", sentence))
        elif key in names:
            sentence = f"There is an endpoint {quote(names[key])} in the plan already; names differ in more than case."
            self.faults.append(TableFault(line, "name", sentence))
        else:
            self.lines[key] = line
        endpoint: dict[str, Any] = {"name": name}
        for entry in PARTS["endpoints"].fields:
            if entry.column and entry.key != "name":
                endpoint[entry.key] = self._cell(line, entry, row[entry.key], exact)
        return endpoint

    def _cell(self, line: int, entry: Field, cell: str, exact: set[str]) -> Any:
        """What a cell says of a field; `exact` are the names of the plan's and the table's endpoints."""
        try:
            return read_cell(entry, cell, names=exact, matrix=self.matrix)
        except CellFault as error:
            self.faults.append(TableFault(line, entry.key, str(error)))
            return None
