"""A document that follows from one that was checked: only the rows that are new in it are read again. Pure.

What a row reads as follows from the row and the matrix alone, so a row that is the same object reads as the same
value. What one part of a document says about another (names that must be there, names that are there twice) is looked
at as a whole each time. Whatever is wrong is told by `check_plan`, of the whole document.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from planner.plan import limits
from planner.plan.document import Plan, check_plan, dump_plan, dump_row, read_rows
from planner.plan.fields import PARTS, PLAN
from planner.plan.stored import NOTHING, Stored
from ports.matrix import Matrix


def recheck_plan(
    tree: Mapping[str, Any], *, before: Mapping[str, Any], plan: Plan, matrix: Matrix, stored: Stored = NOTHING
) -> Plan:
    """What `check_plan` returns or raises for a document of JSON's own types.

    `before` is another document, `plan` what it was read as under the same matrix. The documents may share rows, which
    nobody has changed since; each row that isn't in both is read. `stored` as `check_plan` has it.
    """
    parts = {entry.key: tree.get(entry.key, []) for entry in PARTS[PLAN].rows}
    most = {"endpoints": max(limits.ENDPOINTS, stored.endpoints)}
    if not all(isinstance(rows, list) and len(rows) <= most.get(key, limits.ROWS) for key, rows in parts.items()):
        return check_plan(tree, matrix=matrix, stored=stored)
    reduced = dict(tree)
    read: dict[int, object] = {}
    for entry in PARTS[PLAN].rows:
        rows = parts[entry.key]
        there = {id(row): value for row, value in zip(before.get(entry.key) or (), _rows(plan, entry), strict=True)}
        read |= {id(row): there[id(row)] for row in rows if id(row) in there}
        if rows:
            # One at least, since a document without any zone is none.
            reduced[entry.key] = [row for row in rows if id(row) not in there] or rows[:1]
    fresh = read_rows(tree, reduced, matrix=matrix, stored=stored)
    if fresh is None:
        return check_plan(tree, matrix=matrix, stored=stored)
    for entry in PARTS[PLAN].rows:
        for row, value in zip(reduced.get(entry.key, ()), _rows(fresh, entry), strict=True):
            read.setdefault(id(row), value)
    values = {entry.attribute: getattr(fresh, entry.attribute) for entry in PARTS[PLAN].fields}
    for entry in PARTS[PLAN].rows:
        values[entry.attribute] = tuple(read[id(row)] for row in parts[entry.key])
    return Plan(**values)


def dump_changed(plan: Plan, *, before: Plan, document: Mapping[str, Any]) -> dict[str, Any]:
    """What `dump_plan` makes of a plan. Rows that are in `before` too are those of `document`, which is its dump."""
    known = {
        id(value): row
        for entry in PARTS[PLAN].rows
        for value, row in zip(_rows(before, entry), document.get(entry.key, ()), strict=True)
    }
    empty: dict[str, Any] = {entry.attribute: () for entry in PARTS[PLAN].rows}
    bare = dump_plan(replace(plan, **empty))
    dumped = {}
    for key in ("format", *(entry.key for entry in PARTS[PLAN].fields)):
        entry = PARTS[PLAN].by_key.get(key)
        if entry is not None and entry.row and (rows := _rows(plan, entry)):
            dumped[key] = [known.get(id(row)) or dump_row(key, row) for row in rows]
        elif key in bare:
            dumped[key] = bare[key]
    return dumped


def _rows(plan: Plan, entry: Any) -> tuple[object, ...]:
    rows: tuple[object, ...] = getattr(plan, entry.attribute)
    return rows
