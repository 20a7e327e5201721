"""The JSON report of section 7: its keys, its order, and that the same plan gives the same bytes."""

import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

from .arbitrary import arbitrary_plan
from .helpers import encode, host, make_plan, report, target

FLOW_KEYS = {
    "source",
    "source_zone",
    "destination",
    "destination_zone",
    "protocol",
    "ports",
    "services",
    "scope",
    "sections",
    "any_of",
    "reasons",
}
RULE_KEYS = {
    "sources",
    "source_zones",
    "destinations",
    "destination_zones",
    "services",
    "sections",
    "any_of",
    "reasons",
}

RICH = make_plan(
    host("PS", "web-primary"),
    host("PS2", "web-passive"),
    host("SQL", "database", zone="Servers"),
    host("DC", "domain-controller", zone="Servers"),
    host("PRP", "password-reset-portal", zone="DMZ"),
    host("STAFF", "website-user", "launcher-user", "extension-user", "browser-session-user", zone="DMZ", group=True),
    host("AGENT", "remote-site-agent", zone="Branch"),
    target(
        "WIN",
        "windows",
        "active-directory",
        "vmware-esxi",
        zone="Depot",
        operations=["host-heartbeat", "validation", "reset", "discovery"],
        managed_by=["AGENT", "PS"],
        sessions=["teamviewer", "rdp", "telnet"],
    ),
    ports={"ssh": 135},
    additional_flows=[
        {"source": "PS", "destination": "DC", "protocol": "icmp", "reason": "Monitoring"},
        {"source": "PS", "destination": "SQL", "protocol": "tcp", "ports": "1433", "reason": "Backup"},
    ],
)


@pytest.fixture(scope="module", params=["rich", "empty", *range(40)])
def data(request):
    if request.param == "rich":
        return report(RICH)
    return report(make_plan() if request.param == "empty" else arbitrary_plan(request.param))


def test_the_report_has_its_keys_and_no_other(data):
    assert set(data) == {"format", "plan", "matrix", "flows", "rules", "findings"}
    assert data["format"] == 1
    assert type(data["format"]) is int
    assert isinstance(data["matrix"], str)
    assert data["matrix"]


def test_the_report_is_plain_json(data):
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_a_flow_has_its_keys_and_no_other(data):
    for flow in data["flows"]:
        assert set(flow) == FLOW_KEYS
        assert flow["protocol"] in {"tcp", "udp", "icmp"}
        assert flow["scope"] in {"same-host", "same-zone", "cross-zone"}
        assert flow["reasons"]
        assert all(reason.strip() for reason in flow["reasons"])
        assert len(set(flow["reasons"])) == len(flow["reasons"])
        assert len(set(flow["services"])) == len(flow["services"])


def test_a_rule_has_its_keys_its_number_and_no_other():
    rules = report(RICH)["rules"]
    assert {frozenset(rule) for rule in rules} == {frozenset({*RULE_KEYS, "id"})}
    assert {frozenset(service) for rule in rules for service in rule["services"]} == {frozenset({"protocol", "ports"})}


def test_a_finding_has_its_keys_what_to_do_and_no_other():
    findings = report(RICH)["findings"]
    keys = {"code", "severity", "subject", "message", "advice", "sections"}
    assert {frozenset(finding) for finding in findings} == {frozenset(keys)}
    assert all(finding["advice"].strip() for finding in findings)


def test_a_rule_and_a_finding_have_at_least_their_keys(data):
    assert all(set(rule) >= RULE_KEYS for rule in data["rules"])
    assert all(set(finding) >= {"code", "severity", "subject", "message"} for finding in data["findings"])


def test_ports_are_text_and_null_for_icmp_alone(data):
    for item in [*data["flows"], *(service for rule in data["rules"] for service in rule["services"])]:
        if item["protocol"] == "icmp":
            assert item["ports"] is None
        else:
            first, _, last = item["ports"].partition("-")
            assert 1 <= int(first) <= int(last or first) <= 65535
            assert item["ports"] == (f"{int(first)}-{int(last)}" if last else f"{int(first)}")
            assert first != last


def test_sections_are_texts_in_the_order_of_their_numbers(data):
    for item in [*data["flows"], *data["rules"]]:
        assert all(isinstance(section, str) for section in item["sections"])
        assert item["sections"] == sorted(set(item["sections"]), key=int)


def test_marks_are_in_the_order_of_choice_and_option(data):
    for item in [*data["flows"], *data["rules"]]:
        assert all(set(mark) == {"choice", "option"} for mark in item["any_of"])
        marks = [(mark["choice"], mark["option"]) for mark in item["any_of"]]
        assert marks == sorted(set(marks))


def test_sections_are_sorted_by_number_and_not_by_letter():
    both = host("BOTH", "web-primary", "remote-site-agent")
    managed = target("WIN", "windows", operations=["validation", "reset", "discovery"])
    flows = {
        flow["ports"]: flow["sections"]
        for flow in report(make_plan(both, managed))["flows"]
        if flow["destination"] == "WIN"
    }
    assert flows["5985"] == ["9", "10", "16"]
    assert flows["135"] == ["9", "11", "16"]


def test_marks_are_sorted_by_choice_then_option():
    both = host("PS", "web-primary", "launcher-user")
    managed = target("T", "vmware-esxi", operations=["reset"], sessions=["teamviewer"])
    marks = {flow["ports"]: flow["any_of"] for flow in report(make_plan(both, managed))["flows"]}
    assert marks["443"] == [
        {"choice": "esxi", "option": "powercli"},
        {"choice": "teamviewer", "option": "443"},
    ]


def test_the_plan_and_its_zones_are_named():
    plan = make_plan(host("Büro", "website-user", zone="DMZ"), host("PS", "web-primary")) | {"name": "Größe ✓"}
    data = report(plan)
    assert data["plan"] == "Größe ✓"
    assert [(flow["source"], flow["source_zone"], flow["destination_zone"]) for flow in data["flows"]] == [
        ("Büro", "DMZ", "Internal")
    ]


def test_the_same_plan_gives_the_same_report():
    assert json.dumps(report(RICH)) == json.dumps(report(RICH))


def test_the_same_plan_in_json_and_in_yaml_gives_the_same_report():
    for plan in (RICH, make_plan(), *(arbitrary_plan(number) for number in range(40))):
        assert json.dumps(report(plan, "json")) == json.dumps(report(plan, "yaml"))


SCRIPT = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
import django
django.setup()
import hashlib, json
from tests.contract import helpers
plan = sys.stdin.buffer.read()
sys.stdout.write(json.dumps(helpers.report(plan)))
"""


def test_the_same_plan_gives_the_same_report_in_every_process():
    root = pathlib.Path(__file__).resolve().parents[2]
    answers = set()
    for seed in ("1", "2", "3"):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=encode(RICH),
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=600,
        )
        answers.add(run.stdout)
    assert answers == {json.dumps(report(RICH)).encode()}


def shuffled(plan, rng):
    """The same plan in another order: endpoints, zones, and every list that is a set."""
    endpoints = []
    for original in plan["endpoints"]:
        endpoint = dict(original)
        for key in ("roles", "platforms", "operations", "sessions", "managed_by"):
            if key in endpoint:
                endpoint[key] = rng.sample(endpoint[key], len(endpoint[key]))
        endpoints.append(dict(rng.sample(sorted(endpoint.items()), len(endpoint))))
    plan = dict(
        plan, endpoints=rng.sample(endpoints, len(endpoints)), zones=rng.sample(plan["zones"], len(plan["zones"]))
    )
    for key in ("corrections", "additional_flows"):
        if key in plan:
            plan[key] = rng.sample(plan[key], len(plan[key]))
    return plan


def unordered(items):
    return sorted(
        json.dumps(
            {key: sorted(value, key=str) if isinstance(value, list) else value for key, value in item.items()},
            sort_keys=True,
        )
        for item in items
    )


@pytest.mark.parametrize("number", ["rich", *range(60)])
def test_the_order_of_a_plan_does_not_change_what_it_needs(number):
    plan = RICH if number == "rich" else arbitrary_plan(number)
    data, other = report(plan), report(shuffled(plan, random.Random(f"order {number}")))
    assert unordered(data["flows"]) == unordered(other["flows"])
    assert len(data["rules"]) == len(other["rules"])
    assert sorted((f["code"], f["severity"]) for f in data["findings"]) == sorted(
        (f["code"], f["severity"]) for f in other["findings"]
    )
