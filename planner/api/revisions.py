"""Revisions of plans: listed, read, brought back, and what differs between them."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.timezone import localdate
from ninja import Schema
from pydantic import Field

from planner.api.access import anybody, check_maker, let_in
from planner.api.bodies import JSON, read_body, read_type
from planner.api.files import LATER, answer_apart
from planner.api.paging import read_place, write_next
from planner.api.plans import (
    A_DOCUMENT,
    KIND,
    edit_once,
    read_kind,
    tag_of,
    write_document,
)
from planner.api.problems import Problem, refuse
from planner.api.shelf import IF_MATCH
from planner.api.spec import (
    IDEMPOTENCY_KEY,
    OF_A_DOCUMENT,
    OF_A_PLAN,
    PAGE,
    PAPER,
    content,
    in_query,
    named,
    operate,
)
from planner.deploy.turns import in_turn
from planner.engine import evaluate_report
from planner.engine.compare import compare_reports
from planner.engine.size import check_size
from planner.plan.document import Fault, PlanError, check_plan_of
from planner.plan.syntax import SyntaxFault, parse
from planner.report import CHANGE_FORMATS
from planner.report.said.edition import Editions
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.files import File, name_file, read_paper, send
from planner.store.kept import LARGE
from planner.store.models import Hold
from planner.store.products import matrix_for
from planner.store.reports import find_version
from planner.store.sides import write_changes
from ports.queries import current_matrix

TAG = "Revisions"


class RevisionHead(Schema):
    """A revision without its document."""

    number: int
    summary: str = Field(description="What changed, in words.")
    author: str
    created: datetime
    checkpoint: str = Field(description="The name that someone gave to it; empty: none.")
    edition: str | None = Field(
        description="The edition of the port matrix that it was stored under, where it is known."
    )
    renames: dict[str, dict[str, str]] = Field(
        description="What it calls otherwise: old and new names of `zones` and `endpoints`; empty for nothing."
    )


class RevisionList(Schema):
    """Some revisions, the newest first."""

    items: list[RevisionHead]
    next: str | None = Field(description="What `after` has to say for the ones that follow; nothing at the end.")


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/revisions",
    url_name="revisions",
    response=RevisionList,
    parameters=PAGE,
    problems=OF_A_PLAN,
    operation_id="list_revisions",
    summary="The revisions of a plan",
)
def list_revisions(request: HttpRequest, key: UUID) -> RevisionList:
    """The newest first. Pages stay as they are while others come."""
    limit, after = read_place(request)
    with let_in(request, key, Hold.Role.EDIT, document=False) as plan:
        rows = plan.revisions.defer(*LARGE).select_related("edition").order_by("-number")
        found = list((rows if after is None else rows.filter(number__lt=after))[: limit + 1])
        items = [
            RevisionHead(
                number=one.number, summary=one.summary, author=one.author, created=one.created,
                checkpoint=one.checkpoint, edition=one.edition.slug if one.edition else None,
                renames={part: names for part, names in one.renames.items() if names},
            )
            for one in found[:limit]
        ]  # fmt: skip
    return RevisionList(items=items, next=write_next(found[limit - 1].number) if len(found) > limit else None)


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/revisions/{int:number}",
    url_name="revision",
    answers={200: A_DOCUMENT},
    parameters=[KIND],
    problems=OF_A_PLAN,
    operation_id="read_revision",
    summary="The document of a revision",
)
def read_revision(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """As it was stored, under the edition of then."""
    with let_in(request, key, Hold.Role.EDIT, document=False) as plan:
        version = find_version(plan, number) if number < 10**9 else None
        if version is None:
            raise Problem(code="nothing-here", detail="This plan has no such revision.")
        kind = read_kind(request)
        return write_document(dict(version.document), kind, tag_of(number, kind))


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/revisions/{int:number}/restore",
    url_name="restore_revision",
    parameters=[IF_MATCH, IDEMPOTENCY_KEY],
    problems=(*OF_A_PLAN, "overtaken", "condition-needed", "owned-by-git", "key-of-another"),
    operation_id="restore_revision",
    summary="Bring a revision back",
    answers={
        204: {
            "description": "Its document is the newest",
            "headers": {
                "ETag": {"description": "The number of the newest revision", "schema": {"type": "string"}},
            },
        }
    },
)
def restore_revision(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """As a new revision with the document of that one; the plan stays on its edition."""
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        if not 0 < number < 10**9:
            raise Problem(code="nothing-here", detail="This plan has no such revision.")
        restore = partial(actions.restore, plan_id=plan.pk, matrix=matrix_of(plan), number=number)
        return edit_once(request, plan, "", lambda sender: restore(sender=sender).plan)


CHANGES = {"type": "string", "enum": list(CHANGE_FORMATS), "default": "json"}
A_FILE_OF_CHANGES: Mapping[int, Mapping[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            kind: {} for kind in sorted({one.content_type.partition(";")[0] for one in CHANGE_FORMATS.values()})
        },
    }
}


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/changes",
    url_name="changes",
    answers={**A_FILE_OF_CHANGES, 202: LATER},
    parameters=[
        in_query(
            "from",
            "The number of the earlier revision; without it what was handed over last, or the first.",
            {"type": "integer", "minimum": 1, "maximum": 999_999_999},
        ),
        in_query(
            "to",
            "The number of the later one; without it the newest.",
            {"type": "integer", "minimum": 1, "maximum": 999_999_999},
        ),
        in_query("matrix_from", "An edition, under which the earlier one is read."),
        in_query("matrix_to", "An edition, under which the later one is read."),
        in_query("format", "In which format.", CHANGES),
        PAPER,
    ],
    problems=(*OF_A_PLAN, "not-expressible"),
    operation_id="read_changes",
    summary="What differs between two revisions",
)
def read_changes(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """What has to be opened and closed to get from one revision to another: the change request of the page."""
    asked = request.GET.dict()
    kind = CHANGE_FORMATS[asked.pop("format", "json")]
    with let_in(request, key, Hold.Role.EDIT, document=False) as plan:
        later = answer_apart(request, plan, "changes", kind.name, asked)
    if later is not None:
        return later
    with let_in(request, key, Hold.Role.EDIT) as plan:
        return send(write_changes(plan, kind, asked))


COMPARE_BODY: dict[str, Any] = {
    "required": True,
    "description": "Two plan documents: what is there, and what is to be.",
    "content": content(
        JSON,
        {
            "type": "object",
            "required": ["before", "after"],
            "properties": {"before": named("PlanDocument"), "after": named("PlanDocument")},
            "additionalProperties": False,
        },
    ),
}


@operate(
    TAG,
    "POST",
    "/compare",
    url_name="compare",
    auth=anybody,
    body=COMPARE_BODY,
    answers=A_FILE_OF_CHANGES,
    parameters=[in_query("format", "In which format.", CHANGES), PAPER],
    problems=(*OF_A_DOCUMENT, "not-now", "not-expressible"),
    operation_id="compare",
    summary="What differs between two documents",
)
def compare_sent(request: HttpRequest) -> HttpResponseBase:
    """What has to be opened and closed to get from one document to another, as `manage.py compare` writes it.

    Nothing is kept. Both together may be as large as one document alone.
    """
    check_maker(request)
    kind = CHANGE_FORMATS[request.GET.get("format", "json")]
    syntax, data = read_type(request), read_body(request)
    try:
        tree = parse(data, syntax)
    except SyntaxFault as error:
        raise refuse([Fault(error.where, str(error), "syntax")], "The documents can't be read.") from None
    if not isinstance(tree, dict) or set(tree) != {"before", "after"}:
        fault = Fault("document", "Two documents are needed: before and after, and nothing else.", "no-mapping")
        raise refuse([fault], "The documents can't be read.")
    text, otherwise, faults = syntax == "yaml", current_matrix(), []
    read = []
    for name in ("before", "after"):
        try:
            plan, matrix = check_plan_of(
                tree[name], partial(matrix_for, otherwise=otherwise), otherwise=otherwise, text=text
            )
            check_size(matrix, plan)
            read.append((plan, matrix))
        except PlanError as error:
            faults += [Fault(_place(name, fault.where), fault.message, fault.code) for fault in error.faults]
    if faults:
        raise refuse(faults, "These are no plans.")
    with in_turn(request.META, sum(len(plan.endpoints) for plan, _ in read)):
        before, after = (evaluate_report(matrix, plan) for plan, matrix in read)
        editions = Editions(before="before", after="after", date=localdate(), paper=read_paper(request.GET))
        written = kind.render(compare_reports(before, after), editions)
    name = name_file(after.plan.name, f"changes.{kind.extension}")
    return send(File(data=written, content_type=kind.content_type, name=name))


def _place(name: str, where: str) -> str:
    return name if where == "document" else f"{name}.{where}"
