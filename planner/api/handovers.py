"""What was handed over to those who open the ports, and the steps of a plan's history: undo, redo, checkpoints."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from planner.api.access import caller_of, check_number, let_in
from planner.api.bodies import JSON
from planner.api.lines import Line
from planner.api.paging import read_place, write_next
from planner.api.plans import edit_once
from planner.api.problems import Problem
from planner.api.shelf import IF_MATCH, REVISION_TAG
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, PAGE, content, named, operate, read_key
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.models import Handover, Hold
from planner.store.sent import find_handed_over
from planner.store.sent_before import Answered, once

TAG = "Revisions"
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00]*$")]


class HandedOver(Schema):
    """That a revision was given to those who open the ports."""

    number: int
    revision: int
    recipient: str
    note: str
    author: str
    sent: datetime


class HandoverList(Schema):
    """Some handovers, the last one first."""

    items: list[HandedOver]
    next: str | None = Field(description="What `after` has to say for the ones that follow; nothing at the end.")


class WantedHandover(Schema):
    """To whom which revision was given."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1, le=999_999_999)
    recipient: Annotated[Line, Field(min_length=1, max_length=200)]
    note: Note = ""


def _tell(row: Handover) -> HandedOver:
    return HandedOver(
        number=row.pk, revision=row.revision, recipient=row.recipient, note=row.note, author=row.author, sent=row.sent
    )


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/handovers",
    url_name="handovers",
    response=HandoverList,
    parameters=PAGE,
    problems=OF_A_PLAN,
    operation_id="list_handovers",
    summary="What was handed over",
)
def list_handovers(request: HttpRequest, key: UUID) -> HandoverList:
    """To whom, when, and what was said about it. What changed since the last one: `read_changes` without `from`."""
    limit, after = read_place(request)
    with let_in(request, key, Hold.Role.EDIT, document=False) as plan:
        rows = plan.handovers.order_by("-pk")
        found = list((rows if after is None else rows.filter(pk__lt=after))[: limit + 1])
        return HandoverList(
            items=[_tell(row) for row in found[:limit]],
            next=write_next(found[limit - 1].pk) if len(found) > limit else None,
        )


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/handovers",
    url_name="handovers",
    problems=(*OF_A_PLAN, "key-of-another"),
    parameters=[IDEMPOTENCY_KEY],
    operation_id="hand_over",
    summary="Remember that a revision was handed over",
    answers={201: {"description": "It is remembered", "content": content(JSON, named("HandedOver"))}},
)
def hand_over(request: HttpRequest, key: UUID, wanted: WantedHandover) -> HttpResponseBase:
    """From then on reports and change requests can say what has changed since."""
    caller, name = caller_of(request), read_key(request)
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:

        def act() -> Answered:
            row = actions.hand_over(
                plan_id=plan.pk,
                matrix=find_handed_over(plan, wanted.revision),
                revision=wanted.revision,
                recipient=wanted.recipient,
                note=wanted.note.replace("\r\n", "\n"),
                sender=caller.sender(),
            )
            return Answered(status=201, answer={"number": row.pk})

        asked = f"handover {plan.key} {wanted.model_dump_json()}".encode()
        done = once(caller.token, name, asked, act)
        row = plan.handovers.get(pk=done.answer["number"])
    return HttpResponse(_tell(row).model_dump_json().encode(), content_type=JSON, status=201)


class WantedCheckpoint(Schema):
    """The name of a revision."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(max_length=200)] = Field(description="Empty: none.")
    seen: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="The name that it had when you looked: where it has another by now, it keeps that (409)."
    )


@operate(
    TAG,
    "PUT",
    "/plans/{uuid:key}/revisions/{int:number}/checkpoint",
    url_name="checkpoint",
    problems=OF_A_PLAN,
    operation_id="name_checkpoint",
    summary="Name a revision",
    answers={204: {"description": "It is called so"}},
)
def name_checkpoint(request: HttpRequest, key: UUID, number: int, wanted: WantedCheckpoint) -> HttpResponseBase:
    """So that people find it again: a name, another one, or none."""
    with let_in(request, key, Hold.Role.EDIT, writes=True, document=False) as plan:
        if not plan.revisions.filter(number=min(check_number(number), 2**31 - 1)).exists():
            raise Problem(code="nothing-here", detail=f"This plan has no revision {number}.")
        actions.name_checkpoint(plan_id=plan.pk, number=number, name=wanted.name, seen=wanted.seen)
    return HttpResponse(status=204)


def _step(request: HttpRequest, key: UUID, step: Callable[..., actions.Applied]) -> HttpResponse:
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        matrix = matrix_of(plan)
        return edit_once(request, plan, "", lambda sender: step(plan_id=plan.pk, matrix=matrix, sender=sender).plan)


STEP: dict[str, Any] = {
    "problems": (*OF_A_PLAN, "overtaken", "condition-needed", "owned-by-git", "key-of-another"),
    "parameters": [IF_MATCH, IDEMPOTENCY_KEY],
    "answers": {204: {"description": "It is so", "headers": {"ETag": REVISION_TAG}}},
}


@operate(TAG, "POST", "/plans/{uuid:key}/undo", url_name="undo", operation_id="undo",
         summary="Take the last change back", **STEP)  # fmt: skip
def undo(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """As a new revision with the document of before; 409 where nothing can be taken back."""
    return _step(request, key, actions.undo)


@operate(TAG, "POST", "/plans/{uuid:key}/redo", url_name="redo", operation_id="redo",
         summary="Bring back what was undone", **STEP)  # fmt: skip
def redo(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """As a new revision; 409 where nothing was undone last."""
    return _step(request, key, actions.redo)
