"""Arbitrary sound plan documents, the same for the same number."""

import random

KINDS = ["internal", "dmz", "internet", "cloud", "remote-site"]
ROLES = [
    "database",
    "domain-controller",
    "app-server",
    "self-destruct-site",
    "mail-server",
    "browser-gateway",
    "password-reset-portal",
    "remote-site-agent",
    "website-user",
    "extension-user",
    "mobile-user",
    "message-reader",
    "launcher-user",
    "browser-session-user",
    "portal-user",
]
WEBS = ["web-primary", "web-passive", "web-active"]
PLATFORMS = [
    "active-directory",
    "cisco-ios",
    "dell-idrac",
    "f5-big-ip",
    "fortigate",
    "hp-h3c",
    "hp-ilo",
    "hp-procurve",
    "ibm-imm",
    "juniper-junos",
    "juniper-screenos",
    "linux-mac",
    "mariadb",
    "microsoft-sql",
    "mysql",
    "oracle",
    "palo-alto",
    "postgresql",
    "sonicwall",
    "vmware-esxi",
    "windows",
]
# The platforms whose marks meet come up more often.
PLATFORMS += ["active-directory", "vmware-esxi", "windows"] * 4
OPERATIONS = ["discovery", "reset", "validation", "host-heartbeat"]
SESSIONS = ["rdp", "ssh", "telnet", "vnc", "microsoft-sql", "teamviewer"]
CHOICES = {
    "self-destruct": ["embedded", "app-server", "push-pull", "none"],
    "active-directory": [[], ["ldap"], ["ldaps"], ["kerberos"], ["kerberos", "ldap"], ["ldap", "ldaps", "kerberos"]],
    "prp-domain-protocol": ["kerberos", "ldaps"],
    "prp-lockout-events": ["yes", "no"],
    "sql-listener": ["no", "yes"],
    "winrm": ["both", "http", "https"],
    "directory-port": ["ldap", "ldaps"],
    "esxi": ["ssh", "powercli"],
    "windows-validation": ["rpc", "smb"],
    "teamviewer": ["5938", "80", "443"],
}
CORRECTIONS = ["telnet-port", "ldap-tcp", "wmi-dynamic-rpc", "sql-listener-web", "app-server-inbound"]
SERVICES = [
    "website",
    "database",
    "sql-listener",
    "self-destruct-site",
    "password-reset-portal",
    "smtp",
    "browser-gateway",
    "app-server",
    "rdp",
    "ssh",
    "telnet",
    "vnc",
    "mssql",
    "mysql",
    "oracle",
    "postgresql",
    "rpc-dynamic",
]
PORTS = ["22", "80", "135", "389", "443", "445", "636", "5938", "1434", "1400-1500", "8443"]


def arbitrary_plan(number):
    rng = random.Random(number)

    def some(values, most):
        return rng.sample(values, min(len(values), rng.randint(0, most)))

    zones = [{"name": f"Z{n}", "kind": rng.choice(KINDS)} for n in range(rng.randint(1, 4))]
    endpoints = []
    for n in range(rng.randint(0, 9)):
        roles = some(ROLES, 3) + ([rng.choice(WEBS)] if rng.random() < 0.35 else [])
        rng.shuffle(roles)
        endpoints.append(
            {
                "name": f"E{n}",
                "zone": rng.choice(zones)["name"],
                "addresses": [f"10.0.0.{n + 1}"] if rng.random() < 0.5 else [],
                "group": rng.random() < 0.2,
                "roles": roles,
                "platforms": list(dict.fromkeys(some(PLATFORMS, 3))),
                "operations": some(OPERATIONS, 4),
                "sessions": some(SESSIONS, 3),
                "managed_by": [],
            }
        )
    engines = [e["name"] for e in endpoints if set(e["roles"]) & {*WEBS, "remote-site-agent"}]
    for endpoint in endpoints:
        if engines and rng.random() < 0.2:
            endpoint["managed_by"] = some(engines, 2)
    flows = []
    for _ in range(rng.randint(0, 3) if endpoints else 0):
        protocol = rng.choice(["tcp", "tcp", "udp", "icmp"])
        flow = {
            "source": rng.choice(endpoints)["name"],
            "destination": rng.choice(endpoints)["name"],
            "protocol": protocol,
            "reason": f"Reason {rng.randint(1, 3)}",
        }
        flows.append(flow if protocol == "icmp" else flow | {"ports": rng.choice(PORTS)})
    return {
        "format": 1,
        "name": f"Arbitrary {number}",
        "zones": zones,
        "endpoints": endpoints,
        "choices": {name: rng.choice(options) for name, options in CHOICES.items() if rng.random() < 0.35},
        "ports": {name: rng.choice(PORTS) for name in some(SERVICES, 4)},
        "corrections": some(CORRECTIONS, 5) if rng.random() < 0.5 else [],
        "additional_flows": flows,
    }
