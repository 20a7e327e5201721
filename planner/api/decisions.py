"""What is decided about a plan: answers to questions of the port matrix, with a reason, and its edition."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from planner.api.access import let_in
from planner.api.lines import Line
from planner.api.plans import edit_once
from planner.api.problems import Problem, refuse
from planner.api.shelf import IF_MATCH, REVISION_TAG
from planner.api.spec import IDEMPOTENCY_KEY, OF_A_PLAN, operate
from planner.engine import TooLarge
from planner.plan.document import PlanError
from planner.plan.faults import Fault, shown
from planner.report.said.answers import DOCUMENTED, PRACTICE
from planner.store import actions, reasons
from planner.store.answers import taken_in
from planner.store.editions import matrix_of
from planner.store.models import Hold, Plan
from planner.store.reports import report_for
from ports.matrix import Matrix
from ports.queries import find_sibling

TAG = "Decisions"
MOST_REASON = 500
"""Most characters of a reason, as on the page."""
STORED = {204: {"description": "It is so", "headers": {"ETag": REVISION_TAG}}}
Slug = Annotated[str, StringConstraints(max_length=100)]


class Decision(Schema):
    """An answer to a question of the port matrix, as far as it is known who gave it."""

    kind: Literal["choice", "caveat"]
    slug: str
    title: str
    answer: str = Field(description="In words; the document has it by its slugs.")
    reason: str
    author: str = Field(description="Empty where nobody knows.")
    at: datetime | None


class DecisionList(Schema):
    """The decisions of a plan of which anything is known, in the order of the matrix."""

    revision: int
    items: list[Decision]


class WantedDecision(Schema):
    """An answer, and why."""

    model_config = ConfigDict(extra="forbid")

    answer: Slug | list[Slug] | None = Field(
        description="Of a choice an option, or several where it takes them; of a caveat practice or documented; "
        "null takes it back."
    )
    reason: Annotated[Line, Field(max_length=MOST_REASON)] = ""


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/decisions",
    url_name="decisions",
    response=DecisionList,
    problems=OF_A_PLAN,
    operation_id="list_decisions",
    summary="Who decided what, and why",
)
def list_decisions(request: HttpRequest, key: UUID) -> DecisionList:
    """The answers that the plan has now."""
    with let_in(request, key, Hold.Role.EDIT) as plan:
        taken = taken_in(plan, report_for(plan.version, matrix_of(plan)))
        return DecisionList(
            revision=plan.revision,
            items=[
                Decision(
                    kind=one.kind,  # type: ignore[arg-type]  # the kinds of questions
                    slug=one.subject,
                    title=one.title,
                    answer=one.answer,
                    reason=one.reason,
                    author=one.decided.author if one.decided else "",
                    at=one.decided.at if one.decided else None,
                )
                for one in taken
            ],
        )


DECIDED: dict[str, Any] = {
    "problems": (*OF_A_PLAN, "overtaken", "condition-needed", "owned-by-git", "key-of-another"),
    "parameters": [IF_MATCH, IDEMPOTENCY_KEY],
    "answers": STORED,
}


@operate(TAG, "PUT", "/plans/{uuid:key}/decisions/choice/{slug:name}", url_name="choose", operation_id="decide_choice",
         summary="Decide a choice", **DECIDED)  # fmt: skip
def decide_choice(request: HttpRequest, key: UUID, name: str, wanted: WantedDecision) -> HttpResponseBase:
    """With the reason, which stands beside the decision wherever the plan is shown."""
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        matrix = matrix_of(plan)
        options = _read_options(matrix, name, wanted)
        decide = partial(
            reasons.choose, plan_id=plan.pk, matrix=matrix, choice=name, options=options, reason=wanted.reason
        )
        return _decide(request, plan, wanted, decide)


@operate(TAG, "PUT", "/plans/{uuid:key}/decisions/caveat/{slug:name}", url_name="answer",
         operation_id="answer_caveat", summary="Answer a caveat", **DECIDED)  # fmt: skip
def answer_caveat(request: HttpRequest, key: UUID, name: str, wanted: WantedDecision) -> HttpResponseBase:
    """Whether practice is followed, or what is documented."""
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        matrix = matrix_of(plan)
        caveat = matrix.caveats.get(name)
        if caveat is None or not caveat.correction:
            raise Problem(code="nothing-here", detail="The port matrix of this plan has no such correction.")
        if wanted.answer not in (PRACTICE, DOCUMENTED, None):
            sentence = f"This is {PRACTICE}, {DOCUMENTED} or null."
            raise refuse([Fault("answer", sentence, "unknown")], "The request isn't as it has to be.")
        answer = str(wanted.answer or "")
        decide = partial(
            reasons.answer_caveat, plan_id=plan.pk, matrix=matrix, caveat=name, answer=answer, reason=wanted.reason
        )
        return _decide(request, plan, wanted, decide)


def _read_options(matrix: Matrix, name: str, wanted: WantedDecision) -> list[str] | None:
    """The options of a choice; None where the decision is taken back. Raises Problem."""
    choice = matrix.choices.get(name)
    if choice is None:
        raise Problem(code="nothing-here", detail="The port matrix of this plan has no such choice.")
    if wanted.answer is None:
        return None
    options = [wanted.answer] if isinstance(wanted.answer, str) else list(dict.fromkeys(wanted.answer))
    sentence = ""
    if unknown := [option for option in options if option not in choice.slugs]:
        sentence = f"{shown(unknown[0])} is no option; allowed are {', '.join(choice.slugs)}."
    elif not choice.many and len(options) != 1:
        sentence = "This choice takes one option."
    if sentence:
        raise refuse([Fault("answer", sentence, "unknown")], "The request isn't as it has to be.")
    return options


def _decide(request: HttpRequest, plan: Plan, wanted: WantedDecision, decide: Callable[..., Plan]) -> HttpResponseBase:
    try:
        return edit_once(request, plan, wanted.model_dump_json(), decide)
    except PlanError as error:
        raise refuse(error.faults, "Nothing was stored.") from None


class WantedEdition(Schema):
    """On which edition a plan is to be put."""

    model_config = ConfigDict(extra="forbid")

    edition: Slug = Field(description="The slug of an edition of the plan's product, as the list of editions has it.")


@operate(TAG, "PUT", "/plans/{uuid:key}/edition", url_name="edition", operation_id="switch_edition",
         summary="Put a plan on another edition", **DECIDED)  # fmt: skip
def switch_edition(request: HttpRequest, key: UUID, wanted: WantedEdition) -> HttpResponseBase:
    """As a new revision; on the edition that it is on already, what is amended now is taken over.

    What it would change says `read_changes` beforehand, from and to the newest revision, with `matrix_to`. 409 has
    every fault where the plan doesn't fit the edition; nothing is stored then.
    """
    with let_in(request, key, Hold.Role.EDIT, writes=True) as plan:
        edition = find_sibling(wanted.edition, matrix_of(plan).product_slug)
        if edition is None:
            sentence = f"There is no edition {shown(wanted.edition)} of this plan's product."
            raise refuse([Fault("edition", sentence, "unknown")], "Nothing was switched.")
        switch = partial(actions.switch_edition, plan_id=plan.pk, edition=edition)
        try:
            return edit_once(request, plan, wanted.edition, lambda sender: switch(sender=sender).plan)
        except TooLarge as error:
            raise Problem(code="not-now", detail=f"Nothing was switched. {error.sentence}") from None
        except PlanError as error:
            detail = f"Nothing was switched: the plan doesn’t fit the edition {edition.slug}."
            raise Problem(code="not-now", detail=detail, faults=error.faults) from None
