"""The plans of an archive, brought into this database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from planner.management.edit_links import show_edit_link
from planner.plan.archive import BY_COMMAND
from planner.plan.archive_values import ArchiveError
from planner.sharing.links import make_edit_link
from planner.store.transfer import import_plans
from ports.matrix import MatrixError
from ports.queries import NoMatrix, current_matrix
from ports.text import show_line


class Command(BaseCommand):
    """All of them or none. Their edit links are printed: nobody can tell them later."""

    help = "Import every plan of an archive that export_plans or a plan's page has written."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where from."""
        parser.add_argument("file", metavar="FILE", help="the zip file to read")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        """Import the plans and print the edit link of each."""
        try:
            with Path(file).open("rb") as archive:
                plans = import_plans(archive, BY_COMMAND, current_matrix(), tell=self._tell)
        except (NoMatrix, MatrixError) as error:
            raise CommandError(str(error)) from None
        except ArchiveError as error:
            raise CommandError(show_line(f"{file}: {error} Nothing was stored.")) from None
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror}.") from None
        for plan in plans:
            address = show_edit_link(make_edit_link(plan_id=plan.pk))
            self.stdout.write(show_line(f"{plan.name}: {address}"))
        if not plans:
            self.stdout.write("There is no plan in the archive.")

    def _tell(self, sentence: str) -> None:
        self.stderr.write(show_line(sentence))
