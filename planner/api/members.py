"""Who holds a plan, and its edit link: as the page on which its owner shares it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from planner.api.access import caller_of, check_makes, check_number, let_in
from planner.api.answers import PlanHead, head_of
from planner.api.bodies import JSON
from planner.api.links import LinkAddress, read_secret
from planner.api.problems import Problem
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, content, named, operate, read_key
from planner.sharing import links, members, withdrawals
from planner.store.models import Hold, Plan
from planner.store.sent_before import Answered, once

TAG = "Members"
Role = Literal["read", "edit", "own"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150, pattern=r"^[^\x00]*$")]


class Member(Schema):
    """An account that a plan is shared with; where there are no accounts, a browser."""

    number: int
    name: str
    role: Role = Field(description="What it may do with the plan.")
    since: datetime
    is_you: bool = Field(description="Whether the token acts for it.")
    may_log_in: bool


class MemberList(Schema):
    """Those who hold a plan: accounts by name, browsers by when they came."""

    items: list[Member]


class WantedMember(Schema):
    """With which account a plan is to be shared."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="The user name of the account.")
    role: Role = "read"


class WantedRole(Schema):
    """What a member may do from now on."""

    model_config = ConfigDict(extra="forbid")

    role: Role


def _list(plan: Plan, caller_hold: Hold) -> list[Member]:
    holds = list(members.list_members(plan))
    return [
        Member(
            number=hold.pk,
            name=name,
            role=hold.role,  # type: ignore[arg-type]  # the values of Hold.Role
            since=hold.since,
            is_you=hold.pk == caller_hold.pk,
            may_log_in=hold.user is None or hold.user.is_active,
        )
        for hold, name in zip(holds, members.name_members(plan, holds), strict=True)
    ]


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/members",
    url_name="members",
    response=MemberList,
    problems=OF_A_PLAN,
    operation_id="list_members",
    summary="Who holds a plan",
)
def list_members(request: HttpRequest, key: UUID) -> MemberList:
    """With what each may do. For owners."""
    with let_in(request, key, Hold.Role.OWN, document=False) as plan:
        return MemberList(items=_list(plan, request.hold))  # type: ignore[attr-defined]  # `let_in` has put it there


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/members",
    url_name="members",
    response=MemberList,
    problems=OF_A_PLAN,
    operation_id="add_member",
    summary="Share a plan with an account",
)
def add_member(request: HttpRequest, key: UUID, wanted: WantedMember) -> MemberList:
    """Whatever it could do before, it has this role now. The answer is who holds the plan then. For owners.

    404 where there are no accounts; 409 where there is no such account, or nobody would own the plan any more.
    """
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        if not settings.REQUIRE_LOGIN:
            raise Problem(code="nothing-here", detail="There are no accounts here: hand on an edit link instead.")
        user = members.find_account(wanted.name)
        role, holder = Hold.Role(wanted.role), caller_of(request).holder
        members.share_plan(plan=plan, user=user, role=role, holder=holder)
        return MemberList(items=_list(plan, request.hold))  # type: ignore[attr-defined]  # as above


@operate(
    TAG,
    "PUT",
    "/plans/{uuid:key}/members/{int:number}",
    url_name="member",
    problems=OF_A_PLAN,
    operation_id="change_member",
    summary="Let a member do more or less",
    answers={204: {"description": "It may"}},
)
def change_member(request: HttpRequest, key: UUID, number: int, wanted: WantedRole) -> HttpResponseBase:
    """409 where it doesn't hold the plan any more, or nobody would own it. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        holder = caller_of(request).holder
        members.change_role(plan=plan, number=check_number(number), role=Hold.Role(wanted.role), holder=holder)
    return HttpResponse(status=204)


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}/members/{int:number}",
    url_name="member",
    problems=OF_A_PLAN,
    operation_id="remove_member",
    summary="Share a plan with somebody no more",
    answers={204: {"description": "It holds the plan no more"}},
)
def remove_member(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """One that holds it no more already stays so; within a minute it can be given back. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        members.unshare_plan(plan=plan, number=check_number(number), holder=caller_of(request).holder)
    return HttpResponse(status=204)


class EditLink(Schema):
    """Whether a plan has an edit link. Its address is kept nowhere."""

    is_there: bool
    made: int = Field(description="How many the plan has had; each took the place of the one before.")


class MadeEditLink(Schema):
    """The address of an edit link that was made just now: that is told this once."""

    address: str


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/edit-link",
    url_name="edit_link",
    response=EditLink,
    problems=OF_A_PLAN,
    operation_id="read_edit_link",
    summary="Whether there is an edit link",
)
def read_edit_link(request: HttpRequest, key: UUID) -> EditLink:
    """And how many there were. For owners."""
    with let_in(request, key, Hold.Role.OWN, document=False) as plan:
        return EditLink(is_there=plan.edit_hash is not None, made=plan.edit_number)


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/edit-link",
    url_name="edit_link",
    problems=(*OF_A_PLAN, "key-of-another"),
    parameters=[IDEMPOTENCY_KEY],
    operation_id="make_edit_link",
    summary="Make the edit link",
    answers={201: {"description": "It is made", "content": content(JSON, named("MadeEditLink"))}},
)
def make_edit_link(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Whoever opens its address may edit the plan. One that there was leads nowhere from then on. For owners."""
    caller, name = caller_of(request), read_key(request)
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        secret = caller.secret(name, f"edit link of {plan.key}")

        def act() -> Answered:
            plan.refresh_from_db(fields=["edit_number"])
            offer = links.Offer(token=secret, edit_number=plan.edit_number)
            links.make_edit_link(plan_id=plan.pk, holder=caller.holder, offer=offer)
            return Answered(status=201, answer={})

        done = once(caller.token, name, b"edit link " + plan.key.bytes, act)
        if done.again and links.find_plan(secret) != plan:
            detail = "The edit link that this request made leads nowhere any more; make another under another key."
            raise Problem(code="not-now", detail=detail)
    address = request.build_absolute_uri(reverse("open_edit_link", kwargs={"token": secret}))
    made = MadeEditLink(address=address)
    return HttpResponse(made.model_dump_json().encode(), content_type=JSON, status=201)


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}/edit-link",
    url_name="edit_link",
    problems=OF_A_PLAN,
    operation_id="withdraw_edit_link",
    summary="Withdraw the edit link",
    answers={204: {"description": "It leads nowhere"}},
)
def withdraw_edit_link(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Browsers that came by it hold the plan no more; within a minute it can be given back. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        links.withdraw_edit_link(plan_id=plan.pk, holder=caller_of(request).holder)
    return HttpResponse(status=204)


@operate(
    TAG,
    "POST",
    "/plans/opened",
    url_name="opened",
    response=PlanHead,
    problems=("nothing-here",),
    operation_id="open_edit_link",
    summary="Open an edit link",
)
def open_edit_link(request: HttpRequest, wanted: LinkAddress) -> PlanHead:
    """Have whoever the token acts for edit the plan of an edit link; a plan that nobody owns is owned by them then."""
    caller = caller_of(request)
    check_makes(caller, writes=True)
    secret = read_secret(wanted.address, "edit")
    plan = links.open_edit_link(token=secret, holder=caller.holder) if secret else None
    if plan is None:
        raise Problem(code="nothing-here", detail="This edit link leads nowhere (any more).")
    return head_of(plan, caller.holder.holds().get(plan=plan))


class Withdrawal(Schema):
    """Something that was taken from others and can be given back for a minute."""

    number: int
    what: str = Field(description="Whose access it is, or “edit link”.")
    at: datetime


class WithdrawalList(Schema):
    """What can be given back now, the newest first."""

    items: list[Withdrawal]


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/withdrawals",
    url_name="withdrawals",
    response=WithdrawalList,
    problems=OF_A_PLAN,
    operation_id="list_withdrawals",
    summary="What can be given back",
)
def list_withdrawals(request: HttpRequest, key: UUID) -> WithdrawalList:
    """Access and edit links that were withdrawn within the last minute. For owners."""
    with let_in(request, key, Hold.Role.OWN, document=False) as plan:
        found = withdrawals.list_undoable(plan)
        return WithdrawalList(
            items=[Withdrawal(number=one.pk, what=one.name or "edit link", at=one.at) for one in found]
        )


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/withdrawals/{int:number}/undo",
    url_name="give_back",
    problems=OF_A_PLAN,
    operation_id="give_back",
    summary="Give back what was withdrawn",
    answers={204: {"description": "They have it again"}},
)
def give_back(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """As it was; 409 when a minute has passed or something else was done since. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        withdrawals.give_back(plan_id=plan.pk, number=check_number(number), holder=caller_of(request).holder)
    return HttpResponse(status=204)
