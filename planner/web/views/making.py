"""Files that take long: asked for at their usual address, made apart, and told of on a page until they are there.

What asks is sent from the file's address to a page that says how far it is, by 303, or, a program, by 202 to the same
address. Both are found by who may see the plan at that moment, and by nobody else: a job is looked for under its plan
and its link, after whoever asks was let in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from planner.sharing.apart import FORMATS_OF, is_made_apart, send_made
from planner.store import jobs
from planner.store.existing import Question
from planner.store.job_models import Job
from planner.store.models import Plan, ShareLink
from planner.web.views.access import PlanView, glance_view, glancing_reader_view
from planner.web.views.errors import show_too_many
from planner.web.views.htmx import htmx_of

SOON = 2
"""After how many seconds a program may ask again."""
WAIT = "wait"
"""In an address: whoever asks is a program, whatever else it says."""
_FOLDERS: Mapping[str, str] = {
    "report": "report",
    "reading": "report",
    "reading-changes": "changes",
    "changes": "changes",
    "acceptance": "acceptance",
}
"""The addresses of each kind of file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for files of a plan, after they were let in: by what, and where their pages are."""

    kinds: tuple[str, ...]
    """The kinds of orders whose files they may have."""
    plan: Plan
    """Without its document."""
    here: str
    """The address under which their files and the pages about them are."""
    name: str
    """What the plan is called for them."""
    link: ShareLink | None = None
    facts: tuple[Any, ...] = ()
    """What their files follow from besides the plan."""


def editor_of(plan: Plan) -> Asker:
    """Whoever may edit a plan."""
    here = reverse("show_plan", kwargs={"key": plan.key})
    return Asker(kinds=("report", "changes", "acceptance", "existing"), plan=plan, here=here, name=plan.name)


def reader_of(plan: Plan) -> Asker:
    """Whoever may read a plan by an account."""
    here = reverse("read_plan", kwargs={"key": plan.key})
    return Asker(kinds=("reading",), plan=plan, here=here, name=plan.name)


def made_apart(who: Callable[[Plan], Asker], kind: str) -> Callable[[PlanView], PlanView]:
    """For the view of a file of this kind: where it takes long it is made apart. The plan needs no document."""

    def decorate(view: PlanView) -> PlanView:
        @wraps(view)
        def wrapper(request: HttpRequest, plan: Plan, name: str) -> HttpResponseBase:
            return answer_apart(request, who(plan), kind, name) or view(request, plan, name)

        return wrapper

    return decorate


def answer_apart(request: HttpRequest, asker: Asker, kind: str, name: str) -> HttpResponseBase | None:
    """The file if it was made already, or where it is being made; None for what is made at once."""
    asked = {key: value for key, value in request.GET.dict().items() if key != WAIT}
    # The cover of a reader's PDF may have the secret of their link, which nothing keeps.
    has_secret = asker.link is not None and bool(asked.get("cover"))
    if has_secret or not is_made_apart(request.META, asker.plan, kind, name):
        return None
    order = jobs.Order(kind=kind, format=name, asked=asked, facts=asker.facts)
    key = jobs.key_of(asker.plan, order, asker.link)
    made = jobs.find_made(key)
    if made is not None and made.state == Job.State.DONE:
        return send_made(request, made)
    if request.method == "HEAD":
        return HttpResponse(status=202)
    try:
        job = made or jobs.ask(asker.plan, order, asker.link)
    except jobs.TooMany:
        return show_too_many(request, 60, "Many files are being made.")
    where = _address(asker, job)
    return _tell_program(job, where) if _is_program(request) else redirect(where, permanent=False)


def show_job(request: HttpRequest, asker: Asker, name: UUID) -> HttpResponseBase:
    """How far a file is; for programs the file, or the page with the answer, once it is there."""
    job = find_job(asker, name)
    where = _address(asker, job)
    if _is_program(request):
        if job.state == Job.State.DONE:
            return redirect(_describe_order(asker, job, where)["made"])
        return _tell_program(job, where)
    context = {
        "job": job,
        "asker": asker,
        "where": where,
        **_describe_order(asker, job, where),
        "said": _say_how_far(job),
        "percent": 100 * max(job.number - 1, 0) // job.parts if job.parts else None,
    }
    part = "#state" if htmx_of(request) else ""
    response = render(request, f"planner/making.html{part}", context)
    if part and job.is_over:
        response.headers["HX-Retarget"] = response.headers["HX-Reselect"] = "#making"
    return response


def _describe_order(asker: Asker, job: Job, where: str) -> dict[str, Any]:
    """What the page calls what is made, where it is when it is there, and where it is asked for again."""
    if jobs.is_sealed(job):
        made = f"{where}file" if answers_by_file(job) else f"{asker.here}existing/answers/{job.name}/"
        return {
            "format": "Existing rules",
            "made": made,
            "again": f"{asker.here}existing/",
            "is_sent": True,
            "made_is_page": not answers_by_file(job),
        }
    folder, formats = _FOLDERS[job.order["kind"]], FORMATS_OF[job.order["kind"]]
    again = f"{asker.here}{folder}/{job.order['format']}?{urlencode(job.order['asked'])}".rstrip("?")
    return {"format": formats[job.order["format"]].label, "made": f"{where}file", "again": again, "is_sent": False}


def answers_by_file(job: Job) -> bool:
    """Whether what comes of a job is a file to be saved, and not what a page shows."""
    return not jobs.is_sealed(job) or bool(Question.read(job.order["format"], job.order["asked"]).file)


def cancel_job(request: HttpRequest, asker: Asker, name: UUID) -> HttpResponseBase:
    """End the making of a file, for all who wait for it, and say so."""
    job = find_job(asker, name)
    jobs.cancel(job)
    return redirect(_address(asker, job))


def send_job(request: HttpRequest, asker: Asker, name: UUID) -> HttpResponseBase:
    """The file that came of a job; to the page about it where there is none."""
    job = find_job(asker, name)
    is_there = job.state == Job.State.DONE and answers_by_file(job)
    return send_made(request, job) if is_there else redirect(_address(asker, job))


def find_job(asker: Asker, name: UUID) -> Job:
    """A job as whoever was let in may see it; 404 for any other."""
    job: Job | None = Job.objects.filter(name=name, plan=asker.plan.pk, link=asker.link).first()
    order = jobs.read_order(job) if job else None
    if job is None or order is None or order.kind not in asker.kinds or order.facts != asker.facts:
        raise Http404
    return job


def _address(asker: Asker, job: Job) -> str:
    return f"{asker.here}files/{job.name}/"


def _is_program(request: HttpRequest) -> bool:
    """Browsers say that they take pages."""
    return WAIT in request.GET or ("text/html" not in request.headers.get("Accept", "") and not htmx_of(request))


def _say_how_far(job: Job) -> str:
    """What is being done for a job that isn't over, and which of how many parts of it."""
    if job.state == Job.State.WAITING:
        return "Waiting for its turn"
    return (job.said or "Begun") + (f", {job.number:,} of {job.parts:,}" if job.parts else "")


def _tell_program(job: Job, where: str) -> HttpResponse:
    """How far it is, in a line: 202 and when to ask again, 410 for what was cancelled, 422 for what failed."""
    plain = "text/plain; charset=utf-8"
    if job.state == Job.State.CANCELLED:
        return HttpResponse("It was cancelled.\n", status=410, content_type=plain)
    if job.state == Job.State.FAILED:
        return HttpResponse(f"{job.said}\n", status=422, content_type=plain)
    text = f"{_say_how_far(job)}. Ask again at {where}\n"
    return HttpResponse(text, status=202, content_type=plain, headers={"Location": where, "Retry-After": str(SOON)})


def _of(admit: Callable[[PlanView], Any], who: Callable[[Plan], Asker]) -> tuple[Any, Any, Any]:
    """The three views about a job, for those whom `admit` lets in."""

    def wrap(view: Callable[[HttpRequest, Asker, UUID], HttpResponseBase]) -> Any:
        def answer(request: HttpRequest, plan: Plan, name: UUID) -> HttpResponseBase:
            return view(request, who(plan), name)

        return admit(answer)

    return require_safe(wrap(show_job)), require_POST(wrap(cancel_job)), require_safe(wrap(send_job))


show_editors_job, cancel_editors_job, send_editors_job = _of(glance_view, editor_of)
show_readers_job, cancel_readers_job, send_readers_job = _of(glancing_reader_view, reader_of)
