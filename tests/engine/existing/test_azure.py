"""Network security groups of Azure: rules by priority, with what every group has at the end."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers.azure import read
from tests.engine.existing.packets import Packet, decide
from tests.strategies import often

WEB = Packet("10.0.0.1", "10.1.0.1", "tcp", 443)


def rule(name="web", priority=100, *, access="Allow", direction="Inbound", **changes):
    return {
        "name": name, "priority": priority, "access": access, "direction": direction, "protocol": "Tcp",
        "sourceAddressPrefix": "10.0.0.0/24", "sourceAddressPrefixes": [], "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": "443", "destinationPortRanges": [], **changes,
    }  # fmt: skip


DENY = rule("DenyAll", 4096, access="Deny", protocol="*", sourceAddressPrefix="*", destinationPortRange="*")


def of(*rules, name="web-nsg"):
    return read(json.dumps({"name": name, "securityRules": rules, "defaultSecurityRules": []}))


def test_a_rule_admits_what_it_says_and_the_virtual_network_is_not_known():
    ruleset = of(rule())
    assert decide(ruleset, WEB) == "accept"
    found = decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 80))
    assert found == "unknown: service tag VirtualNetwork as source; service tag VirtualNetwork as destination"
    assert [entry.name for entry in ruleset.stages[0].entries] == [
        "web-nsg web (100)", "web-nsg AllowVnetInBound (65000)", "web-nsg AllowAzureLoadBalancerInBound (65001)",
        "web-nsg DenyAllInBound (65500)",
    ]  # fmt: skip


def test_rules_go_by_their_priority():
    assert decide(of(rule(), rule("no", 99, access="Deny"), DENY), WEB) == "drop"
    assert decide(of(DENY, rule("no", 101, access="Deny"), rule()), WEB) == "accept"
    assert decide(of(rule(), DENY), Packet("10.0.0.1", "10.1.0.1", "tcp", 80)) == "drop"
    assert decide(of(rule(direction="Outbound"), DENY), WEB) == "drop"


def test_the_same_is_read_from_every_way_to_write_it():
    inner = {key: value for key, value in rule().items() if key != "name"}
    upper = {key[0].upper() + key[1:]: value for key, value in rule().items()}
    for document in (
        [rule(), DENY],
        [{"name": "g", "securityRules": [rule(), DENY]}],
        {"name": "g", "properties": {"securityRules": [{"name": "web", "properties": inner}, DENY]}},
        {"value": [{"name": "g", "securityRules": [rule(), DENY]}]},
        {"Name": "g", "SecurityRules": [upper, DENY], "DefaultSecurityRules": None},
        [rule(properties={"access": "Allow"}), DENY],
    ):
        ruleset = read(json.dumps(document))
        assert decide(ruleset, WEB) == "accept"
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 80)) == "drop"


def test_plural_forms_count_beside_the_singular():
    ruleset = of(
        rule(
            sourceAddressPrefix=None, sourceAddressPrefixes=["10.0.0.1", "10.0.0.8/29"], destinationPortRange="",
            destinationPortRanges=["80", "8000-8010", 443],
        ),
        DENY,
    )  # fmt: skip
    for source, port, verdict in (
        ("10.0.0.1", 443, "accept"), ("10.0.0.9", 8001, "accept"), ("10.0.0.2", 443, "drop"), ("10.0.0.1", 81, "drop"),
    ):  # fmt: skip
        assert decide(ruleset, Packet(source, "10.1.0.1", "tcp", port)) == verdict


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sourceAddressPrefix": "Internet"}, "service tag Internet as source"),
        ({"destinationAddressPrefix": "Sql.WestEurope"}, "service tag Sql.WestEurope as destination"),
        ({"sourceAddressPrefix": None}, "no source"),
        (
            {"sourceAddressPrefix": None, "sourceApplicationSecurityGroups": [{"id": "/subscriptions/0/asg/web"}]},
            "application security group web as source",
        ),
        ({"destinationAddressPrefix": "", "destinationApplicationSecurityGroups": ["db"]}, "security group db"),
        ({"protocol": "Quic"}, "protocol quic"),
        ({"destinationPortRange": "https"}, "destinationportrange https"),
        ({"destinationPortRange": None}, "no destinationportrange"),
        ({"sourcePortRange": "low"}, "sourceportrange low"),
        ({"access": "Maybe"}, "access Maybe"),
    ],
)
def test_what_is_not_understood_is_named_and_never_open(changes, named):
    found = decide(of(rule(**changes), DENY), WEB)
    assert found.startswith("unknown: ")
    assert named in found


def test_what_is_clear_of_a_list_is_open_beside_a_tag():
    ruleset = of(rule(sourceAddressPrefix=None, sourceAddressPrefixes=["10.0.0.1", "Internet"]), DENY)
    assert decide(ruleset, WEB) == "accept"
    assert decide(ruleset, Packet("10.0.0.2", "10.1.0.1", "tcp", 443)) == "unknown: service tag Internet as source"


def test_probes_of_the_load_balancer_have_one_address():
    ruleset = of(rule(sourceAddressPrefix="AzureLoadBalancer"), DENY)
    assert decide(ruleset, Packet("168.63.129.16", "10.1.0.1", "tcp", 443)) == "accept"
    assert decide(ruleset, WEB) == "drop"


@pytest.mark.parametrize(
    ("protocol", "port", "packets"),
    [
        ("*", "*", {("tcp", 1): "accept", ("gre", 0): "accept", ("icmp", 2048): "accept"}),
        ("Any", "443", {("udp", 443): "accept", ("udp", 80): "drop", ("tcp", 80): "drop", ("gre", 0): "unknown"}),
        ("Icmp", "*", {("icmp", 2048): "accept", ("tcp", 1): "drop"}),
        ("Udp", "53", {("udp", 53): "accept", ("tcp", 53): "drop"}),
        ("Esp", "*", {("gre", 0): "drop"}),
    ],
)
def test_protocols(protocol, port, packets):
    ruleset = of(rule(protocol=protocol, destinationPortRange=port), DENY)
    for packet, verdict in packets.items():
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", *packet)).partition(":")[0] == verdict


def test_several_groups_are_sides_to_be_mapped_to_zones():
    web = {"name": "web", "securityRules": [rule(), DENY, {**DENY, "direction": "Outbound", "name": "out"}]}
    data = {
        "name": "data",
        "securityRules": [rule(sourceAddressPrefix="10.1.0.0/16", destinationPortRange="1433"), DENY],
    }
    ruleset = read(json.dumps([web, data]))
    assert ruleset.sides == {"web", "data"}
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 443, "", "web")) == "accept"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 443, "", "data")) == "drop"
    assert decide(ruleset, Packet("10.1.0.1", "10.2.0.1", "tcp", 1433, "web", "data")) == "drop"  # outbound of web
    assert decide(ruleset, Packet("10.1.0.1", "10.2.0.1", "tcp", 1433, "", "data")) == "accept"
    assert ruleset.stages[0].default == "obscure"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "no network security groups"),
        ({}, "no network security groups"),
        ([3], "no network security groups"),
        ({"value": []}, "no network security groups"),
        ([{"name": "x"}], r"mappings with securityRules"),
        ([rule(), {"name": "g", "securityRules": []}], "mappings with securityRules"),
        ({"name": "g", "securityRules": [rule(priority="first")]}, "rule web of g has no priority"),
        ({"name": "g", "securityRules": [rule(direction="Up")]}, "rule web of g has no direction"),
        ({"name": "g", "securityRules": [5]}, "has no priority"),
        ([{"name": "g", "securityRules": []}] * 2, "the same name"),
        ([rule(Access="Deny")], "a key twice in one mapping: 'access'"),
        ([rule(properties={"access": "Deny"})], "says access of a mapping and otherwise in its properties"),
    ],
)
def test_what_is_no_such_json_is_refused_with_a_sentence(document, said):
    with pytest.raises(Unreadable, match=said):
        read(json.dumps(document))


@settings(max_examples=often(100))
@given(
    st.dictionaries(
        st.integers(100, 120),
        st.tuples(st.sets(st.integers(0, 5), min_size=1), st.sets(st.integers(1, 4), min_size=1), st.booleans()),
        max_size=8,
    ),
    st.integers(0, 5),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_written_rules_do_what_they_say(rules, host, port, random):
    made = [
        rule(
            f"r{priority}", priority, access="Allow" if allow else "Deny", sourceAddressPrefix=None,
            sourceAddressPrefixes=[f"10.0.0.{one}/32" for one in hosts],
            destinationPortRanges=[str(one) for one in ports], destinationPortRange=None,
        )
        for priority, (hosts, ports, allow) in rules.items()
    ]  # fmt: skip
    made.append(DENY)
    random.shuffle(made)
    meant = [allow for _, (hosts, ports, allow) in sorted(rules.items()) if host in hosts and port in ports]
    verdict = decide(of(*made), Packet(f"10.0.0.{host}", "10.1.0.1", "tcp", port))
    assert verdict == ("accept" if [*meant, False][0] else "drop")
