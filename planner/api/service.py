"""The API as ninja serves it: its operations, who is let in, and what becomes of what they raise."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from planner.api import (  # noqa: F401 - declare operations
    archives,
    comments,
    decisions,
    files,
    git,
    handovers,
    links,
    matrices,
    members,
    plans,
    reports,
    results,
    revisions,
    rules,
    shelf,
    tables,
    uploads,
)
from planner.api.access import Bearer
from planner.api.answers import PlanHead
from planner.api.problems import answer, find_problem
from planner.api.spec import describe, router
from ports.matrix import Matrix

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
api.add_router("", router)

_NAMED = (
    PlanHead,
    links.MadeLink,
    results.TakenResults,
    files.FileState,
    members.MadeEditLink,
    comments.Said,
    handovers.HandedOver,
    archives.Brought,
    tables.ToldRows,
    uploads.MadeUpload,
)
"""What views write by themselves, as it comes with other statuses or headers."""


def _tell(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """A problem in place of what was raised; what nobody has foreseen is left to what logs it."""
    problem = find_problem(error) if isinstance(error, Exception) else None
    if problem is None or problem.code == "not-available":
        raise error
    return answer(problem)


# ninja looks for the nearest class, and has handlers of its own for these.
for _raised in (Exception, Http404, HttpError, ValidationError):
    api.add_exception_handler(_raised, _tell)


def describe_service(matrix: Matrix) -> dict[str, Any]:
    """The OpenAPI document (3.1) of the service; plans are described by this matrix."""
    return describe(api, matrix, _NAMED)
