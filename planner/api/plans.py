"""Plans as documents: reading, making, replacing and deleting them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags

from planner.api.access import caller_of, count_once, let_in
from planner.api.bodies import JSON, YAML
from planner.api.problems import Problem
from planner.api.spec import OF_A_PLAN, content, in_header, in_query, named, operate
from planner.plan import syntax
from planner.plan.document import check_stored, dump_plan
from planner.store.actions import Overtaken, Sender
from planner.store.editions import matrix_of
from planner.store.models import Hold, Plan
from planner.store.sent_before import Answered
from ports.text import short

TAG = "Plans"
AS_TYPES = {"json": JSON, "yaml": YAML}
KIND = in_query("format", "json or yaml; without it what Accept says.", {"type": "string", "enum": list(AS_TYPES)})
ETAG = {"ETag": {"description": "The number of the revision", "schema": {"type": "string"}}}
A_DOCUMENT = {
    "description": "The plan document",
    "content": content(JSON, named("StoredDocument")) | content(YAML),
    "headers": ETAG,
}


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}",
    url_name="plan",
    operation_id="read_plan",
    summary="The document of a plan",
    answers={200: A_DOCUMENT, 304: {"description": "It is as If-None-Match says"}},
    problems=OF_A_PLAN,
    parameters=[
        KIND,
        in_header("If-None-Match", "An ETag that you have; 304 while the plan is as it was then."),
    ],
)
def read_plan(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """The plan as it is now, as JSON or YAML, for those who may edit it: readers see the report and not the document.

    Its ETag is its revision, which `If-Match` guards writes with.
    """
    kind = read_kind(request)
    with let_in(request, key, Hold.Role.EDIT) as plan:
        return send_document(request, plan, kind)


def read_kind(request: HttpRequest) -> str:
    """How a document is to be written: as the address says, else as Accept does."""
    accepts = request.headers.get("Accept", "")
    return request.GET.get("format") or ("yaml" if "yaml" in accepts and "json" not in accepts else "json")


def send_document(request: HttpRequest, plan: Plan, kind: str) -> HttpResponseBase:
    """The newest document in one of AS_TYPES; 304 to whoever has it."""
    tag = tag_of(plan.revision, kind)
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers={"ETag": tag})
    return write_document(dump_plan(check_stored(plan.document, matrix=matrix_of(plan))), kind, tag)


def write_document(document: dict[str, Any], kind: str, tag: str = "") -> HttpResponse:
    """A document in one of AS_TYPES, under this ETag if there is one."""
    data = syntax.write_document(document, "yaml" if kind == "yaml" else "json")
    headers = {"ETag": tag} if tag else None
    return HttpResponse(data, content_type=f"{AS_TYPES[kind]}; charset=utf-8", headers=headers)


def tag_of(revision: int, kind: str = "json") -> str:
    """The ETag of a revision; other bytes have another one."""
    return f'"{revision}"' if kind == "json" else f'"{revision}-{kind}"'


def read_sender(request: HttpRequest, plan: Plan) -> Sender:
    """Who sends an edit of the newest state. Raises Problem: 412 for one that is made from another, 428."""
    if read_base(request, plan) not in (None, plan.revision):
        detail = "The plan has changed since you read it. Nothing was stored; look at it, and send this again."
        headers = {"ETag": tag_of(plan.revision)}
        raise Problem(code="overtaken", detail=detail, headers=headers, more={"revision": plan.revision})
    return caller_of(request).sender(base=plan.revision)


def edit_once(request: HttpRequest, plan: Plan, said: str, edit: Callable[..., Plan]) -> HttpResponse:
    """Have an edit of the newest state done by its `sender`, once under its key; answer with the ETag of what it made.

    That stays the ETag when it is asked again: by a later one a program would write over what it hasn't seen. `said`
    is as `count_once` takes it. Raises as `edit`, `read_sender` and `telling_overtaken` do.
    """

    def act() -> Answered:
        return Answered(status=204, answer={"revision": edit(sender=read_sender(request, plan)).revision})

    with telling_overtaken(plan):
        done = count_once(request, said, act)
    return HttpResponse(status=done.status, headers={"ETag": tag_of(done.answer["revision"])})


@contextmanager
def telling_overtaken(plan: Plan) -> Iterator[None]:
    """Say with the ETag of now what others overtook while it was on its way. Raises Problem: 412."""
    try:
        yield
    except Overtaken as error:
        now = Plan.objects.values_list("revision", flat=True).get(pk=plan.pk)
        headers = {"ETag": tag_of(now)}
        raise Problem(code="overtaken", detail=str(error), headers=headers, more={"revision": now}) from None


_TAG = re.compile(r'"([1-9][0-9]{0,8})(?:-yaml)?"', re.ASCII)


def read_base(request: HttpRequest, plan: Plan) -> int | None:
    """The revision that a write is based on, as If-Match says; None: whatever is there. Raises Problem: 428, 412.

    412 is for one that names no revision; what a revision other than the newest comes to is the caller's to say.
    """
    said = request.headers.get("If-Match", "").strip()
    if not said:
        detail = "Say with If-Match on which revision this is based: the ETag of the plan when you read it."
        raise Problem(code="condition-needed", detail=detail)
    if said == "*":
        return None
    found = [_TAG.fullmatch(tag) for tag in parse_etags(said)]
    bases = {int(match[1]) for match in found if match}
    if plan.revision in bases:
        return plan.revision
    if not bases:
        headers = {"ETag": tag_of(plan.revision)}
        raise Problem(code="overtaken", detail=_say_unread(said), headers=headers, more={"revision": plan.revision})
    return max(bases)


def _say_unread(said: str) -> str:
    """Of an If-Match that names no revision: weak ETags match nothing there (RFC 9110, section 13.1.1)."""
    if "W/" in said:
        return (
            f"If-Match is {short(said)}, a weak ETag, which matches nothing there; nothing was stored. A proxy on the "
            "way makes them weak when it compresses answers. Send the ETag without W/."
        )
    return (
        f"If-Match is {short(said)}, which is no ETag of a plan, such as {tag_of(1)}; nothing was stored. Send the "
        "ETag that the plan had when you read it."
    )
