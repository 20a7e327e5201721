"""What the rules that are there lack of a plan, and what they admit beyond it."""

import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from planner.engine.existing.decide import Also, compare_with
from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers import READERS
from planner.engine.existing.reading import decode, read_existing
from planner.engine.existing.sides import BadMap, find_firewall, read_map
from planner.management.options import choose_targets
from planner.management.plan_command import PlanCommand
from planner.management.statuses import TOLD
from planner.plan import limits
from planner.report import progress
from planner.report.errors import NotExpressible
from planner.report.files import Failure, explain, write_file, write_output
from planner.report.gap import ALSO, GAP_FORMATS, WITH_ALL, read_also
from planner.report.gap.delta import DELTA, render_delta
from planner.report.gap.delta.task import Task
from planner.report.said.within import list_numbers
from ports.text import many

LONGEST = 3600.0
"""Seconds of a processor that a comparison may take, as one that the service makes apart from answering."""
TOO_LONG = (
    f"holding it against the plan takes more than {many(int(LONGEST // 3600), 'hour')} of a processor, and was ended."
)


class Command(PlanCommand):
    """Exit status: 0 if no rule of the plan is missing, else 3.

    1 when the plan, the existing rules or the map can't be read, or to compare them takes more than an hour; 2 for
    wrong usage.
    """

    help = "Say which flows of a plan the rules that a firewall has already admit, which not, and what is too wide."

    def add_arguments(self, parser: CommandParser) -> None:
        """The plan, the configuration, and how the answer is written."""
        self.parser = parser
        parser.add_argument("plan", metavar="PLAN", help="a plan document, JSON or YAML")
        parser.add_argument("existing", metavar="EXISTING", help="the configuration of a firewall")
        parser.add_argument(
            "--from", dest="source", required=True, choices=list(READERS), help="what wrote the configuration"
        )
        parser.add_argument("--map", metavar="FILE", help="YAML: {the device's interface or zone: zone of the plan}")
        parser.add_argument(
            "--firewall",
            default="",
            metavar="NAME",
            help="which firewall of the plan it is, where the plan has several; its zones are as it has them, and "
            "flows that don't pass it are left out",
        )
        parser.add_argument(
            "--format",
            choices=[*GAP_FORMATS, DELTA],
            default="text",
            help="how to write the answer; delta is what is missing, as configuration of the device",
        )
        parser.add_argument(
            "--also",
            type=_read_also,
            metavar="WHAT",
            help=f"what else is looked for, of {', '.join(ALSO)}, divided by commas; text and xlsx have all of it "
            "unless this says less, json and csv nothing",
        )
        parser.add_argument(
            "--earlier",
            nargs="+",
            action="extend",
            default=[],
            metavar="OLD",
            help="earlier revisions of the plan: entries named after their rules can be stale, others not; without "
            "it the form of a name decides",
        )
        parser.add_argument(
            "--output",
            metavar="PATH",
            help="a file, or a folder that gets the file PLAN.FORMAT: it is a folder if it ends in / or is one; "
            "without it the answer goes to standard output",
        )
        parser.add_argument("--edition", default="", metavar="SLUG", help="evaluate under this edition of the matrix")

    def handle(self, *args: Any, plan: str, existing: str, source: str, **options: Any) -> None:
        """Write the answer, and leave with the status that it has."""
        kept = [plan, existing, *options["earlier"], *filter(None, [options["map"]])]
        [target] = choose_targets(self.parser, [plan], options["format"], options["output"], kept=kept)
        report = self.evaluate(plan, options["edition"])
        earlier = {
            number for name in options["earlier"] for number in list_numbers(self.evaluate(name, options["edition"]))
        }
        also = options["also"]
        if also is None:
            also = ALSO if options["format"] in WITH_ALL else ()
        if options["earlier"]:
            also = {*also, "stale"}
        name = existing
        try:
            data = _read(existing, limits.EXISTING)
            ruleset = read_existing(data, source)
            name = options["map"] or plan
            mapping = read_map(_read(options["map"], limits.DOCUMENT)) if options["map"] else {}
            firewall = find_firewall(report.plan, ruleset, options["firewall"])
            gap = compare_with(
                report,
                ruleset,
                mapping,
                firewall,
                only_passing=bool(options["firewall"]),
                also=also,
                earlier=earlier if options["earlier"] else None,
                pause=progress.at_most(LONGEST),
            )
        except progress.TooLong:
            self.complain(f"{existing}: {TOO_LONG}")
            sys.exit(1)
        except (Unreadable, BadMap) as error:
            self.complain(f"{name}: {error}")
            sys.exit(1)
        except Failure as error:
            self.complain(str(error))
            sys.exit(1)
        try:
            if options["format"] == DELTA:
                content = render_delta(Task(gap=gap, text=decode(data), firewall=firewall, mapping=mapping))
            else:
                content = GAP_FORMATS[options["format"]].render(gap)
            if target is None:
                write_output(self.stdout, content)
            else:
                write_file(target, content)
        except NotExpressible as error:
            self.complain(f"{existing}: {error}")
            sys.exit(1)
        except Failure as error:
            if str(error):
                self.complain(str(error))
            sys.exit(1)
        if gap.boundaries:
            sys.exit(TOLD)


def _read_also(text: str) -> tuple[Also, ...]:
    """The words of --also. Raises ArgumentTypeError for one that there isn't."""
    try:
        return read_also(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None


def _read(name: str, most: int) -> bytes:
    """A file, and one byte more of it than is read at all. Raises Failure."""
    try:
        with Path(name).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise Failure(f"{name} can't be read: {explain(error)}.") from None
