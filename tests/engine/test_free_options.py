"""Which options of an open choice need nothing more, and of which the plan excludes what they need."""

import random

import pytest

from planner.engine import evaluate_report
from planner.plan.document import check_plan
from ports.queries import shipped_matrix
from tests.contract.arbitrary import arbitrary_plan
from tests.contract.second_reading import ALTERNATIVES, Reading

MATRIX = shipped_matrix()
EXCLUDED = "What it needs beyond what is open is excluded by the plan."
FREE = "Needs nothing more than is open anyway."
W = {"name": "W", "zone": "Z", "roles": ["web-primary"]}


def decisions_of(plan):
    return {one.choice.slug: one for one in evaluate_report(MATRIX, check_plan(plan, matrix=MATRIX)).decisions}


def keep_out(destination, ports):
    return {"source": "W", "destination": destination, "protocol": "tcp", "ports": ports, "reason": "Not here"}


DIRECTORY = {"roles": ["domain-controller"], "platforms": ["active-directory"], "operations": ["discovery", "reset"]}


@pytest.mark.parametrize(
    ("target", "ports", "choice", "option"),
    [
        (DIRECTORY, "636", "directory-port", "ldaps"),
        (
            {"platforms": ["windows", "active-directory"], "operations": ["validation"]},
            "445",
            "windows-validation",
            "smb",
        ),
        ({"platforms": ["vmware-esxi", "linux-mac"], "operations": ["discovery", "reset"]}, "22", "esxi", "ssh"),
    ],
    ids=["ldaps", "smb", "ssh"],
)
def test_an_option_is_not_free_as_the_plan_excludes_what_else_is_needed_outright(target, ports, choice, option):
    plan = {
        "format": 1,
        "name": "P",
        "zones": [{"name": "Z", "kind": "internal"}],
        "endpoints": [W, {"name": "D", "zone": "Z"} | target],
    }
    options = {one.slug: one for one in MATRIX.choices[choice].options}
    assert decisions_of(plan)[choice].say_option(options[option]) == FREE
    assert decisions_of(plan | {"exclusions": [keep_out("D", ports)]})[choice].say_option(options[option]) == EXCLUDED


def exclude_some(plan, seed):
    """The plan, with exclusions of some flows that an open choice bears on."""
    rng = random.Random(seed)
    asked = [key for key, demands in Reading(plan).asked.items() if any(demand.mark for demand in demands)]
    rows = [
        {"source": source, "destination": destination, "protocol": protocol, "ports": ports, "reason": "No"}
        for source, destination, protocol, ports in asked
        if rng.random() < 0.4
    ]
    return plan | {"exclusions": rows}


def test_what_is_said_of_options_is_as_the_second_reading_has_it():
    told = {"free": 0, "excluded": 0, "neither": 0}
    for number in range(60):
        plan = exclude_some(arbitrary_plan(number), number)
        reading = Reading(plan)
        marked = {mark for key in reading.flows for mark in reading.marks(key)}
        kept_out = {demand.mark for key in reading.excluded for demand in reading.asked[key] if demand.mark}
        for choice, decision in decisions_of(plan).items():
            for option in ALTERNATIVES[choice]:
                mark = choice, option
                said = "neither" if mark in marked else "excluded" if mark in kept_out else "free"
                found = {"free": option in decision.free, "excluded": option in decision.excluded}
                assert found == {"free": said == "free", "excluded": said == "excluded"}, (number, mark)
                told[said] += 1
    assert min(told.values()) >= 3, told
