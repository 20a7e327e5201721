"""A site as a backup has it."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from planner.management.commands.backup import source_of_backup
from planner.store.backup import BadBackup, Copy, read_backup, restore_backup, write_backup
from planner.store.crossing import has_rows, load_rows
from ports.text import plural


class Command(BaseCommand):
    """What is there is kept beside it first. A bad file changes nothing."""

    help = "Give the database and the secret key the content of a backup."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """From where, and whether what is there may go."""
        parser.add_argument("file", metavar="FILE", help="what `manage.py backup` has written")
        parser.add_argument(
            "--replace", action="store_true", help="although there is a database; it is kept as a backup beside it"
        )

    def handle(self, *args: Any, file: str, replace: bool, **options: Any) -> None:
        """Restore it and say what is to be done then."""
        key = settings.SECRET_KEY_FILE
        try:
            read_backup(Path(file))
            name = connection.settings_dict["NAME"]
            database = source_of_backup()
            if database.exists() if isinstance(database, Path) else has_rows():
                if not replace:
                    raise CommandError(
                        f"There is a database at {name}. With --replace it makes way, and is kept beside it."
                    )
                self.stdout.write(f"What was there is kept in {_put_aside(database, key)}.")
            known: defaultdict[str, set[str]] = defaultdict(set)
            for app, name in MigrationLoader(None).disk_migrations:
                known[app].add(name)
            if isinstance(database, Path):
                _make_folder(database.parent)
            target = database if isinstance(database, Path) else load_rows
            made = restore_backup(Path(file), target, key, known)
        except BadBackup as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{file} can't be restored: {error.strerror}.") from None
        signs = ""
        if not made.has_key:
            self.stdout.write(
                "The backup has no secret key: PLANNER_SECRET_KEY has to be the one of then, or no browser knows its "
                "plans any more and no link leads anywhere."
            )
        elif key is None:
            self.stdout.write("The secret key of the backup is not used, since PLANNER_SECRET_KEY is set.")
        else:
            signs = ", and signs with the key that came back"
        self.stdout.write(
            f"{made.plans} {plural(made.plans, 'plan')} as of {made.made}. Start the service again now: that brings "
            f"the database up to date{signs}."
        )


def _make_folder(folder: Path) -> None:
    """Where the database comes back to; nothing else has made it where the secret key isn't kept in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"The data folder {folder} can't be made: {error.strerror}.") from None


def _put_aside(database: Path | Copy, key: Path | None) -> Path:
    """What is there as a backup in the data folder; of a file that is damaged itself, with what belongs to it."""
    stem = Path(settings.DATA_DIR) / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    kept = stem.with_name(f"{stem.name}.zip")
    try:
        write_backup(database, key, kept)
    except BadBackup:
        if not isinstance(database, Path):
            raise
        kept = stem.with_name(f"{stem.name}.sqlite3")
        for ending in ("-wal", "-shm", ""):
            path = database.with_name(database.name + ending)
            if path.exists():
                path.rename(kept.with_name(kept.name + ending))
    return kept
