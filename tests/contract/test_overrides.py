"""Port overrides: every configurable service, wherever it is used, and no fixed one."""

from tests.each import each

from .helpers import faults, flows, host, make_plan, target

PS = host("PS", "web-primary")
STAFF = host("STAFF", "launcher-user")


def managed(*platforms, operations=("reset",), **more):
    return target("T", *platforms, operations=list(operations), **more)


# service -> (protocol, the document's port, a plan that needs it, the flows with PORT for the port)
USES = {
    "website": (
        "tcp",
        "443",
        make_plan(
            PS,
            host("PS2", "web-passive"),
            host("W", "website-user"),
            host("E", "extension-user"),
            host("M", "message-reader"),
            host("B", "browser-session-user"),
            host("PRP", "password-reset-portal"),
            host("AGENT", "remote-site-agent"),
        ),
        [
            "PS2 -> PS PORT §4",
            *(
                f"{source} -> {web} PORT §{section}"
                for web in ("PS", "PS2")
                for source, section in (("W", 2), ("E", 7), ("M", 6), ("B", 14), ("PRP", 15), ("AGENT", 16))
            ),
        ],
    ),
    "database": (
        "tcp",
        "1433",
        make_plan(PS, host("APP", "app-server"), host("SQL", "database")),
        ["PS -> SQL PORT §2", "APP -> SQL PORT §5"],
    ),
    "sql-listener": (
        "udp",
        "1434",
        make_plan(
            PS,
            host("APP", "app-server"),
            host("SQL", "database"),
            choices={"sql-listener": "yes"},
            corrections=["sql-listener-web"],
        ),
        ["PS -> SQL tcp/1433 §2", "APP -> SQL tcp/1433 §5", "APP -> SQL PORT §5", "PS -> SQL PORT §5"],
    ),
    "self-destruct-site": (
        "tcp",
        "443",
        make_plan(
            PS,
            host("R", "message-reader"),
            host("S", "self-destruct-site"),
            choices={"self-destruct": "push-pull"},
        ),
        ["PS -> S PORT §6", "R -> S PORT §6"],
    ),
    "password-reset-portal": (
        "tcp",
        "443",
        make_plan(PS, host("U", "portal-user"), host("PRP", "password-reset-portal")),
        ["U -> PRP PORT §15", "PRP -> PS tcp/443 §15"],
    ),
    "smtp": ("tcp", "25", make_plan(PS, host("MAIL", "mail-server")), ["PS -> MAIL PORT §8"]),
    "browser-gateway": (
        "tcp",
        "7273",
        make_plan(host("B", "browser-session-user"), host("G", "browser-gateway"), host("T", sessions=["rdp"])),
        ["B -> G PORT §14", "G -> T tcp/3389 §14"],
    ),
    "app-server": (
        "tcp",
        "443",
        make_plan(host("P", "mobile-user"), host("APP", "app-server"), corrections=["app-server-inbound"]),
        ["P -> APP PORT §5"],
    ),
    "rdp": (
        "tcp",
        "3389",
        make_plan(PS, STAFF, host("G", "browser-gateway"), managed(operations=["host-heartbeat"], sessions=["rdp"])),
        ["PS -> T icmp §12", "PS -> T PORT §12", "STAFF -> T PORT §13", "G -> T PORT §14"],
    ),
    "ssh": (
        "tcp",
        "22",
        make_plan(
            PS,
            STAFF,
            host("G", "browser-gateway"),
            managed("linux-mac", operations=["discovery", "reset", "validation", "host-heartbeat"], sessions=["ssh"]),
        ),
        ["PS -> T icmp §12", "PS -> T PORT §9 §10 §11 §12", "STAFF -> T PORT §13", "G -> T PORT §14"],
    ),
    "telnet": ("tcp", "22", make_plan(STAFF, host("T", sessions=["telnet"])), ["STAFF -> T PORT §13"]),
    "vnc": ("tcp", "5900", make_plan(STAFF, host("T", sessions=["vnc"])), ["STAFF -> T PORT §13"]),
    "mssql": (
        "tcp",
        "1433",
        make_plan(
            PS,
            STAFF,
            managed("microsoft-sql", operations=["discovery", "reset", "validation"], sessions=["microsoft-sql"]),
        ),
        ["PS -> T PORT §9 §10 §11", "STAFF -> T PORT §13"],
    ),
    "mysql": (
        "tcp",
        "3306",
        make_plan(PS, managed("mysql"), target("T2", "mariadb", operations=["discovery", "validation"])),
        ["PS -> T PORT §10", "PS -> T2 PORT §9 §11"],
    ),
    "oracle": (
        "tcp",
        "1521",
        make_plan(PS, managed("oracle", operations=["discovery", "reset", "validation"])),
        ["PS -> T PORT §9 §10 §11"],
    ),
    "postgresql": (
        "tcp",
        "5432",
        make_plan(PS, managed("postgresql", operations=["discovery", "reset", "validation"])),
        ["PS -> T PORT §9 §10 §11"],
    ),
    "rpc-dynamic": (
        "tcp",
        "49152-65535",
        make_plan(
            PS,
            host("PRP", "password-reset-portal"),
            host("DC", "domain-controller"),
            managed("windows", operations=["discovery"]),
            choices={"active-directory": [], "prp-domain-protocol": "ldaps", "winrm": "https"},
            corrections=["wmi-dynamic-rpc"],
        ),
        [
            "PRP -> PS tcp/443 §15",
            "PS -> DC tcp/636 §15",
            "PS -> DC tcp/135 §15",
            "PS -> DC PORT §15",
            "PS -> T tcp/5986 §9",
            "PS -> T tcp/135 §9",
            "PS -> T PORT §9",
        ],
    ),
}


def at(service, ports):
    protocol, _, _, asked = USES[service]
    return sorted(flow.replace("PORT", f"{protocol}/{ports}") for flow in asked)


def test_all_seventeen_configurable_services_are_here():
    assert len(USES) == 17


@each("service", USES)
def test_a_service_has_the_documents_port_without_an_override(service):
    assert flows(USES[service][2]) == at(service, USES[service][1])


@each("service", USES)
@each(("given", "shown"), [(12345, "12345"), ("12345", "12345"), ("20000-20009", "20000-20009"), ("0012345", "12345")])
def test_an_override_holds_wherever_the_service_is_used(service, given, shown):
    plan = USES[service][2]
    assert flows(plan | {"ports": {service: given}}) == at(service, shown)


@each("service", USES)
def test_overrides_of_all_the_other_services_leave_a_service_alone(service):
    others = {name: 40000 + number for number, name in enumerate(USES) if name != service}
    protocol, port, plan, asked = USES[service]
    own = {flow.replace("PORT", f"{protocol}/{port}") for flow in asked if "PORT" in flow}
    assert own <= set(flows(plan | {"ports": others}))


FIXED = [
    "ldap-udp",
    "ldap",
    "ldaps",
    "kerberos",
    "kerberos-udp",
    "kpasswd",
    "kpasswd-udp",
    "winrm-http",
    "winrm-https",
    "rpc",
    "smb",
    "adws",
    "powercli",
    "teamviewer",
    "teamviewer-http",
    "teamviewer-https",
    "icmp",
]


@each("service", FIXED)
@each("syntax", ["json", "yaml"])
def test_an_override_of_a_fixed_service_is_refused(service, syntax):
    found = faults(make_plan(PS) | {"ports": {service: 4444}}, syntax)
    assert [where for where, _ in found] == [f"ports.{service}"]
    assert service in found[0][1]


def test_the_website_is_one_service_for_every_web_server():
    plan = make_plan(PS, host("PS2", "web-active"), host("W", "website-user"), ports={"website": 8443})
    assert flows(plan) == ["W -> PS tcp/8443 §2", "W -> PS2 tcp/8443 §2"]


def test_an_override_of_the_managed_sql_servers_leaves_the_database_alone():
    sql = host("SQL", "database", platforms=["microsoft-sql"], operations=["reset"])
    assert flows(make_plan(PS, sql)) == ["PS -> SQL tcp/1433 §2 §10"]
    assert flows(make_plan(PS, sql, ports={"mssql": 1500})) == ["PS -> SQL tcp/1433 §2", "PS -> SQL tcp/1500 §10"]
    assert flows(make_plan(PS, sql, ports={"database": 1500})) == ["PS -> SQL tcp/1433 §10", "PS -> SQL tcp/1500 §2"]


def test_an_override_of_ssh_leaves_telnet_on_22():
    plan = make_plan(STAFF, host("T", sessions=["ssh", "telnet"]), ports={"ssh": 2222})
    assert flows(plan) == ["STAFF -> T tcp/22 §13", "STAFF -> T tcp/2222 §13"]


def test_overlapping_ranges_are_not_merged():
    plan = make_plan(
        STAFF,
        host("T", sessions=["rdp", "vnc", "ssh"]),
        ports={"rdp": "5000-6000", "vnc": "5500-6500", "ssh": "5000-5001"},
    )
    assert flows(plan) == [
        "STAFF -> T tcp/5000-5001 §13",
        "STAFF -> T tcp/5000-6000 §13",
        "STAFF -> T tcp/5500-6500 §13",
    ]


def test_a_range_of_one_port_is_that_port_and_merges_with_it():
    plan = make_plan(STAFF, host("T", sessions=["rdp", "vnc"]), ports={"rdp": "05900-5900"})
    assert flows(plan) == ["STAFF -> T tcp/5900 §13"]
