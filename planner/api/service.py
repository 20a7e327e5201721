"""The API as ninja serves it: its operations, who is let in, and what becomes of what they raise."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from planner.api import plans, reports
from planner.api.access import Bearer
from planner.api.problems import answer, find_problem

VERSION = "1"
api = NinjaAPI(
    title="Port planner",
    version=VERSION,
    description="What has to be opened between the parts of a deployment: all that a person can do with a plan.",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    auth=Bearer(),
    openapi_extra={"servers": []},
)
for _router in (plans.router, reports.router):
    api.add_router("", _router)


def _tell(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """A problem in place of what was raised; what nobody has foreseen is left to what logs it."""
    problem = find_problem(error) if isinstance(error, Exception) else None
    if problem is None or problem.code == "database":
        raise error
    return answer(problem)


# ninja looks for the nearest class, and has handlers of its own for these.
for _raised in (Exception, Http404, HttpError, ValidationError):
    api.add_exception_handler(_raised, _tell)
