"""Addresses to which check scripts send results: listed, made and revoked, for owners."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Schema
from pydantic import ConfigDict, Field

from planner.api.access import caller_of, check_number, let_in, make_once
from planner.api.bodies import JSON
from planner.api.lines import Line
from planner.api.problems import Problem
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, content, named, operate, read_key
from planner.sharing import uploads
from planner.sharing.links import Offer
from planner.sharing.listed import list_newest
from planner.store.models import Hold
from planner.store.run_models import UploadToken

TAG = "Links"
MOST_LISTED = 200


class UploadHead(Schema):
    """An address that takes results, without its secret."""

    number: int
    label: str
    state: str = Field(description="live, revoked or expired.")
    used: int
    created: datetime
    expires: datetime | None


class UploadList(Schema):
    """The addresses of a plan, the newest first: all that work, and of those that have ended the newest."""

    items: list[UploadHead]


class MadeUpload(UploadHead):
    """An address that was made just now: that is told this once."""

    address: str


class WantedUpload(Schema):
    """For what an address is, and how long it works."""

    model_config = ConfigDict(extra="forbid")

    label: Annotated[Line, Field(min_length=1, max_length=100, description="What sends results there.")]
    days: int | None = Field(
        90,
        description="How long it works; null: until it is revoked.",
        json_schema_extra={"enum": [30, 90, 365, None]},
    )


def _head(row: UploadToken) -> UploadHead:
    return UploadHead(
        number=row.pk, label=row.label, state=row.state, used=row.used, created=row.created, expires=row.expires
    )


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/uploads",
    url_name="uploads",
    response=UploadList,
    problems=OF_A_PLAN,
    operation_id="list_uploads",
    summary="The addresses that take results",
)
def list_uploads(request: HttpRequest, key: UUID) -> UploadList:
    """Without their secrets, which are kept nowhere. For owners."""
    with let_in(request, key, Hold.Role.OWN, document=False) as plan:
        rows = list_newest(UploadToken.objects.filter(plan=plan), MOST_LISTED)
        return UploadList(items=[_head(row) for row in rows])


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/uploads",
    url_name="uploads",
    parameters=[IDEMPOTENCY_KEY],
    problems=(*OF_A_PLAN, "key-of-another"),
    operation_id="make_upload",
    summary="Make an address that takes results",
    answers={201: {"description": "It is made", "content": content(JSON, named("MadeUpload"))}},
)
def make_upload(request: HttpRequest, key: UUID, wanted: WantedUpload) -> HttpResponseBase:
    """Whoever has it can add results to the plan, and learns nothing of it. For owners."""
    caller, name = caller_of(request), read_key(request)
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        if not settings.PUBLIC_LINKS:
            raise Problem(code="not-allowed", detail="Addresses without a login are switched off in this service.")
        if wanted.days not in (30, 90, 365, None):
            raise Problem(code="not-valid", detail="An address works for 30, 90 or 365 days, or null: until revoked.")
        token = caller.secret(name, f"upload of {plan.key} {wanted.model_dump_json()}")
        offer = Offer(token=token, edit_number=plan.edit_number)
        make = partial(
            uploads.make_token_row,
            plan=plan,
            label=wanted.label,
            days=wanted.days,
            offer=offer,
            holder=caller.holder,
        )
        row = make_once(request, token, make)
    address = request.build_absolute_uri(reverse("upload_results", kwargs={"token": token}))
    made = MadeUpload(address=address, **_head(row).model_dump())
    return HttpResponse(made.model_dump_json().encode(), content_type=JSON, status=201)


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}/uploads/{int:number}",
    url_name="upload",
    problems=OF_A_PLAN,
    operation_id="revoke_upload",
    summary="Revoke an address that takes results",
    answers={204: {"description": "It leads nowhere"}},
)
def revoke_upload(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """From the next request on. One that was revoked already stays so. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        if not uploads.revoke(plan=plan, number=check_number(number), holder=caller_of(request).holder):
            raise Problem(code="nothing-here", detail="This plan has no such address.")
    return HttpResponse(status=204)
