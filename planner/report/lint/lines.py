"""Annotations in lines: for people, and as the workflow commands of GitHub Actions."""

from collections.abc import Collection, Iterator, Sequence

from planner.report.lint.annotate import FAULT, Annotation, Linted
from ports.text import many, show_line

_LEVELS = {FAULT: "error", "error": "error", "decision": "warning", "warning": "warning", "info": "notice"}
"""What GitHub calls a severity: it knows three."""


def render_text(files: Sequence[Linted], failing: Collection[str]) -> bytes:
    """A line for each annotation, as compilers write them, and one that counts: FILE:LINE:COLUMN: severity: …"""
    return "".join(f"{line}\n" for line in _list_lines(files)).encode("utf-8", "backslashreplace")


def _list_lines(files: Sequence[Linted]) -> Iterator[str]:
    for file in files:
        for one in file.annotations:
            at = f"{show_line(one.file)}:{one.at.line}:{one.at.column}"
            yield f"{at}: {one.severity}: {one.message} [{one.code}]"
    annotations = [one for file in files for one in file.annotations]
    counts = {name: sum(one.severity == name for one in annotations) for name in _LEVELS}
    counted = ", ".join(many(count, _WORDS[name]) for name, count in counts.items() if count)
    expected = [one for file in files for one in file.expected]
    met = f"; {sum(one.met for one in expected):,} of {many(len(expected), 'expectation')} met" if expected else ""
    yield f"{many(len(files), 'plan')}: {counted or 'nothing to say'}{met}."


_WORDS = {FAULT: "fault", "error": "error", "decision": "decision", "warning": "warning", "info": "remark"}


def render_github(files: Sequence[Linted], failing: Collection[str]) -> bytes:
    """A workflow command for each annotation: GitHub shows it at its line of the changed file.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    lines = (_write_command(one) for file in files for one in file.annotations)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _write_command(one: Annotation) -> str:
    properties = {
        "file": one.file,
        "line": str(one.at.line),
        "col": str(one.at.column),
        "title": f"{_WORDS[one.severity].capitalize()}: {one.code}",
    }
    said = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
    return f"::{_LEVELS[one.severity]} {said}::{_escape(one.message)}"


def _escape(text: str) -> str:
    """What stands after the second pair of colons, as the runner reads it back."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
