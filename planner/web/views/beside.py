"""The list that stands beside the editor of an endpoint: the endpoints, zone by zone, and which comes next."""

from collections import defaultdict
from itertools import groupby
from typing import Any

from planner.engine import Report
from planner.plan.document import Endpoint
from planner.web.views.state import State

AROUND = 40
"""How many endpoints are listed before and after the one that is open; the search finds the others."""


def order_endpoints(report: Report) -> list[Endpoint]:
    """All endpoints as the topology lists them: by zone in its order, in each as the plan has them."""
    by_zone: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in report.plan.endpoints:
        by_zone[endpoint.zone].append(endpoint)
    return [endpoint for group in report.zone_groups for zone in group.zones for endpoint in by_zone[zone]]


def find_next(report: Report, name: str) -> str:
    """The endpoint after one in the list; the first after the last, empty where there is no other or no such one."""
    names = [endpoint.name for endpoint in order_endpoints(report)]
    if name not in names or len(names) < 2:
        return ""
    return names[(names.index(name) + 1) % len(names)]


def describe_beside(report: Report, state: State) -> dict[str, Any]:
    """The list around the endpoint that is open, and the addresses of those before and after it."""
    if state.panel != "topology" or state.opened.kind != "edit":
        return {}
    ends = order_endpoints(report)
    names = [endpoint.name for endpoint in ends]
    if state.opened.name not in names:
        return {}
    at = names.index(state.opened.name)
    first = max(0, at - AROUND)
    shown = ends[first : at + AROUND + 1]
    return {
        "beside": [(zone, list(members)) for zone, members in groupby(shown, key=lambda endpoint: endpoint.zone)],
        "beside_before": first,
        "beside_after": len(ends) - first - len(shown),
        "previous_end": _lead(state, names[at - 1]) if len(names) > 1 else "",
        "next_end": _lead(state, names[(at + 1) % len(names)]) if len(names) > 1 else "",
        "place_of_end": (at + 1, len(ends)),
    }


def _lead(state: State, name: str) -> str:
    return state.query(panel="", edit=name)
