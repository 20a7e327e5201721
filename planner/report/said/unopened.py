"""What of the vendor's document a plan doesn't open, and why: rows of text for every format.

Three lists that nobody is to confuse: what nobody in the plan has to do with, what is missing, and what is withheld.
"""

from collections.abc import Iterator

from planner.engine.report import Report
from planner.engine.unneeded import Unneeded
from planner.report.said.printed_rules import UNNEEDED
from ports.matrix import Requirement, section_key

UNOPENED_TITLES = ("List", "§", "Not opened", "Because")


def list_unopened(report: Report) -> Iterator[tuple[str, ...]]:
    """A row for each row of the document that leads to no flow, under UNOPENED_TITLES; by list, then by section."""
    for kind, title, _ in UNNEEDED:
        groups = (group for group in report.unneeded if group.kind == kind)
        for group in sorted(groups, key=lambda group: section_key(group.section)):
            for requirement in group.requirements:
                yield title, group.section, str(requirement.reason), say_why(group, requirement)


def say_why(group: Unneeded, requirement: Requirement) -> str:
    """Why one row leads to no flow, as a sentence by itself."""
    return f"{group.why} {requirement.name}." if group.why.endswith(":") else group.why
