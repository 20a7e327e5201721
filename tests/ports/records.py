"""A small matrix as records: an invented product with one of everything."""

import json
from copy import deepcopy
from typing import Any

RECORDS: dict[str, list[dict[str, Any]]] = {
    "portmatrix": [{"slug": "desk-2026-05", "product": "Desk", "document": "Guide", "received": "2026-05"}],
    "section": [{"number": "1", "title": "Web"}, {"number": "2", "title": "Inventory"}],
    "role": [
        {"slug": "desk", "name": "Desk server", "kind": "group", "label": "server", "icon": "server",
         "description": "", "is_a": [], "exclusive": True},
        {"slug": "desk-main", "name": "Main server", "kind": "server", "label": "main server", "icon": "server",
         "description": "", "is_a": ["desk"], "exclusive": False},
        {"slug": "user", "name": "Users", "kind": "people", "label": "users", "icon": "people",
         "description": "", "is_a": [], "exclusive": False},
        {"slug": "agent", "name": "Agent", "kind": "server", "label": "agent", "icon": "agent",
         "description": "", "is_a": [], "exclusive": False},
    ],
    "platform": [{"slug": "linux", "name": "Linux", "icon": ""}],
    "operation": [{"slug": "inventory", "name": "Inventory", "section": "2", "needs_platform": True}],
    "session": [{"slug": "shell", "name": "Shell"}],
    "service": [
        {"slug": "https", "name": "Desk (HTTPS)", "protocol": "tcp", "ports": "8443", "configurable": True,
         "listener": ""},
        {"slug": "ssh", "name": "SSH", "protocol": "tcp", "ports": "22", "configurable": True, "listener": ""},
        {"slug": "dynamic", "name": "Dynamic ports", "protocol": "udp", "ports": "49152-65535",
         "configurable": False, "listener": ""},
        {"slug": "ping", "name": "Ping", "protocol": "icmp", "ports": "", "configurable": False, "listener": ""},
    ],
    "choice": [
        {"slug": "mail", "name": "Mail", "question": "Is mail sent?", "sections": ["1"],
         "options": [{"slug": "no", "name": "No", "consequence": ""}, {"slug": "yes", "name": "Yes",
                     "consequence": "TCP 22."}], "many": False, "default": ["no"]},
        {"slug": "transport", "name": "Transport", "question": "How?", "sections": ["2"],
         "options": [{"slug": "ssh", "name": "SSH", "consequence": ""}, {"slug": "dynamic", "name": "Dynamic",
                     "consequence": ""}], "many": False, "default": None},
        {"slug": "sign-in", "name": "Sign-in", "question": "With what?", "sections": ["1"],
         "options": [{"slug": "card", "name": "Card", "consequence": ""}, {"slug": "code", "name": "Code",
                     "consequence": ""}], "many": True, "default": []},
    ],
    "pairing": [
        {"slug": "reader", "name": "Reader of the target", "managed_by": True, "near": "agent", "fallback": "desk",
         "fallback_not_in": ["dmz", "cloud"], "near_section": "1"},
    ],
    "requirement": [
        {"slug": "people", "section": "1", "topic": "", "name": "People open tickets", "summary": "Browsers.",
         "source": "user", "destination": "desk", "pairing": "", "target": {}, "services": [{"service": "https"}],
         "when": [], "correction": ""},
        {"slug": "mail-out", "section": "1", "topic": "", "name": "Mail", "summary": "Leaves over SSH.",
         "source": "desk-main", "destination": "agent", "pairing": "", "target": {},
         "services": [{"service": "ssh", "choice": "sign-in", "options": ["card", "code"]}],
         "when": [{"choice": "mail", "options": ["yes"]}, {"role": "agent"}], "correction": ""},
        {"slug": "linux", "section": "2", "topic": "Inventory", "name": "Linux", "summary": "Read by the agent.",
         "source": "", "destination": "", "pairing": "reader",
         "target": {"operation": "inventory", "platform": "linux"},
         "services": [{"service": "ping"}, {"service": "ssh", "choice": "transport", "options": ["ssh"]},
                      {"service": "dynamic", "choice": "transport", "options": ["dynamic"]}],
         "when": [], "correction": ""},
        {"slug": "upload", "section": "2", "topic": "", "name": "Agents upload", "summary": "Left out.",
         "source": "agent", "destination": "desk", "pairing": "", "target": {}, "services": [{"service": "https"}],
         "when": [], "correction": "upload-missing"},
    ],
    "caveat": [
        {"slug": "upload-missing", "sections": ["2"], "title": "Uploads", "text": "Nothing is said about uploads.",
         "about": {"roles": ["agent"]}, "correction": "Adds them.", "service_ports": {}},
        {"slug": "ssh-port", "sections": ["2"], "title": "SSH elsewhere", "text": "Often on another port.",
         "about": {"services": ["ssh"]}, "correction": "Use TCP 2222.", "service_ports": {"ssh": "2222"}},
        {"slug": "silent", "sections": [], "title": "Not covered", "text": "DNS.", "about": {"always": True},
         "correction": "", "service_ports": {}},
    ],
    "check": [
        {"code": "no-desk", "severity": "error", "subject": "desk", "message": "No server.", "advice": "Add one.",
         "when": [], "needs": ["desk"], "opening": {}},
        {"code": "in-clear", "severity": "warning", "subject": "https", "message": "Open.", "advice": "Close it.",
         "when": [{"role": "user"}], "needs": [],
         "opening": {"service": "https", "source_role": "user", "source_kind": "internet"}},
    ],
}  # fmt: skip


def make_records() -> dict[str, list[dict[str, Any]]]:
    """A copy to break."""
    return deepcopy(RECORDS)


def record(records: dict[str, list[dict[str, Any]]], kind: str, name: str) -> dict[str, Any]:
    """One record by its slug, number or code."""
    return next(row for row in records[kind] if name in (row.get("slug"), row.get("number"), row.get("code")))


def fixture_text(records: dict[str, list[dict[str, Any]]]) -> str:
    """The records as a fixture file."""
    slug = records["portmatrix"][0].get("slug")
    return json.dumps(
        [
            {
                "model": f"ports.{kind}",
                "fields": row if kind == "portmatrix" else {"matrix": [slug], "position": number * 10, **row},
            }
            for kind, rows in records.items()
            for number, row in enumerate(rows, 1)
        ]
    )
