"""Room for all calls of a piece of work at once.

CPython keeps the frames of a thread's calls in pieces of 16 KiB, which it maps one by one and gives back as soon as
the first frame in one has returned (`push_chunk` and `_PyThreadState_PopFrame` in Python/pystate.c). A loop that
happens to stand where a piece ends maps memory with every call that it makes: a quarter to two fifths of what a page
takes (docs/performance.md).
A frame that is larger than a piece gets one of twice its size or more, and all that is called from it stands in the
rest.
"""

from collections.abc import Callable

SLOTS = 70_000
"""Of a frame: with its 547 KiB the piece has 1 MiB, and what is left takes more calls than may be nested. Memory that
nothing is written to is none: of the frame itself there is next to nothing."""


def call_with_room[Result](call: Callable[[], Result]) -> Result:
    """Have the frames of all that is called in one piece; returns what it returns, and raises what it raises."""
    return call()


call_with_room.__code__ = call_with_room.__code__.replace(co_stacksize=SLOTS)
