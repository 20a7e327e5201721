"""The links, addresses and tokens that a list shows: what still works is never cut off by what has ended since."""

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from planner.sharing.withdrawals import UNDONE_FOR
from planner.store.lasting import Lasting, lasts


def list_newest[Row: Lasting](rows: "QuerySet[Row]", most: int) -> list[Row]:
    """The newest rows, at most so many: first those that work, then those that are used up, then others.

    Of the others those come first that can still be brought back. All that are chosen come by age.
    """
    now = timezone.now()
    whens = lasts(now) & rows.model.room, lasts(now), Q(revoked__gte=now - UNDONE_FOR)
    rank = Case(*(When(when, then=Value(place)) for place, when in enumerate(whens)), default=Value(len(whens)))
    chosen = rows.alias(rank=rank).order_by("rank", "-created", "-pk")[:most]
    return sorted(chosen, key=lambda row: (row.created, row.pk), reverse=True)
