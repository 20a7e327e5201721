"""The whole of what a site keeps, as one file, and back: the database and the secret key.

It is a file of SQLite whatever it was taken of. Of SQLite the copy is its own online backup
(https://www.sqlite.org/backup.html): a state between two writes, taken while others read and write; rows from and to
PostgreSQL are carried by `crossing.py`. Whoever has the file has every plan and can sign cookies, so only its owner
can read it.
"""

import hashlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from planner.deploy import drafts
from planner.deploy.sqlite.base import make_once
from planner.store.sealed import KINDS
from ports.matrix.vocabulary import listed

FORMAT = 1
DATABASE, KEY, ABOUT = "planner.sqlite3", "secret-key", "backup.json"
_PIECE = 1 << 20
_LARGEST_ABOUT = 100_000
"""Bytes of what a backup says of itself."""
_PATIENCE = 60
"""Seconds that a copy waits for whoever is writing."""
_KINDS = json.dumps(sorted(KINDS))
_SEALED = """SELECT id FROM planner_job WHERE json_extract("order", '$.kind') IN (SELECT value FROM json_each(?))"""
"""The jobs that are about secrets."""

Copy = Callable[[Path], None]


class BadBackup(Exception):
    """A file that isn't taken, or a database that isn't copied. The message is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup says of itself."""

    made: str
    """When, in ISO 8601, UTC."""
    plans: int
    size: int
    """Bytes of the database."""
    sha256: str
    migrations: Mapping[str, str]
    """By application, the newest migration that the database has."""
    has_key: bool
    """Whether the secret key is in it; a site can keep that elsewhere."""


def write_backup(database: Path | Copy, key: Path | None, target: Path) -> Backup:
    """Copy the database, with the key if that is a file, into a new file at `target`, and check what was written.

    `database` is a file of SQLite, or what writes such a file of another database.

    The file is there whole or not at all, and its owner alone can read it (0600). Raises BadBackup where the copy
    isn't sound or what was written can't be read back, and OSError where it can't be written.
    """
    with drafts.writing(target) as file:
        with tempfile.TemporaryDirectory(prefix=drafts.PREFIX, dir=target.parent) as folder:
            copy = Path(folder) / DATABASE
            if isinstance(database, Path):
                _copy(database, copy)
            else:
                database(copy)
            _leave_out_secrets(copy)
            about = _describe(copy, has_key=key is not None)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.write(copy, DATABASE)
                if key is not None:
                    archive.write(key, KEY)
                archive.writestr(ABOUT, json.dumps({"format": FORMAT} | _as_json(about), indent=2) + "\n")
        file.flush()
        with _opened(Path(file.name)) as (archive, read):
            if read != about or _digest_of(archive) != about.sha256:
                raise BadBackup(f"What was written to {target} isn't what was copied; the disk may be failing.")
    return about


def read_backup(source: Path) -> Backup:
    """What a backup says of itself, once all of it has been read and found whole. Raises BadBackup and OSError."""
    with _opened(source) as (archive, about):
        if _digest_of(archive) != about.sha256:
            raise BadBackup(f"{source}: the database in it is damaged; take another backup.")
    return about


def restore_backup(source: Path, database: Path | Copy, key: Path | None, known: Mapping[str, set[str]]) -> Backup:
    """Give the database, and the key if it is a file, the content of a backup.

    `database` is a file of SQLite, or what gives another database the content of such a file.

    `known`: the names of the migrations that this version has, by application. It is one transaction: whoever reads
    meanwhile sees what was there before or what is there afterwards; where no database was, none is there until it is
    back as a whole, after its key: beside another one it would pass for sound, and no link would lead anywhere. Raises
    BadBackup, before anything is changed, for a file that is damaged, isn't a backup, or is of a newer version; and
    OSError.
    """
    place = database.parent if isinstance(database, Path) else Path(tempfile.gettempdir())
    drafts.drop_left(place)
    with (
        _opened(source) as (archive, about),
        tempfile.TemporaryDirectory(prefix=drafts.PREFIX, dir=place) as folder,
    ):
        copy = Path(folder) / DATABASE
        with archive.open(DATABASE) as packed, copy.open("wb") as file:
            for piece in _pieces(packed):
                file.write(piece)
        if _digest_file(copy) != about.sha256:
            raise BadBackup(f"{source}: the database in it is damaged; take another backup.")
        if _describe(copy, has_key=about.has_key).migrations != about.migrations:
            raise BadBackup(f"{source}: the database in it isn't the one that the backup tells of.")
        newer = sorted(f"{app}.{name}" for app, name in about.migrations.items() if name not in known.get(app, set()))
        if newer:
            raise BadBackup(f"{source} is of a newer version, which knows {listed(newer)}; install that first.")
        kept = archive.read(KEY) if about.has_key else None
        if isinstance(database, Path) and not database.exists():
            _make_ready(copy)
            _give_key(kept, key)
            _move(copy, database)
        else:
            if isinstance(database, Path):
                _copy(copy, database)
            else:
                database(copy)
            _give_key(kept, key)
    return about


def _give_key(kept: bytes | None, key: Path | None) -> None:
    if kept is not None and key is not None:
        with drafts.writing(key) as file:
            file.write(kept)


# ---- the database ----


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup, checked: of a database that others may be writing to, into one that others may read."""
    if not source.is_file():
        raise BadBackup(f"There is no database at {source}.")
    try:
        with closing(_connect(source, "ro")) as old, closing(_connect(target, "rwc")) as new:
            old.backup(new, pages=-1)
            _check(new, source)
    except sqlite3.Error as error:
        raise BadBackup(f"{source} can't be copied: {error}.") from None


def _make_ready(copy: Path) -> None:
    """Check a database that is to be moved, and have it on the disk, for its owner alone (0600)."""
    try:
        with closing(_connect(copy, "rw")) as opened:
            _check(opened, copy)
    except sqlite3.Error as error:
        raise BadBackup(f"{copy} can't be read: {error}.") from None
    copy.chmod(0o600)
    with copy.open("rb") as file:
        os.fsync(file.fileno())


def _move(copy: Path, target: Path) -> None:
    """Have a database where none is, once it is ready; whoever is killed before leaves none there.

    An empty one would pass for a service that was never used.
    """
    for ending in ("-wal", "-shm", "-journal"):  # what is left of the one that was lost is no part of this one
        target.with_name(target.name + ending).unlink(missing_ok=True)
    copy.replace(target)
    drafts.sync_folder(target.parent)
    make_once(target)


def _check(opened: sqlite3.Connection, path: Path) -> None:
    """Raises BadBackup where a database isn't sound, and sqlite3.Error where it can't be read."""
    faults = [str(row[0]) for row in opened.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
    faults += [f"a row of {row[0]} leads nowhere" for row in opened.execute("PRAGMA foreign_key_check")][:3]
    if faults:
        raise BadBackup(f"{path} is damaged: {listed(faults)}.")


def _leave_out_secrets(database: Path) -> None:
    """Take out of a copy what waits sealed: beside the key that goes along it could be read."""
    try:
        with closing(_connect(database, "rw")) as connection, connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'planner_job'").fetchone():
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute(f"DELETE FROM planner_piece WHERE job_id IN ({_SEALED})", (_KINDS,))  # noqa: S608
                connection.execute(f"DELETE FROM planner_job WHERE id IN ({_SEALED})", (_KINDS,))  # noqa: S608
    except sqlite3.Error as error:
        raise BadBackup(f"What waits sealed can't be taken out of the copy: {error}.") from None


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE)


def _describe(database: Path, *, has_key: bool) -> Backup:
    try:
        with closing(_connect(database, "ro")) as connection:
            migrations = dict(
                connection.execute("SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY app")
            )
            (plans,) = connection.execute("SELECT count(*) FROM planner_plan").fetchone()
    except sqlite3.Error as error:
        raise BadBackup(f"This is no database of Port planner: {error}.") from None
    return Backup(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        plans=plans,
        size=database.stat().st_size,
        sha256=_digest_file(database),
        migrations=migrations,
        has_key=has_key,
    )


# ---- the file ----


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Backup]]:
    """A backup and what it says of itself. Raises BadBackup where it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            there = {info.filename: info.file_size for info in archive.infolist()}
            if DATABASE not in there or not 0 < there.get(ABOUT, 0) < _LARGEST_ABOUT:
                raise BadBackup(f"{path} is no backup: one holds {DATABASE} and {ABOUT}.")
            yield archive, _read_about(path, archive.read(ABOUT), there)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadBackup(f"{path} is no backup, or a damaged one: {error}.") from None


def _read_about(path: Path, text: bytes, there: Mapping[str, int]) -> Backup:
    damaged = BadBackup(f"{path} is a damaged backup: what it says of itself isn't what it holds.")
    try:
        said: dict[str, Any] = json.loads(text)
        number = said.pop("format")
        if number != FORMAT:
            raise BadBackup(f"{path} is a backup of format {number}; this version reads format {FORMAT}.")
        about = Backup(**said)
        sound = about.size == there[DATABASE] and about.has_key == (KEY in there) and bool(about.migrations)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise damaged from None
    if not sound:
        raise damaged
    return about


def _as_json(about: Backup) -> dict[str, Any]:
    return {name: getattr(about, name) for name in Backup.__dataclass_fields__}


def _digest_of(archive: zipfile.ZipFile) -> str:
    digest = hashlib.sha256()
    with archive.open(DATABASE) as packed:
        for piece in _pieces(packed):
            digest.update(piece)
    return digest.hexdigest()


def _digest_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pieces(file: Any) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
