"""Whether the service can do its work now: what `/readyz` and the start ask."""

import os
import secrets
import shutil
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.migrations.loader import MigrationLoader

from planner.deploy.sqlite.base import is_lost
from planner.store.models import Attempt
from planner.store.trouble import BUSY, DAMAGED, GONE, READ_ONLY, name_trouble, short_of_patience
from ports.matrix import MatrixError
from ports.queries import NoMatrix, current_matrix

ROOM = 8 * 2**20
"""Bytes that have to be free on the disk of the data folder."""
WORDS = ("secret", "disk", "full", "read-only", "database", "damaged", "migrations", "matrix")
"""What can be wrong."""


def list_troubles() -> list[str]:
    """What keeps the service from its work, each in a word of WORDS; nothing if it can. Nothing is kept of asking."""
    found = [] if has_secret() else ["secret"]
    if free_room() < ROOM:
        found.append("disk")
    return found + _try_database()


def free_room() -> int:
    """Bytes that are free in the data folder; 0 where it isn't there."""
    try:
        return shutil.disk_usage(settings.DATA_DIR).free
    except OSError:
        return 0


def has_secret() -> bool:
    """Whether the secret key is where the service reads it at its next start, and the same."""
    if settings.SECRET_KEY_FILE is None:
        return True
    try:
        return bool(settings.SECRET_KEY_FILE.read_text("ascii").strip() == settings.SECRET_KEY)
    except (OSError, ValueError):
        return False


def _try_database() -> list[str]:
    if connection.vendor == "sqlite" and is_lost(Path(str(connection.settings_dict["NAME"]))):
        return [GONE.word]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
        if not known_migrations() <= applied:
            return ["migrations"]
        current_matrix()
        return [READ_ONLY.word] if not _is_folder_writable() else _try_to_write()
    except (NoMatrix, MatrixError):
        return ["matrix"]
    except Error as error:
        trouble = name_trouble(error)
        return [] if trouble is BUSY else [(trouble or DAMAGED).word]


def _is_folder_writable() -> bool:
    return connection.vendor != "sqlite" or os.access(Path(str(connection.settings_dict["NAME"])).parent, os.W_OK)


def _try_to_write() -> list[str]:
    """Take the write lock, write a row, and take it back. That others are writing meanwhile is no trouble."""
    with short_of_patience(), transaction.atomic():
        Attempt.objects.create(subject="readiness", mark=secrets.token_hex(16))
        transaction.set_rollback(True)
    return []


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """The application and the name of each migration of this version."""
    return frozenset(MigrationLoader(None).disk_migrations)
