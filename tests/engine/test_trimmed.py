"""What of a run is kept: what can count, and no more of it than its checks have room for."""

from dataclasses import replace
from itertools import product

import pytest

from planner.engine.acceptance import assess
from planner.engine.checks import plan_checks
from planner.engine.trimmed import MOST_ELSEWHERE, trim
from planner.plan.check_results import OUTCOMES
from tests.checking import run_all, run_of, write_results
from tests.engine.test_acceptance import report_of, statuses
from tests.engine.test_partly_tried import FLOW, to_b
from tests.report.samples import write_plan


def from_a(report, **more):
    """Rows of A's checks, each with other values for each of its keys' lists: all that go together."""
    row, *_ = write_results(report, "A")["results"]
    values = [dict(zip(more, one, strict=True)) for one in product(*more.values())]
    return run_of(write_results(report, "A", results=[row | one for one in values]))


def trimmed(report, run):
    found = trim(run, {check.id: check for check in plan_checks(report)})
    return replace(run, results=found.results), sum(int(said.split()[1]) for said in found.messages)


SPELLINGS = ["fd00::1", "FD00::1", "fd00:0::1", "fd00::0:1", "fd00:0:0::1"]
OTHERS = [f"198.51.100.{number}" for number in range(200)]


@pytest.mark.parametrize(
    ("addresses", "more", "kept", "left"),
    [
        (["10.1.0.1"], {"id": [f"{number:016x}" for number in range(99)]}, 0, 0),
        (["10.1.0.1"], {"address": OTHERS}, 0, 0),
        (["10.1.0.1"], {"address": OTHERS, "outcome": ["skipped"]}, 1, 199),
        (["fd00::1"], {"address": SPELLINGS}, 1, 4),
        (["fd00::1"], {"address": SPELLINGS, "outcome": ["open", "filtered", "refused"]}, 3, 12),
        (["b.example.com"], {"address": OTHERS}, MOST_ELSEWHERE, 200 - MOST_ELSEWHERE),
        (["198.51.100.0/24"], {"address": OTHERS}, MOST_ELSEWHERE, 200 - MOST_ELSEWHERE),
    ],
    ids=["no-check", "no-address", "skipped", "spellings", "outcomes", "name", "network"],
)
def test_what_is_made_up_is_left_out(addresses, more, kept, left):
    report = to_b(*addresses)
    run = from_a(report, **more)
    found, beyond = trimmed(report, run)
    assert (len(found.results.results), beyond) == (kept, left)
    assert statuses(assess(report, [found])) == statuses(assess(report, [run]))


def test_of_ports_that_are_none_of_those_that_are_tried_the_first_few_are_kept():
    flow = {"source": "A", "destination": "B", "protocol": "tcp", "ports": "1000-1999", "reason": "x"}
    ends = [
        {"name": name, "zone": zone, "addresses": [address]}
        for name, zone, address in (("A", "Internal", "10.9.0.1"), ("B", "DMZ", "10.1.0.1"))
    ]
    report = report_of(write_plan(*ends, additional_flows=[flow]))
    every = [str(port) for port in range(1000, 2000)]
    found, left = trimmed(report, from_a(report, port=every))
    first = every[: MOST_ELSEWHERE + 1]
    assert [one.port for one in found.results.results] == [*first, "1499", "1999"]
    assert left == 1000 - len(first) - 2
    # What one run said of a port that isn't tried must not outlive the next run of all.
    blocked = {"1600": "filtered"}
    worse, better = (
        run_of(write_results(report, "A", started=started, results=[
            {**row, "port": port, "outcome": outcomes.get(port, "open")}
            for row in write_results(report, "A")["results"][:1] for port in every
        ]))
        for started, outcomes in (("2026-11-25T10:00:00Z", blocked), ("2026-11-26T10:00:00Z", {}))
    )  # fmt: skip
    state = assess(report, [trimmed(report, worse)[0], trimmed(report, better)[0]])
    assert set(statuses(state).values()) == {"open"}


@pytest.mark.parametrize("addresses", [["10.1.0.1", "fd00::1"], ["10.1.0.1", "b.example.com"], ["10.3.0.0/16"], []])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_a_script_says_is_kept_whole(addresses, outcome):
    report = to_b(*addresses)
    for run in run_all(report, lambda check: outcome):
        found, left = trimmed(report, run)
        assert (found.results, left) == (run.results, 0)


def test_an_outcome_that_comes_late_at_another_address_of_a_name_is_kept():
    report = to_b("b.example.com")
    row, *_ = write_results(report, "A")["results"]
    rows = [row | {"address": address} for address in OTHERS]
    rows += [row | {"address": "198.51.100.250", "outcome": "filtered"}, row | {"address": "fd00::9"}]
    run = run_of(write_results(report, "A", results=rows))
    found, _ = trimmed(report, run)
    assert statuses(assess(report, [found]))[FLOW] == statuses(assess(report, [run]))[FLOW] == "blocked"
    assert [one.address for one in found.results.results[MOST_ELSEWHERE:]] == ["198.51.100.250", "fd00::9"]
