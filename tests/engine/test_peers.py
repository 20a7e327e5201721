"""Peers: members of a cluster reach each other, and none reaches itself."""

import pytest

from planner.engine import evaluate_report
from planner.engine.flows import evaluate
from planner.engine.idle import find_idle_choices
from planner.plan.document import check_plan
from ports.filters import Query, find_rows
from ports.matrix import build_matrix, find_faults
from tests.ports.records import make_records, record

ROW = {
    "slug": "in-step", "section": "1", "name": "Agents keep in step", "summary": "Each with each.", "source": "agent",
    "destination": "agent", "services": [{"service": "ssh"}], "peers": True,
}  # fmt: skip


def with_row(**more):
    records = make_records()
    records["requirement"].append(ROW | more)
    return records


def plan_of(matrix, *agents, group=False, **more):
    endpoints = [
        {"name": "D", "zone": "Inside", "roles": ["desk-main"]},
        *({"name": name, "zone": "Inside", "roles": ["agent"], "group": group} for name in agents),
    ]
    zones = [{"name": "Inside", "kind": "internal"}]
    return check_plan({"format": 1, "name": "Desk", "zones": zones, "endpoints": endpoints} | more, matrix=matrix)


def pairs(matrix, *agents, **more):
    flows = evaluate(matrix, plan_of(matrix, *agents, **more))
    return [(flow.source.name, flow.destination.name, flow.scope) for flow in flows if flow.need.ports == "22"]


@pytest.mark.parametrize("agents", ["", "A", "AB", "ABC"])
def test_each_reaches_every_other_one_and_never_itself(agents):
    expected = [(one, other, "same-zone") for one in agents for other in agents if one != other]
    assert pairs(build_matrix(with_row()), *agents) == expected


def test_without_it_each_reaches_itself_as_well():
    assert pairs(build_matrix(with_row(peers=False)), "A") == [("A", "A", "same-host")]


def test_machines_of_a_group_reach_each_other():
    assert pairs(build_matrix(with_row()), "A", group=True) == [("A", "A", "same-zone")]


def test_an_endpoint_with_both_of_two_roles_is_no_peer_of_itself():
    matrix = build_matrix(with_row(destination="desk"))
    both = {"name": "B", "zone": "Inside", "roles": ["agent", "desk-main"]}
    zones = [{"name": "Inside", "kind": "internal"}]
    plan = check_plan({"format": 1, "name": "Desk", "zones": zones, "endpoints": [both]}, matrix=matrix)
    assert [flow for flow in evaluate(matrix, plan) if flow.need.ports == "22"] == []


def test_one_alone_is_told_to_want_another_one():
    matrix = build_matrix(with_row())
    report = evaluate_report(matrix, plan_of(matrix, "A"))
    (why,) = (group.why for group in report.unneeded if any(r.slug == "in-step" for r in group.requirements))
    assert why == "No other endpoint is “Agent”."
    report = evaluate_report(matrix, plan_of(matrix, "A", "B"))
    assert not any(r.slug == "in-step" for group in report.unneeded for r in group.requirements)


def test_a_correction_withholds_nothing_from_one_alone():
    records = with_row(correction="upload-missing")
    record(records, "requirement", "upload")["peers"] = False
    matrix = build_matrix(records)
    kinds = {
        agents: {g.kind for g in evaluate_report(matrix, plan_of(matrix, *agents)).unneeded
                 if any(r.slug == "in-step" for r in g.requirements)}
        for agents in ("A", "AB")
    }  # fmt: skip
    assert "withheld" not in kinds["A"]
    assert kinds["AB"] == {"withheld"}


def test_a_choice_that_only_peers_wait_for_is_idle_for_one_alone():
    matrix = build_matrix(with_row(when=[{"choice": "transport", "options": ["ssh"]}]))
    for agents, idle in (("A", True), ("AB", False)):
        assert ("transport" in find_idle_choices(evaluate_report(matrix, plan_of(matrix, *agents)))) is idle


def test_the_page_of_the_matrix_says_so():
    (row,) = (row for row in find_rows(build_matrix(with_row()), Query()) if row.requirement.slug == "in-step")
    assert (str(row.source), str(row.destination)) == ("Agent", "Agent, every other one")


@pytest.mark.parametrize(
    "row",
    [
        {"source": "", "pairing": "reader"},
        {"destination": "", "target": {"session": "shell"}},
    ],
)
def test_peers_have_a_role_at_both_ends(row):
    assert find_faults(with_row(**row)) == ["requirement 'in-step': peers need a source role and a destination role."]
