"""How far the writing of a file is, told to whoever waits for it; to nobody, unless somebody listens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]
"""Told what is being done, in words, and which of how many parts of it that is; 0 of 0 where it has no parts."""

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
