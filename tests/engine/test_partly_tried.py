"""Checks that were tried at some of their addresses, or from some of the machines that a source stands for."""

import pytest

from planner.engine.acceptance import assess
from planner.engine.checks import check_id
from tests.checking import run_all, run_of, write_results
from tests.engine.test_acceptance import report_of, statuses
from tests.report.samples import write_plan

FLOW = ("A", "B", "tcp", "443")


def to_b(*addresses, **more):
    """A report with one flow, from A to B at these addresses; `more` is of A."""
    return report_of(
        write_plan(
            {"name": "A", "zone": "Internal", "addresses": ["10.9.0.1"], **more},
            {"name": "B", "zone": "DMZ", "addresses": list(addresses)},
            additional_flows=[{"source": "A", "destination": "B", "protocol": "tcp", "ports": "443", "reason": "x"}],
            never=[
                {"from": {"endpoint": "A"}, "to": {"endpoint": "B"}, "protocol": "tcp", "ports": "22", "reason": "No"}
            ],
        )
    )


# ---- addresses that the source has no route to ----


@pytest.mark.parametrize(
    ("outcomes", "flow", "row"),
    [
        ({"10.1.0.1": "open", "10.2.0.1": "skipped"}, "not-tested", "forbidden-open"),
        ({"10.1.0.1": "filtered", "10.2.0.1": "skipped"}, "blocked", "not-tested"),
        ({"10.1.0.1": "open", "10.2.0.1": "open", "fd00::1": "skipped"}, "open", "forbidden-open"),
        ({"10.1.0.1": "filtered", "10.2.0.1": "filtered", "fd00::1": "skipped"}, "blocked", "blocked"),
        ({"10.1.0.1": "skipped", "10.2.0.1": "skipped", "fd00::1": "open"}, "open", "forbidden-open"),
        ({"10.1.0.1": "skipped", "10.2.0.1": "skipped"}, "not-tested", "not-tested"),
    ],
)
def test_only_a_family_without_a_route_is_excused_and_not_one_address_beside_another(outcomes, flow, row):
    report = to_b(*outcomes)
    state = assess(report, run_all(report, lambda check: outcomes))
    assert statuses(state) == {FLOW: flow}
    assert [one.status for one in state.closed] == [row]


@pytest.mark.parametrize(
    ("tried", "status"),
    [
        (["10.1.0.1"], "open"),
        (["10.1.0.1", "fd00::1 skipped"], "open"),
        (["10.1.0.1", "10.2.0.1 skipped"], "not-tested"),
    ],
)
def test_what_a_name_leads_to_is_excused_by_family_too(tried, status):
    report = to_b("b.example.com")
    row = {
        "id": check_id(FLOW), "destination": "B", "protocol": "tcp", "port": "443", "milliseconds": 1, "error": None,
    }  # fmt: skip
    parts = [(*one.split(), "open")[:2] for one in tried]
    rows = [row | {"address": address, "outcome": outcome} for address, outcome in parts]
    assert statuses(assess(report, [run_of(write_results(report, "A", results=rows))])) == {FLOW: status}


def test_a_host_of_a_network_that_has_no_route_leaves_the_others_to_prove_it():
    report = to_b("10.3.0.0/16")
    row = {
        "id": check_id(FLOW), "destination": "B", "protocol": "tcp", "port": "443", "milliseconds": 1, "error": None,
    }  # fmt: skip
    rows = [
        row | {"address": address, "outcome": outcome}
        for address, outcome in (("10.3.0.1", "open"), ("10.3.0.2", "skipped"))
    ]
    assert statuses(assess(report, [run_of(write_results(report, "A", results=rows))])) == {FLOW: "open"}
