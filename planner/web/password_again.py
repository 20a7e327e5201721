"""Asks for the password again before acts that count for more than others, and goes on with what was sent."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from planner.accounts import confirmation, second_factor
from planner.store import throttle
from planner.web.views.access import keep_private
from planner.web.views.errors import show_too_many

FIELD, CODE = "password-again", "code-again"
WRONG_CODE = "The password or the code is wrong. Capitals count, and a code is taken once: wait for the next one."
OWN_ADMIN = {"login", "logout", "password_change"}
"""What the admin has that asks for a password itself, or needs none."""


class PasswordAgain:
    """Behind the login and the check against other sites' forms: an act that isn't allowed isn't worth a password."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: object, _kwargs: object
    ) -> HttpResponse | None:
        """The page that asks, with what was sent; None where nothing is to be asked, or the password came along."""
        if request.method != "POST" or not _is_sensitive(request, view) or not confirmation.is_due(request):
            return None
        wrong = False
        if FIELD in request.POST:
            try:
                if confirmation.give(request, request.POST[FIELD], request.POST.get(CODE, "")):
                    sent = request.POST.copy()
                    for name in (FIELD, CODE):
                        sent.pop(name, None)
                    sent._mutable = False
                    request.POST = sent  # type: ignore[assignment]  # as unchangeable as what it takes the place of
                    return None
            except throttle.TooMany as error:
                return show_too_many(request, error.wait, "Too many passwords were wrong here.")
            wrong = True
        kept = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in (FIELD, CODE, "csrfmiddlewaretoken")
        ]
        asks_code = second_factor.is_on(request.user)
        errors = [WRONG_CODE if asks_code else "This is not your password. Capitals count."] if wrong else []
        context = {
            "kept": kept, "field": FIELD, "code": CODE if asks_code else "", "errors": errors,
            "minutes": confirmation.LASTS // 60,
        }  # fmt: skip
        return keep_private(render(request, "accounts/password_again.html", context, status=403))


def _is_sensitive(request: HttpRequest, view: Callable[..., Any]) -> bool:
    match = request.resolver_match
    if match is not None and "admin" in match.app_names:
        return match.url_name not in OWN_ADMIN
    return bool(getattr(view, "sensitive", False))
