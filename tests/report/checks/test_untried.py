"""An acceptance that passes although not all of what must stay closed was tried says so, wherever it is read."""

import pytest

from planner.engine.acceptance import assess
from planner.report.checks.badge import say_badge
from planner.report.formats.acceptance import render_text
from planner.report.said.acceptance import say_accepted
from tests.checking import run_all
from tests.report.checks.test_acceptance_pages import text_of
from tests.report.samples import evaluate, write_plan

NEVER = [
    {"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "protocol": protocol, "ports": ports, "reason": "No"}
    for protocol, ports in (("tcp", "22"), ("tcp", "3389"), ("udp", "4711"))
]
REPORT = evaluate(
    write_plan(
        {"name": "PS01", "zone": "DMZ", "addresses": ["192.0.2.1"], "roles": ["web-primary"]},
        {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["database"]},
        never=NEVER,
    )
)
NEEDED = "Accepted: no flow that is needed is blocked or untested, and nothing"
ALL, PART = f"{NEEDED} is open that must stay closed.", f"{NEEDED} that was tried is open that must stay closed."
UDP = "Unproven: 1 of 3 rows of what must stay closed; it was sent by UDP, and nothing came back."


def state_of(**outcomes):
    """What follows where checks of these ports of what must stay closed come out so, those beside the plan's too."""

    def outcome(check):
        if not check.closed:
            return "open"
        return outcomes.get(f"port{check.ports}" if check.rows else "beside", "filtered")

    return assess(REPORT, run_all(REPORT, outcome))


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({}, ALL),
        (
            {"port22": "error", "port3389": "skipped"},
            f"{PART} Not tested, or not all of it: 2 of 3 rows of what must stay closed.",
        ),
        (
            {"port22": "error", "port4711": "unproven"},
            f"{PART} Not tested, or not all of it: 1 of 3 rows of what must stay closed. {UDP}",
        ),
        ({"beside": "error"}, f"{PART} Not tested: 1 of 1 attempt beside the plan's ports."),
    ],
)
def test_what_must_stay_closed_and_was_not_tried_is_counted(outcomes, said):
    state = state_of(**outcomes)
    assert state.passed
    assert say_accepted(state) == said
    text = text_of(REPORT, state)
    assert said in text
    rest = said.removeprefix(ALL).removeprefix(PART).strip()
    assert rest in " ".join(render_text(REPORT, state).decode().split())


def test_it_is_among_the_figures_and_on_the_badge():
    part = state_of(port22="error", port4711="unproven")
    assert "2 not proven closed" in text_of(REPORT, part)
    assert say_badge(part) == ("accepted, 1 flow, 2 not proven closed", "good")
    assert "not proven closed" not in text_of(REPORT, state_of())


def test_an_acceptance_that_does_not_pass_says_it_too():
    state = assess(REPORT, run_all(REPORT, lambda check: "error"))
    assert not state.passed
    said = "Not tested, or not all of it: 3 of 3 rows of what must stay closed."
    assert said in render_text(REPORT, state).decode()
    assert said in text_of(REPORT, state)
