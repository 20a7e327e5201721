"""Change requests: two revisions of a plan compared, or one under two matrices; and that one was handed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import localdate
from django.views.decorators.http import require_POST, require_safe

from planner.engine import TooLarge
from planner.engine.compare import Comparison
from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.report import CHANGE_FORMATS
from planner.report.said.edition import Editions
from planner.report.said.outline import outline_boundaries
from planner.report.said.printed_rules import list_differences, list_within_zones
from planner.report.said.text import count_changes, list_renamed, say_set_apart
from planner.store import actions
from planner.store.models import Plan
from planner.store.reports import compare_documents, find_known
from planner.web.forms.plans import HandoverForm
from planner.web.views.access import plan_view
from planner.web.views.downloads import read_paper, send_file
from planner.web.views.handover import say_handover
from planner.web.views.plans import read_sender
from ports.matrix import Matrix
from ports.queries import current_matrix, find_matrix, list_matrices

MEMBERS = 12
NOTHING: Mapping[str, Any] = {}
MOST_LOCAL = 100
"""How many connections within zones the page names."""
MOST_RENAMED = 100
"""How many renames it names."""
MOST_REVISIONS = 200
"""How many revisions the lists offer; older ones can still be named in the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is compared: numbers of revisions and, where it isn't the active one, slugs of matrices."""

    before: int
    after: int
    matrix_before: str = ""
    matrix_after: str = ""

    def query(self) -> str:
        """The sides as a query string."""
        pairs: dict[str, int | str] = {
            "from": self.before, "to": self.after, "matrix_from": self.matrix_before, "matrix_to": self.matrix_after,
        }  # fmt: skip
        return urlencode({name: value for name, value in pairs.items() if value})


class NothingToCompare(ValueError):
    """What the address names isn't there. The message is a sentence."""


@require_safe
@plan_view
def show_changes(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The page of a change request."""
    return _show(request, plan, HandoverForm())


@require_safe
@plan_view
def download_changes(request: HttpRequest, plan: Plan, name: str) -> HttpResponse:
    """The change request in one of CHANGE_FORMATS, as a file."""
    kind = CHANGE_FORMATS.get(name)
    if kind is None:
        raise Http404
    try:
        sides = read_sides(request, plan)
        compared = _compare(plan, sides)
    except NothingToCompare as error:
        raise Http404(str(error)) from None
    sent = say_handover(plan.handovers.filter(revision=sides.before).first())
    before, after = _name_sides(sides)
    editions = Editions(
        before=before,
        after=after,
        sent=sent,
        date=localdate(),
        paper=read_paper(request),
        stylesheet=settings.STYLESHEET,
    )
    content = kind.render(compared, editions)
    end = f"changes-{sides.before}-to-{sides.after}.{kind.extension}"
    return send_file(content, kind.content_type, plan.name, end)


@require_POST
@plan_view
def hand_over(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Remember that a revision was handed over."""
    form = HandoverForm(request.POST)
    if form.is_valid():
        facts = form.cleaned_data | {"note": form.cleaned_data["note"].replace("\r\n", "\n")}
        try:
            actions.hand_over(plan_id=plan.pk, sender=read_sender(request), **facts)
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            return redirect("show_changes", key=plan.key)
    return _show(request, plan, form)


def read_sides(request: HttpRequest, plan: Plan) -> Sides:
    """What the address asks to be compared; by default what was handed over last, or the first, with the newest.

    Raises NothingToCompare when a number or slug is none.
    """
    last = plan.handovers.first()
    return Sides(
        before=_read_number(request, "from", last.revision if last else 1),
        after=_read_number(request, "to", plan.revision),
        matrix_before=request.GET.get("matrix_from", ""),
        matrix_after=request.GET.get("matrix_to", ""),
    )


def _read_number(request: HttpRequest, name: str, otherwise: int) -> int:
    text = request.GET.get(name, "").strip()
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NothingToCompare(f"“{text[:40]}” is not the number of a revision.")
    return int(text)


def _compare(plan: Plan, sides: Sides) -> Comparison:
    documents = dict(plan.revisions.filter(number__in={sides.before, sides.after}).values_list("number", "document"))
    for number in (sides.before, sides.after):
        if number not in documents:
            raise NothingToCompare(f"This plan has no revision {number}.")
    matrix_before, matrix_after = map(_find_matrix, (sides.matrix_before, sides.matrix_after))
    before, after = ((number, documents[number]) for number in (sides.before, sides.after))
    known = find_known(plan, before, after)
    try:
        return compare_documents(before[1], after[1], matrix_before, matrix_after, known)
    except TooLarge:
        raise
    except PlanError as error:
        raise NothingToCompare(f"A revision doesn't fit the port matrix: {error.faults[0]}") from None


def _find_matrix(slug: str) -> Matrix:
    if not slug:
        return current_matrix()
    matrix = find_matrix(slug)
    if matrix is None:
        raise NothingToCompare(f"There is no port matrix “{slug[:40]}”.")
    return matrix


def _name_sides(sides: Sides) -> tuple[str, str]:
    under = [f", matrix {slug}" if slug else "" for slug in (sides.matrix_before, sides.matrix_after)]
    return f"revision {sides.before}{under[0]}", f"revision {sides.after}{under[1]}"


def _show(request: HttpRequest, plan: Plan, form: Form) -> HttpResponse:
    context: dict[str, Any] = {
        "plan": plan,
        "here": reverse("show_changes", kwargs={"key": plan.key}),
        "revisions": _list_revisions(plan),
        "matrices": list_matrices(),
        "handovers": plan.handovers.all()[:20],
        "form": form,
        "side_names": ("before", "after"),
    }
    try:
        sides = read_sides(request, plan)
        context["sides"] = sides
        context |= describe_comparison(_compare(plan, sides)) | {"query": sides.query()}
    except NothingToCompare as error:
        context["trouble"] = str(error)
    except TooLarge as error:
        context["trouble"] = f"A revision is too large to be compared. {error.sentence}"
    return render(request, "planner/changes.html", context)


def _list_revisions(plan: Plan) -> list[Any]:
    """The newest revisions, checkpoints and those that were handed over, newest first, without their documents."""
    sent = set(plan.handovers.values_list("revision", flat=True))
    brief = plan.revisions.order_by("-number").only("number", "summary", "author", "created", "checkpoint")
    newest = brief[:MOST_REVISIONS]
    older = brief.filter(Q(number__in=sent | {1}) | ~Q(checkpoint=""))
    found = {revision.number: revision for revision in (*newest, *older)}
    return [{"revision": revision, "sent": number in sent} for number, revision in sorted(found.items(), reverse=True)]


def describe_comparison(compared: Comparison) -> dict[str, Any]:
    """What a page shows of a comparison: its numbers, and the rules to open, to close and changed by boundary."""

    def chapters(boundaries: Any, report: Any, differences: Mapping[str, Any] = NOTHING) -> list[dict[str, Any]]:
        return [
            {
                "boundary": chapter.boundary,
                "lines": [{"line": line, "differs": differences.get(line.rule.id, ())} for line in chapter.lines],
            }
            for chapter in outline_boundaries(boundaries, report, members=MEMBERS)
        ]

    local = list_within_zones(compared)
    renamed = list_renamed(compared)
    return {
        "compared": compared,
        "renamed": renamed[:MOST_RENAMED],
        "more_renamed": max(0, len(renamed) - MOST_RENAMED),
        "set_apart": say_set_apart(compared),
        "local": local[:MOST_LOCAL],
        "more_local": max(0, len(local) - MOST_LOCAL),
        "counts": count_changes(compared),
        "groups": [
            ("opened", "Rules to open", chapters(compared.boundaries_opened, compared.after)),
            ("closed", "Rules to close", chapters(compared.boundaries_closed, compared.before)),
            (
                "changed",
                "Rules changed",
                chapters(compared.boundaries_changed, compared.after, list_differences(compared)),
            ),
        ],
        "formats": CHANGE_FORMATS.values(),
    }
