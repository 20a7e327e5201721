"""What is kept of the answers to questions of the matrix: who gave them, when, and why. It stands beside the document.

Rows are only ever added, by every edit that gives or takes back an answer, and by who makes a plan by answering the
questions. An undo brings an answer back, and with it
what was told of it (`planner.report.said.answers`).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils import timezone

from planner.engine import Report
from planner.report.said.answers import CAVEAT, CHOICE, DOCUMENTED, PRACTICE, Taken, Told, match_answers
from planner.store import models
from ports.written import Written

MOST_READ = 2_000
"""How many of the newest rows are read: as many decisions as nobody takes in one plan."""


def note(row: models.Plan, document: Mapping[str, Any], *, who: str, reason: str) -> None:
    """Keep which answers an edit changes: `row` is the plan before it, `document` what it makes.

    The next revision is the one of the edit. To be called under the plan's write lock.
    """
    before, after = (dict(list_answers(one)) for one in (row.document, document))
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if changed:
        now = timezone.now()
        facts = {"plan": row, "revision": row.revision + 1, "reason": reason[:500], "author": who[:60], "at": now}
        models.Answer.objects.bulk_create(
            models.Answer(kind=kind, subject=subject[:255], answer=after.get((kind, subject)), **facts)
            for kind, subject in changed
        )


def note_first(row: models.Plan, *, who: str) -> None:
    """Keep who gave the answers that came with a new plan, in its first revision."""
    facts = {"plan": row, "revision": row.revision, "author": who[:60], "at": timezone.now()}
    models.Answer.objects.bulk_create(
        models.Answer(kind=kind, subject=subject[:255], answer=answer, **facts)
        for (kind, subject), answer in list_answers(row.document)
    )


def list_answers(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    """The answers of a document as a whole, by kind and slug of what they answer."""
    for slug, given in document.get("choices", {}).items():
        yield (CHOICE, slug), given
    for answer, part in ((PRACTICE, "corrections"), (DOCUMENTED, "as_documented")):
        for slug in document.get(part, ()):
            yield (CAVEAT, slug), answer


_newest = Written(lambda pk: models.Answer.objects.filter(plan=pk).order_by("-pk")[:MOST_READ], 2**62)
_newest_upto = Written(
    lambda pk, upto: models.Answer.objects.filter(plan=pk, revision__lte=upto).order_by("-pk")[:MOST_READ],
    2**62,
    2**30,
)


def read_told(plan: models.Plan, upto: int | None = None) -> tuple[Told, ...]:
    """What was told of answers, oldest first; with `upto` only up to that revision. One query."""
    newest = _newest.ask(plan.pk) if upto is None else _newest_upto.ask(plan.pk, upto)
    return tuple(map(_read, reversed(newest)))


def _read(row: models.Answer) -> Told:
    answer = tuple(row.answer) if isinstance(row.answer, list) else row.answer
    return Told(
        kind=row.kind,
        subject=row.subject,
        answer=answer,
        reason=row.reason,
        author=row.author,
        at=timezone.localtime(row.at),
        added=row.added,
    )


def taken_in(plan: models.Plan, report: Report) -> tuple[Taken, ...]:
    """The decisions of a plan's newest report of which anything is known."""
    return match_answers(read_told(plan), report)


def list_reasons(plan: models.Plan, revisions: Collection[int]) -> dict[int, list[models.Answer]]:
    """By number of a revision: the reasons that were given for the answers in it, oldest first."""
    found: dict[int, list[models.Answer]] = {}
    for row in plan.answers.filter(revision__in=revisions).exclude(reason="").order_by("pk")[:MOST_READ]:
        found.setdefault(row.revision, []).append(row)
    return found
