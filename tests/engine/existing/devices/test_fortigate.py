"""A FortiGate's policies, construct by construct. Syntax: FortiOS CLI Reference; the configurations are our own."""

from planner.engine.existing.readers.fortigate import read
from tests.each import each
from tests.engine.existing.devices.deciding import Packet, decide

OBJECTS = """#config-version=FGT60F-7.2.8-FW-build1639-240313:opmode=0:vdom=0:user=admin
config system interface
    edit "port1"
        set ip 10.0.0.1 255.255.255.0
    next
    edit "port2"
        set ip 192.0.2.1 255.255.255.0
        config ipv6
            set ip6-address 2001:db8::1/64
        end
    next
    edit "port3"
        set ip 0.0.0.0 0.0.0.0
    next
end
config system zone
    edit "inside"
        set intrazone allow
        set interface "port1" "port4"
    next
end
config router static
    edit 1
        set gateway 192.0.2.254
        set device "port2"
    next
    edit 2
        set dst 10.9.0.0 255.255.0.0
        set device "port1"
    next
    edit 3
        set dst 10.9.9.0 255.255.255.0
        set device "port1"
        set status disable
    next
end
config firewall address
    edit "all"
        set uuid 12345678-0000-51ee-0000-000000000000
    next
    edit "vault"
        set subnet 10.0.0.10 255.255.255.255
    next
    edit "staff"
        set type iprange
        set start-ip 10.1.0.0
        set end-ip 10.1.0.99
    next
    edit "office"
        set type interface-subnet
        set subnet 10.1.0.1 255.255.255.0
        set interface "port2"
    next
    edit "no network"
        set type interface-subnet
        set interface "port3"
    next
    edit "no address"
        set type interface-subnet
        set subnet 0.0.0.0 0.0.0.0
        set interface "port3"
    next
    edit "updates"
        set type fqdn
        set fqdn "Updates.Example.com"
    next
    edit "abroad"
        set type geography
        set country "CH"
    next
    edit "odd"
        set type wildcard
        set wildcard 10.0.0.1 255.0.255.255
    next
    edit "crooked"
        set subnet 10.0.0.1 255.0.255.0
    next
    edit "backwards"
        set type iprange
        set start-ip 10.1.0.9
        set end-ip 10.1.0.1
    next
    edit "nameless"
        set type fqdn
    next
end
config firewall address6
    edit "vault6"
        set ip6 2001:db8::10/128
    next
    edit "range6"
        set type iprange
        set start-ip 2001:db8::1
        set end-ip 2001:db8::9
    next
end
config firewall addrgrp
    edit "people"
        set member "staff" "vault"
    next
    edit "nested"
        set member "people"
    next
    edit "circle"
        set member "round" "vault"
    next
    edit "round"
        set member "circle"
    next
    edit "mixed"
        set member "vault" "abroad"
    next
    edit "but-vault"
        set member "people"
        set exclude enable
        set exclude-member "vault"
    next
    edit "around"
        set member "but-vault"
    next
end
config firewall service custom
    edit "website"
        set tcp-portrange 443 8443-8444
    next
    edit "low-source"
        set tcp-portrange 443:1024-2048 444
    next
    edit "both"
        set tcp-portrange 53
        set udp-portrange 53
    next
    edit "ping"
        set protocol ICMP
        set icmptype 8
        set icmpcode 0
    next
    edit "any-ping"
        set protocol ICMP6
        unset icmptype
    next
    edit "tunnel"
        set protocol IP
        set protocol-number 47
    next
    edit "by-name"
        set tcp-portrange 443
        set fqdn "a.example.com"
    next
    edit "by-range"
        set tcp-portrange 443
        set iprange 10.0.0.1-10.0.0.2
    next
    edit "by-app"
        set app-service-type app-id
        set application 16354
    next
    edit "proxied"
        set protocol HTTP
        set tcp-portrange 1080
    next
    edit "bad"
        set tcp-portrange 443-
    next
    edit "bad-source"
        set tcp-portrange 443:x
    next
    edit "bad-ping"
        set protocol ICMP
        set icmptype 300
    next
    edit "bad-number"
        set protocol IP
        set protocol-number 999
    next
    edit "lite"
        set udp-lite-portrange 443
    next
    edit "FINGER"
        set tcp-portrange 443
    next
end
config firewall service group
    edit "web"
        set member "website" "HTTP"
    next
    edit "Web Access"
        set member "website"
    next
end
config firewall schedule recurring
    edit "always"
        set day sunday monday tuesday wednesday thursday friday saturday
    next
    edit "nights"
        set start 22:00
        set end 06:00
        set day sunday monday tuesday wednesday thursday friday saturday
    next
    edit "none"
        set day none
    next
    edit "weekend"
        set day sunday
    next
end
"""
STAFF = {"source": "10.1.0.5", "destination": "10.0.0.10", "enters": "port2", "leaves": "port1"}
PLAIN = {
    "srcintf": '"port2"', "dstintf": '"inside"', "action": "accept", "srcaddr": '"staff"', "dstaddr": '"vault"',
    "schedule": '"always"', "service": '"website"',
}  # fmt: skip


def policy(number=1, **changes):
    """A policy with these settings beside the plain ones; None takes one away, and _ stands for a hyphen."""
    settings = {**PLAIN, **{key.replace("_", "-"): value for key, value in changes.items()}}
    lines = [f"        set {key} {value}" for key, value in settings.items() if value is not None]
    return "\n".join([f"    edit {number}", *lines, "    next"])


def configuration(*policies, section="firewall policy", objects=OBJECTS):
    return "\n".join([objects, f"config {section}", *policies, "end", ""])


def state(text, **packet):
    return decide(read(text), Packet(**{**STAFF, **packet}))


def states(*policies, ports=(442, 443), **packet):
    return [state(configuration(*policies), port=port, **packet)[0] for port in ports]


def test_a_policy_opens_what_it_says_and_nothing_else():
    text = configuration(policy(17, name='"Vault \\"1\\""', comments='"for rule INT-10"'))
    assert state(text) == ("open", 'policy 17 "Vault "1""')
    assert state(text, port=8444)[0] == "open"
    assert state(text, port=442) == ("closed", "implicit deny (policy 0)")
    for other in (
        {"source": "10.1.0.100"}, {"destination": "10.0.0.11"}, {"protocol": "udp"}, {"enters": "port3"},
        {"leaves": "port2"},
    ):  # fmt: skip
        assert state(text, **other)[0] == "closed", other
    assert state(text, leaves="inside")[0] == "open", "a zone is known by its own name too"
    assert state(text, leaves="port4")[0] == "open"
    entry = read(text).stages[0].entries[0]
    assert entry.comment == "for rule INT-10"
    assert not entry.obscure


def test_the_first_policy_that_matches_decides():
    deny = policy(1, action="deny")
    assert states(deny, policy(2)) == ["closed", "closed"]
    assert states(policy(2), deny) == ["closed", "open"]
    assert states(policy(1, action=None), policy(2)) == ["closed", "closed"], "a policy without an action denies"
    moved = configuration(deny, policy(2), "    move 2 before 1")
    assert state(moved) == ("open", "policy 2")
    assert state(configuration(deny, policy(2), "    move 1 after 2"))[0] == "open"
    assert state(configuration(deny, policy(2), "    move 1 before 1", "    move 7 after 1"))[0] == "closed"
    assert state(configuration(deny, policy(2), "    delete 1"))[0] == "open"


@each("change", [{"status": "disable"}, {"schedule": '"none"'}])
def test_what_is_switched_off_is_no_entry(change):
    assert read(configuration(policy(1, **change))).stages[0].entries[:-1] == ()
    assert states(policy(1, action="deny", **change), policy(2)) == ["closed", "open"]


@each(
    ("change", "why"),
    [
        ({"schedule": '"nights"'}, "schedule nights"),
        ({"schedule": '"weekend"'}, "schedule weekend"),
        ({"schedule": '"2026-11"'}, "schedule 2026-11"),
        ({"groups": '"Domain Admins"'}, "groups Domain Admins"),
        ({"users": '"guest"'}, "users guest"),
        ({"fsso_groups": '"CN=Vault"'}, "fsso-groups CN=Vault"),
        ({"application": "16354"}, "application 16354"),
        ({"url_category": "26"}, "url-category 26"),
        ({"internet_service_src": "enable", "internet_service_src_name": '"Tor-Exit.Node"'},
         "internet-service-src Tor-Exit.Node"),
        ({"internet_service": "enable", "internet_service_name": '"GitHub-GitHub"', "dstaddr": None, "service": None},
         "internet-service GitHub-GitHub"),
        ({"srcaddr": '"abroad"'}, "address abroad (geography)"),
        ({"srcaddr": '"odd"'}, "address odd (wildcard)"),
        ({"srcaddr": '"crooked"'}, "address crooked (ipmask)"),
        ({"srcaddr": '"backwards"'}, "address backwards (iprange)"),
        ({"srcaddr": '"nameless"'}, "address nameless (fqdn)"),
        ({"srcaddr": '"gone"'}, "address gone, which isn't there"),
        ({"srcaddr": '"round"', "source": "10.7.7.7"}, "address round, which contains itself"),
        ({"srcaddr": None}, "no srcaddr"),
        ({"dstaddr": None}, "no dstaddr"),
        ({"service": None}, "no service"),
        ({"service": '"gone"'}, "service gone, which isn't there"),
        ({"service": '"by-name"'}, "service by-name (fqdn)"),
        ({"service": '"by-range"'}, "service by-range (iprange)"),
        ({"service": '"by-app"'}, "service by-app"),
        ({"service": '"proxied"'}, "service proxied"),
        ({"service": '"bad"'}, "service bad"),
        ({"service": '"bad-source"'}, "service bad-source"),
        ({"service": '"bad-ping"'}, "service bad-ping"),
        ({"service": '"bad-number"'}, "service bad-number"),
        ({"service": '"lite"'}, "service lite"),
        ({"service": '"by-app"', "service_negate": "enable"}, "service-negate"),
        ({"service": '"low-source"', "service_negate": "enable"}, "service-negate"),
        ({"srcaddr": '"abroad"', "srcaddr_negate": "enable"}, "not address abroad (geography)"),
        ({"srcaddr": '"updates"', "srcaddr_negate": "enable"}, "not fqdn updates.example.com"),
        ({"action": "ipsec", "vpntunnel": '"branch"'}, "action ipsec"),
        ({"disclaimer": "enable"}, "disclaimer"),
        ({"tos_mask": "0x10", "tos": "0x10"}, "tos-mask"),
        ({"vlan_filter": '"1-10"'}, "vlan-filter"),
        ({"new_in_the_next_release": "secret-value"}, "new-in-the-next-release"),
        ({"policy_expiry": "enable", "policy_expiry_date": '"2020-01-01 00:00:00"'}, "policy-expiry"),
        ({"match_vip_only": "enable"}, "match-vip-only"),
        ({"srcaddr": '"no network"'}, "address no network (interface-subnet)"),
        ({"srcaddr": '"no address"'}, "address no address (interface-subnet)"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_unknown_by_name_and_never_open(change, why):
    packet = {key: change[key] for key in change.keys() & {"source"}}
    told = {key: value for key, value in change.items() if key != "source"}
    ruleset = read(configuration(policy(1, **told)))
    assert decide(ruleset, Packet(**{**STAFF, **packet})) == ("unknown", why)
    assert "secret-value" not in repr(ruleset)
    # Before a policy that opens the same it makes no difference; before one that denies, or as a denial, it does.
    if told.get("action") != "ipsec":
        assert packet or state(configuration(policy(1, **told), policy(2)))[0] == "open"
        assert state(configuration(policy(1, **{**told, "action": "deny"}), policy(2)))[0] == "unknown"


@each(
    "change",
    [
        {"utm_status": "enable", "av_profile": '"default"', "ips_sensor": '"default"', "application_list": '"block"'},
        {"nat": "enable", "ippool": "enable", "poolname": '"pool"'},
        {"logtraffic": "all", "session_ttl": "300"},
        {"tos_mask": "0x00", "new_in_the_next_release": "disable", "groups": "''"[:0]},
        {"tos_mask": "0x0"},
        {"schedule": None},
        {"internet_service": "disable", "srcaddr_negate": "disable", "reputation_minimum": "0"},
        {"srcintf": None},
        {"srcintf": '"any"'},
        {"srcaddr": '"all"'},
        {"srcaddr": '"nested"'},
        {"srcaddr": '"office"'},
        {"match_vip_only": "disable"},
        {"srcaddr": '"mixed" "staff"'},
        {"srcaddr": '"but-vault"'},
        {"srcaddr": '"around"'},
        {"srcaddr": '"vault"', "srcaddr_negate": "enable"},
        {"service": '"ALL"'},
        {"service": '"HTTPS"'},
        {"service": '"FINGER"'},
        {"service": '"web"'},
        {"service": '"Web Access"'},
        {"service": '"Exchange Server"'},
        {"service": '"HTTP" "both" "ping" "tunnel"', "service_negate": "enable"},
    ],
)
def test_what_says_nothing_about_packets_makes_nothing_unclear(change):
    assert state(configuration(policy(1, **change))) == ("open", "policy 1")


def test_members_of_groups_that_are_understood_are_clear_beside_one_that_is_not():
    text = configuration(policy(1, srcaddr='"mixed"'))
    assert state(text, source="10.0.0.10") == ("open", "policy 1")
    assert state(text) == ("unknown", "address abroad (geography)")
    excluding = configuration(policy(1, srcaddr='"but-vault"'))
    assert state(excluding, source="10.0.0.10")[0] == "closed"
    circle = configuration(policy(1, srcaddr='"circle"'))
    assert state(circle, source="10.0.0.10")[0] == "open"


def test_negation_is_everything_else():
    text = configuration(
        policy(1, srcaddr='"people"', srcaddr_negate="enable", service='"both"', service_negate="enable")
    )
    assert state(text)[0] == "closed"
    assert state(text, source="10.1.0.100") == ("open", "policy 1")
    assert state(text, source="10.1.0.100", protocol="gre")[0] == "open"
    assert state(text, source="10.1.0.100", protocol="udp", port=53)[0] == "closed"
    nothing = configuration(policy(1, service='"ALL"', service_negate="enable"))
    assert state(nothing)[0] == "closed"


def test_services_are_protocols_ports_of_both_ends_and_types():
    low = configuration(policy(1, service='"low-source"'))
    assert [state(low, port=port, source_port=source)[0] for port, source in ((443, 1024), (443, 2049), (444, 9))] == [
        "open", "closed", "open",
    ]  # fmt: skip
    ping = configuration(policy(1, service='"ping"'))
    assert [state(ping, protocol="icmp", port=port)[0] for port in (2048, 2049, 0)] == ["open", "closed", "closed"]
    tunnel = configuration(policy(1, service='"tunnel"'))
    assert [state(tunnel, protocol=one)[0] for one in ("gre", "esp", "tcp")] == ["open", "closed", "closed"]
    both = configuration(policy(1, service='"DNS" "ALL_ICMP" "RLOGIN"'))
    assert [state(both, protocol=one, port=53)[0] for one in ("udp", "tcp", "icmp")] == ["open"] * 3
    assert [state(both, port=513, source_port=source)[0] for source in (512, 1024)] == ["open", "closed"]


def test_both_families_stand_in_one_list():
    six = {"source": "2001:db8::5", "destination": "2001:db8::10"}
    text = configuration(policy(1, srcaddr6='"range6"', dstaddr6='"vault6"', service='"website" "any-ping"'))
    assert state(text)[0] == state(text, **six)[0] == "open"
    assert state(text, source="2001:db8::a", destination="2001:db8::10")[0] == "closed"
    assert state(text, **six, protocol="icmp6", port=0)[0] == "open"
    assert state(configuration(policy(1)), **six)[0] == "closed"
    every = configuration(policy(1, srcaddr6='"all"', dstaddr6='"all"'))
    assert state(every, **six)[0] == "open"
    alone = configuration(
        policy(1, srcaddr='"range6"', dstaddr='"vault6"', srcaddr_negate=None), section="firewall policy6"
    )
    assert state(alone, **six) == ("open", "policy6 1")
    negated = configuration(
        policy(1, srcaddr='"range6"', dstaddr='"vault6"', srcaddr_negate="enable"), section="firewall policy6"
    )
    assert state(negated, **six)[0] == "closed"
    united = configuration(
        policy(1, srcaddr=None, dstaddr=None, srcaddr4='"staff"', dstaddr4='"vault"'),
        section="firewall consolidated policy",
    )
    assert state(united) == ("open", "policy 1")
    services = configuration(policy(1, internet_service6="enable", internet_service6_name='"x"'))
    assert state(services, **six) == ("closed", "implicit deny (policy 0)"), "there is no source of this family"
    assert state(services) == ("unknown", "internet-service"), "of what it brings nothing is clear in the other family"


def test_whether_a_negation_is_for_the_other_family_is_unknown_where_it_is_not_said():
    six = {"source": "2001:db8::5", "destination": "2001:db8::10"}
    both = {"srcaddr6": '"range6"', "dstaddr6": '"vault6"', "srcaddr": '"vault"', "srcaddr_negate": "enable"}
    assert state(configuration(policy(1, **both)), **six) == ("unknown", "srcaddr-negate")
    assert state(configuration(policy(1, **both, srcaddr6_negate="enable")), **six)[0] == "closed"
    assert state(configuration(policy(1, **both, srcaddr6_negate="disable")), **six)[0] == "open"


def test_names_are_kept_as_names():
    (entry, _) = read(configuration(policy(1, dstaddr='"updates"'))).stages[0].entries
    assert entry.matches[0].destination_names == {"updates.example.com"}
    assert not entry.matches[0].destinations
    assert not entry.obscure


def test_zones_are_their_interfaces_and_within_one_that_allows_it_all_is_open():
    text = configuration(policy(1))
    assert state(text, enters="port1", leaves="port4") == ("open", 'zone "inside" intrazone allow')
    denied = text.replace("set intrazone allow", "set intrazone deny")
    assert state(denied, enters="port1", leaves="port4")[0] == "closed"
    ruleset = read(text)
    assert ruleset.sides == {"port1", "port2", "port3", "port4", "inside"}
    wan = (
        'config system sdwan\n    config zone\n        edit "virtual-wan-link"\n        next\n    end\n'
        '    config members\n        edit 1\n            set interface "wan1"\n        next\n        edit 2\n'
        '            set interface "wan2"\n            set zone "second"\n        next\n    end\nend\n'
    )
    inward = configuration(policy(1, srcintf='"virtual-wan-link"'), objects=OBJECTS + wan)
    assert [state(inward, enters=one)[0] for one in ("wan1", "wan2")] == ["open", "closed"]


def test_what_lies_behind_an_interface_is_known_by_addresses_and_routes():
    behind = read(configuration(policy(1))).addresses
    assert int_of("10.9.9.9") in behind["port1"]
    assert int_of("10.0.0.9") in behind["port1"]
    assert int_of("10.9.9.9") not in behind["port2"]
    assert int_of("8.8.8.8") in behind["port2"]
    assert behind["inside"] == behind["port1"]
    assert "port3" not in behind


def int_of(address):
    first, second, third, fourth = map(int, address.split("."))
    return ((first * 256 + second) * 256 + third) * 256 + fourth


def test_lists_before_the_policies_come_first():
    text = configuration(
        policy(1, interface='"port2"', srcintf=None, dstintf=None, action=None, schedule=None), section="firewall acl"
    ) + configuration(policy(1), objects="")
    assert state(text) == ("closed", "acl 1")
    assert state(text, enters="port3")[0] == "closed"


def test_rules_by_application_are_unknown_altogether():
    objects = OBJECTS + "config system settings\n    set ngfw-mode policy-based\nend\n"
    assert state(configuration(policy(1), objects=objects)) == ("unknown", "ngfw-mode policy-based")
