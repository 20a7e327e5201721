"""The door of an edit link: it has the browser or the account hold the plan, and leads to the plan's own address."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from planner.holders import read_holder
from planner.links import open_edit_link as open_link
from planner.views.access import maker_view, open_new
from planner.views.shared import refuse_guess, refuse_guesser


@require_safe
@maker_view
def open_edit_link(request: HttpRequest, token: str) -> HttpResponse:
    """Have whoever opens the link hold the plan. The query string goes along: it says what of the page is shown."""
    if refusal := refuse_guesser(request):
        return refusal
    plan = open_link(token=token, holder=read_holder(request))
    if plan is None:
        return refuse_guess(request, token)
    response = open_new(request, plan)
    if query := request.META["QUERY_STRING"]:
        response["Location"] += f"?{query}"
    return response
