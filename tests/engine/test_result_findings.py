"""Findings of results: one for each cause, by its firewall or by the row that it breaks, and none without results."""

import pytest

from planner.engine import evaluate_report
from planner.engine.acceptance import assess
from planner.engine.result_findings import add_findings, find_results
from planner.plan.document import check_plan
from ports.queries import shipped_matrix
from tests.checking import only, run_all
from tests.report.samples import write_plan

ZONES = (("In", "internal"), ("Data", "internal"), ("Out", "dmz"), ("Far", "remote-site"))
EDGE = {"name": "FW-EDGE", "format": "asa", "zones": {"In": "a", "Data": "a", "Out": "b", "Far": "c"}}
CORE = {"name": "FW-CORE", "format": "asa", "zones": {"In": "x", "Data": "y", "Out": "x"}}
FLOWS = (("In", "Data", "1"), ("In", "Data", "2"), ("In", "Out", "3"), ("Data", "Out", "4"), ("In", "Far", "5"))


def make(firewalls=(EDGE, CORE), flows=FLOWS, **more):
    """A machine in each zone; each flow leads from the machine of one to that of another."""
    ends = [{"name": f"{zone}1", "zone": zone, "addresses": [f"10.{n}.0.1"]} for n, (zone, _) in enumerate(ZONES)]
    own = [
        {"source": f"{here}1", "destination": f"{there}1", "protocol": "tcp", "ports": port, "reason": "x"}
        for here, there, port in flows
    ]
    document = write_plan(*ends, zones=ZONES, additional_flows=own, firewalls=list(firewalls), **more)
    return evaluate_report(shipped_matrix(), check_plan(document, matrix=shipped_matrix()))


def find(report, outcome, verified=None):
    rules = {rule.id for rule in report.rules} if verified is None else verified
    found = find_results(report, assess(report, run_all(report, outcome)), rules)
    return {(one.code, one.subject): one for one in found}


def blocked(*ports):
    return only(lambda check: not check.closed and check.ports in ports, "filtered")


def test_rules_that_one_firewall_blocks_are_one_finding():
    found = find(make(), blocked("1", "2"))
    assert list(found) == [("verified-blocked", "FW-CORE")]
    one = found["verified-blocked", "FW-CORE"]
    assert one.severity == "error"
    assert one.endpoints == ("Data1", "In1")
    assert one.message.startswith("2 flows of rules that were verified (INT-INT-9000) were blocked")
    assert "FW-CORE is on the way." in one.message


def test_of_two_firewalls_on_a_way_the_one_that_more_ways_have_is_named():
    assert list(find(make(), blocked("1", "2", "4"))) == [("verified-blocked", "FW-CORE")]
    assert list(find(make(), blocked("3", "4", "5"))) == [("verified-blocked", "FW-EDGE")]


def test_other_firewalls_are_other_causes_and_none_is_one_too():
    assert set(find(make(), blocked("1", "5"))) == {("verified-blocked", "FW-CORE"), ("verified-blocked", "FW-EDGE")}
    found = find(make(firewalls=[]), blocked("1", "5"))
    assert list(found) == [("verified-blocked", None)]
    assert "No firewall of the plan is on the way." in found["verified-blocked", None].message


def test_what_was_not_verified_or_is_not_blocked_is_no_finding():
    report = make()
    assert find(report, blocked("1", "5"), verified=()) == {}
    assert find(report, blocked()) == {}
    assert find(report, only(lambda check: not check.closed, "refused")) == {}
    assert find(report, only(lambda check: not check.closed, "unresolved")) == {}


NEVER = [{"from": {"zone": "Out"}, "to": {"zone": "Data"}, "protocol": "tcp", "ports": "9", "reason": "Policy 12"}]


@pytest.mark.parametrize("outcome", ["open", "refused"])
def test_what_must_stay_closed_and_answers_is_a_finding_of_its_row(outcome):
    report = make(never=NEVER)
    found = find(report, only(lambda check: bool(check.rows), outcome), verified=())
    assert list(found) == [("open-though-closed", "never[0]")]
    one = found["open-though-closed", "never[0]"]
    assert one.endpoints == ("Data1", "Out1")
    assert "Out1 reaches Data1 on tcp 9. It must stay closed; the plan says so: Policy 12." in one.message


def test_a_row_that_nothing_answers_is_none():
    other = {**NEVER[0], "ports": "10"}
    found = find(make(never=[*NEVER, other]), only(lambda check: check.ports == "10", "open"), verified=())
    assert list(found) == [("open-though-closed", "never[1]")]


def test_what_the_document_says_must_stay_closed_is_told_by_its_section():
    web = {"name": "PS01", "zone": "In", "addresses": ["10.0.0.1"], "roles": ["web-primary", "database"]}
    site = {"name": "SITE01", "zone": "Out", "addresses": ["10.2.0.1"], "roles": ["self-destruct-site"]}
    document = write_plan(web, site, zones=ZONES, choices={"self-destruct": "push-pull"})
    report = evaluate_report(shipped_matrix(), check_plan(document, matrix=shipped_matrix()))
    found = find(report, only(lambda check: bool(check.rows), "open"), verified=())
    assert list(found) == [("open-though-closed", "6")]
    one = found["open-though-closed", "6"]
    assert (one.endpoints, one.sections) == (("PS01", "SITE01"), ("6",))
    assert "It must stay closed; the document says so (§6)." in one.message


def test_of_many_rules_the_first_three_are_named_and_the_others_counted():
    flows = (*FLOWS, ("Data", "Far", "6"), ("Out", "Far", "7"))
    [one] = find(make(firewalls=[], flows=flows), blocked("1", "2", "3", "4", "5", "6", "7")).values()
    assert one.message.startswith("7 flows of rules that were verified (")
    numbers, _, more = one.message.partition("(")[2].partition(")")[0].partition(" and ")
    assert (len(numbers.split(", ")), more) == (3, "3 more")


def test_a_flow_that_is_asked_for_and_forbidden_is_open_although_it_must_be_closed():
    never = [{"from": {"zone": "In"}, "to": {"zone": "Far"}, "protocol": "tcp", "ports": "5", "reason": "No"}]
    found = find(make(never=never), blocked(), verified=())
    assert list(found) == [("open-though-closed", "never[0]")]
    assert "In1 reaches Far1 on tcp 5" in found["open-though-closed", "never[0]"].message


def test_all_that_is_open_beside_the_ports_of_the_plan_is_one_finding():
    report = make()
    found = find(report, only(lambda check: check.closed and not check.rows, "open"), verified=())
    assert list(found) == [("open-though-closed", None)]
    assert "No flow of the plan leads there." in found["open-though-closed", None].message


def test_they_stand_among_the_findings_of_the_plan_gravest_first_and_nothing_else_changes():
    report = make()
    found = find(report, blocked("1"))
    told = add_findings(report, found.values())
    assert set(told.findings) == {*report.findings, *found.values()}
    severities = [one.severity for one in told.findings]
    assert severities == sorted(severities, key=["error", "decision", "warning", "info"].index)
    assert (told.rules, told.flows) == (report.rules, report.flows)


def test_the_order_of_the_runs_doesnt_matter():
    report = make()
    runs = run_all(report, blocked("1", "3", "5"))
    rules = {rule.id for rule in report.rules}
    assert find_results(report, assess(report, runs), rules) == find_results(report, assess(report, runs[::-1]), rules)
