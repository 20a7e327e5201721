"""The door of an edit link: it has the browser or the account hold the plan, and leads to the plan's own address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from planner.holders import read_holder
from planner.links import open_edit_link as open_link
from planner.views.access import maker_view, open_new


@require_safe
@maker_view
def open_edit_link(request: HttpRequest, token: str) -> HttpResponse:
    """Have whoever opens the link hold the plan. The query string goes along: it says what of the page is shown."""
    plan = open_link(token=token, holder=read_holder(request))
    if plan is None:
        raise Http404
    response = open_new(request, plan)
    if query := request.META["QUERY_STRING"]:
        response["Location"] += f"?{query}"
    return response
