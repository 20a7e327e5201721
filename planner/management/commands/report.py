"""Reports from plan documents, without a server and without a stored plan."""

import os
import secrets
import stat
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.utils.timezone import localdate

from planner.engine import Report, evaluate_report
from planner.engine.compare import Comparison, compare_reports
from planner.plan.document import Plan, PlanError, read_plan
from planner.plan.syntax import MAX_BYTES, guess_syntax
from planner.report import FORMATS, OPTIONS, Format, NotExpressible
from planner.report.paper.stylesheet import BadStylesheet, read_stylesheet
from planner.report.said.edition import PAPERS, Edition
from planner.report.said.filters import FIELD_NAMES, Selection, read_filter, select
from planner.report.said.text import show_line
from ports.matrix import Matrix, MatrixError
from ports.queries import NoMatrix, current_matrix, shipped_matrix


class NoUsableMatrix(RuntimeError):
    """The database is there, but its matrix can't be had. The message is a sentence."""


class Failure(Exception):
    """A file can't be read or a report not delivered. The message is a sentence, or empty when none is called for."""


class Command(BaseCommand):
    """Exit status: 0; 1 when a plan or stylesheet was bad or a report could not be written; 2 for wrong usage."""

    help = "Write the port requirements of plan documents (JSON or YAML)."
    requires_system_checks = []

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
        parser.add_argument("--paper", choices=list(PAPERS), default="a4", help="what a PDF is to be printed on")
        add_stylesheet(parser)
        parser.add_argument(
            "--filter",
            action="append",
            default=[],
            metavar="FIELD=VALUE",
            dest="filters",
            help="write only what passes all filters: one for each field, may be given several times; the fields are "
            f"{', '.join(FIELD_NAMES)}, and the value of since is an older plan document",
        )
        for name, text in OPTIONS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)

    def handle(self, *args: Any, plans: list[str], format: str, output: str | None, **options: Any) -> None:
        """Write a report for each plan; go on with the next plan when one is bad."""
        chosen = FORMATS[format]
        wanted = self._choose_options(chosen, options)
        pairs = self._choose_filters(options["filters"])
        older = pairs.get("since", "")
        kept = [*plans, *filter(None, (older, options["stylesheet"]))]
        targets = choose_targets(self.parser, plans, chosen.extension, output, kept=kept)
        try:
            stylesheet = choose_stylesheet(self.parser, options["stylesheet"], chosen.name, FORMATS)
            matrix = find_matrix()
        except (Failure, NoUsableMatrix) as error:
            self._complain(str(error))
            sys.exit(1)
        earlier = self._read_earlier(older, matrix) if older else None
        progress = options["verbosity"] > 0 and self.stderr.isatty()
        failed = False
        for number, (plan, target) in enumerate(zip(plans, targets, strict=True), 1):
            if progress:
                self._tell(f"{show_line(plan)} ({number} of {len(plans)})")
            try:
                report = evaluate_report(matrix, read_plan_file(plan, matrix))
                since = compare_reports(earlier, report) if earlier else None
                part, selection = _select(report, pairs, since)
                edition = Edition(
                    date=localdate(),
                    paper=options["paper"],
                    selection=selection,
                    since=since,
                    stylesheet=stylesheet,
                )
                # What carries no paper carries no date either, so that the same plan gives the same bytes.
                content = chosen.render(part, edition if chosen.is_printed or selection else None, **wanted)
                if target is None:
                    write_output(self.stdout, content)
                else:
                    write_file(target, content)
                if selection is not None:
                    self._tell(show_line(f"{plan}: only {selection.sentence}"))
                for note in chosen.notes(part):
                    self._tell(show_line(f"{plan}: {note}"))
            except NotExpressible as error:
                failed = True
                self._complain(f"{plan}: {error}")
            except PlanError as error:
                failed = True
                for fault in error.faults:
                    self._complain(f"{plan}: {fault}")
            except Failure as error:
                failed = True
                if str(error):
                    self._complain(f"{plan}: {error}")
        if failed:
            sys.exit(1)

    def _choose_options(self, chosen: Format, options: dict[str, Any]) -> dict[str, bool]:
        """The options that were given. Leaves with status 2 when the format knows nothing of one."""
        wanted = {name: True for name in OPTIONS if options.get(name)}
        for name in wanted:
            if name not in chosen.options:
                knowing = ", ".join(other.name for other in FORMATS.values() if name in other.options)
                self.parser.error(f"--{name.replace('_', '-')} is for the formats {knowing}, not for {chosen.name}")
        return wanted

    def _choose_filters(self, given: list[str]) -> dict[str, str]:
        """The fields of the filter with their values. Leaves with status 2 when one is none or comes twice."""
        chosen: dict[str, str] = {}
        for text in given:
            name, equals, value = text.partition("=")
            if not equals or name not in FIELD_NAMES:
                fields = ", ".join(FIELD_NAMES)
                self.parser.error(f"--filter {show_line(text)}: write FIELD=VALUE; the fields are {fields}")
            if name in chosen:
                self.parser.error(f"--filter {show_line(text)}: {name} is given already; a field has one value")
            chosen[name] = value
        return chosen

    def _read_earlier(self, name: str, matrix: Matrix) -> Report:
        """The report of the plan that is compared with. Leaves with status 1 when it is bad: nothing can be chosen."""
        try:
            return evaluate_report(matrix, read_plan_file(name, matrix))
        except PlanError as error:
            for fault in error.faults:
                self._complain(f"{name}: {fault}")
        except Failure as error:
            self._complain(f"{name}: {error}")
        sys.exit(1)

    def _complain(self, sentence: str) -> None:
        self.stderr.write(show_line(sentence))

    def _tell(self, line: str) -> None:
        self.stderr.write(line, style_func=lambda text: text)


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


def add_stylesheet(parser: CommandParser) -> None:
    """The option that `choose_stylesheet` reads."""
    parser.add_argument(
        "--stylesheet",
        metavar="FILE",
        help="pdf and html only: a CSS file with a house style, instead of the one in PLANNER_STYLESHEET",
    )


def choose_stylesheet(parser: CommandParser, path: str | None, name: str, formats: Mapping[str, Any]) -> str:
    """The CSS of the file that is given, else that of the settings. Raises Failure when the file can't be used.

    Leaves with status 2 when one is given for a format that isn't printed.
    """
    if path is None:
        text: str = settings.STYLESHEET
        return text
    if not formats[name].is_printed:
        printed = ", ".join(format.name for format in formats.values() if format.is_printed)
        parser.error(f"--stylesheet is for the formats {printed}, not for {name}")
    try:
        return read_stylesheet(path)
    except BadStylesheet as error:
        raise Failure(str(error)) from None


def choose_targets(
    parser: CommandParser, plans: list[str], extension: str, output: str | None, *, kept: list[str]
) -> list[Path | None]:
    """The file for each plan, or None for standard output; never one of the files in `kept`.

    Leaves with status 2 when there is no telling.
    """
    if output is None:
        if len(plans) > 1:
            parser.error("several plans need --output with a folder")
        return [None]
    if not output:
        parser.error("--output is empty; name a file or a folder")
    exists, is_folder = os.path.exists(output), os.path.isdir(output)  # noqa: PTH110, PTH112
    if len(plans) > 1 and exists and not is_folder:
        parser.error(f"several plans need a folder, and {show_line(output)} is none")
    targets = [Path(output)]
    if len(plans) > 1 or is_folder or output.endswith(("/", os.sep)):
        names = [f"{Path(plan).stem}.{extension}" for plan in plans]
        twice = [show_line(name) for name, count in Counter(names).items() if count > 1]
        if twice:
            parser.error(f"more than one plan would be written to {', '.join(twice)}")
        targets = [Path(output) / name for name in names]
    for target in targets:
        for plan in kept:
            if _is_same_file(target, Path(plan)):
                parser.error(f"it would overwrite {show_line(plan)}, which is read")
    return list(targets)


def find_matrix() -> Matrix:
    """The active matrix of the database when there is a database that has one, else the matrix that is shipped.

    Never makes a database. Raises NoUsableMatrix when the database can't be read or its rows are no matrix: a report
    under another matrix than the one that staff edited would be wrong and look right.
    """
    if not _has_database():
        return shipped_matrix()
    name = connection.settings_dict["NAME"]
    try:
        if "ports_portmatrix" not in connection.introspection.table_names():
            return shipped_matrix()
        return current_matrix()
    except NoMatrix:
        return shipped_matrix()
    except MatrixError as error:
        raise NoUsableMatrix(f"The active port matrix in the database {name} has faults: {error.faults[0]}") from None
    except DatabaseError as error:
        raise NoUsableMatrix(f"The database {name} can't be read: {error}.") from None


def _has_database() -> bool:
    """SQLite makes the file on the first connection, so look before connecting."""
    if connection.vendor != "sqlite":
        return True
    name = str(connection.settings_dict["NAME"])
    return name == ":memory:" or "mode=memory" in name or os.path.exists(name)  # noqa: PTH110


def read_plan_file(name: str, matrix: Matrix) -> Plan:
    """Read and check a plan. Raises PlanError with its faults, and Failure when the file can't be read."""
    try:
        with Path(name).open("rb") as file:
            # One byte more than is allowed tells a file that is too large, without reading all of it.
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Failure(f"The file can't be read: {_reason(error)}.") from None
    if len(data) > MAX_BYTES:
        raise Failure(f"The file has more than {MAX_BYTES // 2**20} MiB, which is the most that is read.")
    return read_plan(data, matrix=matrix, syntax=guess_syntax(name, data))


def write_output(stream: Any, content: bytes) -> None:
    """Write bytes to a command's standard output as they are, whatever its encoding; to a StringIO as text.

    Raises Failure with a sentence; without one when the reader has gone, who doesn't need to be told.
    """
    try:
        if hasattr(stream, "buffer"):
            stream.buffer.write(content)
            stream.buffer.flush()
        elif hasattr(stream, "getvalue"):
            stream.write(content.decode(), ending="")
        else:
            raise Failure("Standard output is closed.")
    except OSError as error:
        # Let the interpreter flush what is left into nothing when it exits, instead of failing once more.
        with open(os.devnull, "wb") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), stream.fileno())
        if isinstance(error, BrokenPipeError):
            raise Failure from None
        raise Failure(f"Standard output can't be written: {_reason(error)}.") from None


def write_file(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, making its folder when missing.

    What the path leads to through symbolic links is replaced. A device or pipe is written to, not replaced. Raises
    Failure with a sentence.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode(target)
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(content)
            return
        end = target.resolve()
        # A short name of its own: the target's name with an addition could be too long for the file system.
        draft = end.with_name(f".report-{secrets.token_hex(8)}")
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                draft.chmod(stat.S_IMODE(mode))
            draft.replace(end)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        raise Failure(f"{target} can't be written: {target.parent} is no folder.") from None
    except OSError as error:
        raise Failure(f"{target} can't be written: {_reason(error)}.") from None


def _mode(path: Path) -> int | None:
    """Type and permissions of what is at a path; None when there is nothing."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _is_same_file(target: Path, plan: Path) -> bool:
    try:
        return target.samefile(plan)
    except OSError:
        return False


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
