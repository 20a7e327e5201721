"""From an address to a plan: who may see it is decided here, for every view, before anything is rendered."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import Concatenate

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from planner.deploy.turns import in_turn
from planner.engine import TooLarge
from planner.plan.document import PlanError
from planner.report.errors import NotExpressible
from planner.store import holders, presence, throttle
from planner.store.admission import AccessTaken, admitted, held
from planner.store.files import UNUSABLE, UnusableFilter
from planner.store.holders import find_hold, note_opening, read_holder
from planner.store.models import Hold, Plan
from planner.web.views import owned
from planner.web.views.bin import show_binned
from planner.web.views.coming_from import find_page
from planner.web.views.errors import show_error, show_too_many
from planner.web.views.htmx import htmx_of, lead_before
from ports.matrix import MatrixError
from ports.queries import NoMatrix, NoProduct, list_products

View = Callable[..., HttpResponseBase]
PlanView = Callable[Concatenate[HttpRequest, Plan, ...], HttpResponseBase]


def plan_view(view: PlanView) -> View:
    """Hand the plan of the address to the view, for those who may edit it; nothing of the answer is kept by caches."""
    return _find_and_admit(view, Hold.Role.EDIT)


def glance_view(view: PlanView) -> View:
    """The same for a view that needs no document, which may be large."""
    return _find_and_admit(view, Hold.Role.EDIT, document=False)


def reader_view(view: PlanView) -> View:
    """The same for what everybody may see who holds the plan."""
    return _find_and_admit(view, Hold.Role.READ)


def glancing_reader_view(view: PlanView) -> View:
    """The same for a view that needs no document."""
    return _find_and_admit(view, Hold.Role.READ, document=False)


def owner_view(view: PlanView) -> View:
    """The same for what only those may do who own the plan; without the document."""
    return _find_and_admit(view, Hold.Role.OWN, document=False)


def bin_view(view: PlanView) -> View:
    """The same for the one view that also takes a plan that is in the bin."""
    return _find_and_admit(view, Hold.Role.OWN, document=False, binned=True)


def _find_and_admit(view: PlanView, role: Hold.Role, *, document: bool = True, binned: bool = False) -> View:
    @matrix_view
    def answer(request: HttpRequest, key: str, *args: object, **kwargs: object) -> HttpResponseBase:
        hold = find_hold(request, key, document=document)
        if hold is None:
            return _answer_stranger(request)
        plan = hold.plan
        request.hold = hold  # type: ignore[attr-defined]  # templates ask what one may do
        if plan.gone is not None and plan.gone <= timezone.now():
            raise Http404
        if not hold.allows(role):
            return _refuse_role(request, plan, hold)
        if plan.deleted is not None and not binned:
            return show_binned(request, plan)
        if plan.git is not None and role is Hold.Role.EDIT and owned.is_refused(request):
            return owned.refuse(request, plan)
        # Before anything is done: a request whose turn it isn't is worked on from the beginning later. A view without
        # the document takes its turn once it has to read that.
        with take_turn(request, plan) if document else nullcontext():
            if request.method == "GET" and not htmx_of(request):
                note_opening(hold)
            try:
                with admitted(lambda: held(hold, role)):
                    return view(request, plan, *args, **kwargs)
            except AccessTaken:
                said = "You may no longer do that with this plan: it was taken back while this was on its way."
                return show_error(request, 403, "Not allowed any more", f"{said} Nothing was stored.")

    @wraps(view)
    def wrapper(request: HttpRequest, key: str, *args: object, **kwargs: object) -> HttpResponseBase:
        return keep_private(answer(request, key, *args, **kwargs))

    return wrapper


def take_turn(request: HttpRequest, plan: Plan) -> AbstractContextManager[None]:
    """Work on a request about a plan, whose document is there, in its turn. Raises turns.NotYet, with nothing done."""
    return take_turn_of(request, len(plan.document.get("endpoints", ())))


@contextmanager
def take_turn_of(request: HttpRequest, size: int) -> Iterator[None]:
    """The same about a plan of so many endpoints. A request takes one turn, however often it asks for it."""
    if getattr(request, "has_turn", False):
        yield
        return
    with in_turn(request.META, size):
        request.has_turn = True  # type: ignore[attr-defined]  # for the rest of the request
        try:
            yield
        finally:
            request.has_turn = False  # type: ignore[attr-defined]


def keep_private[Answer: HttpResponseBase](response: Answer) -> Answer:
    """An answer that belongs to one person: nothing of it is kept by caches or found by search engines."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def _answer_stranger(request: HttpRequest) -> HttpResponse:
    """To the login where an account could help; else there is nothing, as for an address that never was."""
    if settings.REQUIRE_LOGIN and not read_holder(request).is_someone:
        return ask_for_login(request)
    raise Http404


_ASKED = {"prepare_flows", "preview_questions", "guided_preview"}
"""What scripts post while a form is filled in: nothing of it would have been stored."""


def ask_for_login(request: HttpRequest) -> HttpResponse:
    """The login, and from there back to where one was: for a form that was sent, to the page that has it."""
    reads = request.method in ("GET", "HEAD")
    name = request.resolver_match.url_name if request.resolver_match else ""
    if not reads and not (htmx_of(request) and name in _ASKED):
        messages.warning(request, "You weren’t logged in, so nothing of what you sent was stored.")
    if htmx_of(request):
        return lead_before(redirect_to_login(find_page(request, "HX-Current-URL")).url)
    return redirect_to_login(request.get_full_path() if reads else find_page(request, "Referer"))


def _refuse_role(request: HttpRequest, plan: Plan, hold: Hold) -> HttpResponse:
    """What someone gets who may do less with a plan than the view does."""
    name = request.resolver_match.url_name if request.resolver_match else ""
    if name == "show_plan" and not htmx_of(request):
        return redirect("read_plan", key=plan.key)
    said = f"You may {'edit' if hold.allows(Hold.Role.EDIT) else 'read'} this plan, but not do that."
    page = reverse("show_plan", kwargs={"key": plan.key})
    return show_error(request, 403, "Not allowed", f"{said} Ask whoever owns it.", plan=page)


def maker_view(view: View) -> View:
    """For what makes plans: where accounts are on, only for those who are logged in."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not read_holder(request).is_someone:
            return ask_for_login(request)
        try:
            return view(request, *args, **kwargs)
        except throttle.TooMany as error:
            return show_too_many(request, error.wait, "Many plans were made from here within an hour.")

    return wrapper


def count_plans(request: HttpRequest, number: int = 1) -> None:
    """Count plans that a client or an account makes. Raises throttle.TooMany, which `maker_view` answers."""
    holders.count_plans(read_holder(request), request.META.get("REMOTE_ADDR", ""), number)


def open_new(request: HttpRequest, plan: Plan, *more: Plan) -> HttpResponse:
    """Go to a plan that the sender has just made, or to the list of plans if there are several.

    The browser keeps its cookie, without which it couldn't open them.
    """
    response = redirect("show_plans") if more else redirect(plan)
    presence.keep_visitor(response, presence.read_visitor(request), secure=settings.TLS)
    return keep_private(response)


def show_no_product(request: HttpRequest, error: NoProduct) -> HttpResponse:
    """That a plan's product, or one that was asked for, isn't here; which are, and what to do."""
    hold = getattr(request, "hold", None)
    context = {
        "title": "The port matrix of this product isn’t here",
        "message": str(error),
        "products": list_products(),
        "plan": hold.plan if hold else None,
    }
    return render(request, "planner/no_product.html", context, status=503 if hold else 404)


def matrix_view(view: View) -> View:
    """Say in sentences what keeps the matrix, or a plan under it, from being evaluated, or written in a format."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NoProduct as error:
            return show_no_product(request, error)
        except NoMatrix as error:
            return show_error(request, 503, "There is no port matrix yet", str(error))
        except MatrixError as error:
            context: dict[str, object] = {"title": "The port matrix has faults", "faults": error.faults}
            return render(request, "planner/faults.html", context, status=503)
        except UnusableFilter as error:
            return show_error(request, 400, UNUSABLE, str(error))
        except NotExpressible as error:
            return show_error(request, 422, "This format can't say that", str(error))
        except TooLarge as error:
            return show_error(request, 409, "This plan is too large for a report", error.sentence)
        except PlanError as error:
            context = {"title": "This plan doesn't fit the port matrix of today", "faults": error.faults}
            return render(request, "planner/faults.html", context, status=409)

    return wrapper
