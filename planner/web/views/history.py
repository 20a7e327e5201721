"""Undo and redo, and the question that every open page asks: has anything changed, and who else is looking?"""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.store import actions, presence
from planner.store.comments import newest_change
from planner.store.editions import matrix_of
from planner.store.lives import newest_state
from planner.store.models import Plan
from planner.web.views.access import glance_view, plan_view
from planner.web.views.htmx import htmx_of
from planner.web.views.plans import read_sender, show_changed
from planner.web.views.state import TABS


@require_POST
@plan_view
def undo_change(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Take the last change back."""
    return _step(request, plan, actions.undo)


@require_POST
@plan_view
def redo_change(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Bring back what was undone."""
    return _step(request, plan, actions.redo)


def _step(request: HttpRequest, plan: Plan, step: Any) -> HttpResponse:
    trouble = ""
    try:
        step(plan_id=plan.pk, matrix=matrix_of(plan), sender=read_sender(request))
    except PlanError as error:
        trouble = error.faults[0].message
    except (NotPossible, actions.Clash) as error:
        trouble = str(error)
    if request.POST.get("back") == "table" and not htmx_of(request):
        if trouble:
            messages.error(request, trouble)
        return redirect("edit_endpoints_table", key=plan.key)
    return show_changed(request, plan, trouble=trouble)


@require_safe
@glance_view
def show_pulse(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The newest revision, state of a rule and comment, and who else is looking; 304 for a browser that knows all."""
    visitor = presence.read_visitor(request)
    others = presence.note_visit(plan, visitor, _read_place(request))
    data = {
        "revision": plan.revision,
        "states": newest_state(plan),
        "comments": newest_change(plan),
        "viewers": [
            {"name": viewer.name, "colour": viewer.colour, "endpoint": viewer.endpoint, "tab": viewer.tab}
            for viewer in others
        ],
    }
    tag = '"' + hashlib.sha256(repr(data).encode()).hexdigest()[:32] + '"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = JsonResponse(data)
    response.headers["ETag"] = tag
    if visitor.is_new:
        presence.keep_visitor(response, visitor, secure=settings.TLS)
    return response


def _read_place(request: HttpRequest) -> presence.Place:
    """Where the page that asks is: the endpoint that it has open, else its tab; what is none of these is nowhere."""
    endpoint, panel = request.GET.get("edit", ""), request.GET.get("panel", "")
    if endpoint:
        return presence.Place(endpoint=endpoint.replace("\0", ""))
    return presence.Place(tab=next((tab for tab, (_, panels) in TABS.items() if panel in panels), ""))


@require_POST
@glance_view
def name_visitor(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Remember the name that a person wants to be seen by; an empty one is none."""
    old = presence.read_visitor(request)
    visitor = presence.Visitor(key=old.key, name=presence.clean_name(request.POST.get("name", "")))
    presence.note_visit(plan, visitor)
    response = HttpResponse(status=204) if htmx_of(request) else redirect(plan)
    presence.keep_visitor(response, visitor, secure=settings.TLS)
    return response
