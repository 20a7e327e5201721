"""Plans with all that was saved of them, out and in again; copies; and plans that are put aside."""

import io
from typing import IO
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import ConfigDict, Field

from planner.api.access import caller_of, check_makes, let_in
from planner.api.answers import PlanHead, head_of
from planner.api.bodies import JSON, read_body
from planner.api.problems import Problem
from planner.api.shelf import show_made
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, content, named, operate, read_key
from planner.plan.archive import ON_THE_PAGE
from planner.store import copies
from planner.store.holders import count_plans
from planner.store.models import Hold
from planner.store.sent_before import Answered, once
from planner.store.transfer import import_plans
from ports.queries import current_matrix

TAG = "Plans"
ZIP = "application/zip"
BINARY = {"type": "string", "format": "binary"}
AN_ARCHIVE = {200: {"description": "The archive, as docs/archive-format.md describes it", "content": content(ZIP)}}


def _send(opened: tuple[IO[bytes], str]) -> FileResponse:
    file, name = opened
    return FileResponse(file, as_attachment=True, filename=name, content_type=ZIP)


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/archive",
    url_name="archive",
    answers=AN_ARCHIVE,
    problems=OF_A_PLAN,
    operation_id="export_plan",
    summary="A plan with its whole history",
)
def export_plan(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Every revision, with the states of rules, reasons of decisions, comments and handovers."""
    with let_in(request, key, Hold.Role.EDIT, document=False) as plan:
        return _send(copies.open_archive(plan, caller_of(request).holder))


@operate(
    TAG,
    "GET",
    "/archive",
    url_name="archive_of_all",
    answers=AN_ARCHIVE,
    operation_id="export_plans",
    summary="All your plans with their history",
)
def export_plans(request: HttpRequest) -> HttpResponseBase:
    """Those that whoever the token acts for may edit. Not for a token of one plan."""
    caller = caller_of(request)
    check_makes(caller, writes=False)
    if caller.token.plan_id is not None:
        raise Problem(code="not-allowed", detail="This token is for one plan; ask for the archive of that one.")
    return _send(copies.open_archive_of_all(caller.holder))


class Brought(Schema):
    """The plans that came of an archive."""

    items: list[PlanHead]
    said: list[str] = Field(description="What is otherwise than it was there, in sentences.")


@operate(
    TAG,
    "POST",
    "/archive",
    url_name="archive_of_all",
    body={"required": True, "description": "An archive of plans.", "content": content(ZIP, BINARY)},
    problems=("too-large", "media-type"),
    operation_id="import_archive",
    summary="Make plans of an archive",
    answers={201: {"description": "They are made", "content": content(JSON, named("Brought"))}},
)
def import_archive(request: HttpRequest) -> HttpResponseBase:
    """Each with all its revisions, under a new id; all of them, or none. Whoever the token acts for owns them.

    This takes no Idempotency-Key, as a long history is stored in many short writes: list your plans to see whether
    an import came through.
    """
    caller = caller_of(request)
    check_makes(caller, writes=True)
    if request.content_type != ZIP:
        raise Problem(code="media-type", detail=f"Send an archive of plans as {ZIP}.")
    data, said = read_body(request, ON_THE_PAGE.packed), list[str]()
    made = import_plans(
        io.BytesIO(data),
        ON_THE_PAGE,
        current_matrix(),
        caller.holder,
        admit=lambda number: count_plans(caller.holder, request.META.get("REMOTE_ADDR", ""), number),
        tell=said.append,
    )
    if not made:
        raise Problem(code="not-valid", detail="There is no plan in this archive; one is needed.")
    holds = caller.holder.holds().filter(plan__in=made).select_related("plan__edition").defer("plan__document")
    answer = Brought(items=[head_of(hold.plan, hold) for hold in holds.order_by("plan")], said=said)
    return HttpResponse(answer.model_dump_json().encode(), content_type=JSON, status=201)


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/copy",
    url_name="copy",
    parameters=[IDEMPOTENCY_KEY],
    problems=(*OF_A_PLAN, "key-of-another"),
    operation_id="copy_plan",
    summary="Make a plan like this one",
    answers={201: {"description": "It is made", "content": content(JSON, named("PlanHead"))}},
)
def copy_plan(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """With a history of its own, on the current edition; whoever the token acts for owns it."""
    caller, name = caller_of(request), read_key(request)
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        check_makes(caller, writes=True)

        def act() -> Answered:
            client = request.META.get("REMOTE_ADDR", "")
            row = copies.copy_plan(plan=plan, holder=caller.holder, admit=lambda: count_plans(caller.holder, client))
            return Answered(status=201, answer={"key": str(row.key)})

        done = once(caller.token, name, b"copy " + plan.key.bytes, act)
    return show_made(caller, UUID(done.answer["key"]), 201)


class Aside(Schema):
    """Whether a plan is put aside."""

    model_config = ConfigDict(extra="forbid")

    aside: bool


@operate(
    TAG,
    "PUT",
    "/plans/{uuid:key}/aside",
    url_name="aside",
    problems=OF_A_PLAN,
    operation_id="put_aside",
    summary="Put a plan aside, or bring it back",
    answers={204: {"description": "It is there"}},
)
def put_aside(request: HttpRequest, key: UUID, wanted: Aside) -> HttpResponseBase:
    """For whoever the token acts for alone: it isn't among their plans any more, and stays what it is for others."""
    with let_in(request, key, Hold.Role.READ, writes=True, document=False) as plan:
        caller_of(request).holder.holds().filter(plan=plan).update(archived=wanted.aside)
    return HttpResponse(status=204)
