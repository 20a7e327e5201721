"""What holds for every answer under a link, whichever part of the service gives it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
