"""Every requirement that the document states in prose: sections 12 to 16, flows of the plan, and scopes."""

import pytest

from .helpers import flow_between, flows, host, make_plan, report, target

WEBS = ["web-primary", "web-passive", "web-active"]
NO_DIRECTORY = {"active-directory": []}


@pytest.mark.parametrize(
    ("platforms", "sessions", "ports"),
    [
        (["windows"], [], ["3389"]),
        (["linux-mac"], [], ["22"]),
        (["cisco-ios"], [], ["22"]),
        ([], [], ["22"]),
        (["windows", "linux-mac"], [], ["3389"]),
        (["windows", "microsoft-sql"], [], ["3389"]),
        (["windows"], ["ssh"], ["22"]),
        (["linux-mac"], ["rdp"], ["3389"]),
        (["windows"], ["rdp"], ["3389"]),
        (["windows"], ["rdp", "ssh"], ["22", "3389"]),
        ([], ["ssh", "rdp", "vnc"], ["22", "3389"]),
        ([], ["rdp"], ["3389"]),
        (["windows"], ["vnc"], ["3389"]),
        (["linux-mac"], ["vnc"], ["22"]),
        (["linux-mac"], ["telnet"], ["22"]),
        (["windows"], ["teamviewer", "microsoft-sql", "telnet"], ["3389"]),
        ([], ["microsoft-sql"], ["22"]),
    ],
)
def test_a_host_heartbeat_pings_and_tries_the_session_port(platforms, sessions, ports):
    checked = target("T", *platforms, sessions=sessions, operations=["host-heartbeat"])
    data = flows(make_plan(host("PS", "web-primary"), checked))
    assert data == ["PS -> T icmp §12", *(f"PS -> T tcp/{port} §12" for port in ports)]


def test_a_host_heartbeat_names_its_services():
    checked = target("T", "windows", operations=["host-heartbeat"])
    data = report(make_plan(host("PS", "web-primary"), checked))
    assert flow_between(data, "PS", "T", "icmp", None)["services"] == ["icmp"]
    assert flow_between(data, "PS", "T", "tcp", "3389")["services"] == ["rdp"]


def test_without_the_operation_there_is_no_heartbeat():
    plan = make_plan(host("PS", "web-primary"), target("T", "windows", sessions=["rdp"], operations=["reset"]))
    assert flows(plan) == ["PS -> T tcp/5985 §10", "PS -> T tcp/5986 §10"]


# --- section 13: what its table does not say ---------------------------------------------------------------------


def test_every_launcher_user_opens_every_session_of_every_target():
    plan = make_plan(
        host("S1", "launcher-user"),
        host("S2", "launcher-user"),
        host("T1", sessions=["rdp", "vnc"]),
        host("T2", sessions=["ssh"]),
    )
    assert flows(plan) == [
        "S1 -> T1 tcp/3389 §13",
        "S1 -> T1 tcp/5900 §13",
        "S1 -> T2 tcp/22 §13",
        "S2 -> T1 tcp/3389 §13",
        "S2 -> T1 tcp/5900 §13",
        "S2 -> T2 tcp/22 §13",
    ]


def test_ssh_and_telnet_on_port_22_are_one_flow_with_two_services():
    data = report(make_plan(host("STAFF", "launcher-user"), host("T", sessions=["ssh", "telnet"])))
    assert len(data["flows"]) == 1
    assert set(flow_between(data, "STAFF", "T", "tcp", "22")["services"]) == {"ssh", "telnet"}


def test_sessions_come_from_people_and_not_from_the_engine():
    plan = make_plan(host("PS", "web-primary"), target("T", "windows", sessions=["rdp"]))
    assert flows(plan) == []


# --- section 14 --------------------------------------------------------------------------------------------------


def test_a_browser_session_user_reaches_the_website_and_the_gateway():
    plan = make_plan(host("STAFF", "browser-session-user"), host("PS", "web-primary"), host("GATE", "browser-gateway"))
    assert flows(plan) == ["STAFF -> GATE tcp/7273 §14", "STAFF -> PS tcp/443 §14"]


def test_every_browser_session_user_reaches_every_gateway():
    plan = make_plan(
        host("S1", "browser-session-user"),
        host("S2", "browser-session-user"),
        host("GATE", "browser-gateway"),
        host("FAR", "browser-gateway", zone="Branch"),
    )
    assert flows(plan) == [
        "S1 -> FAR tcp/7273 §14",
        "S1 -> GATE tcp/7273 §14",
        "S2 -> FAR tcp/7273 §14",
        "S2 -> GATE tcp/7273 §14",
    ]


def test_the_web_server_does_not_reach_the_gateway():
    assert flows(make_plan(host("PS", "web-primary"), host("GATE", "browser-gateway"))) == []


@pytest.mark.parametrize(
    ("sessions", "ports"),
    [
        (["rdp"], ["3389"]),
        (["ssh"], ["22"]),
        (["rdp", "ssh"], ["22", "3389"]),
        (["telnet", "vnc", "microsoft-sql", "teamviewer"], []),
        (["rdp", "vnc", "teamviewer"], ["3389"]),
        ([], []),
    ],
)
def test_the_gateway_opens_rdp_and_ssh_and_nothing_else(sessions, ports):
    plan = make_plan(host("GATE", "browser-gateway"), host("T", sessions=sessions))
    assert flows(plan) == [f"GATE -> T tcp/{port} §14" for port in ports]


def test_the_gateway_on_the_web_server_opens_the_sessions_itself():
    plan = make_plan(
        host("PS", "web-primary", "browser-gateway"),
        host("STAFF", "browser-session-user"),
        host("T", sessions=["rdp"]),
    )
    assert flows(plan) == ["PS -> T tcp/3389 §14", "STAFF -> PS tcp/443 §14", "STAFF -> PS tcp/7273 §14"]


# --- section 15 --------------------------------------------------------------------------------------------------

PORTAL = [
    host("USERS", "portal-user", zone="Internet"),
    host("PRP", "password-reset-portal", zone="DMZ"),
    host("PS", "web-primary"),
    host("DC", "domain-controller"),
]
PORTAL_WEB = ["PRP -> PS tcp/443 §15", "USERS -> PRP tcp/443 §15"]
PORTAL_KERBEROS = [f"PS -> DC {port} §15" for port in ("tcp/464", "tcp/88", "udp/464", "udp/88")]
PORTAL_EVENTS = ["PS -> DC tcp/135 §15", "PS -> DC tcp/49152-65535 §15"]


@pytest.mark.parametrize(
    ("choices", "asked"),
    [
        ({}, [*PORTAL_KERBEROS, *PORTAL_EVENTS]),
        ({"prp-domain-protocol": "kerberos"}, [*PORTAL_KERBEROS, *PORTAL_EVENTS]),
        ({"prp-domain-protocol": "ldaps"}, ["PS -> DC tcp/636 §15", *PORTAL_EVENTS]),
        ({"prp-lockout-events": "yes"}, [*PORTAL_KERBEROS, *PORTAL_EVENTS]),
        ({"prp-lockout-events": "no"}, PORTAL_KERBEROS),
        ({"prp-domain-protocol": "ldaps", "prp-lockout-events": "no"}, ["PS -> DC tcp/636 §15"]),
    ],
)
def test_the_portal_makes_the_web_server_reach_the_domain_by_the_chosen_protocol(choices, asked):
    plan = make_plan(*PORTAL, choices=NO_DIRECTORY | choices)
    assert flows(plan) == sorted([*PORTAL_WEB, *asked])


def test_without_a_portal_nothing_of_section_15_applies():
    plan = make_plan(*(endpoint for endpoint in PORTAL if endpoint["name"] != "PRP"), choices=NO_DIRECTORY)
    assert flows(plan) == []


def test_the_portal_itself_does_not_reach_the_domain():
    assert [flow for flow in flows(make_plan(*PORTAL)) if flow.startswith("PRP")] == ["PRP -> PS tcp/443 §15"]


def test_the_portal_shares_kerberos_with_section_3_and_leaves_the_rest_of_it_alone():
    assert flows(make_plan(*PORTAL)) == sorted(
        [
            *PORTAL_WEB,
            "PS -> DC udp/389 §3",
            "PS -> DC tcp/636 §3",
            *(f"PS -> DC {port} §3 §15" for port in ("tcp/88", "tcp/464", "udp/88", "udp/464")),
            *PORTAL_EVENTS,
        ]
    )


def test_a_portal_without_users_still_needs_the_web_server_and_the_domain():
    plan = make_plan(*PORTAL[1:], choices=NO_DIRECTORY)
    assert flows(plan) == sorted(["PRP -> PS tcp/443 §15", *PORTAL_KERBEROS, *PORTAL_EVENTS])


def test_the_portal_serves_every_web_server():
    plan = make_plan(*PORTAL, host("PS2", "web-active"), choices=NO_DIRECTORY | {"prp-lockout-events": "no"})
    second = [flow.replace("PS ->", "PS2 ->") for flow in PORTAL_KERBEROS]
    assert flows(plan) == sorted([*PORTAL_WEB, "PRP -> PS2 tcp/443 §15", *PORTAL_KERBEROS, *second])


def test_the_flows_of_the_portal_name_their_services():
    data = report(make_plan(*PORTAL, choices=NO_DIRECTORY))
    assert flow_between(data, "USERS", "PRP", "tcp", "443")["services"] == ["password-reset-portal"]
    assert flow_between(data, "PRP", "PS", "tcp", "443")["services"] == ["website"]
    assert flow_between(data, "PS", "DC", "tcp", "135")["services"] == ["rpc"]
    assert flow_between(data, "PS", "DC", "tcp", "49152-65535")["services"] == ["rpc-dynamic"]


# --- section 16 --------------------------------------------------------------------------------------------------


def test_an_agent_reaches_every_web_server():
    plan = make_plan(
        host("AGENT", "remote-site-agent", zone="Branch"), host("PS1", "web-primary"), host("PS2", "web-passive")
    )
    assert flows(plan) == ["AGENT -> PS1 tcp/443 §16", "AGENT -> PS2 tcp/443 §16", "PS2 -> PS1 tcp/443 §4"]


def test_no_web_server_reaches_an_agent_or_its_targets():
    plan = make_plan(
        host("PS", "web-primary"),
        host("AGENT", "remote-site-agent", zone="Branch"),
        target("T", "linux-mac", zone="Branch", operations=["reset", "host-heartbeat"]),
    )
    assert flows(plan) == [
        "AGENT -> PS tcp/443 §16",
        "AGENT -> T icmp §12 §16",
        "AGENT -> T tcp/22 §10 §12 §16",
    ]


# --- additional flows --------------------------------------------------------------------------------------------


def additional(source, destination, protocol, ports=None, reason="Because"):
    asked = {"source": source, "destination": destination, "protocol": protocol, "reason": reason}
    return asked if ports is None else asked | {"ports": ports}


def test_an_additional_flow_is_as_the_plan_gives_it():
    data = report(
        make_plan(
            host("A"),
            host("B", zone="DMZ"),
            additional_flows=[
                additional("A", "B", "udp", "53", "Name resolution"),
                additional("A", "B", "tcp", "9000-9010", "Backup"),
                additional("B", "A", "icmp", reason="Monitoring"),
            ],
        )
    )
    assert sorted(data["flows"], key=lambda flow: flow["protocol"]) == [
        {
            "source": "B", "source_zone": "DMZ", "destination": "A", "destination_zone": "Internal",
            "protocol": "icmp", "ports": None, "services": [], "scope": "cross-zone",
            "sections": [], "any_of": [], "reasons": ["Monitoring"],
        },
        {
            "source": "A", "source_zone": "Internal", "destination": "B", "destination_zone": "DMZ",
            "protocol": "tcp", "ports": "9000-9010", "services": [], "scope": "cross-zone",
            "sections": [], "any_of": [], "reasons": ["Backup"],
        },
        {
            "source": "A", "source_zone": "Internal", "destination": "B", "destination_zone": "DMZ",
            "protocol": "udp", "ports": "53", "services": [], "scope": "cross-zone",
            "sections": [], "any_of": [], "reasons": ["Name resolution"],
        },
    ]  # fmt: skip


def test_an_additional_flow_merges_with_an_equal_one():
    data = report(
        make_plan(
            host("PS", "web-primary"),
            host("SQL", "database"),
            additional_flows=[additional("PS", "SQL", "tcp", "1433", "Reporting too")],
        )
    )
    assert len(data["flows"]) == 1
    flow = data["flows"][0]
    assert flow["sections"] == ["2"]
    assert flow["services"] == ["database"]
    assert "Reporting too" in flow["reasons"]
    assert len(flow["reasons"]) == 2


def test_an_additional_flow_merges_only_when_protocol_ports_and_direction_are_equal():
    plan = make_plan(
        host("PS", "web-primary"),
        host("SQL", "database"),
        additional_flows=[
            additional("PS", "SQL", "udp", "1433"),
            additional("SQL", "PS", "tcp", "1433"),
            additional("PS", "SQL", "tcp", "1433-1434"),
        ],
    )
    assert flows(plan) == [
        "PS -> SQL tcp/1433 §2",
        "PS -> SQL tcp/1433-1434",
        "PS -> SQL udp/1433",
        "SQL -> PS tcp/1433",
    ]


def test_two_equal_additional_flows_are_one_flow_with_both_reasons():
    data = report(
        make_plan(
            host("A"),
            host("B"),
            additional_flows=[
                additional("A", "B", "tcp", "0080", "First"),
                additional("A", "B", "tcp", "80-80", "Second"),
                additional("A", "B", "tcp", "80", "First"),
            ],
        )
    )
    assert len(data["flows"]) == 1
    assert data["flows"][0]["ports"] == "80"
    assert sorted(data["flows"][0]["reasons"]) == ["First", "Second"]


def test_an_additional_icmp_flow_merges_with_the_heartbeats():
    data = report(
        make_plan(
            host("PS", "web-primary"),
            target("T", "windows", operations=["host-heartbeat"]),
            additional_flows=[additional("PS", "T", "icmp", reason="Monitoring")],
        )
    )
    flow = flow_between(data, "PS", "T", "icmp", None)
    assert flow["sections"] == ["12"]
    assert flow["services"] == ["icmp"]
    assert "Monitoring" in flow["reasons"]


def test_an_additional_flow_may_go_to_its_own_source():
    data = report(make_plan(host("A"), additional_flows=[additional("A", "A", "tcp", "8080")]))
    assert [flow["scope"] for flow in data["flows"]] == ["same-host"]
    assert data["rules"] == []


# --- scopes ------------------------------------------------------------------------------------------------------


def scopes(plan):
    return {(flow["source"], flow["destination"]): flow["scope"] for flow in report(plan)["flows"]}


def test_a_flow_to_another_zone_is_cross_zone():
    plan = make_plan(host("PS", "web-primary"), host("SQL", "database", zone="Servers"))
    assert scopes(plan) == {("PS", "SQL"): "cross-zone"}


def test_a_flow_within_a_zone_is_same_zone():
    plan = make_plan(host("PS", "web-primary"), host("SQL", "database"))
    assert scopes(plan) == {("PS", "SQL"): "same-zone"}


def test_two_zones_of_one_kind_are_two_zones():
    plan = make_plan(host("PS", "web-primary", zone="Branch"), host("SQL", "database", zone="Depot"))
    assert scopes(plan) == {("PS", "SQL"): "cross-zone"}


def test_an_endpoint_talking_to_itself_is_same_host():
    plan = make_plan(host("PS", "web-primary", "database"))
    assert flows(plan) == ["PS -> PS tcp/1433 §2"]
    assert scopes(plan) == {("PS", "PS"): "same-host"}


def test_a_group_talking_to_itself_is_same_zone():
    plan = make_plan(host("STAFF", "launcher-user", group=True, sessions=["rdp"]))
    assert flows(plan) == ["STAFF -> STAFF tcp/3389 §13"]
    assert scopes(plan) == {("STAFF", "STAFF"): "same-zone"}


def test_a_group_and_a_machine_in_its_zone_are_same_zone():
    plan = make_plan(host("STAFF", "website-user", group=True), host("PS", "web-primary"))
    assert scopes(plan) == {("STAFF", "PS"): "same-zone"}


def test_only_cross_zone_flows_become_rules():
    plan = make_plan(
        host("PS", "web-primary", "database"),
        host("STAFF", "website-user", "launcher-user", group=True, sessions=["rdp"]),
        host("USERS", "website-user", zone="DMZ"),
    )
    data = report(plan)
    assert len(data["flows"]) == 4
    assert [(rule["sources"], rule["destinations"]) for rule in data["rules"]] == [(["USERS"], ["PS"])]


def test_a_plan_without_endpoints_has_neither_flows_nor_rules():
    data = report(make_plan())
    assert data["flows"] == []
    assert data["rules"] == []


def test_a_flow_tells_the_zones_of_both_ends():
    flow = report(make_plan(host("PS", "web-primary"), host("SQL", "database", zone="Servers")))["flows"][0]
    assert (flow["source_zone"], flow["destination_zone"]) == ("Internal", "Servers")
