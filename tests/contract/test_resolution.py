"""Who manages a target, and which gateway opens its sessions."""

import pytest

from .helpers import flows, host, make_plan, report, target, text

PS = host("PS", "web-primary")
PS2 = host("PS2", "web-active")
AGENT = host("AGENT", "remote-site-agent", zone="Branch")


def engines(plan, name="T"):
    """Who starts the management flows to a target, with the sections they cite."""
    return sorted(
        f"{flow['source']} {' '.join(flow['sections'])}"
        for flow in report(plan)["flows"]
        if flow["destination"] == name and set(flow["sections"]) & {"9", "10", "11", "12"}
    )


def linux(zone="Branch", **more):
    return target("T", "linux-mac", zone=zone, **({"operations": ["reset"]} | more))


# --- engines -----------------------------------------------------------------------------------------------------


def test_without_an_agent_in_its_zone_every_web_server_manages_a_target():
    plan = make_plan(PS, host("PS2", "web-passive"), host("PS3", "web-active", zone="DMZ"), linux())
    assert engines(plan) == ["PS 10", "PS2 10", "PS3 10"]


def test_an_agent_in_its_own_zone_manages_a_target_and_no_web_server_does():
    assert engines(make_plan(PS, AGENT, linux())) == ["AGENT 10 16"]


def test_every_agent_in_its_own_zone_manages_a_target():
    second = host("AGENT2", "remote-site-agent", zone="Branch")
    assert engines(make_plan(PS, AGENT, second, linux())) == ["AGENT 10 16", "AGENT2 10 16"]


def test_an_agent_elsewhere_does_not_manage_a_target():
    assert engines(make_plan(PS, AGENT, linux("Depot"))) == ["PS 10"]
    assert engines(make_plan(PS, AGENT, linux("Internal"))) == ["PS 10"]


@pytest.mark.parametrize("zone", ["Internal", "DMZ", "Internet", "Cloud"])
def test_an_agent_manages_its_own_zone_of_whatever_kind(zone):
    agent = host("AGENT", "remote-site-agent", zone=zone)
    assert engines(make_plan(PS, agent, linux(zone))) == ["AGENT 10 16"]


def test_managed_by_wins_over_the_agent_of_the_zone():
    assert engines(make_plan(PS, PS2, AGENT, linux(managed_by=["PS"]))) == ["PS 10"]


def test_managed_by_may_name_an_agent_elsewhere_which_cites_section_16():
    assert engines(make_plan(PS, AGENT, linux("Internal", managed_by=["AGENT"]))) == ["AGENT 10 16"]


def test_managed_by_may_name_several():
    assert engines(make_plan(PS, PS2, AGENT, linux(managed_by=["AGENT", "PS2"]))) == ["AGENT 10 16", "PS2 10"]


def test_managed_by_naming_one_twice_counts_once():
    assert engines(make_plan(PS, PS2, linux(managed_by=["PS", "PS"]))) == ["PS 10"]


def test_an_empty_managed_by_is_the_default():
    assert engines(make_plan(PS, AGENT, linux(managed_by=[]))) == ["AGENT 10 16"]


def test_an_endpoint_may_manage_itself():
    own = host("PS", "web-primary", platforms=["windows"], operations=["reset"], managed_by=["PS"])
    data = report(make_plan(own, PS2))
    assert [(flow["source"], flow["destination"], flow["scope"]) for flow in data["flows"]] == [
        ("PS", "PS", "same-host"),
        ("PS", "PS", "same-host"),
    ]


def test_every_web_server_manages_a_managed_web_server_itself_included():
    own = host("PS", "web-primary", platforms=["linux-mac"], operations=["reset"])
    assert flows(make_plan(own, PS2)) == ["PS -> PS tcp/22 §10", "PS2 -> PS tcp/22 §10"]


def test_a_managed_agent_is_managed_by_the_agents_of_its_zone_itself_included():
    own = host("AGENT", "remote-site-agent", zone="Branch", platforms=["linux-mac"], operations=["reset"])
    assert flows(make_plan(PS, own)) == ["AGENT -> AGENT tcp/22 §10 §16", "AGENT -> PS tcp/443 §16"]


@pytest.mark.parametrize("managed_by", [[], ["BOTH"]])
def test_a_web_server_that_is_an_agent_too_cites_section_16_however_chosen(managed_by):
    both = host("BOTH", "web-primary", "remote-site-agent")
    assert engines(make_plan(both, linux(managed_by=managed_by))) == ["BOTH 10 16"]


def test_a_web_server_that_is_an_agent_too_cites_section_16_among_every_web_server():
    both = host("BOTH", "web-active", "remote-site-agent", zone="DMZ")
    assert engines(make_plan(PS, both, linux())) == ["BOTH 10 16", "PS 10"]


def test_section_16_is_cited_for_every_operation_including_the_heartbeat():
    managed = target(
        "T",
        "windows",
        zone="Branch",
        operations=["discovery", "reset", "validation", "host-heartbeat"],
        sessions=["ssh"],
    )
    assert flows(make_plan(AGENT, managed)) == sorted(
        [
            "AGENT -> T tcp/5985 §9 §10 §16",
            "AGENT -> T tcp/5986 §9 §10 §16",
            "AGENT -> T tcp/135 §9 §11 §16",
            "AGENT -> T tcp/445 §11 §16 windows-validation=smb",
            "AGENT -> T icmp §12 §16",
            "AGENT -> T tcp/22 §12 §16",
        ]
    )


def test_section_16_is_not_cited_for_what_an_agent_does_in_another_role():
    both = host("BOTH", "web-primary", "remote-site-agent")
    assert flows(make_plan(both, host("SQL", "database"))) == [
        "BOTH -> BOTH tcp/443 §16",
        "BOTH -> SQL tcp/1433 §2",
    ]


def test_an_agent_reaches_no_database_domain_controller_or_mail_server():
    plan = make_plan(AGENT, host("SQL", "database"), host("DC", "domain-controller"), host("MAIL", "mail-server"))
    assert flows(plan) == []


def test_operations_without_any_engine_make_no_flow():
    assert flows(make_plan(linux())) == []


# --- gateways ----------------------------------------------------------------------------------------------------


def gateways(plan, name="T"):
    return sorted(
        flow["source"] for flow in report(plan)["flows"] if flow["destination"] == name and flow["sections"] == ["14"]
    )


def gate(name, zone):
    return host(name, "browser-gateway", zone=zone)


def test_the_gateways_in_the_zone_of_a_target_open_its_sessions():
    plan = make_plan(
        gate("NEAR1", "Branch"),
        gate("NEAR2", "Branch"),
        gate("G", "Internal"),
        host("T", zone="Branch", sessions=["rdp"]),
    )
    assert gateways(plan) == ["NEAR1", "NEAR2"]


def test_else_every_gateway_outside_remote_sites_opens_them():
    plan = make_plan(
        gate("G1", "Internal"),
        gate("G2", "DMZ"),
        gate("G3", "Cloud"),
        gate("G4", "Internet"),
        gate("FAR", "Depot"),
        host("T", zone="Branch", sessions=["rdp"]),
    )
    assert gateways(plan) == ["G1", "G2", "G3", "G4"]


def test_a_gateway_of_another_zone_is_used_for_targets_outside_remote_sites_too():
    plan = make_plan(gate("G", "DMZ"), gate("FAR", "Branch"), host("T", sessions=["rdp"]))
    assert gateways(plan) == ["G"]


def test_a_gateway_in_a_remote_site_does_not_serve_another_site():
    data = report(make_plan(gate("FAR", "Depot"), host("T", zone="Branch", sessions=["rdp"])))
    assert data["flows"] == []
    assert [
        f for f in data["findings"] if f["severity"] == "warning" and "gateway" in text(f).lower() and "T" in text(f)
    ]


@pytest.mark.parametrize("who", [[], ["browser-session-user"]])
def test_gateways_open_sessions_whether_or_not_anyone_uses_a_browser(who):
    plan = make_plan(gate("G", "Internal"), host("PEOPLE", *who, zone="DMZ"), host("T", sessions=["ssh"]))
    assert gateways(plan) == ["G"]


def test_each_target_has_its_own_gateways():
    plan = make_plan(
        gate("NEAR", "Branch"),
        gate("G", "Internal"),
        host("T", zone="Branch", sessions=["rdp"]),
        host("T2", sessions=["rdp"]),
    )
    assert gateways(plan, "T") == ["NEAR"]
    assert gateways(plan, "T2") == ["G"]


def test_a_gateway_that_is_a_target_opens_its_own_session():
    plan = make_plan(host("G", "browser-gateway", sessions=["rdp"]))
    data = report(plan)
    assert [flow["scope"] for flow in data["flows"]] == ["same-host"]
