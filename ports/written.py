"""Queries that Django writes once in a process, and that are asked over and over with other values.

To write what finds a row takes Django ten times as long as the database takes to find it, and every page asks a few
of them that differ in their values alone.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, models
from django.db.models.query import ModelIterable, get_related_populators
from django.db.transaction import TransactionManagementError


class _Form(NamedTuple):
    """A query as it was written."""

    sql: str
    params: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    """Which of the params is which of the values."""
    converters: tuple[tuple[int, tuple[Callable[..., Any], ...], Any], ...]
    """By place in a row: what makes the value of Python of what the database gives."""
    build: Callable[[list[Any]], Any]
    locks: bool


class Written:
    """A query of rows, or of lists of values, by some values that are other ones each time.

    `write` gets `examples` for them and makes the query. Each of these has to be of the kind of its value, to differ
    from all else that the query says, and to stand in it once or more: else to ask it raises ValueError. A value can't
    be None, which would be another query, nor a number with more than 63 bits, which SQLite refuses. One that locks
    its rows raises TransactionManagementError outside of a transaction: Django looks for one only as it writes it.
    """

    def __init__(self, write: Callable[..., "models.QuerySet[Any, Any]"], *examples: object) -> None:
        self._write, self._examples = write, examples
        self._form: _Form | None = None

    def ask(self, *values: object) -> list[Any]:
        """What the query finds with these values."""
        form = self._form
        if form is None:
            form = self._form = _write_out(self._write(*self._examples), self._examples)
        if form.locks and connection.get_autocommit():
            raise TransactionManagementError("what locks rows is asked in a transaction")
        given, params = [_prepare(value) for value in values], list(form.params)
        for place, number in form.places:
            params[place] = given[number]
        with connection.cursor() as cursor:
            cursor.execute(form.sql, params)
            rows = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for place, converters, expression in form.converters:
                for convert in converters:
                    row[place] = convert(row[place], expression, connection)
        return [form.build(row) for row in rows]

    def first(self, *values: object) -> Any:
        """The first row that it finds; None where it finds none."""
        return next(iter(self.ask(*values)), None)


def _write_out(query: "models.QuerySet[Any, Any]", examples: Iterable[object]) -> _Form:
    compiler = query.query.get_compiler(using=query.db)
    sql, params = compiler.as_sql()
    sought = [_prepare(example) for example in examples]
    places = tuple((place, sought.index(param)) for place, param in enumerate(params) if param in sought)
    if {number for _, number in places} != set(range(len(sought))):
        raise ValueError("an example doesn't stand in the query that was written with it")
    selected = [expression for expression, _, _ in compiler.select]
    converters = compiler.get_converters(selected)
    return _Form(
        sql=sql,
        params=tuple(params),
        places=places,
        converters=tuple((place, tuple(found), expression) for place, (found, expression) in converters.items()),
        build=_find_builder(query, compiler) if issubclass(query._iterable_class, ModelIterable) else tuple,
        locks=query.query.select_for_update,
    )


def _find_builder(query: "models.QuerySet[Any, Any]", compiler: Any) -> Callable[[list[Any]], models.Model]:
    """What makes an object of a row, with those that were selected beside it, as Django does."""
    info, select, mode = compiler.klass_info, compiler.select, query._fetch_mode  # type: ignore[attr-defined]
    start, end = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [expression.target.attname for expression, _, _ in select[start:end]]
    beside = get_related_populators(info, select, query.db, mode)
    model: type[models.Model] = info["model"]

    def build(row: list[Any]) -> models.Model:
        found = model.from_db(query.db, names, row[start:end])
        for other in beside:
            other.populate(row, found)
        return found

    return build


def _prepare(value: object) -> object:
    """A value as the database takes it."""
    kind = models.UUIDField if isinstance(value, UUID) else models.DateTimeField
    return kind().get_db_prep_value(value, connection) if isinstance(value, UUID | datetime) else value
