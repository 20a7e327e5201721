"""The links, addresses and tokens that a list shows: what still works is never cut off by what has ended since."""

from django.db.models import Case, Model, Q, QuerySet, Value, When
from django.utils import timezone

from planner.sharing.withdrawals import UNDONE_FOR


def list_newest[Row: Model](rows: "QuerySet[Row]", most: int) -> list[Row]:
    """The newest rows, at most so many; what hasn't ended comes before what has, as long as they are chosen.

    The rows have `created`, `expires` and `revoked`. One that can still be brought back counts among those that work.
    """
    now = timezone.now()
    works = Q(Q(expires=None) | Q(expires__gt=now), revoked=None) | Q(revoked__gte=now - UNDONE_FOR)
    rank = Case(When(works, then=Value(0)), default=Value(1))
    chosen = rows.alias(rank=rank).order_by("rank", "-created", "-pk")[:most]
    return sorted(chosen, key=lambda row: (row.created, row.pk), reverse=True)  # type: ignore[attr-defined]  # as said
