"""Options that several commands have, and what is made of them."""

import os
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from planner.deploy.stylesheet import MOST_CLASSIFICATION, BadStylesheet, read_stylesheet
from planner.report.files import Failure
from planner.report.said.edition import ENGINES, PAPERS, Engine
from ports.text import show_line


def add_printing(parser: ArgumentParser) -> None:
    """The options of printed formats; `choose_stylesheet`, `choose_engine` and `choose_classification` read them."""
    parser.add_argument("--paper", choices=list(PAPERS), default="a4", help="what a PDF is to be printed on")
    parser.add_argument(
        "--stylesheet",
        metavar="FILE",
        help="pdf and html only: a CSS file with a house style, instead of the one in PLANNER_STYLESHEET",
    )
    parser.add_argument(
        "--classification",
        metavar="TEXT",
        help="pdf and html only: who may see it, above each page, instead of PLANNER_CLASSIFICATION; empty: nothing",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        help="pdf only: what sets the pages; without it weasyprint where there is a house style, else typst",
    )


def choose_engine(parser: ArgumentParser, engine: Engine | None, name: str, stylesheet: str) -> Engine | None:
    """What sets the pages, None for the usual one.

    Leaves with status 2 when it is given for a format without pages, or can't follow the house style.
    """
    if engine is not None and name != "pdf":
        parser.error(f"--engine is for the format pdf, not for {name}")
    if engine == "typst" and stylesheet:
        parser.error("--engine typst follows no CSS; leave it out, or the stylesheet")
    return engine


def choose_classification(
    parser: ArgumentParser, given: str | None, name: str, formats: Mapping[str, Any]
) -> str | None:
    """What stands above each page, None for what the settings say.

    Leaves with status 2 when it is given for a format that isn't printed, or is no line that has room there.
    """
    if given is None:
        return None
    if not formats[name].is_printed:
        printed = ", ".join(format.name for format in formats.values() if format.is_printed)
        parser.error(f"--classification is for the formats {printed}, not for {name}")
    if len(given) > MOST_CLASSIFICATION or not given.isprintable():
        parser.error(f"--classification {show_line(given[:60])}: one line of at most {MOST_CLASSIFICATION} characters")
    return given.strip()


def choose_stylesheet(parser: ArgumentParser, path: str | None, name: str, formats: Mapping[str, Any]) -> str:
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
    parser: ArgumentParser, plans: list[str], extension: str, output: str | None, *, kept: list[str]
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


def choose_folders(
    parser: ArgumentParser, plans: list[str], name: str, output: str | None, *, kept: list[str]
) -> list[Path | None]:
    """The folder for the files of each plan: its stem, in the folder that is given. None is in any file of `kept`.

    Leaves with status 2 when there is no telling.
    """
    if not output:
        parser.error(f"the format {name} writes several files; give --output a folder")
    if os.path.exists(output) and not os.path.isdir(output):  # noqa: PTH110, PTH112
        parser.error(f"the format {name} writes several files, and {show_line(output)} is no folder")
    folders = [Path(output) / Path(plan).stem for plan in plans]
    twice = [show_line(path.name) for path, count in Counter(folders).items() if count > 1]
    if twice:
        parser.error(f"more than one plan would be written to {', '.join(twice)}")
    for folder in folders:
        if any(_is_same_file(folder, Path(one)) for one in kept):
            parser.error(f"it would overwrite {show_line(str(folder))}, which is read")
    return list(folders)


def _is_same_file(target: Path, plan: Path) -> bool:
    try:
        return target.samefile(plan)
    except OSError:
        return False
