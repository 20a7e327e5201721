"""The editions that a plan can be on: what another one would change for it, and the switch."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from planner.engine import TooLarge
from planner.engine.compare import Comparison
from planner.plan.carry import Carried
from planner.plan.document import Fault, PlanError, carry_stored
from planner.plan.edits import NotPossible
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import compare_versions
from planner.web.forms.plans import MAX_FOLDED
from planner.web.views.access import plan_view
from planner.web.views.changes import describe_comparison
from planner.web.views.plans import read_sender
from ports.matrix import Matrix
from ports.matrix.amendments import say_amendment, say_place
from ports.models import PortMatrix
from ports.queries import find_matrix_at, find_sibling, find_state

MOST_FAULTS = 50
"""How many faults the page names."""


@require_safe
@plan_view
def show_editions(request: HttpRequest, plan: Plan) -> HttpResponse:
    """What the plan would be on another edition: by default the current one, else as it was stored last."""
    return _show(request, plan, request.GET.get("to", ""))


@require_POST
@plan_view
def switch_edition(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Put the plan on another edition, or take over what is amended now; or say what speaks against it."""
    slug = request.POST.get("to", "")
    edition = find_sibling(slug, matrix_of(plan).product_slug)
    if edition is None:
        trouble = f"There is no edition “{slug[:50]}” of this plan’s product; nothing was switched."
        return _show(request, plan, "", trouble=trouble)
    trouble, faults = "", tuple[Fault, ...]()
    try:
        actions.switch_edition(plan_id=plan.pk, edition=edition, sender=read_sender(request))
    except TooLarge as error:
        trouble = f"Nothing was switched. {error.sentence}"
    except PlanError as error:
        trouble, faults = f"Nothing was switched: the plan doesn’t fit the edition {edition.slug}.", error.faults
    except (NotPossible, actions.Clash) as error:
        trouble = str(error)
    else:
        return redirect(plan)
    plan.refresh_from_db()
    return _show(request, plan, edition.slug, trouble=trouble, faults=faults)


def _show(
    request: HttpRequest, plan: Plan, slug: str, *, trouble: str = "", faults: Sequence[Fault] = ()
) -> HttpResponse:
    """The page as it is now; `faults` are those of the plan under the edition that was to be switched to."""
    matrix = matrix_of(plan)
    editions = list(PortMatrix.objects.filter(product_slug=matrix.product_slug).order_by("-pk"))
    chosen = next((one for one in editions if one.slug == slug), None)
    if slug and chosen is None:
        raise Http404
    if chosen is None:
        chosen = next((one for one in editions if one.current), editions[0])
    stays = chosen.slug == matrix.edition
    target = matrix if stays else find_matrix_at(chosen.pk)
    kept = plan.revisions.filter(number=plan.revision).values_list("digest", flat=True).first() or ""
    before = _find_before(matrix, kept) if stays else matrix
    misfits, carried = _try_on(plan, target)
    context: dict[str, Any] = {
        "plan": plan,
        "matrix": matrix,
        "here": reverse("show_editions", kwargs={"key": plan.key}),
        "editions": editions,
        "chosen": chosen,
        "stays": stays,
        "renews": stays and kept not in ("", matrix.digest),
        "known": bool(kept),
        "held_back": _list_held_back(matrix, target),
        "trouble": trouble,
        "faults": list(faults) or misfits,
        "carried": carried,
        "changes": urlencode(
            [
                *(("from", plan.revision), ("to", plan.revision)),
                *(("matrix_from", matrix.edition), ("matrix_to", str(chosen.slug))),
            ]
        ),
    }
    if not context["faults"]:
        context |= _describe_difference(plan, before, target)
    context["folded_faults"] = context["faults"][MOST_FAULTS:MAX_FOLDED]
    context["beyond"] = max(0, len(context["faults"]) - MAX_FOLDED)
    context["faults"] = context["faults"][:MOST_FAULTS]
    return render(request, "planner/editions.html", context)


def _find_before(matrix: Matrix, digest: str) -> Matrix | None:
    """The plan's edition as it was amended when the plan was changed last; None when that isn't kept here."""
    return matrix if digest in ("", matrix.digest) else find_state(digest)


def _try_on(plan: Plan, target: Matrix) -> tuple[list[Fault], tuple[Carried, ...]]:
    """How the plan doesn't fit a matrix, and what of it has another name there."""
    try:
        return [], carry_stored(plan.document, matrix=target)[1]
    except PlanError as error:
        return list(error.faults), ()


def _describe_difference(plan: Plan, before: Matrix | None, after: Matrix) -> dict[str, Any]:
    """What a page shows of the plan under two matrices, or why nothing can be said of it."""
    if before is None:
        return {"unsaid": "The port matrix, as it was then, isn’t kept here, so what differs can’t be said."}
    try:
        compared: Comparison = compare_versions(plan.version, plan.version, before, after)
    except TooLarge as error:
        return {"unsaid": f"The plan is too large for a comparison. {error.sentence}"}
    except PlanError as error:
        return {"unsaid": f"The plan doesn’t fit its edition of now, so what differs can’t be said: {error.faults[0]}"}
    return describe_comparison(compared)


def _list_held_back(now: Matrix, then: Matrix) -> list[str]:
    """The amendments that hold now and don't fit the other matrix, in words."""
    fitting = {amendment.number for amendment in then.amendments}
    return [f"{say_place(one)}: {say_amendment(one)}" for one in now.amendments if one.number not in fitting]
