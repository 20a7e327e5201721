"""Plan files in their one style, so that a change of one shows what was changed and nothing else."""

import difflib
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from planner.management.plan_command import PlanCommand
from planner.management.statuses import TOLD
from planner.plan.document import PlanError
from planner.plan.formatting import format_document
from planner.report.files import Failure, write_file, write_output
from planner.store.plan_files import read_file
from ports.text import many, show


class Command(PlanCommand):
    """Exit status: 0; 1 when a file can't be read as one, or not be written; 2 for wrong usage.

    3 when --check is given and a file isn't formatted. 1 wins over 3.
    """

    help = "Bring plan documents (JSON or YAML) into one style; what they say and their comments stay."

    def add_arguments(self, parser: CommandParser) -> None:
        """The files, and whether to write them."""
        parser.add_argument("plans", nargs="+", metavar="PLAN", help="a plan document, JSON or YAML")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; leave with status 3 if a file isn't formatted"
        )
        parser.add_argument("--diff", action="store_true", help="write nothing; print what would change in each file")

    def handle(self, *args: Any, plans: list[str], check: bool, diff: bool, **options: Any) -> None:
        """Look at each file; write those that aren't formatted, or say which they are."""
        failed, changed = False, []
        for name in dict.fromkeys(plans):
            try:
                source = read_file(name)
                if source.is_inside:
                    raise Failure("This is a PDF, whose plan can't be changed in it.")
                written = format_document(source.data, source.syntax)
                if written == source.data:
                    continue
                changed.append(name)
                if diff:
                    write_output(self.stdout, _compare(name, source.data, written))
                if not check and not diff:
                    write_file(Path(name), written)
            except (PlanError, Failure) as error:
                failed = True
                self.complain_of(name, error)
        if options["verbosity"] > 0 and not diff:
            for name in changed:
                self.complain(f"{name}: {'not formatted' if check else 'formatted'}.")
            self.complain(f"{many(len(changed), 'plan')} of {len(dict.fromkeys(plans)):,} {_SAID[check]}.")
        if failed:
            sys.exit(1)
        if check and changed:
            sys.exit(TOLD)


_SAID = {True: "to be formatted", False: "formatted"}


def _compare(name: str, before: bytes, after: bytes) -> bytes:
    """What changes, as `diff -u` has it. Characters that can't be seen are written out, as nobody applies it."""
    old, new = ([show(line) for line in data.decode("utf-8-sig").splitlines()] for data in (before, after))
    lines = difflib.unified_diff(old, new, show(name), show(name), lineterm="")
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
