"""Every plan with all its revisions, as one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from planner.deploy.drafts import writing
from planner.store.transfer import all_plans, export_plans
from ports.text import plural


class Command(BaseCommand):
    """The file is written whole or not at all, and its owner alone can read it: it says where everything stands."""

    help = "Write every plan with all its revisions to an archive, without the secrets of their addresses."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("--output", required=True, metavar="FILE", help="the zip file to write")

    def handle(self, *args: Any, output: str, **options: Any) -> None:
        """Write the archive beside its place and move it there."""
        target = Path(output)
        try:
            with writing(target) as file:
                count = export_plans(file, all_plans())
        except OSError as error:
            raise CommandError(f"{target} can't be written: {error.strerror}.") from None
        self.stdout.write(f"{target}: {count} {plural(count, 'plan')}.")
