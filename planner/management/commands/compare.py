"""What differs between two plan documents: which connections to open and to close."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from planner.engine import Report, evaluate_report
from planner.engine.compare import compare_reports
from planner.management.options import (
    add_printing,
    choose_classification,
    choose_engine,
    choose_stylesheet,
    choose_targets,
)
from planner.management.plan_command import PlanCommand
from planner.management.statuses import TOLD
from planner.plan.document import PlanError
from planner.report import CHANGE_FORMATS, NotExpressible
from planner.report.files import Failure, write_file, write_output
from planner.report.said.edition import Editions
from planner.store.plan_files import NoUsableMatrix, find_matrix, read_with_matrix


class Command(PlanCommand):
    """Exit status: 0, whatever differs, and with --exit-code 3 if there is something to do.

    1 when a file was bad or nothing could be written; 2 for wrong usage.
    """

    help = "Write what has to be opened and can be closed between two plan documents (JSON or YAML)."

    def add_arguments(self, parser: CommandParser) -> None:
        """The two plans, format and where to."""
        self.parser = parser
        parser.add_argument("old", metavar="OLD", help="the plan as it was")
        parser.add_argument("new", metavar="NEW", help="the plan as it is to be")
        parser.add_argument("--format", required=True, choices=list(CHANGE_FORMATS), help="what to write")
        add_printing(parser)
        parser.add_argument(
            "--output",
            metavar="PATH",
            help="a file, or a folder that gets the file NEW.FORMAT: it is a folder if it ends in / or is one; "
            "without it the comparison goes to standard output",
        )
        parser.add_argument(
            "--exit-code",
            action="store_true",
            help="leave with 3 if a flow, a rule or an address differs; what was renamed alone doesn't count",
        )

    def handle(self, *args: Any, old: str, new: str, format: str, output: str | None, **options: Any) -> None:
        """Compare the two and write the result; every fault of both plans is told."""
        chosen = CHANGE_FORMATS[format]
        kept = [old, new, *filter(None, [options["stylesheet"]])]
        [target] = choose_targets(self.parser, [new], chosen.extension, output, kept=kept)
        try:
            classification = choose_classification(self.parser, options["classification"], chosen.name, CHANGE_FORMATS)
            stylesheet = choose_stylesheet(self.parser, options["stylesheet"], chosen.name, CHANGE_FORMATS)
            engine = choose_engine(self.parser, options["engine"], chosen.name, stylesheet)
            chosen.begin(engine or settings.PDF_ENGINE, is_styled=bool(stylesheet))
            matrix = find_matrix()
        except (Failure, NoUsableMatrix) as error:
            self.complain(str(error))
            sys.exit(1)
        reports: list[Report] = []
        for name in (old, new):
            try:
                plan, under = read_with_matrix(name, matrix, fixed=False, tell=self.tell_carried(name))
                reports.append(evaluate_report(under, plan, reports[0] if reports else None))
            except (PlanError, Failure) as error:
                self.complain_of(name, error)
        if len(reports) < 2:
            sys.exit(1)
        before, after = reports
        try:
            editions = Editions(
                before=old,
                after=new,
                paper=options["paper"],
                stylesheet=stylesheet,
                engine=engine,
                classification=classification,
            )
            comparison = compare_reports(before, after)
            content = chosen.render(comparison, editions)
            if target is None:
                write_output(self.stdout, content)
            else:
                write_file(target, content)
        except NotExpressible as error:
            self.complain(f"{new}: {error}")
            sys.exit(1)
        except Failure as error:
            if str(error):
                self.complain(str(error))
            sys.exit(1)
        if options["exit_code"] and comparison.asks_for_changes:
            sys.exit(TOLD)
