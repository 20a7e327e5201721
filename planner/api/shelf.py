"""The plans of whoever a token acts for: listed, made, replaced, put into the bin and taken out of it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from ninja import Schema
from pydantic import Field

from planner.api.access import Caller, caller_of, check_makes, count_once, let_in
from planner.api.answers import PlanHead, head_of
from planner.api.bodies import JSON, read_document, read_under
from planner.api.git import SOURCE, read_source
from planner.api.paging import read_place, write_next
from planner.api.plans import read_base, tag_of
from planner.api.problems import Problem
from planner.api.spec import (
    DOCUMENT_BODY,
    IDEMPOTENCY_KEY,
    OF_A_DOCUMENT,
    OF_A_PLAN,
    PAGE,
    content,
    in_header,
    in_query,
    named,
    operate,
    read_key,
)
from planner.deploy.turns import in_turn
from planner.plan.changes import Change
from planner.plan.document import PlanError
from planner.plan.stored import look_through
from planner.sharing.tokens import author_of
from planner.store import actions, bin
from planner.store.editions import matrix_of
from planner.store.holders import count_plans
from planner.store.models import KEPT_IN_BIN, Hold
from planner.store.replacing import Behind, replace_document
from planner.store.sent_before import Answered, once

TAG = "Plans"
MOST_CHANGES = 200
"""How many changes of each side an answer names."""
IF_MATCH = in_header(
    "If-Match", "The ETag of the plan that yours is made from; * for whatever is there.", required=True
)


class PlanList(Schema):
    """Some plans, the one that came last first."""

    items: list[PlanHead]
    next: str | None = Field(description="What `after` has to say for the ones that follow; nothing at the end.")


SHELF = {"type": "string", "enum": ["aside", "bin"]}
REVISION_TAG = {"description": "The number of its revision", "schema": {"type": "string"}}
"""What OpenAPI says of the ETag of a plan."""
AGAIN = "Idempotent-Replayed"
"""The header of an answer to a request that came before."""


@operate(
    TAG,
    "GET",
    "/plans",
    url_name="plans",
    response=PlanList,
    parameters=(
        in_query("shelf", "Those put aside, or in the bin; without it all but what is in the bin.", SHELF),
        *PAGE,
    ),
    operation_id="list_plans",
    summary="Your plans",
)
def list_plans(request: HttpRequest) -> PlanList:
    """Those that whoever the token acts for holds, or the one that it is for. Pages stay as they are."""
    caller = caller_of(request)
    check_makes(caller, writes=False)
    limit, after = read_place(request)
    holds = caller.holder.holds().select_related("plan__edition").defer("plan__document")
    shelf = request.GET.get("shelf", "")
    if shelf == "bin":
        holds = holds.filter(plan__deleted__gt=timezone.now() - KEPT_IN_BIN)
    else:
        holds = holds.filter(plan__deleted=None)
    if shelf == "aside":
        holds = holds.filter(archived=True)
    if caller.token.plan_id is not None:
        holds = holds.filter(plan=caller.token.plan_id)
    if after is not None:
        holds = holds.filter(pk__lt=after)
    found = list(holds.order_by("-pk")[: limit + 1])
    return PlanList(
        items=[head_of(hold.plan, hold) for hold in found[:limit]],
        next=write_next(found[limit - 1].pk) if len(found) > limit else None,
    )


@operate(
    TAG,
    "POST",
    "/plans",
    url_name="plans",
    body=DOCUMENT_BODY,
    parameters=[IDEMPOTENCY_KEY],
    problems=(*OF_A_DOCUMENT, "key-of-another"),
    operation_id="make_plan",
    summary="Make a plan",
    answers={
        201: {
            "description": "It is made",
            "content": content(JSON, named("PlanHead")),
            "headers": {
                "Location": {"description": "Its address", "schema": {"type": "string"}},
                "ETag": REVISION_TAG,
                AGAIN: {"description": "true: this request came before, and nothing is made now",
                        "schema": {"type": "string"}},
            },
        }
    },
)  # fmt: skip
def make_plan(request: HttpRequest) -> HttpResponseBase:
    """Store the document that is sent as a new plan, which whoever the token acts for owns."""
    caller, key = caller_of(request), read_key(request)
    check_makes(caller, writes=True)
    plan, matrix = read_document(request)
    asked = f"POST plans {matrix.digest} {plan}".encode("utf-8", "surrogatepass")

    def act() -> Answered:
        count_plans(caller.holder, request.META.get("REMOTE_ADDR", ""))
        summary = f"Sent by {author_of(caller.token)}"
        row = actions.create_plan(plan=plan, matrix=matrix, summary=summary, holder=caller.holder)
        return Answered(status=201, answer={"key": str(row.key)})

    with in_turn(request.META, len(plan.endpoints)):
        done = once(caller.token, key, asked, act)
    response = show_made(caller, UUID(done.answer["key"]), 201)
    if done.again:
        response[AGAIN] = "true"
    return response


def show_made(caller: Caller, key: UUID, status: int, revision: int = 1) -> HttpResponse:
    """A plan that was made or replaced, with its address and the ETag of the revision that was made of it.

    By the ETag of one that others made since, a program would write over what it hasn't seen. Raises Problem for a
    plan that was taken back.
    """
    holds = caller.holder.holds().filter(plan__key=key, plan__deleted=None)
    hold = holds.select_related("plan__edition").defer("plan__document").first()
    if hold is None:  # it was taken back since the first time
        raise Problem(code="nothing-here", detail="The plan that this request made isn't yours any more.")
    hold.plan.revision = revision
    headers = {"Location": f"/api/v1/plans/{key}", "ETag": tag_of(hold.plan.revision)}
    data = head_of(hold.plan, hold).model_dump_json().encode()
    return HttpResponse(data, content_type=JSON, status=status, headers=headers)


@operate(
    TAG,
    "PUT",
    "/plans/{uuid:key}",
    url_name="plan",
    body=DOCUMENT_BODY,
    parameters=[IF_MATCH, IDEMPOTENCY_KEY, *SOURCE],
    problems=(*OF_A_PLAN, *OF_A_DOCUMENT, "overtaken", "condition-needed", "owned-by-git", "key-of-another"),
    operation_id="replace_plan",
    summary="Replace the document of a plan",
    answers={
        200: {
            "description": "It is as was sent",
            "content": content(JSON, named("PlanHead")),
            "headers": {
                "ETag": REVISION_TAG,
            },
        }
    },
)
def replace_plan(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Put the document that is sent in the place of the plan's, as a new revision; the same document is none.

    If-Match says which revision yours is made from. Where that isn't the newest, nothing is stored, and the answer
    (412) has both sides: what others changed since, and what you did. Rows that stay keep their order, new ones come
    last. A zone or an endpoint that can be nothing else than one under another name is renamed.
    """
    caller, source = caller_of(request), read_source(request)
    with let_in(request, key, Hold.Role.EDIT, writes=True) as row:
        base = read_base(request, row)
        matrix = matrix_of(row)
        plan = read_under(request, matrix, look_through(row.document))
        sender = caller.sender(base=base)

        def act() -> Answered:
            done = replace_document(plan_id=row.pk, matrix=matrix, plan=plan, sender=sender, source=source)
            return Answered(status=200, answer={"revision": done.plan.revision})

        try:
            done = count_once(request, str(plan), act)
        except Behind as error:
            raise _tell_behind(error) from None
        except PlanError as error:
            raise Problem(code="not-valid", detail="Nothing was stored.", faults=error.faults) from None
        return show_made(caller, key, done.status, done.answer["revision"])


def _tell_behind(error: Behind) -> Problem:
    more = {
        "base": error.base,
        "revision": error.revision,
        "since": list(error.said),
        "theirs": [_tell_change(change) for change in error.theirs[:MOST_CHANGES]],
        "yours": [_tell_change(change) for change in error.yours[:MOST_CHANGES]],
    }
    return Problem(code="overtaken", detail=str(error), headers={"ETag": tag_of(error.revision)}, more=more)


def _tell_change(change: Change) -> dict[str, Any]:
    return {"where": list(change.where), "before": change.before, "after": change.after}


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}",
    url_name="plan",
    problems=OF_A_PLAN,
    operation_id="delete_plan",
    summary="Put a plan into the bin",
    answers={204: {"description": "It is there"}},
)
def delete_plan(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """It can be taken out again for 30 days. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        bin.delete_plan(plan_id=plan.pk, actor=caller_of(request).holder.name)
    return HttpResponse(status=204)


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/restore",
    url_name="restore",
    problems=OF_A_PLAN,
    operation_id="restore_plan",
    summary="Take a plan out of the bin",
    answers={204: {"description": "It is as it was"}},
)
def restore_plan(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """One that isn't in the bin stays as it is. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False, binned=True) as plan:
        if not bin.restore_plan(plan_id=plan.pk, actor=caller_of(request).holder.name):
            raise Problem(code="nothing-here", detail="This plan is gone for good.")
    return HttpResponse(status=204)
