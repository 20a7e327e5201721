"""Names and reasons of what is read, and where numbers end: told as they stand in a file."""

import json

import pytest

from planner.engine.existing.readers import asa, azure, csv, nftables
from tests.engine.existing import test_aws, test_azure, test_nftables, test_windows
from tests.engine.existing.devices.test_asa_nat import of_object
from tests.engine.existing.devices.test_fortigate import OBJECTS, configuration, policy, state
from tests.engine.existing.packets import Packet, decide


def test_a_windows_firewall_that_is_off_lets_everything_in():
    off = test_windows.profiles(**{name: {"Enabled": "False"} for name in ("Domain", "Private", "Public")})
    ruleset = test_windows.of(test_windows.rule(action=4), profiles=off)
    assert ruleset.obscure == ()
    assert decide(ruleset, test_windows.WEB) == "accept"
    assert ruleset.stages[0].default_name == "firewall off in the profile domain, private, public"
    part = test_windows.profiles(Private={"Enabled": 0})
    ruleset = test_windows.of(test_windows.rule(), profiles=part)
    assert ruleset.obscure == ("the firewall is off in the profile private only",)


@pytest.mark.parametrize("protocol", ["icmp", "1", "icmpv6", "58"])
def test_types_of_icmp_of_aws_are_those_of_their_family(protocol):
    ranges = [{"CidrIpv6": "2001:db8::/32"}]
    ruleset = test_aws.of(test_aws.group(test_aws.permission(protocol, 8, -1, Ipv6Ranges=ranges)))
    found = {(one.family, *one.protocols.spans, *one.ports.spans) for entry in ruleset.stages[0].entries
             for one in entry.matches}  # fmt: skip
    family, number = (6, 58) if protocol in ("icmpv6", "58") else (4, 1)
    assert found == {(family, (number, number), (8 * 256, 8 * 256 + 255))}


def test_a_group_of_azure_goes_by_its_name():
    nameless = azure.read(json.dumps({"securityRules": [test_azure.rule()]}))
    assert nameless.stages[0].entries[0].name == "network security group web (100)"
    named = azure.read(json.dumps([{"name": "front", "securityRules": [test_azure.rule()]}]))
    assert named.stages[0].entries[0].name == "front web (100)"


def test_translations_of_an_asa_go_by_their_lines():
    objects = "ASA Version 9.16\ninterface GigabitEthernet0/0\n nameif inside\n security-level 100\n"
    objects += "interface GigabitEthernet0/1\n nameif outside\n security-level 0\n"
    objects += "object network real\n host 10.0.0.10\nobject network shown\n host 203.0.113.10\n"
    lines = [
        "nat (outside,inside) source static any any destination static shown real",
        "nat (inside,outside) source static real shown",
    ]
    for line in lines:
        assert [one.name for one in asa.read(f"{objects}{line}\n").translations] == [line]
    alike = f"{objects}interface GigabitEthernet0/2\n nameif more\n security-level 0\n"
    lists = "access-list OUT extended permit ip any any\naccess-group OUT out interface inside\n"
    names = [stage.name for stage in asa.read(alike + lists).stages]
    assert (names[0], names[-1], len(names)) == ("same-security-traffic", "access-group out", 3)
    nat = "nat (inside,outside) static 203.0.113.10"
    assert [one.name for one in asa.read(objects + of_object(nat)).translations] == [nat]


@pytest.mark.parametrize(
    ("op", "number", "ports"),
    [("<", 1, (0, 0)), ("<=", 0, (0, 0)), (">", 65534, (65535, 65535)), (">=", 65535, (65535, 65535)),
     ("<", 0, None), (">", 65535, None)],
)  # fmt: skip
def test_comparisons_of_nftables_reach_to_the_last_port(op, number, ports):
    found = test_nftables.rule(test_nftables.match(test_nftables.PORT, number, op), test_nftables.ACCEPT)
    ruleset = nftables.read(test_nftables.write(test_nftables.chain("forward", "forward"), found))
    (entry,) = ruleset.stages[-1].entries
    assert bool(entry.obscure) == (ports is None)
    assert ports is None or {one.ports.spans for one in entry.matches} == {(ports,)}


@pytest.mark.parametrize("cell", ["icmpv6/128", "ipv6-icmp/128", "icmp6/128/0"])
def test_types_of_icmp_in_tables_are_of_either_family(cell):
    ruleset = csv.read(f"source;destination;service;action\nany;any;{cell};allow\n")
    assert decide(ruleset, Packet("2001:db8::1", "2001:db8::2", "icmp", 128 * 256)) == "accept"
    assert decide(ruleset, Packet("2001:db8::1", "2001:db8::2", "icmp", 129 * 256)) == "drop"


@pytest.mark.parametrize("kind", ["dnat", "redirect", "tproxy", "queue", "fwd", "synproxy"])
def test_what_nftables_hands_on_may_come_back_and_what_it_translates_goes_elsewhere(kind):
    ruleset = nftables.read(
        test_nftables.write(test_nftables.chain("forward", "forward"), test_nftables.rule({kind: None}))
    )
    (entry,) = ruleset.stages[-1].entries
    assert entry.verdict == ("obscure" if kind in ("queue", "synproxy") else "stray")


def test_rows_of_a_table_that_differ_in_one_cell_are_read_apart():
    rows = ["10.0.0.1;10.1.0.1;tcp/443;allow;1024", "10.0.0.1;10.1.0.1;tcp/443;allow;2048"]
    ruleset = csv.read("\n".join(["source;destination;service;action;source_port", *rows]))
    ports = (1024, 2048, 4096)
    packets = [Packet("10.0.0.1", "10.1.0.1", "tcp", 443, source_port=port) for port in ports]
    assert [decide(ruleset, packet) for packet in packets] == ["accept", "accept", "drop"]


def test_members_of_the_older_sdwan_of_a_fortigate_are_a_zone_as_well():
    wan = 'config system virtual-wan-link\n    config members\n        edit 1\n            set interface "wan1"\n'
    text = configuration(
        policy(1, srcintf='"virtual-wan-link"'), objects=f"{OBJECTS}{wan}        next\n    end\nend\n"
    )
    assert [state(text, enters=one)[0] for one in ("wan1", "wan2")] == ["open", "closed"]


@pytest.mark.parametrize(("first", "last", "known"), [(0, 65535, True), (65535, 65535, True), (0, 65536, False)])
def test_ports_of_aws_end_with_the_last(first, last, known):
    (entry,) = test_aws.of(test_aws.group(test_aws.permission("tcp", first, last))).stages[0].entries
    assert (not entry.obscure) == known
    assert not known or entry.matches[0].ports.spans == ((first, last),)
