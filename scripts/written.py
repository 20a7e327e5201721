"""Figures that stand in the documentation: tables, and the place between two marks that a command writes anew."""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_part(file: str, name: str, text: str) -> None:
    """Put a text between the marks of that name in a file of the repository; what stands outside stays.

    Raises ValueError for a file that hasn't the marks, once each and in order.
    """
    path = ROOT / file
    begin, end = f"<!-- {name}: written by a command -->\n", f"<!-- /{name} -->\n"
    before, found, rest = path.read_text("utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended) or begin in rest:
        raise ValueError(f"{file} must have one place for {name}: {begin.strip()} and {end.strip()}.")
    path.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}", "utf-8")


def make_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; its first column to the left, the others to the right."""
    lines = [header, ["---", *("---:" for _ in header[1:])], *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def describe_machine(note: str = "") -> str:
    """When and where something was measured: a line of Markdown."""
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    day = f"{datetime.now(UTC):%d %B %Y}".removeprefix("0")
    said = f"{day}, on {os.cpu_count()} processors ({_processor()}) and {size:.0f} GiB of memory"
    return f"{said}{', ' if note else ''}{note}."


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        return "unknown"
    return found[1].strip() if found else "unknown"
