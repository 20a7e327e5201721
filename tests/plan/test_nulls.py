"""Null where nothing may be absent: JSON's and a plain one of YAML are told alike, and a quoted one is text."""

import json
from copy import deepcopy

import pytest
import yaml

from planner.plan.document import PlanError, read_plan
from ports.queries import shipped_matrix
from tests.each import each

MATRIX = shipped_matrix()
DOCUMENT = {
    "format": 1,
    "name": "P",
    "zones": [
        {"name": "A", "kind": "internal", "networks": ["10.0.0.0/24"]},
        {"name": "null", "kind": "dmz"},
    ],
    "endpoints": [
        {"name": "W", "zone": "A", "addresses": ["10.0.0.1"], "roles": ["web-primary"]},
        {
            "name": "H",
            "zone": "null",
            "platforms": ["windows"],
            "operations": ["reset"],
            "sessions": ["rdp"],
            "managed_by": ["W"],
            "choices": {"active-directory": ["ldap"]},
        },
    ],
    "corrections": ["telnet-port"],
    "as_documented": ["ldap-tcp"],
    "additional_flows": [{"source": "W", "destination": "H", "protocol": "icmp", "reason": "Ours"}],
    "exclusions": [{"source": "W", "destination": "H", "protocol": "tcp", "ports": "5985", "reason": "Not here"}],
    "never": [{"from": {"zone": "A"}, "to": {"endpoint": "H"}, "protocol": "udp", "reason": "Policy"}],
    "firewalls": [
        {
            "name": "FW",
            "format": "nftables",
            "zones": {"A": "eth0", "null": "eth1"},
            "options": {"chain": "vault"},
            "published": {"H": "203.0.113.9"},
        }
    ],
}
PLACES = [
    ("zones", 0, "kind"),
    ("zones", 0, "networks", 0),
    *(("endpoints", 1, key, 0) for key in ("platforms", "operations", "sessions", "managed_by")),
    ("endpoints", 0, "addresses", 0),
    ("endpoints", 0, "roles", 0),
    ("endpoints", 1, "choices", "active-directory", 0),
    ("corrections", 0),
    ("as_documented", 0),
    ("additional_flows", 0, "protocol"),
    ("additional_flows", 0, "reason"),
    ("exclusions", 0, "reason"),
    ("never", 0, "reason"),
    ("firewalls", 0, "format"),
    ("firewalls", 0, "zones", "A"),
    ("firewalls", 0, "options", "chain"),
    ("firewalls", 0, "published", "H"),
]


def put(path, value):
    document = deepcopy(DOCUMENT)
    *way, last = path
    inner = document
    for step in way:
        inner = inner[step]
    inner[last] = value
    return document


def write(document, syntax):
    return (json.dumps(document) if syntax == "json" else yaml.safe_dump(document)).encode()


def faults_of(document, syntax):
    with pytest.raises(PlanError) as caught:
        read_plan(write(document, syntax), matrix=MATRIX, syntax=syntax)
    return [(fault.where, fault.code, fault.message) for fault in caught.value.faults]


@each("path", PLACES)
def test_a_plain_null_of_yaml_is_refused_as_that_of_json_is(path):
    as_json, as_yaml = (faults_of(put(path, None), syntax) for syntax in ("json", "yaml"))
    assert as_yaml == as_json
    assert "nothing" in as_yaml[0][2]


@each("syntax", ["json", "yaml"])
def test_a_quoted_null_is_the_text_that_it_is(syntax):
    texts = [("endpoints", 0, "addresses", 0), ("additional_flows", 0, "reason"), ("firewalls", 0, "zones", "A")]
    for path in texts:
        value = read_plan(write(put(path, "null"), syntax), matrix=MATRIX, syntax=syntax)
        for step in path:
            value = getattr(value, step) if isinstance(step, str) and hasattr(value, step) else value[step]
        assert value == "null", path


def test_a_fault_behind_a_null_stands_at_its_place():
    both = [
        faults_of(put(("endpoints", 1, "managed_by"), ["W", None, "NOBODY"]), syntax) for syntax in ("json", "yaml")
    ]
    assert both[0] == both[1]
    assert [where for where, _, _ in both[0]] == ["endpoints[1].managed_by[1]", "endpoints[1].managed_by[2]"]
