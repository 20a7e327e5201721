"""Leads accounts that must have a second factor to setting it up, and lets them do nothing else before."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse

from planner.accounts import second_factor
from planner.accounts.pending import WANTED
from planner.sharing.tokens import UNDER
from planner.web.views import edit_links
from planner.web.views.htmx import htmx_of, lead_before

OPEN = frozenset({
    "show_security", "end_session", "prepare_factor", "confirm_factor", "log_in", "give_code", "log_out",
    "show_health", "show_readiness",
})  # fmt: skip
"""What there is without one, by the names of addresses."""
OPEN_ADMIN = frozenset({"login", "logout"})


class FactorFirst:
    """Behind the login. Below the API's addresses a session counts for nothing: tokens are secrets of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: object, _kwargs: object
    ) -> HttpResponse | None:
        """To the page where it is set up; None where nothing is missing, or for what is needed to do so."""
        match = request.resolver_match
        if match is None or request.path_info.startswith(UNDER):
            return None
        if match.url_name in (OPEN_ADMIN if "admin" in match.app_names else OPEN):
            return None
        if not second_factor.is_missing(request):
            return None
        if htmx_of(request):
            return lead_before(reverse("show_security"))
        response = redirect("show_security")
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            _keep_wanted(request, response, match)
        return response


def _keep_wanted(request: HttpRequest, response: HttpResponse, match: ResolverMatch) -> None:
    """Have the session know what was asked for, unless the address is a secret: an edit link waits in the browser."""
    if "token" not in match.kwargs:
        request.session[WANTED] = request.get_full_path()
    elif match.url_name == "open_edit_link":
        edit_links.keep_waiting(response, match.kwargs["token"])
        request.session[WANTED] = edit_links.find_door(request)
