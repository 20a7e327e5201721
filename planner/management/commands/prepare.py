"""What comes before the service is started: a look at where everything is kept, and the database as it is needed."""

from functools import partial
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from planner.deploy.environment import list_unknown
from planner.deploy.sqlite import library
from planner.store.start import NotReady, alone, bring_up, check_place, check_version, migrate_whole


class Command(BaseCommand):
    """Idempotent. Several that start at once on one database wait for each other."""

    help = "Look at the data folder and the database, and bring the database and the port matrix up to date."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say in a sentence what is wrong, and which settings aren't known."""
        for sentence in list_unknown():
            self.stderr.write(sentence)
        try:
            check_place()
            with alone():
                check_version()
                # A matrix with faults must not keep the service from starting: pages say what is wrong with it.
                bring_up(
                    migrate_whole,
                    self._load_matrix,
                    partial(call_command, "tidy"),
                )
        except (NotReady, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(library.describe() if connection.vendor == "sqlite" else "PostgreSQL.")

    def _load_matrix(self) -> None:
        """A newer edition becomes the current one; what is amended here stays. One that is refused says why."""
        try:
            call_command("load_matrix")
        except CommandError as error:
            self.stderr.write(str(error))
            self.stdout.write("The shipped port matrix was not loaded; the service goes on with what is here.")
