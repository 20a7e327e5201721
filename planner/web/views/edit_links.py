"""The door of an edit link: a page with a button, which has the browser or the account edit the plan.

Looking at the link, as the preview of a chat or a browser that fetches ahead does, changes nothing; sending the form
does, and leads on to the plan's own address. Where accounts are on, whoever isn't logged in goes to the login first.
The link waits in a cookie meanwhile, so that its token stands in no other address, in no session and in no form.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from planner.sharing import links
from planner.store import presence
from planner.store.holders import read_holder
from planner.store.models import Hold, Plan
from planner.web.views.access import ask_for_login, keep_private, open_new
from planner.web.views.shared import refuse_link

COOKIE = "edit-link"
WAITS = timedelta(minutes=15)
"""How long a login may take before the link has to be opened again."""


@require_http_methods(["GET", "HEAD", "POST"])
def open_edit_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the door, or open it. The query string goes along: it says what of the page is shown."""
    if read_holder(request).is_someone:
        return _answer(request, token)
    response = redirect_to_login(find_door(request))
    keep_waiting(response, token)
    return response


def find_door(request: HttpRequest) -> str:
    """Where the link of a request's address is opened that waits in the browser, with what of the page is shown."""
    path, query = reverse("continue_edit_link"), request.GET.urlencode()
    return f"{path}?{query}" if query else path


def keep_waiting(response: HttpResponse, token: str) -> None:
    """Have an edit link wait in the browser for WAITS, out of reach of scripts."""
    response.set_signed_cookie(
        _name_cookie(), token, salt=COOKIE, max_age=WAITS, path=reverse("continue_edit_link"), httponly=True,
        secure=settings.TLS, samesite="Lax",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def continue_edit_link(request: HttpRequest) -> HttpResponse:
    """The same for the link that waits in the browser, after the login."""
    if not read_holder(request).is_someone:
        return ask_for_login(request)
    token = request.get_signed_cookie(_name_cookie(), default="", salt=COOKIE, max_age=WAITS)
    response = _answer(request, token) if token else redirect("show_plans")
    if response.status_code != 200:  # it stands at the door no more
        response.delete_cookie(_name_cookie(), path=reverse("continue_edit_link"), samesite="Lax")
    return response


def _name_cookie() -> str:
    return f"{settings.PATH_COOKIE_PREFIX}{COOKIE}"


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    """The door; the plan for who holds it already, or has pressed the button."""
    holder = read_holder(request)
    plan = links.open_edit_link(token=token, holder=holder) if request.method == "POST" else links.find_plan(token)
    if plan is None:
        return refuse_link(request, token)
    hold = holder.holds().filter(plan=plan).first()
    if request.method == "POST" or (hold is not None and hold.allows(Hold.Role.EDIT)):
        return _lead_on(request, plan)
    context = {"query": request.GET.urlencode(), "is_owned": links.is_owned(plan)}
    door = render(request, "planner/edit_door.html", context)
    # Known from here on, so that a form that is sent twice comes from one browser.
    presence.keep_visitor(door, presence.read_visitor(request), secure=settings.TLS)
    return keep_private(door)


def _lead_on(request: HttpRequest, plan: Plan) -> HttpResponse:
    response = open_new(request, plan)
    if query := request.GET.urlencode():
        response["Location"] += f"?{query}"
    return response
