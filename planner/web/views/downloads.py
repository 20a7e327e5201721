"""Downloads: the report in every format, and the plan itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from planner.engine import Report
from planner.engine.compare import Comparison
from planner.engine.life import NO_LIVES, Lives
from planner.plan.document import check_stored, dump_plan
from planner.plan.syntax import to_yaml
from planner.report import FORMATS, Format
from planner.report.diagram.diagram import NoDiagram, render_svg
from planner.report.formats.rule_texts import RULE_TEXTS
from planner.report.said.edition import PAPERS, Edition, Paper
from planner.report.said.filters import LABELS, Filter, Selection, read_filter, select
from planner.store.answers import taken_in
from planner.store.earlier import find_earlier
from planner.store.editions import matrix_of
from planner.store.lives import lives_of
from planner.store.models import Plan
from planner.store.reports import comparison_since, report_for
from planner.store.results import prove_beside
from planner.store.verified import tell_results
from planner.web.views.access import glance_view
from planner.web.views.errors import show_error
from planner.web.views.handover import compare_with_sent, say_handover, say_unknown, say_why_not
from planner.web.views.kept import unless_known
from planner.web.views.state import read_unfold


@require_safe
@glance_view
@unless_known
def download_report(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The report in one of FORMATS, as a file; options of the format that are in the address count as switched on.

    422 with a sentence where the format can't say what the report says.
    """
    kind = FORMATS.get(name)
    if kind is None:
        raise Http404
    matrix = matrix_of(plan)
    last = plan.handovers.first()
    edition = Edition(
        date=localdate(),
        revision=plan.revision,
        # Without a revision in the filter it is compared with what was handed over last.
        since=compare_with_sent(plan, last, matrix) if last else None,
        since_revision=last.revision if last else None,
        since_sent=say_handover(last),
        with_plan=True,
    )
    report = report_for(plan.version, matrix)
    lives = lives_of(plan, report)
    edition = replace(edition, lives=lives, taken=taken_in(plan, report))
    report = tell_results(report, lives, prove_beside(plan, report))
    if kind.closes:
        earlier = find_earlier(plan, matrix)
        edition = replace(edition, earlier=earlier.reports, earlier_said=earlier.said)

    def find_since(number: int) -> Comparison | str:
        found = comparison_since(plan, number, matrix)
        return say_why_not(plan, str(number)) if found is None else found

    def say_of(number: int) -> str:
        return "stored under a port matrix that isn’t known" if say_unknown(plan, str(number)) else ""

    return send_report(request, kind, report, edition, find_since, say_of)


def send_report(
    request: HttpRequest,
    kind: Format,
    report: Report,
    edition: Edition,
    find_since: Callable[[int], Comparison | str],
    say_of: Callable[[int], str] = lambda _: "",
) -> HttpResponse:
    """The part of a report that the filter in the address lets through, as a file of this edition.

    `find_since` says what differs from a revision that the filter names, or why that can't be said; `say_of` what else
    is to be said of that revision. 400 with
    sentences for a filter that can't be used. Raises NotExpressible where the format can't say what the report says.
    """
    try:
        found = _read_part(request, report, find_since, edition.lives)
    except _UnusableFilter as error:
        return show_error(request, 400, "The filter can't be used", str(error))
    part, selection, since = found.report, found.selection, found.since
    edition = replace(edition, selection=selection, paper=read_paper(request), stylesheet=settings.STYLESHEET)
    if since is not None:
        number = int(found.chosen.since)
        edition = replace(edition, since=since, since_revision=number, since_sent=say_of(number))
    options = {option: True for option in sorted(kind.options) if request.GET.get(option)}
    data = kind.render(part, edition, **options)
    end = f"revision-{edition.revision}" + (f"-{selection.rules}-of-{selection.all_rules}-rules" if selection else "")
    return send_file(data, kind.content_type, report.plan.name, f"{end}.{kind.ending or kind.extension}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The part of a report that the filter in an address lets through."""

    report: Report
    selection: Selection | None
    chosen: Filter
    since: Comparison | None


class _UnusableFilter(ValueError):
    """The filter in an address can't be used. The message is made of sentences."""


def _read_part(
    request: HttpRequest, report: Report, find_since: Callable[[int], Comparison | str], lives: Lives
) -> _Part:
    """Raises _UnusableFilter."""
    chosen, faults = read_filter(request.GET.dict().items(), report)
    since = find_since(int(chosen.since)) if chosen.since and "since" not in faults else None
    if isinstance(since, str):
        faults["since"] = since
    if faults or isinstance(since, str):
        raise _UnusableFilter(" ".join(f"{LABELS[name]}: {sentence}" for name, sentence in faults.items()))
    part, selection = select(report, chosen, since, lives)
    return _Part(report=part, selection=selection, chosen=chosen, since=since)


@require_safe
@glance_view
@unless_known
def show_rule_text(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The rules that the filter lets through as text to copy, in one of RULE_TEXTS."""
    matrix = matrix_of(plan)

    def find_since(number: int) -> Comparison | str:
        found = comparison_since(plan, number, matrix)
        return say_why_not(plan, str(number)) if found is None else found

    report = report_for(plan.version, matrix)
    return send_rule_text(request, report, name, find_since, lives_of(plan, report))


def send_rule_text(
    request: HttpRequest,
    report: Report,
    name: str,
    find_since: Callable[[int], Comparison | str],
    lives: Lives = NO_LIVES,
) -> HttpResponse:
    """The same of any report: text that a browser shows. 404 for a name that RULE_TEXTS hasn't, 400 as above.

    `lives` are those of its rules.
    """
    kind = RULE_TEXTS.get(name)
    if kind is None:
        raise Http404
    try:
        part = _read_part(request, report, find_since, lives)
    except _UnusableFilter as error:
        return show_error(request, 400, "The filter can't be used", str(error))
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
        to_yaml(document).encode(), "application/yaml; charset=utf-8", plan.name, f"revision-{plan.revision}.yaml"
    )


def read_paper(request: HttpRequest) -> Paper:
    """The size of paper that the address asks for: A4, unless it is another that there is."""
    asked = request.GET.get("paper", "").lower()
    return next((paper for paper in PAPERS if paper == asked), "a4")


def send_file(data: bytes, content_type: str, plan: str, end: str) -> HttpResponse:
    """An answer that is saved as a file named after the plan, by its name."""
    response = HttpResponse(data, content_type=content_type)
    # An ASCII name that no system trips over; the plan's own name stands in the document.
    name = f"{slugify(plan)[:80] or 'plan'}-{end}"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
