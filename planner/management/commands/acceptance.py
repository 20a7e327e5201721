"""What results of checks prove of a plan."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.timezone import localdate

from planner.engine import Report
from planner.engine.acceptance import Acceptance, Run, assess
from planner.engine.result_files import ResultReader
from planner.management.plan_command import PlanCommand
from planner.management.statuses import TOLD
from planner.plan import limits
from planner.plan.check_results import BadResults
from planner.report import NotExpressible
from planner.report.checks.junit import render_junit
from planner.report.files import Failure, explain, write_output
from planner.report.formats.acceptance import render_json, render_text
from planner.report.paper.acceptance_pages import render_pdf
from planner.report.said.trend import trace_runs


def _print(report: Report, state: Acceptance) -> bytes:
    steps = trace_runs(report, state.used)
    return render_pdf(report, state, date=localdate(), stylesheet=settings.STYLESHEET, steps=steps)


WRITERS: dict[str, Callable[[Report, Acceptance], bytes]] = {
    "text": render_text,
    "json": render_json,
    "junit": render_junit,
    "pdf": _print,
}


class Command(PlanCommand):
    """Exit status: 0 if every flow is open, refused or unproven and nothing is open that must be closed, else 3.

    1 when the plan is bad, or nothing usable remains of the results; 2 for wrong usage.
    """

    help = "Say which flows of a plan are open, by the results that its check scripts wrote."

    def add_arguments(self, parser: CommandParser) -> None:
        """The plan, the files of results, and how the state is written."""
        parser.add_argument("plan", metavar="PLAN", help="a plan document, JSON or YAML")
        parser.add_argument(
            "results",
            metavar="RESULTS",
            nargs="+",
            help="a file that a check script wrote, or JUnit XML of the same checks",
        )
        parser.add_argument("--format", choices=list(WRITERS), default="text", help="how to write the state")
        parser.add_argument("--edition", default="", metavar="SLUG", help="evaluate under this edition of the matrix")

    def handle(self, *args: Any, plan: str, results: list[str], **options: Any) -> None:
        """Print the state, say what wasn't used, and leave with the status that it has."""
        report = self.evaluate(plan, options["edition"])
        runs, refused = _read_all(report, results)
        state = assess(report, runs, refused)
        for message in state.messages:
            self.complain(message)
        try:
            write_output(self.stdout, WRITERS[options["format"]](report, state))
        except (Failure, NotExpressible) as error:
            if str(error):
                self.complain(str(error))
            sys.exit(1)
        if not state.used:
            self.complain("There is no result of this plan.")
            sys.exit(1)
        if not state.passed:
            sys.exit(TOLD)


def _read_all(report: Report, names: list[str]) -> tuple[list[Run], list[str]]:
    """The runs that can be read, in their order, and a sentence for each file that can't, or not all of it."""
    runs: list[Run] = []
    refused = []
    reader = ResultReader(report)
    for name in names:
        try:
            with Path(name).open("rb") as file:
                runs += reader.read(name, file.read(limits.RESULTS + 1))
        except BadResults as error:
            refused.append(f"{name} was not used: {error}")
        except OSError as error:
            refused.append(f"{name} can't be read: {explain(error)}.")
    return runs, [*refused, *reader.messages]
