"""Downloads: the report in every format, and the plan itself."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from planner.engine import Report
from planner.engine.compare import Comparison
from planner.engine.life import NO_LIVES, Lives
from planner.plan.document import check_stored, dump_plan
from planner.plan.syntax import write_document
from planner.report import FORMATS, Format
from planner.report.diagram.diagram import NoDiagram, render_svg
from planner.report.formats.rule_texts import RULE_TEXTS
from planner.store.editions import matrix_of
from planner.store.files import (
    File,
    finding_since,
    name_file,
    read_part,
    send,
    write_plan_file,
)
from planner.store.lives import lives_of
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.web.views.access import glance_view
from planner.web.views.kept import unless_known
from planner.web.views.making import editor_of, made_apart
from planner.web.views.state import read_unfold


@require_safe
@glance_view
@made_apart(editor_of, "report")
@unless_known
def download_report(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The report in one of FORMATS, as a file; options of the format that are in the address count as switched on."""
    return send(write_plan_file(plan, _find_format(name), request.GET.dict()))


def _find_format(name: str) -> Format:
    kind = FORMATS.get(name)
    if kind is None:
        raise Http404
    return kind


@require_safe
@glance_view
@unless_known
def show_rule_text(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The rules that the filter lets through as text to copy, in one of RULE_TEXTS."""
    matrix = matrix_of(plan)
    report = report_for(plan.version, matrix)
    return send_rule_text(request, report, name, finding_since(plan, matrix), lives_of(plan, report))


def send_rule_text(
    request: HttpRequest,
    report: Report,
    name: str,
    find_since: Callable[[int], Comparison | str],
    lives: Lives = NO_LIVES,
) -> HttpResponse:
    """The same of any report: text that a browser shows. 404 for a name that RULE_TEXTS hasn't.

    `lives` are those of its rules. Raises UnusableFilter.
    """
    kind = RULE_TEXTS.get(name)
    if kind is None:
        raise Http404
    part = read_part(request.GET.dict(), report, find_since, lives)
    response = HttpResponse(kind.write(part.report, part.selection), content_type="text/plain; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@glance_view
@unless_known
def download_diagram(request: HttpRequest, plan: Plan, extension: str) -> HttpResponse:
    """The diagram of endpoints as SVG or PNG, with the groups of zones in `unfold` unfolded."""
    return send_diagram(request, report_for(plan.version, matrix_of(plan)), plan.revision, extension)


def send_diagram(request: HttpRequest, report: Report, revision: int, extension: str) -> HttpResponse:
    """The diagram of a report as a file; 503 with a sentence where it can't be drawn."""
    unfolded = read_unfold(request.GET.getlist("unfold"), report)
    try:
        data = render_svg(report, unfolded=unfolded)
        if extension == "png":
            from planner.report.diagram.png import render_png  # noqa: PLC0415 - costs half a second

            data = render_png(data)
    except NoDiagram as error:
        return HttpResponse(f"{error}\n", status=503, content_type="text/plain; charset=utf-8")
    content_type = "image/svg+xml" if extension == "svg" else "image/png"
    return send_file(data, content_type, report.plan.name, f"revision-{revision}.{extension}")


@require_safe
@glance_view
@unless_known
def download_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The plan document as YAML."""
    document = dump_plan(check_stored(plan.document, matrix=matrix_of(plan)))
    return send_file(
        write_document(document, "yaml"),
        "application/yaml; charset=utf-8",
        plan.name,
        f"revision-{plan.revision}.yaml",
    )


def send_file(data: bytes, content_type: str, plan: str, end: str) -> HttpResponse:
    """An answer that is saved as a file named after the plan, by its name."""
    return send(File(data=data, content_type=content_type, name=name_file(plan, end)))
