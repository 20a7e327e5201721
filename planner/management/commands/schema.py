"""The JSON Schemas of plans, reports, comparisons, matrices and results, for editors and programs that use them."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from planner.plan.check_results import results_schema
from planner.plan.document import catalogued_schema, plan_schema
from planner.plan.syntax import to_json
from planner.report.files import Failure, write_output
from planner.report.formats.json import comparison_schema, report_schema
from planner.store.plan_files import NoUsableMatrix, find_matrix
from ports.matrix.schema import fixture_schema


class Command(BaseCommand):
    """The schema of plans has the vocabulary of the matrix that reports are made under."""

    help = "Print the JSON Schema of plan documents, JSON reports, comparisons, matrix fixtures or results of checks."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which schema."""
        parser.add_argument(
            "document", choices=("plan", "report", "comparison", "matrix", "results"), help="whose schema to print"
        )

        parser.add_argument(
            "--at",
            metavar="URL",
            help="of plans: as a catalogue for editors takes it, in draft 07, to be published at this address",
        )

    def handle(self, *args: Any, document: str, at: str | None = None, **options: Any) -> None:
        """Print it as JSON."""
        if at is not None and (document != "plan" or not at.startswith(("https://", "http://"))):
            raise CommandError("--at takes the http or https address of a schema of plans.")
        try:
            made: dict[str, Any] = {
                "report": report_schema,
                "comparison": comparison_schema,
                "matrix": fixture_schema,
                "results": results_schema,
            }
            if document in made:
                schema = made[document]()
            else:
                schema = plan_schema(find_matrix()) if at is None else catalogued_schema(find_matrix(), at)
            write_output(self.stdout, to_json(schema).encode())
        except NoUsableMatrix as error:
            raise CommandError(str(error)) from None
        except Failure as error:
            if str(error):
                raise CommandError(str(error)) from None
            sys.exit(1)
