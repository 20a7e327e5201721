"""How the file of the database is opened. Django finds the class by its name, as it does in engines of its own.

A file that was there once is never made anew: an empty database in place of a lost one would look like a fresh start.
So beside the file stands another one, its mark. What can't be written can be read nevertheless.
"""

import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from planner.deploy.sqlite.library import COLUMN, journal_mode, used

MARK = ".made"
"""What the name of the mark has more than that of the database."""
_SAID = "The database beside this file was made. If it is lost, the service doesn't start with an empty one.\n"
_LEAST = 2**17
"""Bytes of the index of a write-ahead log, and some of the log."""
_LIMITS = {COLUMN: ("MAX_COLUMN", 2_000), sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: ("MAX_VARIABLE_NUMBER", 32_766)}
"""Limits that Django asks for: the compile-time option that sets each, and what it is without one."""


class Connection(used().Connection):  # type: ignore[misc] # another module may stand for sqlite3
    """A connection that tells its limits, which pysqlite3's don't; they follow from how it was compiled."""

    def getlimit(self, category: int) -> int:
        """As sqlite3.Connection.getlimit, for what Django asks."""
        option, limit = _LIMITS[category]
        for (text,) in self.execute("PRAGMA compile_options"):
            name, _, value = text.partition("=")
            if name == option:
                limit = int(value)
        return limit


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, for a file that has one owner and one beginning."""

    init_commands: list[str]

    def get_connection_params(self) -> dict[str, Any]:
        """As Django's, with write-ahead log or without as the library allows, and what is acknowledged on the disk."""
        params: dict[str, Any] = super().get_connection_params()
        mode = journal_mode(used().sqlite_version_info)
        self.init_commands = [f"PRAGMA journal_mode={mode}", "PRAGMA synchronous=FULL", *self.init_commands]
        return params | {"factory": Connection}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Open the file, made readable to its owner alone if it is new; to be read only where it can't be written."""
        if self.is_in_memory_db():
            return super().get_new_connection(conn_params)
        path = Path(os.path.abspath(conn_params["database"]))  # noqa: PTH100 - links stay
        make_once(path)
        try:
            return super().get_new_connection(conn_params | {"database": f"{path.as_uri()}?mode=rw"})
        except used().OperationalError:
            if not is_unwritable(path):
                raise
        # A write-ahead log that isn't there can't be made here, and without writers it isn't needed.
        commands, self.init_commands = self.init_commands, []
        try:
            return super().get_new_connection(conn_params | {"database": f"{path.as_uri()}?mode=ro&immutable=1"})
        finally:
            self.init_commands = commands


def mark_of(path: Path) -> Path:
    """The file that says that a database was made."""
    return path.with_name(path.name + MARK)


def is_lost(path: Path) -> bool:
    """Whether a database that was made isn't there any more."""
    return mark_of(path).exists() and not path.exists()


def is_unwritable(path: Path) -> bool:
    """Whether a database is there, whole, in a folder where nothing can be written, or on a disk that is full."""
    log = path.with_name(f"{path.name}-wal")
    if not path.exists() or (log.exists() and log.stat().st_size):
        return False
    return not os.access(path.parent, os.W_OK) or is_full(path.parent)


def is_full(folder: Path) -> bool:
    """Whether the disk has no room for the least that SQLite has to write."""
    return shutil.disk_usage(folder).free < _LEAST


def make_once(path: Path) -> None:
    """Make an empty file for a database that never was there, for its owner alone (0600), and its mark; neither twice.

    What can't be made is left to SQLite to tell.
    """
    if is_lost(path):
        return
    with suppress(OSError):
        if not path.exists():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if not mark_of(path).exists():
            mark_of(path).write_text(_SAID)
