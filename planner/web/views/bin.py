"""What a plan in the bin answers: 410, until when it can be restored, and how. Nothing else of it works."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime

from planner.store.models import Plan


def show_binned(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The page of a plan in the bin at its own address; a sentence for the pulse, which nobody reads as a page."""
    name = request.resolver_match.url_name if request.resolver_match else ""
    if name == "show_pulse" and plan.gone:
        sentence = f"This plan is in the bin; it can be restored until {localtime(plan.gone):%d %B %Y, %H:%M}.\n"
        return HttpResponse(sentence, status=410, content_type="text/plain; charset=utf-8")
    context = {"plan": plan, "is_address": name == "show_plan"}
    return render(request, "planner/bin.html", context, status=410)
