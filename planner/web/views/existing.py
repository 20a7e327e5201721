"""The rules that a firewall has already, beside those that a plan asks for.

The configuration is a secret: it is read in memory, answered, and gone. It goes into no log, no session and no page; a
large one waits for its turn sealed (docs/adr/0025-large-configurations-wait-sealed.md). What pages, files and kept
answers have of it are the names of entries and what is not understood.
"""

import io
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from planner.deploy.turns import ASIDE, LARGE, in_turn
from planner.engine import Report
from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers import READERS, find_reader
from planner.engine.existing.reading import read_existing
from planner.engine.existing.sides import BadMap
from planner.report.errors import NotExpressible
from planner.report.gap import GAP_FORMATS
from planner.report.gap.delta import DELTA
from planner.store import compared, jobs
from planner.store.editions import matrix_of
from planner.store.existing import Beside, Question, compare_soon, describe_answer, estimate_existing, write_answer
from planner.store.job_models import Job
from planner.store.jobs import KEPT_SEALED
from planner.store.models import Hold, Plan
from planner.store.reports import report_for
from planner.store.sealed import Unopened
from planner.web.forms.existing import ExistingForm, InMemory
from planner.web.views.access import plan_view
from planner.web.views.compared import name_device
from planner.web.views.htmx import htmx_of
from planner.web.views.making import editor_of, find_job
from planner.web.views.plans import read_sender
from ports.text import many

MUCH = 2**20
"""From how many bytes on a configuration that is compared at once is large: it takes about a second for each MiB."""
GONE = (
    f"The answer isn't there any more: it is kept for {many(KEPT_SEALED // timedelta(hours=1), 'hour')}. "
    "Choose the configuration again."
)


@csrf_exempt  # _answer checks it: first it has to be said where the file of the form goes
@require_http_methods(["GET", "HEAD", "POST"])
def show_existing(request: HttpRequest, key: str) -> HttpResponseBase:
    """The form; and after a configuration was sent, what it has of the plan and beyond it."""
    request.upload_handlers = [InMemory(request)]
    answer: HttpResponseBase = _answer(request, key=key)
    return answer


@csrf_exempt  # likewise
@require_http_methods(["POST"])
def download_existing(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """The same answer as a file; DELTA is what is missing, as configuration. Else the page, with what is wrong."""
    if name != DELTA and name not in GAP_FORMATS:
        raise Http404
    request.upload_handlers = [InMemory(request)]
    answer: HttpResponseBase = _answer(request, key=key, name=name)
    return answer


@csrf_protect
@sensitive_post_parameters()
@plan_view
def _answer(request: HttpRequest, plan: Plan, name: str = "") -> HttpResponseBase:
    report = report_for(plan.version, matrix_of(plan))
    context: dict[str, Any] = {}
    if request.method == "POST":
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        form = ExistingForm(request.POST, request.FILES, plan=report.plan, size=size)
        context |= {"chosen": form.data.get("format"), "chosen_firewall": form.data.get("firewall")}
        context |= {"chosen_sides": form.chosen, "sides_of": form.data.get("sides_of", "")}
        try:
            if not form.is_valid():
                context["trouble"] = form.sentences
            elif (apart := _can_be_apart(request, plan)) and _takes_long(plan, form):
                return _have_it_made(request, plan, form, name)
            else:
                with _in_turn(request, plan, size):
                    question = form.ask(name, read_sender(request))
                    ruleset = read_existing(form.read, question.format)
                    found = compare_soon(plan, report, question, ruleset, settings.JOBS_FROM if apart else None)
                    if found and name:
                        return _send(plan, found, question, form.read)
                    if found:
                        context |= show_answer(report, describe_answer(plan, found, question))
                if found is None:
                    return _have_it_made(request, plan, form, name)
        except Unreadable as error:
            context["trouble"] = [str(error), *filter(None, [form.other_format])]
        except (BadMap, NotExpressible) as error:
            context["trouble"] = [str(error)]
        except jobs.TooMany:
            said = "As many configurations as wait at once are being compared. Try it again in a minute."
            context["trouble"] = [said]
    return _render(request, plan, report, context)


def _render(request: HttpRequest, plan: Plan, report: Report, context: Mapping[str, Any]) -> HttpResponse:
    """The page with an answer, or what is wrong; to htmx the answer alone."""
    rows = compared.list_kept(plan)
    number = context.get("kept_answer")
    about = {
        "plan": plan,
        "here": reverse("show_existing", kwargs={"key": plan.key}),
        "readers": READERS.values(),
        "firewalls": [
            (firewall.name, reader.name if (reader := find_reader(firewall.format)) else "")
            for firewall in report.plan.firewalls
        ],
        "files": [
            *((one.name, one.label) for one in GAP_FORMATS.values()),
            (DELTA, "What is missing, for the device"),
        ],
        **context,
        "kept_answer": next((row for row in rows if row.pk == number), None),
        "kept_answers": [(row, name_device(row)) for row in rows],
        "is_part": bool(htmx_of(request)),  # the form stays; what it asks for next is something else all the same
    }
    template = "planner/existing.html#answer" if about["is_part"] else "planner/existing.html"
    return render(request, template, about)


def _can_be_apart(request: HttpRequest, plan: Plan) -> bool:
    """Whether it can be made apart. A server without turns, as in development, has nobody who would do that."""
    return ASIDE in request.META and plan.edition_id is not None


def _takes_long(plan: Plan, form: ExistingForm) -> bool:
    """Whether it is known beforehand that it takes long."""
    endpoints = len(plan.document.get("endpoints", ()))
    return estimate_existing(form.cleaned_data["format"], len(form.read), endpoints) >= settings.JOBS_FROM


def _have_it_made(request: HttpRequest, plan: Plan, form: ExistingForm, name: str) -> HttpResponse:
    """Leave it to a job, and lead to the page that says how far it is. Raises TooMany."""
    hold: Hold = request.hold  # type: ignore[attr-defined]  # what let the request in
    question = replace(form.ask(name, read_sender(request)), hold=hold.pk)
    order = jobs.Order(kind="existing", format=question.format, asked=question.as_asked())
    job = jobs.ask_sealed(plan, order, form.read)
    where = reverse("show_job", kwargs={"key": plan.key, "name": job.name})
    return HttpResponseClientRedirect(where) if htmx_of(request) else redirect(where)


def _in_turn(request: HttpRequest, plan: Plan, size: int) -> AbstractContextManager[None]:
    """Work on a large configuration, of so many bytes, in its turn: it keeps a processor busy like a large plan.

    A request about a large plan has its turn already. Raises turns.NotYet.
    """
    if len(plan.document.get("endpoints", ())) >= LARGE or size < MUCH:
        return nullcontext()
    return in_turn(request.META, LARGE)


def _send(plan: Plan, found: Beside, question: Question, data: bytes) -> FileResponse:
    """The answer as a file. Raises NotExpressible."""
    file = write_answer(plan, found, question, data)
    return FileResponse(io.BytesIO(file.data), as_attachment=True, filename=file.name, content_type=file.content_type)


@require_safe
@plan_view
def show_existing_answer(request: HttpRequest, plan: Plan, name: UUID) -> HttpResponseBase:
    """The page with an answer that a job has come to; without it once that is gone."""
    report = report_for(plan.version, matrix_of(plan))
    job = _find_answer(plan, name)
    if job is None:
        return _render(request, plan, report, {"trouble": [GONE]})
    question = Question.read(job.order["format"], job.order["asked"])
    if question.file:
        return redirect("send_job", key=plan.key, name=name)
    try:
        answer = json.loads(b"".join(jobs.read_pieces(job)))
    except (Unopened, ValueError):
        return _render(request, plan, report, {"trouble": [GONE]})
    chosen = {"chosen": question.format, "chosen_firewall": question.firewall, "made": job}
    return _render(request, plan, report, {**chosen, **show_answer(report, answer)})


def _find_answer(plan: Plan, name: UUID) -> Job | None:
    try:
        job = find_job(editor_of(plan), name)
    except Http404:
        return None
    return job if jobs.is_sealed(job) and job.state == Job.State.DONE else None


def show_answer(report: Report, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows of an answer by `describe_answer`: the ends of flows as the plan has them now."""
    ends = {endpoint.name: endpoint for endpoint in report.plan.endpoints}
    flows = [
        {**flow, **{side: ends.get(flow[side], flow[side]) for side in ("source", "destination")}}
        for flow in answer["flows"]
    ]
    return {**answer, "is_answered": True, "flows": flows}
