"""Plans that the tests of renderers and commands report on. All names in them are invented."""

import json
from functools import lru_cache

from planner.engine import Report, evaluate_report
from planner.plan.document import read_plan
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


def in_lots(names):
    """The names, as many together as one text that may be a name has room for."""
    lots = [[]]
    for name in names:
        if len(" / ".join([*lots[-1], name])) > 255:
            lots.append([])
        lots[-1].append(name)
    return lots


def hostile_lot(names):
    """A plan that has all of these names in its own name; a zone, an endpoint and a reason have each.

    Each endpoint has an address of its own, so that no file takes several for one.
    """
    one, *others = [hostile(name) for name in names]
    for number, other in enumerate(others, 2):
        one["zones"].insert(0, other["zones"][0])
        one["endpoints"].append(other["endpoints"][0] | {"addresses": [f"10.0.0.{number}"]})
        one["additional_flows"] += other["additional_flows"]
    return one | dict.fromkeys(("name", "description"), " / ".join(names))


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
    return _evaluate(json.dumps(document))


def evaluate_once(document) -> Report:
    """The same, once for all who ask for the report of such a document."""
    return _evaluate_once(json.dumps(document))


def _evaluate(text: str) -> Report:
    return evaluate_report(shipped_matrix(), read_plan(text.encode(), matrix=shipped_matrix(), syntax="json"))


_evaluate_once = lru_cache(64)(_evaluate)


WORST_NAMES = (
    "=1+1", '=cmd|"/c calc"!A1', "+1", "-1", "@SUM(A1)", "＝1+1", "a;=1+1", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "]]></x><!-- -- -->", "\"double\" 'single' `back`", '"; accept',
    '"; policy drop; } #', "*/ policy any {", "$(reboot) %COMSPEC% ${x}", "\u202egpj.exe", "\u2066isolated\u2069",
    "x" * 255, "😀" * 40, "שרת העברית", "{{ 7*7 }}{% now %}", "pipe | pipe", "../../etc/passwd", "CON", "any",
    "javascript:alert(1)", "--opt", "é\u0301 composed",
)  # fmt: skip
"""Formulas, HTML, quotes, ends of comments, what reorders text, too much, too wide, words that mean something."""


def worst(missing=()):
    """One plan in which everything that a person types is hostile; `missing`: names of endpoints to leave out."""
    zones = (
        ('=cmd|"/c calc"!A0', "internal"), ("<svg onload=alert(1)>", "dmz"), ("\u202eenoZ", "internet"),
        ("y" * 255, "remote-site"), ('"; accept', "remote-site"),
    )  # fmt: skip
    roles = (
        "web-primary", "database", "domain-controller", "app-server", "self-destruct-site", "mail-server",
        "browser-gateway", "password-reset-portal", "remote-site-agent", "website-user", "launcher-user",
    )  # fmt: skip
    managed = {
        "platforms": ["windows", "vmware-esxi"], "sessions": ["rdp"],
        "operations": ["discovery", "reset", "validation", "host-heartbeat"],
    }  # fmt: skip
    endpoints = [
        {"name": name, "zone": zones[number % len(zones)][0], "addresses": [f"10.0.{number}.1"]}
        | ({"roles": [roles[number]]} if number < len(roles) else managed)
        for number, name in enumerate(WORST_NAMES)
    ]
    flows = [
        {
            "source": name, "destination": WORST_NAMES[number - 1], "protocol": "tcp", "ports": str(number + 1),
            "reason": f'{name}\nsecond line\t=2+2\n"; accept',
        }
        for number, name in enumerate(WORST_NAMES)
    ]  # fmt: skip
    return write_plan(
        *(endpoint for endpoint in endpoints if endpoint["name"] not in missing),
        zones=zones,
        name='</title><script>alert(1)</script>"; accept \u202eplan',
        description='=1+1\n<script>alert(1)</script>\n"; accept\n| a | b |\n# one\n[x](javascript:alert(1))',
        additional_flows=[flow for flow in flows if not {flow["source"], flow["destination"]} & set(missing)],
    )
