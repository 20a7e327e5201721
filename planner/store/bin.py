"""The bin: plans that were deleted, until they are restored or gone for good."""

from django.db import Error, transaction
from django.db.models import Q
from django.utils import timezone

from planner.store import arrivals, audit
from planner.store.admission import lock_row
from planner.store.jobs import drop_of_plan
from planner.store.models import ARRIVING, KEPT_IN_BIN, Hold, Plan
from planner.store.trouble import name_trouble


def delete_plan(*, plan_id: int, actor: str = "") -> None:
    """Put a plan into the bin, from which it can be restored for KEPT_IN_BIN. What is overdue there goes for good."""
    with transaction.atomic():
        lock_row(plan_id)
        if Plan.objects.filter(pk=plan_id, deleted=None).update(deleted=timezone.now()):
            drop_of_plan(plan_id)
            audit.note("plan-deleted", plan=Plan.objects.only("key").get(pk=plan_id), actor=actor)
    try:
        empty_bin()
    except Error as error:
        if not name_trouble(error):
            raise  # else the plan is in the bin, and what is overdue goes another time


@transaction.atomic
def restore_plan(*, plan_id: int, actor: str = "") -> bool:
    """Take a plan out of the bin, as it was. Returns whether it could be: one that is gone for good can't."""
    lock_row(plan_id)
    overdue = timezone.now() - KEPT_IN_BIN
    plan = Plan.objects.only("key").filter(pk=plan_id)
    if plan.filter(deleted__gt=overdue).update(deleted=None):
        audit.note("plan-restored", plan=plan.get(), actor=actor)
    return plan.filter(deleted=None).exists()


def empty_bin() -> int:
    """Remove for good what has been in the bin for KEPT_IN_BIN. Returns how many plans that were.

    What an import left whose process died goes too. Each plan by itself, so that others wait no longer than for one.
    """
    now = timezone.now()
    left = Hold.objects.filter(browser__startswith=ARRIVING, since__lte=now - arrivals.BROKEN_OFF)
    overdue = Plan.objects.filter(Q(deleted__lte=now - KEPT_IN_BIN) | Q(pk__in=left.values("plan"))).defer("document")
    numbers = list(overdue.values_list("pk", flat=True))
    return sum(overdue.filter(pk=number).delete()[1].get("planner.Plan", 0) for number in numbers)
