"""Each request has an id: the one that a trusted proxy gave it, or a new one. It is in the answer and in the log.

Whoever reports trouble can name it, and whoever runs the service finds what belongs to it.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse

from planner.deploy import request_id
from planner.deploy.request_id import current

__all__ = ["HEADER", "RequestId", "current"]

HEADER = "X-Request-ID"


class RequestId:
    """Middleware. It comes first, while REMOTE_ADDR still says who is at the other end of the connection."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer under the id, and say it."""
        trusted = settings.PROXIES.trusts(request.META.get("REMOTE_ADDR") or "")
        given = request.META.get("HTTP_X_REQUEST_ID") or "" if trusted else ""
        chosen = request_id.begin(given)
        response = self.get_response(request)
        response.headers[HEADER] = chosen
        return response


def _end(**_: Any) -> None:
    request_id.end()


# Not in the middleware: what Django says of an answer in the log, it says after all of that.
request_finished.connect(_end, dispatch_uid="planner.web.request_id")
