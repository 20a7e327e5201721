"""The cost of a plan grows in proportion to its size, counted in steps of the interpreter instead of seconds."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

import pytest

from planner.engine import evaluate_report
from planner.engine.flows import evaluate
from planner.engine.rules import consolidate
from planner.plan.document import PlanError, check_plan, dump_plan
from planner.report import FORMATS
from planner.report.said.outline import outline_rules, outline_zones
from ports.queries import shipped_matrix
from scripts.sites import make_company, make_sites

pytestmark = pytest.mark.slow

MATRIX = shipped_matrix()
SMALL, LARGE = 100, 400
MOST = 1.1 * LARGE / SMALL
"""How much more the larger plan may cost: what is sorted costs a little more than its share."""


@cache
def plan(count):
    return check_plan(make_sites(count), matrix=MATRIX)


def count_steps(work: Callable[[], object]) -> int:
    """Calls, returns to generators and turns of loops: the same number on every machine and every run."""
    monitoring, tool, steps = sys.monitoring, 4, 0
    events = (monitoring.events.PY_START, monitoring.events.PY_RESUME, monitoring.events.CALL, monitoring.events.JUMP)

    def step(*_):
        nonlocal steps
        steps += 1

    monitoring.use_tool_id(tool, "steps")
    try:
        for event in events:
            monitoring.register_callback(tool, event, step)
        monitoring.set_events(tool, sum(events))
        work()
    finally:
        monitoring.set_events(tool, 0)
        for event in events:
            monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)
    return steps


def outline(report):
    outline_rules(report, members=6)
    outline_zones(report, members=6)


WORK = {
    "check the document": lambda p: partial(check_plan, dump_plan(p), matrix=MATRIX),
    "evaluate": lambda p: partial(evaluate, MATRIX, p),
    "consolidate": lambda p: partial(consolidate, MATRIX, p, evaluate(MATRIX, p)),
    "report": lambda p: partial(evaluate_report, MATRIX, p),
    "outline": lambda p: partial(outline, evaluate_report(MATRIX, p)),
    "json": lambda p: partial(FORMATS["json"].render, evaluate_report(MATRIX, p)),
    "csv": lambda p: partial(FORMATS["csv"].render, evaluate_report(MATRIX, p)),
    "xlsx": lambda p: partial(FORMATS["xlsx"].render, evaluate_report(MATRIX, p)),
    "markdown": lambda p: partial(FORMATS["markdown"].render, evaluate_report(MATRIX, p)),
    "html": lambda p: partial(FORMATS["html"].render, evaluate_report(MATRIX, p)),
}
"""Prepares a piece of work on a plan and returns it, ready to be counted."""


@pytest.mark.parametrize("name", WORK)
def test_four_times_the_sites_take_at_most_little_more_than_four_times_the_steps(name):
    prepare = WORK[name]
    prepare(plan(2))()  # what is done once, such as imports
    small, large = (count_steps(prepare(plan(count))) for count in (SMALL, LARGE))
    assert small > SMALL, "nothing was counted"
    assert large <= MOST * small


class Name(str):
    """A name that counts how often it is compared, which a search through a list does unseen."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other):
        Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def count_comparisons(count: int) -> int:
    """Comparisons of names while a plan of so many sites is evaluated."""
    read = plan(count)
    names: dict[str, Name] = {}

    def name(text):
        return names.setdefault(text, Name(text))

    counted = replace(
        read,
        zones=tuple(replace(zone, name=name(zone.name)) for zone in read.zones),
        endpoints=tuple(replace(e, name=name(e.name), zone=Name(e.zone)) for e in read.endpoints),
    )
    Name.compared = 0
    evaluate_report(MATRIX, counted)
    return Name.compared


def test_names_are_found_without_a_search_through_all_of_them():
    small, large = count_comparisons(SMALL), count_comparisons(LARGE)
    assert small > SMALL
    assert large <= MOST * small


def broken(count):
    """A document with as many faults of each kind, under names and keys that count their comparisons."""
    document = make_sites(count)
    for number, endpoint in enumerate(document["endpoints"]):
        endpoint |= {"name": Name(endpoint["name"]), "zone": Name(f"Nowhere {number}"), "managed_by": ["Nobody"]}
    document["endpoints"] += document["endpoints"]
    document["additional_flows"] = [{Name(f"key {number}"): 1} for number in range(count)]
    return document | {Name(f"key {number}"): number for number in range(count)}


def refuse(document):
    with pytest.raises(PlanError) as caught:
        check_plan(document, matrix=MATRIX)
    assert len(caught.value.faults) > len(document["endpoints"])


def test_what_is_wrong_with_a_document_is_told_at_a_cost_in_proportion():
    refuse(broken(2))
    small, large = (count_steps(partial(refuse, broken(count))) for count in (SMALL, LARGE))
    assert large <= MOST * small
    compared = []
    for count in (SMALL, LARGE):
        document = broken(count)
        Name.compared = 0
        refuse(document)
        compared.append(Name.compared)
    assert compared[1] <= MOST * max(compared[0], SMALL)


def test_the_steps_counted_tell_a_square_from_a_line():
    """Guards the tests above: a pass over all pairs would be seen, with and without calls."""

    def pairs(count):
        return lambda: [(a, b) for a in range(count) for b in range(count)]

    assert count_steps(pairs(LARGE)) > 15 * count_steps(pairs(SMALL))
    assert count_steps(pairs(SMALL)) == count_steps(pairs(SMALL))


def test_a_thousand_sites_are_the_plan_that_the_budget_is_for():
    report = evaluate_report(MATRIX, plan(1_000))
    crossing = sum(flow.scope == "cross-zone" for flow in report.flows)
    assert len(report.plan.endpoints) == 3_009
    assert 15_500 <= len(report.flows) <= 16_500
    assert 5_900 <= crossing <= 6_100
    assert len(report.rules) <= 60
    assert len(check_plan(make_company(), matrix=MATRIX).endpoints) == 25
