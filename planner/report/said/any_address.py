"""What any address leaves out where two plans differ in it: networks and addresses of other zones. Pure.

No flow and no rule says it, and files of firewalls have it.
"""

from collections import defaultdict
from collections.abc import Iterator

from planner.engine.compare import Comparison
from planner.engine.report import Report
from planner.plan.document import ANY, Plan
from planner.report.said.elsewhere import Elsewhere, find_difference
from ports.text import many, several

MOST_ZONES = 10
"""In how many zones with an endpoint that is any address it is looked at; each costs all addresses of the plan."""


def say_any(comparison: Comparison) -> Iterator[str]:
    """For whom of the rules of both reports any address leaves out something else than before: a sentence for each
    difference."""
    before, after = comparison.before.plan, comparison.after.plan
    then = _find_open(comparison.before)
    zones: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, zone in _find_open(comparison.after).items():
        if name in then:
            zones[then[name], zone].append(name)
    if not zones or _list_places(before) == _list_places(after):
        return
    elsewhere, elsewhere_then = Elsewhere(after), Elsewhere(before)
    differences: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for old, new in list(zones)[:MOST_ZONES]:
        out: list[str] = []
        back: list[str] = []
        for family in (4, 6):
            was, now = elsewhere_then.list_spans(old, family), elsewhere.list_spans(new, family)
            out += find_difference(now, was, family)
            back += find_difference(was, now, family)
        differences[tuple(out), tuple(back)] += zones.pop((old, new))
    for (left_out, taken_in), names in differences.items():
        parts = (
            f"{several(left_out)} now" if left_out else "",
            f"{several(taken_in)} no longer" if taken_in else "",
        )
        if said := " and ".join(filter(None, parts)):
            yield (
                f"For {several(names)}, any address leaves out {said}: files of firewalls may differ by it even where "
                "no rule does."
            )
    if zones:
        count = sum(map(len, zones.values()))
        yield f"What any address leaves out for {many(count, 'more endpoint')} was not compared."


def _find_open(report: Report) -> dict[str, str]:
    """The endpoints of rules that are any address, each with its zone."""
    return {
        end.name: end.zone
        for rule in report.rules
        for end in (*rule.sources, *rule.destinations)
        if end.addresses == (ANY,)
    }


def _list_places(plan: Plan) -> set[tuple[str, tuple[str, ...]]]:
    """Which addresses the zones have."""
    return {
        *((zone.name, tuple(zone.networks)) for zone in plan.zones),
        *((end.zone, tuple(end.addresses)) for end in plan.endpoints),
    }
