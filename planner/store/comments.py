"""What people say about an endpoint, a rule or a decision of a plan: kept beside the document, until it is resolved.

A comment on an endpoint follows its new names, and the old ones that an undo brings back. One on a rule is kept with
what the rule opens (`rule_comments`); one on a decision with the slug of its question.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from planner.plan.archive_comments import KINDS, MAX_COMMENTS, MAX_TEXT
from planner.store import models
from planner.store.admission import check_admitted, lock_row
from ports.written import Written

ENDPOINT, RULE, DECISION = KINDS
"""What can be commented on."""
MOST = MAX_COMMENTS
"""How many comments one plan has."""
MOST_TEXT = MAX_TEXT
"""How many characters one comment has."""
KNOWN_FOR = timedelta(days=30)
"""How long somebody who looked at a plan can be mentioned in it."""
MOST_KNOWN = 200
"""How many people a plan knows."""


class Refused(ValueError):
    """It can't be done; says why. Nothing was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who comments: by which name, and what tells them from others of that name."""

    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The comments of a plan that wait for an answer."""

    counts: Mapping[tuple[str, str], int]
    """How many there are, by what they are about: the kind, and its name."""
    mentioning: int
    """How many of them mention who looks."""


_open = Written(
    lambda plan: (
        models.Comment.objects.filter(plan=plan, resolved=False)
        .order_by("pk")
        .values_list("pk", "kind", "subject", "mentions", "writer")
    ),
    2**62,
)


def open_comments(plan: models.Plan, writer: Writer, find_placed: Callable[[], Mapping[int, str]]) -> Open:
    """What is open in a plan, and how much of it mentions this person, by their name.

    `find_placed` tells by number of a comment on a rule which number the rule has now. It is asked only where one is
    open, so that all others cost one query.
    """
    counts: dict[tuple[str, str], int] = {}
    mentioning = 0
    rows = _open.ask(plan.pk)
    placed: Mapping[int, str] | None = None
    for number, kind, subject, mentions, key in rows:
        if kind == RULE and placed is None:
            placed = find_placed()
        about = kind, placed.get(number, subject) if kind == RULE and placed else subject
        counts[about] = counts.get(about, 0) + 1
        mentioning += key != writer.key and writer.name.casefold() in {name.casefold() for name in mentions}
    return Open(counts=counts, mentioning=mentioning)


def newest_change(plan: models.Plan) -> int:
    """A number that grows whenever somebody comments, resolves or reopens; 0 without comments."""
    newest = plan.comments.aggregate(newest=Max("changed"))["newest"]
    return int(newest.timestamp() * 1_000_000) if newest else 0


def list_known(plan: models.Plan) -> list[str]:
    """The names of those whom a plan knows, each once: who holds it by an account, who looked at it, who commented."""
    since = timezone.now() - KNOWN_FOR
    found = [
        *plan.holds.filter(user__isnull=False).values_list("user__username", flat=True)[:MOST_KNOWN],
        *plan.viewers.filter(seen__gte=since).order_by("-seen").values_list("name", flat=True)[:MOST_KNOWN],
        *plan.comments.values_list("author", flat=True).distinct()[:MOST_KNOWN],
    ]
    once = {name.casefold(): name for name in reversed(found) if name}
    return sorted(list(once.values())[-MOST_KNOWN:], key=str.casefold)


def split_mentions(text: str, names: Iterable[str]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is a mention: @ and one of the names, whatever its capitals."""
    longest = sorted({name for name in names if name}, key=lambda name: (-len(name), name))
    if not longest:
        return [(text, False)]
    pattern = re.compile(rf"(@(?:{'|'.join(map(re.escape, longest))})(?!\w))", re.IGNORECASE)
    return [(piece, bool(number % 2)) for number, piece in enumerate(pattern.split(text)) if piece]


def find_mentions(text: str, names: Sequence[str]) -> list[str]:
    """Which of the names a text mentions, as they are written among them."""
    by_name = {name.casefold(): name for name in names}
    said = [piece[1:].casefold() for piece, is_mention in split_mentions(text, names) if is_mention]
    return list(dict.fromkeys(by_name.get(name, name) for name in said))


@transaction.atomic
def add(
    *,
    plan: models.Plan,
    kind: str,
    subject: str,
    text: str,
    writer: Writer,
    operation: str | None = None,
    blocks: Sequence[Any] = (),
) -> models.Comment:
    """Comment; the same operation counts once. Raises Refused where the plan has as many as it may.

    `blocks`: what a rule opens in the plan's newest revision.
    """
    lock_row(plan.pk)
    if operation and (known := plan.comments.filter(operation=operation).first()):
        return known
    if plan.comments.count() >= MOST:
        raise Refused(f"A plan has at most {MOST:,} comments, and this one has them. Delete some that are resolved.")
    return models.Comment.objects.create(
        plan=plan, kind=kind, subject=subject, text=text, mentions=find_mentions(text, list_known(plan)),
        author=writer.name[:60], writer=writer.key, operation=operation or models.make_operation(),
        blocks=list(blocks), revision=plan.revision if blocks else None,
    )  # fmt: skip


@transaction.atomic
def resolve(*, plan: models.Plan, number: int, resolved: bool, writer: Writer) -> models.Comment:
    """Resolve a comment, or open it again. Raises Refused for one that isn't there any more."""
    row = _find(plan, number)
    if row.resolved != resolved:
        row.resolved, row.resolved_by = resolved, writer.name[:60] if resolved else ""
        row.resolved_at = timezone.now() if resolved else None
        row.changed = timezone.now()
        row.save(update_fields=["resolved", "resolved_by", "resolved_at", "changed"])
    return row


@transaction.atomic
def delete(*, plan: models.Plan, number: int, writer: Writer) -> models.Comment:
    """Delete a comment of one's own. Raises Refused for another's, and for one that isn't there any more."""
    row = _find(plan, number)
    if row.writer != writer.key:
        raise Refused("Only who wrote a comment can delete it. You can resolve it.")
    models.Comment.objects.filter(pk=row.pk).delete()
    return row


def _find(plan: models.Plan, number: int) -> models.Comment:
    check_admitted()
    row = plan.comments.select_for_update().filter(pk=number).first()
    if row is None:
        raise Refused("This comment has been deleted meanwhile.")
    return row


def follow(plan: models.Plan, renames: Mapping[str, str]) -> None:
    """Have comments on endpoints follow their new names; to be called under the plan's write lock."""
    if not renames:
        return
    rows = list(plan.comments.filter(kind=ENDPOINT, subject__in=renames))
    for row in rows:
        row.subject = renames[row.subject]
    models.Comment.objects.bulk_update(rows, ["subject"], batch_size=200)
