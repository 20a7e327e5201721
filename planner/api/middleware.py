"""Has every answer under the API's addresses be one that programs read, whoever gave it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from planner.api.problems import BY_STATUS, MEDIA_TYPE, NOTHING, Problem, answer, find_problem
from planner.sharing.tokens import UNDER
from planner.store.trouble import say_our_fault

_SAID = {
    400: "The request can't be read.",
    404: NOTHING,
    405: "This address has other methods; Allow names them.",
    413: "That is more than is read here.",
    503: "The service can't answer at the moment. Try again in a minute.",
}


class Problems:
    """Turns pages that say what went wrong into problems; nothing of an answer is kept by caches.

    Addresses that there aren't, bodies that are too large and faults of the service are answered by what all addresses
    share, which makes pages.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        response = self.get_response(request)
        if not request.path_info.startswith(UNDER):
            return response
        if response.status_code >= 400 and not response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
            response = self._tell(request, response)
        if not getattr(response, "may_be_kept", False):
            response.headers["Cache-Control"] = "private, no-store"
            response.headers["X-Robots-Tag"] = "noindex"
            response.headers.setdefault("X-Content-Type-Options", "nosniff")
            patch_vary_headers(response, ["Accept", "Authorization"])
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Keep what an operation raised, to tell of it what can be told."""
        request.raised = error  # type: ignore[attr-defined]

    def _tell(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        raised = getattr(request, "raised", None)
        problem = find_problem(raised) if raised is not None else None
        if problem is None:
            code = BY_STATUS.get(response.status_code, "our-fault" if response.status_code >= 500 else "unreadable")
            our_fault = f"{say_our_fault(request.method)} The log of the service has more."
            problem = Problem(code=code, detail=_SAID.get(response.status_code, our_fault))
        told = answer(problem)
        for name in ("Allow", "Retry-After"):
            if name in response.headers:
                told.headers[name] = response.headers[name]
        for name, value in response.cookies.items():
            told.cookies[name] = value
        return told
