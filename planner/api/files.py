"""Files that take long: asked for at their usual address, made apart, and fetched when they are there."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import Field

from planner.api.access import is_reader, let_in
from planner.api.bodies import JSON
from planner.api.problems import Problem
from planner.api.spec import OF_A_PLAN, content, named, operate
from planner.sharing.apart import is_made_apart, send_made
from planner.store import jobs
from planner.store.job_models import Job
from planner.store.models import Hold, Plan

TAG = "Reports"
SOON = 2
"""After how many seconds a program may ask again."""
OF_EDITORS, OF_READERS = ("report", "changes", "acceptance", "existing"), ("reading",)
"""The kinds of files that those may have who edit a plan, and who read it."""


class FileState(Schema):
    """How far a file is that is made apart."""

    name: UUID
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    said: str = Field(description="What is being done, or why there is none, in words.")
    number: int = Field(description="Which of the parts is being made.")
    parts: int = Field(description="How many there are; 0 where that isn't known.")
    address: str | None = Field(description="Where the file is, once it is there.")


LATER = {
    "description": "It takes long, and is made apart: ask at Location how far it is",
    "content": content(JSON, named("FileState")),
    "headers": {
        "Location": {"description": "Where to ask how far it is", "schema": {"type": "string"}},
        "Retry-After": {"description": "In how many seconds", "schema": {"type": "integer", "minimum": 1}},
    },
}
"""The answer to who asks for a file that takes long."""


def answer_apart(
    request: HttpRequest, plan: Plan, kind: str, name: str, asked: Mapping[str, str]
) -> HttpResponseBase | None:
    """The file if it was made already, or where to ask for it; None for what is made at once.

    Raises jobs.TooMany.
    """
    if not is_made_apart(request.META, plan, kind, name):
        return None
    order = jobs.Order(kind=kind, format=name, asked=dict(asked))
    made = jobs.find_made(jobs.key_of(plan, order))
    if made is not None and made.state == Job.State.DONE:
        return send_made(request, made)
    if request.method == "HEAD":
        return HttpResponse(status=202, content_type=JSON)
    return answer_job(request, plan, made or jobs.ask(plan, order))


def answer_job(request: HttpRequest, plan: Plan, job: Job) -> HttpResponseBase:
    """The file of a job that is done, or where to ask how far it is."""
    if job.state == Job.State.DONE:
        return send_made(request, job)
    state = _tell(plan, job)
    headers = {"Location": _address(plan, job), "Retry-After": str(SOON)}
    return HttpResponse(state.model_dump_json().encode(), content_type=JSON, status=202, headers=headers)


def _address(plan: Plan, job: Job) -> str:
    return f"/api/v1/plans/{plan.key}/files/{job.name}"


def _tell(plan: Plan, job: Job) -> FileState:
    return FileState(
        name=job.name,
        state=job.state,  # type: ignore[arg-type]  # the values of Job.State
        said=job.said,
        number=job.number,
        parts=job.parts,
        address=f"{_address(plan, job)}/content" if job.state == Job.State.DONE else None,
    )


def _find(request: HttpRequest, plan: Plan, name: UUID) -> Job:
    """A file as whoever was let in may have it. Raises Problem for any other."""
    job = Job.objects.filter(name=name, plan=plan.pk, link=None).first()
    kinds = OF_READERS if is_reader(request) else OF_EDITORS
    if job is None or jobs.read_order(job).kind not in kinds:
        raise Problem(code="nothing-here", detail="There is no such file; ask for it anew.")
    return job


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/files/{uuid:name}",
    url_name="file",
    response=FileState,
    problems=OF_A_PLAN,
    operation_id="read_file_state",
    summary="How far a file is",
)
def read_file_state(request: HttpRequest, key: UUID, name: UUID) -> FileState:
    """Of a file that is made apart, because it takes long."""
    with let_in(request, key, Hold.Role.READ, document=False) as plan:
        return _tell(plan, _find(request, plan, name))


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}/files/{uuid:name}",
    url_name="file",
    problems=OF_A_PLAN,
    operation_id="cancel_file",
    summary="Have a file made no more",
    answers={204: {"description": "It isn't made"}},
)
def cancel_file(request: HttpRequest, key: UUID, name: UUID) -> HttpResponseBase:
    """For all who wait for it. One that is there stays."""
    with let_in(request, key, Hold.Role.READ, document=False) as plan:
        jobs.cancel(_find(request, plan, name))
    return HttpResponse(status=204)


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/files/{uuid:name}/content",
    url_name="file_content",
    problems=OF_A_PLAN,
    answers={200: {"description": "The file", "content": {"*/*": {}}}, 304: {"description": "You have it"}},
    operation_id="read_file",
    summary="A file that was made apart",
)
def read_file(request: HttpRequest, key: UUID, name: UUID) -> HttpResponseBase:
    """What came of it; 409 while there is nothing."""
    with let_in(request, key, Hold.Role.READ, document=False) as plan:
        job = _find(request, plan, name)
        if job.state != Job.State.DONE:
            raise Problem(
                code="not-now", detail=f"There is no file: it is {job.get_state_display()}. {job.said}".strip()
            )
        return send_made(request, job)
