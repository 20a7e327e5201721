"""Load a port matrix: the one that is shipped, or another product's."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ports.actions import EditionDiffers, load_matrix
from ports.queries import SHIPPED, find_held_back


class Command(BaseCommand):
    """The short form of `matrix load`. Idempotent: what was loaded already stays, and so does what is current."""

    help = "Load a port matrix fixture; an edition that is new here becomes its product's current one."
    # It has to run where the checks find fault with the matrix that it is to replace.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The fixture."""
        parser.add_argument("fixture", nargs="?", type=Path, help="default: the matrix that is shipped")

    def handle(self, *args: Any, fixture: Path | None, **options: Any) -> None:
        """Load it, or say in sentences why not; say which amendments are held back."""
        try:
            edition, is_new = load_matrix(path=fixture or SHIPPED)
        except (OSError, EditionDiffers, ValueError) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(
                f"The database can't be used: {error}. Where it lacks tables, start the service once (make run, "
                "port-planner serve)."
            ) from None
        if options["verbosity"]:
            self.stdout.write(f"{edition}: {'loaded' if is_new else 'already loaded'}.")
        for sentence in find_held_back(edition.product_slug):
            self.stderr.write(sentence)
