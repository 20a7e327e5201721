"""Whether who was let in still is, once what they sent is to be stored.

Between being let in and storing something lies what a large edit takes, or a slow upload. Access that was taken back
meanwhile counts: what would be stored then isn't.

Of what is locked the plan comes first, always, and then what lets the sender in: two who go opposite ways wait for
each other for ever. No lock is one on the row's key (`no_key`), which would keep others from storing a row that refers
to it: PostgreSQL has each such row ask for its key (FOR KEY SHARE,
https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db.models import Q, QuerySet

from planner.store.models import Hold, Plan
from ports.written import Written


class AccessTaken(Exception):
    """Whoever sends this may not change the plan any more; nothing was stored."""


type Admission = Callable[[], object]
"""What finds the row that let a sender in, and locks it; None once that doesn't let them in any more."""
_by: ContextVar[tuple[Admission, ...]] = ContextVar("admitted by", default=())


@contextmanager
def admitted(*by: Admission) -> Iterator[None]:
    """Until the block ends, plans are changed only while each of these finds its row: what let the sender in.

    They are asked when something is to be stored, which most requests don't.
    """
    token = _by.set(by)
    try:
        yield
    finally:
        _by.reset(token)


def lock(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Rows that are locked as they are read, and of which no more is read than that they are there."""
    # Not by exists(), which forgets of what the row is locked: PostgreSQL locks no side of a join that may be missing.
    return rows.select_for_update(of=("self",), no_key=True).only("pk")


def held(hold: Hold, role: Hold.Role) -> object:
    """A hold as `admitted` takes it: as long as it is there, allows that role, and its account may log in."""
    return _held[role].first(hold.pk)


def _write_held(role: Hold.Role) -> Written:
    roles = [one for one in Hold.Role if Hold(role=one).allows(role)]
    let_in = Q(user=None) | Q(user__is_active=True)
    return Written(lambda pk: lock(Hold.objects.filter(let_in, pk=pk, role__in=roles)), 2**62)


_held = {role: _write_held(role) for role in Hold.Role}


def check_admitted() -> None:
    """To be called in the transaction that stores something. Raises AccessTaken.

    The row is locked, so that who takes access back is told so after what came before is stored, and nothing is later.
    """
    for by in _by.get():
        if by() is None:
            raise AccessTaken


def lock_row(plan_id: int) -> Plan:
    """A plan without its document, with its write lock. Raises AccessTaken."""
    plan = Plan.objects.select_for_update(of=("self",), no_key=True).defer("document").get(pk=plan_id)
    check_admitted()
    return plan
