"""What has to be well before the service starts, and what is done then: the database as this version needs it.

Whatever isn't is told in one sentence: what is wrong, where, and what to do.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import Error, connection, transaction

from planner.deploy.place import PROGRAM
from planner.deploy.sqlite.base import is_lost, mark_of
from planner.store.readiness import ROOM, known_migrations
from planner.store.trouble import name_trouble
from ports.matrix.vocabulary import listed
from ports.text import many

OLDEST_POSTGRESQL = 150_000
"""The oldest version of PostgreSQL on which this is tried, as its server says it: 150_013 is 15.13."""
_LOCK = 0x706F727473
"""Whoever starts on a PostgreSQL database waits for whoever else does."""


class NotReady(Exception):
    """The service can't be started. The message is a sentence."""


def check_place() -> None:
    """Look at the data folder, and on SQLite at the file. Raises NotReady; changes nothing but the file's mode."""
    folder = Path(settings.DATA_DIR)
    if not os.access(folder, os.W_OK):
        raise NotReady(
            f"Nothing can be written in {folder}, where plans are stored. Make it writable, or set PLANNER_DATA."
        )
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise NotReady(
            f"The disk with {folder} is full: {free // 2**20} MiB are free, {ROOM // 2**20} MiB are needed to start. "
            "Make room, then start again."
        )
    if connection.vendor == "sqlite":
        _check_file(Path(str(connection.settings_dict["NAME"])))


def _check_file(path: Path) -> None:
    if is_lost(path):
        raise NotReady(
            f"The database {path} is gone, and it was there before. Bring it back, or a backup of it "
            f"({PROGRAM} restore FILE). To begin with an empty one, delete {mark_of(path)}."
        )
    if not path.exists():
        return
    try:
        path.chmod(0o600)
    except OSError as error:
        raise NotReady(
            f"{path} can't be closed to others: {error.strerror}. Whoever runs the service has to own it."
        ) from None
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise NotReady(
            f"{path} can be read by others, on a disk that keeps no modes. Set PLANNER_DATA to a folder on another."
        )
    with _told(path), connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check(1)")
        (found,) = cursor.fetchone()
    if found != "ok":
        raise NotReady(_say_damaged(path, " ".join(found.split())))


def _say_damaged(path: Path, how: str) -> str:
    return (
        f"The database {path} is damaged: {how}. Nothing is served from it. Restore a backup by "
        f"{PROGRAM} restore FILE --replace, which keeps the damaged one beside it."
    )


@contextmanager
def _told(where: object) -> Iterator[None]:
    """Raises NotReady for what the database raises."""
    try:
        yield
    except Error as error:
        trouble = name_trouble(error)
        if trouble is not None and trouble.word == "damaged":
            raise NotReady(_say_damaged(Path(str(where)), str(error))) from None
        raise NotReady(f"The database {where} can't be used: {' '.join(str(error).split())}.") from None


@contextmanager
def alone() -> Iterator[None]:
    """Wait until nobody else starts on this database, and have others wait. Raises NotReady where it can't be used."""
    if connection.vendor == "sqlite":
        with (Path(settings.DATA_DIR) / "starting.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with _told(connection.settings_dict["NAME"]):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def check_version() -> None:
    """Raises NotReady where the database is of a newer version than this one, or PostgreSQL is too old."""
    with _told(connection.settings_dict["NAME"]):
        connection.ensure_connection()
        version = getattr(connection, "pg_version", OLDEST_POSTGRESQL)
        if version < OLDEST_POSTGRESQL:
            raise NotReady(
                f"The database is PostgreSQL {version // 10_000}; {OLDEST_POSTGRESQL // 10_000} or newer is needed."
            )
        unknown = _applied_migrations() - known_migrations()
        newer = sorted(f"{app}.{name}" for app, name in unknown if app in ("planner", "ports"))
    if newer:
        raise NotReady(
            f"The database is of a newer version: this one doesn't know {many(len(newer), 'migration')} "
            f"({listed(newer[:3])}). Start that version, or restore a backup of before it."
        )


def _applied_migrations() -> set[tuple[str, str]]:
    """The application and the name of each migration that the database has; none where it is empty."""
    if "django_migrations" not in connection.introspection.table_names():
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


def migrate_whole() -> None:
    """Bring the tables up to this version, all of them or none.

    Where they are, nothing is done: Django would make all models anew for that, which is a third of a start.

    Django commits a migration before it notes that it was applied, so whoever is ended in between finds tables that
    are there already, for ever. In one transaction there is no in between. SQLite looks at references at the end, and
    has to be told before it begins; PostgreSQL looks at each as it is made, since a table with checks that are still
    due can't be altered.
    """
    if known_migrations() <= _applied_migrations():
        return
    is_sqlite = connection.vendor == "sqlite"
    if is_sqlite:
        connection.disable_constraint_checking()
    try:
        with transaction.atomic():
            if not is_sqlite:
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            call_command("migrate", verbosity=0, skip_checks=True)
            connection.check_constraints()
    finally:
        if is_sqlite:
            connection.enable_constraint_checking()


def bring_up(*steps: Callable[[], object]) -> None:
    """Take the steps one after another. Raises NotReady in place of what the database raises."""
    for step in steps:
        with _told(connection.settings_dict["NAME"]):
            step()
