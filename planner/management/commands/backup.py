"""All that a site keeps, as one file."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from planner.store.backup import BadBackup, Copy, write_backup
from planner.store.crossing import dump_rows
from ports.text import plural


def source_of_backup() -> Path | Copy:
    """The file of SQLite, or what writes one of the rows of PostgreSQL."""
    return Path(str(connection.settings_dict["NAME"])) if connection.vendor == "sqlite" else dump_rows


class Command(BaseCommand):
    """While the service runs, or not. The file is written whole or not at all; its owner alone can read it."""

    help = "Write the database and the secret key to one file, checked after it was written."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("file", metavar="FILE", help="the zip archive to write; one that is there is replaced")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        """Write it and say what is in it."""
        try:
            made = write_backup(source_of_backup(), settings.SECRET_KEY_FILE, Path(file))
        except BadBackup as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{file} can't be written: {error.strerror}.") from None
        key = "with the secret key" if made.has_key else "without the secret key, which is not kept in the data folder"
        self.stdout.write(f"{file}: {made.plans} {plural(made.plans, 'plan')}, {key}.")
