"""What a table of endpoints changes in a plan: rows of cells in, one edit out, and what is wrong at its cell. Pure.

A row is about an endpoint of the plan or is a new one, and has a text for each column that it speaks of; what it
doesn't speak of stays. What is faulty is left out of the edit, so that the rest can be stored: of an endpoint its
faulty cells, a new one as a whole.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple

from planner.plan.cells import CellFault, endpoint_columns, quote, read_back, read_cell, write_cell
from planner.plan.changes import apply
from planner.plan.document import check_plan
from planner.plan.edits import edit_endpoints
from planner.plan.faults import Fault, PlanError
from planner.plan.field import Field
from planner.plan.fields import PARTS
from planner.plan.rows import Document
from planner.plan.stored import look_through
from ports.matrix import Matrix
from ports.text import name_key

ROUNDS = 20
"""How often what is left is checked after faulty cells have been taken out; what needs more is faulty altogether."""
LONGEST_MEANT = 60
"""Letters of a word for which the nearest one is looked for."""
MOST_MEANT = 50
"""For how many unknown words the nearest one that is known is looked for: it takes a moment for each."""
_PLACE = re.compile(r"(zones|endpoints)\[(\d+)\](?:\.(\w+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A row of a table. `key` is what its sender calls it, `name` the endpoint in the plan; empty for a new one."""

    key: str
    name: str
    cells: Mapping[str, str]
    """By column: what stands there."""


class Wrong(NamedTuple):
    """What is wrong with a row: its key, the column (empty: the row), a sentence."""

    key: str
    column: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What rows come to: the parameters of the edit without what is faulty, and what is wrong."""

    params: Mapping[str, Any]
    """Those of `planner.plan.edits.edit_endpoints`."""
    wrong: tuple[Wrong, ...]
    trouble: tuple[Fault, ...]
    """What is wrong with the plan as a whole then, for which no row stands; nothing can be stored."""
    values: Mapping[str, Mapping[str, Any]]
    """By key of a row that changes something: by column, the value that it gives. Faulty ones are not in it."""
    changed: Mapping[str, tuple[str, ...]]
    """By key of a row: the columns that say something else than the document, faulty or not."""
    new: frozenset[str]
    """The keys of the rows that make endpoints."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.params["changes"] or self.params["endpoints"] or self.params["zones"])


def judge(
    document: Document, rows: Sequence[Sent], *, matrix: Matrix, zones: Sequence[Mapping[str, Any]] = ()
) -> Judged:
    """What rows come to on a plan document. `zones` are those that the table brings along, whole.

    Rows of endpoints that the document doesn't have are faulty at their name.
    """
    old = {endpoint["name"]: endpoint for endpoint in document["endpoints"]}
    return _Judge(document=document, rows=rows, matrix=matrix, zones=zones, old=old).judge()


@dataclass(slots=True, kw_only=True)
class _Judge:
    """What is known while rows are judged; `values` loses what turns out to be faulty."""

    document: Document
    rows: Sequence[Sent]
    matrix: Matrix
    zones: Sequence[Mapping[str, Any]]
    old: Mapping[str, Mapping[str, Any]]
    """By name: the endpoints of the document."""
    columns: Mapping[str, Field] = field(default_factory=endpoint_columns)
    keys: dict[str, str] = field(default_factory=dict)
    """By name in the document: the key of the row about it."""
    about: set[str] = field(default_factory=set)
    """These keys."""
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    meant: int = 0
    """For how many unknown words the nearest one was looked for."""

    def judge(self) -> Judged:
        """Read all rows, then check what they make of the document, until nothing is faulty any more."""
        names = {*self.old, *(row.cells["name"].strip() for row in self.rows if "name" in row.cells)}
        for row in self.rows:
            self._read(row, names)
        self._follow_renames()
        for _ in range(ROUNDS):
            trouble = self._check()
            if trouble is not None:
                return self._end(trouble)
        for key in [*self.values]:
            self._refuse(Wrong(key, "", "This can't be stored together with the other rows; change fewer at once."))
        return self._end(())

    def _end(self, trouble: tuple[Fault, ...]) -> Judged:
        return Judged(
            params=self._params(),
            wrong=tuple(dict.fromkeys(self.wrong)),
            trouble=trouble,
            values=self.values,
            changed=self.changed,
            new=frozenset(row.key for row in self.rows if not row.name and row.key in self.values),
        )

    def _read(self, row: Sent, names: Container[str]) -> None:
        """The values of the cells that say something else than the document does."""
        old = self.old.get(row.name) if row.name else {}
        if old is None:
            self.changed[row.key] = tuple(row.cells)
            self.wrong.append(Wrong(row.key, "name", f"There is no endpoint {quote(row.name)} any more."))
            return
        if row.name in self.keys:
            self.changed[row.key] = tuple(row.cells)
            self.wrong.append(Wrong(row.key, "name", f"There is another row about {quote(row.name)}; keep one."))
            return
        if row.name:
            self.keys[row.name] = row.key
            self.about.add(row.key)
        needed = {} if row.name else {key: "" for key, entry in self.columns.items() if entry.needed}
        cells = {**needed, **row.cells}
        faulty = []
        values = {}
        for column, text in cells.items():
            entry = self.columns[column]
            if row.name and text.strip() == write_cell(entry, old.get(column)):
                continue
            try:
                value = self._read_one(entry, text, names)
            except CellFault as error:
                faulty.append(Wrong(row.key, column, str(error)))
                continue
            if (value or None) != (old.get(column) or None):
                values[column] = value
        self.wrong += faulty
        self.changed[row.key] = (*values, *(wrong.column for wrong in faulty))
        if values and (row.name or not faulty):
            self.values[row.key] = values

    def _read_one(self, entry: Field, text: str, names: Container[str]) -> Any:
        cell = read_back(text.strip())
        if entry.needed and not cell:
            raise CellFault(f"A {entry.key} is needed.")
        return read_cell(entry, cell, names=names, matrix=self.matrix)

    def _follow_renames(self) -> None:
        """Who is named by the name that this table gives is the endpoint that has another one until then."""
        given = {
            values["name"]: name
            for name, key in self.keys.items()
            if (values := self.values.get(key)) and "name" in values
        }
        naming = {key for key, entry in self.columns.items() if entry.names == "endpoints"}
        for values in self.values.values():
            for column in values.keys() & naming:
                values[column] = [given.get(name, name) for name in values[column]]

    def _params(self) -> dict[str, Any]:
        return {
            "changes": {row.name: self.values[row.key] for row in self.rows if row.name and row.key in self.values},
            "endpoints": [self.values[row.key] for row in self.rows if not row.name and row.key in self.values],
            "zones": list(self.zones),
        }

    def _refuse(self, wrong: Wrong) -> None:
        """Take what is wrong out of what is to be stored: the cell, or the row where that isn't one that changes."""
        self.wrong.append(wrong)
        values = self.values.get(wrong.key, {})
        if wrong.key in self.about and wrong.column in values and len(values) > 1:
            del values[wrong.column]
        else:
            self.values.pop(wrong.key, None)

    def _check(self) -> tuple[Fault, ...] | None:
        """What is wrong with the plan as a whole when what is left is stored; None: rows were, check once more."""
        if twins := self._find_twins():
            for wrong in twins:
                self._refuse(wrong)
            return None
        params = self._params()
        result = apply(self.document, edit_endpoints(self.document, params))
        try:
            check_plan(result, matrix=self.matrix, stored=look_through(self.document))
        except PlanError as error:
            placed = [*self._place(error.faults, result)]
            for wrong in placed:
                self._refuse(wrong)
            return None if placed else error.faults
        return ()

    def _find_twins(self) -> list[Wrong]:
        """The rows that give a name which another endpoint has, or a row above them gives."""
        leaving = {name for name, key in self.keys.items() if "name" in self.values.get(key, {})}
        holders = {name_key(name): name for name in self.old if name not in leaving}
        found = []
        for row in self.rows:
            name = self.values.get(row.key, {}).get("name")
            if name is None:
                continue
            if not row.name and name in leaving:
                sentence = (
                    f"{quote(name)} is another one's name until that is saved; save it first, then use the name."
                )
                found.append(Wrong(row.key, "name", sentence))
            elif name_key(name) in holders:
                taken = quote(holders[name_key(name)])
                sentence = f"There is an endpoint {taken} already; names must differ in more than case."
                found.append(Wrong(row.key, "name", sentence))
            else:
                holders[name_key(name)] = name
        return found

    def _place(self, faults: Iterable[Fault], result: Document) -> Iterator[Wrong]:
        """The faults of the document that these rows have made, each at its row."""
        order = [self.keys.get(name, "") for name in self.old]
        order += [row.key for row in self.rows if not row.name and row.key in self.values]
        by_name = {row["name"]: key for row, key in zip(result["endpoints"], order, strict=True) if key}
        by_zone: dict[str, list[str]] = {}
        for key, values in self.values.items():
            by_zone.setdefault(values.get("zone", ""), []).append(key)
        for fault in faults:
            match = _PLACE.match(fault.where)
            if match is None:
                continue
            place, column = int(match[2]), match[3] or ""
            row = result[match[1]][place]
            if match[1] == "zones":
                yield from (Wrong(key, "zone", fault.message) for key in by_zone.get(row["name"], ()))
                continue
            values = self.values.get(order[place], {})
            entry = PARTS["endpoints"].by_key.get(column)
            causes = []
            if column not in values and entry and entry.rests_on:
                keys = (by_name.get(name, "") for name in row.get(column, ()))
                causes = [key for key in keys if entry.rests_on in self.values.get(key, {})]
            if causes and entry:
                yield from (Wrong(key, entry.rests_on, f"{row['name']}: {fault.message}") for key in causes)
            elif values:
                yield Wrong(order[place], column, self._say_meant(fault, row.get(column), entry))

    def _say_meant(self, fault: Fault, value: Any, entry: Field | None) -> str:
        """What a fault says, and before all that is allowed what was probably meant."""
        said, _, allowed = fault.message.partition("; allowed are ")
        if fault.code != "unknown-value" or not allowed or not entry or not entry.reads.options:
            return fault.message
        # Every column of options is a list of words, so the place ends with the number of one.
        word = value[int(fault.where.rpartition("[")[2].rstrip("]"))]
        if self.meant >= MOST_MEANT or len(word) > LONGEST_MEANT:
            return fault.message
        self.meant += 1
        near = get_close_matches(word.casefold(), list(entry.reads.options(self.matrix)), 1, 0.75)
        return f"{said}; did you mean {near[0]}? Allowed are {allowed}" if near else fault.message
