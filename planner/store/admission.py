"""Whether who was let in still is, once what they sent is to be stored.

Between being let in and storing something lies what a large edit takes, or a slow upload. Access that was taken back
meanwhile counts: what would be stored then isn't.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.models import Q, QuerySet

from planner.store.models import Hold, Plan


class AccessTaken(Exception):
    """Whoever sends this may not change the plan any more; nothing was stored."""


type Admission = Callable[[], "QuerySet[Any]"]
"""What finds the row that let a sender in, for as long as it does."""
_by: ContextVar[tuple[Admission, ...]] = ContextVar("admitted by", default=())


@contextmanager
def admitted(*by: Admission) -> Iterator[None]:
    """Until the block ends, plans are changed only while each of these has a row: what let the sender in.

    They are asked when something is to be stored, which most requests don't.
    """
    token = _by.set(by)
    try:
        yield
    finally:
        _by.reset(token)


def held(hold: Hold, role: Hold.Role) -> "QuerySet[Hold]":
    """A hold as `admitted` takes it: as long as it is there, allows that role, and its account may log in."""
    roles = [one for one in Hold.Role if Hold(role=one).allows(role)]
    return Hold.objects.filter(Q(user=None) | Q(user__is_active=True), pk=hold.pk, role__in=roles)


def check_admitted() -> None:
    """To be called in the transaction that stores something. Raises AccessTaken.

    The row is locked, so that who takes access back is told so after what came before is stored, and nothing is later.
    """
    # Not by exists(), which forgets of what the row is locked: PostgreSQL locks no side of a join that may be missing.
    for by in _by.get():
        if by().select_for_update(of=("self",)).only("pk").first() is None:
            raise AccessTaken


def lock_row(plan_id: int) -> Plan:
    """A plan without its document, with its write lock. Raises AccessTaken."""
    plan = Plan.objects.select_for_update(of=("self",)).defer("document").get(pk=plan_id)
    check_admitted()
    return plan
