"""The ready-made topologies of the port matrix: their names, or one of them as a plan document."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from planner.plan.document import PlanError, dump_plan
from planner.plan.syntax import to_yaml
from planner.plan.topologies import read_topology
from planner.report.files import Failure, write_output
from planner.store.plan_files import NoUsableMatrix, find_matrix


class Command(BaseCommand):
    """What the first page offers to start from, for those who work with plan files."""

    help = "Print a ready-made topology as a plan document (YAML), or the names of all."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which topology."""
        parser.add_argument("slug", nargs="?", help="without it: one line for each, its slug and its name")

    def handle(self, *args: Any, slug: str | None, **options: Any) -> None:
        """Print it, with its invented addresses."""
        try:
            matrix = find_matrix()
            if slug is None:
                text = "".join(f"{one.slug}\t{one.name}\n" for one in matrix.topologies.values())
            elif slug not in matrix.topologies:
                known = ", ".join(matrix.topologies) or "none"
                raise CommandError(f"There is no topology “{slug}”; there are {known}.")
            else:
                text = to_yaml(dump_plan(read_topology(matrix, slug)))
            write_output(self.stdout, text.encode())
        except (NoUsableMatrix, PlanError) as error:
            raise CommandError(str(error)) from None
        except Failure as error:
            if str(error):
                raise CommandError(str(error)) from None
            sys.exit(1)
