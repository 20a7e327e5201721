"""Which of a site's amendments to the port matrix bear on a report, and how they are told. Reads the report alone."""

from planner.engine.report import Report
from ports.matrix import Amendment, Matrix, Requirement, Service
from ports.matrix.amendments import say_amendment
from ports.matrix.questions import Question

_TOLD = frozenset({"name", "summary", "topic", "section"})
"""What a requirement says of itself: it decides about no flow."""


def list_amendments(report: Report) -> tuple[Amendment, ...]:
    """The amendments that bear on the report, in the order of their numbers.

    Those of services and requirements that gave one of its flows; those of what decides whether a requirement gives
    one, as one that isn't there any more can't say so; and those of all other rows but the questions of the start.
    """
    if not report.matrix.amendments:
        return ()
    needs = {id(flow.need): flow.need for flow in report.flows}.values()
    services = {slug for need in needs for slug in need.services}
    requirements = {slug for need in needs for slug in need.requirements}

    def bears(amendment: Amendment) -> bool:
        kind, _, name = amendment.row.partition("/")
        if kind == Service.KIND:
            return name in services
        if kind == Requirement.KIND:
            return name in requirements or amendment.field not in _TOLD
        return kind != Question.KIND

    return tuple(filter(bears, report.matrix.amendments))


def say_amended(report: Report) -> list[str]:
    """The same as sentences: "SMTP: amended here: 25 → 587, our relay, 25 November 2026."."""
    return [f"{name}: amended here: {words}." for name, words in name_amended(report)]


def name_amended(report: Report) -> list[tuple[str, str]]:
    """The same as names and what is amended there."""
    return [(_name(report.matrix, amendment), say_amendment(amendment)) for amendment in list_amendments(report)]


def _name(matrix: Matrix, amendment: Amendment) -> str:
    """What people call the row, with the field where it isn't the one that a service is about."""
    kind, _, key = amendment.row.partition("/")
    found = next((row for row in matrix.tables.get(kind, ()) if getattr(row, row.KEY) == key), None)
    name = str(getattr(found, "name", "") or getattr(found, "title", "") or amendment.row)
    return name if amendment.field in ("", "ports") else f"{name}, {amendment.field}"
