"""Reports from plan documents, without a server and without a stored plan."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.timezone import localdate

from planner.engine import Report, evaluate_report
from planner.engine.compare import Comparison, compare_reports
from planner.management.options import (
    add_printing,
    choose_classification,
    choose_engine,
    choose_folders,
    choose_stylesheet,
    choose_targets,
)
from planner.management.plan_command import PlanCommand
from planner.management.statuses import TOLD
from planner.plan.document import Plan, PlanError
from planner.report import FORMATS, OPTIONS, Format, NotExpressible
from planner.report.files import Failure, write_file, write_output
from planner.report.said.edition import Edition
from planner.report.said.filters import FILE_FIELD_NAMES, Selection, read_filter, select
from planner.store.plan_files import NoUsableMatrix, find_matrix, read_with_matrix
from ports.matrix import SEVERITIES, Matrix
from ports.text import show_line

_CLOSING = tuple(one.name for one in FORMATS.values() if one.closes)
"""The formats whose files take back what an earlier plan opened."""
_Found = tuple[Plan, Matrix] | PlanError | Failure
"""A plan and the matrix that it is read under, or what is wrong with it."""


class Command(PlanCommand):
    """Exit status: 0; 1 when a plan or stylesheet was bad or a report could not be written; 2 for wrong usage.

    3 when --fail-on asks for it: a plan has a finding that is grave enough. What is bad wins over that.
    """

    help = "Write the port requirements of plan documents (JSON or YAML)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Plans, format and where to."""
        self.parser = parser
        parser.add_argument("plans", nargs="+", metavar="PLAN", help="a plan document, JSON or YAML")
        parser.add_argument("--format", required=True, choices=list(FORMATS), help="what to write")
        parser.add_argument(
            "--output",
            metavar="PATH",
            help="a file, or a folder that gets a file PLAN.FORMAT for each plan: it is a folder if it ends in / or "
            "is one, or if there are several plans; without it the report of one plan goes to standard output",
        )
        parser.add_argument(
            "--edition",
            default="",
            metavar="SLUG",
            help="evaluate under this edition of the port matrix, with the amendments that fit it; without it the "
            "current one",
        )
        parser.add_argument(
            "--fail-on",
            choices=SEVERITIES,
            help="leave with status 3 if a plan has a finding of this severity or a graver one; everything is written "
            "all the same, and a filter hides none from this",
        )
        add_printing(parser)
        parser.add_argument(
            "--filter",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            dest="filters",
            help="write only what passes all filters: one for each field, may be given several times; the fields are "
            f"{', '.join(FILE_FIELD_NAMES)}, and the value of since is an older plan document",
        )
        parser.add_argument(
            "--since",
            action="append",
            default=[],
            metavar="OLD",
            dest="earlier",
            help="an earlier plan document, of which the firewalls have the file: what it opened and PLAN doesn't is "
            f"taken back; may be given several times, the oldest first, for the formats {', '.join(_CLOSING)}",
        )
        for name, text in OPTIONS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)

    def handle(self, *args: Any, plans: list[str], format: str, output: str | None, **options: Any) -> None:
        """Write a report for each plan; go on with the next plan when one is bad."""
        chosen = FORMATS[format]
        wanted = self._choose_options(chosen, options)
        pairs = self._choose_filters(options["filters"])
        self._check_since(chosen, options["earlier"], is_part=bool(pairs))
        older = pairs.get("since", "")
        kept = [*plans, *options["earlier"], *filter(None, (older, options["stylesheet"]))]
        if chosen.folder:
            targets = choose_folders(self.parser, plans, chosen.name, output, kept=kept)
        else:
            targets = choose_targets(self.parser, plans, chosen.extension, output, kept=kept)
        try:
            classification = choose_classification(self.parser, options["classification"], chosen.name, FORMATS)
            stylesheet = choose_stylesheet(self.parser, options["stylesheet"], chosen.name, FORMATS)
            engine = choose_engine(self.parser, options["engine"], chosen.name, stylesheet)
            chosen.begin(engine or settings.PDF_ENGINE, is_styled=bool(stylesheet))
            matrix = find_matrix(options["edition"])
        except (Failure, NoUsableMatrix) as error:
            self.complain(str(error))
            sys.exit(1)
        fixed = bool(options["edition"])
        earlier = self._read_earlier(older, matrix, fixed=fixed) if older else None
        told_before = tuple(self._read_earlier(name, matrix, fixed=fixed) for name in options["earlier"])
        progress = options["verbosity"] > 0 and self.stderr.isatty()
        failed = alarming = False
        known = self._read_all(chosen, plans, matrix, fixed=fixed) if chosen.part else {}
        for number, (plan, target) in enumerate(zip(plans, targets, strict=True), 1):
            if progress:
                self._tell(f"{show_line(plan)} ({number} of {len(plans)})")
            try:
                found = known.get(plan) or self._read(plan, matrix, fixed=fixed)
                if isinstance(found, Exception):
                    raise found
                read, under = found
                report = evaluate_report(under, read)
                alarming = alarming or _has_finding(report, options["fail_on"])
                since = compare_reports(earlier, report) if earlier else None
                part, selection = _select(report, pairs, since)
                edition = Edition(
                    date=localdate(),
                    paper=options["paper"],
                    selection=selection,
                    since=since,
                    stylesheet=stylesheet,
                    engine=engine,
                    classification=classification,
                    earlier=told_before,
                    with_plan=True,
                    is_last=number == len(plans),
                )
                # What carries no paper carries no date either, so that the same plan gives the same bytes.
                told = edition if chosen.is_printed or selection or told_before else None
                if target is None:
                    write_output(self.stdout, chosen.render(part, told, **wanted))
                elif chosen.folder:
                    for name, content in chosen.write_folder(part, told, **wanted).items():
                        write_file(target / name, content)
                else:
                    write_file(target, chosen.render(part, told, **wanted))
                if selection is not None:
                    self._tell(show_line(f"{plan}: only {selection.sentence}"))
                for note in chosen.notes(part):
                    self._tell(show_line(f"{plan}: {note}"))
            except NotExpressible as error:
                failed = True
                self.complain(f"{plan}: {error}")
            except (PlanError, Failure) as error:
                failed = True
                self.complain_of(plan, error)
        if failed:
            sys.exit(1)
        if alarming:
            sys.exit(TOLD)

    def _read_all(self, chosen: Format, plans: list[str], matrix: Matrix, *, fixed: bool) -> dict[str, _Found]:
        """What is in each file, before anything is written: one that is a pipe can be read but once.

        Leaves with status 2 when a plan lacks the part that the format tells of. What is bad is told of later.
        """
        known = {name: self._read(name, matrix, fixed=fixed) for name in plans}
        for name, found in known.items():
            if not isinstance(found, Exception) and not getattr(found[0], chosen.part):
                self.parser.error(
                    f"{show_line(name)} has no {chosen.part}, and the format {chosen.name} is about them"
                )
        return known

    def _read(self, name: str, matrix: Matrix, *, fixed: bool) -> _Found:
        try:
            return read_with_matrix(name, matrix, fixed=fixed, tell=self.tell_carried(name))
        except (PlanError, Failure) as error:
            return error

    def _choose_options(self, chosen: Format, options: dict[str, Any]) -> dict[str, bool]:
        """The options that were given. Leaves with status 2 when the format knows nothing of one."""
        wanted = {name: True for name in OPTIONS if options.get(name)}
        for name in wanted:
            if name not in chosen.options:
                knowing = ", ".join(other.name for other in FORMATS.values() if name in other.options)
                self.parser.error(f"--{name.replace('_', '-')} is for the formats {knowing}, not for {chosen.name}")
        return wanted

    def _check_since(self, chosen: Format, earlier: list[str], *, is_part: bool) -> None:
        """Leaves with status 2 where nothing can be taken back: by this format, or by a part of a plan."""
        if earlier and not chosen.closes:
            self.parser.error(f"--since is for the formats {', '.join(_CLOSING)}, not for {chosen.name}")
        if earlier and is_part:
            self.parser.error("--since is for whole plans: a part would take the rest of the plan back, too")

    def _choose_filters(self, given: list[str]) -> dict[str, str]:
        """The fields of the filter with their values. Leaves with status 2 when one is none or comes twice."""
        chosen: dict[str, str] = {}
        for text in given:
            name, equals, value = text.partition("=")
            if not equals or name not in FILE_FIELD_NAMES:
                fields = ", ".join(FILE_FIELD_NAMES)
                self.parser.error(f"--filter {show_line(text)}: write FIELD=VALUE; the fields are {fields}")
            if name in chosen:
                self.parser.error(f"--filter {show_line(text)}: {name} is given already; a field has one value")
            chosen[name] = value
        return chosen

    def _read_earlier(self, name: str, matrix: Matrix, *, fixed: bool) -> Report:
        """The report of the plan that is compared with. Leaves with status 1 when it is bad: nothing can be chosen."""
        try:
            plan, under = read_with_matrix(name, matrix, fixed=fixed, tell=self.tell_carried(name))
            return evaluate_report(under, plan)
        except (PlanError, Failure) as error:
            self.complain_of(name, error)
        sys.exit(1)

    def _tell(self, line: str) -> None:
        self.stderr.write(line, style_func=lambda text: text)


def _has_finding(report: Report, severity: str | None) -> bool:
    """Whether a report has a finding of that severity or a graver one; without a severity it has none."""
    if severity is None:
        return False
    grave = SEVERITIES[: SEVERITIES.index(severity) + 1]
    return any(finding.severity in grave for finding in report.findings)


def _select(report: Report, pairs: Mapping[str, str], since: Comparison | None) -> tuple[Report, Selection | None]:
    """What the filter lets through of a report, and what says so. Raises Failure when it can't be used.

    `since` is the comparison with the plan that the filter names.
    """
    chosen, faults = read_filter(
        ((name, value) for name, value in pairs.items() if name != "since"), report, listed=False
    )
    if faults:
        raise Failure(" ".join(f"--filter {name}: {sentence}" for name, sentence in faults.items()))
    return select(report, replace(chosen, since=pairs.get("since", "")), since)
