"""The links, addresses and tokens that a list shows: what still works is never cut off by what has ended since."""

from django.db.models import Case, Model, Q, QuerySet, Value, When
from django.utils import timezone

from planner.sharing.withdrawals import UNDONE_FOR


def list_newest[Row: Model](rows: "QuerySet[Row]", most: int) -> list[Row]:
    """The newest rows, at most so many: first those that work, then those that can still be brought back, then others.

    The rows have `created`, `expires` and `revoked`; all of them come by age.
    """
    now = timezone.now()
    works = Q(Q(expires=None) | Q(expires__gt=now), revoked=None)
    rank = Case(When(works, then=Value(0)), When(revoked__gte=now - UNDONE_FOR, then=Value(1)), default=Value(2))
    chosen = rows.alias(rank=rank).order_by("rank", "-created", "-pk")[:most]
    return sorted(chosen, key=lambda row: (row.created, row.pk), reverse=True)  # type: ignore[attr-defined]  # as said
