"""Load a port matrix: the one that is shipped, or another product's."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ports.actions import MatrixEdited, load_matrix
from ports.matrix import MatrixError
from ports.queries import SHIPPED


class Command(BaseCommand):
    """Idempotent: what was loaded already stays; edits of staff are never overwritten unless --force is given."""

    help = "Load a port matrix fixture; one that is named becomes the active one."
    # It has to run where the checks find fault with the matrix that it is to replace.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The fixture, and whether to put its rows back."""
        parser.add_argument(
            "fixture", nargs="?", type=Path, help="default: the shipped matrix, active only if no other is"
        )
        edited = parser.add_mutually_exclusive_group()
        edited.add_argument("--force", action="store_true", help="put the fixture's rows back, over staff's edits")
        edited.add_argument(
            "--keep-edits", action="store_true",
            help="where loading would lose edits of staff, leave the matrix as it is, say so and exit with 0",
        )  # fmt: skip

    def handle(self, *args: Any, fixture: Path | None, force: bool, keep_edits: bool, **options: Any) -> None:
        """Load it, or say in sentences why not."""
        try:
            matrix, written = load_matrix(path=fixture or SHIPPED, activate=fixture is not None, force=force)
        except MatrixEdited as error:
            if not keep_edits:
                raise CommandError(str(error)) from None
            self.stderr.write(str(error))
            return
        except (OSError, MatrixError, ValueError) as error:
            raise CommandError(str(error)) from None
        if options["verbosity"]:
            self.stdout.write(f"{matrix}: {'loaded' if written else 'already loaded'}.")
