"""All endpoints of a plan as one table: a page of it, and saving what was changed as one edit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from planner.plan.cells import write_cells
from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.plan.rows import Renames
from planner.plan.table_changes import Judged, Sent, Wrong, judge
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import find_entry
from planner.web.forms.endpoints_table import (
    NOTHING,
    Kept,
    Unreadable,
    Unsaved,
    Wish,
    list_meanings,
    read_rows,
    read_wish,
    show_page,
    shown_columns,
)
from planner.web.forms.topology import MAX_LISTED
from planner.web.views.access import plan_view
from planner.web.views.plans import describe_history, read_base, read_sender
from ports.matrix import Matrix
from ports.text import many

Document = Mapping[str, Any]
TRIES = 8
"""How often what is left is sent again after what others have overtaken was taken out."""


@require_http_methods(["GET", "HEAD", "POST"])
@plan_view
def edit_endpoints_table(request: HttpRequest, plan: Plan) -> HttpResponse:
    """A page of the table; what is posted is saved as one edit, but for faulty cells, which stay in the table."""
    wish = read_wish(request.GET)
    if request.method != "POST":
        return _show(request, plan, wish)
    sender = read_sender(request)
    if sender.operation and plan.revisions.filter(operation=sender.operation).exists():
        return redirect(_address(plan, wish))  # sent twice: it is stored
    try:
        rows = read_rows(request.POST)
    except Unreadable as error:
        return _show(request, plan, wish, trouble=str(error))
    done = _save(request, plan, rows)
    if not done.trouble and not done.unsaved.count:
        if done.saved:
            messages.success(request, f"{many(done.saved, 'cell')} saved as one step; Undo takes it back.")
        return redirect(_address(plan, wish))
    return _show(request, plan, wish, done.unsaved, trouble=done.trouble, saved=done.saved)


@require_POST
@plan_view
def check_endpoints(request: HttpRequest, plan: Plan) -> HttpResponse:
    """What is wrong with changed cells of the table before they are saved; nothing is stored."""
    base, _ = read_base(request, plan)
    try:
        rows = read_rows(request.POST)
    except Unreadable:
        return JsonResponse({"faults": []})
    judged = judge(base, rows, matrix=matrix_of(plan))
    faults = [
        {"row": int(wrong.key), "column": wrong.column or "name", "message": wrong.message} for wrong in judged.wrong
    ]
    return JsonResponse({"faults": faults})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of saving: how many cells were stored, which weren't, and what speaks against all of it."""

    saved: int
    unsaved: Unsaved
    trouble: str = ""


def _save(request: HttpRequest, plan: Plan, rows: Sequence[Sent]) -> Done:
    """Store what is faultless and what nobody else has changed, as one edit."""
    matrix, sender = matrix_of(plan), read_sender(request)
    base, renames = read_base(request, plan)
    first = judged = judge(base, rows, matrix=matrix)
    wrong, left, trouble, stored = [*judged.wrong], rows, "", False
    for _ in range(TRIES):
        trouble = " ".join(dict.fromkeys(fault.message for fault in judged.trouble[:3]))
        if judged.is_empty or trouble:
            break
        try:
            actions.apply_edit(
                plan_id=plan.pk, matrix=matrix, edit="edit-endpoints", params=judged.params, sender=sender
            )
        except (NotPossible, PlanError, actions.Clash) as error:
            plan.refresh_from_db()
            base, renames = read_base(request, plan)
            found = _find_causes(error, plan.document, left, renames, matrix)
            if not found:
                trouble = str(error) if not isinstance(error, PlanError) else error.faults[0].message
                break
            wrong += found
            left = [row for row in (_without(row, found) for row in left) if row]
            judged = judge(base, left, matrix=matrix)
            continue
        stored = True
        break
    plan.refresh_from_db()
    _, renames = read_base(request, plan)
    values = judged.values if stored else {}
    unsaved = _keep(first, rows, values, wrong, base, renames, plan.document)
    return Done(saved=sum(map(len, values.values())), unsaved=unsaved, trouble=trouble)


def _find_causes(
    error: Exception, now: Document, rows: Sequence[Sent], renames: Renames, matrix: Matrix
) -> list[Wrong]:
    """The cells because of which an edit couldn't be made on what others have made of the plan; none if unknown."""
    by_name = {renames.endpoints.get(row.name, row.name): row for row in rows if row.name}
    if isinstance(error, actions.Clash):
        return [*_tell_clashes(error, by_name, rows)]
    there = {endpoint["name"] for endpoint in now["endpoints"]}
    gone = [
        Wrong(row.key, "", f"Someone has deleted “{row.name}” in between. Save again to make it anew.")
        for name, row in by_name.items()
        if name not in there
    ]
    moved = [replace(row, name=name) for name, row in by_name.items() if name in there]
    moved += [row for row in rows if not row.name]
    return gone or [*judge(now, moved, matrix=matrix).wrong]


def _tell_clashes(clash: actions.Clash, by_name: Mapping[str, Sent], rows: Sequence[Sent]) -> list[Wrong]:
    by_new = {row.cells["name"].strip(): row for row in rows if not row.name and "name" in row.cells}
    found = []
    for path, value in clash.values.items():
        if path[0] != "endpoints" or len(path) < 3:
            continue
        row, column = by_name.get(path[1]), path[2]
        if row is not None:
            now = write_cells({column: value}).get(column, "")
            sentence = f"Someone has changed this in between, to {f'“{now}”' if now else 'nothing'}."
            found.append(Wrong(row.key, column, f"{sentence} Save again if yours is to count."))
        elif path[1] in by_new:
            sentence = f"Someone has added an endpoint “{path[1]}” in between; give this one another name."
            found.append(Wrong(by_new[path[1]].key, "name", sentence))
    return found


def _without(row: Sent, wrong: Sequence[Wrong]) -> Sent | None:
    """The row without its cells that are wrong; a new one, or one that is wrong as a whole, goes."""
    columns = {item.column for item in wrong if item.key == row.key}
    if not columns:
        return row
    if not row.name or not columns <= row.cells.keys():
        return None
    return replace(row, cells={column: text for column, text in row.cells.items() if column not in columns})


def _keep(
    first: Judged,
    rows: Sequence[Sent],
    stored: Mapping[str, Mapping[str, Any]],
    wrong: Sequence[Wrong],
    base: Document,
    renames: Renames,
    now: Document,
) -> Unsaved:
    """What was typed and isn't stored, by what the endpoints are called now. Those that are gone become new rows."""
    faults: dict[tuple[str, str], str] = {}
    for item in wrong:
        faults.setdefault((item.key, item.column), item.message)
    there = {endpoint["name"] for endpoint in now["endpoints"]}
    before = {endpoint["name"]: endpoint for endpoint in base["endpoints"]}
    cells: dict[str, dict[str, Kept]] = {}
    new: list[dict[str, Kept]] = []
    for row in rows:
        columns = [column for column in first.changed.get(row.key, ()) if column not in stored.get(row.key, {})]
        if not columns:
            continue
        whole = next((message for (key, _), message in faults.items() if key == row.key), "")
        own = {column: faults.get((row.key, column), "") for column in shown_columns()}
        name = renames.endpoints.get(row.name, row.name)
        if row.name and name in there:
            if not any(own[column] for column in columns):
                own[columns[0]] = whole
            cells[name] = {column: Kept(row.cells[column], own[column]) for column in columns}
            continue
        if not any(own.values()):
            own["name"] = whole
        texts = write_cells(before.get(row.name, {})) | dict(row.cells)
        new.append({column: Kept(text, own[column]) for column, text in texts.items() if text or own[column]})
    return Unsaved(cells=cells, new=new)


def _address(plan: Plan, wish: Wish) -> str:
    facts = {"find": wish.find, "without": wish.without, "page": str(wish.page) if wish.page > 1 else ""}
    query = urlencode({name: value for name, value in facts.items() if value})
    return reverse("edit_endpoints_table", kwargs={"key": plan.key}) + (f"?{query}" if query else "")


def _show(
    request: HttpRequest, plan: Plan, wish: Wish, unsaved: Unsaved = NOTHING, *, trouble: str = "", saved: int = 0
) -> HttpResponse:
    plan.refresh_from_db()
    page = show_page(plan.document, wish, unsaved)
    zones = [zone["name"] for zone in plan.document["zones"]]
    context = {
        "plan": plan,
        "page": page,
        "wish": wish,
        "meanings": list_meanings(matrix_of(plan)),
        "first_fault": next((cell.name for row in page.rows for cell in row.cells if cell.fault), ""),
        "zones": zones if len(zones) <= MAX_LISTED else (),
        "unsaved": unsaved,
        "trouble": trouble,
        "not_all": f"{many(saved, 'cell')} saved, {unsaved.count:,} not ({many(len(unsaved.rows), 'row')})",
        "action": _address(plan, wish),
        "before": _address(plan, wish._replace(page=page.previous)) if page.previous else "",
        "after": _address(plan, wish._replace(page=page.next)) if page.next else "",
        "everything": reverse("edit_endpoints_table", kwargs={"key": plan.key}),
        "history": describe_history(plan, find_entry(plan, plan.revision)),
    }
    return render(request, "planner/endpoints_table.html", context)
