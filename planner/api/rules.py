"""Rules of plans with their life, and one packet asked about."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from planner.api.access import caller_of, count_once, is_reader, let_in
from planner.api.lines import Line
from planner.api.problems import Problem, refuse
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, in_query, operate
from planner.engine import Report
from planner.engine.ask import ask_between
from planner.engine.life import STATES, Life, Lives, mark_of
from planner.engine.ways import find_ways
from planner.plan.faults import Fault, shown
from planner.report.said.asking import find_packet, find_side
from planner.report.said.voice import Voice, say_way
from planner.sharing.files import lives_of_reading, report_of
from planner.sharing.links import read_newest
from planner.store import sent_before
from planner.store.editions import matrix_of
from planner.store.lives import NONE, Pick, Wish, lives_of, set_states
from planner.store.models import Hold, Plan
from planner.store.reports import report_for

TAG = "Rules"
MOST_RULES = 1_000
"""Of how many rules the state is set in one go, as on the page."""


class LifeOfRule(Schema):
    """The state of a rule, as somebody gave it."""

    state: str
    changed: bool = Field(description="Whether the rule has changed since.")
    ticket: str
    owner: str
    comment: str
    review: date | None


class RuleLine(Schema):
    """A rule with its state."""

    id: str
    boundary: str = Field(description="Between which zones it stands, by their codes: INT-DMZ.")
    sources: list[str]
    destinations: list[str]
    services: list[str] = Field(description="Such as tcp/443, or icmp.")
    life: LifeOfRule | None = Field(description="Nothing where nobody has given it a state.")
    pick: str = Field(description="What the rule says and the state that it has: names it where a state is set.")


class RuleList(Schema):
    """All rules of a plan, in the order of its page."""

    revision: int
    items: list[RuleLine]


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/rules",
    url_name="rules",
    response=RuleList,
    problems=OF_A_PLAN,
    operation_id="list_rules",
    summary="The rules of a plan with their states",
)
def list_rules(request: HttpRequest, key: UUID) -> RuleList:
    """The rules of the newest revision in the order of the page. Readers see states without people and words."""
    with let_in(request, key, Hold.Role.READ) as plan:
        report, lives = _read(request, plan)
        return RuleList(
            revision=plan.revision,
            items=[
                RuleLine(
                    id=rule.id,
                    boundary=boundary.code,
                    sources=[end.name for end in rule.sources],
                    destinations=[end.name for end in rule.destinations],
                    services=[f"{one.protocol}/{one.ports}" if one.ports else one.protocol for one in rule.services],
                    life=_tell(lives.of(rule)),
                    pick=f"{mark_of(rule)}.{life.newest if (life := lives.of(rule)) else 0}",
                )
                for boundary in report.boundaries
                for rule in boundary.rules
            ],
        )


def _read(request: HttpRequest, plan: Plan) -> tuple[Report, Lives]:
    if is_reader(request):
        reading = read_newest(plan)
        report = report_of(reading)
        return report, lives_of_reading(reading, report)
    report = report_for(plan.version, matrix_of(plan))
    return report, lives_of(plan, report)


def _tell(life: Life | None) -> LifeOfRule | None:
    if life is None:
        return None
    given = life.given
    return LifeOfRule(
        state=given.state,
        changed=life.changed,
        ticket=given.ticket,
        owner=given.owner,
        comment=given.comment,
        review=given.review,
    )


class Wanted(Schema):
    """The state that rules are to have; what isn't said stays as it is."""

    model_config = ConfigDict(extra="forbid")

    picks: list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}\.[0-9]{1,18}$")]] = Field(
        min_length=1, max_length=MOST_RULES, description="What the list of rules says under `pick`."
    )
    state: str | None = Field(
        None, description="`none` takes the state away.", json_schema_extra={"enum": [*STATES, NONE, None]}
    )
    ticket: Annotated[Line, Field(max_length=500)] | None = None
    owner: Annotated[Line, Field(max_length=100)] | None = None
    comment: Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")] | None = None
    review: date | None = None


@operate(
    TAG,
    "POST",
    "/plans/{uuid:key}/rules/states",
    url_name="states",
    problems=(*OF_A_PLAN, "overtaken", "key-of-another"),
    parameters=[IDEMPOTENCY_KEY],
    operation_id="set_states",
    summary="Set the state of rules",
    answers={204: {"description": "They have it"}},
)
def set_state_of_rules(request: HttpRequest, key: UUID, wanted: Wanted) -> HttpResponseBase:
    """Of all that are named, or of none: 412 where one says something else by now, or has another state."""
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        if wanted.state not in (*STATES, NONE, None):
            sentence = f"{shown(wanted.state)} is no state; allowed are {', '.join((*STATES, NONE))}."
            raise refuse([Fault("state", sentence, "unknown")], "The request isn't as it has to be.")
        picks = [Pick(mark=mark, seen=int(seen)) for mark, _, seen in (one.partition(".") for one in wanted.picks)]
        wish = Wish(
            state=wanted.state,
            ticket=wanted.ticket,
            owner=wanted.owner,
            comment=wanted.comment,
            review=wanted.review,
        )
        if wish == Wish():
            detail = "Say what is to be set: a state, a ticket, an owner, a date of review or a comment."
            raise Problem(code="not-valid", detail=detail)
        sender = caller_of(request).sender()

        def act() -> sent_before.Answered:
            set_states(plan_id=plan.pk, matrix=matrix_of(plan), picks=picks, wish=wish, sender=sender)
            return sent_before.Answered(status=204, answer={})

        done = count_once(request, wanted.model_dump_json(), act)
    return HttpResponse(status=done.status)


class Answered(Schema):
    """What becomes of a packet."""

    answer: Literal["allowed", "not-asked", "closed"]
    rules: list[str] = Field(description="The rules that admit it.")
    reason: str = Field(description="Why, in sentences, and what it would take.")


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/ask",
    url_name="ask",
    response=Answered,
    problems=OF_A_PLAN,
    parameters=[
        {**in_query("from", "An endpoint, a zone (each of its endpoints), or an address."), "required": True},
        {**in_query("to", "Likewise."), "required": True},
        {**in_query("service", "tcp/443, udp/53, icmp, or the name of a service."), "required": True},
    ],
    operation_id="ask",
    summary="Whether a packet gets through",
)
def ask_about(request: HttpRequest, key: UUID) -> Answered:
    """Whether the plan admits what is sent from one side to another, by which rules, and why."""
    asked = request.GET
    with let_in(request, key, Hold.Role.READ) as plan:
        report, _ = _read(request, plan)
        packet = find_packet(report, asked["service"])
        answer = ask_between(report, find_side(report, asked["from"]), find_side(report, asked["to"]), packet)
        voice: Voice = "reader" if is_reader(request) else "planner"
        ways = (say_way(report, way, voice) for way in find_ways(report, answer))
        return Answered(
            answer=answer.outcome, rules=list(answer.rules), reason=" ".join((answer.reason, *ways)).strip()
        )
