"""Which files are made apart from the requests for them, and sending one that was; for pages and programs alike."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags

from planner.deploy.turns import ASIDE
from planner.report import ACCEPTANCE_FORMATS, CHANGE_FORMATS, FORMATS, AcceptanceFormat, ChangeFormat, Format
from planner.store import jobs
from planner.store.job_models import Job
from planner.store.models import Plan

FORMATS_OF: Mapping[str, Mapping[str, Format | ChangeFormat | AcceptanceFormat]] = {
    "report": FORMATS,
    "reading": FORMATS,
    "reading-changes": CHANGE_FORMATS,
    "changes": CHANGE_FORMATS,
    "acceptance": ACCEPTANCE_FORMATS,
}
"""The formats of each kind of file."""


def is_made_apart(environ: Mapping[str, Any], plan: Plan, kind: str, name: str) -> bool:
    """Whether a file of this kind and format is made apart; `plan` needs no document.

    A server without turns, as in development, has nobody who would make it.
    """
    made_of = FORMATS_OF[kind].get(name)
    if made_of is None or ASIDE not in environ or plan.edition_id is None:
        return False
    by_weasyprint = settings.PDF_ENGINE == "weasyprint" or bool(settings.STYLESHEET)
    return made_of.estimate(jobs.count_endpoints(plan), by_weasyprint=by_weasyprint) >= settings.JOBS_FROM


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
