"""What keeps the database from doing its work, in one word for programs and in a sentence for people.

Told by what SQLite (https://www.sqlite.org/rescode.html) or PostgreSQL (Appendix A of its manual) answer, never by
the words of their messages.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection, transaction

from planner.deploy.place import PROGRAM
from planner.deploy.sqlite.base import is_full
from planner.store.kept import Damaged
from planner.store.stored import READS, in_passing, was_stored

PLANS = "planner_plan"
"""A table that is there once a service has been started."""
UNCHANGED = "Nothing was changed."
MAY_BE_STORED = "What you sent may have been stored: look before you send it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Of one kind."""

    word: str
    title: str
    happened: str
    """A sentence."""
    then: str
    """What follows of it for whoever has sent something that wasn't stored."""
    advice: str
    """What to do, for whoever runs commands."""
    wait: int = 30
    """Seconds after which to try again."""

    @property
    def sentence(self) -> str:
        """It all, of a request of which nothing is stored."""
        return f"{self.happened} {UNCHANGED} {self.then}"


BUSY = Trouble(
    word="busy",
    title="Please wait",
    happened="Others are storing a lot at the moment.",
    then="Try again in a few seconds.",
    advice="Others are storing a lot at the moment: run it again in a few seconds.",
    wait=5,
)
GONE = Trouble(
    word="database",
    title="Please wait",
    happened="The database can’t be reached at the moment.",
    then="Try again in a minute; if that doesn’t help, tell whoever runs this service.",
    advice="See that its server runs, or its folder is there, and run it again.",
)
FULL = Trouble(
    word="full",
    title="The disk is full",
    happened="The disk that plans are stored on is full.",
    then="Plans can be read meanwhile. Whoever runs this service has to make room; then send it again.",
    advice="The disk is full: make room, and run it again.",
)
READ_ONLY = Trouble(
    word="read-only",
    title="Nothing can be stored",
    happened="The database can be read and not written at the moment.",
    then="Whoever runs this service has to make its folder or its server writable again; then send it again.",
    advice="It can be read and not written: make its folder or its server writable, and run it again.",
)
DAMAGED = Trouble(
    word="damaged",
    title="The database is damaged",
    happened="The database is damaged.",
    then=f"Whoever runs this service has to restore a backup: {PROGRAM} restore FILE --replace.",
    advice=f"It is damaged: restore a backup by {PROGRAM} restore FILE --replace.",
)
_ELSEWHERE = "Other revisions can be read. Whoever runs this service may have this one in a backup."

_SQLITE = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: GONE,
    sqlite3.SQLITE_CANTOPEN: GONE,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
"""By the primary result code."""
_POSTGRESQL = {
    "40001": BUSY, "40P01": BUSY, "55P03": BUSY, "57014": BUSY, "53300": BUSY,
    "53100": FULL, "25006": READ_ONLY,
    "57P01": GONE, "57P02": GONE, "57P03": GONE, "57P04": GONE, "57P05": GONE, "3D000": GONE, "28P01": GONE,
    "28000": GONE, "58030": GONE,
    "XX001": DAMAGED, "XX002": DAMAGED,
}  # fmt: skip
"""By SQLSTATE; those of class 08 are connections that are lost."""


def name_trouble(error: BaseException | None) -> Trouble | None:
    """What is wrong with the database, of an error that Django raises; None for another error, which is a fault."""
    if not isinstance(error, Error):
        return None
    if isinstance(error, Damaged):
        return replace(DAMAGED, title="This revision can’t be read", happened=str(error), then=_ELSEWHERE)
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        named = _SQLITE.get(code & 0xFF)
        # On a full disk the file is opened to be read only, and that is all that SQLite knows.
        return FULL if named is READ_ONLY and is_full(Path(settings.DATA_DIR)) else named
    if (state := getattr(cause, "sqlstate", None)) is not None:
        return GONE if state.startswith("08") else _POSTGRESQL.get(state)
    # Neither says a code of a connection that can't be made, or has broken.
    return GONE if isinstance(error, (OperationalError, InterfaceError)) and cause is not None else None


def say_trouble(error: BaseException) -> str | None:
    """The same in a line, with what to do, for whoever runs a command; None for an error that is a fault."""
    trouble = name_trouble(error)
    if isinstance(error, Damaged):
        return f"{error} It may be in a backup."
    if trouble is None:
        return _say_without_tables() if isinstance(error, Error) else None
    return f"The database can't be used: {error}. {trouble.advice}"


def _say_without_tables() -> str | None:
    """A sentence where no service has been started on the database, as in a folder that isn't the service's."""
    try:
        if PLANS in connection.introspection.table_names():
            return None
    except Error:
        return None
    return (
        f"The database {connection.settings_dict['NAME']} has no tables yet. If it is the service's, start that once, "
        "which makes them; else set PLANNER_DATA and DATABASE_URL as the service has them."
    )


def say_to_sender(trouble: Trouble) -> str:
    """What is told of it in the answer to a request, of which something may be stored by then."""
    return f"{trouble.happened} {MAY_BE_STORED}" if was_stored() else trouble.sentence


def say_our_fault(method: str | None) -> str:
    """What is told of an error that is a fault of ours, by the method of the request that met it.

    A write may have been stored by then, and the answer alone have failed.
    """
    if method in READS:
        return "It is not your doing. Try again."
    return f"It is not your doing. {MAY_BE_STORED}"


def store_if_possible(store: Callable[[], object], *, waits: bool = False) -> None:
    """Write what a page can do without, such as who looks at it: left out where nothing can be stored.

    Where others write it is tried for a moment, and left out too. What `waits`, as the log does, is tried for as long
    as any write, and raises then. A function and no block, as a transaction can already fail when it begins.
    """
    try:
        with nullcontext() if waits else short_of_patience(), in_passing(), transaction.atomic():
            store()
    except Error as error:
        if name_trouble(error) not in ((FULL, READ_ONLY) if waits else (FULL, READ_ONLY, BUSY)):
            raise


@contextmanager
def short_of_patience() -> Iterator[None]:
    """Wait for others a second and no longer."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    file = connection.connection  # asked by itself, as this is no query of the page
    (usual,) = file.execute("PRAGMA busy_timeout").fetchone()
    file.execute("PRAGMA busy_timeout=1000")
    try:
        yield
    finally:
        if connection.connection is file:  # else it was closed: what is opened next waits as usual
            file.execute(f"PRAGMA busy_timeout={usual}")
