"""Security groups of AWS: a union of what is allowed, and nothing else."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.model import Unreadable
from planner.engine.existing.parts import count
from planner.engine.existing.readers.aws import read
from tests.engine.existing.packets import Packet, decide
from tests.strategies import often

WEB = Packet("10.0.0.1", "10.1.0.1", "tcp", 443)
ALL = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}


def permission(protocol="tcp", first=443, last=443, *networks, **more):
    return {
        "IpProtocol": protocol, "FromPort": first, "ToPort": last,
        "IpRanges": [{"CidrIp": one, "Description": "vault"} for one in networks or ("10.0.0.0/24",)],
        "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": [], **more,
    }  # fmt: skip


def group(*inbound, name="sg-1", title="web", outbound=(ALL,)):
    return {"GroupId": name, "GroupName": title, "IpPermissions": list(inbound), "IpPermissionsEgress": list(outbound)}


def of(*groups):
    return read(json.dumps({"SecurityGroups": groups}))


def test_a_group_admits_what_one_of_its_rules_does():
    ruleset = of(group(permission(), permission("udp", 53, 54, "10.0.0.9/32")))
    assert decide(ruleset, WEB) == "accept"
    assert decide(ruleset, Packet("10.0.0.9", "10.1.0.1", "udp", 54)) == "accept"
    assert decide(ruleset, Packet("10.0.0.8", "10.1.0.1", "udp", 54)) == "drop"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 80)) == "drop"
    (stage,) = ruleset.stages
    assert stage.default_name == 'implicit deny of sg-1 "web"'
    assert [(entry.name, entry.comment) for entry in stage.entries] == [
        ('sg-1 "web" inbound tcp 443 from 10.0.0.0/24', "vault"),
        ('sg-1 "web" inbound udp 53-54 from 10.0.0.9/32', "vault"),
    ]


def test_what_groups_refuse_counts_among_the_entries(monkeypatch):
    monkeypatch.setattr(count, "ENTRIES", 4)
    assert of(group(name="sg-1", outbound=()), group(name="sg-2", outbound=()))
    with pytest.raises(Unreadable, match="At most 4 entries"):
        of(*(group(name=f"sg-{number}", outbound=()) for number in range(3)))


def test_the_same_is_read_from_every_way_to_write_it():
    for document in ({"SecurityGroups": [group(permission())]}, [group(permission())], group(permission())):
        assert decide(read(json.dumps(document)), WEB) == "accept"


@pytest.mark.parametrize(
    ("made", "packets"),
    [
        (permission("-1", None, None), {("gre", 0): "accept", ("tcp", 1): "accept"}),
        (permission("icmp", 8, 0), {("icmp", 2048): "accept", ("icmp", 2049): "drop"}),
        (permission("icmp", 8, -1), {("icmp", 2049): "accept", ("icmp", 0): "drop"}),
        (permission("icmp", -1, -1), {("icmp", 0): "accept", ("tcp", 0): "drop"}),
        (permission("47", None, None), {("gre", 0): "accept", ("tcp", 1): "drop"}),
        (permission("6", 0, 65535), {("tcp", 1): "accept", ("udp", 1): "drop"}),
        (permission("tcp", None, None), {("tcp", 1): "unknown"}),
        (permission("tcp", 9, 8), {("tcp", 9): "unknown"}),
        (permission("what", 9, 9), {("tcp", 9): "unknown"}),
        (permission("tcp", 9, 9, "10.0.0.300/24"), {("tcp", 9): "unknown", ("tcp", 8): "drop"}),
        (permission(IpRanges=[{"CidrIp": 7}]), {("tcp", 443): "unknown"}),
    ],
)
def test_protocols_and_what_is_none(made, packets):
    for packet, verdict in packets.items():
        assert decide(of(group(made)), Packet("10.0.0.1", "10.1.0.1", *packet)).partition(":")[0] == verdict


def test_more_entries_than_are_read_are_refused(monkeypatch):
    monkeypatch.setattr(count, "ENTRIES", 3)
    of(group(permission("tcp", 1, 1, "10.0.0.1/32", "10.0.0.2/32", "10.0.0.3/32")))
    with pytest.raises(Unreadable, match="At most 3 entries are read"):
        of(
            group(
                permission("tcp", 1, 1, "10.0.0.1/32", "10.0.0.2/32"), permission("udp", 1, 1, "10.0.0.1", "10.0.0.2")
            )
        )


def test_networks_of_ipv6():
    ruleset = of(group(permission(IpRanges=[], Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}])))
    assert decide(ruleset, Packet("2001:db8::1", "2001:db8::2", "tcp", 443)) == "accept"
    for protocol in ("icmpv6", "58"):
        pings = of(group(permission(protocol, 128, -1, IpRanges=[], Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}])))
        assert decide(pings, Packet("2001:db8::1", "2001:db8::2", "icmp", 128 * 256)) == "accept"
        assert decide(pings, Packet("2001:db8::1", "2001:db8::2", "icmp", 129 * 256)) == "drop"
    assert decide(ruleset, WEB) == "drop"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"PrefixListIds": [{"PrefixListId": "pl-1"}]}, "prefix list pl-1"),
        ({"UserIdGroupPairs": [{"GroupId": "sg-9", "UserId": "1"}]}, "members of sg-9"),
        ({"UserIdGroupPairs": ["?"]}, "members of without an id"),
    ],
)
def test_whom_a_group_alone_does_not_know_is_named_and_never_open(more, named):
    assert decide(of(group(permission(IpRanges=[], **more))), WEB) == f"unknown: {named}"


def test_several_groups_are_sides_to_be_mapped_to_zones():
    data = group(
        permission("tcp", 1433, 1433, IpRanges=[], UserIdGroupPairs=[{"GroupId": "sg-1"}, {"GroupId": "sg-9"}]),
        name="sg-2", title="data",
    )  # fmt: skip
    ruleset = of(group(permission(), outbound=(permission("tcp", 1433, 1433, "10.2.0.0/16"),)), data)
    assert ruleset.sides == {"sg-1", "sg-2", "sg-9"}
    for packet, verdict in (
        (Packet("10.0.0.1", "10.1.0.1", "tcp", 443, "", "sg-1"), "accept"),
        (Packet("10.0.0.1", "10.1.0.1", "tcp", 443, "", "sg-2"), "drop"),
        (Packet("10.1.0.1", "10.2.0.1", "tcp", 1433, "sg-1", "sg-2"), "accept"),
        (Packet("10.1.0.1", "10.3.0.1", "tcp", 1433, "sg-1", "sg-2"), "drop"),  # outbound of sg-1
        (Packet("10.0.0.1", "10.2.0.1", "tcp", 1433, "", "sg-2"), "drop"),
        (Packet("10.2.0.1", "10.1.0.1", "tcp", 443, "sg-2", "sg-1"), "drop"),
        (Packet("10.0.0.1", "10.1.0.1", "tcp", 443, "sg-2", "sg-1"), "accept"),
    ):
        assert decide(ruleset, packet) == verdict
    assert ruleset.stages[0].default == "obscure"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "no security groups"),
        ([], "no security groups"),
        (7, "no security groups"),
        ({"SecurityGroups": [{"GroupId": "sg-1"}]}, "no security groups"),
        ({"SecurityGroups": [group(), 7]}, "no security groups"),
        ({"SecurityGroups": [group(), group()]}, "the same security group twice"),
        ({"SecurityGroups": [group(7)]}, "a permission that is no mapping"),
        ({"SecurityGroups": [group({"IpProtocol": "tcp", "ipProtocol": "-1"})]}, "a key twice in one mapping"),
    ],
)
def test_what_is_no_such_json_is_refused_with_a_sentence(document, said):
    with pytest.raises(Unreadable, match=said):
        read(json.dumps(document))


@settings(max_examples=often(100))
@given(
    st.lists(st.tuples(st.sets(st.integers(0, 5), min_size=1), st.integers(1, 6), st.integers(0, 3)), max_size=6),
    st.integers(0, 5),
    st.integers(1, 9),
)
def test_written_rules_do_what_they_say(rules, host, port):
    made = [permission("tcp", low, low + more, *(f"10.0.0.{one}/32" for one in hosts)) for hosts, low, more in rules]
    meant = any(host in hosts and low <= port <= low + more for hosts, low, more in rules)
    verdict = decide(of(group(*made)), Packet(f"10.0.0.{host}", "10.1.0.1", "tcp", port))
    assert verdict == ("accept" if meant else "drop")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "tcp 443"), ({"ToPort": 445}, "tcp 443-445"), ({"IpProtocol": "-1"}, "all"),
        ({"FromPort": None, "ToPort": None, "IpProtocol": "50"}, "50"),
    ],
)  # fmt: skip
def test_an_entry_is_called_by_what_its_rule_says(more, said):
    (stage,) = of(group(permission(**more))).stages
    assert [entry.name for entry in stage.entries] == [f'sg-1 "web" inbound {said} from 10.0.0.0/24']
