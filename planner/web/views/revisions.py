"""The history of a plan: its revisions in words, with what can be done about each."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from planner.engine import TooLarge
from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.store import actions
from planner.store.answers import list_reasons
from planner.store.editions import matrix_of
from planner.store.kept import LARGE
from planner.store.lives import Act, find_act, list_acts
from planner.store.models import Plan, Revision
from planner.store.timeline import fold
from planner.web.forms.plans import CheckpointForm, RevisionForm
from planner.web.views.access import glance_view, plan_view
from planner.web.views.plans import read_sender
from planner.web.views.rows import was_sent_before
from ports.text import read_number

PAGE = 50
"""How many revisions a page has. Its borders are numbers of revisions, so that a page stays when new ones come."""
MOST_MARKED = 500
"""How many checkpoints and handovers their list has; the pages have all of them."""


@require_safe
@glance_view
def show_history(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Revisions newest first, or only those that someone named or handed over."""
    return _show(request, plan)


@require_POST
@plan_view
def restore_revision(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Bring a revision's state back as a new one."""
    form = RevisionForm(request.POST)
    if not form.is_valid():
        return _show(request, plan, trouble="That is not the number of a revision; nothing was restored.")
    number = form.cleaned_data["number"]
    try:
        done = actions.restore(plan_id=plan.pk, matrix=matrix_of(plan), number=number, sender=read_sender(request))
    except TooLarge as error:
        trouble = f"Revision {number} is too large now; nothing was restored. {error.sentence}"
        return _show(request, plan, trouble=trouble)
    except PlanError as error:
        count = len(error.faults)
        more = f" and {count - 1} more" if count > 1 else ""
        return _show(
            request,
            plan,
            trouble=f"Revision {number} doesn't fit the port matrix of today; nothing was restored. "
            f"{error.faults[0]}{more}",
        )
    except (NotPossible, actions.Clash) as error:
        return _show(request, plan, trouble=str(error))
    if not done.changed and not was_sent_before(request, plan):
        return _show(request, plan, said=f"The plan is as it was in revision {number} already; nothing has changed.")
    return redirect("show_history", key=plan.key)


@require_POST
@glance_view
def name_checkpoint(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Give a revision a name, another one, or none."""
    form = CheckpointForm(request.POST)
    if not form.is_valid():
        sentences = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _show(request, plan, trouble=f"The name was not saved. {sentences}")
    facts = form.cleaned_data
    try:
        actions.name_checkpoint(plan_id=plan.pk, **facts)
    except NotPossible as error:
        return _show(request, plan, trouble=str(error))
    query = request.GET.urlencode()
    page = f"?{query}" if query else ""
    return redirect(f"{reverse('show_history', kwargs={'key': plan.key})}{page}#revision-{facts['number']}")


def _show(request: HttpRequest, plan: Plan, *, trouble: str = "", said: str = "") -> HttpResponse:
    """The page as it is now; `trouble` says what couldn't be done, `said` what needn't be."""
    if request.method == "POST":
        plan.refresh_from_db(fields=["revision", "name", "deleted"])
    elif request.GET.get("show") == "states":
        return _show_states(request, plan)
    marked = request.GET.get("show") == "marked"
    upto = plan.revision if marked else _read_upto(request, plan)
    revisions = list(_find_marked(plan) if marked else _find_page(plan, upto))
    handovers: dict[int, list[Any]] = {}
    for handover in plan.handovers.filter(revision__in=[revision.number for revision in revisions]).order_by("sent"):
        handovers.setdefault(handover.revision, []).append(handover)
    reasons = list_reasons(plan, [revision.number for revision in revisions])
    for revision in revisions:
        revision.handovers = handovers.get(revision.number, [])
        revision.reasons = reasons.get(revision.number, [])
    context = {
        "plan": plan,
        "here": reverse("show_history", kwargs={"key": plan.key}),
        "entries": fold(revisions, handovers),
        "marked": marked,
        "query": request.GET.urlencode(),
        "upto": upto,
        "last": revisions[-1].number if revisions else 1,
        "older": upto - PAGE if not marked and upto > PAGE else None,
        "newer": min(upto + PAGE, plan.revision) if upto < plan.revision else None,
        "trouble": trouble,
        "said": said,
    }
    return render(request, "planner/history.html", context)


def _show_states(request: HttpRequest, plan: Plan) -> HttpResponse:
    """What states the rules were given, newest first."""
    one = _read_row(request, "act")
    before = _read_row(request, "before")
    acts = list_acts(plan, before=before, most=PAGE + 1) if one is None else _find_one(plan, one)
    context = {
        "plan": plan,
        "here": reverse("show_history", kwargs={"key": plan.key}),
        "acts": acts[:PAGE],
        "shows_acts": True,
        "one_act": one is not None,
        "older_acts": acts[PAGE - 1].rows[0].pk if len(acts) > PAGE else None,
    }
    return render(request, "planner/history.html", context)


def _find_one(plan: Plan, number: int) -> list[Act]:
    """What was set in one go, with all its rules; 404 where there is none."""
    act = find_act(plan, number)
    if act is None:
        raise Http404
    return [act]


def _read_row(request: HttpRequest, name: str) -> int | None:
    """The number of a row that the address has under this name; 404 for what is none."""
    text = request.GET.get(name, "")
    number = read_number(text)
    if text and number is None:
        raise Http404
    return number


def _read_upto(request: HttpRequest, plan: Plan) -> int:
    """The newest revision of the page that is asked for; 404 for what is none."""
    text = request.GET.get("upto", "")
    if not text:
        return plan.revision
    number = read_number(text, least=1)
    if number is None:
        raise Http404
    return min(number, plan.revision)


def _find_page(plan: Plan, upto: int) -> Any:
    return _brief(plan).filter(number__lte=upto, number__gt=upto - PAGE)


def _find_marked(plan: Plan) -> Any:
    """Checkpoints and what was handed over."""
    sent = plan.handovers.values("revision")
    found = _brief(plan).exclude(checkpoint="") | _brief(plan).filter(number__in=sent)
    return found[:MOST_MARKED]


def _brief(plan: Plan) -> Any:
    """Revisions without their documents, which may be large."""
    return Revision.objects.filter(plan=plan).order_by("-number").defer(*LARGE, "renames")
