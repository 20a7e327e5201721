"""The page of a plan: its topology and decisions on one side, what has to be opened on the other."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import replace_url

from planner.engine import Report
from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.plan.rows import NO_RENAMES, Renames, join_renames
from planner.report import FORMATS
from planner.report.said.filters import LABELS
from planner.store import actions, presence, reasons
from planner.store.answers import taken_in
from planner.store.comments import Open, newest_change, open_comments
from planner.store.editions import matrix_of
from planner.store.kept import LARGE
from planner.store.lives import lives_of, newest_state
from planner.store.models import Plan, Revision
from planner.store.reports import comparison_of_last, comparison_since, find_entry, outline_for, say_step
from planner.store.results import prove_beside
from planner.store.rule_comments import place
from planner.store.sent import say_unknown, say_why_not
from planner.store.standing import Standing
from planner.store.verified import tell_results
from planner.web.forms.lives import StateForm
from planner.web.forms.plans import CaveatForm, ChoiceForm, EditForm, PortForm, RenameForm
from planner.web.views.access import View, glance_view, plan_view
from planner.web.views.asking import describe_asking
from planner.web.views.beside import describe_beside
from planner.web.views.cures import offer_presets
from planner.web.views.handover import describe_handover
from planner.web.views.htmx import htmx_of
from planner.web.views.keeper import Keeper
from planner.web.views.kept import Page, answer
from planner.web.views.marked import Changes
from planner.web.views.offers import describe_offers
from planner.web.views.panels import describe_panel, describe_tabs
from planner.web.views.results import count_view, describe_results
from planner.web.views.showing import describe_showing, is_switched, keep_way
from planner.web.views.state import VIEWS, State, lead_to_editor, read_current, read_proposed, read_state
from planner.web.views.todo import describe_todo
from planner.web.views.writers import read_writer
from ports.matrix import PROTOCOLS, Matrix
from ports.text import INT_32, read_number


@require_safe
@glance_view
def show_plan(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The whole page, or for htmx the part that it asks for; 304 to whoever has it."""
    visitor = presence.read_visitor(request)
    htmx = htmx_of(request)
    part = htmx.target if htmx and not htmx.history_restore_request else None
    template = "planner/plan.html"
    left = None
    if "X-Pulse" in request.headers and htmx:
        template, left = "planner/plan.html#pulsed", request.headers["X-Pulse"].split()
    elif part in ("report", "panel", "results", "answer"):
        template = f"planner/plan.html#moved-{part}"
    # An address to bookmark, without the fields that are empty.
    says_address = part in ("results", "answer") or is_switched(request)

    def make(plan: Plan, known: Standing | None) -> Page:
        report = outline_for(plan.version, matrix_of(plan))
        state, faults = read_state(request, report)
        context = describe_page(
            request, plan, report, state, faults, draw=part not in ("results", "answer"), known=known
        )
        address = "?".join(filter(None, (context["here"], context["query"]))) if says_address else ""
        told = {"visitor": visitor, "kept": left, **_came_from(request, state)}
        lasts = "no_diagram" not in context  # dot may be there next time
        return Page(template=template, context=context | told, address=address, lasts=lasts)

    asked = request.META["QUERY_STRING"], htmx.current_url if htmx else None
    response = answer(
        request, plan, (template, part, None if left is None else tuple(left), says_address, *asked), make
    )
    keep_way(request, response)
    if visitor.is_new or not htmx:  # an answer that comes late must not bring an old name back
        presence.keep_visitor(response, visitor, secure=settings.TLS)
    return response


def _came_from(request: HttpRequest, state: State) -> dict[str, Any]:
    """Where the focus goes: to what has just been opened, or back to the link of what has just been closed."""
    current = read_current(request)
    if current is None:
        return {"fresh": bool(state.opened.kind or state.proposed)}
    before = dict(current)
    opened = state.opened
    proposed = state.proposed if state.proposed != read_proposed(before) else None
    return {
        "fresh": bool(proposed) or (bool(opened.kind) and before.get(opened.kind) != opened.name),
        "returned": "" if opened.kind else before.get("edit", "") or before.get("zone", ""),
    }


def describe_page(
    request: HttpRequest,
    plan: Plan,
    report: Report,
    state: State,
    faults: Mapping[str, str],
    bound: Form | None = None,
    *,
    draw: bool = True,
    known: Standing | None = None,
) -> dict[str, Any]:
    """Everything that the page shows, the diagram only if `draw`.

    `faults` are sentences about fields of the filter. `bound` is a form that was sent with errors, to be shown again
    as it was. With what is `known` of the plan, nothing is asked for that it says isn't there.
    """
    if plan.git is not None:
        state = state.only_shown()
    now = find_entry(plan, plan.revision)
    changes = _read_changes(plan, now, state, report.matrix)
    newest = known.newest_state if known else newest_state(plan)
    keeper = Keeper(
        lives=lives_of(plan, report, newest=newest),
        may_set=True,
        may_close=True,
        form=bound if isinstance(bound, StateForm) else None,
    )
    changes, proven = replace(changes, keeper=keeper), prove_beside(plan, report)
    report = tell_results(report, keeper.lives, proven)
    if state.filter.since and "since" not in faults and changes.since is None:
        faults = {**faults, "since": say_why_not(plan, state.filter.since)}
    here = plan.get_absolute_url()
    return {
        "plan": plan,
        "here": here,
        "report": report,
        "state": state,
        "newest_state": newest,
        "query": state.query(),
        "unfiltered": state.without_filter().query(),
        **describe_todo(report, state),
        **describe_beside(report, state),
        **describe_tabs(report, state),
        "views": [(slug, name, state.query(view=slug), count_view(slug, report)) for slug, name in VIEWS.items()],
        "formats": FORMATS.values(),
        "protocols": PROTOCOLS,
        "bound": bound,
        "role": request.hold.role,  # type: ignore[attr-defined]
        "visitor": presence.read_visitor(request),
        "history": describe_history(plan, now),
        "offers": describe_offers(plan, now, report),
        "sent": None if known and not known.handovers else describe_handover(plan, report.matrix),
        "taken": taken_in(plan, report) if state.panel in ("decisions", "caveats") else (),
        "proven": proven,
        **(NOTHING_SAID if known and not known.comments else _describe_comments(request, plan, report)),
        "panel_template": f"planner/panels/{state.panel}.html",
        "view_template": f"planner/views/{'too_large' if report.too_large else state.view}.html",
        **describe_panel(report, state, bound),
        **offer_presets(report, state),
        "own_query": "" if plan.git is not None else state.query(panel="own"),
        "since_remark": say_unknown(plan, state.filter.since) if changes.since is not None else "",
        "filter_faults": faults,
        "filter_sentences": [(LABELS[name], sentence) for name, sentence in faults.items()],
        **describe_showing(request, state.query()),
        "fill_in": lead_to_editor(state, here),
        **describe_results(report, state, changes, draw, here),
        **describe_asking(report, state, "planner"),
    }


NOTHING_SAID: Mapping[str, Any] = {"comments": Open(counts={}, mentioning=0), "newest_comment": 0}


def _describe_comments(request: HttpRequest, plan: Plan, report: Report) -> dict[str, Any]:
    """What is open, and when somebody commented last."""
    found = open_comments(plan, read_writer(request), lambda: place(plan, report))
    return {"comments": found, "newest_comment": newest_change(plan)}


def _read_changes(plan: Plan, now: Revision | None, state: State, matrix: Matrix) -> Changes:
    """What the last change did, and what differs from the revision that the filter names."""
    since = read_number(state.filter.since, most=INT_32)
    revision = now if plan.revision > 1 else None
    return Changes(
        revision=revision,
        last=comparison_of_last(plan, revision, matrix) if revision else None,
        since=comparison_since(plan, since, matrix) if since is not None else None,
    )


def describe_history(plan: Plan, now: Revision | None) -> dict[str, str]:
    """What an undo would take back and a redo bring back, in words; empty when there is nothing."""
    if now is None:
        return {"undo": "", "redo": ""}
    return {
        "undo": say_step(plan, now, now.undo_to) if now.undo_to else "",
        "redo": say_step(plan, find_entry(plan, now.redo_to), now.redo_to) if now.redo_to else "",
    }


def read_sender(request: HttpRequest) -> actions.Sender:
    """Who sends an edit: its id and base from the form, the name that the browser's person chose."""
    visitor = presence.read_visitor(request)
    return actions.Sender(
        operation=read_operation(request),
        base=read_seen(request),
        author=visitor.name,
        who=visitor.label,
    )


def read_seen(request: HttpRequest) -> int | None:
    """The revision that the sender of a form saw; None where the form doesn't say it."""
    return read_number(request.POST.get("base", ""), least=1, most=INT_32)


def read_operation(request: HttpRequest) -> str | None:
    """The id of an edit: that of its form, and what the form says.

    So the same form counts once however often it is sent, and one that a browser brought back from a page before, with
    other input under the same id, is another edit and isn't lost.
    """
    if not re.fullmatch(r"[0-9a-f]{32}", request.POST.get("operation", "")):
        return None
    said = [(name, values) for name, values in request.POST.lists() if name not in ("base", "csrfmiddlewaretoken")]
    digest = hashlib.sha256(json.dumps(sorted(said)).encode())
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            digest.update(f"{name} {file.size} ".encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()[:32]


def hold_base(request: HttpRequest, form: EditForm) -> None:
    """A form that comes back for another reason than a clash is still about the state that its sender saw.

    Its author hasn't been told what others have done since, so that has to be found when it is sent again.
    """
    if form.errors and not form.told:
        form.held = read_seen(request)


def read_base(request: HttpRequest, plan: Plan) -> tuple[Mapping[str, Any], Renames]:
    """The document that the sender saw, and what has been renamed since; without a known base, the newest."""
    base = read_seen(request)
    if base is None or base >= plan.revision:
        return plan.document, NO_RENAMES
    revisions = list(plan.revisions.filter(number__gte=base).defer(*LARGE).order_by("number"))
    if not revisions or revisions[0].number != base:
        return plan.document, NO_RENAMES
    return revisions[0].document, join_renames(revision.renames for revision in revisions[1:])


NOT_SAVED = "X-Not-Saved"
"""What an answer says that stored nothing, for a page that has gone elsewhere in between (static/js/moved_on.js)."""
STAY = "stay"
"""What a form sends that stands beside the panels: its page stays as it is, whatever panel the edit belongs to."""
Edit = Callable[[HttpRequest, Plan, Matrix], EditForm | None]


def edit_view(edit: Edit, panel: str) -> View:
    """A view around one edit: on success the page as it is now, on errors the form as it was sent.

    `edit` reads the form and applies it; what it raises is shown beside the form, and nothing was stored then.
    """

    @require_POST
    @plan_view
    def view(request: HttpRequest, plan: Plan) -> HttpResponse:
        form = edit(request, plan, matrix_of(plan))
        return show_changed(request, plan, form=form, panel=panel)

    return view


def show_changed(
    request: HttpRequest,
    plan: Plan,
    *,
    form: EditForm | None = None,
    panel: str | None = None,
    trouble: str = "",
    focus: str = "",
) -> HttpResponse:
    """The answer to an edit: for htmx the parts that may have changed, else the page.

    `form` is shown as it was sent if it has errors, in its panel; `trouble` is a sentence of what couldn't be done;
    `focus` the id of what gets the focus, where what had it is gone.
    """
    plan.refresh_from_db()
    report = outline_for(plan.version, matrix_of(plan))
    state, faults = read_state(request, report)
    failed = bool(trouble) or (form is not None and not form.is_valid())
    if not failed and not htmx_of(request):
        query = state.query(panel=panel) if panel and STAY not in request.POST else state.query()
        return redirect(plan.get_absolute_url() + (f"?{query}" if query else ""))
    # Of the ports only the one that was sent is replaced: what is being typed into another field stays.
    shown = state.panel == panel
    if failed and panel:
        state = replace(state, panel=panel)
    done = not failed and {"excluded": state.wanted, "own": state.proposed}.get(panel or "") is not None
    if done:
        state = replace(state, wanted=None, proposed=None)  # what the form was about is there now
    if form is not None:
        hold_base(request, form)
    context = describe_page(request, plan, report, state, faults, form if failed else None)
    if form is not None and shown and panel == "ports":
        slug = form.data.get("service")
        context["item"] = next((item for item in context["services"] if item["service"].slug == slug), None)
    template = "planner/plan.html#changed" if htmx_of(request) else "planner/plan.html"
    response = render(request, template, context | {"trouble": trouble, "focus": focus})
    if failed:
        response.headers[NOT_SAVED] = "1"
    return replace_url(response, "?".join(filter(None, (context["here"], context["query"])))) if done else response


def _apply[F: EditForm](form: F, plan: Plan, matrix: Matrix, request: HttpRequest, action: Callable[..., object]) -> F:
    """Apply a valid form by an action; what speaks against it becomes the form's error."""
    if form.is_valid():
        try:
            action(plan_id=plan.pk, matrix=matrix, sender=read_sender(request), **form.cleaned_data)
        except PlanError as error:
            for fault in error.faults:
                form.add_error(None, fault.message)
        except (NotPossible, actions.Clash) as error:
            form.add_error(None, str(error))
            form.told = isinstance(error, actions.Clash)
    return form


def _rename(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    seen, _ = read_base(request, plan)
    form = _apply(RenameForm(request.POST, seen=seen), plan, matrix, request, actions.rename_plan)
    if form.errors:
        plan.refresh_from_db()
        form.catch_up(seen, plan.document)
    return form


def _choose(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    return _apply(ChoiceForm(request.POST, matrix=matrix), plan, matrix, request, reasons.choose)


def _override(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    return _apply(PortForm(request.POST, matrix=matrix), plan, matrix, request, actions.override_port)


def _correct(request: HttpRequest, plan: Plan, matrix: Matrix) -> EditForm:
    return _apply(CaveatForm(request.POST, matrix=matrix), plan, matrix, request, reasons.answer_caveat)


rename_plan = edit_view(_rename, "topology")
decide_choice = edit_view(_choose, "decisions")
override_port = edit_view(_override, "ports")
correct_caveat = edit_view(_correct, "caveats")
