"""Results of checks: uploaded, and what they prove; and the rules that a firewall has already, beside a plan."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import Field

from planner.api.access import caller_of, check_number, let_in
from planner.api.bodies import JSON, read_body
from planner.api.files import LATER, answer_apart, answer_job
from planner.api.paging import read_place, write_next
from planner.api.problems import Problem, refuse
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, PAGE, content, in_query, named, operate, read_key
from planner.deploy.turns import ASIDE, LARGE, in_turn
from planner.engine.existing.decide import Also
from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers import READERS
from planner.engine.existing.reading import read_existing
from planner.engine.existing.sides import BadMap, read_map
from planner.plan import limits
from planner.plan.faults import Fault
from planner.report import ACCEPTANCE_FORMATS
from planner.report.gap import ALSO, GAP_FORMATS, read_also
from planner.report.gap.delta import DELTA
from planner.sharing import uploads
from planner.store.acceptances import write_acceptance
from planner.store.editions import matrix_of
from planner.store.existing import Question, compare_soon, estimate_existing, write_answer
from planner.store.files import send
from planner.store.jobs import Order, ask_sealed
from planner.store.models import Hold, Plan
from planner.store.reports import report_for
from planner.store.results import Taken, Upload, take, take_away
from planner.store.run_models import CheckRun
from planner.store.sent_before import Answered, add, once
from planner.store.token_models import ApiToken
from planner.store.verified import follow

TAG = "Results and existing rules"
SENT = "what a program sent"
MUCH = 2**20
"""From how many bytes on a configuration is worked on in its turn, like a large plan."""


class RunHead(Schema):
    """A run of checks that is kept, without its results."""

    number: int
    source: str = Field(description="The endpoint that it was made from, by its name then.")
    host: str = Field(description="What the machine calls itself.")
    started: datetime
    results: int
    revision: int = Field(description="The newest revision when it was uploaded.")
    uploaded: datetime
    author: str
    via: str = Field(description="For what the token, link or address is that it came by.")


class RunList(Schema):
    """The runs of a plan, the oldest first."""

    items: list[RunHead]
    next: str | None


class TakenResults(Schema):
    """What came of an upload."""

    runs: int = Field(description="How many runs were stored; the same one counts once.")
    results: int
    verified: int = Field(description="How many rules became verified by it.")
    messages: list[str] = Field(description="What wasn't used, and why, in sentences.")


RESULTS_BODY: dict[str, Any] = {
    "required": True,
    "description": "What a check script wrote, as docs/checks.md and /schemas/results.json describe it.",
    "content": content(JSON, {"type": "object"}) | content("application/xml") | content("text/plain"),
}


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/results",
    url_name="results",
    body=RESULTS_BODY,
    parameters=[IDEMPOTENCY_KEY],
    problems=(*OF_A_PLAN, "too-large", "key-of-another"),
    operation_id="send_results",
    summary="Upload results of checks",
    answers={200: {"description": "Something of it is kept", "content": content(JSON, named("TakenResults"))}},
)
def send_results(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Keep a file of results with the plan. A token that reports results may do this and nothing else."""
    caller, name = caller_of(request), read_key(request)
    with let_in(request, key, Hold.Role.EDIT, writes=True, results=True) as plan:
        uploads.count_of_program(caller.token)  # before `once`, which takes back what is stored for a refusal
        data = read_body(request, limits.RESULTS)
        if not data.strip():
            raise Problem(code="not-valid", detail="Nothing was sent.")
        is_stranger = caller.token.scope == ApiToken.Scope.RESULTS
        report = report_for(plan.version, matrix_of(plan))  # before `once`, in whose transaction nobody else can write
        taken, sender = Taken(known=1), caller.sender()

        def act() -> Answered:
            nonlocal taken
            sent = [Upload(name=SENT, data=data)]
            taken = take(plan, report, sent, who=sender.who, via=caller.token.label, is_stranger=is_stranger)
            if not taken.stored:
                said = " ".join(taken.messages) or "It was there already."
                raise Problem(code="not-valid", detail=f"Nothing was stored. {said}")
            messages = list(taken.messages)
            answer = TakenResults(runs=len(taken.stored), results=taken.results, verified=0, messages=messages)
            return Answered(status=200, answer=answer.model_dump())

        # Behind `once`, as it takes long; also for what was there already, as it may not have come to its end then.
        try:
            done = once(caller.token, name, b"results " + plan.key.bytes + data, act)
        except Problem:
            follow(plan, report, taken, who=caller.token.label or sender.who)
            raise
        made = TakenResults.model_validate(done.answer)

        def note(verified: int) -> None:
            made.verified += verified
            if verified:
                add(caller.token, name, made.model_dump())

        taken, _ = follow(plan, report, taken, who=caller.token.label or sender.who, note=note)
        made.messages += [taken.unfinished] if taken.unfinished else []
    return HttpResponse(made.model_dump_json().encode(), content_type=JSON)


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/results",
    url_name="results",
    response=RunList,
    parameters=PAGE,
    problems=OF_A_PLAN,
    operation_id="list_runs",
    summary="The runs of checks that are kept",
)
def list_runs(request: HttpRequest, key: UUID) -> RunList:
    """Whichever still says something of the plan, and the newest of each source. For those who may edit the plan."""
    limit, after = read_place(request)
    with let_in(request, key, Hold.Role.EDIT, document=False) as plan:
        found = list(plan.check_runs.filter(pk__gt=after or 0).order_by("pk").defer("data")[: limit + 1])
        return RunList(
            items=[_head(row) for row in found[:limit]],
            next=write_next(found[limit - 1].pk) if len(found) > limit else None,
        )


def _head(row: CheckRun) -> RunHead:
    return RunHead(
        number=row.pk, source=row.source, host=row.host, started=row.started, results=row.number,
        revision=row.revision, uploaded=row.at, author=row.author, via=row.via,
    )  # fmt: skip


@operate(
    TAG,
    "DELETE",
    "/plans/{uuid:key}/results/{int:number}",
    url_name="result",
    problems=OF_A_PLAN,
    operation_id="delete_run",
    summary="Take a run of checks away",
    answers={204: {"description": "It is gone, with all that it proved"}},
)
def delete_run(request: HttpRequest, key: UUID, number: int) -> HttpResponseBase:
    """As where its machine is gone, so that nothing else closes what it found. Its file can be uploaded again."""
    with let_in(request, key, Hold.Role.EDIT, writes=True, document=False) as plan:
        if not take_away(plan.pk, check_number(number), who=caller_of(request).sender().who):
            raise Problem(code="nothing-here", detail="This plan has no such run.")
    return HttpResponse(status=204)


def _describe_files(kinds: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    types = sorted({one.content_type.partition(";")[0] for one in kinds.values()} | {"text/plain"})
    return {200: {"description": "The file", "content": {kind: {} for kind in types}}}


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/acceptance",
    url_name="acceptance",
    answers={**_describe_files(ACCEPTANCE_FORMATS), 202: LATER},
    parameters=[
        in_query("format", "In which format.", {"type": "string", "enum": list(ACCEPTANCE_FORMATS), "default": "json"})
    ],
    problems=OF_A_PLAN,
    operation_id="read_acceptance",
    summary="What results prove of a plan",
)
def read_acceptance(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Of every flow whether it is open, blocked or not tested, by the results that are kept."""
    kind = ACCEPTANCE_FORMATS[request.GET.get("format", "json")]
    with let_in(request, key, Hold.Role.EDIT, document=False) as plan:
        later = answer_apart(request, plan, "acceptance", kind.name, {})
    if later is not None:
        return later
    with let_in(request, key, Hold.Role.EDIT) as plan:
        return send(write_acceptance(plan, kind))


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/gap",
    url_name="gap",
    answers={**_describe_files(GAP_FORMATS), 202: LATER},
    body={"required": True, "description": "The configuration of a firewall.", "content": content("text/plain")},
    parameters=[
        {
            **in_query("from", "What wrote the configuration.", {"type": "string", "enum": list(READERS)}),
            "required": True,
        },
        in_query(
            "firewall",
            "Which firewall of the plan it is, where the plan has several. Flows that don't pass it are left out; "
            "`not_passing` says how many.",
        ),
        in_query(
            "map",
            "As JSON or YAML: {interface or zone of the device: zone of the plan}. What it doesn't name is as the "
            "plan's firewall has it.",
        ),
        in_query(
            "format",
            "In which format; delta is what is missing, as configuration of the device.",
            {"type": "string", "enum": [*GAP_FORMATS, DELTA], "default": "json"},
        ),
        in_query(
            "also",
            f"What else is looked for, of {', '.join(ALSO)}, divided by commas; text and xlsx have all of it unless "
            "this says less, json and csv nothing.",
        ),
    ],
    problems=(*OF_A_PLAN, "too-large", "not-expressible"),
    operation_id="read_gap",
    summary="What a firewall's own rules lack of a plan",
)
def read_gap(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Which flows of the plan the rules that are there admit, which not, and what they admit beyond it.

    The configuration is read in memory and kept nowhere. One that takes long is compared apart, and waits for that
    in the database, sealed with the service's key, until it has been compared or for about an hour; its answer waits
    so, too.
    """
    with let_in(request, key, Hold.Role.EDIT) as plan:
        data = read_body(request, limits.EXISTING)
        try:
            said = request.GET.get("map", "")
            question = Question(
                format=request.GET["from"],
                file=request.GET.get("format", "json"),
                firewall=request.GET.get("firewall", ""),
                mapping=read_map(said.encode()) if said else {},
                wanted=_read_also(request),
            )
            # A server without turns, as in development, has nobody who would make it apart.
            apart = ASIDE in request.META and plan.edition_id is not None
            if apart and _takes_long(plan, question, data):
                return _have_it_made(request, plan, question, data)
            size = LARGE if len(data) >= MUCH and len(plan.document.get("endpoints", ())) < LARGE else 0
            with in_turn(request.META, size):
                report = report_for(plan.version, matrix_of(plan))
                ruleset = read_existing(data, question.format)
                found = compare_soon(plan, report, question, ruleset, settings.JOBS_FROM if apart else None)
                file = write_answer(plan, found, question, data) if found else None
            if file is None:
                return _have_it_made(request, plan, question, data)
        except (Unreadable, BadMap) as error:
            raise Problem(code="not-valid", detail=str(error)) from None
        return HttpResponse(file.data, content_type=file.content_type)


def _read_also(request: HttpRequest) -> tuple[Also, ...] | None:
    """What else is to be looked for; None where the address doesn't say. Raises Problem."""
    try:
        return read_also(request.GET["also"]) if "also" in request.GET else None
    except ValueError as error:
        raise refuse(
            [Fault("query.also", str(error), "parameter")], "The address asks for what isn't there."
        ) from None


def _have_it_made(request: HttpRequest, plan: Plan, question: Question, data: bytes) -> HttpResponseBase:
    """Leave a comparison to a job, and say where it is."""
    order = Order(kind="existing", format=question.format, asked=question.as_asked())
    return answer_job(request, plan, ask_sealed(plan, order, data))


def _takes_long(plan: Plan, question: Question, data: bytes) -> bool:
    """Whether it is known beforehand that a configuration takes long to compare."""
    endpoints = len(plan.document.get("endpoints", ()))
    return estimate_existing(question.format, len(data), endpoints) >= settings.JOBS_FROM
