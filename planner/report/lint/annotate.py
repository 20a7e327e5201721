"""Faults, findings and expectations of a plan file as annotations: each with its line and column. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from planner.engine.expectations import Expected, check_expectations
from planner.engine.findings import Finding
from planner.engine.report import Report
from planner.plan.document import Fault, dump_plan
from planner.plan.fields import PARTS, PLAN
from planner.plan.positions import START, Position, Positions
from planner.plan.rows import row_key
from ports.text import show_line

FAULT = "fault"
"""The severity of what keeps a document from being a plan; the others are those of findings."""
EXPECTED = "expectation-failed"
RENAMED = "renamed"
UNREADABLE = "unreadable"
_ROW = re.compile(r"([a-z_]+)\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One thing that is to be said about a file."""

    file: str
    at: Position
    severity: str
    """FAULT, or a severity of findings."""
    code: str
    where: str
    """The place in the document, as faults name it; "document" for the whole."""
    about: str
    """The same, or the subject of a finding where it has one."""
    message: str
    """A sentence or several, on one line."""
    identity: str
    """What stays the same while only other parts of the document change: rows by their names, not by their numbers."""

    @property
    def fingerprint(self) -> str:
        """The same for the same thing in the same file, wherever it stands in it."""
        said = "\0".join((self.file, self.code, self.identity))
        return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()  # a file's name can have half a pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """A file with all that is said about it."""

    file: str
    annotations: tuple[Annotation, ...]
    """By line and column."""
    expected: tuple[Expected, ...] = ()
    """Its expectations; what isn't met is among the annotations, too."""

    @property
    def is_plan(self) -> bool:
        """Whether the file could be read as a plan."""
        return all(one.severity != FAULT for one in self.annotations)

    @cached_property
    def severities(self) -> frozenset[str]:
        """Those that its annotations have."""
        return frozenset(one.severity for one in self.annotations)


def annotate_unreadable(file: str, sentence: str) -> Linted:
    """A file that can't be read at all."""
    one = Annotation(
        file=file,
        at=START,
        severity=FAULT,
        code=UNREADABLE,
        where="document",
        about="document",
        message=show_line(sentence),
        identity="document",
    )
    return Linted(file=file, annotations=(one,))


def annotate_faults(file: str, faults: Iterable[Fault], positions: Positions, tree: object) -> Linted:
    """A document that is no plan; `tree` is what was parsed of it, or None."""
    made = (
        Annotation(
            file=file,
            at=positions.find(fault.where, fault.code),
            severity=FAULT,
            code=fault.code,
            where=fault.where,
            about=fault.where,
            message=show_line(str(fault)),
            identity=f"{_name_rows(fault.where, tree)}\0{fault.message}",
        )
        for fault in faults
    )
    return Linted(file=file, annotations=_in_order(made))


def annotate_report(file: str, report: Report, positions: Positions, renamed: Iterable[str] = ()) -> Linted:
    """A plan: its findings, the expectations that aren't met, and which names it has that are other ones now."""
    expected = check_expectations(report)
    places = _Places(report)
    tree = dump_plan(report.plan)
    made = [
        *(_tell_finding(file, finding, places.find(finding), positions, tree) for finding in report.findings),
        *(_tell_expected(file, one, positions, tree) for one in expected if not one.met),
        *(_tell_renamed(file, sentence) for sentence in renamed),
    ]
    return Linted(file=file, annotations=_in_order(made), expected=expected)


def _in_order(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    return tuple(sorted(annotations, key=lambda one: (one.at, one.where, one.code, one.message)))


def _tell_finding(
    file: str, finding: Finding, where: str, positions: Positions, tree: Mapping[str, Any]
) -> Annotation:
    subject = _name_rows(finding.subject, tree) if finding.subject else ""
    return Annotation(
        file=file,
        at=positions.find(where),
        severity=finding.severity,
        code=finding.code,
        where=where,
        about=finding.subject or where,
        message=show_line(f"{finding.message} {finding.advice}"),
        identity=subject,
    )


def _tell_expected(file: str, expected: Expected, positions: Positions, tree: Mapping[str, Any]) -> Annotation:
    where = f"expect[{expected.number}]"
    return Annotation(
        file=file,
        at=positions.find(where),
        severity="error",
        code=EXPECTED,
        where=where,
        about=where,
        message=show_line(f"It is expected that {expected.said}, and it isn’t so. {expected.reason}"),
        identity=_name_rows(where, tree),
    )


def _tell_renamed(file: str, sentence: str) -> Annotation:
    return Annotation(
        file=file,
        at=START,
        severity="info",
        code=RENAMED,
        where="document",
        about="document",
        message=show_line(sentence),
        identity=sentence,
    )


def _name_rows(where: str, tree: object) -> str:
    """A place with the row that it is in by what it is known by, in place of its number."""
    found = _ROW.match(where)
    rows = tree.get(found[1]) if found and isinstance(tree, dict) else None
    if not found or not isinstance(rows, list) or int(found[2]) >= len(rows) or found[1] not in PARTS:
        return where
    row = rows[int(found[2])]
    if not isinstance(row, dict) or (PARTS[found[1]].named and not isinstance(row.get("name"), str)):
        return where
    return f"{found[1]}[{row_key(found[1], row)}]{where[found.end() :]}"


class _Places:
    """Where in a plan the cause of a finding stands."""

    def __init__(self, report: Report) -> None:
        self._plan = report.plan
        self._choices = report.matrix.choices
        self._endpoints = {endpoint.name: number for number, endpoint in enumerate(report.plan.endpoints)}
        self._rows = {entry.key for entry in PARTS[PLAN].rows}

    def find(self, finding: Finding) -> str:
        """The row that it names, the answer that it is about, or the first endpoint that it concerns."""
        return next(self._list(finding), "document")

    def _list(self, finding: Finding) -> Iterator[str]:
        subject = finding.subject or ""
        row = _ROW.fullmatch(subject)
        if row and row[1] in self._rows:
            yield subject
        if subject in self._plan.choices:
            yield f"choices.{subject}"
        elif subject in self._choices:
            yield "choices"
        for key in ("corrections", "as_documented"):
            answers = getattr(self._plan, key)
            if subject in answers:
                yield f"{key}[{answers.index(subject)}]"
        for name in finding.endpoints:
            if name in self._endpoints:
                field = ".addresses" if finding.code.startswith("address-") else ""
                yield f"endpoints[{self._endpoints[name]}]{field}"
