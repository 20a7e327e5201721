"""An SRX's policies, construct by construct. Syntax: Junos OS CLI Reference; the configurations are our own."""

import pytest

from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers.srx import read
from tests.each import each
from tests.engine.existing.devices.deciding import Packet, decide

DEVICE = """
set version 21.4R3.15
set system root-authentication encrypted-password "$6$hunter2"
set system login user admin authentication encrypted-password hunter2
set security ike policy vpn pre-shared-key ascii-text "$9$hunter2"
set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.1/24
set interfaces ge-0/0/1 unit 0 family inet address 10.0.0.1/24
set interfaces ge-0/0/1 unit 0 family inet address here
set routing-options static route 0.0.0.0/0 next-hop 203.0.113.254
set routing-options static route 10.9.0.0/16 next-hop 10.0.0.254
set routing-options static route 10.8.0.0/16 next-hop 172.16.0.1
set routing-options static route 10.7.0.0/16 discard
set security zones security-zone untrust interfaces ge-0/0/0.0
set security zones security-zone trust interfaces ge-0/0/1.0
set security zones security-zone old address-book address own 10.5.0.5/32
set security zones security-zone old address-book address vault 10.5.0.6/32
set security address-book global address vault 10.0.0.10/32
set security address-book global address staff range-address 10.1.0.0 to 10.1.0.99
set security address-book global address six 2001:db8::/64
set security address-book global address updates dns-name Updates.Example.com
set security address-book global address updates4 dns-name updates.example.com ipv4-only
set security address-book global address updates6 dns-name updates.example.com ipv6-only
set security address-book global address odd wildcard-address 10.0.0.1/255.0.0.255
set security address-book global address bad 10.0.0.0/33
set security address-book global address-set people address staff
set security address-book global address-set people address vault
set security address-book global address-set nested address-set people
set security address-book global address-set nested description "who may"
set security address-book global address-set mixed address vault
set security address-book global address-set mixed address odd
set security address-book global address-set round address-set circle
set security address-book global address-set circle address-set round
set security address-book mine address vault 10.6.0.6/32
set security address-book mine attach zone lab
set applications application web protocol tcp
set applications application web destination-port https
set applications application web inactivity-timeout 600
set applications application high term one protocol tcp destination-port 8000-8009
set applications application high term two protocol udp source-port 5 destination-port 53
set applications application any-tcp protocol 6
set applications application tunnel protocol gre
set applications application echo protocol icmp icmp-type echo-request icmp-code 0
set applications application six protocol icmp6 icmp6-type 128
set applications application all-icmp protocol icmp
set applications application rpc protocol tcp rpc-program-number 100003
set applications application bad protocol tcp destination-port x
set applications application frob protocol frob
set applications application bad-type protocol icmp icmp-type x
set applications application bad-code protocol icmp icmp-type 8 icmp-code x
set applications application empty description nothing
set applications application two protocol tcp
set applications application two protocol udp
set applications application-set apps application web
set applications application-set apps application-set more
set applications application-set more application high
set applications application-set more application echo
"""
PAIR = "set security policies from-zone untrust to-zone trust policy {} {}"
STAFF = {"source": "10.1.0.5", "destination": "10.0.0.10", "enters": "untrust", "leaves": "trust"}
PLAIN = {"source-address": "staff", "destination-address": "vault", "application": "web"}


def policy(name="one", *, then="permit", pair=PAIR, **changes):
    """A policy that matches the plain things, but for changes; None takes one away, _ stands for a hyphen."""
    said = {**PLAIN, **{key.replace("_", "-"): value for key, value in changes.items()}}
    lines = [
        f"match {key} {one}"
        for key, value in said.items()
        if value is not None
        for one in ([value] if isinstance(value, str) else value)
    ]
    return "\n".join(pair.format(name, line) for line in [*lines, f"then {then}"])


def configuration(*lines):
    return "\n".join([DEVICE, *lines, ""])


def state(*lines, **packet):
    return decide(read(configuration(*lines)), Packet(**{**STAFF, **packet}))


NAME = "from-zone untrust to-zone trust policy one"


def test_a_policy_opens_what_it_says_and_nothing_else():
    assert state(policy()) == ("open", NAME)
    for other in (
        {"port": 444}, {"source": "10.1.0.100"}, {"destination": "10.0.0.11"}, {"protocol": "udp"}, {"enters": "dmz"},
        {"leaves": "dmz"},
    ):  # fmt: skip
        assert state(policy(), **other) == ("closed", "default-policy deny-all"), other
    assert state(policy(), enters="ge-0/0/0.0", leaves="ge-0/0/1.0")[0] == "open"
    described = configuration(policy(), PAIR.format("one", 'description "for \\"INT-10\\""'))
    ruleset = read(described)
    assert ruleset.stages[0].entries[0].comment == 'for "INT-10"'
    assert ruleset.sides == {"untrust", "trust", "old", "ge-0/0/0.0", "ge-0/0/1.0"}
    assert "hunter2" not in repr(ruleset)


def test_policies_come_in_their_order_then_global_ones_then_the_default():
    deny = policy("no", then="deny")
    assert state(deny, policy()) == ("closed", "from-zone untrust to-zone trust policy no")
    assert state(policy(), deny)[0] == "open"
    moved = "insert security policies from-zone untrust to-zone trust policy one before policy no"
    assert state(deny, policy(), moved)[0] == "open"
    assert (
        state(policy(), deny, moved.replace("policy one before policy no", "policy one after policy no"))[0]
        == "closed"
    )
    assert state(deny, policy(), moved, moved.replace("before", "after"))[0] == "closed"
    assert state(deny, policy(), moved.replace("policy no", "policy gone"), "insert security x")[0] == "closed"
    everywhere = policy("all", pair="set security policies global policy {} {}")
    assert state(deny, everywhere)[0] == "closed"
    assert state(everywhere, enters="a", leaves="b") == ("open", "global policy all")
    narrow = policy("all", pair="set security policies global policy {} {}", from_zone="untrust", to_zone="any")
    assert [state(narrow, enters=one)[0] for one in ("untrust", "trust")] == ["open", "closed"]
    assert state("set security policies default-policy permit-all") == ("open", "default-policy permit-all")
    assert state("set security policies default-policy frob")[0] == "unknown"
    assert state(policy(then="reject"))[0] == "closed"


def test_what_is_inactive_is_none():
    off = "deactivate security policies from-zone untrust to-zone trust policy no"
    deny = policy("no", then="deny")
    assert state(deny, policy(), off)[0] == "open"
    assert state(deny, policy(), off, off.replace("deactivate", "activate"))[0] == "closed"
    assert state(deny, policy(), off.replace("deactivate", "delete"))[0] == "open"
    part = "deactivate security policies from-zone untrust to-zone trust policy one match source-address staff"
    assert state(policy(source_address=["staff", "six"]), part)[0] == "closed"
    assert state(policy(), "deactivate security policies from-zone gone to-zone trust")[0] == "open"
    insert = "insert security policies from-zone untrust to-zone trust policy one before policy no"
    assert state(deny, policy(), insert, off, "delete security policies from-zone untrust to-zone trust policy no")[
        0
    ] == ("open")


@each(
    "change",
    [
        {"source_address": "people"}, {"source_address": "nested"}, {"source_address": "any"},
        {"source_address": "any-ipv4"}, {"source_address": ["mixed", "staff"]},
        {"source_address": "vault", "source_address_excluded": ""}, {"application": "any"},
        {"application": "junos-https"}, {"application": "apps"}, {"application": "any-tcp"},
        {"application": "junos-tcp-any"}, {"source_identity": "any", "dynamic_application": "none"},
        {"then": "permit application-services idp"}, {"then": "log session-close"},
    ],
)  # fmt: skip
def test_what_is_understood_is_open(change):
    more = PAIR.format("one", "then permit")
    assert state(policy(**change), more) == ("open", NAME)


@each(
    ("change", "why"),
    [
        ({"source_address": "odd"}, "address odd (wildcard-address)"),
        ({"source_address": "bad"}, "address bad (10.0.0.0/33)"),
        ({"source_address": "mixed"}, "address odd (wildcard-address)"),
        ({"source_address": "round"}, "address round, which contains itself"),
        ({"source_address": "own"}, "address own, which isn't there"),
        ({"source_address": "updates", "source_address_excluded": ""}, "not fqdn updates.example.com"),
        ({"source_address": None}, "no source-address"),
        ({"application": None}, "no application"),
        ({"application": "gone"}, "application gone, which isn't there"),
        ({"application": "junos-frob"}, "application junos-frob, which isn't there"),
        ({"application": "rpc"}, "application rpc"),
        ({"application": "bad"}, "application bad"),
        ({"application": "frob"}, "application frob"),
        ({"application": "bad-type"}, "application bad-type"),
        ({"application": "bad-code"}, "application bad-code"),
        ({"application": "two"}, "application two"),
        ({"application": "empty"}, "application empty"),
        ({"source_identity": "anna"}, "source-identity anna"),
        ({"dynamic_application": "junos:SSH"}, "dynamic-application junos:SSH"),
        ({"then": "permit tunnel ipsec-vpn x"}, "permit tunnel"),
        ({"then": "permit firewall-authentication web"}, "permit firewall-authentication"),
    ],
)
def test_what_is_not_understood_is_unknown_by_name_and_never_open(change, why):
    assert state(policy(**change)) == ("unknown", why)
    assert state(policy(**change), policy("two"))[0] == "open"
    if "then" not in change:
        assert state(policy(**change, then="deny"), policy("two")) == ("unknown", why)


@each(
    ("line", "why"),
    [
        ("scheduler-name nights", "scheduler-name nights"), ("frob", "frob"), ("then frob", "then frob"),
    ],
)  # fmt: skip
def test_what_stands_beside_a_match_is_unknown_as_well(line, why):
    assert state(policy(), PAIR.format("one", line)) == ("unknown", why)
    assert state(policy(then="log session-init")) == ("unknown", "no action")


def test_applications_are_protocols_ports_of_both_ends_and_types():
    apps = policy(application="apps")
    for packet, found in (
        ({"port": 8009}, "open"), ({"port": 53, "protocol": "udp", "source_port": 5}, "open"),
        ({"port": 53, "protocol": "udp"}, "closed"), ({"port": 2048, "protocol": "icmp"}, "open"),
        ({"port": 2049, "protocol": "icmp"}, "closed"),
    ):  # fmt: skip
        assert state(apps, **packet)[0] == found
    assert state(policy(application="tunnel"), protocol="gre")[0] == "open"
    assert state(policy(application="all-icmp"), protocol="icmp", port=9)[0] == "open"
    assert state(policy(application="junos-ping"), protocol="icmp", port=2048)[0] == "open"
    assert state(policy(application="junos-icmp-all"), protocol="icmp", port=9)[0] == "open"
    assert state(policy(application="junos-smb"), port=139)[0] == "open"
    assert state(policy(application="junos-gre"), protocol="gre")[0] == "open"
    six = {"source": "2001:db8::5", "destination": "2001:db8:1::1", "protocol": "icmp6", "port": 32768}
    wide = policy(application="six", source_address="six", destination_address="any-ipv6")
    assert state(wide, **six)[0] == "open"


def test_what_is_written_in_one_line_is_read_as_in_several():
    line = "match source-address vault source-address-excluded destination-address any application any then permit"
    one = PAIR.format("one", line.partition(" then ")[0])
    then = PAIR.format("one", "then permit")
    assert state(one, then)[0] == "open"
    assert state(one, then, source="10.0.0.10")[0] == "closed"


def test_books_of_zones_come_before_the_global_one():
    old = PAIR.replace("untrust", "old")
    assert state(policy(source_address="own", pair=old), source="10.5.0.5", enters="old")[0] == "open"
    assert state(policy(source_address="vault", pair=old), source="10.5.0.6", enters="old")[0] == "open"
    lab = PAIR.replace("untrust", "lab")
    assert state(policy(source_address="vault", pair=lab), source="10.6.0.6", enters="lab")[0] == "open"
    assert state(policy(source_address="staff", pair=lab), enters="lab")[0] == "open"


def test_names_are_kept_as_names_of_their_families():
    for name, families in (("updates", [4, 6]), ("updates4", [4]), ("updates6", [6])):
        entry = read(configuration(policy(source_address="any", destination_address=name))).stages[0].entries[0]
        assert [one.family for one in entry.matches] == families
        assert {one.destination_names for one in entry.matches} == {frozenset({"updates.example.com"})}


def test_what_lies_behind_a_zone_is_known_by_addresses_and_routes():
    behind = read(configuration(policy())).addresses
    assert (10 << 24) + (9 << 16) in behind["trust"]
    assert (8 << 24) in behind["untrust"]
    assert (10 << 24) + (8 << 16) in behind["untrust"]


def test_policies_that_stand_elsewhere_make_all_of_it_unknown():
    group = "set groups G security policies from-zone a to-zone b policy c then permit"
    assert state(policy(), group)[0] == "open", "nothing puts it in"
    assert state(policy(), group, "set apply-groups G") == (
        "unknown", "groups G: give what show configuration | display inheritance | display set prints",
    )  # fmt: skip
    assert state(policy(then="deny"), group)[0] == "closed"
    assert state(policy(then="deny"), group, "set apply-groups G")[0] == "unknown", "it may permit before"
    assert state(policy(), "set groups G system host-name x", "set apply-groups G")[0] == "open"
    assert state(policy(), f"set logical-systems L {PAIR.format('x', 'then permit')[4:]}") == (
        "unknown", "logical-systems L",
    )  # fmt: skip
    assert state(policy(), "set tenants T security zones security-zone x")[0] == "open"


@each(
    ("text", "sentence"),
    [
        ("", "no line begins with set"),
        ("set\nhostname x\n", "no line begins with set"),
        ("security { policies { } }\n", "no line begins with set"),
        ("set x\nset security" + " a" * 10_000, "Line 2 has more than 200 words"),
    ],
)
def test_what_can_not_be_read_is_told_in_a_sentence(text, sentence):
    with pytest.raises(Unreadable, match=sentence):
        read(text)


def test_too_many_words_are_refused(monkeypatch):
    monkeypatch.setattr("planner.engine.existing.devices.srx_tree._MOST", 10)
    with pytest.raises(Unreadable, match="more than 10 words that are kept"):
        read(configuration(policy()))


FILTER = "set firewall family inet filter F term {}"
AT = "set interfaces ge-0/0/0 unit 0 family inet filter {} F"


@each(
    ("place", "said"),
    [
        (AT.format("input"), "firewall filter F at ge-0/0/0.0"),
        (AT.format("input-list"), "firewall filter F at ge-0/0/0.0"),
        (AT.format("output").replace("ge-0/0/0", "ge-0/0/1"), "firewall filter F at ge-0/0/1.0"),
        ("set forwarding-options family inet filter input F", "firewall filter F for all that is forwarded"),
    ],
)
def test_a_filter_that_may_refuse_makes_what_it_looks_at_unknown(place, said):
    assert state(policy(), place) == ("unknown", said), "what no term matches is discarded"
    assert state(policy(), place, FILTER.format("a then discard")) == ("unknown", said)
    assert state(policy(), place, FILTER.format("a from port 22"), FILTER.format("a then accept"))[0] == "unknown"
    counts = [FILTER.format("a from port 22"), FILTER.format("a then count x"), FILTER.format("b then accept")]
    assert state(policy(), place, *counts)[0] == "open", "all of it goes on"


def test_a_filter_elsewhere_says_nothing():
    old = "set firewall filter F term a then accept"
    for place in (
        AT.format("output"),
        AT.format("input").replace("ge-0/0/0", "lo0"),
        AT.format("input").replace("inet", "inet6"),
        AT.format("group"),
    ):
        assert state(policy(), place)[0] == "open"
    assert state(policy(), AT.format("input"), old)[0] == "open"


@each("applied", ["set apply-groups X", "set security policies apply-groups X", "set interfaces apply-groups X"])
def test_groups_that_are_applied_within_count_as_those_of_all(applied):
    bears = [
        "set groups X security policies from-zone <*> to-zone <*> policy <*> then deny",
        "set groups X interfaces <*> unit <*> family inet filter input F",
        "set groups X forwarding-options family inet filter input F",
        "set groups X security forwarding-options family mpls mode packet-based",
    ]
    for line in bears:
        assert state(policy(), applied, line)[0] == "unknown"
        assert state(policy(), line)[0] == "open", "applied nowhere"
    assert state(policy(), applied, "set groups X forwarding-options dhcp-relay server-group a")[0] == "open"


def test_policies_for_the_device_itself_are_for_nothing_that_goes_through():
    for pair in ("from-zone untrust to-zone junos-host", "from-zone junos-host to-zone trust"):
        own = policy("own", then="deny", pair=f"set security policies {pair} policy {{}} {{}}")
        assert state(own, policy()) == state(policy())


def test_a_policy_that_says_two_things_is_not_understood():
    assert state(policy(then="permit"), policy(then="deny")) == ("unknown", "then permit and deny")


@each(
    ("line", "four", "six"),
    [
        ("mpls mode packet-based", "unknown", "unknown"),
        ("inet6 mode packet-based", "open", "unknown"),
        ("inet6 mode drop", "open", "unknown"),
        ("mpls mode flow-based", "open", "open"),
        ("inet6 mode flow-based", "open", "open"),
        ("iso mode packet-based", "open", "open"),
    ],
)
def test_packets_that_no_policy_is_asked_about_are_unknown(line, four, six):
    every = policy(source_address="any", destination_address="any")
    mode = f"set security forwarding-options family {line}"
    said = f"forwarding-options family {line}"
    ends = {"source": "2001:db8::5", "destination": "2001:db8:1::1"}
    for packet, found in (({}, four), (ends, six)):
        assert state(every, mode, **packet) == (found, said if found == "unknown" else NAME)
    assert state(mode)[0] == ("unknown" if four == "unknown" else "closed"), "without policies"
