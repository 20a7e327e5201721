"""The decisions that people took: which answer to which question of the matrix, by whom, when and why.

Knows values only: what was told of answers comes from wherever it is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from planner.engine.report import Report
from ports.matrix import Choice, Matrix

CHOICE, CAVEAT = "choice", "caveat"
"""The kinds of questions that a plan answers: rows of the matrix."""
PRACTICE, DOCUMENTED = "practice", "documented"
"""The answers to a caveat."""
ANSWERS = {PRACTICE: "practice followed", DOCUMENTED: "left as documented"}
"""What they are called."""
TAKEN_TITLES = ("Decision", "Answer", "Why", "Decided by", "When")
"""The heads of a table of decisions."""

Given = str | tuple[str, ...] | None
"""An answer as a document has it: an option, several of them, or an answer to a caveat; None: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """That somebody gave an answer, or later a reason for it."""

    kind: str
    subject: str
    answer: Given
    reason: str
    author: str
    at: datetime
    added: bool = False
    """Whether only the reason was given then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A decision as it stands in a plan, with what is known of it."""

    kind: str
    subject: str
    title: str
    answer: str
    """In words."""
    decided: Told | None
    """Who took it and when; None where nobody knows."""
    explained: Told | None = None
    """Who gave the reason, which may be somebody else, later; None for no reason."""

    @property
    def reason(self) -> str:
        """Why; empty where nobody said."""
        return self.explained.reason if self.explained else ""

    @property
    def is_explained_later(self) -> bool:
        """Whether the reason came after the decision."""
        return self.explained is not None and self.explained is not self.decided


def match_answers(told: Sequence[Told], report: Report) -> tuple[Taken, ...]:
    """What was told, oldest first, of the answers that the plan has now, in the order of the matrix.

    An answer that has come back, by an undo for instance, is known again. Names that the rows of the matrix had in
    other editions are followed.
    """
    if not told:
        return ()
    known: dict[tuple[str, str], list[Told]] = {}
    names = {kind: report.matrix.map_names(kind) for kind in (CHOICE, CAVEAT)}
    for one in told:
        known.setdefault((one.kind, names[one.kind].get(one.subject, one.subject)), []).append(one)
    return tuple(_match(known, report))


def _match(known: Mapping[tuple[str, str], Sequence[Told]], report: Report) -> Iterator[Taken]:
    matrix, plan = report.matrix, report.plan
    for slug, choice in matrix.choices.items():
        if slug in plan.choices and (of_it := known.get((CHOICE, slug))):
            given = plan.choices[slug]
            words = say_options(choice, given)
            yield from _read(of_it, matrix, given, kind=CHOICE, subject=slug, title=choice.name, answer=words)
    for slug, caveat in matrix.caveats.items():
        answer = PRACTICE if slug in plan.corrections else DOCUMENTED if slug in plan.as_documented else None
        if answer and (of_it := known.get((CAVEAT, slug))):
            words = ANSWERS[answer].capitalize()
            yield from _read(of_it, matrix, answer, kind=CAVEAT, subject=slug, title=caveat.title, answer=words)


def _read(
    told: Sequence[Told], matrix: Matrix, now: Given, *, kind: str, subject: str, title: str, answer: str
) -> Iterator[Taken]:
    """The decision, if anything is known of it: by the latest of those that gave this answer."""
    names = matrix.map_names(f"{CHOICE}/{subject}") if kind == CHOICE else {}

    def is_now(one: Told) -> bool:
        given = one.answer
        follow = {names.get(option, option) for option in (given if isinstance(given, tuple) else (given,)) if option}
        return given is not None and follow == {*(now if isinstance(now, tuple) else (now,))}

    same = [one for one in told if is_now(one)]
    if not same:
        return
    decided = next((one for one in reversed(same) if not one.added), None)
    since = same[same.index(decided) :] if decided else same
    explained = next((one for one in reversed(since) if one.reason), None)
    yield Taken(kind=kind, subject=subject, title=title, answer=answer, decided=decided, explained=explained)


def say_options(choice: Choice, given: Given) -> str:
    """The options of an answer by their names."""
    options = given if isinstance(given, tuple) else (given,)
    return ", ".join(choice.option(option).name for option in options if option) or "None of them"


def list_taken(taken: Sequence[Taken]) -> Iterator[tuple[str, str, str, str, str]]:
    """The rows of a table under TAKEN_TITLES; days as 2026-01-31."""
    for one in taken:
        decided = one.decided
        yield one.title, one.answer, say_reason(one), decided.author if decided else "", say_day(decided)


def say_reason(taken: Taken) -> str:
    """Why, and by whom and when that was said if it was later; empty for no reason."""
    if not taken.is_explained_later:
        return taken.reason
    explained = taken.explained
    by = ", ".join(filter(None, (explained.author if explained else "", say_day(explained))))
    return f"{taken.reason} ({by})"


def say_day(told: Told | None) -> str:
    """When it was, as 2026-01-31; empty where nobody knows."""
    return told.at.date().isoformat() if told else ""
