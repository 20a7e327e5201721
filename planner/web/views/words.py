"""The page that explains the words of the product, and the kinds of zones."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from planner.plan.kinds import KINDS
from planner.report.said.glossary import TERMS


@require_safe
def show_words(request: HttpRequest) -> HttpResponse:
    """Every word with what it means; the same for everybody."""
    return render(request, "planner/words.html", {"terms": TERMS.values(), "kinds": KINDS.values()})
