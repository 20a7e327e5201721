"""Which SQLite is used. Versions from 3.7.0 on can damage a database with a write-ahead log that several write to.

That is the WAL-reset bug (https://www.sqlite.org/wal.html#walresetbug), mended in 3.51.3, and before in 3.50.7 and
3.44.6. The package pysqlite3 brings a newer one. Where there is none for this machine and the system's has the bug,
there is no write-ahead log, and so nothing that the bug could damage: readers wait for writers then.
"""

import importlib
import sqlite3
import sys
from typing import Any

_FIRST, _LAST = (3, 7, 0), (3, 51, 2)
_MENDED = {(3, 44, 6), (3, 50, 7)}
COLUMN, VARIABLE_NUMBER = sqlite3.SQLITE_LIMIT_COLUMN, sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER


def take_library() -> None:
    """Have whatever imports sqlite3 in this process from here on get what pysqlite3 brings, if that is there."""
    try:
        brought = importlib.import_module("pysqlite3")
        sys.modules["sqlite3.dbapi2"] = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return
    # Django asks for two limits by these names; `base.Connection` answers.
    brought.SQLITE_LIMIT_COLUMN, brought.SQLITE_LIMIT_VARIABLE_NUMBER = COLUMN, VARIABLE_NUMBER  # type: ignore[attr-defined]
    sys.modules["sqlite3"] = brought


def has_reset_bug(version: tuple[int, ...]) -> bool:
    """Whether a version of SQLite has the WAL-reset bug."""
    return _FIRST <= version <= _LAST and version not in _MENDED


def journal_mode(version: tuple[int, ...]) -> str:
    """How a change is kept apart until it is whole: by a write-ahead log, unless that isn't safe with this version."""
    return "DELETE" if has_reset_bug(version) else "WAL"


def used() -> Any:
    """The module that stands for sqlite3 in this process."""
    return sys.modules["sqlite3"]


def describe() -> str:
    """A sentence: which SQLite is used, where it is from, and what follows from that."""
    origin = "of the package pysqlite3" if used().__name__ == "pysqlite3" else "of this machine's Python"
    said = f"SQLite {used().sqlite_version} {origin}"
    if journal_mode(used().sqlite_version_info) == "WAL":
        return f"{said}: without the WAL-reset bug, with a write-ahead log."
    return f"{said}: it has the WAL-reset bug, so there is no write-ahead log, and readers wait for writers."
