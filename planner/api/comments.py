"""What people and programs say about endpoints, rules and decisions of plans."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from planner.api.access import Caller, caller_of, check_number, let_in
from planner.api.bodies import JSON
from planner.api.paging import read_place, write_next
from planner.api.problems import Problem, refuse
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, PAGE, content, in_query, named, operate, read_key
from planner.plan.faults import Fault
from planner.store import comments
from planner.store.comment_subjects import KINDS, find_about, is_known, list_there
from planner.store.editions import matrix_of
from planner.store.models import Comment, Hold, Plan
from planner.store.reports import report_for
from planner.store.rule_comments import keep_openings, place
from planner.store.sent_before import Answered, once

TAG = "Comments"
Kind = Literal["endpoint", "rule", "decision"]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=comments.MOST_TEXT, pattern=r"^[^\x00]*$")
]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class Said(Schema):
    """A comment."""

    number: int
    on: Kind = Field(description="What it is about.")
    of: str = Field(description="Which one: the endpoint's name and the rule's id of now, or choice/… and caveat/….")
    is_gone: bool = Field(description="Whether the plan doesn't have that any more.")
    text: str
    mentions: list[str] = Field(description="Whom it names with @.")
    author: str
    is_yours: bool = Field(description="Whether whoever the token acts for wrote it, and may delete it.")
    at: datetime
    resolved: bool
    resolved_by: str
    resolved_at: datetime | None


class CommentList(Schema):
    """Some comments, the first first."""

    items: list[Said]
    next: str | None = Field(description="What `after` has to say for the ones that follow; nothing at the end.")


class WantedComment(Schema):
    """What is to be said."""

    model_config = ConfigDict(extra="forbid")

    on: Kind
    of: Subject
    text: Text


class WantedResolution(Schema):
    """Whether a comment is resolved."""

    model_config = ConfigDict(extra="forbid")

    resolved: bool


class _Here:
    """What is known of a plan while its comments are told."""

    def __init__(self, plan: Plan, caller: Caller) -> None:
        self.plan, self.key = plan, caller.writer().key
        self.report = report_for(plan.version, matrix_of(plan))
        self.placed, self.there = place(plan, self.report), list_there(self.report)

    def tell(self, row: Comment) -> Said:
        name = self.placed.get(row.pk, row.subject) if row.kind == comments.RULE else row.subject
        return Said(
            number=row.pk,
            on=row.kind,  # type: ignore[arg-type]  # one of KINDS
            of=name or row.subject,
            is_gone=name not in self.there[row.kind],
            text=row.text,
            mentions=row.mentions,
            author=row.author,
            is_yours=row.writer == self.key,
            at=row.at,
            resolved=row.resolved,
            resolved_by=row.resolved_by,
            resolved_at=row.resolved_at,
        )

    def answer(self, number: int, status: int = 200) -> HttpResponse:
        """A comment by its number, as it is now."""
        row = self.plan.comments.filter(pk=number).first()
        if row is None:
            raise Problem(code="nothing-here", detail=GONE)
        return HttpResponse(self.tell(row).model_dump_json().encode(), content_type=JSON, status=status)


GONE = "This comment has been deleted meanwhile, or never was."
ONE = content(JSON, named("Said"))


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/comments",
    url_name="comments",
    response=CommentList,
    problems=OF_A_PLAN,
    parameters=(
        in_query("on", "Only those on this kind of thing; with `of`.", {"type": "string", "enum": list(KINDS)}),
        in_query("of", "Only those on the one of this name; with `on`."),
        *PAGE,
    ),
    operation_id="list_comments",
    summary="The comments of a plan",
)
def list_comments(request: HttpRequest, key: UUID) -> CommentList:
    """Each where it stands now: those on rules follow what their rules open. For those who may edit the plan."""
    limit, after = read_place(request)
    kind, name = request.GET.get("on", ""), request.GET.get("of", "")
    if bool(kind) != bool(name):
        raise refuse([Fault("query", "on and of belong together.", "parameter")], "The address asks for half a thing.")
    with let_in(request, key, Hold.Role.EDIT) as plan:
        here = _Here(plan, caller_of(request))
        rows = plan.comments.order_by("pk")
        if kind:
            if not is_known(plan, here.report, kind, name):
                raise Problem(code="nothing-here", detail="The plan has no such thing, and no comments on it.")
            rows = find_about(plan, here.placed, kind, name, is_there=name in here.there[kind])
        found = list(rows.filter(pk__gt=after or 0)[: limit + 1])
        return CommentList(
            items=[here.tell(row) for row in found[:limit]],
            next=write_next(found[limit - 1].pk) if len(found) > limit else None,
        )


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/comments",
    url_name="comments",
    problems=(*OF_A_PLAN, "key-of-another"),
    parameters=[IDEMPOTENCY_KEY],
    operation_id="add_comment",
    summary="Comment on something",
    answers={201: {"description": "It is said", "content": ONE}},
)
def add_comment(request: HttpRequest, key: UUID, wanted: WantedComment) -> HttpResponseBase:
    """@ and a name mentions somebody. The comment has the name of the token."""
    caller, name = caller_of(request), read_key(request)
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        here = _Here(plan, caller)
        if not is_known(plan, here.report, wanted.on, wanted.of):
            raise Problem(code="nothing-here", detail="The plan has no such thing.")

        def act() -> Answered:
            row = comments.add(
                plan=plan,
                kind=wanted.on,
                subject=wanted.of,
                text=wanted.text.replace("\r\n", "\n"),
                writer=caller.writer(),
                blocks=keep_openings(here.report, wanted.of) if wanted.on == comments.RULE else (),
            )
            return Answered(status=201, answer={"number": row.pk})

        asked = f"comment {plan.key} {wanted.model_dump_json()}".encode()
        done = once(caller.token, name, asked, act)
        return _Here(plan, caller).answer(done.answer["number"], 201)


@operate(
    TAG,
    "PUT",
    "/plans/{uuid:key}/comments/{int:number}",
    url_name="comment",
    problems=OF_A_PLAN,
    operation_id="resolve_comment",
    summary="Resolve a comment, or open it again",
    answers={200: {"description": "It is so", "content": ONE}},
)
def resolve_comment(request: HttpRequest, key: UUID, number: int, wanted: WantedResolution) -> HttpResponseBase:
    """Whoever may edit the plan may do that."""
    caller = caller_of(request)
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        _find(plan, number)
        comments.resolve(plan=plan, number=number, resolved=wanted.resolved, writer=caller.writer())
        return _Here(plan, caller).answer(number)


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}/comments/{int:number}",
    url_name="comment",
    problems=OF_A_PLAN,
    operation_id="delete_comment",
    summary="Delete a comment",
    answers={204: {"description": "It is gone"}},
)
def delete_comment(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """One that whoever the token acts for wrote, on the page or by a token; 409 for any other."""
    with let_in(request, key, Hold.Role.EDIT, writes=True, document=False) as plan:
        _find(plan, number)
        comments.delete(plan=plan, number=number, writer=caller_of(request).writer())
    return HttpResponse(status=204)


def _find(plan: Plan, number: int) -> None:
    if not plan.comments.filter(pk=check_number(number)).exists():
        raise Problem(code="nothing-here", detail=GONE)
