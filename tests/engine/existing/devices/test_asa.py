"""An ASA's lists, construct by construct. Syntax: Cisco ASA CLI Configuration Guides; our own configurations."""

import pytest

from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers.asa import read
from tests.each import each
from tests.engine.existing.devices.deciding import Packet, decide

DEVICE = """: Saved
ASA Version 9.16(4)
enable password $sha512$5000$hunter2 pbkdf2
username admin password hunter2 encrypted
name 10.0.0.77 named-host
!
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 203.0.113.1 255.255.255.0 standby 203.0.113.2
!
interface GigabitEthernet0/1
 nameif inside
 ip address 10.0.0.1 255.255.255.0
!
interface GigabitEthernet0/2
 nameif dmz
 security-level 50
 ip address 192.0.2.1 255.255.255.0
!
interface GigabitEthernet0/3
 nameif lab
 security-level 50
!
interface GigabitEthernet0/4
 shutdown
 nameif off
 security-level 50
!
interface Management0/0
 no nameif
 security-level high
!
interface Management0/1
 nameif strange
 security-level high
 ip address dhcp setroute
!
hostname asa
 security-level 100
object network vault
 host 10.0.0.10
 ! nothing
object network staff
 range 10.1.0.0 10.1.0.99
object network office
 subnet 10.1.0.0 255.255.255.0
object network six
 subnet 2001:db8::/64
object network updates
 fqdn v4 Updates.Example.com
object network anywhere
 fqdn updates.example.org
object network crooked
 subnet 10.0.0.0 255.0.255.0
object network empty
 description nothing yet
object network long
 host 10.0.0.1 10.0.0.2 10.0.0.3
object network-service apps
 domain example.com tcp eq https
object service web
 service tcp destination eq https
object service low
 service udp source range 1 1023 destination lt 100
object service tunnel
 service gre
object service said-twice
 service tcp destination eq 443 more
object service unknown-port
 service tcp destination eq kerberos
object service nothing
 description empty
object-group network people
 description who may
 network-object object staff
 network-object host 10.2.0.1
 network-object 10.3.0.0 255.255.0.0
 network-object 2001:db8::/64
 network-object host named-host
object-group network nested
 group-object people
object-group network odd
 network-object object vault
 security-group name HR
object-group network broken
 network-object 10.0.0.0 255.0.255.0
object-group service ports tcp
 description INT-10: people
 port-object eq https
 port-object range 8000 8009
object-group service more-ports tcp
 group-object ports
 port-object neq 22
object-group service both tcp-udp
 port-object eq domain
object-group service mixed
 service-object tcp destination eq 443
 service-object tcp-udp destination gt 65000
 service-object object tunnel
 service-object icmp echo
 service-object icmp6 echo 0
 group-object inner
object-group service inner
 service-object udp destination eq ntp
 service-object esp
object-group service strange tcp
 port-object eq 443
 port-strange eq 443
object-group service broken-ports tcp
 port-object eq frobnicate
object-group protocol stream
 protocol-object tcp
 protocol-object udp
object-group icmp-type pings
 icmp-object echo
 icmp-object neighbor-solicitation
object-group user somebody
 user EXAMPLE\\hunter2
route outside 0.0.0.0 0.0.0.0 203.0.113.254 1
route inside 10.9.0.0 255.255.0.0 10.0.0.254 1
route inside broken
route inside from here 10.0.0.254 1
"""
STAFF = {"source": "10.1.0.5", "destination": "10.0.0.10", "enters": "outside", "leaves": "inside"}


def configuration(*lines, bound="access-group IN in interface outside", more=""):
    return "\n".join([DEVICE, " ", *(f"access-list IN {line}" for line in lines), bound, more, ""])


def state(*lines, bound="access-group IN in interface outside", more="", **packet):
    return decide(read(configuration(*lines, bound=bound, more=more)), Packet(**{**STAFF, **packet}))


def is_open(line, **packet):
    found, why = state(f"extended permit {line}", **packet)
    assert found != "unknown", why
    return found == "open"


@each(
    ("line", "inside", "outside"),
    [
        ("tcp any any eq https", {}, {"port": 444}),
        ("tcp host 10.1.0.5 host 10.0.0.10", {"port": 9}, {"protocol": "udp"}),
        ("tcp 10.1.0.0 255.255.255.0 any4", {}, {"source": "10.2.0.0"}),
        ("tcp object staff object vault range 440 443", {}, {"source": "10.1.0.100"}),
        ("tcp object office any gt 442", {}, {"port": 442}),
        ("tcp object office any lt 444", {}, {"port": 444}),
        ("tcp object office any lt 0", {"port": 0, "protocol": "icmp", "destination": "x"}, {}),
        ("tcp object office any neq 22", {}, {"port": 22}),
        ("tcp any eq 50000 any", {}, {"source_port": 50001}),
        ("tcp object-group people object vault object-group ports", {"port": 8009}, {"port": 8010}),
        ("tcp object-group nested any object-group more-ports", {}, {"port": 22}),
        ("tcp object-group people object-group ports any", {"source_port": 443}, {}),
        ("udp any any object-group both", {"protocol": "udp", "port": 53}, {"protocol": "udp", "port": 54}),
        ("object-group mixed any any", {}, {"port": 444}),
        ("object-group mixed any any", {"protocol": "udp", "port": 123}, {"protocol": "udp", "port": 124}),
        ("object-group mixed any any", {"protocol": "esp"}, {"protocol": "icmp", "port": 0}),
        ("object-group mixed any any", {"protocol": "icmp", "port": 2048}, {"protocol": "icmp", "port": 0}),
        ("object-group stream any any eq 443", {"protocol": "udp"}, {"protocol": "icmp", "port": 443}),
        ("object-group stream any eq 50000 any", {}, {"source_port": 1}),
        ("object web any any", {}, {"port": 80}),
        ("object low any any", {"protocol": "udp", "port": 99, "source_port": 5}, {"protocol": "udp", "port": 99}),
        ("icmp any any", {"protocol": "icmp", "port": 7}, {}),
        ("icmp any any echo", {"protocol": "icmp", "port": 2048}, {"protocol": "icmp", "port": 0}),
        ("icmp any any 3 4", {"protocol": "icmp", "port": 772}, {"protocol": "icmp", "port": 771}),
        ("icmp any any echo log", {"protocol": "icmp", "port": 2050}, {}),
        ("icmp any any object-group pings", {"protocol": "icmp", "port": 2048}, {"protocol": "icmp", "port": 0}),
        ("gre any any", {"protocol": "gre"}, {"protocol": "esp"}),
        ("47 any any", {"protocol": "gre"}, {}),
        ("ip host named-host any", {"source": "10.0.0.77"}, {}),
        ("ip any any log warnings interval 300", {"protocol": "udp"}, {}),
        ("ip any any log disable", {}, {"enters": "dmz"}),
        ("tcp 2001:db8::/64 any6 eq 443", {"source": "2001:db8::1", "destination": "2001:db8:1::1"}, {}),
        ("tcp object six host 2001:db8:1::1", {"source": "2001:db8::1", "destination": "2001:db8:1::1"}, {}),
        ("icmp6 any any echo", {"source": "2001:db8::1", "destination": "2001:db8:1::1", "protocol": "icmp6",
                                "port": 32768}, {}),
    ],
)  # fmt: skip
def test_an_entry_is_for_the_packets_that_it_says(line, inside, outside):
    if "x" not in inside.values():
        assert is_open(line, **inside)
    if outside or "x" in inside.values():
        assert not is_open(line, **outside)


@each(
    ("line", "why"),
    [
        ("tcp any any eq kerberos", "port kerberos"),
        ("tcp any any eq", "a line that ends too early"),
        ("tcp any any range 9 1", "range 9 1"),
        ("frob any any", "protocol frob"),
        ("icmp any any frob", "icmp-type frob"),
        ("tcp any interface inside", "interface inside"),
        ("tcp any object-group-network-service apps", "object-group-network-service apps"),
        ("tcp user EXAMPLE\\anna any any", "user EXAMPLE\\anna"),
        ("tcp any security-group name HR any", "security-group name HR"),
        ("tcp object-group-user somebody any any", "object-group-user somebody"),
        ("tcp any any eq 443 time-range nights", "time-range nights"),
        ("tcp any any eq 443 established", "established"),
        ("tcp object gone any", "object gone, which isn't there"),
        ("tcp object empty any", "object empty, which isn't there"),
        ("tcp object long any", "object long (host)"),
        ("tcp object crooked any", "object crooked (subnet)"),
        ("tcp 10.0.0.0 255.0.255.0 any", "10.0.0.0"),
        ("tcp host nobody any", "host any"),
        ("tcp 10.1.0.0/x any", "10.1.0.0/x"),
        ("object-group gone any any", "object gone, which isn't there"),
        ("object said-twice any any", "object said-twice (more)"),
        ("object unknown-port any any", "object unknown-port (port kerberos)"),
        ("object nothing any any", "object nothing"),
        ("object web any any eq kerberos", "eq"),
        ("tcp object-group odd any", "object-group odd (security-group)"),
        ("tcp object-group broken any", "object-group broken"),
        ("tcp any any object-group broken-ports", "object-group broken-ports (port frobnicate)"),
    ],
)
def test_what_is_not_understood_is_unknown_by_name_and_never_open(line, why):
    assert state(f"extended permit {line}") == ("unknown", why)
    assert state(f"extended deny {line}", "extended permit ip any any") == ("unknown", why)
    assert state(f"extended permit {line}", "extended permit ip any any")[0] == "open"


def test_members_that_are_understood_are_clear_beside_one_that_is_not():
    line = "extended permit tcp object-group odd any object-group strange"
    assert state(line, source="10.0.0.10")[0] == "open"
    assert state(line)[0] == "unknown"
    assert state(line, source="10.0.0.10", port=9)[0] == "unknown"
    strange = "extended permit tcp any any object-group strange"
    assert state(strange, port=9) == ("unknown", "object-group strange (port-strange)")
    assert state("extended permit tcp any object-group strange any")[0] == "unknown"


def test_the_first_entry_decides_and_the_end_denies():
    lines = ("remark for rule INT-10", "extended deny tcp any host 10.0.0.10 eq 443", "extended permit ip any any")
    assert state(*lines) == ("closed", "access-list IN extended deny tcp any host 10.0.0.10 eq 443")
    assert state(*lines, port=444)[0] == "open"
    assert state("extended permit udp any any") == ("closed", "implicit deny of access-list IN")
    assert state("extended deny tcp any any inactive", "line 2 extended permit ip any any")[0] == "open"
    assert state("extended permit ip any any inactive") == ("closed", "implicit deny of access-list IN")
    assert state("extended frob ip any any") == ("unknown", "frob")
    assert state("standard permit 10.0.0.0 255.0.0.0", "x") == ("unknown", "access-list IN, which isn't there")
    entry = read(configuration(*lines)).stages[1].entries[0]
    assert entry.comment == "for rule INT-10"
    described = read(configuration("extended permit tcp any any object-group ports")).stages[1].entries[0]
    assert described.comment == "INT-10: people"


def test_names_are_kept_as_names():
    entries = read(configuration("extended permit ip any object updates", "extended permit ip object anywhere any"))
    first, second = entries.stages[1].entries[:2]
    assert [one.destination_names for one in first.matches] == [{"updates.example.com"}]
    assert [one.source_names for one in second.matches] == [{"updates.example.org"}] * 2


def test_without_a_list_security_levels_decide():
    levels = {"bound": "", "protocol": "udp", "port": 9}
    assert state(**{**levels, "enters": "inside", "leaves": "outside"})[0] == "open"
    assert state(**{**levels, "enters": "dmz", "leaves": "outside"}) == (
        "open", "security-level 50 of dmz, to lower ones",
    )  # fmt: skip
    assert state(**{**levels, "enters": "outside", "leaves": "dmz"}) == ("closed", "security levels")
    assert state(**{**levels, "enters": "dmz", "leaves": "lab"}) == ("closed", "security-level 50 of both interfaces")
    alike = "same-security-traffic permit inter-interface"
    assert state(**{**levels, "enters": "dmz", "leaves": "lab"}, more=alike)[0] == "open"
    bound = "access-group IN in interface dmz"
    wide = {"bound": bound, "enters": "dmz", "leaves": "lab"}
    assert state("extended permit ip any any", **wide)[0] == "closed", "levels alike close it, whatever the list says"
    assert state("extended permit ip any any", **wide, more=alike)[0] == "open"
    assert state("extended permit ip any any", bound=bound, enters="lab", leaves="outside")[0] == "open"


def test_the_global_list_comes_after_that_of_the_interface():
    more = "access-list ALL extended permit tcp any any eq 443\naccess-group ALL global"
    assert state("extended deny tcp any host 10.0.0.9", more=more)[0] == "open"
    assert state("extended deny tcp any any", more=more)[0] == "closed"
    assert state("extended permit udp any any", more=more, port=444) == ("closed", "implicit deny of access-list ALL")
    assert state("extended permit udp any any", more=more, enters="inside", leaves="outside")[0] == "open"


def test_a_list_for_leaving_has_to_admit_it_too():
    out = "access-list OUT extended permit tcp any any eq 80\naccess-group OUT out interface inside"
    assert state("extended permit ip any any", more=out) == ("closed", "implicit deny of access-list OUT")
    assert state("extended permit ip any any", more=out, port=80)[0] == "open"
    assert state("extended permit ip any any", more=out, leaves="dmz")[0] == "open"


def test_lists_for_the_device_itself_and_those_that_are_not_bound_say_nothing():
    assert (
        state(bound="access-group IN in interface outside control-plane", enters="dmz", leaves="outside")[0] == "open"
    )
    assert state("extended permit ip any any", bound="access-group IN") == ("closed", "security levels")


def test_lists_of_old_releases_for_ipv6_are_of_that_family():
    more = "ipv6 access-list IN permit tcp any host 2001:db8::1 eq 443"
    six = {"source": "2001:db8::5", "destination": "2001:db8::1"}
    assert state(more=more, **six)[0] == "open"
    assert state(more=more.replace("host 2001:db8::1", "any"))[0] == "closed"
    assert state(more="ipv6 access-list IN permit frob", source="10.0.0.1")[0] == "closed"
    assert state(more="ipv6 access-list IN permit frob", **six) == ("unknown", "protocol frob")


OLD = DEVICE.replace("9.16(4)", "8.6(1)")
SIX = {"source": "2001:db8::5", "destination": "2001:db8::1"}


def old(*lines, **packet):
    text = "\n".join([OLD, " ", *lines, ""])
    return decide(read(text), Packet(**{**STAFF, **packet}))


def test_before_9_0_an_interface_has_a_list_for_each_family():
    four = ("access-list IN extended permit tcp any any eq 443", "access-group IN in interface outside")
    six = ("ipv6 access-list IN-V6 permit tcp any any eq 80", "access-group IN-V6 in interface outside")
    for lines in ((*four, *six), (*six, *four)):
        assert old(*lines) == ("open", four[0])
        assert old(*lines, port=80) == ("closed", "implicit deny of access-list IN")
        assert old(*lines, **SIX, port=80) == ("open", six[0])
        assert old(*lines, **SIX) == ("closed", "implicit deny of access-list IN-V6")
    inward = {"enters": "inside", "leaves": "outside"}
    bound = (four[0], "access-group IN in interface inside")
    assert old(*bound, **inward, port=80)[0] == "closed"
    assert old(*bound, **inward, **SIX, port=80)[0] == "open", "levels decide of the family without a list"
    assert old(four[0], "access-group IN out interface outside", **inward, port=80)[0] == "closed"
    assert old(four[0], "access-group IN out interface outside", **inward, **SIX, port=80)[0] == "open"
    both = (four[0], six[0], "access-group IN global", "access-group IN-V6 in interface outside")
    assert old(*both, enters="dmz")[0] == "open"
    assert old(*both, enters="dmz", port=80) == ("closed", "implicit deny of access-list IN")
    assert old(*both, **SIX, port=80)[0] == "open"
    assert old(*both, **SIX) == ("closed", "implicit deny of access-list IN-V6")
    assert old(*both, **SIX, **inward)[0] == "open", "levels again"


@each("line", [
    "ASA Version 8.2(5)", "ASA Version 7.0(8)", "PIX Version 8.0(4)", "FWSM Version 4.1(6)",
    "static (inside,outside) 203.0.113.10 10.0.0.10 netmask 255.255.255.255",
])  # fmt: skip
def test_a_release_whose_lists_say_translated_addresses_is_refused(line):
    with pytest.raises(Unreadable, match=r"before ASA 8\.3, whose access lists say translated addresses"):
        read(configuration(more=line))
    assert read(configuration(more="ASA Version 8.20(1)"))


def test_without_interfaces_what_no_list_decides_is_unknown():
    lines = "access-list IN extended permit tcp any any eq 443\n"
    bound = "access-group IN in interface outside\n"
    packet = Packet(**STAFF)
    assert decide(read(lines + bound), packet)[0] == "open"
    assert decide(read(lines + bound), Packet(**{**STAFF, "enters": "dmz"}))[0] == "unknown"
    assert decide(read(lines), packet) == ("unknown", "security levels, which aren't there")
    assert decide(read(f"! {bound}{lines}"), packet)[0] == "open", "as our own files say it"
    assert decide(read(f"! {bound}{lines}access-group X in interface dmz\n"), packet)[0] == "unknown"


def test_what_lies_behind_an_interface_is_known_by_addresses_and_routes():
    ruleset = read(configuration())
    assert (10 << 24) + (9 << 16) in ruleset.addresses["inside"]
    assert (8 << 24) in ruleset.addresses["outside"]
    assert ruleset.sides == {"outside", "inside", "dmz", "lab", "strange"}
    assert "hunter2" not in repr(ruleset)


@each("text", ["hostname x\n", "config firewall policy\nend\n", "!\n", "<config/>"])
def test_what_is_no_configuration_is_told_in_a_sentence(text):
    with pytest.raises(Unreadable, match="This is no configuration of an ASA"):
        read(text)


def test_more_interfaces_than_any_device_has_are_refused_as_each_two_have_levels():
    text = "".join(f"interface e{number}\n nameif n{number}\n security-level 0\n" for number in range(1_501))
    with pytest.raises(Unreadable, match=r"has 1,501 named interfaces; at most 1,500 are read"):
        read(text)


@each("word", ["shutdown", "management-only"])
@each("name", ["outside", "inside"])
def test_an_interface_that_lets_nothing_through_closes_what_lists_permit(word, name):
    device = configuration("extended permit ip any any").replace(f" nameif {name}\n", f" nameif {name}\n {word}\n")
    assert decide(read(device), Packet(**STAFF)) == ("closed", f"{word} of {name}")
    assert state("extended permit ip any any", more=f"interface Vlan9\n {word}")[0] == "open", "one without a name"


def test_an_interface_within_one_that_is_switched_off_lets_nothing_through():
    """Cisco, “Default State of Interfaces”: for traffic to pass a subinterface, the physical one has to be enabled."""
    permits, on, off = "extended permit ip any any", "interface Gi0/5", "interface Gi0/5\n shutdown"
    within = "interface Gi0/5.7\n nameif vlan\n security-level 50"
    for lower, upper in ((on, within), (within, on)):
        assert state(permits, more=f"{lower}\n{upper}", leaves="vlan")[0] == "open"
    for more in (f"{off}\n{within}", f"{within}\n{off}"):
        assert state(permits, more=more, leaves="vlan") == ("closed", "shutdown of Gi0/5, which vlan is within")
        assert state(more=more, enters="vlan", leaves="outside")[0] == "closed"


def test_between_equal_levels_all_goes_where_that_is_permitted_and_no_list_says_otherwise():
    alike = {"enters": "dmz", "leaves": "lab"}
    both = "same-security-traffic permit inter-interface"
    assert state(**alike)[0] == "closed"
    assert state(more=both, **alike) == ("open", "security-level 50 of dmz, to equal and lower ones")
    assert (
        state(more=f"{both}\naccess-group OUT in interface dmz\naccess-list OUT deny ip any any", **alike)[0]
        == "closed"
    )
    assert state(more="same-security-traffic permit intra-interface", **alike)[0] == "closed"


def test_out_by_the_interface_that_it_came_in_by_goes_only_what_is_permitted_to():
    assert read(configuration()).apart, "an interface of another name is another one"
    back = {"enters": "dmz", "leaves": "dmz"}
    both, within = (f"same-security-traffic permit {which}-interface" for which in ("inter", "intra"))
    open_list = {"bound": "access-group IN in interface dmz", **back}
    assert state(**back) == state(more=both, **back) == ("closed", "no way back out of dmz")
    assert state("extended permit ip any any", **open_list) == ("closed", "no way back out of dmz")
    assert state(more=within, **back) == ("open", "same-security-traffic, back out of dmz")
    assert state("extended permit ip any any", more=within, **open_list)[0] == "open"
    assert state("extended deny ip any any", more=within, **open_list)[0] == "closed"


def test_lines_of_other_kinds_are_not_passed_over():
    permits = "extended permit ip any any"
    assert state("advanced deny ip any any", permits) == ("unknown", "advanced")
    assert state("deny ip any any", permits) == ("closed", "access-list IN deny ip any any")
    for kind in ("standard deny any", "ethertype deny any", "webtype deny tcp any"):
        assert state(kind, permits)[0] == "open"


def test_a_word_of_an_object_is_no_word_of_the_line():
    named = "object network inactive\n subnet 10.0.0.0 255.0.0.0\nobject-group network inactive\n network-object any4"
    for kind in ("object", "object-group"):
        assert state(f"extended deny ip any {kind} inactive", "extended permit ip any any", more=named)[0] == "closed"
    assert state("extended deny ip any any inactive", "extended permit ip any any")[0] == "open"
    own = "access-group control-plane in interface outside\naccess-list control-plane extended permit ip any any"
    assert state(bound="", more=own)[0] == "open"


def test_a_port_that_is_not_understood_is_in_doubt_beside_a_group_of_protocols_too():
    group = "object-group service KRB tcp-udp\n port-object eq kerberos\n port-object eq 464\n"
    for ends in ("any any object-group KRB", "any object-group KRB any"):
        lines = f"extended deny object-group stream {ends}", "extended permit ip any any"
        name = "source_port" if ends.endswith("B any") else "port"
        found = [
            state(*lines, more=group, protocol=protocol, **{name: port})[0]
            for protocol, port in (("tcp", 88), ("udp", 88), ("tcp", 464), ("icmp", 88))
        ]
        assert found == ["unknown", "unknown", "closed", "open"]
    both = "extended deny object-group stream any object-group KRB any eq 443", "extended permit ip any any"
    found = [state(*both, more=group, source_port=88, port=port)[0] for port in (443, 444)]
    assert found == ["unknown", "open"]
