"""A site as a backup has it."""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.migrations.loader import MigrationLoader

from planner.store.backup import BadBackup, read_backup, restore_backup, write_backup
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
        database = Path(str(settings.DATABASES["default"]["NAME"]))
        key = settings.SECRET_KEY_FILE
        try:
            read_backup(Path(file))
            if database.exists():
                if not replace:
                    raise CommandError(
                        f"There is a database at {database}. With --replace it makes way, and is kept beside it."
                    )
                self.stdout.write(f"What was there is kept in {_put_aside(database, key)}.")
            known: defaultdict[str, set[str]] = defaultdict(set)
            for app, name in MigrationLoader(None).disk_migrations:
                known[app].add(name)
            made = restore_backup(Path(file), database, key, known)
        except BadBackup as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{file} can't be restored: {error.strerror}.") from None
        if made.has_key and key is None:
            self.stdout.write("The secret key of the backup is not used, since PLANNER_SECRET_KEY is set.")
        self.stdout.write(
            f"{made.plans} {plural(made.plans, 'plan')} as of {made.made}. Start the service again now: that brings "
            "the database up to date, and signs with the key that came back."
        )


def _put_aside(database: Path, key: Path | None) -> Path:
    """What is there as a backup beside it; of a database that is damaged the file itself, with what belongs to it."""
    stem = f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    try:
        write_backup(database, key, database.with_name(f"{stem}.zip"))
    except BadBackup:
        for ending in ("-wal", "-shm", ""):
            path = database.with_name(database.name + ending)
            if path.exists():
                path.rename(database.with_name(f"{stem}.sqlite3{ending}"))
        return database.with_name(f"{stem}.sqlite3")
    return database.with_name(f"{stem}.zip")
