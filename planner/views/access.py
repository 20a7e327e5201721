"""From an address to a plan: who may see it is decided here, for every view, before anything is rendered."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from planner.document import PlanError
from planner.models import Plan, hash_token
from planner.views.bin import show_binned
from planner.views.errors import show_error
from ports.matrix import MatrixError
from ports.queries import NoMatrix

View = Callable[..., HttpResponse]


def find_plan(token: str, *, document: bool = True) -> Plan:
    """The plan with this secret in its address, at first without its document if that isn't needed.

    Raises Http404 when there is none. One in the bin is found until it is gone for good.
    """
    wanted = hash_token(token)
    plans = Plan.objects.all() if document else Plan.objects.defer("document")
    plan = plans.filter(token_hash=wanted).first()
    if plan is None or not hmac.compare_digest(plan.token_hash, wanted):
        raise Http404
    if plan.gone is not None and plan.gone <= timezone.now():
        raise Http404
    return plan


def plan_view[**P](view: Callable[Concatenate[HttpRequest, Plan, P], HttpResponse]) -> View:
    """Find the plan of the token in the address and hand it to the view; nothing of the answer is kept by caches."""
    return _find_first(view, document=True)


def glance_view[**P](view: Callable[Concatenate[HttpRequest, Plan, P], HttpResponse]) -> View:
    """The same for a view that is asked often and needs no document, which may be large."""
    return _find_first(view, document=False)


def bin_view[**P](view: Callable[Concatenate[HttpRequest, Plan, P], HttpResponse]) -> View:
    """The same for the one view that also takes a plan that is in the bin."""
    return _find_first(view, document=False, binned=True)


def _find_first[**P](
    view: Callable[Concatenate[HttpRequest, Plan, P], HttpResponse], *, document: bool, binned: bool = False
) -> View:
    @matrix_view
    def answer(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        plan = find_plan(token, document=document)
        if plan.deleted is not None and not binned:
            return show_binned(request, plan, token)
        return view(request, plan, *args, **kwargs)

    @wraps(view)
    def wrapper(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = answer(request, token, *args, **kwargs)
        response.headers["Cache-Control"] = "private, no-store"
        patch_vary_headers(response, ["HX-Request"])
        return response

    return wrapper


def matrix_view(view: View) -> View:
    """Say in sentences what keeps the matrix, or a plan under it, from being evaluated."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NoMatrix as error:
            return show_error(request, 503, "There is no port matrix yet", str(error))
        except MatrixError as error:
            context = {"title": "The port matrix has faults", "faults": error.faults}
            return render(request, "planner/faults.html", context, status=503)
        except PlanError as error:
            context = {"title": "This plan doesn't fit the port matrix of today", "faults": error.faults}
            return render(request, "planner/faults.html", context, status=409)

    return wrapper
