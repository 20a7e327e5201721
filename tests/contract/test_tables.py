"""Every row of the document's four tables, typed from the document: sections 9, 10, 11 and 13."""

from tests.each import each

from .helpers import host, line, make_plan, report, target

SSH = ["tcp/22"]
DIRECTORY = ["tcp/389 directory-port=ldap", "tcp/636 directory-port=ldaps"]
ACTIVE_DIRECTORY = ["tcp/9389", *DIRECTORY, "tcp/88", "tcp/445"]
ESXI = ["tcp/22 esxi=ssh", "tcp/443 esxi=powercli"]
WINRM = ["tcp/5985", "tcp/5986"]

# (the row's name in the document, the platform it is about, what it asks for)
DISCOVERIES = [
    ("Active Directory", "active-directory", ACTIVE_DIRECTORY),
    ("Cisco IOS", "cisco-ios", SSH),
    ("Fortigate", "fortigate", SSH),
    ("Hosts (Computer objects in AD)", "active-directory", DIRECTORY),
    ("HP H3C", "hp-h3c", SSH),
    ("Juniper Junos", "juniper-junos", SSH),
    ("Linux and Mac", "linux-mac", SSH),
    ("MariaDB", "mariadb", ["tcp/3306"]),
    ("Microsoft SQL", "microsoft-sql", ["tcp/1433"]),
    ("MySQL", "mysql", ["tcp/3306"]),
    ("Oracle Database", "oracle", ["tcp/1521"]),
    ("PostgreSQL", "postgresql", ["tcp/5432"]),
    ("SonicWall", "sonicwall", SSH),
    ("VMWare ESXi", "vmware-esxi", ESXI),
    ("Windows Dependencies", "windows", [*WINRM, "tcp/135"]),
    ("Windows Local Administrator", "windows", [*WINRM, "tcp/135"]),
]

RESETS = [
    ("Active Directory", "active-directory", ACTIVE_DIRECTORY),
    ("Cisco IOS", "cisco-ios", SSH),
    ("Dell iDRAC", "dell-idrac", SSH),
    ("F5 BIG-IP Advanced Shell Access", "f5-big-ip", SSH),
    ("F5 BIG-IP TMSH Access", "f5-big-ip", SSH),
    ("Fortigate", "fortigate", SSH),
    ("HP H3C", "hp-h3c", SSH),
    ("HP iLO", "hp-ilo", SSH),
    ("HP Procurve", "hp-procurve", SSH),
    ("IBM IMM", "ibm-imm", SSH),
    ("Juniper Junos", "juniper-junos", SSH),
    ("Juniper ScreenOS", "juniper-screenos", SSH),
    ("Linux and Mac", "linux-mac", SSH),
    ("MariaDB", "mariadb", ["tcp/3306"]),
    ("Microsoft SQL", "microsoft-sql", ["tcp/1433"]),
    ("MySQL", "mysql", ["tcp/3306"]),
    ("Oracle Database", "oracle", ["tcp/1521"]),
    ("PaloAlto", "palo-alto", SSH),
    ("PostgreSQL", "postgresql", ["tcp/5432"]),
    ("SonicWall", "sonicwall", SSH),
    ("VMWare ESXi", "vmware-esxi", ESXI),
    ("Windows COM+ Component", "windows", WINRM),
    ("Windows IIS Application Pool", "windows", WINRM),
    ("Windows Local Administrator", "windows", WINRM),
    ("Windows Scheduled Task & Windows Service", "windows", WINRM),
]

VALIDATIONS = [
    ("Active Directory", "active-directory", ACTIVE_DIRECTORY),
    ("Cisco IOS", "cisco-ios", SSH),
    ("Dell iDRAC", "dell-idrac", SSH),
    ("F5 BIG-IP", "f5-big-ip", SSH),
    ("Fortigate", "fortigate", SSH),
    ("HP H3C", "hp-h3c", SSH),
    ("HP iLO", "hp-ilo", SSH),
    ("HP Procurve", "hp-procurve", SSH),
    ("IBM IMM", "ibm-imm", SSH),
    ("Juniper Junos", "juniper-junos", SSH),
    ("Juniper ScreenOS", "juniper-screenos", SSH),
    ("Linux and Mac", "linux-mac", SSH),
    ("MariaDB", "mariadb", ["tcp/3306"]),
    ("Microsoft SQL", "microsoft-sql", ["tcp/1433"]),
    ("MySQL", "mysql", ["tcp/3306"]),
    ("Oracle Database", "oracle", ["tcp/1521"]),
    ("PaloAlto", "palo-alto", SSH),
    ("PostgreSQL", "postgresql", ["tcp/5432"]),
    ("SonicWall", "sonicwall", SSH),
    ("VMWare ESXi", "vmware-esxi", ESXI),
    ("Windows Local Administrator", "windows", ["tcp/135 windows-validation=rpc", "tcp/445 windows-validation=smb"]),
]

SESSIONS = [
    ("RDP", "rdp", ["tcp/3389"]),
    ("SSH", "ssh", ["tcp/22"]),
    ("Telnet", "telnet", ["tcp/22"]),
    ("VNC", "vnc", ["tcp/5900"]),
    ("Microsoft SQL", "microsoft-sql", ["tcp/1433"]),
    ("TeamViewer", "teamviewer", ["tcp/5938 teamviewer=5938", "tcp/80 teamviewer=80", "tcp/443 teamviewer=443"]),
]

TABLES = [
    (row, section, operation)
    for section, operation, table in (
        ("9", "discovery", DISCOVERIES),
        ("10", "reset", RESETS),
        ("11", "validation", VALIDATIONS),
    )
    for row in table
]


def expected(source, asked, sections):
    """The lines of flows from a source to T: 'tcp/389 directory-port=ldap' for sections 9 becomes one of them."""
    made = []
    for ask in asked:
        port, _, mark = ask.partition(" ")
        made.append(
            " ".join([f"{source} -> T {port}", *(f"§{section}" for section in sections), *([mark] * bool(mark))])
        )
    return sorted(made)


def of_row(data, name):
    return sorted(line(flow) for flow in data["flows"] if any(name in reason for reason in flow["reasons"]))


def test_the_tables_have_as_many_rows_as_the_document():
    assert [len(table) for table in (DISCOVERIES, RESETS, VALIDATIONS, SESSIONS)] == [16, 25, 21, 6]


@each(("row", "section", "operation"), TABLES)
def test_a_row_asks_a_web_server_for_exactly_its_ports_and_names_itself(row, section, operation):
    name, platform, asked = row
    data = report(make_plan(host("PS", "web-primary"), target("T", platform, operations=[operation])))
    assert of_row(data, name) == expected("PS", asked, [section])


@each(("row", "section", "operation"), TABLES)
def test_a_row_asks_an_agent_for_the_same_ports_and_cites_section_16_too(row, section, operation):
    name, platform, asked = row
    agent = host("AGENT", "remote-site-agent", zone="Branch")
    data = report(make_plan(agent, target("T", platform, zone="Branch", operations=[operation])))
    assert of_row(data, name) == expected("AGENT", asked, [section, "16"])


@each(
    ("section", "operation", "table"),
    [("9", "discovery", DISCOVERIES), ("10", "reset", RESETS), ("11", "validation", VALIDATIONS)],
)
def test_a_platform_asks_for_nothing_that_is_not_in_its_rows(section, operation, table):
    for platform in sorted({row[1] for row in table}):
        asked = sorted({ask for row in table if row[1] == platform for ask in row[2]})
        data = report(make_plan(host("PS", "web-primary"), target("T", platform, operations=[operation])))
        assert sorted(map(line, data["flows"])) == expected("PS", asked, [section]), platform


def test_searching_hosts_is_not_why_discovery_needs_the_web_services_kerberos_or_smb_of_a_directory():
    data = report(make_plan(host("PS", "web-primary"), target("T", "active-directory", operations=["discovery"])))
    assert of_row(data, "Hosts (Computer objects in AD)") == expected("PS", DIRECTORY, ["9"])


@each(("name", "session", "asked"), SESSIONS)
def test_a_session_is_opened_from_the_launcher_user_on_exactly_the_ports_of_its_row(name, session, asked):
    data = report(make_plan(host("STAFF", "launcher-user"), host("T", sessions=[session])))
    assert sorted(map(line, data["flows"])) == expected("STAFF", asked, ["13"])
    assert of_row(data, name) == expected("STAFF", asked, ["13"])


@each("platform", ["dell-idrac", "f5-big-ip", "hp-ilo", "hp-procurve", "ibm-imm", "juniper-screenos", "palo-alto"])
def test_a_platform_without_a_row_for_discovery_has_no_discovery_flow(platform):
    data = report(make_plan(host("PS", "web-primary"), target("T", platform, operations=["discovery"])))
    assert data["flows"] == []


@each(
    ("platform", "operation", "services"),
    [
        ("active-directory", "reset", {"9389": "adws", "389": "ldap", "636": "ldaps", "88": "kerberos", "445": "smb"}),
        ("cisco-ios", "reset", {"22": "ssh"}),
        ("mariadb", "reset", {"3306": "mysql"}),
        ("mysql", "reset", {"3306": "mysql"}),
        ("microsoft-sql", "reset", {"1433": "mssql"}),
        ("oracle", "reset", {"1521": "oracle"}),
        ("postgresql", "reset", {"5432": "postgresql"}),
        ("vmware-esxi", "reset", {"22": "ssh", "443": "powercli"}),
        ("windows", "discovery", {"5985": "winrm-http", "5986": "winrm-https", "135": "rpc"}),
        ("windows", "reset", {"5985": "winrm-http", "5986": "winrm-https"}),
        ("windows", "validation", {"135": "rpc", "445": "smb"}),
    ],
)
def test_a_flow_names_the_service_that_its_row_needs(platform, operation, services):
    data = report(make_plan(host("PS", "web-primary"), target("T", platform, operations=[operation])))
    assert {flow["ports"]: flow["services"] for flow in data["flows"]} == {
        port: [service] for port, service in services.items()
    }


@each(
    ("session", "services"),
    [
        ("rdp", {"3389": "rdp"}),
        ("ssh", {"22": "ssh"}),
        ("telnet", {"22": "telnet"}),
        ("vnc", {"5900": "vnc"}),
        ("microsoft-sql", {"1433": "mssql"}),
        ("teamviewer", {"5938": "teamviewer", "80": "teamviewer-http", "443": "teamviewer-https"}),
    ],
)
def test_a_session_names_its_services(session, services):
    data = report(make_plan(host("STAFF", "launcher-user"), host("T", sessions=[session])))
    assert {flow["ports"]: flow["services"] for flow in data["flows"]} == {
        port: [service] for port, service in services.items()
    }


def test_several_platforms_and_operations_share_the_flow_of_an_equal_port():
    both = target("T", "linux-mac", "cisco-ios", operations=["discovery", "reset", "validation"])
    data = report(make_plan(host("PS", "web-primary"), both))
    assert [line(flow) for flow in data["flows"]] == ["PS -> T tcp/22 §9 §10 §11"]
    reasons = " | ".join(data["flows"][0]["reasons"])
    assert "Linux and Mac" in reasons
    assert "Cisco IOS" in reasons


def test_every_operation_of_a_windows_host_together():
    windows = target("T", "windows", operations=["discovery", "reset", "validation", "host-heartbeat"])
    data = report(make_plan(host("PS", "web-primary"), windows))
    assert sorted(map(line, data["flows"])) == sorted(
        [
            "PS -> T tcp/5985 §9 §10",
            "PS -> T tcp/5986 §9 §10",
            "PS -> T tcp/135 §9 §11",
            "PS -> T tcp/445 §11 windows-validation=smb",
            "PS -> T icmp §12",
            "PS -> T tcp/3389 §12",
        ]
    )


def test_a_directory_managed_with_every_operation_cites_all_three_tables_and_the_agent():
    agent = host("AGENT", "remote-site-agent", zone="Branch")
    directory = target("T", "active-directory", zone="Branch", operations=["discovery", "reset", "validation"])
    data = report(make_plan(agent, directory))
    assert sorted(map(line, data["flows"])) == expected("AGENT", ACTIVE_DIRECTORY, ["9", "10", "11", "16"])
