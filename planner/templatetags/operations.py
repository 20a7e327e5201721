"""What every form of an edit carries along."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django import template

from planner.store.models import make_operation

register = template.Library()
_gap: ContextVar[str] = ContextVar("gap", default="")


@register.simple_tag
def new_operation() -> str:
    """A fresh id for the edit that a form sends: sent twice, it counts once. Within `leave_gaps` a gap for one."""
    return _gap.get() or make_operation()


@contextmanager
def leave_gaps(gap: str) -> Iterator[None]:
    """Have what is rendered here and now say `gap` for each id: a page that many get must not give them one id.

    Not by the context of a template, which parts of a page that are rendered by themselves don't have.
    """
    token = _gap.set(gap)
    try:
        yield
    finally:
        _gap.reset(token)
