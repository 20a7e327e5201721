"""The stored plan that a file is brought together with, whichever way it is reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from planner.plan.rows import Renames
from planner.store.git import Source

Document = Mapping[str, Any]


class Refused(Exception):
    """The stored plan can't be had, or not be written. The message is a sentence."""


class Moved(Exception):
    """It has changed since it was read; nothing was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The stored plan as it is: its newest revision."""

    document: Document
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """That a file's state in a commit was pushed, and what the newest revision was after it."""

    commit: str
    path: str
    revision: int


class Stored(Protocol):
    """A plan that is stored; each method raises Refused where it can't."""

    plan: UUID

    def read(self) -> State:
        """The newest revision."""

    def read_revision(self, number: int) -> Document | None:
        """An earlier one; None where there is none of that number."""

    def list_renames(self, since: int) -> Renames:
        """What has been renamed after a revision, as the history tells."""

    def list_pushes(self) -> Sequence[Pushed]:
        """The newest first."""

    def write(self, document: Document, base: int, source: Source) -> int:
        """Put a document in the place of the one at that revision; the newest one's number. Raises Moved."""

    def own(self, repository: str, path: str) -> None:
        """Have git own the plan."""
