"""How endpoints stand in a report: by name, by address, or with both. A browser remembers what was chosen last.

What the address says (`show`) comes first and is remembered; links of the pages never have it, so that whoever is sent
one sees what they chose themselves.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from planner.web.views.htmx import htmx_of
from planner.web.views.state import read_current

COOKIE = "show"
WAYS = ("names", "addresses", "both")
BOTH = WAYS[-1]
YEAR = 31_536_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """One of WAYS, and the links of the switch that changes it."""

    way: str
    query: str
    """The state of the page, which the links keep."""

    @property
    def links(self) -> tuple[tuple[str, str, bool], ...]:
        """Each way, what follows the page's address to choose it, and whether it is chosen."""
        return tuple((way, f"{self.query}{'&' if self.query else ''}show={way}", way == self.way) for way in WAYS)


def read_way(request: HttpRequest) -> str:
    """What the address says, of the page that an htmx edit comes from or of the request; else what is remembered."""
    asked = _read_asked(request) or request.COOKIES.get(f"{settings.COOKIE_PREFIX}{COOKIE}", "")
    return asked if asked in WAYS else BOTH


def describe_way(request: HttpRequest) -> dict[str, Any]:
    """For the context of every page: how it shows endpoints."""
    return {"show_way": read_way(request)}


def describe_showing(request: HttpRequest, query: str) -> dict[str, Any]:
    """The switch of a page whose state is `query`."""
    return {"showing": Showing(way=read_way(request), query=query)}


def keep_way(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Remember in the browser what the address asks for; a page that only asks for news chooses nothing."""
    asked = request.GET.get("show", "")
    if asked in WAYS and "X-Pulse" not in request.headers:
        name = f"{settings.COOKIE_PREFIX}{COOKIE}"
        response.set_cookie(name, asked, max_age=YEAR, httponly=True, secure=settings.TLS, samesite="Lax")
    return response


def is_switched(request: HttpRequest) -> bool:
    """Whether htmx asks for the page because somebody used the switch."""
    return bool(htmx_of(request)) and request.GET.get("show", "") in WAYS and "X-Pulse" not in request.headers


def _read_asked(request: HttpRequest) -> str:
    asked = request.GET.get("show", "")
    answered_early = not hasattr(request, "htmx")  # by a middleware before the one of htmx
    if request.method == "POST" and not answered_early and (current := read_current(request)) is not None:
        asked = dict(current).get("show", "")
    return asked if asked in WAYS else ""
