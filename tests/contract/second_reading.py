"""A second reading of the contract: which flows a plan has, written apart from the product and as plainly as can be.

Slow, no reasons, plain mappings in and out. It is held against the product on many arbitrary plans.
"""

WEBS = {"web-primary", "web-passive", "web-active"}

SERVICES = {
    "website": "tcp/443",
    "database": "tcp/1433",
    "sql-listener": "udp/1434",
    "self-destruct-site": "tcp/443",
    "password-reset-portal": "tcp/443",
    "smtp": "tcp/25",
    "browser-gateway": "tcp/7273",
    "app-server": "tcp/443",
    "rdp": "tcp/3389",
    "ssh": "tcp/22",
    "telnet": "tcp/22",
    "vnc": "tcp/5900",
    "mssql": "tcp/1433",
    "mysql": "tcp/3306",
    "oracle": "tcp/1521",
    "postgresql": "tcp/5432",
    "rpc-dynamic": "tcp/49152-65535",
    "ldap-udp": "udp/389",
    "ldap": "tcp/389",
    "ldaps": "tcp/636",
    "kerberos": "tcp/88",
    "kerberos-udp": "udp/88",
    "kpasswd": "tcp/464",
    "kpasswd-udp": "udp/464",
    "winrm-http": "tcp/5985",
    "winrm-https": "tcp/5986",
    "rpc": "tcp/135",
    "smb": "tcp/445",
    "adws": "tcp/9389",
    "powercli": "tcp/443",
    "teamviewer": "tcp/5938",
    "teamviewer-http": "tcp/80",
    "teamviewer-https": "tcp/443",
    "icmp": "icmp/",
}

ALTERNATIVES = {
    "directory-port": {"ldap": "ldap", "ldaps": "ldaps"},
    "esxi": {"ssh": "ssh", "powercli": "powercli"},
    "windows-validation": {"rpc": "rpc", "smb": "smb"},
    "teamviewer": {"5938": "teamviewer", "80": "teamviewer-http", "443": "teamviewer-https"},
}

DEFAULTS = {
    "self-destruct": "embedded",
    "active-directory": ["ldap", "ldaps", "kerberos"],
    "prp-domain-protocol": "kerberos",
    "prp-lockout-events": "yes",
    "sql-listener": "no",
    "winrm": "both",
}

BY_SSH = {"cisco-ios", "fortigate", "hp-h3c", "juniper-junos", "linux-mac", "sonicwall"}
ONLY_RESET_AND_VALIDATION = {
    "dell-idrac",
    "f5-big-ip",
    "hp-ilo",
    "hp-procurve",
    "ibm-imm",
    "juniper-screenos",
    "palo-alto",
}
DATABASES = {
    "mariadb": "mysql",
    "microsoft-sql": "mssql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgresql": "postgresql",
}
SECTIONS = {"discovery": "9", "reset": "10", "validation": "11", "host-heartbeat": "12"}
SESSIONS = {"rdp": ["rdp"], "ssh": ["ssh"], "telnet": ["telnet"], "vnc": ["vnc"], "microsoft-sql": ["mssql"]}


def needs(platform, operation, corrections):
    """The services of a platform and an operation; the name of an alternative stands for its options."""
    if platform == "active-directory":
        return ["adws", "directory-port", "kerberos", "smb"]
    if platform in BY_SSH:
        return ["ssh"]
    if platform in ONLY_RESET_AND_VALIDATION:
        return [] if operation == "discovery" else ["ssh"]
    if platform in DATABASES:
        return [DATABASES[platform]]
    if platform == "vmware-esxi":
        return ["esxi"]
    assert platform == "windows"
    if operation == "discovery":
        return ["winrm", "rpc"] + ["rpc-dynamic"] * ("wmi-dynamic-rpc" in corrections)
    return ["winrm"] if operation == "reset" else ["windows-validation"]


def read_flows(plan):
    """{(source, destination, protocol, ports): (scope, services, sections, marks)}"""
    zones = {zone["name"]: zone["kind"] for zone in plan["zones"]}
    endpoints = plan["endpoints"]
    choices = DEFAULTS | plan.get("choices", {})
    corrections = set(plan.get("corrections", []))
    services = dict(SERVICES)
    if "telnet-port" in corrections:
        services["telnet"] = "tcp/23"
    for name, port in plan.get("ports", {}).items():
        services[name] = f"{services[name].split('/')[0]}/{port}"

    found = {}  # flow -> list of (service or None, section or None, mark or None)

    def ask(source, destination, service, section, mark=None):
        protocol, _, ports = services[service].partition("/")
        flow = (source["name"], destination["name"], protocol, ports or None)
        found.setdefault(flow, []).append((service, section, mark))

    def ask_for(source, destination, need, sections):
        """A need is a service, `winrm` or the name of an alternative."""
        if need == "winrm":
            wanted = {"both": ["http", "https"], "http": ["http"], "https": ["https"]}[choices["winrm"]]
            asked = [(f"winrm-{kind}", None) for kind in wanted]
        elif need in ALTERNATIVES and need in choices:
            asked = [(ALTERNATIVES[need][choices[need]], None)]
        elif need in ALTERNATIVES:
            asked = [(service, (need, option)) for option, service in ALTERNATIVES[need].items()]
        else:
            asked = [(need, None)]
        for service, mark in asked:
            for section in sections:
                ask(source, destination, service, section, mark)

    def have(role):
        return [endpoint for endpoint in endpoints if role in endpoint.get("roles", [])]

    webs = [endpoint for endpoint in endpoints if WEBS & set(endpoint.get("roles", []))]
    agents = have("remote-site-agent")
    everywhere = [
        (have("website-user"), webs, ["website"], "2"),
        (webs, have("database"), ["database"], "2"),
        (have("web-passive"), have("web-primary"), ["website"], "4"),
        (have("app-server"), have("database"), ["database"], "5"),
        (have("extension-user"), webs, ["website"], "7"),
        (webs, have("mail-server"), ["smtp"], "8"),
        (have("browser-session-user"), webs, ["website"], "14"),
        (have("browser-session-user"), have("browser-gateway"), ["browser-gateway"], "14"),
        (have("portal-user"), have("password-reset-portal"), ["password-reset-portal"], "15"),
        (have("password-reset-portal"), webs, ["website"], "15"),
        (agents, webs, ["website"], "16"),
    ]
    kerberos = ["kerberos", "kerberos-udp", "kpasswd", "kpasswd-udp"]
    directory = []
    if choices["active-directory"]:
        directory.append("ldap-udp")
    if "ldap" in choices["active-directory"] and "ldap-tcp" in corrections:
        directory.append("ldap")
    if "ldaps" in choices["active-directory"]:
        directory.append("ldaps")
    if "kerberos" in choices["active-directory"]:
        directory += kerberos
    everywhere.append((webs, have("domain-controller"), directory, "3"))
    if choices["sql-listener"] == "yes":
        everywhere.append((have("app-server"), have("database"), ["sql-listener"], "5"))
        if "sql-listener-web" in corrections:
            everywhere.append((webs, have("database"), ["sql-listener"], "5"))
    if choices["self-destruct"] == "embedded":
        everywhere.append((have("message-reader"), webs, ["website"], "6"))
    if choices["self-destruct"] == "push-pull":
        everywhere.append((webs + have("message-reader"), have("self-destruct-site"), ["self-destruct-site"], "6"))
    if "app-server-inbound" in corrections:
        everywhere.append((have("mobile-user"), have("app-server"), ["app-server"], "5"))
        if choices["self-destruct"] == "app-server":
            everywhere.append((have("message-reader"), have("app-server"), ["app-server"], "6"))
    if have("password-reset-portal"):
        wanted = ["ldaps"] if choices["prp-domain-protocol"] == "ldaps" else kerberos
        wanted = wanted + ["rpc", "rpc-dynamic"] * (choices["prp-lockout-events"] == "yes")
        everywhere.append((webs, have("domain-controller"), wanted, "15"))
    for sources, destinations, wanted, section in everywhere:
        for source in sources:
            for destination in destinations:
                for service in wanted:
                    ask(source, destination, service, section)

    for target in endpoints:
        operations = set(target.get("operations", []))
        platforms = set(target.get("platforms", []))
        sessions = set(target.get("sessions", []))
        named = set(target.get("managed_by", []))
        engines = [endpoint for endpoint in endpoints if endpoint["name"] in named]
        engines = engines or [agent for agent in agents if agent["zone"] == target["zone"]] or webs
        for engine in engines:
            also = ["16"] if engine in agents else []
            for operation in operations - {"host-heartbeat"}:
                for platform in platforms:
                    for need in needs(platform, operation, corrections):
                        ask_for(engine, target, need, [SECTIONS[operation], *also])
            if "host-heartbeat" in operations:
                tried = sessions & {"rdp", "ssh"} or ({"rdp"} if "windows" in platforms else {"ssh"})
                for service in ["icmp", *tried]:
                    ask_for(engine, target, service, ["12", *also])
        for source in have("launcher-user"):
            for session in sessions:
                for need in SESSIONS.get(session, ["teamviewer"]):
                    ask_for(source, target, need, ["13"])
        gateways = have("browser-gateway")
        near = [gateway for gateway in gateways if gateway["zone"] == target["zone"]]
        far = [gateway for gateway in gateways if zones[gateway["zone"]] != "remote-site"]
        for gateway in near or far:
            for session in sessions & {"rdp", "ssh"}:
                ask_for(gateway, target, session, ["14"])

    for flow in plan.get("additional_flows", []):
        key = (flow["source"], flow["destination"], flow["protocol"], flow.get("ports"))
        found.setdefault(key, []).append((None, None, None))

    by_name = {endpoint["name"]: endpoint for endpoint in endpoints}
    read = {}
    for flow, demands in found.items():
        source, destination = by_name[flow[0]], by_name[flow[1]]
        if source is destination and not source.get("group", False):
            scope = "same-host"
        else:
            scope = "same-zone" if source["zone"] == destination["zone"] else "cross-zone"
        marks = {mark for _, _, mark in demands}
        every_option = any(
            {(choice, option) for option in options} <= marks for choice, options in ALTERNATIVES.items()
        )
        if None in marks or every_option:
            marks = set()
        read[flow] = (
            scope,
            {service for service, _, _ in demands} - {None},
            {section for _, section, _ in demands} - {None},
            marks,
        )
    return read
