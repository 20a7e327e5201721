"""Who answered which question of the matrix, in an archive: what stands there of each, and reading it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planner.plan.archive_values import (
    read_list,
    read_mapping,
    read_number,
    read_text,
    read_time,
    read_truth,
    refuse,
    show_found,
)

MAX_ANSWERS = 1_000_000
"""How many answers one plan has at most."""
KINDS = ("choice", "caveat")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """That somebody answered a choice or a caveat, or gave a reason for it. Numbers count those of the plan."""

    number: int
    revision: int
    kind: str
    subject: str
    """The slug of what was answered."""
    answer: Any
    """A slug, a list of slugs, or None: it was taken back."""
    reason: str
    added: bool
    """Whether only the reason was given."""
    author: str
    at: datetime


def read_answer(tree: object, where: str, number: int, revisions: int) -> AnswerRecord:
    """One answer of a plan with so many revisions, of which it is the one of that number. Raises ArchiveError."""
    facts = read_mapping(tree, where, AnswerRecord.__slots__)
    found = read_number(facts["number"], f"{where}, number", least=1, most=MAX_ANSWERS)
    if found != number:
        refuse(f"{where}, number", f"Answers come in their order, none left out: this must be {number}, not {found}.")
    kind = facts["kind"]
    if kind not in KINDS:
        refuse(f"{where}, kind", f"This must be {' or '.join(KINDS)}, found {show_found(kind)}.")
    return AnswerRecord(
        number=number,
        revision=read_number(facts["revision"], f"{where}, revision", least=1, most=revisions),
        kind=kind,
        subject=read_text(facts["subject"], f"{where}, subject", 255, least=1),
        answer=_read_given(facts["answer"], f"{where}, answer"),
        reason=read_text(facts["reason"], f"{where}, reason", 500),
        added=read_truth(facts["added"], f"{where}, added"),
        author=read_text(facts["author"], f"{where}, author", 60),
        at=read_time(facts["at"], f"{where}, at"),
    )


def _read_given(value: object, where: str) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [read_text(one, f"{where}[{index}]", 255, least=1) for index, one in enumerate(read_list(value, where))]
    return read_text(value, where, 255, least=1)
