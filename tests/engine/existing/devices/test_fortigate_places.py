"""Virtual IPs and virtual domains of a FortiGate."""

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers.fortigate import read
from tests.engine.existing.devices.deciding import Packet, decide
from tests.engine.existing.devices.test_fortigate import OBJECTS, configuration, policy
from tests.engine.existing.rulesets import one_flow

VIPS = """config firewall vip
    edit "website"
        set extip 203.0.113.10
        set mappedip "10.0.0.10"
        set extintf "port2"
    next
    edit "portal"
        set extip 203.0.113.11
        set mappedip "10.0.0.11"
        set extintf "any"
        set portforward enable
        set extport 443
        set mappedport 8443
    next
    edit "same-port"
        set extip 203.0.113.11
        set mappedip "10.0.0.11"
        set portforward enable
        set extport 8000-8009
    next
    edit "balanced"
        set type server-load-balance
        set extip 203.0.113.12
        set extintf "any"
    next
    edit "filtered"
        set src-filter "198.51.100.0/24"
        set extip 203.0.113.13
        set mappedip "10.0.0.13"
    next
    edit "pings"
        set extip 203.0.113.14
        set mappedip "10.0.0.14"
        set portforward enable
        set protocol icmp
    next
    edit "unknown"
        set extip here
        set mappedip "10.0.0.15-10.0.0.16"
    next
    edit "off"
        set status disable
        set extip 203.0.113.17
        set mappedip "10.0.0.17"
    next
    edit "range"
        set extip 203.0.113.20-203.0.113.29
        set mappedip "10.0.0.20-10.0.0.29"
    next
end
config firewall vip6
    edit "six"
        set extip 2001:db8:1::1
        set mappedip 2001:db8::10
    next
end
config firewall vipgrp
    edit "published"
        set member "website" "portal"
    next
end
"""
ROUND = {"srcaddr": '"all"', "dstintf": '"port1"'}


def state(*policies, source="8.8.8.8", destination="203.0.113.10", enters="port2", leaves="port1", **packet):
    ruleset = read(configuration(*policies, objects=OBJECTS + VIPS))
    packet = Packet(source=source, destination=destination, enters=enters, leaves=leaves, **packet)
    return decide(ruleset, packet)


def to(name, number=1, **changes):
    return policy(number, **{**ROUND, "dstaddr": f'"{name}"', **changes})


def test_a_virtual_address_is_open_where_others_see_it():
    assert state(to("website")) == ("open", "policy 1")
    assert state(to("website"), port=80)[0] == "closed"
    assert state(to("website"), enters="port3")[0] == "closed", "it is at port2 only"
    assert state(to("website", srcintf='"any"'), enters="port3")[0] == "closed"
    assert state(to("website", srcintf='"port3"'), enters="port3") == ("unknown", "vip website (extintf)")
    why = "vip website, which others see at another address"
    assert state(to("website"), destination="10.0.0.10") == ("unknown", why)
    assert state(to("published"))[0] == "open"
    assert state(to("range"), destination="203.0.113.25")[0] == "open"
    assert state(to("six", srcaddr6='"all"', dstaddr6='"six"', dstaddr=None), source="2001:db8:9::9",
                 destination="2001:db8:1::1")[0] == "open"  # fmt: skip
    assert state(to("off"), destination="203.0.113.17")[0] == "closed"


def test_a_forwarded_port_is_open_as_others_see_it_where_the_real_one_is_admitted():
    there = {"destination": "203.0.113.11"}
    assert state(to("portal"), **there) == ("open", "policy 1"), "443 goes to 8443, which the service has"
    assert state(to("portal"), **there, port=8443)[0] == "closed"
    assert state(to("portal", service='"HTTPS"'), **there)[0] == "closed"
    assert state(to("portal", service='"gone"'), **there) == ("unknown", "vip portal (portforward)")
    assert state(to("same-port", service='"ALL"'), **there, port=8009)[0] == "open"
    partly = 'config firewall service custom\nedit "part"\nset tcp-portrange 8005-9000\nnext\nend\n'
    ruleset = read(configuration(to("same-port", service='"part"'), objects=OBJECTS + VIPS + partly))
    found = [
        decide(ruleset, Packet(source="8.8.8.8", enters="port2", leaves="port1", port=port, **there))[0]
        for port in (8004, 8005, 8009, 8010)
    ]
    assert found == ["closed", "open", "open", "closed"]


@pytest.mark.parametrize(
    ("name", "destination", "why"),
    [
        ("balanced", "203.0.113.12", "vip balanced (server-load-balance)"),
        ("filtered", "203.0.113.13", "vip filtered (src-filter)"),
        ("pings", "203.0.113.14", "vip pings (portforward)"),
        ("unknown", "203.0.113.15", "vip unknown (extip)"),
    ],
)
def test_a_virtual_address_of_another_kind_is_unknown(name, destination, why):
    assert state(to(name), destination=destination) == ("unknown", why)


def test_a_plain_policy_is_unclear_about_addresses_where_a_virtual_one_stands():
    assert state(to("all")) == ("unknown", "a virtual IP at that address")
    assert state(to("all"), destination="203.0.113.9")[0] == "open"
    six = to("all", srcaddr6='"all"', dstaddr6='"all"')
    why = "a virtual IP at that address"
    assert state(six, source="2001:db8:9::9", destination="2001:db8:1::1") == ("unknown", why)
    assert state(six, source="2001:db8:9::9", destination="2001:db8:1::2")[0] == "open"
    deny = to("all", action="deny")
    assert state(deny, to("website", 2)) == ("unknown", "a virtual IP at that address")
    assert state(to("all", action="deny", match_vip="enable"), to("website", 2)) == ("closed", "policy 1")
    assert state(to("all", action="deny", match_vip="disable"), to("website", 2)) == ("open", "policy 2")
    assert state(to("website", action="deny"), to("website", 2))[0] == "closed"


def test_a_negated_virtual_address_is_unknown():
    assert state(to("website", dstaddr_negate="enable"))[0] == "unknown"
    assert state(to("website", dstaddr_negate="enable", action="deny"), to("website", 2))[0] == "unknown"
    gone = OBJECTS + VIPS + 'config firewall vipgrp\nedit "lost"\nset member "gone"\nnext\nend\n'
    ruleset = read(configuration(to("lost"), objects=gone))
    packet = Packet(source="8.8.8.8", destination="203.0.113.99", enters="port2", leaves="port1")
    assert decide(ruleset, packet) == ("unknown", "vip gone, which isn't there")


CENTRAL = "config system settings\n    set central-nat enable\nend\n"


def central(*policies, destination="203.0.113.10", enters="port2", mode=CENTRAL, **packet):
    ruleset = read(configuration(*policies, objects=OBJECTS + VIPS + mode + WEB))
    return decide(ruleset, Packet(source="8.8.8.8", destination=destination, enters=enters, leaves="port1", **packet))


WEB = "config firewall address\n" + "".join(
    f'    edit "{name}"\n        set subnet {address} 255.255.255.255\n    next\n'
    for name, address in (("web", "10.0.0.10"), ("portal-host", "10.0.0.11"), ("gone", "10.0.0.17"))
) + "end\n"  # fmt: skip


def test_with_central_nat_policies_say_real_addresses_and_virtual_ones_act_by_themselves():
    web = to("web", srcintf='"any"')
    assert central(web) == ("open", "policy 1")
    assert central(web, port=80)[0] == "closed"
    assert central(web, destination="10.0.0.10") == ("open", "policy 1"), "nothing changes what is sent to itself"
    assert central(web, enters="port3")[0] == "closed", "it is at port2 only"
    assert central(to("all")) == ("open", "policy 1")
    assert central(to("all"), destination="203.0.113.12")[0] == "unknown", "a server that balances"
    assert central(to("all", action="deny"), to("web", 2)) == ("closed", "policy 1")
    assert central(to("web", action="deny"), to("all", 2)) == ("closed", "policy 1")
    assert central(to("gone"), destination="203.0.113.17")[0] == "closed", "switched off"
    assert central(web, mode="") == ("closed", "implicit deny (policy 0)")
    assert central(web, mode=CENTRAL.replace("central-nat enable", "ngfw-mode policy-based"))[0] == "unknown"


def test_with_central_nat_a_forwarded_port_is_open_as_others_see_it():
    there = {"destination": "203.0.113.11"}
    assert central(to("portal-host"), **there)[0] == "open", "443 goes to 8443, which the service has"
    assert central(to("portal-host", service='"HTTPS"'), **there)[0] == "closed"
    assert central(to("portal-host", service='"ALL"'), **there, port=8009)[0] == "open"
    assert central(to("all", service='"ALL"'), **there, port=80)[0] == "unknown", "no port that is forwarded"


def test_with_central_nat_no_policy_names_a_virtual_ip_but_those_of_ipv6():
    assert central(to("website")) == ("unknown", "address website, which isn't there")
    six = {"source": "2001:db8:9::9", "destination": "2001:db8:1::1", "enters": "port2", "leaves": "port1"}
    policies = to("six", srcaddr6='"all"', dstaddr6='"six"', dstaddr=None)
    ruleset = read(configuration(policies, objects=OBJECTS + VIPS + CENTRAL))
    assert decide(ruleset, Packet(**six))[0] == "open"
    lists = configuration(
        policy(1, interface='"port2"', srcintf=None, dstintf=None, srcaddr='"all"', dstaddr='"web"', schedule=None),
        section="firewall acl", objects=OBJECTS + VIPS + CENTRAL + WEB,
    )  # fmt: skip
    ruleset = read(lists + configuration(to("all"), objects=""))
    packet = Packet(source="8.8.8.8", destination="203.0.113.10", enters="port2", leaves="port1")
    assert decide(ruleset, packet)[0] == "open", "a list comes before the translation"


def several(first, second, interfaces=True):
    known = (
        'config system interface\nedit "port1"\nset vdom "root"\nnext\nedit "port2"\nset vdom "root"\nnext\n'
        'edit "port5"\nset vdom "guests"\nnext\nedit "port6"\nset vdom "guests"\nnext\nend\n'
    )
    parts = [f"config vdom\nedit {name}\nnext\nend" for name in ("root", "guests")]
    parts.append(f"config global\n{known if interfaces else ''}end")
    for name, policies in (("root", first), ("guests", second)):
        parts.append(f"config vdom\nedit {name}\n{configuration(*policies)}end")
    return "\n".join(parts).replace("next\nend\nconfig global", "next\nend\nconfig global")


def test_policies_of_a_virtual_domain_are_for_its_own_interfaces():
    anywhere = {"srcintf": '"any"', "dstintf": '"any"'}
    ruleset = read(several([policy(1, **anywhere)], [policy(1, action="deny", **anywhere)]))
    packet = {"source": "10.1.0.5", "destination": "10.0.0.10"}
    assert decide(ruleset, Packet(**packet, enters="port2", leaves="port1")) == ("open", "vdom root policy 1")
    assert decide(ruleset, Packet(**packet, enters="port5", leaves="port6")) == ("closed", "vdom guests policy 1")
    why = "the way from one virtual domain to another"
    assert decide(ruleset, Packet(**packet, enters="port2", leaves="port6")) == ("unknown", why)


def test_virtual_domains_without_their_interfaces_are_unknown():
    ruleset = read(several([policy(1)], [policy(1)], interfaces=False))
    assert ruleset.obscure == (
        "vdom root, whose interfaces aren't there",
        "vdom guests, whose interfaces aren't there",
    )
    one = read("config vdom\nedit root\n" + configuration(policy(1)) + "end\n")
    assert not one.obscure
    assert one.stages[0].entries[0].name == "policy 1"


def test_several_virtual_domains_are_compared_with_a_plan():
    """The whole way: what a reader makes of them is looked up as keys."""
    anywhere = {"srcintf": '"any"', "dstintf": '"any"', "srcaddr": '"all"', "dstaddr": '"all"'}
    ruleset = read(several([policy(1, **anywhere)], [policy(1, action="deny", **anywhere)]))
    for sides, state in (
        (("port2", "port1"), "open"),
        (("port5", "port6"), "closed"),
        (("port2", "port6"), "unknown"),
    ):
        others = dict.fromkeys(ruleset.sides - set(sides), "Internet")
        mapping = {**others, **dict(zip(sides, ("Internal", "DMZ"), strict=True))}
        assert compare_with(one_flow(), ruleset, mapping).flows[0].state == state


def test_a_zone_that_is_mapped_is_known_with_its_interfaces():
    zones = 'config system zone\nedit "{}"\nset interface "port7"\nnext\nend\n'.format
    anywhere = {"dstintf": '"any"', "srcaddr": '"all"', "dstaddr": '"all"'}
    other = policy(1, srcintf='"guests"', action="deny", **anywhere)
    ruleset = read(zones("guests") + configuration(other, policy(2, srcintf='"port2"', **anywhere)))
    mapping = {"port2": "Internal", "port1": "DMZ"}
    assert compare_with(one_flow(), ruleset, mapping).flows[0].state == "unknown"
    for guests in ("guests", "port7"):
        assert compare_with(one_flow(), ruleset, {**mapping, guests: "Internet"}).flows[0].state == "open"
    within = read(zones("guests") + configuration(policy(1, srcintf='"port7"', action="deny", **anywhere)))
    assert compare_with(one_flow(), within, {"guests": "Internal", "port1": "DMZ"}).flows[0].state == "unknown"
