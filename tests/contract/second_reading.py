"""A second reading of the contract: flows, what is excluded, what must stay closed.

Written from the contract's text, apart from the product, and as plainly as can be: slow, no sentences, plain mappings
in and out. It is held against the product on many arbitrary plans. `second_findings` goes on from here.
"""

from functools import cached_property

WEBS = ("web-primary", "web-passive", "web-active")
PEOPLE = (
    "website-user", "extension-user", "mobile-user", "message-reader", "launcher-user", "browser-session-user",
    "portal-user",
)  # fmt: skip

SERVICES = {  # protocol, ports, whether a plan may override them
    "website": ("tcp", "443", True),
    "database": ("tcp", "1433", True),
    "sql-listener": ("udp", "1434", True),
    "self-destruct-site": ("tcp", "443", True),
    "password-reset-portal": ("tcp", "443", True),
    "smtp": ("tcp", "25", True),
    "browser-gateway": ("tcp", "7273", True),
    "app-server": ("tcp", "443", True),
    "rdp": ("tcp", "3389", True),
    "ssh": ("tcp", "22", True),
    "telnet": ("tcp", "22", True),
    "vnc": ("tcp", "5900", True),
    "mssql": ("tcp", "1433", True),
    "mysql": ("tcp", "3306", True),
    "oracle": ("tcp", "1521", True),
    "postgresql": ("tcp", "5432", True),
    "rpc-dynamic": ("tcp", "49152-65535", True),
    "ldap-udp": ("udp", "389", False),
    "ldap": ("tcp", "389", False),
    "ldaps": ("tcp", "636", False),
    "kerberos": ("tcp", "88", False),
    "kerberos-udp": ("udp", "88", False),
    "kpasswd": ("tcp", "464", False),
    "kpasswd-udp": ("udp", "464", False),
    "winrm-http": ("tcp", "5985", False),
    "winrm-https": ("tcp", "5986", False),
    "rpc": ("tcp", "135", False),
    "smb": ("tcp", "445", False),
    "adws": ("tcp", "9389", False),
    "powercli": ("tcp", "443", False),
    "teamviewer": ("tcp", "5938", False),
    "teamviewer-http": ("tcp", "80", False),
    "teamviewer-https": ("tcp", "443", False),
    "icmp": ("icmp", None, False),
}

ALTERNATIVES = {
    "directory-port": {"ldap": ["ldap"], "ldaps": ["ldaps"]},
    "esxi": {"ssh": ["ssh"], "powercli": ["powercli"]},
    "windows-validation": {"rpc": ["rpc"], "smb": ["smb"]},
    "teamviewer": {"5938": ["teamviewer"], "80": ["teamviewer-http"], "443": ["teamviewer-https"]},
}

DEFAULTS = {
    "self-destruct": "embedded",
    "active-directory": ["ldap", "ldaps", "kerberos"],
    "prp-domain-protocol": "kerberos",
    "prp-lockout-events": "yes",
    "sql-listener": "no",
    "winrm": "both",
}

KERBEROS = ["kerberos", "kerberos-udp", "kpasswd", "kpasswd-udp"]
DIRECTORY = ("active-directory", {"ldap", "ldaps", "kerberos"})
ROWS = [  # section, source role, destination role, services, (choice, options) or None, correction or None
    ("2", "website-user", "web", ["website"], None, None),
    ("2", "web", "database", ["database"], None, None),
    ("3", "web", "domain-controller", ["ldap-udp"], DIRECTORY, None),
    ("3", "web", "domain-controller", ["ldap"], ("active-directory", {"ldap"}), "ldap-tcp"),
    ("3", "web", "domain-controller", ["ldaps"], ("active-directory", {"ldaps"}), None),
    ("3", "web", "domain-controller", KERBEROS, ("active-directory", {"kerberos"}), None),
    ("4", "web-passive", "web-primary", ["website"], None, None),
    ("5", "app-server", "database", ["database"], None, None),
    ("5", "app-server", "database", ["sql-listener"], ("sql-listener", {"yes"}), None),
    ("5", "web", "database", ["sql-listener"], ("sql-listener", {"yes"}), "sql-listener-web"),
    ("5", "mobile-user", "app-server", ["app-server"], None, "app-server-inbound"),
    ("6", "message-reader", "app-server", ["app-server"], ("self-destruct", {"app-server"}), "app-server-inbound"),
    ("6", "message-reader", "web", ["website"], ("self-destruct", {"embedded"}), None),
    ("6", "web", "self-destruct-site", ["self-destruct-site"], ("self-destruct", {"push-pull"}), None),
    ("6", "message-reader", "self-destruct-site", ["self-destruct-site"], ("self-destruct", {"push-pull"}), None),
    ("7", "extension-user", "web", ["website"], None, None),
    ("8", "web", "mail-server", ["smtp"], None, None),
    ("14", "browser-session-user", "web", ["website"], None, None),
    ("14", "browser-session-user", "browser-gateway", ["browser-gateway"], None, None),
    ("15", "portal-user", "password-reset-portal", ["password-reset-portal"], None, None),
    ("15", "password-reset-portal", "web", ["website"], None, None),
    ("16", "remote-site-agent", "web", ["website"], None, None),
]
PORTAL_ROWS = [  # likewise, while a portal is in the plan
    ("15", "web", "domain-controller", KERBEROS, ("prp-domain-protocol", {"kerberos"}), None),
    ("15", "web", "domain-controller", ["ldaps"], ("prp-domain-protocol", {"ldaps"}), None),
    ("15", "web", "domain-controller", ["rpc", "rpc-dynamic"], ("prp-lockout-events", {"yes"}), None),
]

BY_SSH = {"cisco-ios", "fortigate", "hp-h3c", "juniper-junos", "linux-mac", "sonicwall"}
LACKS_DISCOVERY = {
    "dell-idrac", "f5-big-ip", "hp-ilo", "hp-procurve", "ibm-imm", "juniper-screenos", "palo-alto",
}  # fmt: skip
DATABASES = {
    "mariadb": "mysql",
    "microsoft-sql": "mssql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgresql": "postgresql",
}
SECTIONS = {"discovery": "9", "reset": "10", "validation": "11", "host-heartbeat": "12"}
SESSIONS = {
    "rdp": "rdp",
    "ssh": "ssh",
    "telnet": "telnet",
    "vnc": "vnc",
    "microsoft-sql": "mssql",
    "teamviewer": "teamviewer",
}


def normal_ports(ports):
    """Ports as a report shows them: no leading zeros, `a` for `a-a`, none for none."""
    if ports is None:
        return None
    first, _, last = str(ports).partition("-")
    low, high = int(first), int(last or first)
    return str(low) if low == high else f"{low}-{high}"


def span(ports):
    first, _, last = ports.partition("-")
    return int(first), int(last or first)


def overlap(one, other):
    (low, high), (bottom, top) = span(one), span(other)
    return low <= top and bottom <= high


def is_role(role):
    """The roles that an endpoint may hold to be one of these."""
    return set(WEBS) if role == "web" else {role}


def needs(platform, operation, corrections):
    """The services of a platform and an operation; the name of an alternative stands for its options."""
    if platform == "active-directory":
        changing = ["kpasswd", "kpasswd-udp"] * (operation == "reset" and "reset-kpasswd" in corrections)
        return ["adws", "directory-port", "kerberos", "smb", *changing]
    if platform in BY_SSH:
        return ["ssh"]
    if platform in LACKS_DISCOVERY:
        return [] if operation == "discovery" else ["ssh"]
    if platform in DATABASES:
        return [DATABASES[platform]]
    if platform == "vmware-esxi":
        return ["esxi"]
    assert platform == "windows"
    if operation == "discovery":
        return ["winrm", "rpc"] + ["rpc-dynamic"] * ("wmi-dynamic-rpc" in corrections)
    return ["winrm"] if operation == "reset" else ["windows-validation"]


class Demand:
    """One row's wish for a flow: its service (none for an additional flow), and in which roles both ends act."""

    def __init__(self, row, service, sections, mark, source_roles, destination_roles):
        self.row, self.service, self.sections, self.mark = row, service, sections, mark
        self.source_roles, self.destination_roles = source_roles, destination_roles


class Corrections(set):
    """What is corrected; `bearing` are those that a reading of the plan depends on."""

    def __init__(self, given):
        super().__init__(given)
        self.bearing = set()

    def __contains__(self, slug):
        self.bearing.add(slug)
        return super().__contains__(slug)


class Reading:
    """What the contract makes of a plan.

    `asked` has the demands of every flow, excluded ones too, by (source, destination, protocol, ports); `excluded` the
    reason for each that is; `idle_exclusions` the numbers of those that match nothing; `closed` what must stay closed.
    """

    def __init__(self, plan):
        self.plan = plan
        self.zones = {zone["name"]: zone for zone in plan["zones"]}
        self.endpoints = {endpoint["name"]: endpoint for endpoint in plan["endpoints"]}
        self.corrections = Corrections(plan.get("corrections", []))
        self.asked, self._holders = {}, {}
        self._ask_rows()
        for target in self.endpoints.values():
            self._ask_operations(target)
            self._ask_sessions(target)
        for flow in plan.get("additional_flows", []):
            key = (flow["source"], flow["destination"], flow["protocol"], normal_ports(flow.get("ports")))
            self.asked.setdefault(key, []).append(Demand("own", None, [], None, set(), set()))
        self._exclude()

    # --- whose choice, whose port ---

    def _levels(self, endpoint, key):
        yield endpoint.get(key, {})
        yield self.zones[endpoint["zone"]].get(key, {})
        yield self.plan.get(key, {})

    def choice_of(self, name, endpoint):
        """What is chosen for an endpoint as a destination; none while that is undecided."""
        for chosen in self._levels(endpoint, "choices"):
            if chosen.get(name) is not None:
                return chosen[name]
        return DEFAULTS.get(name)

    def plan_choice(self, name):
        return self.plan.get("choices", {}).get(name, DEFAULTS.get(name))

    def port_of(self, service, endpoint):
        for ports in self._levels(endpoint, "ports"):
            if ports.get(service) is not None:
                return normal_ports(ports[service])
        if service == "telnet" and "telnet-port" in self.corrections:
            return "23"
        return SERVICES[service][1]

    # --- who asks for what ---

    def have(self, role):
        if role not in self._holders:
            roles = is_role(role)
            self._holders[role] = [e for e in self.endpoints.values() if roles.intersection(e.get("roles", []))]
        return self._holders[role]

    def ask(self, row, source, destination, need, sections, source_roles=frozenset(), destination_roles=frozenset()):
        """A need is a service, `winrm` or the name of an alternative."""
        if need == "winrm":
            chosen = self.choice_of("winrm", destination)
            asked = [(f"winrm-{kind}", None) for kind in ("http", "https") if chosen in (kind, "both")]
        elif need in ALTERNATIVES:
            options = {option: list(services) for option, services in ALTERNATIVES[need].items()}
            if need == "windows-validation" and "validation-rpc" in self.corrections:
                options["rpc"].append("rpc-dynamic")
            chosen = self.choice_of(need, destination)
            if chosen is not None:
                asked = [(service, None) for service in options[chosen]]
            else:
                asked = [(service, (need, option)) for option, services in options.items() for service in services]
        else:
            asked = [(need, None)]
        for service, mark in asked:
            key = (
                source["name"],
                destination["name"],
                SERVICES[service][0],
                self.port_of(service, destination),
            )
            demand = Demand(row, service, sections, mark, source_roles, destination_roles)
            self.asked.setdefault(key, []).append(demand)

    def _ask_rows(self):
        for row in ROWS + (PORTAL_ROWS if self.have("password-reset-portal") else []):
            section, source_role, destination_role, services, condition, correction = row
            ends = is_role(source_role), is_role(destination_role)
            sources = self.have(source_role)
            for destination in self.have(destination_role) if sources else []:
                if condition and not holds(condition, self.choice_of(condition[0], destination)):
                    continue
                if correction is not None and correction not in self.corrections:
                    continue
                for source in sources:
                    for service in services:
                        self.ask("row", source, destination, service, [section], *ends)

    def engines_of(self, target):
        named = target.get("managed_by", [])
        near = [agent for agent in self.have("remote-site-agent") if agent["zone"] == target["zone"]]
        return [e for e in self.endpoints.values() if e["name"] in named] or near or self.have("web")

    def _ask_operations(self, target):
        operations, platforms = target.get("operations", []), target.get("platforms", [])
        sessions = target.get("sessions", [])
        for engine in self.engines_of(target):
            acting = {*WEBS, "remote-site-agent"}
            also = ["16"] if "remote-site-agent" in engine.get("roles", []) else []
            for operation in operations:
                if operation == "host-heartbeat":
                    tried = [session for session in ("rdp", "ssh") if session in sessions]
                    tried = tried or (["rdp"] if "windows" in platforms else ["ssh"])
                    wanted = ["icmp", *tried]
                else:
                    wanted = [need for p in platforms for need in needs(p, operation, self.corrections)]
                for need in wanted:
                    self.ask(operation, engine, target, need, [SECTIONS[operation], *also], acting)

    def _ask_sessions(self, target):
        sessions = target.get("sessions", [])
        for source in self.have("launcher-user"):
            for session in sessions:
                self.ask("launcher", source, target, SESSIONS[session], ["13"], {"launcher-user"})
        gateways = self.have("browser-gateway")
        near = [gateway for gateway in gateways if gateway["zone"] == target["zone"]]
        far = [gateway for gateway in gateways if self.zones[gateway["zone"]]["kind"] != "remote-site"]
        for gateway in gateways if gateways and "gateway-assumed" in self.corrections else (near or far):
            for session in sessions:
                if session in ("rdp", "ssh"):
                    self.ask("gateway", gateway, target, session, ["14"], {"browser-gateway"})

    # --- what a flow is ---

    def scope(self, key):
        source, destination = self.endpoints[key[0]], self.endpoints[key[1]]
        if source is destination and not source.get("group", False):
            return "same-host"
        return "same-zone" if source["zone"] == destination["zone"] else "cross-zone"

    def services(self, key):
        return {demand.service for demand in self.asked[key]} - {None}

    def sections(self, key):
        return {section for demand in self.asked[key] for section in demand.sections}

    def marks(self, key):
        marks = {demand.mark for demand in self.asked[key]}
        if None in marks:
            return set()
        for choice, options in ALTERNATIVES.items():
            if {(choice, option) for option in options} <= marks:
                return set()
        return marks

    def is_own(self, key):
        return any(demand.row == "own" for demand in self.asked[key])

    @property
    def flows(self):
        """The flows that are left."""
        return [key for key in self.asked if key not in self.excluded]

    @cached_property
    def summary(self):
        """{flow: (scope, services, sections, marks)} for those that are left."""
        return {key: (self.scope(key), self.services(key), self.sections(key), self.marks(key)) for key in self.flows}

    # --- what is excluded, what must stay closed ---

    def _exclude(self):
        self.excluded, self.idle_exclusions = {}, []
        for number, exclusion in enumerate(self.plan.get("exclusions", [])):
            pair = (exclusion["source"], exclusion["destination"])
            matched = [key for key in self.asked if key[:2] == pair]
            if exclusion.get("protocol") is not None:
                wanted = (exclusion["protocol"], normal_ports(exclusion.get("ports")))
                matched = [key for key in matched if key[2:] == wanted]
            taken = [key for key in matched if not self.is_own(key)]
            for key in taken:
                self.excluded.setdefault(key, exclusion["reason"])
            if not taken:
                self.idle_exclusions.append(number)

    @cached_property
    def closed(self):
        """What must stay closed, each row with the flows that break it."""
        closed = []
        for row in self.plan.get("never", []):
            protocol, ports = row.get("protocol"), normal_ports(row.get("ports"))
            breaking = [
                key
                for key in self.flows
                if self.scope(key) != "same-host"
                and self._stands_for(row["from"], key[0])
                and self._stands_for(row["to"], key[1])
                and protocol in (None, key[2])
                and (ports is None or overlap(ports, key[3]))
            ]
            said = {"from": row["from"], "to": row["to"], "protocol": protocol, "ports": ports}
            closed.append((said | {"sections": [], "reason": row["reason"]}, breaking))
        pairs = sorted(
            (site["name"], web["name"])
            for site in self.have("self-destruct-site")
            for web in self.have("web")
            if site is not web and self.choice_of("self-destruct", site) == "push-pull"
        )
        for pair in pairs:
            breaking = [key for key in self.flows if key[:2] == pair]
            said = {"from": {"endpoint": pair[0]}, "to": {"endpoint": pair[1]}, "protocol": None, "ports": None}
            closed.append((said | {"sections": ["6"]}, breaking))
        return closed

    def _stands_for(self, side, name):
        return side.get("endpoint") == name or side.get("zone") == self.endpoints[name]["zone"]


def holds(condition, chosen):
    """Whether a choice is one of the options, or a list of them has one."""
    _, options = condition
    return bool(options.intersection(chosen if isinstance(chosen, list) else [chosen]))
