"""A filter for one rule: it, exactly its flows, and the checks of those."""

import io
import json
import zipfile

from planner.engine import evaluate_report
from planner.engine.compare import flow_key
from planner.plan.document import read_plan
from planner.report import FORMATS
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, describe_filter, filter_flows, read_filter, select
from ports.queries import shipped_matrix
from scripts.prove import CORNERS
from tests.report.firewall.test_permits import DAY

REPORT = evaluate_report(shipped_matrix(), read_plan(CORNERS.read_bytes(), matrix=shipped_matrix()))


def test_each_rule_is_found_by_its_number_with_its_flows_alone():
    for rule in REPORT.rules:
        part, selection = select(REPORT, Filter(rule=rule.id))
        assert [one.id for one in part.rules] == [rule.id]
        assert {flow_key(flow) for flow in part.flows} == set(rule.openings())
        assert selection is not None
        assert selection.fields == (("Rule", rule.id),)


def test_the_check_scripts_of_a_rule_try_all_of_its_flows_and_no_others():
    rule = max(REPORT.rules, key=lambda one: len(list(one.openings())))
    part, selection = select(REPORT, Filter(rule=rule.id))
    made = FORMATS["checks"].render(part, Edition(date=DAY, selection=selection))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        checks = json.loads(archive.read("plan.json"))["checks"]
    tried = {
        (one["source"], one["destination"], one["protocol"], one["ports"])
        for one in checks
        if one["must_be"] == "open"
    }
    assert tried == set(rule.openings())
    assert {one["rule"] for one in checks if one["must_be"] == "open"} == {rule.id}


def test_a_number_that_no_rule_has_filters_everything_out_and_those_there_are_are_named():
    chosen, faults = read_filter([("rule", "INT-9")], REPORT)
    assert faults["rule"].startswith("“INT-9” is not in this report; it has CLI-DMZ-")
    assert filter_flows(REPORT, chosen) == ()
    assert describe_filter(chosen, REPORT) == (("Rule", "INT-9"),)
