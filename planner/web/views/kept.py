"""Pages of a plan that are kept as they were rendered, and what whoever asks need not be sent again.

Many look at the same plan, and each of them gets the same page but for a few places: the token of its forms, the ids
of the edits that they send, the badge of who looks, the menu of the account. So a page is rendered once with gaps
there, for everybody who may do the same with the plan, and each answer fills them. What is rendered to be kept gets no
request: a template can't put anything of one person into it but by a gap.

The key of a page is its plan's standing, and whatever else the page says: read before anything is rendered, so that
what is kept is never older than its key. It is also what the page's ETag is made of, with who asks.
"""

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.cache import patch_vary_headers
from django.utils.html import escape
from django.utils.timezone import localdate
from django_htmx.http import replace_url

from planner.store import presence
from planner.store.comments import open_comments
from planner.store.models import Plan, make_operation
from planner.store.standing import Standing, read_standing
from planner.templatetags.operations import leave_gaps
from planner.web.views.access import PlanView, take_turn
from planner.web.views.accounts import describe_account
from planner.web.views.showing import describe_way
from planner.web.views.writers import read_writer
from ports.pages import Kept, cut, is_known, leave_gap, pages, seal
from ports.written import Written

VARIES = ("HX-Request", "HX-Target", "HX-Current-URL", "HX-History-Restore-Request", "X-Pulse", "Cookie")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a page is rendered of."""

    template: str
    context: Mapping[str, Any]
    address: str = ""
    """What htmx is to say is the address of the page; empty: it stays."""
    lasts: bool = True
    """Whether it is the same as long as what it depends on is; not where something failed that may go well next."""


Maker = Callable[[Plan, Standing | None], Page]


def answer(
    request: HttpRequest, plan: Plan, about: Hashable, make: Maker, *, comments: bool = True, tagged: bool = True
) -> HttpResponse:
    """A page of a plan that `make` describes: sent, or 304 to whoever has it.

    `plan` needs no document; `make` gets the plan with the newest one, and its standing where it is known. `about` is
    whatever else `make` looks at: what of the request, and in which form it answers. It may look at nothing of who
    asks but what they may do with the plan and how they want endpoints shown, and at nothing stored that no Standing
    tells of. What it raises is raised. `comments`: whether the page says how many of them mention who asks. Answers
    that aren't `tagged` say no ETag and are never 304.
    """
    if not _may_keep(request, plan):
        whole = _read_whole(plan.pk)
        with take_turn(request, whole):
            page = make(whole, None)
            return _lead(HttpResponse(render_to_string(page.template, dict(page.context), request)), page.address)
    standing = read_standing(plan)
    shown = _describe_shown(request)
    mentions = open_comments(plan, read_writer(request), dict).mentioning if comments and standing.comments else 0
    key = standing, about, mentions, repr(shown), get_script_prefix(), localdate()
    tag = _name(request, key) if tagged else ""
    if tag and is_known(request, tag):
        response: HttpResponse = HttpResponseNotModified()
    else:
        found = pages.look(key) or _find(request, key, standing, lambda plan: _make(plan, standing, shown, make))
        response = _lead(HttpResponse(found.fill(_fill_for(request, found.gaps))), found.address)
        tag = tag if found.lasts else ""
    if tag:
        response.headers["ETag"] = tag
    patch_vary_headers(response, VARIES)
    return response


def unless_known(view: PlanView) -> PlanView:
    """For a file of a plan that says the same to all who may have it: 304 to whoever has it, before it is made.

    The view gets the plan with its document. It depends on what a page does, and on the address.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, plan: Plan, *args: object, **kwargs: object) -> HttpResponseBase:
        if settings.DEBUG or plan.edition_id is None:
            whole = _read_whole(plan.pk)
            with take_turn(request, whole):
                return view(request, whole, *args, **kwargs)
        standing = read_standing(plan)
        tag = seal((standing, request.get_full_path(), localdate()))
        if is_known(request, tag):
            return HttpResponseNotModified(headers={"ETag": tag})
        whole = _read_whole(plan.pk)
        with take_turn(request, whole):
            response = view(request, whole, *args, **kwargs)
        if response.status_code == 200 and standing.is_of(whole):
            response.headers["ETag"] = tag
        return response

    return wrapper


_whole = Written(lambda pk: Plan.objects.filter(pk=pk), 2**62)


def _read_whole(number: int) -> Plan:
    """A plan with its newest document."""
    found: Plan | None = _whole.first(number)
    if found is None:
        raise Plan.DoesNotExist
    return found


def _may_keep(request: HttpRequest, plan: Plan) -> bool:
    """Not while templates change under one's hands, nor of a product that isn't here, nor with a message for one."""
    return not settings.DEBUG and plan.edition_id is not None and not len(get_messages(request))


def _describe_shown(request: HttpRequest) -> dict[str, Any]:
    """What a page is told of whoever asks, and nothing else: it is all in the key. Readers have no role."""
    hold = getattr(request, "hold", None)
    return {"role": hold.role if hold else "", **describe_account(request), **describe_way(request)}


def _name(request: HttpRequest, key: tuple[object, ...]) -> str:
    """The ETag of a page for whoever asks; a weak one, as the ids in its forms are others each time.

    It follows the secret of their forms, the name by which the others see them, and their account. It tells nothing
    of these, and nobody else can make it.
    """
    get_token(request)  # as the page does: the cookie is renewed, and a browser without one gets one
    visitor = presence.read_visitor(request)
    user = request.user if settings.REQUIRE_LOGIN and isinstance(request.user, User) else None
    account = (user.pk, user.get_username(), user.is_staff, user.has_usable_password()) if user else None
    person = request.META["CSRF_COOKIE"], visitor.key, visitor.name, account
    return seal((key, person))


def _find(request: HttpRequest, key: Hashable, standing: Standing, make: Callable[[Plan], Kept]) -> Kept:
    """The page of a key, in the request's turn, which comes first: who waits for another's page holds a thread."""
    plan = _read_whole(standing.plan)
    with take_turn(request, plan):
        return pages.find(key, lambda: make(plan))


def _make(plan: Plan, standing: Standing, shown: Mapping[str, Any], make: Maker) -> Kept:
    """Render a page with its gaps. It isn't kept if the plan was changed meanwhile."""
    with leave_gaps(leave_gap("operation")):
        page = make(plan, standing)
        text = render_to_string(page.template, {**page.context, **_GAPS, **shown})
    return cut(text, address=page.address, lasts=page.lasts and standing.is_of(plan))


_GAPS = {
    "csrf_token": leave_gap("token"),
    "visitor": {name: leave_gap(name) for name in ("colour", "initials", "name")},
    "account_menu": leave_gap("menu"),
}
"""What a page has in place of what belongs to one person, or to one answer."""


def _fill_for(request: HttpRequest, gaps: Collection[str]) -> dict[str, Callable[[], str]]:
    """What whoever asks has in these gaps."""
    visitor = presence.read_visitor(request)
    token = get_token(request) if "token" in gaps else ""
    return {
        "token": lambda: token,
        "operation": make_operation,
        "colour": lambda: str(visitor.colour),
        "initials": lambda: escape(visitor.initials),
        "name": lambda: escape(visitor.name),
        "menu": lambda: render_to_string("accounts/menu.html", request=request),
    }


def _lead(response: HttpResponse, address: str) -> HttpResponse:
    return replace_url(response, address) if address else response
