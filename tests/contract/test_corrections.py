"""Section 5 of the contract: what each correction changes once a plan applies it, and nothing before."""

import pytest

from .helpers import flow_between, flows, host, make_plan, report, target

CORRECTIONS = ["telnet-port", "ldap-tcp", "wmi-dynamic-rpc", "sql-listener-web", "app-server-inbound"]

PS = host("PS", "web-primary")
STAFF = host("STAFF", "launcher-user")


def test_telnet_is_on_22_as_the_document_says_until_corrected():
    assert flows(make_plan(STAFF, host("T", sessions=["telnet"]))) == ["STAFF -> T tcp/22 §13"]


def test_telnet_corrected_is_on_23():
    plan = make_plan(STAFF, host("T", sessions=["telnet", "ssh"]), corrections=["telnet-port"])
    assert flows(plan) == ["STAFF -> T tcp/22 §13", "STAFF -> T tcp/23 §13"]
    data = report(plan)
    assert flow_between(data, "STAFF", "T", "tcp", "22")["services"] == ["ssh"]
    assert flow_between(data, "STAFF", "T", "tcp", "23")["services"] == ["telnet"]


@pytest.mark.parametrize("corrections", [[], ["telnet-port"]])
@pytest.mark.parametrize(("port", "shown"), [(2323, "2323"), (22, "22"), ("23", "23"), ("2300-2310", "2300-2310")])
def test_an_override_of_telnet_wins_over_the_correction(corrections, port, shown):
    plan = make_plan(STAFF, host("T", sessions=["telnet"]), corrections=corrections, ports={"telnet": port})
    assert flows(plan) == [f"STAFF -> T tcp/{shown} §13"]


@pytest.mark.parametrize("protocols", [["ldap"], ["ldap", "ldaps"], ["ldap", "ldaps", "kerberos"]])
def test_ldap_tcp_adds_tcp_389_with_ldap(protocols):
    plan = make_plan(PS, host("DC", "domain-controller"), choices={"active-directory": protocols})
    assert "PS -> DC tcp/389 §3" not in flows(plan)
    corrected = plan | {"corrections": ["ldap-tcp"]}
    assert flows(corrected) == sorted([*flows(plan), "PS -> DC tcp/389 §3"])
    assert flow_between(report(corrected), "PS", "DC", "tcp", "389")["services"] == ["ldap"]


@pytest.mark.parametrize("protocols", [[], ["ldaps"], ["kerberos"], ["kerberos", "ldaps"]])
def test_ldap_tcp_adds_nothing_without_ldap(protocols):
    plan = make_plan(PS, host("DC", "domain-controller"), choices={"active-directory": protocols})
    assert flows(plan | {"corrections": ["ldap-tcp"]}) == flows(plan)


def test_wmi_dynamic_rpc_adds_the_dynamic_range_to_windows_discovery():
    plan = make_plan(PS, target("T", "windows", operations=["discovery"]), corrections=["wmi-dynamic-rpc"])
    assert flows(plan) == [
        "PS -> T tcp/135 §9",
        "PS -> T tcp/49152-65535 §9",
        "PS -> T tcp/5985 §9",
        "PS -> T tcp/5986 §9",
    ]
    assert flow_between(report(plan), "PS", "T", "tcp", "49152-65535")["services"] == ["rpc-dynamic"]


def test_wmi_dynamic_rpc_follows_the_override_of_the_range():
    plan = make_plan(
        PS,
        target("T", "windows", operations=["discovery"]),
        corrections=["wmi-dynamic-rpc"],
        ports={"rpc-dynamic": "50000-50100"},
    )
    assert "PS -> T tcp/50000-50100 §9" in flows(plan)


def test_wmi_dynamic_rpc_by_an_agent_cites_section_16_too():
    plan = make_plan(
        host("AGENT", "remote-site-agent", zone="Branch"),
        target("T", "windows", zone="Branch", operations=["discovery"]),
        corrections=["wmi-dynamic-rpc"],
    )
    assert "AGENT -> T tcp/49152-65535 §9 §16" in flows(plan)


@pytest.mark.parametrize("operation", ["reset", "validation", "host-heartbeat"])
def test_wmi_dynamic_rpc_leaves_the_other_operations_as_they_are(operation):
    plan = make_plan(PS, target("T", "windows", operations=[operation]))
    assert flows(plan | {"corrections": ["wmi-dynamic-rpc"]}) == flows(plan)


def test_wmi_dynamic_rpc_is_about_windows_alone():
    plan = make_plan(PS, target("T", "linux-mac", "active-directory", operations=["discovery"]))
    assert flows(plan | {"corrections": ["wmi-dynamic-rpc"]}) == flows(plan)


def test_sql_listener_web_adds_the_listener_for_web_servers_when_there_is_one():
    plan = make_plan(
        PS,
        host("PS2", "web-active"),
        host("SQL", "database"),
        choices={"sql-listener": "yes"},
        corrections=["sql-listener-web"],
    )
    assert flows(plan) == [
        "PS -> SQL tcp/1433 §2",
        "PS -> SQL udp/1434 §5",
        "PS2 -> SQL tcp/1433 §2",
        "PS2 -> SQL udp/1434 §5",
    ]
    assert flow_between(report(plan), "PS", "SQL", "udp", "1434")["services"] == ["sql-listener"]


@pytest.mark.parametrize("choices", [{}, {"sql-listener": "no"}])
def test_sql_listener_web_adds_nothing_without_a_listener(choices):
    plan = make_plan(PS, host("SQL", "database"), choices=choices, corrections=["sql-listener-web"])
    assert flows(plan) == ["PS -> SQL tcp/1433 §2"]


INBOUND = [
    host("PHONES", "mobile-user", zone="Internet"),
    host("READERS", "message-reader", zone="Internet"),
    host("APP", "app-server", zone="DMZ"),
]


@pytest.mark.parametrize(
    ("choice", "readers"),
    [("app-server", ["READERS -> APP tcp/443 §6"]), ("embedded", []), ("push-pull", []), ("none", [])],
)
def test_app_server_inbound_adds_who_connects_to_the_app_server(choice, readers):
    plan = make_plan(*INBOUND, choices={"self-destruct": choice}, corrections=["app-server-inbound"])
    assert flows(plan) == ["PHONES -> APP tcp/443 §5", *readers]
    assert {tuple(flow["services"]) for flow in report(plan)["flows"]} == {("app-server",)}


def test_app_server_inbound_follows_the_override_of_the_app_server():
    plan = make_plan(
        *INBOUND,
        choices={"self-destruct": "app-server"},
        corrections=["app-server-inbound"],
        ports={"app-server": 8443},
    )
    assert flows(plan) == ["PHONES -> APP tcp/8443 §5", "READERS -> APP tcp/8443 §6"]


def test_app_server_inbound_for_someone_who_is_both_cites_both_sections():
    both = host("PEOPLE", "mobile-user", "message-reader", zone="Internet")
    plan = make_plan(both, INBOUND[2], choices={"self-destruct": "app-server"}, corrections=["app-server-inbound"])
    assert flows(plan) == ["PEOPLE -> APP tcp/443 §5 §6"]


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_a_correction_changes_nothing_in_a_plan_that_it_does_not_bear_on(correction):
    plan = make_plan(
        PS,
        host("SQL", "database"),
        host("MAIL", "mail-server"),
        host("T", sessions=["rdp"]),
        STAFF,
        host("G", "browser-gateway"),
    )
    assert flows(plan | {"corrections": [correction]}) == flows(plan)


def test_all_corrections_can_be_applied_together():
    plan = make_plan(
        PS,
        STAFF,
        host("SQL", "database"),
        host("DC", "domain-controller"),
        *INBOUND,
        target("WIN", "windows", operations=["discovery"], sessions=["telnet"]),
        choices={"self-destruct": "app-server", "sql-listener": "yes", "active-directory": ["ldap"]},
    )
    before, after = flows(plan), flows(plan | {"corrections": CORRECTIONS})
    assert set(before) - set(after) == {"STAFF -> WIN tcp/22 §13"}
    assert set(after) - set(before) == {
        "STAFF -> WIN tcp/23 §13",
        "PS -> DC tcp/389 §3",
        "PS -> WIN tcp/49152-65535 §9",
        "PS -> SQL udp/1434 §5",
        "PHONES -> APP tcp/443 §5",
        "READERS -> APP tcp/443 §6",
    }
