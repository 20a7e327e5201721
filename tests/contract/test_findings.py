"""What the reader must know or decide: each finding where it is due, and not where it isn't.

Codes other than `choice-undecided` are the product's to choose, so a finding is recognised by its severity and by what
it mentions, and its absence by the code and subject it had in the plan that has it.
"""

import re

import pytest

from .arbitrary import arbitrary_plan
from .helpers import host, make_plan, report, target, text

SEVERITIES = {"error", "decision", "warning", "info"}


def found(plan, severity, *words):
    """The findings of a severity that mention each of the words (regular expressions, ignoring case)."""
    return [
        finding
        for finding in report(plan)["findings"]
        if finding["severity"] == severity and all(re.search(word, text(finding), re.IGNORECASE) for word in words)
    ]


def identities(plan, severity):
    return {(f["code"], f["subject"]) for f in report(plan)["findings"] if f["severity"] == severity}


# --- plans -------------------------------------------------------------------------------------------------------

PS = host("PS01", "web-primary", addresses=["10.0.0.10"])
SQL = host("SQL01", "database", addresses=["10.0.0.11"])
DC = host("DC01", "domain-controller", addresses=["10.0.0.12"])
AGENT = host("AGENT", "remote-site-agent", zone="Branch", addresses=["10.1.0.1"])
STAFF = host("STAFF", "launcher-user", group=True, addresses=["10.0.8.0/24"])
PRP = host("PRP", "password-reset-portal", zone="DMZ", addresses=["192.0.2.1"])
SITE = host("SITE", "self-destruct-site", zone="DMZ", addresses=["192.0.2.2"])
PHONES = host("PHONES", "mobile-user", addresses=["10.0.9.0/24"], group=True)
LINUX = target("LIN1", "linux-mac", operations=["reset"], addresses=["10.0.0.20"])


def app(zone="DMZ"):
    return host("APP", "app-server", zone=zone, addresses=["192.0.2.3"])


def base(*endpoints, **more):
    return make_plan(PS, SQL, *endpoints, **more)


SOUND = base(
    DC,
    AGENT,
    PRP,
    host("MAIL", "mail-server", zone="Servers", addresses=["10.0.1.3"]),
    host("GATE", "browser-gateway", zone="Servers", addresses=["10.0.1.4"]),
    host(
        "OFFICE",
        "website-user",
        "extension-user",
        "launcher-user",
        "browser-session-user",
        group=True,
        zone="Servers",
        addresses=["10.0.8.0/24"],
    ),
    host("WORLD", "portal-user", group=True, zone="Internet", addresses=["any"]),
    target(
        "WIN1",
        "windows",
        zone="Servers",
        addresses=["10.0.1.20"],
        operations=["discovery", "reset", "validation", "host-heartbeat"],
        sessions=["rdp"],
    ),
    target(
        "LIN2", "linux-mac", zone="Branch", addresses=["10.1.0.2"], operations=["discovery", "reset"], sessions=["ssh"]
    ),
    choices={"windows-validation": "smb"},
    corrections=["ldap-tcp", "wmi-dynamic-rpc"],
    as_documented=["gateway-assumed"],
)


def test_a_sound_plan_has_no_error_no_decision_and_no_warning():
    assert [f for f in report(SOUND)["findings"] if f["severity"] != "info"] == []


def test_findings_have_one_of_four_severities_a_code_and_a_message():
    for plan in (SOUND, make_plan(), *map(arbitrary_plan, range(20))):
        for finding in report(plan)["findings"]:
            assert finding["severity"] in SEVERITIES
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", finding["code"]), finding
            assert finding["message"].strip()


# --- each finding: where it is due and where it is not -----------------------------------------------------------

ERRORS = {
    "no web server": (["web"], make_plan(SQL), [base(), make_plan(host("A", "web-active"), SQL)]),
    "no endpoint at all: no web server": (["web"], make_plan(), [base()]),
    "no endpoint at all: no database": (["database"], make_plan(), [base()]),
    "no database": (["database"], make_plan(PS), [base()]),
    "a passive web server without a primary": (
        ["passive", "primary"],
        make_plan(host("PS02", "web-passive"), host("PS01", "web-active"), SQL),
        [base(host("PS02", "web-passive")), base(host("PS02", "web-active"))],
    ),
    "push/pull without a site": (
        ["push", "site"],
        base(choices={"self-destruct": "push-pull"}),
        [base(SITE, choices={"self-destruct": "push-pull"}), base(), base(choices={"self-destruct": "none"})],
    ),
    "a portal without a domain controller": (["portal", "domain"], base(PRP), [base(PRP, DC), base()]),
    "operations without an engine": (
        ["LIN1"],
        make_plan(SQL, LINUX),
        [make_plan(SQL, LINUX, PS), make_plan(SQL, LINUX, AGENT | {"zone": "Internal"})],
    ),
    "operations without an engine though an agent is elsewhere": (
        ["LIN1"],
        make_plan(SQL, LINUX, AGENT),
        [make_plan(SQL, LINUX | {"managed_by": ["AGENT"]}, AGENT), make_plan(SQL, LINUX | {"operations": []}, AGENT)],
    ),
    "a heartbeat without an engine": (
        ["LIN1"],
        make_plan(SQL, LINUX | {"operations": ["host-heartbeat"]}),
        [make_plan(PS, SQL, LINUX | {"operations": ["host-heartbeat"]})],
    ),
}

FAR_SQL = host("SQL01", "database", zone="Servers")
DECISIONS = {
    "directory-port undecided": (
        ["directory-port"],
        base(target("AD", "active-directory", operations=["reset"])),
        [base(target("AD", "active-directory", operations=["reset"]), choices={"directory-port": "ldaps"}), base()],
    ),
    "esxi undecided": (
        ["esxi"],
        base(target("ESX", "vmware-esxi", operations=["reset"])),
        [base(target("ESX", "vmware-esxi", operations=["reset"]), choices={"esxi": "ssh"}), base()],
    ),
    "windows-validation undecided": (
        ["windows-validation"],
        base(target("WIN", "windows", operations=["validation"])),
        [base(target("WIN", "windows", operations=["validation"]), choices={"windows-validation": "rpc"}), base()],
    ),
    "teamviewer undecided": (
        ["teamviewer"],
        base(STAFF, host("T", sessions=["teamviewer"])),
        [base(STAFF, host("T", sessions=["teamviewer"]), choices={"teamviewer": "443"}), base(STAFF)],
    ),
    "a destination without an address": (
        ["SQL01", "address"],
        make_plan(PS, FAR_SQL),
        [make_plan(PS, FAR_SQL | {"addresses": ["sql01.example.com"]}), make_plan(PS, FAR_SQL | {"zone": "Internal"})],
    ),
    "a source without an address": (
        ["PS01", "address"],
        make_plan(PS | {"addresses": []}, FAR_SQL | {"addresses": ["10.0.1.2"]}),
        [make_plan(PS, FAR_SQL | {"addresses": ["10.0.1.2"]})],
    ),
    "an end of an additional flow without an address": (
        ["BACKUP", "address"],
        base(
            host("BACKUP", zone="DMZ"),
            additional_flows=[
                {"source": "PS01", "destination": "BACKUP", "protocol": "tcp", "ports": "9000", "reason": "Backup"}
            ],
        ),
        [base(host("BACKUP", zone="DMZ"))],
    ),
}

BROWSERS = host("BROWSERS", "browser-session-user", group=True, addresses=["10.0.7.0/24"])
LISTENER = {"sql-listener": "yes"}
TELNET = host("SWITCH", sessions=["telnet"], addresses=["10.0.0.30"])
IN_BRANCH = LINUX | {"zone": "Branch", "addresses": ["10.1.0.9"]}
READERS = host("READERS", "message-reader", zone="Internet", group=True, addresses=["any"])
USERS = host("USERS", "website-user", zone="Internet", group=True, addresses=["any"])
SUPPLIER = host("SUPPLIER", zone="Internet", addresses=["198.51.100.9"])


def coming_in(destination="PS01", protocol="tcp", ports="443"):
    """A flow of one's own from SUPPLIER."""
    return {"source": "SUPPLIER", "destination": destination, "protocol": protocol, "ports": ports, "reason": "Care"}


WARNINGS = {
    "an App Server in a DMZ that reaches a database inside": (
        ["APP|App Server", "push.?(and.?)?pull"],
        base(app()),
        [base(app("Internal")), base(app("Branch")), make_plan(PS, SQL | {"zone": "DMZ"}, app())],
    ),
    "an App Server in a cloud that reaches a database inside": (
        ["APP|App Server", "push.?(and.?)?pull"],
        base(app("Cloud")),
        [base(app("Branch")), make_plan(PS, SQL | {"zone": "Cloud"}, app("Cloud"))],
    ),
    "an App Server on the internet that reaches a database inside": (
        ["APP|App Server", "push.?(and.?)?pull"],
        base(app("Internet")),
        [base(app("Internal"))],
    ),
    "Telnet": (
        ["telnet"],
        base(STAFF, TELNET, corrections=["telnet-port"]),
        [base(STAFF, TELNET | {"sessions": ["ssh"]}, corrections=["telnet-port"])],
    ),
    "website users on the internet": (["internet"], base(USERS), [base(USERS | {"zone": "Servers", "addresses": []})]),
    "extension users on the internet": (
        ["internet"],
        base(USERS | {"roles": ["extension-user"]}),
        [base(USERS | {"roles": ["extension-user"], "zone": "Servers", "addresses": []})],
    ),
    "browser session users on the internet": (
        ["internet"],
        base(USERS | {"roles": ["browser-session-user"]}),
        [base(USERS | {"roles": ["mobile-user"]})],
    ),
    "an own flow from the internet to a range with the website's port": (
        ["internet", "SUPPLIER . PS01"],
        base(SUPPLIER, ports={"website": "8443"}, additional_flows=[coming_in(ports="8000-9000")]),
        [
            base(SUPPLIER, ports={"website": "8443"}, additional_flows=[coming_in(ports="443")]),
            base(SUPPLIER, additional_flows=[coming_in(protocol="udp")]),
            base(SUPPLIER, additional_flows=[coming_in(destination="SQL01")]),
            base(SUPPLIER | {"zone": "Cloud"}, additional_flows=[coming_in()]),
        ],
    ),
    "an own flow to Telnet": (
        ["telnet", "SUPPLIER . SWITCH"],
        base(SUPPLIER, TELNET, corrections=["telnet-port"], additional_flows=[coming_in("SWITCH", ports="23")]),
        [
            base(SUPPLIER, TELNET, additional_flows=[coming_in("SWITCH", ports="23")]),
            base(
                SUPPLIER,
                TELNET | {"ports": {"telnet": 2323}},
                corrections=["telnet-port"],
                additional_flows=[coming_in("SWITCH", ports="23")],
            ),
        ],
    ),
    "an agent on the internet": (
        ["internet"],
        base(AGENT | {"zone": "Internet"}),
        [base(AGENT | {"zone": "Cloud"}), base(AGENT)],
    ),
    "a portal on the internet": (["internet"], base(DC, PRP | {"zone": "Internet"}), [base(DC, PRP)]),
    "message readers on the internet with embedded messages": (
        ["internet"],
        base(READERS),
        [
            base(READERS, SITE, choices={"self-destruct": "push-pull"}),
            base(READERS, choices={"self-destruct": "none"}),
        ],
    ),
    "operations without platforms": (
        ["HOST"],
        base(host("HOST", operations=["reset"])),
        [
            base(host("HOST", operations=["host-heartbeat"])),
            base(host("HOST", operations=["reset"], platforms=["linux-mac"])),
            base(host("HOST")),
        ],
    ),
    "a heartbeat and another operation without platforms": (
        ["HOST"],
        base(host("HOST", operations=["host-heartbeat", "discovery"])),
        [base(host("HOST", operations=["host-heartbeat"]))],
    ),
    "platforms without operations": (
        ["HOST"],
        base(host("HOST", platforms=["linux-mac"])),
        [base(host("HOST", platforms=["linux-mac"], operations=["reset"])), base(host("HOST"))],
    ),
    "a portal without Active Directory": (
        ["portal", "active.directory"],
        base(PRP, DC, choices={"active-directory": []}),
        [base(PRP, DC), base(DC, choices={"active-directory": []})],
    ),
    "sessions that no gateway reaches": (
        ["gateway", "HOST"],
        base(host("GATE", "browser-gateway", zone="Depot"), host("HOST", zone="Branch", sessions=["rdp"])),
        [
            base(host("GATE", "browser-gateway", zone="Branch"), host("HOST", zone="Branch", sessions=["rdp"])),
            base(host("GATE", "browser-gateway", zone="DMZ"), host("HOST", zone="Branch", sessions=["rdp"])),
            base(host("GATE", "browser-gateway", zone="Depot"), host("HOST", zone="Branch", sessions=["vnc"])),
        ],
    ),
    "sessions without any gateway": (
        ["gateway", "HOST"],
        base(host("HOST", sessions=["ssh"]), BROWSERS),
        [
            base(host("GATE", "browser-gateway"), host("HOST", sessions=["ssh"]), BROWSERS),
            base(host("HOST", sessions=["vnc"]), BROWSERS),
            base(host("HOST", sessions=["ssh"])),
        ],
    ),
    "a remote site with operations and no agent": (
        ["Branch|LIN1"],
        base(IN_BRANCH),
        [base(IN_BRANCH, AGENT), base(IN_BRANCH | {"operations": [], "platforms": []}), base(LINUX)],
    ),
    "two services on one port of one endpoint": (
        ["443", "BOTH"],
        make_plan(host("BOTH", "web-primary", "password-reset-portal"), SQL, DC),
        [
            make_plan(host("BOTH", "web-primary", "password-reset-portal"), SQL, DC, ports={"website": 8443}),
            make_plan(host("BOTH", "web-primary"), SQL, DC, PRP),
        ],
    ),
    "two services on one port of one endpoint by an override": (
        ["8443", "BOTH"],
        make_plan(
            host("BOTH", "web-primary", "browser-gateway"), SQL, ports={"website": 8443, "browser-gateway": 8443}
        ),
        [make_plan(host("BOTH", "web-primary", "browser-gateway"), SQL, ports={"website": 8443})],
    ),
    "an address on two endpoints": (
        [r"10\.0\.0\.99"],
        base(host("A", addresses=["10.0.0.99"]), host("B", addresses=["10.0.0.99"])),
        [
            base(host("A", addresses=["10.0.0.99", "10.0.0.99"]), host("B", addresses=["10.0.0.98"])),
            base(host("A", addresses=["10.0.0.99"]), host("B", addresses=["10.0.0.98"])),
        ],
    ),
    "an address among others on two endpoints": (
        ["db8"],
        base(host("A", addresses=["10.0.0.98", "2001:db8::9"]), host("B", addresses=["2001:DB8:0::9", "10.0.0.97"])),
        [base(host("A", addresses=["10.0.0.98", "2001:db8::9"]), host("B", addresses=["2001:db8::8"]))],
    ),
}

LOCKOUT = {"prp-lockout-events": "no"}
INFOS = {
    "sql-listener-transport": (["sql-listener-transport"], base(app(), choices=LISTENER), [base(app()), base()]),
    "ha-silent, passive": (["ha-silent"], base(host("PS02", "web-passive")), [base()]),
    "ha-silent, active": (["ha-silent"], base(host("PS02", "web-active")), [base()]),
    "section-numbers": (["section-numbers"], base(AGENT), [base()]),
    "protocol-assumed": (["protocol-assumed"], base(), [make_plan()]),
    "rpc-range-assumed": (["rpc-range-assumed"], base(PRP, DC), [base(PRP, DC, choices=LOCKOUT), base(DC)]),
    "heartbeat-fallback": (
        ["heartbeat-fallback"],
        base(LINUX | {"operations": ["host-heartbeat"]}),
        [base(LINUX), base()],
    ),
    "teamviewer-destination": (
        ["teamviewer-destination"],
        base(STAFF, host("T", sessions=["teamviewer"])),
        [base(STAFF, host("T", sessions=["vnc"])), base()],
    ),
    "local flows": (
        ["local|same (host|machine)"],
        make_plan(host("ALL", "web-primary", "database")),
        [
            make_plan(host("ALL", "web-primary"), SQL),
            make_plan(host("ALL", "launcher-user", group=True, sessions=["rdp"])),
        ],
    ),
}


def table(severity, cases):
    return [pytest.param(severity, *case, id=f"{severity}: {name}") for name, case in cases.items()]


EVERY = [
    *table("error", ERRORS),
    *table("decision", DECISIONS),
    *table("warning", WARNINGS),
    *table("info", INFOS),
]


@pytest.mark.parametrize(("severity", "words", "plan", "others"), EVERY)
def test_a_finding_is_given_where_it_is_due_and_nowhere_else(severity, words, plan, others):
    due = {(finding["code"], finding["subject"]) for finding in found(plan, severity, *words)}
    assert due, report(plan)["findings"]
    for other in others:
        missing = due - identities(other, severity)
        assert missing, f"given too: {due} in {other}"


@pytest.mark.parametrize(
    "platform", ["dell-idrac", "f5-big-ip", "hp-ilo", "hp-procurve", "ibm-imm", "juniper-screenos", "palo-alto"]
)
def test_an_operation_that_its_platform_lacks_is_a_warning(platform):
    lacking = base(
        target("HOST", platform, "windows", operations=["discovery", "reset"]), corrections=["wmi-dynamic-rpc"]
    )
    due = found(lacking, "warning", "HOST|" + platform, "discover")
    assert due
    fine = base(target("HOST", platform, "windows", operations=["reset"]), corrections=["wmi-dynamic-rpc"])
    assert {(f["code"], f["subject"]) for f in due} & identities(fine, "warning") == set()


@pytest.mark.parametrize("operation", ["reset", "validation"])
@pytest.mark.parametrize(
    "platform", ["dell-idrac", "f5-big-ip", "hp-ilo", "hp-procurve", "ibm-imm", "juniper-screenos", "palo-alto"]
)
def test_no_platform_lacks_reset_or_validation(platform, operation):
    users = host("OFFICE", "website-user", group=True, addresses=["10.0.8.0/24"])
    plan = base(users, target("HOST", platform, operations=[operation], addresses=["10.0.0.77"]))
    assert [f for f in report(plan)["findings"] if f["severity"] != "info"] == []


def test_every_plan_is_told_what_the_document_does_not_cover():
    for plan in (make_plan(), base(), SOUND):
        assert found(plan, "info", "not-covered")


def test_an_undecided_choice_has_its_own_code_and_subject():
    plan = base(target("AD", "active-directory", operations=["reset"]))
    asked = [f for f in report(plan)["findings"] if f["code"] == "choice-undecided"]
    assert [(f["severity"], f["subject"]) for f in asked] == [("decision", "directory-port")]
    assert "ldap" in asked[0]["message"].lower()
    assert "ldaps" in asked[0]["message"].lower()


def test_findings_of_a_thousand_addresses_that_lack_are_still_there():
    many = [target(f"T{n}", "linux-mac", zone="Servers", operations=["reset"]) for n in range(50)]
    plan = base(*many)
    mentioned = " ".join(text(f) for f in report(plan)["findings"] if f["severity"] == "decision")
    assert "T0" in mentioned
