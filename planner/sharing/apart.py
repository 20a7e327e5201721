"""Which files are made apart from the requests for them, and sending one that was; for pages and programs alike."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags

from planner.deploy.turns import ASIDE, LARGE
from planner.plan import limits
from planner.plan.document import PlanError
from planner.report import ACCEPTANCE_FORMATS, CHANGE_FORMATS, FORMATS, AcceptanceFormat, ChangeFormat, Format
from planner.report.firewall.crossings import count_passing
from planner.store import jobs
from planner.store.editions import matrix_of
from planner.store.evaluated import find_last
from planner.store.job_models import Job
from planner.store.models import Plan
from planner.store.reports import report_for

FORMATS_OF: Mapping[str, Mapping[str, Format | ChangeFormat | AcceptanceFormat]] = {
    "report": FORMATS,
    "reading": FORMATS,
    "reading-changes": CHANGE_FORMATS,
    "changes": CHANGE_FORMATS,
    "acceptance": ACCEPTANCE_FORMATS,
}
"""The formats of each kind of file."""


def is_made_apart(environ: Mapping[str, Any], plan: Plan, kind: str, name: str) -> bool:
    """Whether a file of this kind and format is made apart; `plan` needs no document, which is read where it matters.

    A server without turns, as in development, has nobody who would make it.
    """
    made_of = FORMATS_OF[kind].get(name)
    if made_of is None or ASIDE not in environ or plan.edition_id is None:
        return False
    by_weasyprint = settings.PDF_ENGINE == "weasyprint" or bool(settings.STYLESHEET)
    endpoints = jobs.count_endpoints(plan)
    if made_of.estimate(endpoints, by_weasyprint=by_weasyprint) >= settings.JOBS_FROM:
        return True
    # A few endpoints can have many flows. Who certainly hasn't too many isn't asked: for that there must be a report.
    most = min(_MOST_OF_A_PAIR * endpoints**2, limits.FLOWS)
    if made_of.estimate(0, flows=most, passing=limits.PASSED) < settings.JOBS_FROM:
        return False
    flows, passing = _count_flows(plan, endpoints)
    return made_of.estimate(endpoints, flows=flows, passing=passing) >= settings.JOBS_FROM


_MOST_OF_A_PAIR = 20
"""More flows than from one endpoint to another there are hardly any."""


def _count_flows(plan: Plan, endpoints: int) -> tuple[int, int]:
    """How many flows a plan has, and how many at its firewalls, each counted at each; (0, 0) where that isn't known.

    The report is kept for who writes the file. A large plan has none made here: that waits for its turn.
    """
    matrix = matrix_of(plan)
    report = None
    if endpoints >= LARGE:
        report = find_last(plan.key, matrix)
    else:
        with suppress(PlanError):  # whoever writes the file says what is wrong
            report = report_for(plan.version, matrix)
    return (len(report.flows), count_passing(report)) if report is not None else (0, 0)


def send_made(request: HttpRequest, job: Job) -> HttpResponseBase:
    """The file of a job that is done, a piece at a time; 304 to whoever has it."""
    tag = f'"{job.name.hex}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers={"ETag": tag})
    response = StreamingHttpResponse(jobs.read_pieces(job), content_type=job.content_type)
    response.headers["Content-Length"] = str(job.size)
    response.headers["Content-Disposition"] = content_disposition_header(True, job.file) or "attachment"
    response.headers["ETag"] = tag
    return response
