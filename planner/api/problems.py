"""What went wrong, as problem details (RFC 9457): a code that programs go by, and the sentence that people get."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from planner.deploy import request_id
from planner.engine import TooLarge
from planner.engine.ask import NotAskable
from planner.plan.archive_values import ArchiveError
from planner.plan.document import Fault, PlanError
from planner.plan.edits import NotPossible
from planner.plan.endpoint_table import TableError
from planner.report.errors import NotExpressible
from planner.sharing.links import NotMade
from planner.sharing.members import NotShared
from planner.sharing.withdrawals import NotGivenBack
from planner.store import jobs, throttle
from planner.store.actions import Clash
from planner.store.admission import AccessTaken
from planner.store.comments import Refused as CommentRefused
from planner.store.files import UnusableFilter
from planner.store.git import OwnedByGit
from planner.store.lives import Overtaken as StatesOvertaken
from planner.store.sent_before import Other
from planner.store.sides import NothingToCompare
from planner.store.trouble import name_trouble, say_to_sender
from ports.matrix import MatrixError
from ports.queries import NoMatrix, NoProduct

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 200
"""How many faults an answer names; what is beyond is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of problem: its status, and in a few words what it is."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    "unreadable": Kind(status=400, title="The request can't be read"),
    "unusable-filter": Kind(status=400, title="The filter can't be used"),
    "token-needed": Kind(status=401, title="A token is needed"),
    "not-allowed": Kind(status=403, title="Not allowed"),
    "owned-by-git": Kind(status=403, title="Git owns the plan"),
    "nothing-here": Kind(status=404, title="Nothing is here"),
    "no-such-method": Kind(status=405, title="That can't be done with this address"),
    "not-now": Kind(status=409, title="Not in this state of the plan"),
    "in-the-bin": Kind(status=410, title="The plan is in the bin"),
    "overtaken": Kind(status=412, title="The plan has changed"),
    "too-large": Kind(status=413, title="Too large"),
    "media-type": Kind(status=415, title="Not a type that is read here"),
    "not-valid": Kind(status=422, title="Not valid"),
    "key-of-another": Kind(status=422, title="The key belongs to another request"),
    "not-expressible": Kind(status=422, title="This format can't say that"),
    "condition-needed": Kind(status=428, title="If-Match is needed"),
    "please-wait": Kind(status=429, title="Please wait"),
    "our-fault": Kind(status=500, title="Something went wrong here"),
    "no-matrix": Kind(status=503, title="There is no usable port matrix"),
    "not-available": Kind(status=503, title="Nothing can be stored or read now"),
}
"""Every problem that an answer may have, by the end of its type."""
BY_STATUS = {400: "unreadable", 404: "nothing-here", 405: "no-such-method", 413: "too-large", 503: "not-available"}
"""What stands for an answer that something else than an operation gave."""


class Problem(Exception):
    """To be answered in place of what was asked for; `more` is what its kind has besides."""

    def __init__(
        self,
        *,
        code: str,
        detail: str,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.code, self.detail, self.faults = code, detail, tuple(faults)
        self.headers, self.more = dict(headers or {}), dict(more or {})
        super().__init__(detail)


def answer(problem: Problem) -> HttpResponse:
    """A problem as it is sent."""
    kind = KINDS[problem.code]
    said: dict[str, Any] = {
        "type": f"urn:port-planner:problem:{problem.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "request": request_id.current(),
    }
    if problem.faults:
        said["faults"] = [tell_fault(fault) for fault in problem.faults[:MOST_FAULTS]]
        said["faults_in_all"] = len(problem.faults)
    data = json.dumps(said | problem.more, ensure_ascii=False)
    response = HttpResponse(data.encode("utf-8", "backslashreplace"), content_type=MEDIA_TYPE, status=kind.status)
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def tell_fault(fault: Fault) -> dict[str, str]:
    """A fault as an answer has it."""
    return {"where": fault.where, "code": fault.code, "message": fault.message}


def find_problem(error: Exception) -> Problem | None:
    """The problem that stands for what the lower rooms raise; None where nobody has foreseen it: our fault."""
    match error:
        case Problem():
            return error
        case AuthenticationError():
            return Problem(
                code="token-needed",
                detail="Send a token that works: Authorization: Bearer ppt_…",
                headers={"WWW-Authenticate": 'Bearer realm="Port planner"'},
            )
        case HttpError():  # of ninja itself: a body that is no JSON
            return Problem(code=BY_STATUS.get(error.status_code, "unreadable"), detail=f"{error.message}.")
        case ValidationError():
            faults = tuple(_read_error(one) for one in error.errors)
            return Problem(code="not-valid", detail="The request isn't as it has to be.", faults=faults)
        case TooLarge():
            return Problem(code="not-now", detail=f"This plan is too large for a report. {error.sentence}")
        case PlanError():
            detail = "The plan doesn't fit the port matrix of today."
            return Problem(code="not-now", detail=detail, faults=tuple(error.faults))
        case throttle.TooMany():
            return wait(error.wait, "Too many within an hour.")
        case jobs.TooMany():
            return wait(60, "As many files as wait at once are being made.")
        case AccessTaken():
            said = "It was taken back while this was on its way, and nothing was stored."
            return Problem(code="not-allowed", detail=f"You may no longer do that with this plan: {said}")
        case NotExpressible():
            return Problem(code="not-expressible", detail=str(error))
        case UnusableFilter():
            return Problem(code="unusable-filter", detail=str(error))
        case StatesOvertaken() | Clash():
            return Problem(code="overtaken", detail=str(error))
        case TableError():
            return refuse((Fault(one.where, one.message, "table") for one in error.faults), "This is no such table.")
        case ArchiveError():
            return refuse([Fault(error.where, error.message, "archive")], "This archive can't be imported.")
        case Other():
            return Problem(code="key-of-another", detail=str(error))
        case NothingToCompare():
            return Problem(code="nothing-here", detail=str(error))
        case OwnedByGit():
            return Problem(code="owned-by-git", detail=str(error))
        case NotPossible() | NotMade() | NotShared() | NotGivenBack() | CommentRefused():
            return Problem(code="not-now", detail=str(error))
        case NotAskable():
            return Problem(code="not-valid", detail=str(error))
        case NoMatrix() | NoProduct():
            return Problem(code="no-matrix", detail=str(error), headers={"Retry-After": "60"})
        case MatrixError():
            return Problem(code="no-matrix", detail="The port matrix has faults.", headers={"Retry-After": "60"})
        case RequestDataTooBig() | TooManyFieldsSent() | TooManyFilesSent():
            return Problem(code="too-large", detail="That is more than is read here.")
        case Http404():
            return Problem(code="nothing-here", detail=str(error) or NOTHING)
        case _:
            trouble = name_trouble(error)
            if trouble is None:
                return None
            wait_for = {"Retry-After": str(trouble.wait)}
            return Problem(code="not-available", detail=f"{trouble.title}. {say_to_sender(trouble)}", headers=wait_for)


NOTHING = "Nothing is here for this token. Check the address, and for whom the token was made."


def wait(seconds: int, detail: str) -> Problem:
    """That a program has to wait for so many seconds."""
    said = f"{detail} Try again in {seconds} seconds."
    return Problem(code="please-wait", detail=said, headers={"Retry-After": str(seconds)})


def refuse(faults: Iterable[Fault], detail: str = "This is no plan.") -> Problem:
    """That what was sent isn't valid, with every fault at its place, as the page of imports tells them."""
    return Problem(code="not-valid", detail=detail, faults=tuple(faults))


def _read_error(error: Mapping[str, Any]) -> Fault:
    """What pydantic says of a parameter or a body."""
    parts = [str(part) for part in error.get("loc", ()) if part not in ("body", "payload")]
    code = str(error.get("type", "invalid")).replace("_", "-")
    return Fault(".".join(parts) or "body", f"{error.get('msg', 'This is not valid')}.", code)
