"""What holds for every request and answer, whichever part of the service it is for."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from planner.views.errors import show_too_large

UNDER_LINKS = ("/edit/", "/shared/")


class LinkHeaders:
    """Tells browsers and caches to keep the address of a link, and what it shows, to themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the headers for links on refusals and errors too."""
        response = self.get_response(request)
        if request.path_info.startswith(UNDER_LINKS):
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Robots-Tag"] = "noindex"
            response.headers["Cache-Control"] = "private, no-store"
        return response


class LimitBody:
    """Refuses more than settings.MAX_BODY bytes before they are received: uploaded files have no other limit."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or 413."""
        length = request.META.get("CONTENT_LENGTH") or ""
        if length.isascii() and length.isdigit() and (len(length) > 12 or int(length) > settings.MAX_BODY):
            return show_too_large(request)
        return self.get_response(request)
