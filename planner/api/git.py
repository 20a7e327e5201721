"""Plans whose files are in git: what was pushed from which commit, and having git own a plan."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import ConfigDict, Field

from planner.api.access import caller_of, let_in
from planner.api.paging import read_place, write_next
from planner.api.problems import refuse
from planner.api.spec import OF_A_PLAN, PAGE, in_query, operate
from planner.plan.faults import Fault, shown
from planner.store import git
from planner.store.git import COMMIT, MAX_TEXT, Source
from planner.store.models import Hold
from ports.text import show_line

TAG = "Git"
SOURCE = (
    in_query(
        "commit",
        "The commit that has the document's file, in hexadecimal: it is kept as where the revision comes from.",
        {"type": "string", "pattern": f"^{COMMIT.pattern}$"},
    ),
    in_query("path", "The file's path in its repository.", {"type": "string", "maxLength": MAX_TEXT}),
    in_query("repository", "Where the repository is.", {"type": "string", "maxLength": MAX_TEXT}),
)
"""The parameters that say where a document comes from."""


class PushHead(Schema):
    """That a file was pushed from a commit."""

    commit: str
    path: str
    repository: str
    revision: int = Field(description="The newest one after it.")
    author: str
    at: datetime


class PushList(Schema):
    """Some pushes, the newest first."""

    items: list[PushHead]
    next: str | None = Field(description="What `after` has to say for the ones that follow; nothing at the end.")


class WantedOwner(Schema):
    """Where a plan's file is, for people to find it."""

    model_config = ConfigDict(extra="forbid")

    repository: str = Field("", max_length=MAX_TEXT)
    path: str = Field("", max_length=MAX_TEXT)


def read_source(request: HttpRequest) -> Source | None:
    """Where a document comes from, as the address says; None where it says nothing. Raises Problem."""
    said = {one["name"]: request.GET[one["name"]] for one in SOURCE if one["name"] in request.GET}
    faults = [
        Fault(f"query.{name}", f"This has at most {MAX_TEXT} characters, found {shown(value)}.", "parameter")
        for name, value in said.items()
        if len(value) > MAX_TEXT
    ]
    if "commit" in said and not COMMIT.fullmatch(said["commit"]):
        sentence = f"A commit is 7 to 64 digits from 0 to f, found {shown(said['commit'])}."
        faults.append(Fault("query.commit", sentence, "parameter"))
    if faults:
        raise refuse(faults, "The address says what can't be kept.")
    return Source(**{name: show_line(value)[:MAX_TEXT] for name, value in said.items()}) if said else None


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/pushes",
    url_name="pushes",
    response=PushList,
    parameters=PAGE,
    problems=OF_A_PLAN,
    operation_id="list_pushes",
    summary="What was pushed from git",
)
def list_pushes(request: HttpRequest, key: UUID) -> PushList:
    """The newest first: which commit had what the plan was given, and what revision came of it."""
    limit, after = read_place(request)
    with let_in(request, key, Hold.Role.EDIT, document=False) as plan:
        rows = plan.pushes.all()
        found = list((rows if after is None else rows.filter(pk__lt=after))[: limit + 1])
    items = [
        PushHead(
            commit=one.commit, path=one.path, repository=one.repository, revision=one.revision,
            author=one.author, at=one.at,
        )
        for one in found[:limit]
    ]  # fmt: skip
    return PushList(items=items, next=write_next(found[limit - 1].pk) if len(found) > limit else None)


@operate(
    TAG,
    "PUT",
    "/plans/{uuid:key}/git",
    url_name="git",
    problems=OF_A_PLAN,
    operation_id="give_to_git",
    summary="Have git own a plan",
    answers={204: {"description": "Only this token changes its document from now on"}},
)
def give_to_git(request: HttpRequest, key: UUID, wanted: WantedOwner) -> HttpResponseBase:
    """From now on the plan's document is changed by this token alone, and its page is for reading. For owners.

    States of rules, comments, handovers and results stay everybody's.
    """
    caller = caller_of(request)
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        facts: dict[str, Any] = {name: show_line(value) for name, value in wanted.model_dump().items()}
        git.give_to_git(plan_id=plan.pk, token=caller.token, actor=caller.holder.name, **facts)
    return HttpResponse(status=204)


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}/git",
    url_name="git",
    problems=OF_A_PLAN,
    operation_id="take_from_git",
    summary="Take a plan back from git",
    answers={204: {"description": "It is edited on its page again"}},
)
def take_from_git(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """One that git doesn't own stays as it is. For owners."""
    with let_in(request, key, Hold.Role.OWN, writes=True, document=False) as plan:
        git.take_from_git(plan_id=plan.pk, actor=caller_of(request).holder.name)
    return HttpResponse(status=204)
