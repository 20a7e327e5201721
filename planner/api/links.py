"""Read links of plans: listed, made and revoked, for owners."""

import re
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Schema
from pydantic import ConfigDict, Field

from planner.api.access import caller_of, check_number, let_in, make_once
from planner.api.bodies import JSON
from planner.api.problems import Problem, refuse
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, PAPER, content, named, operate, read_key
from planner.plan.faults import Fault
from planner.sharing import links
from planner.sharing.files import write_link
from planner.sharing.link_form import LinkForm
from planner.sharing.listed import list_newest
from planner.store.files import send
from planner.store.models import Hold, ShareLink

TAG = "Links"


class LinkHead(Schema):
    """A read link, without its secret."""

    number: int
    label: str
    state: str = Field(description="live, revoked, expired or used up.")
    pinned: int | None = Field(description="The revision that it shows; nothing: always the newest.")
    may_report: bool
    may_upload: bool
    has_passphrase: bool
    openings: int
    most_openings: int | None
    created: datetime
    expires: datetime | None


class LinkList(Schema):
    """The read links of a plan, the newest first: all that work, and of those that have ended the newest."""

    items: list[LinkHead]


class MadeLink(LinkHead):
    """A read link that was made just now, with its address: that is told this once."""

    address: str


class WantedLink(Schema):
    """What a read link is to be; as on the page where people make one."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=100, description="For whom it is.")
    pinned: int | None = Field(
        None, ge=1, le=999_999_999, description="The revision that it shows; nothing: always the newest."
    )
    shows_changes: bool = Field(False, description="Of a pinned one: whether it tells what changed since.")
    may_report: bool = Field(False, description="Whether its readers may set the state of rules.")
    may_upload: bool = Field(False, description="Whether they may upload results of checks.")
    days: int | None = Field(30, description="How long it works: 1, 7, 30, 90 or 365 days; null: for ever.")
    passphrase: str = Field("", max_length=200)
    most_openings: int | None = Field(None, ge=1, le=100_000)


def head_of(link: ShareLink) -> LinkHead:
    """A link as it is told of."""
    return LinkHead(
        number=link.pk,
        label=link.label,
        state=link.state,
        pinned=link.pinned,
        may_report=link.may_report,
        may_upload=link.may_upload,
        has_passphrase=bool(link.passphrase),
        openings=link.openings,
        most_openings=link.most_openings,
        created=link.created,
        expires=link.expires,
    )


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/links",
    url_name="links",
    response=LinkList,
    problems=OF_A_PLAN,
    operation_id="list_links",
    summary="The read links of a plan",
)
def list_links(request: HttpRequest, key: UUID) -> LinkList:
    """Without their secrets, which are kept nowhere. For owners."""
    with let_in(request, key, Hold.Role.OWN, document=False) as plan:
        return LinkList(items=[head_of(link) for link in list_newest(plan.links.all(), 2 * links.MOST_LINKS)])


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/links",
    url_name="links",
    problems=(*OF_A_PLAN, "key-of-another"),
    parameters=[IDEMPOTENCY_KEY],
    operation_id="make_link",
    summary="Make a read link",
    answers={201: {"description": "It is made", "content": content(JSON, named("MadeLink"))}},
)
def make_link(request: HttpRequest, key: UUID, wanted: WantedLink) -> HttpResponseBase:
    """Whoever has its address can read the plan's report. The same Idempotency-Key makes the same link. For owners."""
    caller, name = caller_of(request), read_key(request)
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        if not settings.PUBLIC_LINKS:
            raise Problem(code="not-allowed", detail="Links without a login are switched off in this service.")
        form = LinkForm(_fill_in(wanted), revision=plan.revision)
        if not form.is_valid():
            faults = [
                Fault(field.replace("__all__", "body"), str(sentence), "invalid")
                for field, sentences in form.errors.items()
                for sentence in sentences
            ]
            raise refuse(faults, "No link was made.")
        token = caller.secret(name, f"link of {plan.key} {wanted.model_dump_json()}")
        make = partial(links.make_link, plan=plan, terms=links.Terms(**form.terms), token=token, holder=caller.holder)
        link = make_once(request, token, make)
        address = request.build_absolute_uri(reverse("open_link", kwargs={"token": token}))
        made = MadeLink(address=address, **head_of(link).model_dump())
    return HttpResponse(made.model_dump_json().encode(), content_type=JSON, status=201)


def _fill_in(wanted: WantedLink) -> dict[str, str]:
    """What a person would have filled in."""
    said = {
        "label": wanted.label,
        "shows": "newest" if wanted.pinned is None else "pinned",
        "revision": str(wanted.pinned or ""),
        "days": "never" if wanted.days is None else str(wanted.days),
        "passphrase": wanted.passphrase,
        "most_openings": str(wanted.most_openings or ""),
    }
    ticks = {name: "1" for name in ("shows_changes", "may_report", "may_upload") if getattr(wanted, name)}
    return said | ticks


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}/links/{int:number}",
    url_name="link",
    problems=OF_A_PLAN,
    operation_id="revoke_link",
    summary="Revoke a read link",
    answers={204: {"description": "It leads nowhere"}},
)
def revoke_link(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """It leads nowhere from the next request on. One that was revoked already stays so. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        if not links.revoke_link(plan=plan, number=check_number(number), holder=caller_of(request).holder):
            raise Problem(code="nothing-here", detail="This plan has no such link.")
    return HttpResponse(status=204)


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/links/{int:number}/restore",
    url_name="restore_link",
    problems=OF_A_PLAN,
    operation_id="restore_link",
    summary="Bring back a read link",
    answers={204: {"description": "It leads to the plan again"}},
)
def restore_link(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """One that was revoked, within a minute; 409 afterwards. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        if not links.bring_back(plan=plan, number=check_number(number), holder=caller_of(request).holder):
            raise Problem(code="not-now", detail=links.TOO_LATE)
    return HttpResponse(status=204)


class LinkAddress(Schema):
    """The address of a read link, as it was told when the link was made."""

    model_config = ConfigDict(extra="forbid")

    address: str = Field(max_length=2_000, description="The whole address, or its secret alone.")


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/links/print",
    url_name="print_link",
    problems=(*OF_A_PLAN, "not-expressible"),
    parameters=[PAPER],
    operation_id="print_link",
    summary="The PDF that a read link leads to",
    answers={200: {"description": "The file", "content": content("application/pdf")}},
)
def print_link(request: HttpRequest, key: UUID, wanted: LinkAddress) -> HttpResponseBase:
    """With the address on its cover, to be handed on. For owners, who alone know the address."""
    with let_in(request, key, Hold.Role.OWN) as plan:
        token = read_secret(wanted.address, "shared")
        link = links.find_link(token) if token else None
        if link is None or link.plan_id != plan.pk:
            raise Problem(code="nothing-here", detail="This link leads nowhere any more.")
        address = request.build_absolute_uri(reverse("open_link", kwargs={"token": token}))
        return send(write_link(link, address, request.GET.dict()))


def read_secret(address: str, kind: str) -> str:
    """The secret in an address of this service, of a kind of links; empty where there is none."""
    found = re.fullmatch(rf"(?:\S*/{kind}/)?([A-Za-z0-9_-]{{43}})/?", address.strip(), re.ASCII)
    return found[1] if found else ""
