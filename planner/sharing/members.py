"""Sharing a plan with accounts by name: who may read it, who may edit it, who owns it."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from planner.sharing.withdrawals import keep
from planner.store import audit
from planner.store.holders import Holder
from planner.store.models import Hold, Plan


class NotShared(ValueError):
    """It can't be shared so; says why."""


def list_members(plan: Plan) -> QuerySet[Hold]:
    """Which accounts hold a plan, with the accounts, by name."""
    return plan.holds.filter(user__isnull=False).select_related("user").order_by("user__username")


def find_account(name: str) -> User:
    """The account with a user name; capitals count only where there are several. Raises NotShared for none."""
    exact = User.objects.filter(username=name, is_active=True).first()
    if exact is not None:
        return exact
    alike = list(User.objects.filter(username__iexact=name, is_active=True)[:2])
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise NotShared(f"Several accounts are called “{name}”; write the name with its capitals.")
    raise NotShared(f"There is no account “{name}” that may log in. Accounts are known once they have been made.")


@transaction.atomic
def share_plan(*, plan: Plan, user: User, role: Hold.Role, holder: Holder) -> None:
    """Have an account hold a plan with a role, whatever it had. Raises NotShared if nobody would own it any more."""
    _lock(plan)
    hold = plan.holds.filter(user=user).first()
    if hold is None:
        hold = Hold(plan=plan, user=user)
    elif hold.role == role:
        return
    else:
        _keep_an_owner(plan, hold)
    hold.role = role
    hold.save()
    audit.note("plan-shared", plan=plan, actor=holder.name, detail=f"{user.get_username()} {role.label}")


@transaction.atomic
def unshare_plan(*, plan: Plan, number: int, holder: Holder) -> None:
    """Have an account, by the number of its hold, hold a plan no more; one that doesn't is left as it is.

    It can be given back for a minute (`planner.sharing.withdrawals`).

    Raises NotShared if nobody would own the plan any more.
    """
    _lock(plan)
    hold = list_members(plan).filter(pk=number).first()
    if hold is None:
        return
    _keep_an_owner(plan, hold)
    name = hold.user.get_username() if hold.user else ""
    keep(plan=plan, holds=[hold], name=name)
    hold.delete()
    audit.note("plan-unshared", plan=plan, actor=holder.name, detail=name)


def _lock(plan: Plan) -> None:
    Plan.objects.select_for_update().only("pk").get(pk=plan.pk)


def _keep_an_owner(plan: Plan, hold: Hold) -> None:
    """Raise NotShared when it is the last one of an account that owns the plan and may log in."""
    others = plan.holds.filter(role=Hold.Role.OWN, user__is_active=True).exclude(pk=hold.pk)
    if hold.role == Hold.Role.OWN and not others.exists():
        raise NotShared("Somebody has to own the plan. Make another account its owner first.")
