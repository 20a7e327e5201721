"""Findings that section 7 names: severity, subject and endpoints of each, and where it is not given."""

import pytest

from .helpers import host, make_plan, report, target, told

PS = host("PS", "web-primary", addresses=["10.0.0.1"])
SQL = host("SQL", "database", addresses=["10.0.0.2"])
STAFF = host("STAFF", "website-user", addresses=["10.0.0.3"])
DC = host("DC", "domain-controller", addresses=["10.0.0.4"])
GATE = host("GATE", "browser-gateway", addresses=["10.0.0.5"])
BROWSERS = host("BROWSERS", "browser-session-user", addresses=["10.0.0.6"])
LAUNCHER = host("LAUNCHER", "launcher-user", addresses=["10.0.0.7"])
SITE = host("SITE", "self-destruct-site", addresses=["10.0.0.8"])
READERS = host("READERS", "message-reader", addresses=["10.0.0.9"])
PHONES = host("PHONES", "mobile-user", addresses=["10.0.0.10"])
APP = host("APP", "app-server", addresses=["10.0.0.11"])
PUSH_PULL = {"self-destruct": "push-pull"}


def base(*endpoints, **more):
    """A plan that works, and whatever is put into it."""
    return make_plan(PS, SQL, STAFF, *endpoints, **more)


def own(source, destination, protocol="tcp", ports="9000"):
    flow = {"source": source, "destination": destination, "protocol": protocol, "reason": "Ours"}
    return flow if ports is None else flow | {"ports": ports}


def exclude(source, destination, **more):
    return {"source": source, "destination": destination, "reason": "Not here"} | more


CASES = [  # code, subject, severity, plan, endpoints, plans without it
    (
        "nothing-to-reach",
        "website-user",
        "error",
        make_plan(SQL, STAFF, host("MORE", "website-user")),
        ["MORE", "STAFF"],
        [base(), make_plan(SQL, STAFF, host("PS2", "web-passive"))],
    ),
    (
        "nothing-to-reach",
        "browser-session-user",
        "error",
        base(BROWSERS),
        ["BROWSERS"],
        [base(BROWSERS, GATE), base(GATE)],
    ),
    (
        "nothing-to-reach",
        "message-reader",
        "error",
        base(READERS, choices=PUSH_PULL),
        ["READERS"],
        [
            base(READERS, SITE, choices=PUSH_PULL),
            base(READERS),
            base(READERS, choices={"self-destruct": "none"}),
            base(READERS, zones=[{"name": "Internal", "kind": "internal", "choices": PUSH_PULL}]),
            base(READERS | {"choices": PUSH_PULL}),
        ],
    ),
    (
        "nothing-to-reach",
        "message-reader",
        "error",
        base(READERS, choices={"self-destruct": "app-server"}),
        ["READERS"],
        [
            base(READERS, APP, choices={"self-destruct": "app-server"}),
            base(READERS, choices={"self-destruct": "app-server"}, as_documented=["app-server-inbound"]),
        ],
    ),
    (
        "nothing-to-reach",
        "mobile-user",
        "error",
        base(PHONES),
        ["PHONES"],
        [base(PHONES, APP), base(PHONES, as_documented=["app-server-inbound"])],
    ),
    (
        "nothing-to-reach",
        "mobile-user",
        "error",
        base(PHONES, corrections=["app-server-inbound"]),
        ["PHONES"],
        [base(PHONES, APP, corrections=["app-server-inbound"])],
    ),
    (
        "nothing-to-reach",
        "launcher-user",
        "error",
        base(LAUNCHER),
        ["LAUNCHER"],
        [base(LAUNCHER, host("H", sessions=["vnc"]))],
    ),
    (
        "nothing-to-reach",
        "portal-user",
        "error",
        base(host("WORLD", "portal-user")),
        ["WORLD"],
        [base(host("WORLD", "portal-user"), host("PRP", "password-reset-portal"), DC)],
    ),
    (
        "nobody-uses",
        "web-primary",
        "warning",
        make_plan(PS, host("PS2", "web-primary"), SQL),
        ["PS", "PS2"],
        [
            base(),
            make_plan(PS, SQL, READERS),
            make_plan(PS, SQL, BROWSERS),
            make_plan(SQL, host("PS2", "web-passive")),
        ],
    ),
    (
        "nobody-uses",
        "web-passive",
        "warning",
        make_plan(PS, SQL, host("PS2", "web-passive"), READERS, choices={"self-destruct": "none"}),
        ["PS2"],
        [make_plan(PS, SQL, host("PS2", "web-passive"), READERS)],
    ),
    (
        "nobody-uses",
        "self-destruct-site",
        "warning",
        base(SITE, choices=PUSH_PULL),
        ["SITE"],
        [
            base(SITE, READERS, choices=PUSH_PULL),
            base(SITE),
            base(SITE | {"choices": PUSH_PULL}),
        ],
    ),
    ("nobody-uses", "browser-gateway", "warning", base(GATE), ["GATE"], [base(GATE, BROWSERS)]),
    (
        "nobody-uses",
        "app-server",
        "warning",
        base(APP, READERS),
        ["APP"],
        [
            base(APP, PHONES),
            base(APP, READERS, choices={"self-destruct": "app-server"}),
            base(APP, as_documented=["app-server-inbound"]),
        ],
    ),
    (
        "role-without-flow",
        "mail-server",
        "warning",
        make_plan(host("MAIL", "mail-server"), SQL, additional_flows=[own("SQL", "MAIL", ports="25")]),
        ["MAIL"],
        [
            base(host("MAIL", "mail-server")),
            base(host("MAIL", "mail-server"), exclusions=[exclude("PS", "MAIL")]),
            make_plan(host("ALL", "mail-server", "web-primary"), SQL),
        ],
    ),
    (
        "role-without-flow",
        "self-destruct-site",
        "warning",
        base(SITE),
        ["SITE"],
        [base(SITE, choices=PUSH_PULL), base(SITE | {"choices": PUSH_PULL})],
    ),
    (
        "role-without-flow",
        "domain-controller",
        "warning",
        base(
            DC | {"choices": {"active-directory": []}},
            host("DC2", "domain-controller", choices={"active-directory": []}),
        ),
        ["DC", "DC2"],
        [
            base(DC | {"choices": {"active-directory": []}}, host("DC2", "domain-controller")),
            base(DC, choices={"active-directory": []})
            | {"zones": [{"name": "Internal", "kind": "internal", "choices": {"active-directory": ["ldaps"]}}]},
        ],
    ),
    (
        "role-without-flow",
        "remote-site-agent",
        "warning",
        make_plan(SQL, host("AGENT", "remote-site-agent")),
        ["AGENT"],
        [
            base(host("AGENT", "remote-site-agent")),
            make_plan(SQL, host("AGENT", "remote-site-agent", platforms=["linux-mac"], operations=["reset"])),
        ],
    ),
    (
        "role-without-flow",
        "mobile-user",
        "warning",
        base(PHONES, as_documented=["app-server-inbound"]),
        ["PHONES"],
        [base(PHONES), base(PHONES, APP, corrections=["app-server-inbound"])],
    ),
    (
        "sessions-without-gateway",
        None,
        "warning",
        base(
            BROWSERS, host("H1", sessions=["rdp"]), host("H2", sessions=["ssh", "vnc"]), host("H3", sessions=["vnc"])
        ),
        ["H1", "H2"],
        [
            base(host("H1", sessions=["rdp"])),
            base(GATE, host("H1", sessions=["rdp"])),
            base(GATE, host("H1", sessions=["rdp"]), exclusions=[exclude("GATE", "H1")]),
            base(host("BOTH", "browser-gateway", sessions=["rdp"])),
        ],
    ),
    (
        "sessions-without-gateway",
        None,
        "warning",
        base(
            GATE | {"zone": "Depot"},
            host("H1", zone="Branch", sessions=["ssh"]),
            additional_flows=[own("GATE", "H1", ports="22")],
        ),
        ["H1"],
        [base(GATE | {"zone": "DMZ"}, host("H1", zone="Branch", sessions=["ssh"]))],
    ),
    (
        "sessions-unused",
        None,
        "warning",
        base(
            BROWSERS,
            host("H1", sessions=["rdp"]),
            host("H2", sessions=["teamviewer"]),
            host("H3", sessions=["vnc", "rdp"]),
        ),
        ["H2"],
        [base(LAUNCHER, host("H2", sessions=["teamviewer"])), base(BROWSERS, host("H1", sessions=["rdp"]))],
    ),
    (
        "sessions-unused",
        None,
        "warning",
        base(host("H1", sessions=["rdp"]), host("H2", sessions=["vnc"]), additional_flows=[own("STAFF", "H1")]),
        ["H1", "H2"],
        [
            base(LAUNCHER, host("H1", sessions=["rdp"])),
            base(LAUNCHER, host("H1", sessions=["rdp"]), exclusions=[exclude("LAUNCHER", "H1")]),
            base(GATE, host("H1", sessions=["rdp"])),
        ],
    ),
    (
        "two-primaries",
        "web-primary",
        "warning",
        base(host("PS2", "web-primary")),
        ["PS", "PS2"],
        [base(), base(host("PS2", "web-passive"))],
    ),
    (
        "active-without-primary",
        "web-active",
        "warning",
        make_plan(host("PS2", "web-active"), host("PS3", "web-passive"), SQL, STAFF),
        ["PS2"],
        [base(host("PS2", "web-active")), make_plan(host("PS3", "web-passive"), SQL, STAFF)],
    ),
    (
        "passive-without-primary",
        "web-passive",
        "error",
        make_plan(host("PS2", "web-active"), host("PS3", "web-passive"), SQL, STAFF),
        ["PS3"],
        [base(host("PS3", "web-passive"))],
    ),
    (
        "choice-undecided",
        "esxi",
        "decision",
        base(
            target("E1", "vmware-esxi", operations=["reset"]),
            target("E2", "vmware-esxi", operations=["reset"], choices={"esxi": "ssh"}),
            target("E3", "vmware-esxi", zone="DMZ", operations=["reset"]),
        ),
        ["E1", "E3"],
        [
            base(target("E1", "vmware-esxi", operations=["reset"]), choices={"esxi": "ssh"}),
            base(target("E1", "vmware-esxi", operations=["reset"]), exclusions=[exclude("PS", "E1")]),
        ],
    ),
    (
        "choice-undecided",
        "esxi",
        "decision",
        make_plan(PS | {"platforms": ["vmware-esxi"], "operations": ["reset"]}, SQL, STAFF),
        ["PS"],
        [make_plan(PS | {"platforms": ["vmware-esxi"], "operations": ["reset"], "choices": {"esxi": "ssh"}}, SQL)],
    ),
    (
        "address-missing",
        None,
        "decision",
        make_plan(PS | {"addresses": []}, SQL, host("U1", "website-user", zone="DMZ"), host("X", zone="DMZ")),
        ["PS", "U1"],
        [
            make_plan(PS | {"addresses": []}, SQL, STAFF),
            make_plan(
                PS | {"addresses": []}, host("U1", "website-user", zone="DMZ"), exclusions=[exclude("U1", "PS")]
            ),
        ],
    ),
    (
        "exclusion-without-effect",
        "exclusions[1]",
        "warning",
        base(exclusions=[exclude("PS", "SQL"), exclude("SQL", "PS")]),
        None,
        [base(exclusions=[exclude("PS", "SQL"), exclude("PS", "SQL", protocol="tcp", ports="01433")])],
    ),
    (
        "exclusion-without-effect",
        "exclusions[0]",
        "warning",
        base(
            exclusions=[exclude("PS", "SQL", protocol="tcp", ports="1433")],
            additional_flows=[own("PS", "SQL", ports="1433")],
        ),
        None,
        [
            base(exclusions=[exclude("PS", "SQL")], additional_flows=[own("PS", "SQL", ports="1434")]),
            base(exclusions=[exclude("PS", "SQL", protocol="tcp", ports="1433-1433")]),
        ],
    ),
    (
        "exclusion-without-effect",
        "exclusions[0]",
        "warning",
        base(exclusions=[exclude("PS", "SQL", protocol="tcp", ports="1433-1434")]),
        None,
        [base(exclusions=[exclude("PS", "SQL", protocol="tcp", ports="1433-1434")], ports={"database": "1433-1434"})],
    ),
    (
        "local-flows",
        "local",
        "info",
        make_plan(host("ALL", "web-primary", "database"), host("G", "web-active", "database", group=True)),
        ["ALL"],
        [base()],
    ),
]


@pytest.mark.parametrize(
    ("code", "subject", "severity", "plan", "endpoints", "others"),
    CASES,
    ids=[f"{code} {subject or ''} {number}" for number, (code, subject, *_) in enumerate(CASES)],
)
def test_a_finding_has_its_severity_its_subject_and_its_endpoints(code, subject, severity, plan, endpoints, others):
    found = told(plan, code)
    assert subject in found
    assert found[subject][0] == severity
    if endpoints is not None:  # the text leaves them open
        assert found[subject][1] == endpoints
    for other in others:
        assert subject not in told(other, code)


# --- caveats with a correction -----------------------------------------------------------------------------------

WINDOWS = target("WIN", "windows", operations=["discovery", "validation"], addresses=["10.0.0.30"])
BEARS = {
    "telnet-port": base(LAUNCHER, host("SWITCH", sessions=["telnet"])),
    "ldap-tcp": base(DC),
    "wmi-dynamic-rpc": base(WINDOWS),
    "sql-listener-web": base(choices={"sql-listener": "yes"}),
    "app-server-inbound": base(APP, PHONES),
    "gateway-assumed": base(
        GATE | {"zone": "Depot"}, host("GATE2", "browser-gateway"), host("H", zone="Branch", sessions=["ssh"])
    ),
    "validation-rpc": base(WINDOWS),
    "reset-kpasswd": base(target("AD", "active-directory", operations=["reset"])),
}
BEARS_NOT = {
    "telnet-port": [base(LAUNCHER, host("SWITCH", sessions=["ssh"])), base()],
    "ldap-tcp": [
        base(),
        base(DC, choices={"active-directory": ["ldaps"]}),
        base(DC, choices={"active-directory": []}),
        base(DC | {"choices": {"active-directory": ["kerberos"]}}),
    ],
    "wmi-dynamic-rpc": [
        base(target("WIN", "windows", operations=["reset", "validation"])),
        base(target("LIN", "linux-mac", operations=["discovery"])),
    ],
    "sql-listener-web": [base(), base(choices={"sql-listener": "no"})],
    "app-server-inbound": [base(STAFF | {"name": "MORE"})],
    "gateway-assumed": [base(host("H", sessions=["ssh"]))],
    "validation-rpc": [
        base(WINDOWS, choices={"windows-validation": "smb"}),
        base(WINDOWS | {"choices": {"windows-validation": "smb"}}),
        base(WINDOWS | {"operations": ["discovery", "reset"]}),
    ],
    "reset-kpasswd": [base(target("AD", "active-directory", operations=["discovery", "validation"]))],
}


@pytest.mark.parametrize("caveat", BEARS)
def test_a_caveat_with_a_correction_is_a_decision_until_it_is_answered_and_information_afterwards(caveat):
    plan = BEARS[caveat]
    assert told(plan, "caveat")[caveat][0] == "decision"
    assert told(plan | {"corrections": [caveat]}, "caveat")[caveat][0] == "info"
    assert told(plan | {"as_documented": [caveat]}, "caveat")[caveat][0] == "info"


@pytest.mark.parametrize("caveat", BEARS)
def test_a_caveat_is_no_question_where_it_does_not_bear_on_the_plan(caveat):
    for plan in BEARS_NOT[caveat]:
        assert caveat not in told(plan, "caveat")


def test_a_caveat_still_bears_on_flows_of_which_its_correction_would_add_others():
    """Without UDP 389 between the two, the correction still adds TCP 389; without anything, it doesn't."""
    one = exclude("PS", "DC", protocol="udp", ports="389")
    ldap = {"choices": {"active-directory": ["ldap"]}}
    assert told(base(DC, exclusions=[one], **ldap), "caveat")["ldap-tcp"][0] == "decision"
    applied = base(DC, exclusions=[one], corrections=["ldap-tcp"], **ldap)
    assert told(applied, "caveat")["ldap-tcp"][0] == "info"
    assert "ldap-tcp" not in told(base(DC, exclusions=[exclude("PS", "DC")], **ldap), "caveat")


# --- what must stay closed ---------------------------------------------------------------------------------------


def never(source, destination, **more):
    return {"from": source, "to": destination, "reason": "Policy"} | more


def test_a_never_row_that_flows_break_names_both_ends_of_all_of_them():
    plan = base(
        host("PS2", "web-passive"),
        never=[
            never({"endpoint": "SQL"}, {"zone": "Internal"}),
            never({"zone": "Internal"}, {"endpoint": "SQL"}, protocol="tcp", ports="1000-2000"),
            never({"endpoint": "PS2"}, {"endpoint": "PS"}),
        ],
    )
    assert told(plan, "never-broken") == {
        "never[1]": ("error", ["PS", "PS2", "SQL"]),
        "never[2]": ("error", ["PS", "PS2"]),
    }


def test_a_flow_that_the_document_prohibits_is_a_warning_whoever_asks_for_it():
    for plan in (
        base(SITE, choices=PUSH_PULL, additional_flows=[own("SITE", "PS")]),
        base(SITE | {"roles": ["self-destruct-site", "website-user"]}, choices=PUSH_PULL),
        base(SITE | {"choices": PUSH_PULL}, additional_flows=[own("SITE", "PS", "icmp", None)]),
    ):
        [(subject, (severity, endpoints))] = told(plan, "prohibited-flow").items()
        assert (subject, severity) == ("6", "warning")
        assert set(endpoints) <= {"PS", "SITE"}
    for plan in (
        base(SITE, choices=PUSH_PULL),
        base(SITE, additional_flows=[own("SITE", "PS")]),
        base(SITE, choices=PUSH_PULL, additional_flows=[own("PS", "SITE")]),
        base(SITE | {"choices": {"self-destruct": "none"}}, choices=PUSH_PULL, additional_flows=[own("SITE", "PS")]),
        base(
            SITE | {"roles": ["self-destruct-site", "website-user"]},
            choices=PUSH_PULL,
            exclusions=[exclude("SITE", "PS")],
        ),
    ):
        assert told(plan, "prohibited-flow") == {}


# --- what a message says -----------------------------------------------------------------------------------------


def test_a_message_counts_the_endpoints_that_it_is_about():
    plan = make_plan(*(host(f"A{number}", "mail-server", addresses=["127.0.0.1"]) for number in range(23)))
    counted = {f["code"]: f["message"] for f in report(plan)["findings"] if len(f["endpoints"]) == 23}
    assert counted.keys() == {"role-without-flow", "address-special", "address-twice"}
    assert all("23 endpoints" in message for message in counted.values())
