"""The JSON report of section 7: its keys, its order, and that the same plan gives the same bytes."""

import functools
import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

from tests.each import each

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
SERVICE_KEYS = {"protocol", "ports", "sections", "reasons"}
EXCLUDED_KEYS = {"source", "destination", "protocol", "ports", "sections", "reasons", "reason"}
CLOSED_KEYS = {"from", "to", "protocol", "ports", "sections", "reason", "kept"}
FINDING_KEYS = {"code", "severity", "subject", "title", "endpoints", "message", "advice", "sections"}

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
    exclusions=[
        {
            "source": "PS2",
            "destination": "SQL",
            "protocol": "tcp",
            "ports": "01433",
            "reason": "A database of its own",
        },
        {"source": "PS", "destination": "WIN", "protocol": "icmp", "reason": "No pings"},
        {"source": "STAFF", "destination": "DC", "reason": "Nothing"},
    ],
    never=[
        {
            "from": {"zone": "DMZ"},
            "to": {"endpoint": "WIN"},
            "protocol": "tcp",
            "ports": "03389",
            "reason": "Policy 12",
        },
        {"from": {"endpoint": "SQL"}, "to": {"zone": "DMZ"}, "reason": "Policy 13"},
    ],
)


def find_plan(number):
    return {"rich": RICH, "empty": make_plan()}[number] if isinstance(number, str) else arbitrary_plan(number)


@functools.cache
def make_report(number):
    return report(find_plan(number))


REPORTS = each("number", ["rich", "empty", *range(40)])


@REPORTS
def test_the_report_has_its_keys_and_no_other(number):
    data = make_report(number)
    named = {"format", "plan", "matrix", "edition", "document", "amendments"}
    assert set(data) == named | {"flows", "rules", "excluded", "closed", "findings"}
    assert data["format"] == 1
    assert type(data["format"]) is int
    assert isinstance(data["matrix"], str)
    assert data["matrix"]


@REPORTS
def test_the_report_is_plain_json(number):
    data = make_report(number)
    assert json.loads(json.dumps(data, allow_nan=False)) == data


@REPORTS
def test_a_flow_has_its_keys_and_no_other(number):
    for flow in make_report(number)["flows"]:
        assert set(flow) - {"rule_group"} == FLOW_KEYS
        assert flow["protocol"] in {"tcp", "udp", "icmp"}
        assert flow["scope"] in {"same-host", "same-zone", "cross-zone"}
        assert flow["reasons"]
        assert all(reason.strip() for reason in flow["reasons"])
        assert len(set(flow["reasons"])) == len(flow["reasons"])
        assert len(set(flow["services"])) == len(flow["services"])


@REPORTS
def test_a_rule_has_its_keys_its_number_and_no_other(number):
    for rule in make_report(number)["rules"]:
        assert set(rule) == {*RULE_KEYS, "id"}
        assert rule["id"].strip()
        assert all(set(service) - {"rule_group"} == SERVICE_KEYS for service in rule["services"])
        assert all(isinstance(text, str) for key in ("sources", "destinations", "reasons") for text in rule[key])


@REPORTS
def test_what_is_excluded_has_its_keys_and_no_other(number):
    for row in make_report(number)["excluded"]:
        assert set(row) == EXCLUDED_KEYS
        assert row["protocol"] in {"tcp", "udp", "icmp"}
        assert row["reasons"]
        assert row["sections"], "what the document does not ask for"
        assert isinstance(row["reason"], str)


@REPORTS
def test_what_must_stay_closed_has_its_keys_and_no_other(number):
    for row in make_report(number)["closed"]:
        assert set(row) == CLOSED_KEYS
        for side in (row["from"], row["to"]):
            assert set(side) in ({"zone"}, {"endpoint"})
            assert all(isinstance(name, str) for name in side.values())
        assert row["protocol"] in {"tcp", "udp", "icmp", None}
        assert isinstance(row["reason"], str)
        assert row["reason"].strip()
        assert type(row["kept"]) is bool


def test_what_the_plan_excludes_and_closes_is_told_with_its_ports_normalised():
    data = report(RICH)
    assert [{key: row[key] for key in EXCLUDED_KEYS - {"reasons"}} for row in data["excluded"]] == [
        {
            "source": "PS",
            "destination": "WIN",
            "protocol": "icmp",
            "ports": None,
            "sections": ["12"],
            "reason": "No pings",
        },
        {
            "source": "PS2",
            "destination": "SQL",
            "protocol": "tcp",
            "ports": "1433",
            "sections": ["2"],
            "reason": "A database of its own",
        },
    ]
    assert data["closed"] == [
        {
            "from": {"zone": "DMZ"},
            "to": {"endpoint": "WIN"},
            "protocol": "tcp",
            "ports": "3389",
            "sections": [],
            "reason": "Policy 12",
            "kept": False,
        },
        {
            "from": {"endpoint": "SQL"},
            "to": {"zone": "DMZ"},
            "protocol": None,
            "ports": None,
            "sections": [],
            "reason": "Policy 13",
            "kept": True,
        },
    ]


@REPORTS
def test_a_finding_has_its_keys_what_to_do_and_no_other(number):
    for finding in make_report(number)["findings"]:
        assert set(finding) == FINDING_KEYS
        assert finding["advice"].strip()
        assert finding["subject"] is None or finding["subject"].strip()
        assert all(isinstance(name, str) for name in finding["endpoints"])


@REPORTS
def test_ports_are_text_and_null_for_icmp_alone(number):
    data = make_report(number)
    services = [service for rule in data["rules"] for service in rule["services"]]
    closed = [row for row in data["closed"] if row["ports"] is not None]
    for item in [*data["flows"], *services, *data["excluded"], *closed]:
        if item["protocol"] == "icmp":
            assert item["ports"] is None
        else:
            first, _, last = item["ports"].partition("-")
            assert 1 <= int(first) <= int(last or first) <= 65535
            assert item["ports"] == (f"{int(first)}-{int(last)}" if last else f"{int(first)}")
            assert first != last


@REPORTS
def test_sections_are_texts_in_the_order_of_their_numbers(number):
    data = make_report(number)
    services = [service for rule in data["rules"] for service in rule["services"]]
    for item in [*data["flows"], *data["rules"], *services, *data["excluded"], *data["closed"]]:
        assert all(isinstance(section, str) for section in item["sections"])
        assert item["sections"] == sorted(set(item["sections"]), key=int)


@REPORTS
def test_marks_are_in_the_order_of_choice_and_option(number):
    data = make_report(number)
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


@REPORTS
def test_the_same_plan_in_json_and_in_yaml_gives_the_same_report(number):
    assert json.dumps(make_report(number)) == json.dumps(report(find_plan(number), "yaml"))


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


@pytest.mark.slow
def test_the_same_plan_gives_the_same_report_in_every_process():
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=encode(RICH),
        cwd=pathlib.Path(__file__).resolve().parents[2],
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
        timeout=600,
    )
    assert run.stdout == json.dumps(report(RICH)).encode()


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
    for key in ("corrections", "as_documented", "additional_flows", "exclusions", "never"):
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


def leave_reason(row):
    """What is excluded without why, which is that of the first exclusion."""
    return {key: value for key, value in row.items() if key != "reason"}


@each("number", ["rich", *range(60)])
def test_the_order_of_a_plan_does_not_change_what_it_needs(number):
    data, other = make_report(number), report(shuffled(find_plan(number), random.Random(f"order {number}")))
    assert unordered(data["flows"]) == unordered(other["flows"])
    assert len(data["rules"]) == len(other["rules"])
    assert unordered(map(leave_reason, data["excluded"])) == unordered(map(leave_reason, other["excluded"]))
    assert sorted(map(json.dumps, data["closed"])) == sorted(map(json.dumps, other["closed"]))
    assert sorted((f["code"], f["severity"]) for f in data["findings"]) == sorted(
        (f["code"], f["severity"]) for f in other["findings"]
    )
