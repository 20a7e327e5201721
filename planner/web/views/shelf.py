"""My plans: those of this browser or account, to find, copy, put aside, restore, and take along."""

from dataclasses import dataclass
from math import ceil
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from planner.engine import TooLarge
from planner.store import copies
from planner.store.holders import list_unclaimed, read_holder
from planner.store.models import Hold, Plan
from planner.web.forms.rows import read_page
from planner.web.views.access import (
    count_plans,
    keep_private,
    maker_view,
    matrix_view,
    open_new,
    plan_view,
    reader_view,
)
from planner.web.views.errors import show_error
from ports.queries import list_products
from ports.text import name_key

PAGE, RECENT = 50, 5
SORTS = {"changed": "Last changed", "opened": "Last opened", "name": "Name"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the list is asked for."""

    text: str = ""
    """A part of a name; case is ignored."""
    sort: str = "changed"
    show: str = ""
    """archived, bin, or nothing for the others."""
    page: int = 1

    def query(self, **changes: object) -> str:
        """The query string that asks for it, with changes."""
        usual = {"sort": "changed", "page": 1}
        values = {"text": self.text, "sort": self.sort, "show": self.show, "page": self.page, **changes}
        return urlencode({name: value for name, value in values.items() if value and value != usual.get(name)})


def read_wanted(request: HttpRequest) -> Wanted:
    """What the address asks for; whatever can't be asked for is the usual."""
    sort, show, page = (request.GET.get(name, "") for name in ("sort", "show", "page"))
    return Wanted(
        text=request.GET.get("text", "").strip()[:255],
        sort=sort if sort in SORTS else "changed",
        show=show if show in ("archived", "bin") else "",
        page=read_page(page),
    )


@require_safe
@maker_view
def show_plans(request: HttpRequest) -> HttpResponse:
    """The list, by pages."""
    wanted = read_wanted(request)
    holds = list_holds(request)
    shelves = {
        "": [hold for hold in holds if hold.plan.deleted is None and not hold.archived],
        "archived": [hold for hold in holds if hold.plan.deleted is None and hold.archived],
        "bin": [hold for hold in holds if hold.plan.deleted is not None],
    }
    found = [hold for hold in shelves[wanted.show] if name_key(wanted.text) in name_key(hold.plan.name)]
    if wanted.sort == "name":
        found.sort(key=lambda hold: name_key(hold.plan.name))
    else:
        date = "opened" if wanted.sort == "opened" else "updated"
        found.sort(key=lambda hold: getattr(hold if date == "opened" else hold.plan, date), reverse=True)
    pages = max(1, ceil(len(found) / PAGE))
    page = min(wanted.page, pages)
    several = len(list_products()) > 1
    names = {"": "Plans", "archived": "Archived", "bin": "Bin"}
    context = {
        "wanted": wanted,
        "shelves": [
            (name, len(shelves[slug]), wanted.query(show=slug, page=1), slug == wanted.show)
            for slug, name in names.items()
        ],
        "holds": found[(page - 1) * PAGE : page * PAGE],
        "total": len(found),
        "several": several,
        "any": bool(holds),
        "unclaimed": list_unclaimed(request),
        "sorts": SORTS.items(),
        "newer": wanted.query(page=page - 1) if page > 1 else None,
        "older": wanted.query(page=page + 1) if page < pages else None,
    }
    return keep_private(render(request, "planner/plans.html", context))


def list_holds(request: HttpRequest) -> list[Hold]:
    """What the sender holds, without the documents, and without what is gone for good."""
    return copies.list_holds(read_holder(request))


def list_recent(request: HttpRequest) -> list[Hold]:
    """The plans that the sender opened last, without those that are archived or in the bin."""
    holds = read_holder(request).holds().select_related("plan").defer("plan__document")
    return list(holds.filter(plan__deleted=None, archived=False).order_by("-opened", "-pk")[:RECENT])


@require_POST
@maker_view
@plan_view
def duplicate_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Make a plan like this one, with a history of its own, and go to it."""
    try:
        copy = copies.copy_plan(plan=plan, holder=read_holder(request), admit=lambda: count_plans(request))
    except TooLarge as error:
        return show_error(request, 409, "The plan was not copied", error.sentence)
    return open_new(request, copy)


@require_POST
@reader_view
def archive_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Put the plan aside for its holder alone, or bring it back."""
    to = request.POST.get("to") == "archive"
    read_holder(request).holds().filter(plan=plan).update(archived=to)
    return redirect("show_plans")


@require_safe
@maker_view
@matrix_view
def export_plans(request: HttpRequest) -> HttpResponseBase:
    """Every plan of the sender with all its revisions, as one archive."""
    file, name = copies.open_archive_of_all(read_holder(request))
    return keep_private(FileResponse(file, as_attachment=True, filename=name, content_type="application/zip"))
