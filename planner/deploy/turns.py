"""Requests about large plans take turns: only so many are worked on at once, on the whole machine.

Each keeps a processor busy for seconds and, while it stores, the database. Without turns a few of them hold all
threads, and everybody's small requests wait. A request that isn't its turn holds no thread: the worker puts it aside
as it came, and has it worked on from the beginning when there is room (`planner/deploy/worker.py`).

The turns of a machine are bytes of a file without a name, which processes that are forked share. A process locks the
byte of a turn that it has (fcntl(2), "record locks"), so whatever ends a process ends its turns. Knows no Django.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

LARGE = 1_000
"""From how many endpoints on a plan is large."""
GIVEN, ASIDE = "planner.turn", "planner.turns"
"""What the worker puts into a request's environment: the turn that it has got for it, and where to get one."""


class NotYet(BaseException):
    """It isn't this request's turn; nothing has been done for it. No error: whoever handles errors lets it pass."""


class Turn:
    """One that has been taken, until it is released."""

    def __init__(self, turns: "Turns", number: int) -> None:
        self._turns, self._number, self._is_over = turns, number, False

    def release(self) -> None:
        """Let someone else have it; once is enough, and more does no harm."""
        if not self._is_over:
            self._is_over = True
            self._turns.put_back(self._number)


class Turns:
    """So many at once. Made before processes are forked, it holds for all of them together."""

    def __init__(self, count: int) -> None:
        self.count, self._file = count, _make_file()
        self._own, self._lock = set[int](), Lock()

    def take(self) -> Turn | None:
        """A turn, or None when all are taken."""
        with self._lock:
            for number in range(self.count):
                if number not in self._own:
                    with suppress(OSError):
                        fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
                        self._own.add(number)
                        return Turn(self, number)
        return None

    def put_back(self, number: int) -> None:
        """Free a turn that this process has."""
        with self._lock:
            self._own.discard(number)
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, number)


def _make_file() -> int:
    """A file without a name. On Linux it is in memory, so it takes no room on any disk."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("turns")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


@contextmanager
def in_turn(environ: Mapping[str, Any], size: int) -> Iterator[None]:
    """Work on a request about a plan of so many endpoints, in its turn if that is many.

    Raises NotYet where it has to wait. A server without turns, as in development, works on all at once.
    """
    turns: Turns | None = environ.get(ASIDE)
    if size < LARGE or turns is None:
        yield
        return
    turn: Turn | None = environ.get(GIVEN) or turns.take()
    if turn is None:
        raise NotYet
    try:
        yield
    finally:
        turn.release()
