"""The guided start: the questions of the matrix on one page, and beside them what has to be opened.

The answers are in the form and nowhere else until a plan is made of them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST

from planner.engine import Report, TooLarge
from planner.engine.rules import Boundary
from planner.plan.blueprint import NAMED, OFFERED, find_others_topic
from planner.plan.document import ANY, Plan, PlanError
from planner.store import presence
from planner.store.answered import create_answered
from planner.store.holders import read_holder
from planner.store.recent import Recent
from planner.web.views.access import count_plans, maker_view, matrix_view, open_new
from planner.web.views.errors import show_error
from planner.web.views.guided import (
    FIELD,
    OTHER_NAMES,
    OTHERS,
    Composed,
    Sheet,
    compose_sheet,
    describe_open,
    describe_weights,
    read_sheet,
)
from planner.web.views.htmx import htmx_of
from planner.web.views.products import Chosen, choose_product
from ports.matrix import SEVERITIES, Matrix, Question, Role
from ports.text import many

PORTS_SHOWN, NAMES_SHOWN = 8, 6
"""How many ports of a boundary and endpoints of a zone are named."""
type _Weighed = tuple[Composed, Mapping[tuple[str, str], str], Mapping[str, Sequence[Mapping[str, Any]]]]
"""What answers make, by question and option what another would change, and by topic what they leave open."""
_weighed: Recent[_Weighed] = Recent(lambda found: len(found[0].report.flows), count=8)


@require_http_methods(["GET", "HEAD", "POST"])
@maker_view
@matrix_view
def guided_start(request: HttpRequest) -> HttpResponse:
    """The questions; sent, the plan that the answers make. With errors nothing is stored and all input is kept."""
    chosen = choose_product(request)
    matrix = chosen.matrix
    if not matrix.questions:
        return _show_none(request, chosen)
    if request.method != "POST":
        return _show(request, chosen, Sheet())
    composed = compose_or_refuse(request, chosen)
    return composed if isinstance(composed, HttpResponse) else store_plan(request, composed.plan, matrix)


def store_plan(request: HttpRequest, plan: Plan, matrix: Matrix) -> HttpResponse:
    """Make the plan of the answers and go to it."""
    count_plans(request)
    who = presence.read_visitor(request).label
    row = create_answered(plan=plan, matrix=matrix, summary="Guided start", holder=read_holder(request), who=who)
    return open_new(request, row)


def compose_or_refuse(request: HttpRequest, chosen: Chosen) -> Composed | HttpResponse:
    """What the answers that were sent make, or the questions again with what has to be mended."""
    matrix = chosen.matrix
    if not matrix.questions:
        return _show_none(request, chosen)
    sheet = read_sheet(matrix, request.POST)
    if sheet.is_faulty:
        return _show(request, chosen, sheet, refused=True)
    try:
        return compose_sheet(matrix, sheet, sheet.name or _usual_name(matrix))
    except PlanError as error:
        if is_over(error):
            return _show(request, chosen, sheet, refused=True)
        if any(fault.where != "name" for fault in error.faults):
            raise
        faults = tuple(fault.message for fault in error.faults)
        return _show(request, chosen, replace(sheet, name_faults=faults), refused=True)


@require_POST
@maker_view
@matrix_view
def guided_preview(request: HttpRequest) -> HttpResponse:
    """What the answers so far open, and what is wrong with them; nothing is stored."""
    chosen = choose_product(request)
    if not chosen.matrix.questions:
        return _show_none(request, chosen)
    return _show(request, chosen, read_sheet(chosen.matrix, request.POST))


def _show_none(request: HttpRequest, chosen: Chosen) -> HttpResponse:
    message = f"The port matrix of {chosen.matrix.product} has none. Import a plan instead."
    if not chosen.products:
        return show_error(request, 404, "There are no questions", message)
    context = {"title": "There are no questions", "message": message, "chosen": chosen}
    return render(request, "planner/no_questions.html", context, status=404)


def is_over(error: PlanError) -> bool:
    """Whether nothing is wrong with a plan but its size."""
    return isinstance(error, TooLarge) or [fault.where for fault in error.faults] == ["endpoints"]


def _usual_name(matrix: Matrix) -> str:
    return f"{matrix.product} plan"


def _show(request: HttpRequest, chosen: Chosen, sheet: Sheet, *, refused: bool = False) -> HttpResponse:
    matrix = chosen.matrix
    context: dict[str, Any] = {
        "chosen": chosen,
        "refused": refused,
        "action": reverse("guided_start"),
        "preview_action": reverse("guided_preview"),
        "usual_name": _usual_name(matrix),
        **_describe_composed(matrix, sheet),
    }
    return show_sheet(request, "planner/start.html", matrix, sheet, context)


def show_sheet(
    request: HttpRequest, template: str, matrix: Matrix, sheet: Sheet, context: Mapping[str, Any]
) -> HttpResponse:
    """The whole page of questions, or for htmx what the answers change on it."""
    htmx = htmx_of(request)
    partial = bool(htmx) and not htmx.history_restore_request
    sent = {
        "matrix": matrix,
        "sheet": sheet,
        "questions": matrix.questions.values(),
        "faults": [(matrix.questions[slug], sentences) for slug, sentences in sheet.faults.items()],
        **context,
    }
    response = render(request, "planner/start.html#changed" if partial else template, sent)
    patch_vary_headers(response, ["HX-Request"])
    return response


# ---- the questions ----


def describe_topics(
    matrix: Matrix, sheet: Sheet, weights: Mapping[tuple[str, str], str], left: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The questions under their topics, each with those that follow from it, and what is left open of a topic."""
    topics: dict[str, list[dict[str, Any]]] = {}
    for question in matrix.questions.values():
        if question.when is None:
            topics.setdefault(question.topic, []).append(_describe_question(matrix, question, sheet, weights))
    return [
        {
            "title": title,
            "questions": questions,
            "left": left.get(title, ()),
            "others": _describe_others(matrix, sheet, weights) if title == find_others_topic(matrix) else None,
        }
        for title, questions in topics.items()
    ]


def _describe_others(matrix: Matrix, sheet: Sheet, weights: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Who else comes from networks of their own, each with what they may use."""
    people = [role for role in matrix.roles.values() if role.kind == "people"]

    def list_uses(slug: str) -> list[tuple[Role, bool]]:
        ticked = sheet.others.uses.get(slug)
        return [(role, ticked is None or role.slug in ticked) for role in people]

    return {
        "field": OTHERS,
        "options": [
            {
                "option": one,
                "checked": one.slug in sheet.others.ticked,
                "weight": weights.get((OTHERS, one.slug), ""),
                "uses": list_uses(one.slug),
            }
            for one in OFFERED.values()
        ],
        "names_field": OTHER_NAMES,
        "names": "\n".join(sheet.others.names),
        "named": NAMED,
        "uses": list_uses(NAMED),
        "faults": sheet.other_faults,
    }


def _describe_question(
    matrix: Matrix, question: Question, sheet: Sheet, weights: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    followers = [other for other in matrix.questions.values() if other.when and other.when.question == question.slug]
    answer = sheet.answers.get(question.slug, () if question.slug in sheet.unread else question.default)
    chosen = (answer,) if isinstance(answer, str) else tuple(answer)
    return {
        "question": question,
        "field": FIELD + question.slug,
        "text": "\n".join(chosen) if question.kind == "list" else "",
        "faults": sheet.faults.get(question.slug, ()),
        "options": [
            {
                "option": option,
                "weight": weights.get((question.slug, option.slug), ""),
                "checked": option.slug in chosen,
                "usual": question.kind == "one" and option.slug in question.default,
                "leads": " ".join(
                    str(number)
                    for number, other in enumerate(followers, 1)
                    if other.when and option.slug in other.when.options
                ),
            }
            for option in question.options
        ],
        "followers": [_describe_question(matrix, other, sheet, weights) for other in followers],
    }


# ---- the report so far ----


def _describe_composed(matrix: Matrix, sheet: Sheet) -> dict[str, Any]:
    """The questions with what each answer would change, and the report of the answers in a few figures.

    Neither is found while an answer is at fault, or the plan would be too large.
    """
    nothing = {"report": None, "topics": describe_topics(matrix, sheet, {}, {})}
    if sheet.is_faulty:
        return nothing
    try:
        composed, weights, left = _weigh(matrix, sheet)
    except PlanError as error:
        if not is_over(error):
            raise
        return nothing | {"too_large": error.faults[0].message}
    topics = describe_topics(matrix, sheet, weights, left)
    return {"topics": topics, "unweighed": not composed.weighed, **describe_report(composed.plan, composed.report)}


def _weigh(matrix: Matrix, sheet: Sheet) -> _Weighed:
    """What the answers make, what each other would change, and what they leave open. Raises as `compose_sheet` does.

    Kept by the answers and the state of the matrix: everybody begins with the same answers, and to weigh the others
    takes longer than the rest of the page.
    """

    def make() -> _Weighed:
        composed = compose_sheet(matrix, sheet, _usual_name(matrix))
        return composed, describe_weights(matrix, sheet, composed), describe_open(matrix, sheet, composed)

    return _weighed.find((matrix.state, repr((sheet.answers, sheet.caveats, sheet.choices, sheet.others))), make)


def describe_report(plan: Plan, report: Report) -> dict[str, Any]:
    """The report of the answers in a few figures."""
    missing = sum(len(f.endpoints) for f in report.findings if f.code == "address-missing")
    counts = Counter(finding.severity for finding in report.findings if finding.code != "address-missing")
    return {
        "report": report,
        "boundaries": [_describe_boundary(boundary) for boundary in report.boundaries],
        "rules": len(report.rules),
        "decisions": len(report.decisions) + len(report.questions),
        "sizes": _describe_sizes(plan, report),
        "parts": _describe_parts(report),
        "missing": missing,
        "is_blank": all(set(endpoint.addresses) <= {ANY} for endpoint in plan.endpoints),
        "findings": sum(counts.values()),
        "severities": [
            (severity, many(counts[severity], word))
            for severity, word in zip(SEVERITIES, ("error", "decision", "warning", "note"), strict=True)
            if counts[severity]
        ],
        "errors": [finding for finding in report.findings if finding.severity == "error"],
    }


def _describe_boundary(boundary: Boundary) -> dict[str, Any]:
    services = sorted({service for rule in boundary.rules for service in rule.services}, key=lambda s: s.order)
    shown = groupby(services[:PORTS_SHOWN], key=lambda service: service.protocol)
    ports = [f"{protocol} {', '.join(s.ports for s in group if s.ports)}".strip() for protocol, group in shown]
    return {
        "boundary": boundary,
        "count": many(len(boundary.rules), "rule"),
        "ports": " · ".join(ports),
        "folded": [" ".join(filter(None, service)) for service in services[PORTS_SHOWN:]],
    }


def _describe_parts(report: Report) -> list[dict[str, Any]]:
    """The first few endpoints of each zone; like zones together."""
    names: dict[str, list[str]] = {}
    for endpoint in report.plan.endpoints:
        names.setdefault(endpoint.zone, []).append(endpoint.name)
    parts = []
    for group in report.zone_groups:
        members = [name for zone in group.zones for name in names.get(zone, ())]
        parts.append({"group": group, "names": members[:NAMES_SHOWN], "folded": members[NAMES_SHOWN:]})
    return parts


def _describe_sizes(plan: Plan, report: Report) -> str:
    zones, endpoints = many(len(plan.zones), "zone"), many(len(plan.endpoints), "endpoint")
    return f"{zones}, {endpoints}, {many(len(report.flows), 'flow')}"
