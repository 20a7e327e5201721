"""Plans that the tests of renderers and commands report on. All names in them are invented."""

import json

from planner.document import read_plan
from planner.engine import Report, evaluate_report
from ports.queries import shipped_matrix

HOSTILE_NAMES = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "＝1+1",
    "<b>bold</b>",
    "<r>raw</r>",
    "\"quoted\", and 'so'",
    "pipe | pipe",
    "back\\slash\\",
    "`code` *star* _under_ #1 ~~gone~~ $a$",
    "[link](javascript:alert(1))",
    "https://evil.example/ www.evil.example",
    "&amp; &#61;",
    "semicolon;=1+1",
    "emoji 😀 Zürich",
    "x" * 255,
    "0123",
    "1E5",
)


def write_plan(*endpoints, zones=(("Internal", "internal"), ("DMZ", "dmz"), ("Internet", "internet")), **more):
    """A plan document as a mapping."""
    return {
        "format": 1,
        "name": "Contoso",
        "zones": [{"name": name, "kind": kind} for name, kind in zones],
        "endpoints": list(endpoints),
    } | more


def contoso(**more):
    """A small plan with cross-zone, same-zone and local flows, an open decision, a missing address and `any`."""
    return write_plan(
        {
            "name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10", "fd00::10"],
            "roles": ["web-primary", "database"],
        },
        {"name": "DC01", "zone": "Internal", "addresses": ["10.0.0.20"], "roles": ["domain-controller"]},
        {"name": "Portal", "zone": "DMZ", "roles": ["password-reset-portal"]},
        {
            "name": "ESX01", "zone": "DMZ", "addresses": ["esx01.example.net"], "platforms": ["vmware-esxi"],
            "operations": ["discovery", "host-heartbeat"],
        },
        {"name": "Public", "zone": "Internet", "addresses": ["any"], "group": True, "roles": ["portal-user"]},
        **{
            "ports": {"website": 8443, "rpc-dynamic": "50000-50100"},
            "additional_flows": [
                {
                    "source": "PS01", "destination": "DC01", "protocol": "udp", "ports": "53",
                    "reason": "Name resolution",
                }
            ],
        } | more,
    )  # fmt: skip


def hostile(name):
    """A plan whose name, zones, endpoints and reason are all (made of) one hostile text."""
    return write_plan(
        {"name": name, "zone": name, "addresses": ["10.0.0.1"], "roles": ["web-primary"]},
        {"name": "SQL", "zone": "DMZ", "roles": ["database"]},
        zones=((name, "internal"), ("DMZ", "dmz")),
        name=name,
        description=name,
        additional_flows=[
            {"source": name, "destination": "SQL", "protocol": "tcp", "ports": "1", "reason": name},
        ],
    )


def sites(count):
    """A plan of many like remote sites, each with an agent and two managed systems."""
    zones = [("Internal", "internal"), ("DMZ", "dmz"), ("Internet", "internet")]
    endpoints = [
        {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary", "browser-gateway"]},
        {"name": "SQL", "zone": "Internal", "addresses": ["10.0.0.3"], "roles": ["database"]},
        {"name": "Staff", "zone": "Internal", "group": True, "addresses": ["10.1.0.0/16"], "roles": ["launcher-user"]},
        {"name": "Public", "zone": "Internet", "group": True, "addresses": ["any"], "roles": ["message-reader"]},
    ]
    for number in range(count):
        zone = f"Site {number}"
        zones.append((zone, "remote-site"))
        endpoints += [
            {"name": f"A{number}", "zone": zone, "roles": ["remote-site-agent"]},
            {
                "name": f"W{number}", "zone": zone, "platforms": ["windows"], "sessions": ["rdp"],
                "operations": ["discovery", "reset", "validation", "host-heartbeat"],
            },
            {
                "name": f"L{number}", "zone": zone, "platforms": ["linux-mac"], "sessions": ["ssh"],
                "operations": ["discovery", "reset", "host-heartbeat"],
            },
        ]  # fmt: skip
    return write_plan(*endpoints, zones=zones)


def evaluate(document) -> Report:
    """The report of a plan document under the shipped matrix."""
    data = json.dumps(document).encode()
    return evaluate_report(shipped_matrix(), read_plan(data, matrix=shipped_matrix(), syntax="json"))
