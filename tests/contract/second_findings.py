"""A second reading of the contract: findings, from its text and from the codes of docs/findings.md.

Where the text leaves something open, a finding is bounded on both sides: the endpoints that it must have and those
that it may have, and whether it must be there or may be.
"""

import ipaddress
import re
from itertools import combinations, product

from .second_reading import (
    ALTERNATIVES,
    PEOPLE,
    PORTAL_ROWS,
    ROWS,
    SERVICES,
    SESSIONS,
    WEBS,
    Reading,
    holds,
    is_role,
    needs,
    overlap,
)

HEARTBEAT = "host-heartbeat"
SERVER_ROLES = [
    *WEBS, "database", "domain-controller", "app-server", "self-destruct-site", "mail-server", "browser-gateway",
    "password-reset-portal", "remote-site-agent",
]  # fmt: skip
ONE_LISTENER = [{"database", "mssql"}]  # Microsoft SQL Server, whoever asks
CORRECTIONS = [
    "telnet-port", "ldap-tcp", "wmi-dynamic-rpc", "sql-listener-web", "app-server-inbound", "gateway-assumed",
    "validation-rpc", "reset-kpasswd",
]  # fmt: skip
SPECIAL = [
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8", "0.0.0.0/32", "224.0.0.0/4", "169.254.0.0/16", "255.255.255.255/32", "::1/128", "::/128",
        "ff00::/8", "fe80::/10", "::ffff:0:0/96",
    )
]  # fmt: skip


class Expected:
    """One finding: the endpoints that it has to have, those that it may have, and whether it has to be there."""

    def __init__(self, severity, needed, allowed=None, must=None):
        self.severity, self.needed = severity, set(needed)
        self.allowed = self.needed | set(allowed or ())
        self.must = bool(self.needed) if must is None else must


def read_findings(reading):
    """{(code, subject): Expected} of all findings that the plan that was read has to have or may have."""
    return _Findings(reading).found


def differences(expected, findings):
    """What a report's findings have that they shouldn't, or lack, a sentence each."""
    seen = {}
    for finding in findings:
        key = finding["code"], finding["subject"]
        if key in seen:
            yield f"{key} is there twice"
        seen[key] = finding
    for key, finding in seen.items():
        if key not in expected:
            yield f"{key} should not be there: {finding}"
            continue
        wanted, endpoints = expected[key], finding["endpoints"]
        if finding["severity"] != wanted.severity:
            yield f"{key} is {finding['severity']} and not {wanted.severity}"
        if endpoints and not re.search(rf"\b{len(endpoints):,} endpoints?\b", finding["message"]):
            yield f"{key} doesn't count its endpoints: {finding['message']}"
        if endpoints != sorted(set(endpoints)):
            yield f"{key} has its endpoints in another order, or one twice: {endpoints}"
        if not wanted.needed <= set(endpoints) <= wanted.allowed:
            yield f"{key} has {endpoints}, not {sorted(wanted.needed)} (at most {sorted(wanted.allowed)})"
    for key, wanted in expected.items():
        if wanted.must and key not in seen:
            yield f"{key} is not there, with {sorted(wanted.needed)}"


def network(address):
    try:
        return ipaddress.ip_network(address)
    except ValueError:
        return None


class _Findings:
    def __init__(self, reading):
        self.plan, self.reading = reading.plan, reading
        self.endpoints = self.reading.endpoints
        self.found = {}
        self.errors_of_the_plan()
        self.people_and_servers()
        self.roles_without_flow()
        self.sessions()
        self.managed()
        self.openings()
        self.closed_and_excluded()
        self.firewalls()
        self.addresses()
        self.port_conflicts()
        self.decisions()
        self.caveats()

    def add(self, code, subject, severity, needed, allowed=None, must=None):
        expected = Expected(severity, needed, allowed, must)
        if expected.must or expected.allowed or must is False:
            self.found[code, subject] = expected

    def names(self, role):
        return {endpoint["name"] for endpoint in self.reading.have(role)}

    def where(self, condition):
        return {name for name, endpoint in self.endpoints.items() if condition(endpoint)}

    def kind(self, name):
        return self.reading.zones[self.endpoints[name]["zone"]]["kind"]

    # --- the plan can't work as described ---

    def errors_of_the_plan(self):
        chosen = self.reading.plan_choice
        portals, controllers = self.names("password-reset-portal"), self.names("domain-controller")
        passive, active, primary = (self.names(f"web-{kind}") for kind in ("passive", "active", "primary"))
        if not self.names("web"):
            self.add("no-web-server", "web", "error", (), must=True)
        if not self.names("database"):
            self.add("no-database", "database", "error", (), must=True)
        if passive and not primary:
            self.add("passive-without-primary", "web-passive", "error", passive)
        if active and not primary:
            self.add("active-without-primary", "web-active", "warning", active)
        if len(primary) > 1:
            self.add("two-primaries", "web-primary", "warning", primary)
        if chosen("self-destruct") == "push-pull" and not self.names("self-destruct-site"):
            self.add("push-pull-without-site", "self-destruct", "error", (), must=True)
        if portals and not controllers:
            self.add("portal-without-domain-controller", "password-reset-portal", "error", portals)
        if portals and chosen("active-directory") == []:
            self.add("portal-without-active-directory", "password-reset-portal", "warning", portals)

    # --- people and what they use ---

    def rows_of_people(self):
        """(people role, destination role) of each row that is in force, or that an undecided correction withholds."""
        documented = set(self.plan.get("as_documented", []))
        for _, source, destination, _, condition, correction in ROWS:
            in_force = condition is None or holds(condition, self.reading.plan_choice(condition[0]))
            if source in PEOPLE and in_force and correction not in documented:
                yield source, destination

    def people_and_servers(self):
        rows = set(self.rows_of_people())
        for role in PEOPLE:
            if role == "launcher-user":
                lost = not self.where(lambda endpoint: endpoint.get("sessions"))
            else:
                lost = any(source == role and not self.names(destination) for source, destination in rows)
            if lost:
                self.add("nothing-to-reach", role, "error", self.names(role))
        for role in SERVER_ROLES:
            users = {source for source, destination in rows if role in is_role(destination)}
            if users and not any(self.names(user) for user in users):
                self.add("nobody-uses", role, "warning", self.names(role))

    def roles_without_flow(self):
        acting = set()
        for (source, destination, *_), demands in self.reading.asked.items():
            for demand in demands:
                acting |= demand.source_roles.intersection(self.endpoints[source].get("roles", []))
                acting |= demand.destination_roles.intersection(self.endpoints[destination].get("roles", []))
        for role in (*SERVER_ROLES, *PEOPLE):
            told = {("nothing-to-reach", role), ("nobody-uses", role)} & set(self.found)
            if role not in acting and not told:
                self.add("role-without-flow", role, "warning", self.names(role))

    def reached(self, *rows):
        return {key[1] for key, demands in self.reading.asked.items() if any(d.row in rows for d in demands)}

    def sessions(self):
        without = set()
        if self.names("browser-gateway") or self.names("browser-session-user"):
            listing = self.where(lambda endpoint: {"rdp", "ssh"}.intersection(endpoint.get("sessions", [])))
            without = listing - self.reached("gateway")
            self.add("sessions-without-gateway", None, "warning", without)
        listing = self.where(lambda endpoint: endpoint.get("sessions"))
        self.add("sessions-unused", None, "warning", listing - self.reached("launcher", "gateway") - without)

    # --- what is managed ---

    def managed(self):
        def lacks(endpoint):
            operations = set(endpoint.get("operations", [])) - {HEARTBEAT}
            return any(not needs(p, o, set()) for p in endpoint.get("platforms", []) for o in operations)

        def works(endpoint):
            return bool(endpoint.get("operations"))

        agents = {endpoint["zone"] for endpoint in self.reading.have("remote-site-agent")}
        self.add(
            "operations-without-engine",
            None,
            "error",
            self.where(lambda endpoint: works(endpoint) and not self.reading.engines_of(endpoint)),
        )
        self.add("operation-not-listed", None, "warning", self.where(lacks))
        self.add(
            "operations-without-platforms",
            None,
            "warning",
            self.where(lambda e: set(e.get("operations", [])) - {HEARTBEAT} and not e.get("platforms")),
        )
        self.add(
            "platforms-without-operations", None, "warning", self.where(lambda e: e.get("platforms") and not works(e))
        )
        sites = self.where(lambda e: self.kind(e["name"]) == "remote-site" and e["zone"] not in agents)
        self.add("site-without-agent", None, "warning", {name for name in sites if works(self.endpoints[name])})

    # --- risky openings ---

    def openings(self):
        flows, everything = self.reading.flows, list(self.reading.asked)

        def ends(keys):
            return {name for key in keys for name in key[:2]}

        def inwards(keys):
            apps, databases = self.names("app-server"), self.names("database")
            return [
                key
                for key in keys
                if key[0] in apps
                and key[1] in databases
                and self.kind(key[0]) in ("dmz", "cloud", "internet")
                and self.kind(key[1]) == "internal"
            ]

        asked = [
            key
            for key in inwards(flows)
            if any(
                "app-server" in d.source_roles and "database" in d.destination_roles for d in self.reading.asked[key]
            )
        ]
        self.add(
            "app-server-dmz-database",
            "app-server",
            "warning",
            {key[0] for key in asked},
            ends(inwards(everything)),
        )

        def at(service, keys, offering):
            """Those of a service, and own flows on its port at who offers it."""
            own = [key for key in keys if self.reading.is_own(key) and key[1] in offering and key[2] == "tcp"]
            ports = {name: self.reading.port_of(service, self.endpoints[name]) for name in offering}
            own = {key for key in own if overlap(key[3], ports[key[1]])}
            return [key for key in keys if key in own or service in self.reading.services(key)]

        listening = self.where(lambda endpoint: "telnet" in endpoint.get("sessions", []))
        leaving = [key for key in at("telnet", flows, listening) if self.reading.scope(key) != "same-host"]
        self.add(
            "telnet-in-clear",
            "telnet",
            "warning",
            {key[1] for key in leaving},
            ends(at("telnet", everything, listening)),
        )

        webs = self.names("web")
        outside = [key for key in flows if self.kind(key[0]) == "internet" and self.reading.scope(key) != "same-host"]
        asked = at("website", outside, webs)
        self.add("website-from-internet", "website", "warning", ends(asked))

    def closed_and_excluded(self):
        for number, (row, breaking) in enumerate(self.reading.closed):
            ends = {name for key in breaking for name in key[:2]}
            if number < len(self.plan.get("never", [])):
                self.add("never-broken", f"never[{number}]", "error", ends)
            elif breaking:
                known = self.found.get(("prohibited-flow", "6"))
                ends |= known.allowed if known else set()
                self.add("prohibited-flow", *row["sections"], "warning", ends)
        for number in self.reading.idle_exclusions:
            row = self.plan["exclusions"][number]
            pair = {row["source"], row["destination"]}
            self.add("exclusion-without-effect", f"exclusions[{number}]", "warning", (), pair, must=True)

    def firewalls(self):
        firewalls = self.plan.get("firewalls", [])
        if not firewalls:
            return

        def is_seen(source, destination):
            sides = [
                [f["zones"].get(self.endpoints[name]["zone"]) for f in firewalls] for name in (source, destination)
            ]
            return any(None not in (here, there) and here != there for here, there in zip(*sides, strict=True))

        crossing = [key for key in self.reading.flows if self.reading.scope(key) == "cross-zone"]
        self.add("no-firewall", None, "warning", {n for key in crossing if not is_seen(*key[:2]) for n in key[:2]})

    # --- addresses ---

    def addresses(self):
        crossing = {name for key in self.reading.flows if self.reading.scope(key) == "cross-zone" for name in key[:2]}
        has = {name: endpoint.get("addresses", []) for name, endpoint in self.endpoints.items()}
        nets = {name: {net for net in map(network, several) if net} for name, several in has.items()}
        words = {
            name: {address.casefold() for address in several if address != "any" and network(address) is None}
            for name, several in has.items()
        }
        self.add("address-missing", None, "decision", {name for name in crossing if not has[name]})
        named = {name for name in has if words[name]}
        self.add("address-is-name", None, "info", named & crossing, named, must=bool(named & crossing))
        self.add(
            "address-special",
            None,
            "error",
            {n for n in nets if any(is_within(net, special) for net in nets[n] for special in SPECIAL)},
        )
        everywhere = {net for several in nets.values() for net in several if not net.prefixlen}
        for net in everywhere:
            holders = {name for name in nets if net in nets[name]}
            self.add("address-covers-everything", str(net), "warning", holders)
        twice, inner, outer = set(), set(), set()
        for one, other in combinations(self.endpoints, 2):
            if nets[one] & nets[other] or words[one] & words[other]:
                twice |= {one, other}
            if self.endpoints[one]["zone"] == self.endpoints[other]["zone"]:
                continue
            if words[one] & words[other]:
                inner |= {one, other}
            for first, second in ((one, other), (other, one)):
                for net in nets[first] - everywhere:
                    if any(is_within(net, around) for around in nets[second] - everywhere):
                        inner.add(first)
                        outer.add(second)
        self.add("address-twice", None, "warning", twice)
        self.add("address-in-another-zone", None, "warning", inner, outer)
        inside = {
            name: [ipaddress.ip_network(text) for text in zone.get("networks") or ()]
            for name, zone in self.reading.zones.items()
        }
        claimed = [net for several in inside.values() for net in several if net.prefixlen]
        outside = set()
        for name, endpoint in self.endpoints.items():
            own = inside[endpoint["zone"]]
            if any(not is_covered(n, own) if own else any(is_within(n, c) for c in claimed) for n in nets[name]):
                outside.add(name)
        self.add("address-outside-zone", None, "warning", outside)

    # --- two services on one port ---

    def port_conflicts(self):
        """A flow's service is offered, and so is that of a role; whatever a system might be asked for may count."""
        certain, possible = {}, {}
        for key, demands in self.reading.asked.items():
            for demand in demands:
                if demand.service and key[3]:
                    offer = demand.service, *key[2:]
                    possible.setdefault(key[1], set()).add(offer)
                    if not demand.mark and key not in self.reading.excluded:
                        certain.setdefault(key[1], set()).add(offer)
        for row in ROWS + PORTAL_ROWS:
            _, _, role, services, condition, correction = row
            for endpoint in self.reading.have(role):
                name = endpoint["name"]
                offers = {self.offer(service, endpoint) for service in services}
                possible.setdefault(name, set()).update(offers)
                if row in ROWS and correction is None and condition is None:
                    certain.setdefault(name, set()).update(offers)
        for name, endpoint in self.endpoints.items():
            wanted = {SESSIONS[session] for session in endpoint.get("sessions", [])}
            wanted |= {"rdp", "ssh"} if HEARTBEAT in endpoint.get("operations", []) else set()
            for platform, operation in product(endpoint.get("platforms", []), endpoint.get("operations", [])):
                wanted |= set(needs(platform, operation, CORRECTIONS)) if operation != HEARTBEAT else set()
            for need in wanted:
                options = ALTERNATIVES.get(need, {"": ["winrm-http", "winrm-https"] if need == "winrm" else [need]})
                services = {service for option in options.values() for service in option}
                services |= {"rpc-dynamic"} if need == "windows-validation" else set()
                possible.setdefault(name, set()).update(self.offer(service, endpoint) for service in services)
        self.add("port-conflict", None, "warning", conflicts(certain), conflicts(possible))

    def offer(self, service, endpoint):
        return service, SERVICES[service][0], self.reading.port_of(service, endpoint)

    # --- what is left open ---

    def decisions(self):
        open_for = {}
        for key in self.reading.flows:
            for choice, _ in self.reading.marks(key):
                open_for.setdefault(choice, set()).add(key[1])
        for choice, destinations in open_for.items():
            self.add("choice-undecided", choice, "decision", destinations)
        local = [key for key in self.reading.flows if self.reading.scope(key) == "same-host"]
        self.add("local-flows", "local", "info", {key[0] for key in local})

    def caveats(self):
        """A caveat with a correction bears on the plan where the correction makes a difference.

        What the plan excludes may count or not, and what another correction brings anyway; so may what nobody would
        use, where a role is what the caveat is about.
        """
        everyone = set(self.endpoints)
        applied, documented = set(self.plan.get("corrections", [])), set(self.plan.get("as_documented", []))
        sessions = {session for e in self.endpoints.values() for session in e.get("sessions", [])}
        listening = [
            self.reading.choice_of("sql-listener", endpoint) == "yes" for endpoint in self.reading.have("database")
        ]
        conceivable = {
            "telnet-port": "telnet" in sessions and bool(self.names("launcher-user")),
            "sql-listener-web": any(listening),
            "app-server-inbound": bool(self.names("app-server")),
            "gateway-assumed": bool(self.names("browser-gateway")),
        }

        def read_with(several):
            return Reading(self.plan | {"corrections": sorted(several)}) if several != applied else self.reading

        plain = read_with(set())
        for slug in CORRECTIONS:
            may = must = False  # what a reading doesn't ask for makes no other of it
            if slug in plain.corrections.bearing:
                with_it = read_with({slug})
                may = sum(map(len, with_it.asked.values())) != sum(map(len, plain.asked.values()))
            if slug in self.reading.corrections.bearing:
                must = read_with(applied ^ {slug}).summary != self.reading.summary
            severity = "info" if slug in applied | documented else "decision"
            if must or may or conceivable.get(slug):
                self.add("caveat", slug, severity, (), everyone, must=must)
        left, whole = ({s for key in keys for s in self.reading.sections(key)} for keys in self.both())
        used, all_used = ({s for key in keys for s in self.reading.services(key)} for keys in self.both())
        heartbeats = any(HEARTBEAT in e["operations"] for e in self.endpoints.values())
        pings = any(key[2] == "icmp" and "12" in self.reading.sections(key) for key in self.reading.flows)
        lockouts = any(
            {"rpc-dynamic", "rpc"} & {d.service for d in demands if d.sections == ["15"]}
            for key, demands in self.reading.asked.items()
            if key in self.reading.flows
        )
        information = {  # slug: whether it must be there, whether it may be
            "sql-listener-transport": ("sql-listener" in used, "sql-listener" in all_used),
            "ha-silent": (bool(self.names("web-passive") or self.names("web-active")),) * 2,
            "section-numbers": ("16" in left, bool(self.names("remote-site-agent"))),
            "protocol-assumed": (bool(left - {"3"}), bool(whole - {"3"})),
            "portal-domain-source": (
                bool(self.names("password-reset-portal") and self.names("web") and "15" in left),
                bool(self.names("password-reset-portal")),
            ),
            "rpc-range-assumed": (lockouts, "15" in whole and "rpc-dynamic" in all_used),
            "engine-assumed": (bool(left & {"9", "10", "11"}), bool(whole & {"9", "10", "11", "16"})),
            "app-server-roles": (bool(self.names("app-server")),) * 2,
            "heartbeat-fallback": (pings, heartbeats),
            "teamviewer-destination": (
                bool(used & {"teamviewer", "teamviewer-http", "teamviewer-https"}),
                "teamviewer" in sessions,
            ),
            "not-covered": (True, True),
        }
        for slug, (must, may) in information.items():
            if may:
                self.add("caveat", slug, "info", (), everyone, must=must)

    def both(self):
        return self.reading.flows, list(self.reading.asked)


def conflicts(offered):
    """Who offers two services on one port that don't share a listener."""
    return {
        name
        for name, offers in offered.items()
        for (one, protocol, ports), (other, other_protocol, other_ports) in combinations(offers, 2)
        if one != other
        and {one, other} not in ONE_LISTENER
        and protocol == other_protocol
        and overlap(ports, other_ports)
    }


def is_within(inner, outer):
    return inner.version == outer.version and inner.subnet_of(outer)


def is_covered(net, networks):
    """Whether every address of a network is in one of the others."""
    return any(
        is_within(net, around)
        for around in ipaddress.collapse_addresses([n for n in networks if n.version == net.version])
    )
