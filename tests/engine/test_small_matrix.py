"""What the shipped matrix has no row for, under a small matrix of an invented product."""

from copy import deepcopy
from dataclasses import replace

import jsonschema
import pytest

from planner.engine import evaluate_report
from planner.engine.explain import explain
from planner.engine.flows import evaluate
from planner.engine.topology import find_settings
from planner.plan.document import check_plan
from planner.report.formats.json import report_data, report_schema
from ports.matrix import build_matrix
from tests.ports.records import make_records, record


@pytest.fixture
def records():
    return make_records()


def plan_of(matrix, **more):
    """The main server, its users outside, an agent and a Linux that nobody has put a name to."""
    document = {
        "format": 1,
        "name": "Desk",
        "zones": [
            {"name": "Inside", "kind": "internal"},
            {"name": "Oslo", "kind": "remote-site"},
            {"name": "Out", "kind": "internet"},
        ],
        "endpoints": [
            {"name": "D", "zone": "Inside", "roles": ["desk-main"]},
            {"name": "A", "zone": "Oslo", "roles": ["agent"]},
            {"name": "L", "zone": "Oslo", "platforms": ["linux"], "operations": ["inventory"], "sessions": ["shell"]},
            {"name": "U", "zone": "Out", "roles": ["user"]},
        ],
    } | more
    return check_plan(document, matrix=matrix)


def test_the_flows_are_those_of_the_report(records):
    matrix = build_matrix(records)
    found, reported = (
        [(flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports) for flow in flows]
        for flows in (evaluate(matrix, plan_of(matrix)), evaluate_report(matrix, plan_of(matrix)).flows)
    )
    assert found == reported
    assert sorted(found) == [
        ("A", "L", "icmp", None), ("A", "L", "tcp", "22"), ("A", "L", "udp", "49152-65535"), ("U", "D", "tcp", "8443"),
    ]  # fmt: skip


def test_a_row_that_asks_for_a_role_goes_with_it(records):
    matrix = build_matrix(records)
    report = evaluate_report(matrix, plan_of(matrix, choices={"mail": "yes", "sign-in": ["card"]}))
    [rule] = [rule for rule in report.rules if [end.name for end in rule.sources] == ["D"]]
    [cause] = explain(
        report, rule.requirements, rule.services, find_settings(report.plan, rule.destinations), rule.reasons
    )
    assert "no endpoint is “Agent” any more" in cause.removal
    assert "“Mail” is decided otherwise than Yes" in cause.removal


def test_a_flow_of_the_plans_own_to_another_port_of_the_same_row_is_not_the_service_that_a_check_is_about(records):
    record(records, "requirement", "people")["services"] = [{"service": "ssh"}, {"service": "https"}]
    record(records, "check", "in-clear").update(opening={"service": "https", "source_kind": "internet"}, when=[])
    matrix = build_matrix(records)

    def is_open(ports):
        guest = {"name": "G", "zone": "Out"}
        own = {"source": "G", "destination": "D", "protocol": "tcp", "ports": ports, "reason": "Guests"}
        ends = [{"name": "D", "zone": "Inside", "roles": ["desk-main"]}, guest]
        report = evaluate_report(matrix, plan_of(matrix, endpoints=ends, additional_flows=[own]))
        return "in-clear" in {finding.code for finding in report.findings}

    assert not is_open("22")
    assert is_open("8443")


def test_a_flow_waits_for_each_of_two_open_choices(records):
    """All options of one choice lead to it, but only with an option of the other: a mark has both of them."""
    record(records, "choice", "mail")["default"] = None
    services = [{"service": "ssh", "choice": "transport", "options": ["ssh", "dynamic"]}]
    record(records, "requirement", "mail-out")["services"] = services
    matrix = build_matrix(records)
    plan = plan_of(matrix)
    [flow] = [flow for flow in evaluate(matrix, plan) if flow.source.name == "D"]
    marks = [
        [("mail", "yes"), ("transport", "dynamic")],
        [("mail", "yes"), ("transport", "ssh")],
    ]
    assert [list(alternative.all) for alternative in flow.need.any_of] == marks
    report = evaluate_report(matrix, plan)
    said = [{"all": [{"choice": choice, "option": option} for choice, option in both]} for both in marks]
    data = report_data(report)
    assert [flow["any_of"] for flow in data["flows"] if flow["source"] == "D"] == [said]
    assert [rule["any_of"] for rule in data["rules"] if rule["sources"] == ["D"]] == [said]
    jsonschema.validate(data, report_schema())
    open_choices = {f.subject: f.endpoints for f in report.findings if f.code == "choice-undecided"}
    assert open_choices == {"mail": ("A",), "transport": ("A", "L")}


def test_an_answer_to_one_of_two_open_choices_leaves_a_mark_of_the_other(records):
    record(records, "choice", "mail")["default"] = None
    services = [{"service": "ssh", "choice": "transport", "options": ["ssh"]}]
    record(records, "requirement", "mail-out")["services"] = services
    matrix = build_matrix(records)

    def marks(**choices):
        plan = plan_of(matrix, choices=choices)
        return [flow.need.any_of for flow in evaluate(matrix, plan) if flow.source.name == "D"]

    assert marks(mail="yes") == [(("transport", "ssh"),)]
    assert marks(transport="ssh") == [(("mail", "yes"),)]
    assert marks(mail="yes", transport="ssh") == [()]
    assert marks(transport="dynamic") == []


def test_different_requirements_of_one_flow_stay_apart(records):
    """Each of two rows waits for a choice of its own: either is enough."""
    record(records, "choice", "mail")["default"] = None
    row = record(records, "requirement", "mail-out")
    row["services"] = [{"service": "ssh"}]
    services = [{"service": "ssh", "choice": "transport", "options": ["ssh"]}]
    other = deepcopy(row) | {"slug": "mail-out-too", "name": "More mail", "when": [], "services": services}
    records["requirement"].append(other)
    matrix = build_matrix(records)
    [flow] = [flow for flow in evaluate(matrix, plan_of(matrix)) if flow.source.name == "D"]
    assert flow.need.any_of == (("mail", "yes"), ("transport", "ssh"))


def test_a_site_needs_no_agent_where_the_matrix_knows_none(records):
    def codes():
        matrix = build_matrix(records)
        endpoints = [
            {"name": "D", "zone": "Inside", "roles": ["desk-main"]},
            {"name": "L", "zone": "Oslo", "platforms": ["linux"], "operations": ["inventory"]},
        ]
        return {finding.code for finding in evaluate_report(matrix, plan_of(matrix, endpoints=endpoints)).findings}

    assert "site-without-agent" in codes()
    record(records, "pairing", "reader")["managed_by"] = False
    assert "site-without-agent" not in codes()


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"operation": "inventory", "platform": "linux"}, "No endpoint has the operation “Inventory” together with:"),
        ({"session": "shell"}, "No endpoint has a session of this kind:"),
        ({"platform": "linux"}, "No endpoint is such a target:"),
    ],
)
def test_a_row_without_a_target_says_what_it_would_lead_to(records, target, why):
    record(records, "requirement", "linux")["target"] = target
    matrix = build_matrix(records)
    report = evaluate_report(matrix, plan_of(matrix, endpoints=[{"name": "A", "zone": "Oslo", "roles": ["agent"]}]))
    found = {row.slug: unneeded.why for unneeded in report.unneeded for row in unneeded.requirements}
    assert found["linux"] == why


def test_a_check_has_its_headline_and_without_one_the_name_of_its_subject(records):
    check = {
        "position": 10, "code": "no-spare", "severity": "warning", "subject": "desk-main", "message": "There is none.",
        "advice": "Add one.", "when": [{"role": "desk-main"}], "needs": [],
    }  # fmt: skip
    titles = []
    for more in ({}, {"title": ""}, {"title": "No second server"}):
        matrix = build_matrix(records | {"check": [check | more]})
        found = evaluate_report(matrix, plan_of(matrix)).findings
        titles += [finding.title for finding in found if finding.code == "no-spare"]
    assert titles == [matrix.roles["desk-main"].name] * 2 + ["No second server"]
    matrix = build_matrix(records | {"check": [check | {"subject": "Spare"}]})
    found = evaluate_report(matrix, plan_of(matrix)).findings
    assert [finding.title for finding in found if finding.code == "no-spare"] == ["Spare"]


@pytest.mark.parametrize(("option", "bears"), [("yes", True), ("no", False)])
def test_a_caveat_of_every_plan_bears_where_its_condition_holds_for_some_endpoint(records, option, bears):
    record(records, "caveat", "silent")["about"] = {"always": True, "when": [{"choice": "mail", "options": ["yes"]}]}
    matrix = build_matrix(records)
    plan = plan_of(matrix)
    [own, *others] = plan.endpoints
    plan = replace(plan, endpoints=(replace(own, choices={"mail": option}), *others))
    slugs = [state.caveat.slug for state in evaluate_report(matrix, plan).caveats]
    assert ("silent" in slugs) == bears
