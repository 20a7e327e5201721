"""A filter for one firewall: the flows that pass it, the rules of which any does, and the checks of those."""

import io
import json
import zipfile
from dataclasses import replace

from planner.engine import evaluate_report
from planner.engine.findings.firewalls import passes
from planner.plan.document import read_plan
from planner.report import FORMATS
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, describe_filter, filter_flows, read_filter, select
from ports.queries import shipped_matrix
from scripts.prove import CORNERS
from tests.report.firewall.test_permits import DAY

REPORT = evaluate_report(shipped_matrix(), read_plan(CORNERS.read_bytes(), matrix=shipped_matrix()))


def test_flows_and_rules_of_a_firewall_are_those_that_pass_it():
    found = {}
    for firewall in REPORT.plan.firewalls:
        wanted = [flow for flow in REPORT.flows if passes(firewall, flow.source.zone, flow.destination.zone)]
        assert filter_flows(REPORT, Filter(firewall=firewall.name)) == tuple(wanted)
        part, _ = select(REPORT, Filter(firewall=firewall.name))
        found[firewall.name] = {rule.id for rule in part.rules}
        openings = {opening[:2] for rule in part.rules for opening in rule.openings()}
        assert {(flow.source.name, flow.destination.name) for flow in wanted} <= openings
    assert found["FW-EDGE"] & found["FW-CORE"], "some ways lead over both"
    assert found["FW-EDGE"] - found["FW-CORE"]
    assert found["FW-CORE"] - found["FW-EDGE"]


def test_check_scripts_come_for_one_firewall():
    part, selection = select(REPORT, Filter(firewall="FW-EDGE"))
    made = FORMATS["checks"].render(part, Edition(date=DAY, selection=selection))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        checks = json.loads(archive.read("plan.json"))["checks"]
    tried = {(one["source"], one["destination"]) for one in checks if one["must_be"] == "open"}
    assert ("Everybody", "Portal") in tried
    assert ("Staff", "PS01") not in tried, "that is behind the other one"


def test_a_firewall_that_the_plan_doesnt_have_filters_everything_out_and_is_told():
    chosen, faults = read_filter([("firewall", "FW-X")], REPORT, listed=False)
    assert faults == {"firewall": "“FW-X” is not in this report; it has FW-CORE, FW-EDGE."}
    assert filter_flows(REPORT, chosen) == ()
    alone = evaluate_report(REPORT.matrix, replace(REPORT.plan, firewalls=()))
    assert read_filter([("firewall", "FW")], alone, listed=False)[1]["firewall"].endswith("it has none.")
    assert describe_filter(Filter(firewall="FW-EDGE"), REPORT) == (("Firewall", "FW-EDGE"),)
