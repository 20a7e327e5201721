"""Every requirement that the document states in prose, first half: sections 2 to 8."""

import itertools

import pytest

from .helpers import flow_between, flows, host, make_plan, report, target

WEBS = ["web-primary", "web-passive", "web-active"]
NO_DIRECTORY = {"active-directory": []}


def test_website_users_reach_the_website():
    assert flows(make_plan(host("USERS", "website-user"), host("PS", "web-primary"))) == ["USERS -> PS tcp/443 §2"]


def test_the_web_server_reaches_the_database():
    assert flows(make_plan(host("PS", "web-primary"), host("SQL", "database"))) == ["PS -> SQL tcp/1433 §2"]


@pytest.mark.parametrize("role", WEBS)
def test_every_kind_of_web_server_is_a_web_server(role):
    plan = make_plan(host("USERS", "website-user"), host("PS", role), host("SQL", "database"))
    assert flows(plan) == ["PS -> SQL tcp/1433 §2", "USERS -> PS tcp/443 §2"]


def test_every_user_reaches_every_web_server_and_every_web_server_every_database():
    plan = make_plan(
        host("U1", "website-user"),
        host("U2", "website-user"),
        host("PS1", "web-primary"),
        host("PS2", "web-active"),
        host("SQL1", "database"),
        host("SQL2", "database"),
    )
    assert flows(plan) == [
        "PS1 -> SQL1 tcp/1433 §2",
        "PS1 -> SQL2 tcp/1433 §2",
        "PS2 -> SQL1 tcp/1433 §2",
        "PS2 -> SQL2 tcp/1433 §2",
        "U1 -> PS1 tcp/443 §2",
        "U1 -> PS2 tcp/443 §2",
        "U2 -> PS1 tcp/443 §2",
        "U2 -> PS2 tcp/443 §2",
    ]


def test_the_flows_of_section_2_name_their_services():
    data = report(make_plan(host("USERS", "website-user"), host("PS", "web-primary"), host("SQL", "database")))
    assert flow_between(data, "USERS", "PS", "tcp", "443")["services"] == ["website"]
    assert flow_between(data, "PS", "SQL", "tcp", "1433")["services"] == ["database"]


# --- section 3 ---------------------------------------------------------------------------------------------------

KERBEROS = ["tcp/464 §3", "tcp/88 §3", "udp/464 §3", "udp/88 §3"]


@pytest.mark.parametrize(
    ("choices", "asked"),
    [
        ({}, ["tcp/636 §3", "udp/389 §3", *KERBEROS]),
        ({"active-directory": ["ldap", "ldaps", "kerberos"]}, ["tcp/636 §3", "udp/389 §3", *KERBEROS]),
        ({"active-directory": ["ldap"]}, ["udp/389 §3"]),
        ({"active-directory": ["ldaps"]}, ["tcp/636 §3", "udp/389 §3"]),
        ({"active-directory": ["kerberos"]}, ["udp/389 §3", *KERBEROS]),
        ({"active-directory": ["kerberos", "ldap"]}, ["udp/389 §3", *KERBEROS]),
        ({"active-directory": ["ldap", "ldaps"]}, ["tcp/636 §3", "udp/389 §3"]),
        ({"active-directory": []}, []),
    ],
)
def test_the_web_server_reaches_domain_controllers_by_the_chosen_protocols(choices, asked):
    plan = make_plan(host("PS", "web-primary"), host("DC", "domain-controller"), choices=choices)
    assert flows(plan) == sorted(f"PS -> DC {ask}" for ask in asked)


def test_every_web_server_reaches_every_domain_controller():
    plan = make_plan(
        host("PS1", "web-primary"),
        host("PS2", "web-active"),
        host("DC1", "domain-controller"),
        host("DC2", "domain-controller"),
        choices={"active-directory": ["ldap"]},
    )
    assert flows(plan) == [
        "PS1 -> DC1 udp/389 §3",
        "PS1 -> DC2 udp/389 §3",
        "PS2 -> DC1 udp/389 §3",
        "PS2 -> DC2 udp/389 §3",
    ]


def test_the_flows_of_section_3_name_their_services():
    data = report(make_plan(host("PS", "web-primary"), host("DC", "domain-controller")))
    assert {(flow["protocol"], flow["ports"]): flow["services"] for flow in data["flows"]} == {
        ("udp", "389"): ["ldap-udp"],
        ("tcp", "636"): ["ldaps"],
        ("tcp", "88"): ["kerberos"],
        ("udp", "88"): ["kerberos-udp"],
        ("tcp", "464"): ["kpasswd"],
        ("udp", "464"): ["kpasswd-udp"],
    }


def test_domain_controllers_are_not_a_platform_and_the_platform_is_not_a_domain_controller():
    plan = make_plan(host("PS", "web-primary"), target("AD", "active-directory", operations=[]))
    assert flows(plan) == []


# --- section 4 ---------------------------------------------------------------------------------------------------


def test_the_passive_web_server_reaches_the_primary_one_and_not_the_other_way_round():
    assert flows(make_plan(host("PS1", "web-primary"), host("PS2", "web-passive"))) == ["PS2 -> PS1 tcp/443 §4"]


def test_active_web_servers_do_not_talk_to_each_other():
    assert flows(make_plan(host("PS1", "web-primary"), host("PS2", "web-active"))) == []


def test_a_passive_web_server_does_not_reach_an_active_one():
    plan = make_plan(host("PS2", "web-passive"), host("PS3", "web-active"))
    assert flows(plan) == []


# --- section 5 ---------------------------------------------------------------------------------------------------


def test_the_app_server_reaches_the_database():
    assert flows(make_plan(host("APP", "app-server"), host("SQL", "database"))) == ["APP -> SQL tcp/1433 §5"]


def test_the_app_server_reaches_the_sql_listener_when_there_is_one():
    plan = make_plan(host("APP", "app-server"), host("SQL", "database"), choices={"sql-listener": "yes"})
    assert flows(plan) == ["APP -> SQL tcp/1433 §5", "APP -> SQL udp/1434 §5"]


def test_no_sql_listener_is_the_default():
    plan = make_plan(host("APP", "app-server"), host("SQL", "database"), choices={"sql-listener": "no"})
    assert flows(plan) == ["APP -> SQL tcp/1433 §5"]


def test_the_sql_listener_is_for_the_app_server_alone():
    plan = make_plan(host("PS", "web-primary"), host("SQL", "database"), choices={"sql-listener": "yes"})
    assert flows(plan) == ["PS -> SQL tcp/1433 §2"]


def test_nobody_reaches_the_app_server_by_the_document():
    plan = make_plan(
        host("PHONES", "mobile-user"),
        host("READERS", "message-reader"),
        host("APP", "app-server"),
        choices={"self-destruct": "app-server"},
    )
    assert flows(plan) == []


# --- section 6 ---------------------------------------------------------------------------------------------------

SELF_DESTRUCT = [
    host("READERS", "message-reader", zone="Internet"),
    host("PS", "web-primary"),
    host("SITE", "self-destruct-site", zone="DMZ"),
]


@pytest.mark.parametrize(
    ("choices", "asked"),
    [
        ({}, ["READERS -> PS tcp/443 §6"]),
        ({"self-destruct": "embedded"}, ["READERS -> PS tcp/443 §6"]),
        ({"self-destruct": "app-server"}, []),
        ({"self-destruct": "push-pull"}, ["PS -> SITE tcp/443 §6", "READERS -> SITE tcp/443 §6"]),
        ({"self-destruct": "none"}, []),
    ],
)
def test_self_destruct_messages_are_read_where_the_choice_puts_them(choices, asked):
    assert flows(make_plan(*SELF_DESTRUCT, choices=choices)) == asked


def test_push_pull_serves_every_web_server_and_every_site():
    plan = make_plan(
        host("PS1", "web-primary"),
        host("PS2", "web-active"),
        host("SITE1", "self-destruct-site", zone="DMZ"),
        host("SITE2", "self-destruct-site", zone="DMZ"),
        choices={"self-destruct": "push-pull"},
    )
    assert flows(plan) == [
        "PS1 -> SITE1 tcp/443 §6",
        "PS1 -> SITE2 tcp/443 §6",
        "PS2 -> SITE1 tcp/443 §6",
        "PS2 -> SITE2 tcp/443 §6",
    ]


def test_the_self_destruct_site_has_its_own_service():
    data = report(make_plan(*SELF_DESTRUCT, choices={"self-destruct": "push-pull"}))
    assert [flow["services"] for flow in data["flows"]] == [["self-destruct-site"], ["self-destruct-site"]]


ONE_OF_EVERYTHING = [
    host("PS1", "web-primary"),
    host("PS2", "web-passive"),
    host("PS3", "web-active"),
    host("SQL", "database"),
    host("DC", "domain-controller"),
    host("APP", "app-server", zone="DMZ"),
    host("SITE", "self-destruct-site", zone="DMZ"),
    host("MAIL", "mail-server"),
    host("GATE", "browser-gateway"),
    host("PRP", "password-reset-portal", zone="DMZ"),
    host("AGENT", "remote-site-agent", zone="Branch"),
    host(
        "PEOPLE",
        "website-user",
        "extension-user",
        "mobile-user",
        "message-reader",
        "launcher-user",
        "browser-session-user",
        "portal-user",
        zone="Internet",
        group=True,
    ),
    target("WIN", "windows", operations=["discovery", "reset", "validation", "host-heartbeat"], sessions=["rdp"]),
    target("ESX", "vmware-esxi", zone="Branch", operations=["reset"], sessions=["ssh", "telnet", "teamviewer"]),
]


@pytest.mark.parametrize("self_destruct", ["embedded", "app-server", "push-pull", "none"])
@pytest.mark.parametrize(
    "corrections", [[], ["telnet-port", "ldap-tcp", "wmi-dynamic-rpc", "sql-listener-web", "app-server-inbound"]]
)
def test_never_a_flow_from_the_self_destruct_site_inwards(self_destruct, corrections):
    for listener, events in itertools.product(["yes", "no"], repeat=2):
        choices = {"self-destruct": self_destruct, "sql-listener": listener, "prp-lockout-events": events}
        data = report(make_plan(*ONE_OF_EVERYTHING, choices=choices, corrections=corrections))
        assert data["flows"]
        assert [flow for flow in data["flows"] if flow["source"] == "SITE"] == []
        assert [rule for rule in data["rules"] if "SITE" in rule["sources"]] == []


def test_a_server_that_nothing_starts_from_is_never_a_source():
    data = report(make_plan(*ONE_OF_EVERYTHING, choices={"self-destruct": "push-pull", "sql-listener": "yes"}))
    assert {flow["source"] for flow in data["flows"]} == {
        "PS1", "PS2", "PS3", "APP", "GATE", "PRP", "AGENT", "PEOPLE"
    }  # fmt: skip


def test_people_are_never_a_destination():
    data = report(make_plan(*ONE_OF_EVERYTHING, choices={"self-destruct": "push-pull", "sql-listener": "yes"}))
    assert "PEOPLE" not in {flow["destination"] for flow in data["flows"]}


def test_one_of_everything_in_full():
    data = flows(make_plan(*ONE_OF_EVERYTHING, choices={"self-destruct": "push-pull", "sql-listener": "yes"}))
    webs = ["PS1", "PS2", "PS3"]
    asked = ["PS2 -> PS1 tcp/443 §4", "APP -> SQL tcp/1433 §5", "APP -> SQL udp/1434 §5"]
    for web in webs:
        asked += [f"PEOPLE -> {web} tcp/443 §2 §7 §14", f"{web} -> SQL tcp/1433 §2"]
        asked += [f"{web} -> DC udp/389 §3", f"{web} -> DC tcp/636 §3"]
        asked += [f"{web} -> DC {port} §3 §15" for port in ("tcp/88", "udp/88", "tcp/464", "udp/464")]
        asked += [f"{web} -> DC tcp/135 §15", f"{web} -> DC tcp/49152-65535 §15"]
        asked += [f"{web} -> SITE tcp/443 §6", f"{web} -> MAIL tcp/25 §8"]
        asked += [f"PRP -> {web} tcp/443 §15", f"AGENT -> {web} tcp/443 §16"]
        asked += [f"{web} -> WIN tcp/5985 §9 §10", f"{web} -> WIN tcp/5986 §9 §10", f"{web} -> WIN tcp/135 §9 §11"]
        asked += [f"{web} -> WIN tcp/445 §11 windows-validation=smb", f"{web} -> WIN icmp §12"]
        asked += [f"{web} -> WIN tcp/3389 §12"]
    asked += ["AGENT -> ESX tcp/22 §10 §16 esxi=ssh", "AGENT -> ESX tcp/443 §10 §16 esxi=powercli"]
    asked += ["PEOPLE -> SITE tcp/443 §6", "PEOPLE -> GATE tcp/7273 §14", "PEOPLE -> PRP tcp/443 §15"]
    asked += ["PEOPLE -> WIN tcp/3389 §13", "PEOPLE -> ESX tcp/22 §13", "PEOPLE -> ESX tcp/5938 §13 teamviewer=5938"]
    asked += ["PEOPLE -> ESX tcp/80 §13 teamviewer=80", "PEOPLE -> ESX tcp/443 §13 teamviewer=443"]
    asked += ["GATE -> WIN tcp/3389 §14", "GATE -> ESX tcp/22 §14"]
    assert data == sorted(asked)


# --- sections 7 and 8 --------------------------------------------------------------------------------------------


def test_browser_extensions_reach_the_website():
    plan = make_plan(host("EXT", "extension-user"), host("PS", "web-primary"), host("PS2", "web-active"))
    assert flows(plan) == ["EXT -> PS tcp/443 §7", "EXT -> PS2 tcp/443 §7"]


def test_the_web_server_sends_mail():
    plan = make_plan(host("PS", "web-primary"), host("PS2", "web-passive"), host("MAIL", "mail-server"))
    assert flows(plan) == ["PS -> MAIL tcp/25 §8", "PS2 -> MAIL tcp/25 §8", "PS2 -> PS tcp/443 §4"]


def test_mail_is_the_service_smtp():
    data = report(make_plan(host("PS", "web-primary"), host("MAIL", "mail-server")))
    assert flow_between(data, "PS", "MAIL", "tcp", "25")["services"] == ["smtp"]
