"""Whether a request has stored anything yet, for what is said where the database fails before it is answered.

What is written in passing counts for nothing: tries, sessions, who looks at a plan.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection

READS = ("GET", "HEAD", "OPTIONS")
"""The methods of requests that store nothing."""
_WRITES = re.compile(r'\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM) "?(\w+)', re.IGNORECASE)
_IN_PASSING = frozenset({"django_session", "planner_attempt", "planner_opening", "planner_viewer"})
"""Tables of which nobody who sends something is told."""


@dataclass(slots=True)
class _Watch:
    stored: bool = False


_watch: ContextVar[_Watch | None] = ContextVar("stored", default=None)


@contextmanager
def watching() -> Iterator[None]:
    """Look in this block, in which a request is answered, at what is committed."""
    token = _watch.set(_Watch())
    try:
        with connection.execute_wrapper(_look):
            yield
    finally:
        _watch.reset(token)


@contextmanager
def in_passing() -> Iterator[None]:
    """Look away, whatever is written in this block."""
    token = _watch.set(None)
    try:
        yield
    finally:
        _watch.reset(token)


def was_stored() -> bool:
    """Whether the request that is being answered has something committed by now; False where none is watched."""
    watch = _watch.get()
    return watch is not None and watch.stored


def _look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    done = execute(sql, params, many, context)
    watch = _watch.get()
    if watch is None or watch.stored:
        return done
    if (written := _WRITES.match(sql)) and written[1] not in _IN_PASSING:
        context["connection"].on_commit(partial(setattr, watch, "stored", True))
    return done
