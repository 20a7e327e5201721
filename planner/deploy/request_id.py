"""The id of the request that is being answered, for whatever tells of it: the answer, lines of the log, audit.

One request has one id, on every machine that it passes. Knows no Django; `planner.web.request_id` begins with it.
"""

import re
import secrets
from contextvars import ContextVar

_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", re.ASCII)
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id of the request that this thread answers; empty where it answers none, as in a command."""
    return _current.get()


def begin(given: str = "") -> str:
    """Answer a request from here on, under the id that it was given if that is well-formed, else under a new one.

    Well-formed is what has 8 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit.
    Returns the id.
    """
    chosen = given if _WELL_FORMED.fullmatch(given) else secrets.token_hex(16)
    _current.set(chosen)
    return chosen


def end() -> None:
    """The request is answered."""
    _current.set("")
