"""What a table of endpoints would do to a plan: make new ones, change those that are there, or nothing. Pure.

A row is about the endpoint of its name, else about the one that has its address. Nothing is stored here: `compare`
says what there is to be confirmed, with the parameters of the edit.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from planner.plan.cells import endpoint_columns, quote, read_back, read_cell, title_of, write_cell
from planner.plan.endpoint_table import ZONE_KIND, Sheet, TableFault
from planner.plan.faults import Fault
from planner.plan.inventories import ADDED, KNOWN, header_key, read_foreign
from planner.plan.kinds import KINDS
from planner.plan.reading import ANY, address_key
from planner.plan.rows import Document
from planner.plan.table_changes import Judged, Sent, judge
from ports.matrix import Matrix
from ports.text import name_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the sender of a table decides about it."""

    columns: Mapping[int, str] = field(default_factory=dict)
    """By place of a column, from 0: the field that it is read as, empty to leave it out; others as they are called."""
    zones: Mapping[str, str] = field(default_factory=dict)
    """Zones that the plan doesn't have and that are to be made: name and kind."""
    zone: str = ""
    """The zone of new endpoints whose row names none."""
    clears: bool = False
    """Whether an empty cell empties the plan's; otherwise it says nothing."""


class Column(NamedTuple):
    """A column of the table: its place, how it is headed, the field that it is read as (empty: none), an example."""

    place: int
    header: str
    field: str
    own: bool
    """Whether it is headed as downloads of the planner are."""
    known: bool
    example: str


class Difference(NamedTuple):
    """What a row changes of an endpoint: the name of the field, and its text before and after."""

    title: str
    old: str
    new: str


class Changed(NamedTuple):
    """A row that changes an endpoint: its line, the endpoint as it is called, what changes."""

    line: int
    name: str
    differences: tuple[Difference, ...]


class Missing(NamedTuple):
    """A zone that rows name and the plan doesn't have."""

    zone: str
    rows: int


class Summed(NamedTuple):
    """Faults that say the same: the first place, the sentence, how many rows have it."""

    where: str
    message: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a table comes to on a plan."""

    columns: tuple[Column, ...]
    new: tuple[str, ...]
    changed: tuple[Changed, ...]
    same: int
    faults: tuple[TableFault, ...]
    trouble: tuple[Fault, ...]
    """What would be wrong with the plan as a whole; nothing can be stored."""
    missing: tuple[Missing, ...]
    made: Mapping[str, str]
    """Zones that come along: name and kind."""
    left_out: tuple[tuple[str, int], ...]
    """What inventories say that no field has, by how often."""
    keeps_names: bool
    """Whether an endpoint that is found by its address keeps its name."""
    params: Mapping[str, Any]
    """Those of `planner.plan.edits.edit_endpoints`, without what is faulty."""

    @property
    def is_plain(self) -> bool:
        """Whether it only makes new endpoints, from columns that are read as they are headed, and nothing is wrong."""
        plain = all(column.own for column in self.columns) and not (self.changed or self.same)
        return plain and bool(self.new) and not (self.faults or self.trouble)

    @property
    def count(self) -> int:
        """How many rows can be stored."""
        return len(self.new) + len(self.changed)

    @property
    def summed(self) -> list[Summed]:
        """The faults, those that say the same together."""
        counts = Counter((fault.column, fault.message) for fault in self.faults)
        first = {(fault.column, fault.message): fault.where for fault in reversed(self.faults)}
        return [Summed(first[key], key[1], count) for key, count in counts.items()]


def compare(sheet: Sheet, document: Document, wishes: Wishes, *, matrix: Matrix) -> Comparison:
    """What the rows of a table come to on a plan document."""
    return _Comparer(sheet, document, wishes, matrix).compare()


def list_targets() -> dict[str, str]:
    """What a column can be read as: key and name."""
    targets: dict[str, str] = {}
    for key, entry in endpoint_columns().items():
        targets[key] = title_of(key)
        if entry.names == "zones":
            targets[ZONE_KIND] = title_of(ZONE_KIND)
    return targets


class _Comparer:
    """What is known while a table is compared with a plan."""

    def __init__(self, sheet: Sheet, document: Document, wishes: Wishes, matrix: Matrix) -> None:
        self.sheet, self.document, self.wishes, self.matrix = sheet, document, wishes, matrix
        self.entries = endpoint_columns()
        self.faults: list[TableFault] = []
        self.left_out: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self.columns = tuple(self._list_columns())
        # Read from a column that downloads of ours don't have: what another program calls it is no new name for it.
        self.keeps_names = any(column.field and not column.own for column in self.columns)
        self.by_name = {name_key(endpoint["name"]): endpoint for endpoint in document["endpoints"]}
        self.names = frozenset(endpoint["name"] for endpoint in document["endpoints"])
        self.by_address = _index_addresses(document)
        zones = {zone["name"]: zone["kind"] for zone in document["zones"]}
        self.zones = zones | {name: kind for name, kind in wishes.zones.items() if name not in zones}

    def _list_columns(self) -> Sequence[Column]:
        targets = list_targets()
        columns = []
        taken: set[str] = set()
        for place, header in enumerate(self.sheet.header):
            key = header_key(header)
            own, known = key in targets, key in targets or key in KNOWN
            target = self.wishes.columns.get(place, key if own else KNOWN.get(key, ""))
            target = target if target in targets else ""
            shape = self.entries[target].reads.shape if target in self.entries else "text"
            if target in taken and shape not in ("list", "names"):
                sentence = f"Two columns are {title_of(target)}; keep one, or read the other as something else."
                self.faults.append(TableFault(self.sheet.line, header, sentence))
            if target:
                taken.add(target)
            example = next((cells[place] for _, cells in self.sheet.rows if cells[place]), "")
            columns.append(Column(place, header, target, own and target == key, known, example[:60]))
        return columns

    def compare(self) -> Comparison:
        read = [(line, *self._read(line, cells)) for line, cells in self.sheet.rows] if not self.faults else []
        made = self._find_zones([(line, cells) for line, cells, _ in read])
        rows = self._match(read, made)
        brought = [{"name": name, "kind": kind} for name, kind in made.items()]
        judged = judge(self.document, rows, matrix=self.matrix, zones=brought)
        self.faults += [TableFault(int(wrong.key), wrong.column, wrong.message) for wrong in judged.wrong]
        faulty = {fault.line for fault in self.faults}
        used = {values.get("zone") for values in judged.values.values()}
        kept = {name: kind for name, kind in made.items() if name in used}
        params = {**judged.params, "zones": [zone for zone in brought if zone["name"] in kept]}
        return Comparison(
            columns=self.columns,
            new=tuple(values["name"] for key, values in judged.values.items() if key in judged.new),
            changed=self._tell(judged, rows),
            same=sum(1 for row in rows if row.key not in judged.values and int(row.key) not in faulty),
            faults=tuple(sorted(dict.fromkeys(self.faults), key=lambda fault: fault.line)),
            trouble=judged.trouble,
            missing=tuple(Missing(zone, count) for zone, count in self.missing.most_common()),
            made=kept,
            left_out=tuple(self.left_out.most_common()),
            keeps_names=self.keeps_names,
            params=params,
        )

    def _read(self, line: int, cells: Sequence[str]) -> tuple[dict[str, str], set[str]]:
        """The cells of a row by the field that they are read as, and the fields that an inventory only adds to."""
        row: dict[str, str] = {}
        added: set[str] = set()
        for column in self.columns:
            if not column.field:
                continue
            cell = read_back(cells[column.place])
            entry = self.entries.get(column.field)
            if not column.own and entry:
                cell, left = read_foreign(entry, cell, self.matrix)
                self.left_out.update(left)
                added |= {column.field} & set(ADDED)
            before = row.get(column.field, "")
            row[column.field] = self._join(column.field, before, cell) if before and cell else before or cell
        return row, added

    def _join(self, field: str, one: str, other: str) -> str:
        """Two cells of one field as one, which says what each says: both may have names with spaces in them."""
        entry = self.entries[field]
        if entry.reads.shape != "names":
            return f"{one}; {other}"
        return write_cell(entry, [name for cell in (one, other) for name in self._split(field, cell)])

    def _split(self, field: str, cell: str) -> list[str]:
        """What a cell says of a field that has several values."""
        values: list[str] = read_cell(self.entries[field], cell, names=self.names, matrix=self.matrix)
        return values

    def _find_zones(self, rows: Sequence[tuple[int, dict[str, str]]]) -> dict[str, str]:
        """The zones that come along; what is wrong with those that rows name is told at these."""
        spelled = {name_key(name): name for name in self.zones}
        there = {zone["name"] for zone in self.document["zones"]}
        given = {row["zone"] for _, row in rows if row.get(ZONE_KIND) and row.get("zone")}
        made = {name: kind for name, kind in self.zones.items() if name not in there}
        for line, row in rows:
            zone, kind = row.get("zone", ""), row.get(ZONE_KIND, "").casefold()
            if not zone:
                continue
            other = spelled.setdefault(name_key(zone), zone)
            if other != zone:
                sentence = f"There is a zone {quote(other)}; write it like that, or give this one another name."
                self.faults.append(TableFault(line, "zone", sentence))
            elif kind and kind not in KINDS:
                sentence = f"{quote(row[ZONE_KIND])} is no kind of zone; allowed are {', '.join(KINDS)}."
                self.faults.append(TableFault(line, ZONE_KIND, sentence))
            elif kind and self.zones.setdefault(zone, kind) != kind:
                sentence = f"The zone {quote(zone)} is {self.zones[zone]} already; leave the cell empty."
                self.faults.append(TableFault(line, ZONE_KIND, sentence))
            elif zone not in self.zones and zone not in given:
                self.missing[zone] += 1
                sentence = f"There is no zone {quote(zone)} in the plan; its kind is needed in {ZONE_KIND} to add it."
                self.faults.append(TableFault(line, "zone", sentence))
            elif kind and zone not in there:
                made[zone] = kind
        return made

    def _match(self, read: Sequence[tuple[int, dict[str, str], set[str]]], made: Mapping[str, str]) -> list[Sent]:
        """The rows, each about the endpoint that it names or whose address it has; those with a fault are left out."""
        faulty = {fault.line for fault in self.faults}
        lines: dict[str, int] = {}
        matched: list[tuple[int, dict[str, str], set[str], Mapping[str, Any] | None]] = []
        for line, row, added in read:
            endpoint = self.by_name.get(name_key(row.get("name", ""))) or self._find_by_address(row)
            matched.append((line, row, added, endpoint))
        by_address = Counter(id(endpoint) for *_, endpoint in matched if endpoint)
        rows = []
        for line, row, added, found in matched:
            endpoint = found
            named = endpoint is not None and name_key(endpoint["name"]) == name_key(row.get("name", ""))
            if endpoint is not None and not named and by_address[id(endpoint)] > 1:
                endpoint = None  # several rows have its address, so it is none of them
            name = endpoint["name"] if endpoint else row.get("name", "")
            first = lines.setdefault(name_key(name), line)
            if name and first != line:
                sentence = f"{quote(name)} stands in line {first} already; names must differ in more than case."
                self.faults.append(TableFault(line, "name", sentence))
            elif line not in faulty:
                cells = self._cells(row, added, endpoint)
                rows.append(Sent(key=str(line), name=name if endpoint else "", cells=cells))
        return rows

    def _find_by_address(self, row: Mapping[str, str]) -> Mapping[str, Any] | None:
        """The one endpoint that has an address of the row."""
        keys = _read_keys(row.get("addresses", ""))
        found = {id(endpoint): endpoint for key in keys for endpoint in self.by_address.get(key, ())}
        return next(iter(found.values())) if len(found) == 1 else None

    def _cells(self, row: Mapping[str, str], added: set[str], endpoint: Mapping[str, Any] | None) -> dict[str, str]:
        """What a row says of an endpoint: without empty cells, unless they are to count, and without its own name."""
        cells = {column: cell for column, cell in row.items() if column in self.entries}
        if endpoint is None:
            return cells if cells.get("zone") or not self.wishes.zone else cells | {"zone": self.wishes.zone}
        if self.keeps_names or name_key(cells.get("name", "")) == name_key(endpoint["name"]):
            cells.pop("name", None)
        if _read_keys(cells.get("addresses", "")) == {address_key(text) for text in endpoint.get("addresses", ())}:
            cells.pop("addresses", None)  # they are only written otherwise
        if not self.wishes.clears:
            cells = {column: cell for column, cell in cells.items() if cell}
        for column in added & cells.keys():
            values = dict.fromkeys((*endpoint.get(column, ()), *self._split(column, cells[column])))
            cells[column] = write_cell(self.entries[column], list(values))
        return cells

    def _tell(self, judged: Judged, rows: Sequence[Sent]) -> tuple[Changed, ...]:
        """The rows that change an endpoint, with what they change."""
        old = {endpoint["name"]: endpoint for endpoint in self.document["endpoints"]}
        told = []
        for row in rows:
            values = judged.values.get(row.key)
            if values is None or not row.name:
                continue
            differences = (
                Difference(
                    title_of(column),
                    write_cell(self.entries[column], old[row.name].get(column)),
                    write_cell(self.entries[column], value),
                )
                for column, value in values.items()
            )
            told.append(Changed(int(row.key), row.name, tuple(differences)))
        return tuple(told)


def _read_keys(cell: str) -> set[str]:
    """The addresses of a cell, each in its one spelling."""
    return {address_key(text) for text in re.split(r"[\s;,]+", cell) if text}


def _index_addresses(document: Document) -> dict[str, list[Mapping[str, Any]]]:
    """By address in its one spelling: the endpoints that have it."""
    index: dict[str, list[Mapping[str, Any]]] = {}
    for endpoint in document["endpoints"]:
        for address in endpoint.get("addresses", ()):
            if address != ANY and "/" not in address_key(address):  # many may stand for one network
                index.setdefault(address_key(address), []).append(endpoint)
    return index
