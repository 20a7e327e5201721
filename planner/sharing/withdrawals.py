"""What was taken from others, kept for a minute so that it can be given back: an edit link, and somebody's access.

Tokens stay unknown: what is kept of a link is its hash, and giving it back has the same link lead to the plan again.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from planner.store import audit
from planner.store.admission import lock_row
from planner.store.holders import Holder
from planner.store.models import Hold, Plan, Withdrawal

UNDONE_FOR = timedelta(minutes=1)
"""How long it can be given back."""
TOO_LATE = "More than a minute has passed, or something else was done since; nothing was given back."
_DATES = ("since", "opened")


class NotGivenBack(ValueError):
    """It can't be given back any more; says why."""


def keep(*, plan: Plan, holds: Iterable[Hold], link_before: str = "", link_after: str = "", name: str = "") -> None:
    """Remember what is about to be taken: these holds, and that the edit link of one hash became that of another.

    An empty hash is no link; where there was none, nothing is kept. `name` is whose access it is. What is older than a
    minute is forgotten.
    """
    forget()
    if link_before or name:
        taken = [_write(hold) for hold in holds]
        Withdrawal.objects.create(
            plan=plan, link_before=link_before, link_after=link_after, number=plan.edit_number, name=name, holds=taken
        )


def forget() -> None:
    """Forget what can't be given back any more."""
    Withdrawal.objects.filter(at__lt=timezone.now() - UNDONE_FOR).delete()


def list_undoable(plan: Plan) -> QuerySet[Withdrawal]:
    """What can be given back now, the newest first. Of edit links only what was done last can be."""
    recent = plan.withdrawals.filter(at__gte=timezone.now() - UNDONE_FOR).order_by("-pk")
    named = recent.exclude(name="")
    return named | recent.filter(name="", link_after=plan.edit_hash or "", number=plan.edit_number)


@transaction.atomic
def give_back(*, plan_id: int, number: int, holder: Holder) -> None:
    """Give back what was taken, as it was. Raises NotGivenBack when a minute has passed or something else was done.

    Whoever holds the plan again by other means keeps what they have. Where an edit link took the place of another, it
    leads nowhere from then on, and browsers that opened it hold the plan no more unless they own it.
    """
    plan = lock_row(plan_id)
    taken = list_undoable(plan).filter(pk=number).first()
    if taken is None:
        raise NotGivenBack(TOO_LATE)
    if taken.is_link:
        late = plan.holds.exclude(browser="").exclude(role=Hold.Role.OWN).filter(since__gte=taken.at)
        late.delete()
        plan.edit_hash = taken.link_before or None
        plan.save(update_fields=["edit_hash"])
    for facts in taken.holds:
        _restore(plan, facts)
    audit.note("access-given-back", plan=plan, actor=holder.name, detail=taken.name or "edit link")
    taken.delete()


def _write(hold: Hold) -> dict[str, Any]:
    dates = {name: getattr(hold, name).isoformat() for name in _DATES}
    return {"browser": hold.browser, "user": hold.user_id, "role": hold.role, "archived": hold.archived, **dates}


def _restore(plan: Plan, facts: dict[str, Any]) -> None:
    """Have whoever held the plan hold it again; an account that is gone holds nothing."""
    if facts["user"] and not User.objects.filter(pk=facts["user"]).exists():
        return
    dates = {name: datetime.fromisoformat(facts[name]) for name in _DATES}
    kept = {"role": facts["role"], "archived": facts["archived"], **dates}
    plan.holds.get_or_create(user_id=facts["user"], browser=facts["browser"], defaults=kept)
