"""What an edition would change for all stored plans of its product: for staff, page by page."""

import time
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from planner.store.holders import read_holder
from planner.store.impact import Befores, Impact, find_plans, weigh_row
from planner.store.models import Hold, Plan
from planner.web.views.access import keep_private, matrix_view
from ports.edition_views import staff_view
from ports.queries import default_product, find_matrix_at, list_matrices

PAGE = 20
"""How many plans a page weighs."""
SECONDS = 3.0
"""For how long one request works out figures. They are kept, so that the same page goes on from there."""
MOST_ENDPOINTS = 2_000
"""Larger plans are weighed on their own page alone, when someone looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A plan, what the edition would change for it, and whether the reader may open it."""

    plan: Plan
    edition: str
    impact: Impact | None = None
    large: bool = False
    opens: bool = False


@require_safe
@matrix_view
@staff_view
def show_impact(request: HttpRequest) -> HttpResponse:
    """The plans of the product, each compared from its own edition: a page of them, as far as the time goes."""
    editions = list_matrices()
    slug = request.GET.get("edition", "").strip()
    default = default_product()
    first = next((one for one in editions if one.current and one.product_slug == default), None)
    edition = next((one for one in editions if one.slug == slug), None) if slug else first
    if edition is None:
        raise Http404
    after = find_matrix_at(edition.pk)
    pages = Paginator(find_plans(edition.product_slug), PAGE)
    page = pages.get_page(request.GET.get("page"))
    rows = list(page)
    roles = dict(read_holder(request).holds().filter(plan__in=rows).values_list("plan", "role"))
    befores, until, lines = Befores(), time.monotonic() + SECONDS, []
    for row in rows:
        before = befores.find(row)
        large = len(row.document.get("endpoints", ())) > MOST_ENDPOINTS
        is_time = time.monotonic() < until
        lines.append(
            Line(
                plan=row,
                edition=before.edition,
                impact=weigh_row(row, before, after) if is_time and not large else None,
                large=large,
                opens=roles.get(row.pk) in (Hold.Role.EDIT, Hold.Role.OWN),
            )
        )
    context = {
        "editions": editions,
        "edition": edition,
        "page": page,
        "lines": lines,
        "left": sum(line.impact is None and not line.large for line in lines),
        "most": MOST_ENDPOINTS,
    }
    return keep_private(render(request, "planner/impact.html", context))
