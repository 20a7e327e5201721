"""All rows from PostgreSQL to a file of SQLite, and back: what a backup of a PostgreSQL database is made of.

A backup is a file of SQLite whatever it was taken of, so it goes into either. Rows keep their numbers, and numbers
that were given once are never given again: a link's cookie names the link by its number.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, models, transaction
from django.db.utils import load_backend

from planner.deploy.database import VARIABLE, choose_database
from planner.store.backup import DATABASE, BadBackup

_COPY = "copy"
_ROWS = 50
"""Rows that are in memory at once; each may have a document."""


def has_rows() -> bool:
    """Whether the PostgreSQL database has plans or accounts, which a restore would take away."""
    there = set(connection.introspection.table_names())
    kept = [model for model in _list_models() if model._meta.label in ("planner.Plan", "auth.User")]
    return any(model._meta.db_table in there and model._default_manager.exists() for model in kept)


def dump_rows(target: Path) -> None:
    """Write all that the PostgreSQL database has, as of one moment, to a new file of SQLite.

    Raises BadBackup where that can't be done.
    """
    _migrate(target)
    with _told(), _opened(target), transaction.atomic(), transaction.atomic(using=_COPY):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        _empty(_COPY)
        _carry(DEFAULT_DB_ALIAS, _COPY)
        _keep_numbers_in_file()


def load_rows(source: Path) -> None:
    """Give the PostgreSQL database what a file of SQLite has, in one transaction; the file is brought up to date.

    Raises BadBackup, with nothing changed, where that can't be done.
    """
    _migrate(source)
    with _told():
        call_command("migrate", verbosity=0, skip_checks=True)
    with _told(), _opened(source), transaction.atomic():
        _empty(DEFAULT_DB_ALIAS)
        _carry(_COPY, DEFAULT_DB_ALIAS)
        _keep_numbers_in_server()


def _migrate(path: Path) -> None:
    """Bring a file of SQLite to this version, in a process that knows of no other database."""
    if path.name != DATABASE:
        raise ValueError("the settings know the file by its name")
    names = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLE)}
    done = subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "migrate", "--verbosity", "0", "--skip-checks"],
        env=names | {"PLANNER_DATA": str(path.parent)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"what does it was ended without a word ({done.returncode})."]
        raise BadBackup(f"{path} can't be brought up to date: {said[-1]}")


@contextmanager
def _opened(path: Path) -> Iterator[None]:
    """The file is a second database of this process."""
    usual = connections.settings[DEFAULT_DB_ALIAS]
    chosen = usual | {"CONN_MAX_AGE": 0} | choose_database("", path.parent)
    connections[_COPY] = load_backend(chosen["ENGINE"]).DatabaseWrapper(chosen, _COPY)
    try:
        yield
    finally:
        connections[_COPY].close()
        del connections[_COPY]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (Error, ValueError) as error:  # the driver refuses letters that PostgreSQL doesn't keep
        raise BadBackup(f"The rows can't be carried over: {' '.join(str(error).split())}.") from None


def _list_models() -> list[type[models.Model]]:
    found = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return [model for model in found if not model._meta.proxy]


def _empty(alias: str) -> None:
    """Take away every row; what migrations have made comes from the other side, too."""
    tables = [model._meta.db_table for model in _list_models()]
    if connections[alias].vendor == "sqlite":
        with connections[alias].cursor() as cursor:
            cursor.execute("PRAGMA defer_foreign_keys = 1")
            for table in tables:
                cursor.execute(f"DELETE FROM {connections[alias].ops.quote_name(table)}")  # noqa: S608 - our own name
        return
    with connections[alias].cursor() as cursor:
        for statement in connections[alias].ops.sql_flush(no_style(), tables, reset_sequences=True):
            cursor.execute(statement)


def _carry(source: str, target: str) -> None:
    for model in _list_models():
        for row in model._base_manager.using(source).order_by("pk").iterator(chunk_size=_ROWS):
            row.save_base(raw=True, force_insert=True, using=target)  # as it is: no date is set anew


def _numbered() -> Iterator[tuple[str, str]]:
    """The tables that number their rows, with the column."""
    for model in _list_models():
        if isinstance(field := model._meta.pk, models.AutoField | models.BigAutoField):
            yield model._meta.db_table, str(field.column)


def _keep_numbers_in_file() -> None:
    with connection.cursor() as server, connections[_COPY].cursor() as file:
        for table, column in _numbered():
            server.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', column])
            server.execute(f"SELECT last_value, is_called FROM {server.fetchone()[0]}")  # noqa: S608 - as the server names it
            last, called = server.fetchone()
            given = last if called else last - 1
            file.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            file.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, given])


def _keep_numbers_in_server() -> None:
    with connection.cursor() as server, connections[_COPY].cursor() as file:
        for table, column in _numbered():
            file.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            found = file.fetchone()
            last = found[0] if found else 0
            server.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)", [f'"{table}"', column, max(last, 1), last > 0]
            )
