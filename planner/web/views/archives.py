"""A plan with its whole history as a file."""

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from planner.store.copies import open_archive
from planner.store.holders import read_holder
from planner.store.models import Plan
from planner.web.views.access import glance_view


@require_safe
@glance_view
def export_plan(request: HttpRequest, plan: Plan) -> HttpResponseBase:
    """The archive of one plan."""
    file, name = open_archive(plan, read_holder(request))
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
