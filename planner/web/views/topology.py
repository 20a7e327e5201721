"""Zones and endpoints: adding, editing, moving, duplicating, deleting, and importing them from a table."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import push_url

from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.plan.endpoint_table import export, template
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import outline_for
from planner.web.forms.endpoints_import import EndpointsImportForm
from planner.web.forms.plans import EditForm
from planner.web.forms.several import SeveralForm
from planner.web.forms.topology import (
    CLOSED,
    AddEndpointForm,
    EndpointForm,
    MoveForm,
    Opened,
    TargetForm,
    ZoneForm,
    name_uses,
    place_faults,
)
from planner.web.views.access import plan_view
from planner.web.views.beside import find_next
from planner.web.views.htmx import htmx_of
from planner.web.views.plans import NOT_SAVED, describe_page, hold_base, read_base, read_sender
from planner.web.views.rows import try_plainly
from planner.web.views.state import read_state

Document = Mapping[str, Any]


@require_POST
@plan_view
def add_endpoint(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Add an endpoint and open its editor."""
    form = AddEndpointForm(request.POST)
    if form.is_valid():
        _try(request, plan, form, "add-endpoint", {"endpoint": form.cleaned_data}, "endpoints", None)
    opened = ("add", "endpoint") if form.errors else ("edit", form.cleaned_data["name"])
    return _answer(request, plan, Opened(*opened), form=form)


@require_POST
@plan_view
def edit_endpoint(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Change what differs between the form and the endpoint as its editor saw it."""
    form = EndpointForm(request.POST)
    target = form.target_name
    base, renames = read_base(request, plan)
    seen = _find(base, "endpoints", target)
    now = _find(plan.document, "endpoints", renames.endpoints.get(target, target))
    if seen is None or now is None:
        return _make_again(request, plan, form)
    valid = form.is_valid()
    changes = form.changes(seen)
    if valid:
        params = {"endpoint": target, "changes": changes}
        _try(request, plan, form, "edit-endpoint", params, "endpoints", now["name"])
    if form.errors:
        plan.refresh_from_db()
        form.catch_up(_find(plan.document, "endpoints", now["name"]) or now, changes)
    # A name that its author left alone is what others have made of it.
    name = now["name"] if form.errors else changes.get("name", now["name"])
    return _answer(request, plan, Opened("edit", name), form=form, go_on=request.POST.get("then") == "next")


def _make_again(request: HttpRequest, plan: Plan, form: EndpointForm) -> HttpResponse:
    """The answer to an edit of an endpoint that isn't there any more: it says so, and on demand makes it again."""
    target = form.target_name
    valid = form.is_valid()
    if "again" in request.POST:
        if valid:
            _try(request, plan, form, "add-endpoint", {"endpoint": form.row}, "endpoints", None)
        if not form.errors:
            return _answer(request, plan, Opened("edit", form.cleaned_data["name"]), form=form)
    else:
        said = f"There is no endpoint “{target}” any more; someone has renamed or deleted it."
        form.add_error(None, f"{said} What you have typed is still here: make it again, or close this.")
    form.told = True  # what others did has been said
    return _answer(request, plan, Opened("edit", target), form=form, lost=True)


@require_POST
@plan_view
def move_endpoint(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Put an endpoint into another zone: what its editor does, for who drags it there."""
    form = MoveForm(request.POST)
    if form.is_valid():
        params = {"endpoint": form.cleaned_data["target"], "changes": {"zone": form.cleaned_data["zone"]}}
        trouble = try_plainly(request, plan, "edit-endpoint", params)
    else:
        trouble = " ".join(str(error) for errors in form.errors.values() for error in errors)
    return _answer(request, plan, CLOSED, trouble=trouble)


@require_POST
@plan_view
def duplicate_endpoint(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Copy an endpoint under a free name, and open the copy."""
    target = request.POST.get("target", "")
    trouble = try_plainly(request, plan, "duplicate-endpoint", {"endpoint": target})
    plan.refresh_from_db()
    names = [endpoint["name"] for endpoint in plan.document["endpoints"]]
    name = _name_now(request, plan, "endpoints", target)
    after = names[names.index(name) + 1 :] if name in names and not trouble else []
    return _answer(request, plan, Opened("edit", after[0]) if after else CLOSED, trouble=trouble)


@require_POST
@plan_view
def delete_endpoint(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Delete an endpoint; if something else names it, once that has been confirmed."""
    form = TargetForm(request.POST)
    target = request.POST.get("target", "")
    name = _name_now(request, plan, "endpoints", target)
    uses = name_uses(plan.document, name)
    confirmed = form.cleaned_data["confirmed"] if form.is_valid() else None
    if uses and confirmed != len(uses) and _find(plan.document, "endpoints", name):
        return _answer(request, plan, Opened("edit", name), confirm={"uses": uses, "count": len(uses)})
    trouble = try_plainly(request, plan, "delete-endpoint", {"endpoint": target})
    return _answer(request, plan, CLOSED, trouble=trouble)


@require_POST
@plan_view
def change_endpoints(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Change the zone, roles or operations of several endpoints, as one step."""
    base, _ = read_base(request, plan)
    form = SeveralForm(request.POST, document=base)
    if form.is_valid() and form.changes:
        params = {"changes": form.changes, "zones": [], "endpoints": []}
        _try(request, plan, form, "edit-endpoints", params, "endpoints", None)
    return _answer(request, plan, Opened("add", "several") if form.errors else CLOSED, form=form)


@require_POST
@plan_view
def import_endpoints(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Store a table at once that only makes endpoints; any other when what it comes to has been confirmed."""
    form = EndpointsImportForm(request.POST, request.FILES)
    sender, matrix = read_sender(request), matrix_of(plan)
    if sender.operation and plan.revisions.filter(operation=sender.operation).exists():
        return _answer(request, plan, CLOSED)  # sent twice: its endpoints are there
    valid = form.is_valid()
    confirmed = valid and form.cleaned_data["confirmed"]
    found = form.compare_with(read_base(request, plan)[0] if confirmed else plan.document, matrix) if valid else None
    at_once = found is not None and found.is_plain and not form.is_looked_at
    if found is not None and (at_once or (confirmed and found.count and not found.trouble)):
        # To make endpoints is meant for the newest state that the table was compared with.
        sender = sender if confirmed else replace(sender, base=plan.revision)
        edit = "add-endpoints" if at_once else "edit-endpoints"
        try:
            actions.apply_edit(plan_id=plan.pk, matrix=matrix, edit=edit, params=found.params, sender=sender)
            return _answer(request, plan, CLOSED)
        except (PlanError, NotPossible, actions.Clash) as error:
            for sentence in error.brief if isinstance(error, PlanError) else (str(error),):
                form.add_error(None, sentence)
            plan.refresh_from_db()
            form.compare_with(plan.document, matrix)
            form.told = True
            form.asked = True
    elif found is not None:
        form.told = True  # it was compared with the newest state
        form.ask()
    return _answer(request, plan, Opened("add", "import"), form=form)


@require_safe
@plan_view
def download_template(_request: HttpRequest, plan: Plan) -> HttpResponse:
    """A table to fill in, with the columns that an import reads."""
    return _download(template(plan.document, matrix_of(plan)), "endpoints-template.csv")


@require_safe
@plan_view
def download_endpoints(_request: HttpRequest, plan: Plan) -> HttpResponse:
    """The endpoints of the plan as the table that an import reads."""
    return _download(export(plan.document), f"{slugify(plan.name)[:80] or 'plan'}-endpoints.csv")


def _download(table: bytes, name: str) -> HttpResponse:
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@require_POST
@plan_view
def add_zone(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Add a zone."""
    form = ZoneForm(request.POST)
    if form.is_valid():
        _try(request, plan, form, "add-zone", form.row, "zones", None)
    return _answer(request, plan, Opened("add", "zone") if form.errors else CLOSED, form=form)


@require_POST
@plan_view
def edit_zone(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Give a zone another name or kind; what names it follows."""
    form = ZoneForm(request.POST)
    target = form.target_name
    base, renames = read_base(request, plan)
    seen = _find(base, "zones", target) or {}
    name = renames.zones.get(target, target)
    valid = form.is_valid()
    changes = form.changes(seen)
    if valid:
        _try(request, plan, form, "edit-zone", {"zone": target, **changes}, "zones", name)
    if form.errors:
        plan.refresh_from_db()
        now = _find(plan.document, "zones", name)
        if now is not None:
            form.catch_up(now, changes)
    opened = Opened("zone", name) if form.errors else CLOSED
    return _answer(request, plan, opened, form=form, returned=changes.get("name", name))


@require_POST
@plan_view
def delete_zone(request: HttpRequest, plan: Plan) -> HttpResponse:
    """Delete a zone; if endpoints go with it, once their number has been confirmed."""
    form = TargetForm(request.POST)
    target = request.POST.get("target", "")
    name = _name_now(request, plan, "zones", target)
    count = sum(1 for endpoint in plan.document["endpoints"] if endpoint["zone"] == name)
    confirmed = form.cleaned_data["confirmed"] if form.is_valid() else None
    if count and confirmed != count:
        return _answer(request, plan, Opened("zone", name), confirm={"count": count})
    trouble = try_plainly(request, plan, "delete-zone", {"zone": target})
    return _answer(request, plan, CLOSED, trouble=trouble)


def _try(
    request: HttpRequest, plan: Plan, form: EditForm, edit: str, params: Mapping[str, Any], kind: str, name: str | None
) -> None:
    """Apply an edit; what speaks against it becomes the form's errors. `name` is the endpoint's or zone's as it is."""
    before = plan.document
    try:
        actions.apply_edit(
            plan_id=plan.pk, matrix=matrix_of(plan), edit=edit, params=params, sender=read_sender(request)
        )
    except PlanError as error:
        names = [item["name"] for item in before[kind]]
        index = names.index(name) if name in names else len(names)
        for field, sentence in place_faults(error.faults, before, kind, index):
            form.add_error(field if field in form.fields else None, sentence)
    except actions.Clash as error:
        form.add_error(None, str(error))
        form.told = True
        for path, value in error.values.items():
            if path[0] == kind and len(path) > 2 and path[2] in form.fields:
                form.add_error(path[2], f"In the plan now: {': '.join((*path[3:], _say(value)))}.")
    except NotPossible as error:
        form.add_error(None, str(error))


def _name_now(request: HttpRequest, plan: Plan, kind: str, target: str) -> str:
    """What an endpoint or zone is called by now that the sender saw as `target`: an edit follows it, too."""
    return read_base(request, plan)[1].of(kind).get(target, target)


def _find(document: Document, kind: str, name: str) -> dict[str, Any] | None:
    return next((item for item in document[kind] if item["name"] == name), None)


def _say(value: object) -> str:
    if isinstance(value, list):
        return f"{', '.join(map(str, value[:8]))}{' …' if len(value) > 8 else ''}"
    return {None: "nothing", True: "yes"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)


def _answer(
    request: HttpRequest,
    plan: Plan,
    opened: Opened,
    *,
    form: EditForm | None = None,
    confirm: Mapping[str, Any] | None = None,
    trouble: str = "",
    go_on: bool = False,
    lost: bool = False,
    returned: str = "",
) -> HttpResponse:
    """The page as it is now, or the form as it was sent; for htmx the parts that may have changed.

    With `go_on` the endpoint after the one that was saved is opened. `lost` says that there is no such one any more.
    When nothing is opened the focus goes to what was: `returned`, where that is called otherwise now.
    """
    plan.refresh_from_db()
    report = outline_for(plan.version, matrix_of(plan))
    state, faults = read_state(request, report)
    failed = bool(trouble) or bool(confirm) or (form is not None and (bool(form.errors) or bool(form.asked)))
    if form is not None:
        hold_base(request, form)
    if go_on and not failed:
        opened = Opened("edit", find_next(report, opened.name) or opened.name)
    before, state = state.opened, replace(state, panel="topology", opened=opened)
    query = state.query()
    address = plan.get_absolute_url() + (f"?{query}" if query else "")
    if not failed and not htmx_of(request):
        return redirect(address)
    context = describe_page(request, plan, report, state, faults, form if failed else None)
    context |= {
        "trouble": trouble,
        "confirm": confirm,
        "lost": lost,
        "fresh": opened.kind and before.kind != opened.kind,
        "returned": "" if opened.kind else returned or before.name,
    }
    response = render(request, "planner/plan.html#changed" if htmx_of(request) else "planner/plan.html", context)
    if failed:
        response.headers[NOT_SAVED] = "1"
    return push_url(response, address) if htmx_of(request) and not failed else response
