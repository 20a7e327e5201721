"""Downloads: the report in every format, and the plan itself."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from planner.document import check_plan, dump_plan
from planner.models import Plan
from planner.renderers import FORMATS
from planner.renderers.edition import Edition
from planner.reports import report_for
from planner.syntax import to_yaml
from planner.views.access import plan_view
from ports.queries import current_matrix


@require_safe
@plan_view
def download_report(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The report in one of FORMATS, as a file."""
    kind = FORMATS.get(name)
    if kind is None:
        raise Http404
    report = report_for(plan.document, current_matrix())
    content = kind.render(report, Edition(date=localdate(), revision=plan.revision))
    return send_file(content, kind.content_type, plan, f"revision-{plan.revision}.{kind.extension}")


@require_safe
@plan_view
def download_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The plan document as YAML."""
    document = dump_plan(check_plan(plan.document, matrix=current_matrix()))
    return send_file(
        to_yaml(document).encode(), "application/yaml; charset=utf-8", plan, f"revision-{plan.revision}.yaml"
    )


def send_file(data: bytes, content_type: str, plan: Plan, end: str) -> HttpResponse:
    """An answer that is saved as a file named after the plan."""
    response = HttpResponse(data, content_type=content_type)
    # An ASCII name that no system trips over; the plan's own name stands in the document.
    name = f"{slugify(plan.name)[:80] or 'plan'}-{end}"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
