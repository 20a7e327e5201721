"""What readers of a plan see: its report with filters and downloads, the diagram, and perhaps what changed since.

Everything here is made of a `Reading`, which has no more than that, and of the matrix. The same pages serve whoever
opens a read link (`planner.web.views.shared`) and accounts that may read a plan.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import replace_url

from planner.engine import Report
from planner.engine.compare import Comparison
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.said.answers import match_answers
from planner.report.said.filters import LABELS
from planner.report.said.voice import list_waiting
from planner.sharing.files import (
    NOT_SHOWN,
    compare_reading,
    lives_of_reading,
    name_side,
    report_of,
    write_reading,
    write_reading_changes,
)
from planner.sharing.links import Reading, read_newest
from planner.store.files import send
from planner.store.models import Plan
from planner.store.sides import NothingToCompare
from planner.store.standing import Standing
from planner.web.forms.lives import StateForm, form_of
from planner.web.views.access import View, glancing_reader_view, reader_view
from planner.web.views.asking import describe_asking
from planner.web.views.changes import describe_comparison
from planner.web.views.downloads import send_diagram, send_rule_text
from planner.web.views.htmx import htmx_of
from planner.web.views.keeper import Keeper, describe_rule, find_rule
from planner.web.views.kept import Page, answer, unless_known
from planner.web.views.making import made_apart, reader_of
from planner.web.views.marked import Changes
from planner.web.views.results import count_view, describe_results
from planner.web.views.showing import describe_showing, is_switched, keep_way
from planner.web.views.state import READER_VIEWS, read_state
from ports.matrix import PROTOCOLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a reader is: the address of the page, under which the files are, and the link to print if there is one."""

    here: str
    link: str | None = None


ReadingView = Callable[Concatenate[HttpRequest, Reading, Place, ...], HttpResponse]


def keeper_of(reading: Reading, report: Report, form: StateForm | None = None) -> Keeper:
    """The states of the rules, as the reader sees them; `form` is one that came back with errors."""
    return Keeper(
        lives=lives_of_reading(reading, report),
        may_set=reading.may_report,
        asks_name=reading.may_report,
        form=form,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a reading comes from: the plan, without its document, and how it is read by whom."""

    plan: Plan
    read: Callable[[Plan], Reading]
    facts: Hashable = ()
    """What the reading follows from besides the plan: what its link may, which isn't told of anybody else's."""
    is_link: bool = False


def look(request: HttpRequest, source: Source, place: Place) -> HttpResponse:
    """The page of a report, or for htmx the part that it asks for; kept for all who read it by the same link."""
    part = _read_part(request)
    says_address = part in ("results", "answer") or is_switched(request)

    def make(plan: Plan, _known: Standing | None) -> Page:
        context = _describe(request, source.read(plan), place, part)
        address = "?".join(filter(None, (place.here, context["query"]))) if says_address else ""
        return Page(template=_name(part), context=context, address=address, lasts="no_diagram" not in context)

    about = ("reading", source.facts, place, part, says_address, request.META["QUERY_STRING"])
    response = answer(request, source.plan, about, make, comments=False, tagged=not source.is_link)
    return keep_way(request, response)


def show(request: HttpRequest, reading: Reading, place: Place, form: StateForm | None = None) -> HttpResponse:
    """The same with a form that came back with errors."""
    part = _read_part(request)
    context = _describe(request, reading, place, part, form)
    response = keep_way(request, render(request, _name(part), context))
    if part in ("results", "answer") or is_switched(request):
        replace_url(response, "?".join(filter(None, (place.here, context["query"]))))
    return response


def _read_part(request: HttpRequest) -> str:
    """What htmx asks for; empty for the whole page."""
    htmx = htmx_of(request)
    part = htmx.target if htmx and not htmx.history_restore_request else None
    return part if part in ("report", "results", "answer") else ""


def _name(part: str) -> str:
    return f"planner/reading.html#moved-{part}" if part else "planner/reading.html"


def _describe(
    request: HttpRequest, reading: Reading, place: Place, part: str, form: StateForm | None = None
) -> dict[str, Any]:
    """What the page shows."""
    report = report_of(reading)
    state, faults = read_state(request, report, READER_VIEWS)
    if state.filter.since and "since" not in faults:
        faults["since"] = NOT_SHOWN
    changes = Changes(keeper=keeper_of(reading, report, form))
    taken = match_answers(reading.told, report)
    return {
        "taken": taken,
        "reading": reading,
        "place": place,
        "here": place.here,
        "report": report,
        "waiting": list(list_waiting(report)),
        "state": state,
        "query": state.query(),
        "unfiltered": state.without_filter().query(),
        "views": [
            (slug, name, state.query(view=slug), count_view(slug, report))
            for slug, name in READER_VIEWS.items()
            if slug != "decisions" or taken or state.view == slug
        ],
        "formats": FORMATS.values(),
        "protocols": PROTOCOLS,
        "view_template": f"planner/views/{state.view}.html",
        "filter_faults": faults,
        "filter_sentences": [(LABELS[name], sentence) for name, sentence in faults.items()],
        **describe_showing(request, state.query()),
        **describe_results(report, state, changes, part not in ("results", "answer"), place.here),
        **describe_asking(report, state, "reader"),
    }


def download(request: HttpRequest, reading: Reading, place: Place, name: str) -> HttpResponse:
    """The report in one of FORMATS; with `cover` in the address the link stands on the cover."""
    kind = FORMATS.get(name)
    if kind is None:
        raise Http404
    link = place.link if request.GET.get("cover") else None
    return send(write_reading(reading, kind, request.GET.dict(), link))


def show_rule(request: HttpRequest, reading: Reading, place: Place, form: StateForm | None = None) -> HttpResponse:
    """One rule with the form of its state, for readers who may report; 404 for others.

    With a form that came back for a rule that is gone it is the page of the report, with that form.
    """
    if not reading.may_report:
        raise Http404
    report = report_of(reading)
    try:
        boundary, rule = find_rule(report, request.POST.get("id", "") if form else request.GET.get("rule", ""))
    except Http404:
        if form is None:
            raise
        return show(request, reading, place, form.of_many())
    lives = keeper_of(reading, report).lives
    form = form or form_of(lives.of(rule), asks_name=True)
    said = describe_rule(report, boundary, rule, lives, form)
    return render(request, "planner/reading_rule.html", {"reading": reading, "here": place.here, **said})


def show_rule_text(request: HttpRequest, reading: Reading, _place: Place, name: str) -> HttpResponse:
    """The rules as text to copy."""
    report = report_of(reading)
    lives = keeper_of(reading, report).lives
    return send_rule_text(request, report, name, lambda _: NOT_SHOWN, lives)


def download_diagram(request: HttpRequest, reading: Reading, _place: Place, extension: str) -> HttpResponse:
    """The diagram as SVG or PNG."""
    return send_diagram(request, report_of(reading), reading.revision, extension)


def show_changes(request: HttpRequest, reading: Reading, place: Place) -> HttpResponse:
    """What the newest revision opens and closes, compared with the one that is read."""
    compared, newer = find_changes(reading)
    sides = {"before": name_side(reading, newer), "after": name_side(newer, reading)}
    described = describe_comparison(compared, ends="changes/ends/?")
    context = {"reading": reading, "newer": newer, "here": place.here, **sides, **described}
    return render(request, "planner/reading_changes.html", context)


def download_changes(request: HttpRequest, reading: Reading, _place: Place, name: str) -> HttpResponse:
    """The same in one of CHANGE_FORMATS."""
    kind = CHANGE_FORMATS.get(name)
    if kind is None:
        raise Http404
    try:
        return send(write_reading_changes(reading, kind, request.GET.dict()))
    except NothingToCompare:
        raise Http404 from None


def find_changes(reading: Reading) -> tuple[Comparison, Reading]:
    """What changed since, and the newest; 404 where that isn't told, or where nothing can have."""
    try:
        return compare_reading(reading)
    except NothingToCompare:
        raise Http404 from None


def by_account(view: ReadingView) -> View:
    """A page of readers for those who hold the plan."""

    @require_safe
    @reader_view
    @wraps(view)
    def answer(request: HttpRequest, plan: Plan, *args: object, **kwargs: object) -> HttpResponse:
        place = Place(here=reverse("read_plan", kwargs={"key": plan.key}))
        return view(request, read_newest(plan), place, *args, **kwargs)

    return answer


@require_safe
@glancing_reader_view
def read_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The page of readers for those who hold the plan."""
    place = Place(here=reverse("read_plan", kwargs={"key": plan.key}))
    return look(request, Source(plan=plan, read=read_newest), place)


@require_safe
@glancing_reader_view
@made_apart(reader_of, "reading")
@unless_known
def read_report(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The report for those who hold the plan; a long one is made apart."""
    return download(request, read_newest(plan), Place(here=reverse("read_plan", kwargs={"key": plan.key})), name)


read_diagram = by_account(download_diagram)
read_rule_text = by_account(show_rule_text)
