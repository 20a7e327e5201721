"""Who holds a plan, and may read, edit or own it: accounts, to which it is given by name, or browsers."""

from collections.abc import Collection, Iterable

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from planner.sharing.withdrawals import keep
from planner.store import audit, presence
from planner.store.admission import lock_row
from planner.store.holders import Holder
from planner.store.models import ARRIVING, Hold, Plan


class NotShared(ValueError):
    """It can't be shared so; says why."""


def list_members(plan: Plan) -> QuerySet[Hold]:
    """Which accounts hold a plan, with the accounts, by name; where there are no accounts, which browsers do."""
    if settings.REQUIRE_LOGIN:
        return plan.holds.filter(user__isnull=False).select_related("user").order_by("user__username")
    return plan.holds.exclude(browser="").exclude(browser__startswith=ARRIVING).order_by("since", "pk")


def name_members(plan: Plan, holds: Iterable[Hold]) -> list[str]:
    """What the log and the page call whoever holds a plan: the account, the name of the browser when it was last seen
    there, or a guest's."""
    holds = list(holds)
    browsers = [hold.browser for hold in holds if hold.browser]
    seen = dict(plan.viewers.filter(key_hash__in=browsers).values_list("key_hash", "name")) if browsers else {}
    return [
        hold.user.get_username() if hold.user else seen.get(hold.browser) or presence.name_guest(hold.browser)
        for hold in holds
    ]


def name_member(hold: Hold) -> str:
    """The same for one of them."""
    return name_members(hold.plan, [hold])[0]


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
    lock_row(plan.pk)
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
def change_role(*, plan: Plan, number: int, role: Hold.Role, holder: Holder) -> None:
    """Have a member, by the number of its hold, do more or less with a plan.

    Raises NotShared if it holds the plan no more, or if nobody would own the plan any more.
    """
    lock_row(plan.pk)
    hold = list_members(plan).filter(pk=number).first()
    if hold is None:
        raise NotShared("The plan isn't shared with that one any more.")
    if hold.role == role:
        return
    _keep_an_owner(plan, hold)
    hold.role = role
    hold.save(update_fields=["role"])
    audit.note("plan-shared", plan=plan, actor=holder.name, detail=f"{name_member(hold)} {role.label}")


@transaction.atomic
def unshare_plan(*, plan: Plan, number: int, holder: Holder) -> None:
    """Have a member, by the number of its hold, hold a plan no more; one that doesn't is left as it is.

    It can be given back for a minute (`planner.sharing.withdrawals`).

    Raises NotShared if nobody would own the plan any more.
    """
    lock_row(plan.pk)
    hold = list_members(plan).filter(pk=number).first()
    if hold is None:
        return
    _keep_an_owner(plan, hold)
    name = name_member(hold)
    keep(plan=plan, holds=[hold], name=name)
    hold.delete()
    audit.note("plan-unshared", plan=plan, actor=holder.name, detail=name)


@transaction.atomic
def appoint_owner(*, plan: Plan, name: str, holder: Holder) -> None:
    """Have an account own a plan; where there are no accounts, a browser that holds it, by its name there.

    For staff, who needn't hold the plan. Raises NotShared when there is no such one, or more than one.
    """
    lock_row(plan.pk)
    if settings.REQUIRE_LOGIN:
        user = find_account(name)
        hold, _ = plan.holds.get_or_create(user=user, browser="", defaults={"role": Hold.Role.OWN})
    else:
        holds = list(list_members(plan))
        found = [one for one, known in zip(holds, name_members(plan, holds), strict=True) if known == name]
        if len(found) != 1:
            several = len(found) or "No"
            raise NotShared(f"{several} browsers called “{name}” hold “{plan.name}”; exactly one is needed.")
        hold = found[0]
    hold.role = Hold.Role.OWN
    hold.save(update_fields=["role"])
    audit.note("owner-appointed", plan=plan, actor=holder.name, detail=name)


def list_owned_alone(users: Collection[User]) -> QuerySet[Plan]:
    """The plans that nobody owns who may log in but these accounts, which own them together."""
    owners = Hold.objects.filter(role=Hold.Role.OWN)
    others = owners.filter(user__is_active=True).exclude(user__in=users)
    return Plan.objects.filter(pk__in=owners.filter(user__in=users).values("plan")).exclude(
        pk__in=others.values("plan")
    )


@transaction.atomic
def give_to_heir(*, users: Collection[User], heir: User, holder: Holder) -> int:
    """Have another account own what nobody owns but these accounts. Returns how many plans those are."""
    plans = list(list_owned_alone(users).only("pk", "key", "name"))
    for plan in plans:
        share_plan(plan=plan, user=heir, role=Hold.Role.OWN, holder=holder)
    return len(plans)


def _keep_an_owner(plan: Plan, hold: Hold) -> None:
    """Raise NotShared when it is the last one that owns the plan, of accounts that may log in or of browsers."""
    others = list_members(plan).filter(role=Hold.Role.OWN).exclude(pk=hold.pk)
    if hold.user is not None:
        others = others.filter(user__is_active=True)
    if hold.role == Hold.Role.OWN and not others.exists():
        what = "account" if hold.user else "browser"
        raise NotShared(f"Somebody has to own the plan. Make another {what} its owner first.")
