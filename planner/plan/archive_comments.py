"""The comments of a plan in an archive: what stands there of each, and reading it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from planner.plan.archive_states import read_block
from planner.plan.archive_values import (
    read_list,
    read_number,
    read_text,
    read_time,
    read_truth,
    refuse,
    show_found,
)

MAX_COMMENTS = 1_000
"""How many comments one plan has at most."""
MAX_TEXT = 2_000
"""How many characters a comment has at most."""
KINDS = ("endpoint", "rule", "decision")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRecord:
    """What somebody said about something of a plan. Numbers count the comments of the plan."""

    number: int
    kind: str
    subject: str
    """The name of the endpoint in the newest revision, the number of the rule, or the kind and slug of a question."""
    text: str
    mentions: list[str]
    author: str
    at: datetime
    resolved: bool
    resolved_by: str
    resolved_at: datetime | None
    revision: int | None = None
    """Of a rule: the revision whose names the openings have; None where these aren't known."""
    blocks: list[Any] = field(default_factory=list)
    """Of a rule: sources, destinations and services of what it opened."""


def read_comment(facts: Mapping[str, Any], where: str, number: int, revisions: int) -> CommentRecord:
    """One comment of a plan with so many revisions, of which it is the one of that number. Raises ArchiveError."""
    found = read_number(facts["number"], f"{where}, number", least=1, most=MAX_COMMENTS)
    if found != number:
        refuse(f"{where}, number", f"Comments come in their order, none left out: this must be {number}, not {found}.")
    kind = facts["kind"]
    if kind not in KINDS:
        refuse(f"{where}, kind", f"This must be {', '.join(KINDS[:-1])} or {KINDS[-1]}, found {show_found(kind)}.")
    revision, blocks = facts.get("revision"), facts.get("blocks") or []
    mentions = read_list(facts["mentions"], f"{where}, mentions")
    return CommentRecord(
        number=number,
        kind=kind,
        subject=read_text(facts["subject"], f"{where}, subject", 255, least=1),
        text=read_text(facts["text"], f"{where}, text", MAX_TEXT, least=1),
        mentions=[read_text(name, f"{where}, mentions[{at}]", 150, least=1) for at, name in enumerate(mentions)],
        author=read_text(facts["author"], f"{where}, author", 60),
        at=read_time(facts["at"], f"{where}, at"),
        resolved=read_truth(facts["resolved"], f"{where}, resolved"),
        resolved_by=read_text(facts["resolved_by"], f"{where}, resolved_by", 60),
        resolved_at=None if facts["resolved_at"] is None else read_time(facts["resolved_at"], f"{where}, resolved_at"),
        revision=None if revision is None else read_number(revision, f"{where}, revision", least=1, most=revisions),
        blocks=[
            read_block(item, f"{where}, blocks[{at}]") for at, item in enumerate(read_list(blocks, f"{where}, blocks"))
        ],
    )
