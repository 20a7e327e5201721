"""A plan with its whole history as a file."""

import tempfile

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from planner.store import audit
from planner.store.holders import read_holder
from planner.store.models import Plan
from planner.store.transfer import IN_MEMORY, export_plans
from planner.store.trouble import store_if_possible
from planner.web.views.access import glance_view


@require_safe
@glance_view
def export_plan(request: HttpRequest, plan: Plan) -> HttpResponseBase:
    """The archive of one plan, written to a temporary file first: a long history doesn't fit into memory."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it when it is sent
    export_plans(file, [plan])
    file.seek(0)
    name = f"{slugify(plan.name)[:80] or 'plan'}-revision-{plan.revision}-with-history.zip"
    store_if_possible(lambda: audit.note("plan-exported", plan=plan, actor=read_holder(request).name))
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
