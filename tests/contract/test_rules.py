"""Rules cover the cross-zone flows exactly, and are few."""

import itertools
from collections import Counter

import pytest

from .helpers import host, line, make_plan, report, target

# --- exact -------------------------------------------------------------------------------------------------------


def marks_of(item):
    return tuple((mark["choice"], mark["option"]) for mark in item["any_of"])


def assert_rules_are_exact(data):
    cross_zone = {}
    for flow in data["flows"]:
        if flow["scope"] == "cross-zone":
            key = (flow["source"], flow["destination"], flow["protocol"], flow["ports"], marks_of(flow))
            assert key not in cross_zone
            cross_zone[key] = flow
    covered = Counter()
    for rule in data["rules"]:
        for side in ("sources", "destinations", "source_zones", "destination_zones", "sections", "reasons"):
            assert len(set(rule[side])) == len(rule[side]), f"{side} lists something twice: {rule[side]}"
        services = [(service["protocol"], service["ports"]) for service in rule["services"]]
        assert len(set(services)) == len(services)
        keys = [
            (source, destination, protocol, ports, marks_of(rule))
            for source, destination, (protocol, ports) in itertools.product(
                rule["sources"], rule["destinations"], services
            )
        ]
        assert keys, "a rule without a source, a destination or a service"
        covered.update(keys)
        flows = [cross_zone[key] for key in keys if key in cross_zone]
        assert set(rule["sections"]) == {section for flow in flows for section in flow["sections"]}
        assert set(rule["reasons"]) == {reason for flow in flows for reason in flow["reasons"]}
        for service in rule["services"]:
            own = [
                flow for flow in flows if (flow["protocol"], flow["ports"]) == (service["protocol"], service["ports"])
            ]
            for key in ("sections", "reasons"):
                assert set(service[key]) == {text for flow in own for text in flow[key]}
                assert len(set(service[key])) == len(service[key])
        assert set(rule["source_zones"]) == {flow["source_zone"] for flow in flows}
        assert set(rule["destination_zones"]) == {flow["destination_zone"] for flow in flows}
    assert set(covered) - set(cross_zone) == set(), "rules allow what no flow asks for"
    assert set(cross_zone) - set(covered) == set(), "flows that no rule covers"
    assert {key: times for key, times in covered.items() if times > 1} == {}, "flows that several rules cover"


def test_flows_with_different_marks_share_no_rule():
    esxi = target("ESX", "vmware-esxi", zone="Servers", operations=["reset"])
    ios = target("IOS", "cisco-ios", zone="Servers", operations=["reset"])
    data = report(make_plan(host("PS", "web-primary"), esxi, ios))
    assert_rules_are_exact(data)
    assert len(data["rules"]) == 3


def test_a_rule_may_stand_for_a_ping():
    checked = target("T", "windows", zone="Servers", operations=["host-heartbeat"])
    data = report(make_plan(host("PS", "web-primary"), checked))
    assert_rules_are_exact(data)
    services = [service for rule in data["rules"] for service in rule["services"]]
    assert sorted((service["protocol"], service["ports"], service["sections"]) for service in services) == [
        ("icmp", None, ["12"]),
        ("tcp", "3389", ["12"]),
    ]


def test_each_service_of_a_rule_says_why_its_own_port_is_open():
    checked = target("T", "windows", zone="Servers", operations=["reset", "host-heartbeat"])
    data = report(make_plan(host("PS", "web-primary"), checked))
    assert_rules_are_exact(data)
    [rule] = data["rules"]
    assert {service["ports"]: service["sections"] for service in rule["services"]} == {
        None: ["12"],
        "3389": ["12"],
        "5985": ["10"],
        "5986": ["10"],
    }
    assert rule["sections"] == ["10", "12"]
    reasons = {service["ports"]: service["reasons"] for service in rule["services"]}
    assert len(reasons["5985"]) == 4  # the rows COM+, IIS pools, local administrator, tasks and services of §10
    assert not set(reasons["5985"]) & set(reasons["3389"])
    assert set(rule["reasons"]) == {reason for several in reasons.values() for reason in several}


def test_no_rule_stands_for_what_is_excluded():
    targets = [target(name, "linux-mac", zone="Servers", operations=["reset"]) for name in ("T1", "T2", "T3")]
    excluded = [{"source": "PS", "destination": "T2", "reason": "Not managed"}]
    data = report(make_plan(host("PS", "web-primary"), *targets, exclusions=excluded))
    assert_rules_are_exact(data)
    assert [(rule["sources"], rule["destinations"]) for rule in data["rules"]] == [(["PS"], ["T1", "T3"])]


def test_flows_to_ports_of_their_own_share_no_rule_with_others():
    targets = [target(name, "linux-mac", zone="Servers", operations=["reset"]) for name in ("T1", "T2", "T3")]
    targets[1]["ports"] = {"ssh": 2222}
    data = report(make_plan(host("PS", "web-primary"), *targets))
    assert_rules_are_exact(data)
    assert sorted((rule["destinations"], [s["ports"] for s in rule["services"]]) for rule in data["rules"]) == [
        (["T1", "T3"], ["22"]),
        (["T2"], ["2222"]),
    ]


# --- few ---------------------------------------------------------------------------------------------------------


def test_many_users_in_like_zones_of_many_web_servers_are_one_rule():
    users = [host(f"U{n}", "website-user", zone=zone) for n, zone in enumerate(["Branch", "Depot", "Branch", "Depot"])]
    data = report(make_plan(*users, host("PS1", "web-primary"), host("PS2", "web-active")))
    assert_rules_are_exact(data)
    assert len(data["rules"]) == 1
    rule = data["rules"][0]
    assert set(rule["sources"]) == {"U0", "U1", "U2", "U3"}
    assert set(rule["source_zones"]) == {"Branch", "Depot"}
    assert set(rule["destinations"]) == {"PS1", "PS2"}
    assert rule["destination_zones"] == ["Internal"]
    [service] = rule["services"]
    assert (service["protocol"], service["ports"], service["sections"]) == ("tcp", "443", ["2"])
    assert service["reasons"] == rule["reasons"]


def test_many_like_targets_with_several_ports_are_one_rule():
    targets = [target(f"T{n}", "windows", zone="Servers", operations=["reset"]) for n in range(20)]
    data = report(make_plan(host("PS", "web-primary"), *targets))
    assert_rules_are_exact(data)
    assert len(data["rules"]) == 1
    assert len(data["rules"][0]["destinations"]) == 20


def sites(count):
    """A headquarters and so many like remote sites."""
    zones = [
        {"name": "Internal", "kind": "internal"},
        {"name": "DMZ", "kind": "dmz"},
        {"name": "Internet", "kind": "internet"},
    ]
    endpoints = [
        host("PS01", "web-primary", addresses=["10.0.0.10"]),
        host("SQL01", "database", addresses=["10.0.0.11"]),
        host("DC01", "domain-controller", addresses=["10.0.0.12"]),
        host("GATE", "browser-gateway", addresses=["10.0.0.13"]),
        host("STAFF", "website-user", "launcher-user", "browser-session-user", group=True, addresses=["10.0.8.0/24"]),
        host("PRP", "password-reset-portal", zone="DMZ", addresses=["192.0.2.10"]),
        host("WORLD", "portal-user", zone="Internet", group=True, addresses=["any"]),
    ]
    for n in range(count):
        site = f"Site {n:04}"
        zones.append({"name": site, "kind": "remote-site"})
        net = f"10.{1 + n // 250}.{n % 250}"
        endpoints += [
            host(f"AGENT{n:04}", "remote-site-agent", zone=site, addresses=[f"{net}.1"]),
            target(
                f"WIN{n:04}",
                "windows",
                zone=site,
                addresses=[f"{net}.2"],
                operations=["discovery", "reset", "validation", "host-heartbeat"],
                sessions=["rdp"],
            ),
            target(
                f"LIN{n:04}",
                "linux-mac",
                zone=site,
                addresses=[f"{net}.3"],
                operations=["reset", "validation", "host-heartbeat"],
                sessions=["ssh"],
            ),
        ]
    return make_plan(*endpoints, zones=zones)


@pytest.fixture(scope="module")
def sites_reports():
    return {count: report(sites(count)) for count in (10, 100, 1000)}


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_rules_of_like_sites_are_exact(sites_reports, count):
    assert_rules_are_exact(sites_reports[count])


def test_more_like_sites_make_no_more_rules(sites_reports):
    numbers = {count: len(data["rules"]) for count, data in sites_reports.items()}
    assert len(set(numbers.values())) == 1, numbers
    assert numbers[1000] <= 60


def test_a_thousand_sites_have_all_their_flows(sites_reports):
    flows = set(map(line, sites_reports[1000]["flows"]))
    for n in range(1000):
        asked = [
            f"AGENT{n:04} -> PS01 tcp/443 §16",
            f"AGENT{n:04} -> WIN{n:04} tcp/5985 §9 §10 §16",
            f"AGENT{n:04} -> WIN{n:04} tcp/5986 §9 §10 §16",
            f"AGENT{n:04} -> WIN{n:04} tcp/135 §9 §11 §16",
            f"AGENT{n:04} -> WIN{n:04} tcp/445 §11 §16 windows-validation=smb",
            f"AGENT{n:04} -> WIN{n:04} icmp §12 §16",
            f"AGENT{n:04} -> WIN{n:04} tcp/3389 §12 §16",
            f"AGENT{n:04} -> LIN{n:04} tcp/22 §10 §11 §12 §16",
            f"AGENT{n:04} -> LIN{n:04} icmp §12 §16",
            f"STAFF -> WIN{n:04} tcp/3389 §13",
            f"STAFF -> LIN{n:04} tcp/22 §13",
            f"GATE -> WIN{n:04} tcp/3389 §14",
            f"GATE -> LIN{n:04} tcp/22 §14",
        ]
        assert set(asked) <= flows, n
    assert len(flows) == 1000 * 13 + len(report(sites(0))["flows"])


def test_rules_of_sites_managed_from_the_headquarters_are_few_as_well():
    def headquarters_only(count):
        plan = sites(count)
        endpoints = [e for e in plan["endpoints"] if "remote-site-agent" not in e.get("roles", [])]
        return report(plan | {"endpoints": endpoints})

    few, many = headquarters_only(5), headquarters_only(50)
    assert_rules_are_exact(few)
    assert_rules_are_exact(many)
    assert len(few["rules"]) == len(many["rules"]) <= 60


def unlike_sites(count):
    """Sites of four shapes in turn, some with a gateway of their own, some without an agent."""
    plan = sites(0)
    zones, endpoints = list(plan["zones"]), list(plan["endpoints"])
    for n in range(count):
        site, shape = f"Site {n:04}", n % 4
        zones.append({"name": site, "kind": "remote-site"})
        managed = {"operations": ["reset", "host-heartbeat"], "addresses": [f"10.1.{n % 250}.2"]}
        if shape != 3:
            endpoints.append(host(f"AGENT{n:04}", "remote-site-agent", zone=site))
        if shape == 1:
            endpoints.append(host(f"GATE{n:04}", "browser-gateway", zone=site))
        platform, session = [("windows", "rdp"), ("windows", "rdp"), ("linux-mac", "ssh"), ("vmware-esxi", "ssh")][
            shape
        ]
        endpoints.append(target(f"T{n:04}", platform, zone=site, sessions=[session], **managed))
    return make_plan(*endpoints, zones=zones)


def test_sites_of_a_few_shapes_make_rules_by_shape_and_not_by_site():
    few, many = report(unlike_sites(8)), report(unlike_sites(400))
    assert_rules_are_exact(few)
    assert_rules_are_exact(many)
    assert len(few["rules"]) == len(many["rules"]) <= 60
