"""The first page, and the ways to begin: a ready-made topology or a document of one's own."""

from collections.abc import Iterable
from typing import IO

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from planner.plan.archive import ON_THE_PAGE
from planner.plan.archive_values import ArchiveError
from planner.plan.blueprint import blank_addresses
from planner.plan.check_results import results_schema
from planner.plan.document import Fault, Plan, check_plan, plan_schema
from planner.plan.kinds import KINDS, USUAL
from planner.plan.topologies import read_topologies
from planner.report.formats.json import report_schema
from planner.store import actions
from planner.store.holders import read_holder
from planner.store.transfer import import_plans
from planner.web.forms.plans import MAX_ERRORS, MAX_FOLDED, ImportForm
from planner.web.views.access import count_plans, keep_private, maker_view, matrix_view, open_new
from planner.web.views.errors import show_error
from planner.web.views.products import Chosen, choose_product
from planner.web.views.shelf import list_recent
from ports.matrix import Matrix
from ports.text import many


def _say_answered(plan: Plan) -> str:
    """In a few words, how a topology answers what the document leaves open; empty where it answers nothing."""
    practice, documented = len(plan.corrections), len(plan.as_documented)
    said = [f"practice in {practice}"] if practice else []
    said += [f"as documented in {documented}"] if documented else []
    return f"Answers {many(practice + documented, 'question')} of the document: {', '.join(said)}." if said else ""


def make_empty(kinds: Iterable[str], matrix: Matrix) -> Plan:
    """A plan without endpoints, with a zone of each of these kinds; of the usual kind where none is one."""
    chosen = [kind for kind in KINDS.values() if kind.slug in set(kinds)] or [KINDS[USUAL]]
    names = [kind.name.removesuffix(" zone") for kind in chosen]
    zones = [
        {"name": f"{name[0].upper()}{name[1:]}", "kind": kind.slug} for name, kind in zip(names, chosen, strict=True)
    ]
    return check_plan({"format": 1, "name": "New plan", "zones": zones, "endpoints": []}, matrix=matrix)


@require_safe
@matrix_view
def show_home(request: HttpRequest) -> HttpResponse:
    """What this is, and where to begin."""
    chosen = choose_product(request)
    topologies = read_topologies(chosen.matrix)
    cards = [{"slug": slug, "plan": plan, "answered": _say_answered(plan)} for slug, plan in topologies.items()]
    context = {"cards": cards, "matrix": chosen.matrix, "chosen": chosen, "recent": list_recent(request)}
    context |= {"kinds": KINDS.values(), "usual_kind": USUAL}
    return keep_private(render(request, "planner/home.html", context))


@require_POST
@maker_view
@matrix_view
def start_plan(request: HttpRequest) -> HttpResponse:
    """Make a plan from a ready-made topology and go to it. Its addresses are an example's, so they are left out.

    With `empty` one that has a zone of each kind that is ticked, and nothing in them.
    """
    matrix = choose_product(request).matrix
    if "empty" in request.POST:
        count_plans(request)
        empty = make_empty(request.POST.getlist("kind"), matrix)
        holder = read_holder(request)
        row = actions.create_plan(plan=empty, matrix=matrix, summary="Started empty", holder=holder)
        return open_new(request, row)
    plan = read_topologies(matrix).get(request.POST.get("example", ""))
    if plan is None:
        return show_error(request, 404, "There is no such topology", "Choose one of those on the start page.")
    count_plans(request)
    summary = f"Started from “{plan.name}”"
    holder = read_holder(request)
    row = actions.create_plan(plan=blank_addresses(plan), matrix=matrix, summary=summary, holder=holder)
    return open_new(request, row)


@require_http_methods(["GET", "HEAD", "POST"])
@maker_view
@matrix_view
def import_plan(request: HttpRequest) -> HttpResponse:
    """Read a plan document from a file or pasted text; all its faults are listed, and then nothing is stored."""
    chosen = choose_product(request)
    matrix = chosen.matrix
    if request.method != "POST":
        return render(request, "planner/import.html", {"form": ImportForm(matrix=matrix), "chosen": chosen})
    form = ImportForm(request.POST, request.FILES, matrix=matrix)
    if form.is_valid() and form.archive is not None:
        return _import_archive(request, form, form.archive, chosen)
    if form.is_valid() and form.plan is not None:
        count_plans(request)
        holder = read_holder(request)
        row = actions.create_plan(plan=form.plan, matrix=form.matrix, summary="Imported", holder=holder)
        for carried in form.carried:
            messages.info(request, f"Renamed since the document was written, and read so: {carried}")
        return open_new(request, row)
    context = {
        "form": form,
        "chosen": chosen,
        "faults": form.faults[:MAX_ERRORS],
        "folded": form.faults[MAX_ERRORS:MAX_FOLDED],
        "beyond": max(0, len(form.faults) - MAX_FOLDED),
    }
    return render(request, "planner/import.html", context)


def _import_archive(request: HttpRequest, form: ImportForm, file: IO[bytes], chosen: Chosen) -> HttpResponse:
    """A plan with all its revisions, under a new address; or what is wrong with the archive."""
    try:
        plans = import_plans(
            file,
            ON_THE_PAGE,
            chosen.matrix,
            read_holder(request),
            admit=lambda number: count_plans(request, number),
            tell=lambda sentence: messages.info(request, sentence),
        )
    except ArchiveError as error:
        form.add_error(None, "This archive can't be imported.")
        context = {"form": form, "chosen": chosen, "faults": (Fault(error.where, error.message),)}
        return render(request, "planner/import.html", context)
    if not plans:
        form.add_error(None, "There is no plan in this archive; one is needed.")
        return render(request, "planner/import.html", {"form": form, "chosen": chosen})
    return open_new(request, *plans)


@require_safe
@matrix_view
def show_schema(request: HttpRequest, name: str) -> HttpResponse:
    """The JSON Schema of plan documents, of JSON reports or of results of checks."""
    made = {"report": report_schema, "results": results_schema}
    schema = made[name]() if name in made else plan_schema(choose_product(request).matrix)
    return JsonResponse(schema, content_type="application/schema+json", json_dumps_params={"indent": 2})
