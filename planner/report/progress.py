"""How far the writing of a file is, told to whoever waits for it; to nobody, unless somebody listens.

And how long something may take, where somebody waits.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]
"""Told what is being done, in words, and which of how many parts of it that is; 0 of 0 where it has no parts."""


class TooLong(Exception):
    """Something takes more of a processor than there was for it."""


def at_most(seconds: float) -> Callable[[], None]:
    """What raises TooLong when it is called after this thread has had a processor for so long from now on."""
    end = time.thread_time() + seconds

    def look() -> None:
        if time.thread_time() > end:
            raise TooLong

    return look


_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


def tell(what: str, number: int = 0, of: int = 0) -> None:
    """Say what is done from now on: the `number`-th part of `of`, counted from 1, or 0 of 0."""
    listener = _listener.get()
    if listener is not None:
        listener(what, number, of)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Until the block ends, `listener` is told."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
