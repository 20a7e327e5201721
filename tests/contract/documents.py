"""The document that tests of the contract spoil, what it may name, and how its faults are told."""

from tests.each import each

from .helpers import faults

SYNTAXES = each("syntax", ["json", "yaml"])

BASE = {
    "format": 1,
    "name": "Contoso",
    "description": "A plan",
    "zones": [
        {"name": "Internal", "kind": "internal"},
        {"name": "Internet", "kind": "internet"},
    ],
    "endpoints": [
        {
            "name": "PS",
            "zone": "Internal",
            "addresses": ["10.0.0.10"],
            "group": False,
            "roles": ["web-primary"],
            "platforms": ["windows"],
            "operations": ["reset"],
            "sessions": ["rdp"],
            "managed_by": ["PS"],
        },
        {"name": "SQL", "zone": "Internal", "roles": ["database"]},
        {"name": "T", "zone": "Internal", "platforms": ["vmware-esxi"], "operations": ["reset"], "managed_by": ["PS"]},
        {"name": "WORLD", "zone": "Internet", "group": True, "addresses": ["any"], "roles": ["website-user"]},
    ],
    "choices": {"esxi": "ssh", "active-directory": ["ldaps"]},
    "ports": {"website": 8443},
    "corrections": ["telnet-port"],
    "additional_flows": [{"source": "PS", "destination": "SQL", "protocol": "udp", "ports": "53", "reason": "Names"}],
}

KINDS = ["internal", "dmz", "internet", "cloud", "remote-site"]
ROLES = [
    "web-primary", "web-passive", "web-active", "database", "domain-controller", "app-server", "self-destruct-site",
    "mail-server", "browser-gateway", "password-reset-portal", "remote-site-agent", "website-user", "extension-user",
    "mobile-user", "message-reader", "launcher-user", "browser-session-user", "portal-user",
]  # fmt: skip
PLATFORMS = [
    "active-directory", "cisco-ios", "dell-idrac", "f5-big-ip", "fortigate", "hp-h3c", "hp-ilo", "hp-procurve",
    "ibm-imm", "juniper-junos", "juniper-screenos", "linux-mac", "mariadb", "microsoft-sql", "mysql", "oracle",
    "palo-alto", "postgresql", "sonicwall", "vmware-esxi", "windows",
]  # fmt: skip
OPERATIONS = ["discovery", "reset", "validation", "host-heartbeat"]
SESSIONS = ["rdp", "ssh", "telnet", "vnc", "microsoft-sql", "teamviewer"]
CHOICES = {
    "self-destruct": ["embedded", "app-server", "push-pull", "none"],
    "prp-domain-protocol": ["kerberos", "ldaps"],
    "prp-lockout-events": ["yes", "no"],
    "sql-listener": ["no", "yes"],
    "winrm": ["both", "http", "https"],
    "directory-port": ["ldap", "ldaps"],
    "esxi": ["ssh", "powercli"],
    "windows-validation": ["rpc", "smb"],
    "teamviewer": ["5938", "80", "443"],
}
CONFIGURABLE = [
    "website", "database", "sql-listener", "self-destruct-site", "password-reset-portal", "smtp", "browser-gateway",
    "app-server", "rdp", "ssh", "telnet", "vnc", "mssql", "mysql", "oracle", "postgresql", "rpc-dynamic",
]  # fmt: skip
CORRECTIONS = [
    "telnet-port", "ldap-tcp", "wmi-dynamic-rpc", "sql-listener-web", "app-server-inbound", "gateway-assumed",
    "validation-rpc", "reset-kpasswd",
]  # fmt: skip
INFORMATION = [
    "sql-listener-transport", "ha-silent", "section-numbers", "protocol-assumed", "portal-domain-source",
    "rpc-range-assumed", "engine-assumed", "app-server-roles", "heartbeat-fallback", "teamviewer-destination",
    "not-covered",
]  # fmt: skip


def assert_one_fault(plan, syntax, places, words):
    """Exactly one fault, at one of these places, with each of the words (an unknown key may stand in the place)."""
    found = faults(plan, syntax)
    places = places if isinstance(places, tuple) else (places,)
    assert len(found) == 1, found
    where, message = found[0]
    assert where in places, found
    for word in words:
        assert word in f"{where} {message}", (word, message)
