"""The guided start for a plan that is there: its questions answered again, what that would change, and the change.

What the plan shows of the answers is filled in. What other answers make otherwise follows from the state that the
page was made for, and is carried over to what others have made of the plan since, as every edit is. Nothing is stored
before the page that says what would change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from planner.engine import Report, evaluate_report
from planner.engine.compare import compare_reports
from planner.engine.size import check_size
from planner.plan.blueprint import DOCUMENTED, NAMED, PRACTICE, AnswersError, Others
from planner.plan.blueprint.again import Answered, answer_again
from planner.plan.blueprint.shown_answers import Shown, is_asked, read_shown
from planner.plan.changes import Change, apply, compare_documents
from planner.plan.document import Plan as CheckedPlan
from planner.plan.document import PlanError, check_stored, dump_plan
from planner.plan.edits import NotPossible, switch_module
from planner.plan.merge import rebase
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.evaluated import find_last
from planner.store.models import Plan
from planner.web.views.access import plan_view
from planner.web.views.changes import describe_comparison
from planner.web.views.guided import Composed, Sheet, describe_open, read_sheet
from planner.web.views.plans import read_base, read_seen, read_sender
from planner.web.views.start import describe_report, describe_topics, show_sheet
from ports.matrix import Matrix
from ports.text import cut

MET = "Somebody else has changed the same things meanwhile. Look at the plan, then answer the questions again."
MOST_NAMED = 50
"""How many zones and endpoints the page names under one heading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What answers come to in a plan: on the state that they are about, and on that of now."""

    summary: str
    changes: tuple[Change, ...] = ()
    """On the state that the page was made for."""
    before: CheckedPlan
    """The plan as it is now."""
    after: CheckedPlan
    """What the answers would make of it."""
    left: tuple[str, ...] = ()
    trouble: str = ""
    """Why it can't be made, as what others did meets it."""
    open: Composed | None = field(default=None, compare=False)
    """What the answers leave open, and its report."""


@require_http_methods(["GET", "HEAD", "POST"])
@plan_view
def answer_questions(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The questions with the answers that the plan shows; sent, what others would change; with `store`, the change."""
    matrix = matrix_of(plan)
    if request.method != "POST":
        return _show(request, plan, matrix, None)
    sender = read_sender(request)
    if sender.operation and plan.revisions.filter(operation=sender.operation).exists():
        return redirect(plan)  # sent twice: it is stored
    sheet = read_sheet(matrix, request.POST)
    if sheet.is_faulty:
        return _show(request, plan, matrix, sheet, refused=True)
    try:
        outcome = _weigh(request, plan, matrix, sheet)
    except (PlanError, AnswersError) as error:
        return _show(request, plan, matrix, sheet, refused=True, trouble=_say(error))
    if "store" not in request.POST or outcome.trouble or not outcome.changes:
        return _show_outcome(request, plan, outcome)
    try:
        params = {"summary": outcome.summary, "switch": outcome.changes}
        actions.apply_edit(plan_id=plan.pk, matrix=matrix, edit="switch-module", params=params, sender=sender)
    except PlanError as error:
        return _show_outcome(request, plan, replace(outcome, trouble=_say(error)))
    except (NotPossible, actions.Clash) as error:
        plan.refresh_from_db()
        return _show_outcome(request, plan, replace(outcome, trouble=str(error)))
    return redirect(plan)


@require_POST
@plan_view
def preview_questions(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The questions as they were sent, with what is wrong with them and the report that they come to."""
    matrix = matrix_of(plan)
    return _show(request, plan, matrix, read_sheet(matrix, request.POST))


def _say(error: PlanError | AnswersError) -> str:
    if isinstance(error, AnswersError):
        return " ".join(sentence for sentences in error.faults.values() for sentence in sentences[:1])
    return " ".join(error.brief)


# ---- what the answers come to ----

type Read = tuple[Shown, Sheet]
"""What a plan shows of the answers, and the form with them."""


def read_shown_sheet(matrix: Matrix, plan: CheckedPlan) -> Read:
    """Read both of a plan under its matrix."""
    shown = read_shown(matrix, plan)
    sheet = Sheet(
        answers=shown.answers,
        others=shown.others,
        unread=shown.unread,
        choices=_list_choices(matrix, plan),
        caveats=dict.fromkeys(plan.corrections, PRACTICE) | dict.fromkeys(plan.as_documented, DOCUMENTED),
    )
    return shown, sheet


def _list_choices(matrix: Matrix, plan: CheckedPlan) -> dict[str, str]:
    """The choices without a default that a plan decides."""
    return {
        slug: chosen
        for slug, chosen in plan.choices.items()
        if matrix.choices[slug].default is None and isinstance(chosen, str)
    }


def _weigh(request: HttpRequest, plan: Plan, matrix: Matrix, sheet: Sheet, read: Read | None = None) -> Outcome:
    """What the answers come to. Raises PlanError where the plan would be none, or too large.

    `read`: what the plan shows, where that has been read, which takes longer than all the rest.
    """
    document, renames = read_base(request, plan)
    seen = check_stored(document, matrix=matrix)
    shown, first = read or read_shown_sheet(matrix, seen)
    before = Answered(answers=first.answers, others=first.others, choices=first.choices, caveats=first.caveats)
    answers = {**shown.answers, **sheet.answers}
    bare = answer_again(matrix, seen, before, Answered(answers=answers, others=sheet.others))
    report = _evaluate(matrix, bare.plan, seen, find_last(plan.key, matrix))
    decisions = [decision for decision in report.decisions if not decision.choice.many]
    offered = {decision.choice.slug for decision in decisions}
    caveats = tuple(state.caveat for state in report.questions)
    asked = {caveat.slug for caveat in caveats}
    after = Answered(
        answers=answers,
        others=sheet.others,
        choices=_answer_offered(before.choices, sheet.choices, offered),
        caveats=_answer_offered(before.caveats, sheet.caveats, asked),
    )
    done = answer_again(matrix, seen, before, after)
    changes = compare_documents(dump_plan(seen), dump_plan(done.plan))
    summary = _summarise(matrix, before, after)
    edit = switch_module(document, {"summary": summary, "switch": changes})
    now = check_stored(plan.document, matrix=matrix)
    made, trouble = now, ""
    try:
        fitted, met = rebase(edit, plan.document, renames)
    except NotPossible as error:
        trouble = str(error)
    else:
        trouble = MET if met else ""
        made = now if met else check_stored(apply(plan.document, fitted), matrix=matrix)
    made_report = _evaluate(matrix, made, now, report)
    opened = Composed(plan=made, report=made_report, decisions=report.decisions, caveats=caveats)
    return Outcome(
        summary=summary, changes=changes, before=now, after=made, left=done.left, trouble=trouble, open=opened
    )


def _answer_offered(before: Mapping[str, str], sent: Mapping[str, str], offered: Iterable[str]) -> dict[str, str]:
    """The answers to what was left open: those sent to what is offered, and of the rest those of before."""
    return {slug: answer for slug, answer in before.items() if slug not in offered} | {
        slug: sent[slug] for slug in offered if slug in sent
    }


def _evaluate(matrix: Matrix, plan: CheckedPlan, before: CheckedPlan, report: Report | None) -> Report:
    """The report of a plan that others answers make; what of another report holds is taken over.

    Raises PlanError where it is none, or too large.
    """
    checked = check_stored(dump_plan(plan), matrix=matrix)
    check_size(matrix, checked, before, report=report)
    return evaluate_report(matrix, checked, report)


def _summarise(matrix: Matrix, before: Answered, after: Answered) -> str:
    """What the history says: the questions that were answered otherwise."""
    old, new = ({slug: set(_list(answer)) for slug, answer in side.answers.items()} for side in (before, after))
    titles = [
        question.title
        for question in matrix.questions.values()
        if is_asked(matrix, question, new)
        and old.get(question.slug, set(question.default)) != new.get(question.slug, set(question.default))
    ]
    titles += ["Others"] if _list_others(before.others) != _list_others(after.others) else []
    titles += [choice.name for slug, choice in matrix.choices.items() if _differ(before.choices, after.choices, slug)]
    titles += [one.title for slug, one in matrix.caveats.items() if _differ(before.caveats, after.caveats, slug)]
    return cut(f"Questions answered again: {', '.join(titles) or 'nothing otherwise'}", 280)


def _list_others(others: Others) -> object:
    """Who comes from a network of their own, with what they use."""
    names = tuple(line.strip() for line in others.names if line.strip())
    there = [*others.ticked, *([NAMED] if names else [])]
    return set(others.ticked), names, {slug: others.uses.get(slug) for slug in there}


def _list(answer: str | Sequence[str]) -> Sequence[str]:
    return (answer,) if isinstance(answer, str) else [line.strip() for line in answer if line.strip()]


def _differ(before: Mapping[str, str], after: Mapping[str, str], slug: str) -> bool:
    return before.get(slug) != after.get(slug)


# ---- the pages ----


def _show(
    request: HttpRequest, plan: Plan, matrix: Matrix, sheet: Sheet | None, *, refused: bool = False, trouble: str = ""
) -> HttpResponse:
    """The questions: as the plan shows their answers, or as they were sent."""
    document, _ = read_base(request, plan)
    shown, first = read = read_shown_sheet(matrix, check_stored(document, matrix=matrix))
    sheet = first if sheet is None else replace(sheet, unread=shown.unread - sheet.answers.keys())
    context: dict[str, Any] = {
        "plan": plan,
        "held": read_seen(request),
        "action": reverse("answer_questions", kwargs={"key": plan.key}),
        "preview_action": reverse("preview_questions", kwargs={"key": plan.key}),
        "refused": refused,
        "trouble": trouble,
        "unread": [question for slug, question in matrix.questions.items() if slug in sheet.unread],
        **_describe(request, plan, matrix, sheet, read),
    }
    return show_sheet(request, "planner/start_again.html", matrix, sheet, context)


def _describe(request: HttpRequest, plan: Plan, matrix: Matrix, sheet: Sheet, read: Read) -> dict[str, Any]:
    """The questions, and the report of the plan after the answers in a few figures."""
    nothing = {"report": None, "topics": describe_topics(matrix, sheet, {}, {})}
    if sheet.is_faulty:
        return nothing
    try:
        outcome = _weigh(request, plan, matrix, sheet, read)
    except (PlanError, AnswersError) as error:
        return nothing | {"too_large": _say(error)}
    if outcome.open is None:
        return nothing
    left = describe_open(matrix, sheet, outcome.open)
    return {
        "topics": describe_topics(matrix, sheet, {}, left),
        **describe_report(outcome.after, outcome.open.report),
    }


def _show_outcome(request: HttpRequest, plan: Plan, outcome: Outcome) -> HttpResponse:
    """What the answers would change, before anything is stored."""
    matrix = matrix_of(plan)
    before = evaluate_report(matrix, outcome.before, find_last(plan.key, matrix))
    compared = compare_reports(before, evaluate_report(matrix, outcome.after, before))
    changes = compare_documents(dump_plan(outcome.before), dump_plan(outcome.after))
    context = {
        "plan": plan,
        "held": read_seen(request),
        "action": reverse("answer_questions", kwargs={"key": plan.key}),
        "preview_action": reverse("preview_questions", kwargs={"key": plan.key}),
        "carried": [
            (name, value)
            for name, values in request.POST.lists()
            if name not in ("csrfmiddlewaretoken", "store", "base", "operation")
            for value in values
        ],
        "outcome": outcome,
        "nothing": not changes,
        "lists": list_made(changes),
        **describe_comparison(compared),
    }
    return render(request, "planner/start_again_changes.html", context)


def list_made(changes: Iterable[Change]) -> list[tuple[str, list[str], list[str]]]:
    """What is made, changed and taken off: headings with names, and those that are folded."""
    found: dict[str, dict[str, None]] = {}
    for change in changes:
        part = change.where[0]
        if part not in ("zones", "endpoints"):
            continue
        word = part.capitalize()
        said = (
            f"{word} made" if change.is_row and change.before is None
            else f"{word} taken off" if change.is_row
            else f"{word} changed"
        )  # fmt: skip
        found.setdefault(said, {})[change.where[1]] = None
    order = ("made", "changed", "taken off")
    said_in_order = sorted(found.items(), key=lambda pair: order.index(pair[0].split(" ", 1)[1]))
    return [(said, list(names)[:MOST_NAMED], list(names)[MOST_NAMED:]) for said, names in said_in_order]
