"""All that is to be said about plan files, each thing at its line: for people, pipelines and editors."""

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from planner.engine import evaluate_report
from planner.management.options import choose_targets
from planner.management.plan_command import PlanCommand
from planner.management.statuses import TOLD
from planner.plan import syntax
from planner.plan.carry import Carried
from planner.plan.document import PlanError
from planner.plan.positions import Positions, locate
from planner.report.files import Failure, write_file, write_output
from planner.report.lint import LINT_FORMATS
from planner.report.lint.annotate import (
    EXPECTED,
    Linted,
    annotate_faults,
    annotate_report,
    annotate_unreadable,
)
from planner.store.plan_files import NoUsableMatrix, Source, find_matrix, read_file, read_source
from ports.matrix import SEVERITIES, Matrix


class Command(PlanCommand):
    """Exit status: 0; 1 when a file is no plan or nothing could be written; 2 for wrong usage.

    3 when an expectation of a plan isn't met, or a finding is as grave as --fail-on says. 1 wins over 3.
    """

    help = "Say all that is wrong with plan documents (JSON or YAML) and what follows from them, each at its line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Plans, format, and when to fail."""
        self.parser = parser
        parser.add_argument("plans", nargs="+", metavar="PLAN", help="a plan document, JSON or YAML")
        parser.add_argument("--format", choices=list(LINT_FORMATS), default="text", help="how to write it")
        parser.add_argument("--output", metavar="FILE", help="a file; without it standard output")
        parser.add_argument(
            "--fail-on",
            choices=SEVERITIES,
            help="leave with status 3 if a plan has a finding of this severity or a graver one; without it findings "
            "don't change the status",
        )
        parser.add_argument(
            "--exit-code", action="store_true", help="leave with status 3 if anything is said, as --fail-on info does"
        )
        parser.add_argument("--edition", default="", metavar="SLUG", help="evaluate under this edition of the matrix")

    def handle(self, *args: Any, plans: list[str], format: str, output: str | None, **options: Any) -> None:
        """Look at each file, write what there is to say, and leave with the status that it has."""
        chosen = LINT_FORMATS[format]
        target = self._choose_target(plans, chosen.name, output)
        least = SEVERITIES[-1] if options["exit_code"] else options["fail_on"]
        failing = frozenset(SEVERITIES[: SEVERITIES.index(least) + 1] if least else ())
        try:
            matrix = find_matrix(options["edition"])
        except NoUsableMatrix as error:
            self.complain(str(error))
            sys.exit(1)
        files = [_lint(name, matrix, fixed=bool(options["edition"])) for name in dict.fromkeys(plans)]
        try:
            content = chosen.render(files, failing)
            if target is None:
                write_output(self.stdout, content)
            else:
                write_file(target, content)
        except Failure as error:
            if str(error):
                self.complain(str(error))
            sys.exit(1)
        if not all(file.is_plan for file in files):
            sys.exit(1)
        said = [one for file in files for one in file.annotations]
        if any(one.code == EXPECTED or one.severity in failing for one in said):
            sys.exit(TOLD)

    def _choose_target(self, plans: list[str], name: str, output: str | None) -> Path | None:
        """The file to write. Leaves with status 2 for a folder, and for one of the plans."""
        if output is None:
            return None
        if output.endswith(("/", os.sep)) or Path(output).is_dir():
            self.parser.error("--output is one file for all plans; name a file, not a folder")
        [target] = choose_targets(self.parser, plans[:1], name, output, kept=plans)
        return target


def _lint(name: str, matrix: Matrix, *, fixed: bool) -> Linted:
    """All that is to be said about one file."""
    shown = _show_path(name)
    renamed: list[Carried] = []
    try:
        source = read_file(name)
    except Failure as error:
        return annotate_unreadable(shown, str(error))
    try:
        plan, under = read_source(source, matrix, fixed=fixed, tell=renamed.append)
        report = evaluate_report(under, plan)
    except PlanError as error:
        return annotate_faults(shown, error.faults, _locate(source), _parse(source))
    except Failure as error:
        return annotate_unreadable(shown, str(error))
    sentences = [f"Renamed since it was written, and read so: {one}" for one in renamed]
    return annotate_report(shown, report, _locate(source), sentences)


def _locate(source: Source) -> Positions:
    return Positions() if source.is_inside else locate(source.data, source.syntax)


def _parse(source: Source) -> object:
    """What a document has, of whatever shape; None where it is no text that can be read."""
    try:
        return syntax.parse(source.data, source.syntax)
    except syntax.SyntaxFault:
        return None


def _show_path(name: str) -> str:
    """A path as those who show annotations know files: from the folder in which the command runs, with slashes."""
    path = Path(name)
    here = Path.cwd()
    if path.is_absolute() and path.is_relative_to(here):
        path = path.relative_to(here)
    return path.as_posix()
