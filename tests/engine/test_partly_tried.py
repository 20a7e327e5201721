"""Checks that were tried at some of their addresses, or from some of the machines that a source stands for."""

import pytest

from planner.engine.acceptance import assess
from planner.engine.checks import check_id
from planner.report.said.acceptance import list_forbidden
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


# ---- machines that a source stands for ----


def tell(report, host, hour, outcome):
    """What the script of A found on one machine."""
    return run_of(
        write_results(report, "A", outcome, f"2026-11-25T{hour:02}:00:00Z", host=host), f"{host}-{hour}.json"
    )


def closed_but(outcome):
    return lambda check: outcome if check.closed else "open"


@pytest.mark.parametrize("group", [{"group": True}, {"addresses": ["10.9.0.0/16"]}])
def test_a_hole_that_one_machine_of_a_group_found_is_closed_by_that_machine_alone(group):
    report = to_b("192.0.2.20", **group)
    hole, kept = tell(report, "pc1", 9, closed_but("open")), tell(report, "pc2", 10, closed_but("filtered"))
    state = assess(report, [hole, kept])
    assert [one.status for one in state.closed] == ["forbidden-open"]
    assert list_forbidden(state)[0] == "A reaches B on tcp 22: answered from 192.0.2.20, port 22, on pc1"
    later = tell(report, "pc1", 11, closed_but("filtered"))
    state = assess(report, [hole, kept, later])
    assert [one.status for one in state.closed] == ["blocked"]
    assert [message.partition(" is older than ")[0] for message in state.messages] == ["pc1-9.json", "pc2-10.json"]


def test_of_machines_that_found_nothing_the_newest_counts_alone_and_of_holes_those_found_last(monkeypatch):
    monkeypatch.setattr("planner.engine.acceptance.MOST_MACHINES", 2)
    report = to_b("192.0.2.20", group=True)
    holes = [tell(report, f"bad{number}", number, closed_but("open")) for number in range(4)]
    kept = [tell(report, f"good{number}", 10 + number, closed_but("filtered")) for number in range(4)]
    state = assess(report, [*holes, *kept])
    assert [one.status for one in state.closed] == ["forbidden-open"]
    assert [run.results.host for run in state.counting] == ["bad2", "bad3", "good3"]


def test_of_the_flows_of_a_group_and_of_a_single_machine_the_newest_run_counts_whatever_it_is_called():
    blocked, fine = (lambda check: "filtered"), closed_but("filtered")
    group = to_b("192.0.2.20", group=True)
    assert statuses(assess(group, [tell(group, "pc1", 9, blocked), tell(group, "pc2", 10, fine)])) == {FLOW: "open"}
    single = to_b("192.0.2.20")
    state = assess(single, [tell(single, "old", 9, closed_but("open")), tell(single, "new", 10, fine)])
    assert [one.status for one in state.closed] == ["blocked"]


def test_a_machine_of_a_group_that_skipped_an_address_takes_nothing_from_one_that_tried_it():
    report = to_b("10.1.0.1", "10.2.0.1", group=True)
    away = tell(report, "pc2", 10, lambda check: {"10.1.0.1": "filtered", "10.2.0.1": "skipped"})
    state = assess(report, [tell(report, "pc1", 9, lambda check: "filtered"), away])
    assert [one.status for one in state.closed] == ["blocked"]
