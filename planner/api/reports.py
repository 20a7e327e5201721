"""Reports: of stored plans, and of documents that are sent and not kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.timezone import localdate

from planner.api.access import anybody, check_maker, is_reader, let_in
from planner.api.bodies import JSON, read_document
from planner.api.files import LATER, answer_apart
from planner.api.spec import DOCUMENT_BODY, OF_A_DOCUMENT, OF_A_PLAN, PAPER, content, in_query, named, operate
from planner.deploy.turns import in_turn
from planner.engine import evaluate_report
from planner.report import FORMATS, OPTIONS, Format
from planner.report.said.edition import Edition
from planner.report.said.filters import LABELS
from planner.sharing.files import write_reading
from planner.sharing.links import read_newest
from planner.store.files import UnusableFilter, name_file, send, write_file, write_plan_file
from planner.store.models import Hold

TAG = "Reports"
STATELESS = tuple(name for name in LABELS if name not in ("since", "state"))
"""What a document that isn't stored can be filtered by: it has no revisions, and its rules no states."""


def _list_parameters(names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        in_query("format", "In which format.", {"type": "string", "enum": list(FORMATS), "default": "json"}),
        *(in_query(name, f"Only what passes this filter: {LABELS[name].lower()}.") for name in names),
        *(in_query(name, f"{text}; any value switches it on.") for name, text in OPTIONS.items()),
        PAPER,
    ]


ANY_FILE: Mapping[int, Mapping[str, Any]] = {
    200: {
        "description": "The file",
        "content": content(JSON, named("Report"))
        | {kind: {} for kind in sorted({one.content_type.partition(";")[0] for one in FORMATS.values()} - {JSON})},
    }
}
"""A report in whichever format was asked for."""
_COMPARED = in_query(
    "compared",
    "The number of a comparison with a firewall that the plan keeps: what it found stands beside the rules. For those "
    "who may edit the plan.",
)
_OWN = ("unusable-filter", "not-expressible")


@operate(
    TAG,
    "GET",
    "/plans/{uuid:key}/report",
    url_name="report",
    answers={**ANY_FILE, 202: LATER},
    problems=(*OF_A_PLAN, *_OWN),
    parameters=[*_list_parameters(tuple(LABELS)), _COMPARED],
    operation_id="read_report",
    summary="The report of a plan",
)
def read_report(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """What has to be opened, as the page of the plan says it, in any of the formats that it has.

    Those who may only read the plan get what readers are shown.
    """
    kind, asked = read_format(request), request.GET.dict()
    with let_in(request, key, Hold.Role.READ, document=False) as plan:
        if is_reader(request) and "compared" in asked:
            raise UnusableFilter("Comparison: whoever may only read the plan is shown none.")
        later = answer_apart(
            request, plan, "reading" if is_reader(request) else "report", kind.name, without_format(asked)
        )
    if later is not None:
        return later
    with let_in(request, key, Hold.Role.READ) as plan:
        if is_reader(request):
            return send(write_reading(read_newest(plan), kind, asked))
        return send(write_plan_file(plan, kind, asked))


@operate(
    TAG,
    "POST",
    "/evaluate",
    url_name="evaluate",
    auth=anybody,
    answers=ANY_FILE,
    body=DOCUMENT_BODY,
    problems=(*OF_A_DOCUMENT, "not-now", *_OWN),
    parameters=_list_parameters(STATELESS),
    operation_id="evaluate",
    summary="The report of a document",
)
def evaluate_document(request: HttpRequest) -> HttpResponseBase:
    """The report of the document that is sent, as `manage.py report` writes it. Nothing is kept."""
    check_maker(request)
    kind = read_format(request)
    asked = {name: value for name, value in request.GET.dict().items() if name in (*STATELESS, *OPTIONS, "paper")}
    plan, matrix = read_document(request)
    with in_turn(request.META, len(plan.endpoints)):
        report = evaluate_report(matrix, plan)
        edition = Edition(date=localdate(), with_plan=True)
        file = write_file(kind, report, edition, asked, lambda _: "A document has no revisions.")
    return send(replace(file, name=name_file(plan.name, f"report.{kind.ending or kind.extension}")))


def without_format(asked: Mapping[str, str]) -> dict[str, str]:
    """What is asked of a file besides its format."""
    return {name: value for name, value in asked.items() if name != "format"}


def read_format(request: HttpRequest) -> Format:
    """The format that is asked for, which is one of FORMATS by now."""
    return FORMATS[request.GET.get("format", "json")]
