"""Downloads: the report in every format, and the plan itself."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from planner.document import check_plan, dump_plan
from planner.models import Plan
from planner.renderers import FORMATS, NotExpressible
from planner.renderers.edition import Edition
from planner.reports import report_for
from planner.syntax import to_yaml
from planner.views.access import plan_view
from planner.views.errors import show_error
from ports.queries import current_matrix


@require_safe
@plan_view
def download_report(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The report in one of FORMATS, as a file; options of the format that are in the address count as switched on.

    422 with a sentence where the format can't say what the report says.
    """
    kind = FORMATS.get(name)
    if kind is None:
        raise Http404
    report = report_for(plan.document, current_matrix())
    options = {option: True for option in sorted(kind.options) if request.GET.get(option)}
    try:
        data = kind.render(report, Edition(date=localdate(), revision=plan.revision), **options)
    except NotExpressible as error:
        return show_error(request, 422, "This format can't say that", str(error))
    return _file(data, kind.content_type, plan, kind.ending or kind.extension)


@require_safe
@plan_view
def download_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The plan document as YAML."""
    document = dump_plan(check_plan(plan.document, matrix=current_matrix()))
    return _file(to_yaml(document).encode(), "application/yaml; charset=utf-8", plan, "yaml")


def _file(data: bytes, content_type: str, plan: Plan, extension: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    # An ASCII name that no system trips over; the plan's own name stands in the document.
    name = f"{slugify(plan.name)[:80] or 'plan'}-revision-{plan.revision}.{extension}"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
