"""Arbitrary sound plan documents: the same for the same number, or as a `Random` of Hypothesis draws them."""

import random

from .second_reading import DATABASES, LACKS_DISCOVERY, PEOPLE, SERVICES, WEBS, Reading, normal_ports

KINDS = ["internal", "dmz", "internet", "cloud", "remote-site"]
SERVER_ROLES = [
    "database", "domain-controller", "app-server", "self-destruct-site", "mail-server", "browser-gateway",
    "password-reset-portal", "remote-site-agent",
]  # fmt: skip
ROLES = [*SERVER_ROLES, *PEOPLE]
PLATFORMS = ["active-directory", "vmware-esxi", "windows"] * 5  # whose marks meet, so they come up more often
PLATFORMS += ["cisco-ios", "fortigate", "hp-h3c", "juniper-junos", "linux-mac", "sonicwall"]
PLATFORMS += [*sorted(LACKS_DISCOVERY), *DATABASES]
OPERATIONS = ["discovery", "reset", "validation", "host-heartbeat"]
SESSIONS = ["rdp", "ssh", "telnet", "vnc", "microsoft-sql", *["teamviewer"] * 3]
CHOICES = {
    "self-destruct": ["embedded", "app-server", "push-pull", "push-pull", "none"],
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
CORRECTABLE = [
    "telnet-port", "ldap-tcp", "wmi-dynamic-rpc", "sql-listener-web", "app-server-inbound", "gateway-assumed",
    "validation-rpc", "reset-kpasswd",
]  # fmt: skip
CONFIGURABLE = [service for service, (_, _, configurable) in SERVICES.items() if configurable]
PORTS = [
    "22", "80", "88", "135", "389", "443", "445", "636", "5938", "5985", "1434", "1400-1500", "8443", "0443", 443,
    "444-444", "0080-0090", "49152-65535", "1-65535", "50000",
]  # fmt: skip
NETWORKS = ["10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/25", "10.0.0.128/25", "10.0.0.0/8", "192.0.2.0/24", "fd00::/64"]
ADDRESSES = [
    "10.0.0.1", "10.0.0.1/32", "10.0.0.2", "10.0.0.200", "10.0.1.1", "10.0.0.0/24", "10.0.0.0/23", "10.0.0.0/25",
    "10.0.0.128/25", "192.0.2.7", "198.51.100.1", "fd00::1", "FD00:0::1", "fd00::/64", "2001:db8::1", "0.0.0.0/0",
    "ps.example.com", "PS.Example.COM", "sql",
]  # fmt: skip
SPECIAL = [
    "127.0.0.1", "127.0.0.0/8", "0.0.0.0", "255.255.255.255", "224.0.0.1", "239.0.0.0/8", "169.254.1.1",
    "169.254.0.0/16", "::", "::1", "ff02::1", "fe80::1", "fe80::/64", "::ffff:10.0.0.1",
]  # fmt: skip
REASONS = ["Reason 1", "Reason 2", "Reason 3", "Two lines,\nand more", "Policy 12"]


def arbitrary_plan(number):
    """The arbitrary plan of this number."""
    return draw_plan(random.Random(number))


def draw_plan(rng):
    """An arbitrary plan, with whatever `rng` draws."""
    return _Drawing(rng).plan()


class _Drawing:
    """The parts of a plan, as a `Random` has them."""

    def __init__(self, rng):
        self.rng = rng

    def some(self, values, most):
        """Different values, those that stand there several times more often."""
        values = list(values)
        return list(dict.fromkeys(self.rng.sample(values, min(len(values), self.rng.randint(0, most)))))

    def maybe(self, probability):
        return self.rng.random() < probability

    def plan(self):
        rng = self.rng
        zones = [self.zone(f"{rng.choice('ZzÄE')}{n}") for n in range(rng.randint(1, 4))]
        count = rng.randint(0, 9) if self.maybe(0.9) else rng.randint(10, 13)
        endpoints = [self.endpoint(f"{rng.choice('EeÖ_')}{n}", rng.choice(zones)) for n in range(count)]
        engines = [e["name"] for e in endpoints if {*WEBS, "remote-site-agent"}.intersection(e["roles"])]
        for endpoint in endpoints:
            if engines and self.maybe(0.2):
                endpoint["managed_by"] = self.some(engines, 2)
        applied, documented = [], []
        for caveat in CORRECTABLE:
            rng.choice([[], applied, documented]).append(caveat)
        plan = {
            "format": 1,
            "name": "Arbitrary",
            "zones": zones,
            "endpoints": endpoints,
            "choices": self.choices(rng.choice([0.05, 0.4])),
            "ports": self.ports(4),
            "corrections": applied,
            "as_documented": documented,
            "additional_flows": [self.additional(endpoints) for _ in range(rng.randint(0, 3) if endpoints else 0)],
        }
        if self.maybe(0.2):
            plan["product"] = "passwordstate"
        if self.maybe(0.2):
            plan["zones"] = rng.sample(zones, len(zones))
        if endpoints and self.maybe(0.7):
            # By the second reading, so that many of the rows below meet a flow.
            flows = sorted(Reading(plan).asked, key=str)
            plan["exclusions"] = [self.exclusion(endpoints, flows) for _ in range(rng.randint(0, 4))]
            plan["never"] = [self.never(plan, flows) for _ in range(rng.randint(0, 3))]
            for key in ("exclusions", "never"):
                if plan[key] and self.maybe(0.1):
                    plan[key].append(dict(plan[key][0]))
        if endpoints and self.maybe(0.1):
            plan["expect"] = [self.never(plan, []) | {"allowed": self.maybe(0.5)}]
        if self.maybe(0.4):
            plan["firewalls"] = [self.firewall(plan, f"FW{number}") for number in range(rng.randint(0, 3))]
        return plan

    def firewall(self, plan, name):
        """One that some of the zones stand behind, several of them perhaps on one side."""
        rng = self.rng
        row = {
            "name": name,
            "format": rng.choice(["asa", "fortigate", "paloalto", "srx", "nftables", "iptables"]),
            "zones": {zone["name"]: rng.choice(["in", "out", "dmz"]) for zone in plan["zones"] if self.maybe(0.7)},
        }
        if self.maybe(0.5):
            row["log"] = self.maybe(0.5)
        return row

    def zone(self, name):
        zone = {"name": name, "kind": self.rng.choice(KINDS)}
        if self.maybe(0.35):
            zone["networks"] = self.some(NETWORKS, 3)
        return zone | self.own()

    def own(self):
        """Choices and ports of a zone's or an endpoint's own."""
        own = {}
        if self.maybe(0.25):
            own["choices"] = self.choices(0.4)
        if self.maybe(0.35):
            own["ports"] = self.ports(4)
        return own

    def choices(self, probability):
        return {name: self.rng.choice(options) for name, options in CHOICES.items() if self.maybe(probability)}

    def ports(self, most):
        return {name: self.rng.choice(PORTS) for name in self.some(CONFIGURABLE, most)}

    def endpoint(self, name, zone):
        rng = self.rng
        roles = self.some(ROLES, 3) + ([rng.choice(WEBS)] if self.maybe(0.35) else [])
        rng.shuffle(roles)
        endpoint = {
            "name": name,
            "zone": zone["name"],
            "addresses": self.some(ADDRESSES, 3) if self.maybe(0.5) else [],
            "group": self.maybe(0.2),
            "roles": roles,
            "platforms": self.some(PLATFORMS, 3),
            "operations": self.some(OPERATIONS, 4),
            "sessions": self.some(SESSIONS, 3),
            "managed_by": [],
        }
        if self.maybe(0.1):
            endpoint["addresses"].append(rng.choice(SPECIAL))
        if zone["kind"] == "internet" and self.maybe(0.4):
            endpoint |= {"group": True, "addresses": ["any"]}
        return endpoint | self.own()

    def protocol_and_ports(self):
        protocol = self.rng.choice(["tcp", "tcp", "udp", "icmp"])
        return {"protocol": protocol} | ({} if protocol == "icmp" else {"ports": self.rng.choice(PORTS)})

    def additional(self, endpoints):
        rng = self.rng
        return {
            "source": rng.choice(endpoints)["name"],
            "destination": rng.choice(endpoints)["name"],
            **self.protocol_and_ports(),
            "reason": rng.choice(REASONS),
        }

    def exclusion(self, endpoints, flows):
        """One of a flow, of a pair with flows, or of whatever."""
        rng = self.rng
        exclusion = {
            "source": rng.choice(endpoints)["name"],
            "destination": rng.choice(endpoints)["name"],
            **(self.protocol_and_ports() if self.maybe(0.5) else {}),
            "reason": rng.choice(REASONS),
        }
        if flows and self.maybe(0.8):
            source, destination, protocol, ports = rng.choice(flows)
            exclusion |= {"source": source, "destination": destination}
            if self.maybe(0.7):
                exclusion |= {"protocol": protocol, "ports": self.written(ports)}
                if ports is None:
                    del exclusion["ports"]
        return exclusion

    def written(self, ports):
        """The same ports in one of the ways to write them."""
        if ports is None or self.maybe(0.7):
            return ports
        return f"0{ports}" if "-" in ports or self.maybe(0.5) else self.rng.choice([int(ports), f"{ports}-{ports}"])

    def never(self, plan, flows):
        """A row about a flow, a little beside one, or about whatever."""
        rng = self.rng
        of = {endpoint["name"]: endpoint["zone"] for endpoint in plan["endpoints"]}
        ends = [rng.choice(sorted(of)), rng.choice(sorted(of))]
        row = self.protocol_and_ports() if self.maybe(0.6) else {}
        if flows and self.maybe(0.8):
            *ends, protocol, ports = rng.choice(flows)
            if self.maybe(0.7):
                row = {"protocol": protocol} | ({} if ports is None else {"ports": self.around(ports)})
        if row.get("protocol") != "icmp" and self.maybe(0.2):
            row.pop("ports", None)
        sides = [{"zone": of[end]} if self.maybe(0.5) else {"endpoint": end} for end in ends]
        if self.maybe(0.1):
            sides[rng.randint(0, 1)] = {"zone": rng.choice(plan["zones"])["name"]}
        return {"from": sides[0], "to": sides[1], **row, "reason": rng.choice(REASONS)}

    def around(self, ports):
        """The same ports, or some that overlap with them, or that come next to them."""
        first, _, last = normal_ports(ports).partition("-")
        low, high = int(first), int(last or first)
        wider = f"{max(low - self.rng.randint(0, 40), 1)}-{min(high + self.rng.randint(0, 40), 65535)}"
        beside = str(high + 1) if high < 65535 else str(max(low - 1, 1))
        return self.rng.choice([self.written(ports), wider, beside, f"{low}-{min(high + 5, 65535)}", f"1-{low}"])
