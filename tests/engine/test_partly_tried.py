"""Checks that were tried at some of their addresses, or from some of the machines that a source stands for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.engine.acceptance import Run, assess
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


def test_a_hole_that_was_found_on_a_machine_without_a_name_is_closed_by_no_other_run():
    report = to_b("192.0.2.20", group=True)
    hole, kept = tell(report, "", 9, closed_but("open")), tell(report, "", 10, closed_but("filtered"))
    state = assess(report, [hole, kept])
    assert [one.status for one in state.closed] == ["forbidden-open"]
    assert (list(state.counting), list(state.closing)) == ([hole, kept], [])
    single = to_b("192.0.2.20")
    hole, kept = (tell(single, "", hour, closed_but(said)) for hour, said in ((9, "open"), (10, "filtered")))
    assert [one.status for one in assess(single, [hole, kept]).closed] == ["blocked"]


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


@pytest.mark.parametrize(
    ("runs", "status"),
    [
        (["pc1 open", "pc2 filtered"], "forbidden-open"),
        (["pc1 open", "pc1 error", "pc2 filtered"], "forbidden-open"),
        (["pc1 open", "pc1 unresolved"], "forbidden-open"),
        (["pc1 open", "pc1 filtered", "pc1 error"], "not-tested"),
        (["pc1 open", "pc1 error", "pc1 filtered"], "blocked"),
    ],
)
def test_a_failed_attempt_of_a_machine_closes_no_hole_that_it_found(runs, status):
    report = to_b("192.0.2.20", group=True)
    told = [(*one.split(), hour) for hour, one in enumerate(runs)]
    state = assess(report, [tell(report, host, hour, closed_but(outcome)) for host, outcome, hour in told])
    assert [one.status for one in state.closed] == [status]
    assert not [message for message in state.messages if "error" in message or "-2.json is older" in message]


# ---- runs without which all is the same ----

GROUP = to_b("10.1.0.1", "10.2.0.1", group=True)
WHOLE = tell(GROUP, "x", 0, lambda check: "open").results
PART = st.lists(st.sampled_from(["open", "filtered", "error", "skipped", None]), min_size=4, max_size=4)
RUNS = st.lists(st.tuples(st.sampled_from(["a", "b", ""]), PART), min_size=1, max_size=6)


def make_runs(told):
    """A run each hour, of one host each, with an outcome for each result of A's script or none of it."""
    for hour, (host, outcomes) in enumerate(told):
        pairs = zip(WHOLE.results, outcomes, strict=False)
        results = tuple(replace(result, outcome=outcome) for result, outcome in pairs if outcome)
        started = WHOLE.started.replace(hour=hour)
        yield Run(name=f"{hour}", results=replace(WHOLE, host=host, started=started, results=results))


def said(state):
    return state.flows, state.closed, state.beside


@given(told=RUNS, data=st.data())
def test_what_runs_say_is_the_same_without_those_that_dont_count(told, data):
    """Whatever else is kept of them."""
    runs = list(make_runs(told))
    state = assess(GROUP, data.draw(st.permutations(runs)))
    kept = [run for run in runs if run in state.counting or data.draw(st.booleans())]
    assert said(assess(GROUP, kept)) == said(state)


@given(told=RUNS, data=st.data())
def test_what_runs_say_is_the_same_though_others_were_forgotten_as_they_came(told, data):
    runs, kept = list(make_runs(told)), []
    for run in runs:
        kept.append(run)
        counting = assess(GROUP, kept).counting
        kept = [run for run in kept if run in counting or data.draw(st.booleans())]
    assert said(assess(GROUP, kept)) == said(assess(GROUP, runs))


def test_a_machine_that_finds_nothing_closes_what_may_have_been_found_before():
    runs = [tell(GROUP, host, hour, closed_but("filtered")) for hour, host in enumerate(["pc1", "pc1", "pc2"])]
    state = assess(GROUP, runs)
    assert state.counting == (runs[2],)
    assert state.closing == (runs[1], runs[2])
