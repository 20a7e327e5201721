"""The door of an edit link: it has the browser or the account hold the plan, and leads to the plan's own address.

Where accounts are on, whoever isn't logged in goes to the login first. The link waits in a cookie meanwhile, so that
its token stands in no other address, in no session and in no form.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from planner.sharing.links import open_edit_link as open_link
from planner.store import throttle
from planner.store.holders import read_holder
from planner.web.views.access import ask_for_login, open_new
from planner.web.views.errors import show_too_many
from planner.web.views.shared import WRONG_LINKS, show_nowhere

COOKIE = "edit-link"
WAITS = timedelta(minutes=15)
"""How long a login may take before the link has to be opened again."""


@require_safe
def open_edit_link(request: HttpRequest, token: str) -> HttpResponse:
    """Have whoever opens the link hold the plan. The query string goes along: it says what of the page is shown."""
    if read_holder(request).is_someone:
        return _open(request, token)
    path, query = reverse("continue_edit_link"), request.GET.urlencode()
    response = redirect_to_login(f"{path}?{query}" if query else path)
    response.set_signed_cookie(
        COOKIE, token, salt=COOKIE, max_age=WAITS, path=path, httponly=True, secure=settings.TLS, samesite="Lax"
    )
    return response


@require_safe
def continue_edit_link(request: HttpRequest) -> HttpResponse:
    """Open the link that waits in the browser, after the login."""
    if not read_holder(request).is_someone:
        return ask_for_login(request)
    token = request.get_signed_cookie(COOKIE, default="", salt=COOKIE, max_age=WAITS)
    response = _open(request, token) if token else redirect("show_plans")
    response.delete_cookie(COOKIE, path=reverse("continue_edit_link"), samesite="Lax")
    return response


def _open(request: HttpRequest, token: str) -> HttpResponse:
    client = request.META.get("REMOTE_ADDR", "")
    try:
        throttle.check("wrong-link", client, limit=WRONG_LINKS)
        plan = open_link(token=token, holder=read_holder(request))
        if plan is None:
            throttle.count("wrong-link", client, limit=WRONG_LINKS, mark=token)
            return show_nowhere(request)
    except throttle.TooMany as error:
        return show_too_many(request, error.wait, "Too many links that lead nowhere were tried from here.")
    response = open_new(request, plan)
    if query := request.GET.urlencode():
        response["Location"] += f"?{query}"
    return response
