"""Counts each request that is answered, by the view that answered it, where PLANNER_METRICS is set."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from planner.deploy import metrics
from planner.web.views.plans import NOT_SAVED


class Measured:
    """Middleware, around all that takes time. An address without a view, as of a static file, is `other`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and count it."""
        began = time.perf_counter()
        response = self.get_response(request)
        view = (request.resolver_match.view_name if request.resolver_match else "") or "other"
        metrics.count_request(view, request.method or "", response.status_code, time.perf_counter() - began)
        if NOT_SAVED in response.headers:
            metrics.count_edit("refused")
        return response
