"""The product against a second reading of the contract, on arbitrary plans."""

import pytest

from .arbitrary import arbitrary_plan
from .helpers import report
from .second_reading import ALTERNATIVES, read_flows


def summary(data):
    return {
        (flow["source"], flow["destination"], flow["protocol"], flow["ports"]): (
            flow["scope"],
            set(flow["services"]),
            set(flow["sections"]),
            {(mark["choice"], mark["option"]) for mark in flow["any_of"]},
        )
        for flow in data["flows"]
    }


@pytest.mark.parametrize("hundred", range(6))
def test_the_flows_are_those_of_the_second_reading(hundred):
    for number in range(hundred * 100, hundred * 100 + 100):
        plan = arbitrary_plan(number)
        data = report(plan)
        assert len(summary(data)) == len(data["flows"]), f"plan {number} has a flow twice"
        assert summary(data) == read_flows(plan), f"plan {number}"


def test_the_decisions_asked_for_are_those_that_mark_a_flow():
    for number in range(300):
        plan = arbitrary_plan(number)
        marked = {choice for *_, marks in read_flows(plan).values() for choice, _ in marks}
        asked = [f["subject"] for f in report(plan)["findings"] if f["code"] == "choice-undecided"]
        assert sorted(asked) == sorted(marked), f"plan {number}"


def test_the_arbitrary_plans_come_across_what_matters():
    """Guards the tests above: marks of several choices on one flow, and marks of every alternative."""
    several, choices, scopes = 0, set(), set()
    for number in range(600):
        for scope, _, _, marks in read_flows(arbitrary_plan(number)).values():
            several += len({choice for choice, _ in marks}) > 1
            choices |= {choice for choice, _ in marks}
            scopes.add(scope)
    assert several >= 5
    assert choices == set(ALTERNATIVES)
    assert scopes == {"same-host", "same-zone", "cross-zone"}
