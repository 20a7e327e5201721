"""A plan's revisions as its history shows them: bursts of small edits fold into one entry. Pure; nothing is lost."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

BURST = timedelta(minutes=5)
"""How long a burst lasts at most, from its first edit to its last."""


class Change(Protocol):
    """What the history must know of a revision."""

    number: int
    author: str
    created: datetime
    checkpoint: str
    restored: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry[C: Change]:
    """One line of the history: a revision, or several of one author in a short time, newest first."""

    changes: tuple[C, ...]

    @property
    def newest(self) -> C:
        """The state that all of them led to."""
        return self.changes[0]

    @property
    def oldest(self) -> C:
        """The first of them."""
        return self.changes[-1]

    @property
    def is_burst(self) -> bool:
        """Whether there is something to unfold."""
        return len(self.changes) > 1


def fold[C: Change](changes: Sequence[C], sent: Collection[int]) -> tuple[Entry[C], ...]:
    """Revisions, newest first, as entries.

    Those that stand for themselves never fold: the first one, checkpoints, what was restored, and what was handed over
    (`sent` has the numbers).
    """
    entries: list[list[C]] = []
    for change in changes:
        if entries and _belong_together(entries[-1][0], entries[-1][-1], change, sent):
            entries[-1].append(change)
        else:
            entries.append([change])
    return tuple(Entry(changes=tuple(entry)) for entry in entries)


def _belong_together(newest: Change, last: Change, change: Change, sent: Collection[int]) -> bool:
    return (
        last.number == change.number + 1
        and newest.author == change.author
        and timedelta() <= newest.created - change.created <= BURST
        and not any(_stands_alone(one, sent) for one in (last, change))
    )


def _stands_alone(change: Change, sent: Collection[int]) -> bool:
    return change.number == 1 or bool(change.checkpoint) or change.restored is not None or change.number in sent
