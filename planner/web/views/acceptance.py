"""The acceptance of a plan: what the results of its checks prove, and uploading them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.signing import BadSignature, dumps, loads
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from planner.engine import Report
from planner.engine.acceptance import Status
from planner.plan.edits import NotPossible
from planner.report import ACCEPTANCE_FORMATS
from planner.report.said.acceptance import (
    NAMES,
    NOT_PROVEN,
    OF_A_RANGE,
    SHORT,
    Row,
    count_not_proven,
    list_blocked,
    list_forbidden,
    list_hole_runs,
    list_not_proven,
    list_rows,
    say_accepted,
)
from planner.report.said.trend import Step, draw_trend
from planner.store.acceptances import write_acceptance
from planner.store.editions import matrix_of
from planner.store.files import send
from planner.store.lives import lives_of
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.store.results import MOST_TOGETHER, Proven, Taken, Upload, list_runs, list_steps, prove, take_away
from planner.store.run_models import CheckRun
from planner.store.verified import take_uploads, tell_results
from planner.web.views.access import glance_view, take_turn
from planner.web.views.kept import Page, answer, unless_known
from planner.web.views.making import editor_of, made_apart
from planner.web.views.plans import read_sender
from ports.text import many

ORDER: tuple[Status, ...] = ("open", "blocked", "refused", "unproven", "not-tested", "forbidden-open")
"""In which order the figures stand."""
TEMPLATE = "planner/acceptance.html"
PASTED = "the pasted text"
SAID = "said"
"""In the address after an upload: what came of it, signed."""
SAID_FOR = 600
"""For how many seconds; a bookmark says nothing of it."""
MOST_COLUMNS = 10
"""With more sources than these, they stand in one column."""
MOST_ROWS = 1_000
"""How many rules the page shows; the downloads have all."""
MOST_BLOCKED = 200
MOST_CELLS = 20
"""How many sources of a rule stand there at once, where they have one column."""
MOST_RUNS = 30
"""How many runs it lists, the newest."""
MOST_HOLES = 100
"""How many of those besides that found something open."""


@require_http_methods(["GET", "HEAD", "POST"])
@glance_view
def show_acceptance(request: HttpRequest, plan: Plan) -> HttpResponse:
    """What results prove; with files or a pasted text, these are stored first, each that can be used."""
    said = "" if request.method == "POST" else _read_said(request, plan)
    if request.method != "POST" and not said:
        return answer(request, plan, TEMPLATE, _describe_kept, comments=False)
    whole = Plan.objects.get(pk=plan.pk)
    with take_turn(request, whole):
        report = report_for(whole.version, matrix_of(whole))
        return _show(request, whole, report, said=said) if said else _take(request, whole, report)


def _describe_kept(plan: Plan, _: object) -> Page:
    return Page(template=TEMPLATE, context=_describe(plan, report_for(plan.version, matrix_of(plan))))


def _take(request: HttpRequest, plan: Plan, report: Report) -> HttpResponse:
    uploads = list(read_uploads(request))
    if not uploads:
        return _show(request, plan, report, trouble="Choose files of results, or paste one.")
    taken, verified = take_uploads(plan, report, uploads, who=read_sender(request).who)
    said = say_taken(taken, verified)
    if taken.messages or not taken.stored:
        return _show(request, plan, report, said=said, messages=taken.messages)
    return _redirect(plan, said)


def _salt(plan: Plan) -> str:
    return f"planner.uploaded.{plan.key}"


def _read_said(request: HttpRequest, plan: Plan) -> str:
    """What the upload that led here came to, as this service signed it; empty for anything else."""
    try:
        return str(loads(request.GET.get(SAID, ""), salt=_salt(plan), max_age=SAID_FOR))
    except BadSignature:
        return ""


@require_POST
@glance_view
def forget_run(request: HttpRequest, plan: Plan, number: int) -> HttpResponse:
    """Take a run away, be it that its machine is gone and nothing else can close what it found."""
    try:
        is_gone = take_away(plan.pk, number, who=read_sender(request).who)
        trouble = "" if is_gone else "That run isn’t there any more; nothing was taken away."
    except NotPossible as error:
        trouble = str(error)
    if not trouble:
        return _redirect(plan, "The run was taken away, with all that it proved.")
    whole = Plan.objects.get(pk=plan.pk)
    with take_turn(request, whole):
        return _show(request, whole, report_for(whole.version, matrix_of(whole)), trouble=trouble)


def _redirect(plan: Plan, said: str) -> HttpResponse:
    """To the page, which says what was done."""
    query = urlencode({SAID: dumps(said, salt=_salt(plan))})
    return redirect(f"{reverse('show_acceptance', kwargs={'key': plan.key})}?{query}")


@require_safe
@glance_view
@made_apart(editor_of, "acceptance")
@unless_known
def download_acceptance(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The acceptance as a file, as `manage.py acceptance` prints it; a long one is made apart."""
    kind = ACCEPTANCE_FORMATS.get(name)
    if kind is None:
        raise Http404
    return send(write_acceptance(plan, kind))


def read_uploads(request: HttpRequest) -> Iterator[Upload]:
    """The files of a form, and what was pasted into it."""
    yield from read_files(request)
    text = request.POST.get("text", "")
    if text.strip():
        yield Upload(name=PASTED, data=text.encode("utf-8", "surrogatepass"))


def read_files(request: HttpRequest) -> Iterator[Upload]:
    """The files of a form, under whatever name; what goes beyond MOST_TOGETHER is empty, and so refused."""
    left = MOST_TOGETHER
    for name in request.FILES:
        for file in request.FILES.getlist(name):
            left -= file.size or 0
            yield Upload(name=file.name or "", data=file.read() if left >= 0 else b"")


def _show(
    request: HttpRequest,
    plan: Plan,
    report: Report,
    *,
    said: str = "",
    messages: Sequence[str] = (),
    trouble: str = "",
) -> HttpResponse:
    told = {"trouble": trouble, "said": said, "messages_of": messages}
    return render(request, TEMPLATE, _describe(plan, report) | told)


def _describe(plan: Plan, report: Report) -> dict[str, Any]:
    """What the page says to all who may see it."""
    proven = prove(plan, report)
    return {
        "plan": plan,
        "here": reverse("show_acceptance", kwargs={"key": plan.key}),
        "runs": _list_runs(plan, proven),
        **describe_acceptance(report, proven),
        **describe_trend(list_steps(plan, proven) if proven else ()),
        "blocked_again": [
            finding
            for finding in tell_results(report, lives_of(plan, report), proven).findings
            if finding.code == "verified-blocked"
        ],
    }


def _list_runs(plan: Plan, proven: Proven) -> list[CheckRun]:
    """The newest runs, and whichever found what must be closed open: each can be taken away."""
    newest = list_runs(plan, MOST_RUNS)
    holes = [proven.runs[name] for name in list_hole_runs(proven.acceptance)][:MOST_HOLES]
    there = {run.pk: run for run in (*newest, *holes)}
    return [there[number] for number in sorted(there, reverse=True)]


def say_taken(taken: Taken, verified: int) -> str:
    """What came of an upload, in a sentence or two: how many files, how many results."""
    said = "Nothing was stored."
    if taken.stored:
        taken_of = f"{many(taken.files, 'file')} taken, with {many(taken.results, 'result')}"
        said = f"{taken_of}: {many(len(taken.stored), 'run')} stored."
    said += f" {many(verified, 'rule')} verified." if verified else ""
    return said + (f" {taken.unfinished}" if taken.unfinished else "")


def describe_trend(steps: Sequence[Step]) -> dict[str, Any]:
    """How it went from run to run: the picture, and the table that says the same; nothing of a single step."""
    used = [status for status in ORDER if any(step.counts.get(status) for step in steps)]
    return {
        "trend": mark_safe(draw_trend(steps)),  # noqa: S308 - made of numbers and dates alone
        "trend_names": [(status, SHORT[status]) for status in used],
        "trend_heads": ["When", "Runs", *(SHORT[status].capitalize() for status in used)],
        "trend_steps": [
            (step, [(SHORT[status], step.counts.get(status, 0)) for status in used]) for step in reversed(steps)
        ],
    }


def describe_acceptance(report: Report, proven: Proven) -> dict[str, Any]:
    """What pages show of an acceptance: figures, what is blocked, rules by source."""
    acceptance = proven.acceptance
    forbidden = list_forbidden(acceptance)
    counts = {**acceptance.counts, "forbidden-open": len(forbidden)}
    figures = [(str(status), counts[status], NAMES[status]) for status in ORDER]
    if left := count_not_proven(acceptance):
        figures.append(("not-proven", left, NOT_PROVEN))
    rows = list_rows(acceptance)[:MOST_ROWS]
    sources = list(dict.fromkeys(cell.source for row in rows for cell in row.cells))
    wide = len(sources) <= MOST_COLUMNS
    blocked = list_blocked(report, acceptance)
    return {
        "proven": proven,
        "show_way": "both",  # whoever is asked needs the addresses
        "accepted": say_accepted(acceptance) if acceptance.passed else "",
        "total": len(acceptance.flows),
        "not_proven": () if acceptance.passed else list_not_proven(acceptance),
        "figures": figures,
        "blocked": blocked[:MOST_BLOCKED],
        "more_blocked": max(0, len(blocked) - MOST_BLOCKED),
        "forbidden": forbidden,
        "sources": sources if wide else [],
        "heads": ["Rule", *sources, "Last run"] if wide else ["Rule", "Sources", "Last run"],
        "rows": [_describe_row(row, sources if wide else None, proven.runs) for row in rows],
        "more_rows": max(0, len(acceptance.rules) - MOST_ROWS),
        "of_a_range": OF_A_RANGE if any("-" in (one.state.check.ports or "") for one in acceptance.flows) else "",
    }


def _describe_row(row: Row, sources: list[str] | None, runs: Mapping[str, CheckRun]) -> dict[str, Any]:
    cells = [
        {"source": cell.source, "status": cell.status, "said": SHORT[cell.status], "milliseconds": cell.milliseconds}
        for cell in row.cells
    ]
    by_source = {cell["source"]: cell for cell in cells}
    newest: CheckRun | None = max((runs[name] for name in row.runs), key=lambda run: run.started, default=None)
    return {
        "row": row,
        "cells": [by_source.get(source) for source in sources] if sources is not None else cells[:MOST_CELLS],
        "folded": cells[MOST_CELLS:] if sources is None else [],
        "run": newest,
    }
