"""The last step of the guided start, which can be skipped: what the few servers are called, and their addresses.

Asked as well are the networks of those who come from one of their own.

Like the answers, which the form carries along, nothing is kept anywhere before the plan is made.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from planner.plan.blueprint import list_others
from planner.plan.changes import apply
from planner.plan.document import Endpoint, Plan, check_plan, dump_plan
from planner.plan.edits import edit_endpoints
from planner.plan.table_changes import Judged, Sent, judge
from planner.web.views.access import maker_view, matrix_view
from planner.web.views.guided import TYPED
from planner.web.views.products import Chosen, choose_product
from planner.web.views.start import compose_or_refuse, store_plan
from ports.matrix import Matrix

SHOWN = 40
"""How many servers the page asks about; the table of a plan has the others."""
_COLUMNS = ("name", "addresses")


@require_POST
@maker_view
@matrix_view
def guided_names(request: HttpRequest) -> HttpResponse:
    """The servers of the answers' plan with a field for name and addresses; with `make`, the plan that has them.

    With faults nothing is stored, and each stands at its field.
    """
    chosen = choose_product(request)
    composed = compose_or_refuse(request, chosen)
    if isinstance(composed, HttpResponse):
        return composed
    matrix, plan = chosen.matrix, composed.plan
    servers = list_servers(matrix, plan)
    typed = _read_typed(request)
    if "make" not in request.POST:
        return _show(request, chosen, servers, typed)
    document = dump_plan(plan)
    rows = [
        Sent(key=str(place), name=server.name, cells=typed.get(server.name, {}))
        for place, server in enumerate(servers[:SHOWN])
    ]
    judged = judge(document, rows, matrix=matrix)
    if judged.wrong or judged.trouble:
        return _show(request, chosen, servers, {row.name: row.cells for row in rows}, judged)
    named = check_plan(apply(document, edit_endpoints(document, judged.params)), matrix=matrix)
    return store_plan(request, named, matrix)


def list_servers(matrix: Matrix, plan: Plan) -> list[Endpoint]:
    """The endpoints of a plan whose names and addresses are asked, in its order.

    Single machines with a role of servers, and those who come from networks of their own.
    """
    servers = {slug for slug, role in matrix.roles.items() if role.kind == "server"}
    others = {end.name for _, end in list_others(matrix, plan)}
    return [
        end for end in plan.endpoints if (not end.group and not servers.isdisjoint(end.roles)) or end.name in others
    ]


def _read_typed(request: HttpRequest) -> dict[str, dict[str, str]]:
    """What was typed of each server, by the name that the answers give it; other answers may have others."""
    found = {}
    for field in request.POST:
        prefix = field.removesuffix("of")
        if field.startswith(TYPED) and field.endswith("-of") and prefix + _COLUMNS[0] in request.POST:
            found[request.POST.get(field, "")] = {
                column: request.POST.get(prefix + column, "").strip() for column in _COLUMNS
            }
    return found


def _show(
    request: HttpRequest,
    chosen: Chosen,
    servers: list[Endpoint],
    typed: Mapping[str, Mapping[str, str]],
    judged: Judged | None = None,
) -> HttpResponse:
    faults: dict[tuple[str, str], list[str]] = {}
    for wrong in judged.wrong if judged else ():
        faults.setdefault((wrong.key, wrong.column or "name"), []).append(wrong.message)
    roles = chosen.matrix.roles

    def describe(place: int, server: Endpoint) -> dict[str, Any]:
        cells = typed.get(server.name, {})
        return {
            "key": str(place),
            "server": server,
            "roles": ", ".join(roles[slug].name for slug in server.roles),
            "name": cells.get("name", server.name),
            "addresses": cells.get("addresses", ", ".join(server.addresses)),
            "name_faults": faults.get((str(place), "name"), ()),
            "address_faults": faults.get((str(place), "addresses"), ()),
        }

    context = {
        "chosen": chosen,
        "matrix": chosen.matrix,
        "carried": [
            (name, value)
            for name, values in request.POST.lists()
            if name not in ("csrfmiddlewaretoken", "make") and not name.startswith(TYPED)
            for value in values
        ],
        "rows": [describe(place, server) for place, server in enumerate(servers[:SHOWN])],
        "others": max(0, len(servers) - SHOWN),
        "count": len(faults),
        "trouble": [fault.message for fault in judged.trouble] if judged else (),
    }
    return render(request, "planner/start_names.html", context)
