"""The outline of a plan's zones: what each has, and the endpoints of a line that come when they are unfolded."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from planner.engine import Report
from planner.plan.document import Endpoint, Zone
from planner.report.said.outline import EndpointLine, ZoneBlock, outline_zones
from planner.store.comments import open_comments
from planner.store.editions import matrix_of
from planner.store.models import Plan
from planner.store.reports import outline_for
from planner.store.rule_comments import place
from planner.web.forms.own_settings import Settings
from planner.web.views.access import plan_view
from planner.web.views.htmx import htmx_of
from planner.web.views.state import State, read_state
from planner.web.views.writers import read_writer
from ports.text import read_number

MEMBERS = 6
"""How many endpoints a line names before it counts."""
FOLDED_HERE, FOLDED_IN_ALL = 12, 60
"""How many folded endpoints of a line, and of all lines together, the page has; more are fetched at the unfolding."""
MOST_FETCHED = 500
"""How many are fetched; the table has all of them."""


def describe_outline(report: Report, state: State) -> list[dict[str, Any]]:
    """The zones with their endpoints, and what both have otherwise than the plan."""
    settings = Settings(report)
    zones = {zone.name: zone for zone in report.plan.zones}
    room = FOLDED_IN_ALL
    blocks = []
    for block in outline_zones(report, members=MEMBERS):
        lines = []
        for number, line in enumerate(block.lines, 1):
            fits = line.endpoints.more <= min(FOLDED_HERE, room)
            room -= line.endpoints.more if fits else 0
            lines.append(
                {
                    "endpoints": line.endpoints,
                    "rest": "" if fits else _lead_to_rest(block, number, state),
                    "labels": line.labels,
                    "own": _say_together(settings, line.endpoints.shown),
                }
            )
        there = [zones[name] for name in block.group.zones]
        networks = there[0].networks if len(there) == 1 else ()
        own = _say_together(settings, there)
        blocks.append({"group": block.group, "total": block.total, "lines": lines, "own": own, "networks": networks})
    return blocks


def _lead_to_rest(block: ZoneBlock, number: int, state: State) -> str:
    """What follows the page's address to fetch the folded endpoints of a line; its links keep the page's state."""
    asked = urlencode({"zones": block.group.code, "line": str(number)})
    return f"endpoints/unfolded/?{'&'.join(filter(None, (asked, state.query(panel=''))))}"


def _say_together(settings: Settings, rows: Sequence[Zone | Endpoint]) -> list[str]:
    """What rows that stand on one line have of their own; of several, with whose it is."""
    if not settings.there:
        return []
    rows = rows[:MEMBERS]
    return [f"{row.name}, {said}" if len(rows) > 1 else said for row in rows for said in settings.say(row)]


@require_safe
@plan_view
def show_unfolded(request: HttpRequest, plan: Plan) -> HttpResponse:
    """The folded endpoints of a line of the outline for htmx, else a page with all of it; 404 for no such line."""
    report = outline_for(plan.version, matrix_of(plan))
    state, _ = read_state(request, report)
    block, line = _find_line(report, request.GET.get("zones", ""), request.GET.get("line", ""))
    htmx = htmx_of(request)
    is_part = bool(htmx) and not htmx.history_restore_request
    ends = line.endpoints.folded if is_part else (*line.endpoints.shown, *line.endpoints.folded)
    context = {
        "plan": plan,
        "here": plan.get_absolute_url(),
        "closed": state.query(panel=""),
        "group": block.group,
        "labels": line.labels,
        "endpoints": ends[:MOST_FETCHED],
        "more": max(0, len(ends) - MOST_FETCHED),
        "comments": open_comments(plan, read_writer(request), lambda: place(plan, report)),
    }
    return render(request, f"planner/unfolded.html{'#part' if is_part else ''}", context)


def _find_line(report: Report, code: str, number: str) -> tuple[ZoneBlock, EndpointLine]:
    block = next((one for one in outline_zones(report, members=MEMBERS) if one.group.code == code), None)
    at = read_number(number, least=1, most=len(block.lines)) if block is not None else None
    if block is None or at is None:
        raise Http404
    return block, block.lines[at - 1]
