"""A published endpoint is open only where the device sends packets for it on to it, by a translation of its own."""

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from tests.each import each
from tests.engine.existing.rulesets import flow, host, plan

SEEN, REAL = "203.0.113.10", "192.0.2.10"
NOTHING_DOES = f"{SEEN}: nothing here translates it into {REAL}"


def report_of(form):
    ends = [host("Public", "198.51.100.7", zone="Internet"), host("Store", REAL, zone="DMZ")]
    firewall = {
        "name": "FW", "format": form, "zones": {"Internet": "wan", "DMZ": "dmz", "Internal": "lan"},
        "published": {"Store": SEEN},
    }  # fmt: skip
    return plan(ends, [flow("Public", "Store")], firewalls=[firewall])


REPORTS = {form: report_of(form) for form in ("fortigate", "asa", "paloalto", "srx")}


def state(form, text):
    report = REPORTS[form]
    gap = compare_with(report, READERS[form].read(text), None, report.plan.firewalls[0])
    [one] = gap.flows
    return one.state, one.constructs


def fortigate(*vips, destination="shown"):
    edits = "".join(f'edit "{name}"\n{lines}\nnext\n' for name, lines in vips)
    return "\n".join([
        f"config firewall vip\n{edits}end", f'config firewall address\nedit "plain"\nset subnet {SEEN}/32\nnext\nend',
        'config firewall policy\nedit 1\nset srcintf "wan"\nset dstintf "dmz"\nset srcaddr "all"',
        f'set dstaddr "{destination}"\nset service "ALL"\nset schedule "always"\nset action accept\nnext\nend', "",
    ])  # fmt: skip


def vip(real=REAL, seen=SEEN, more=""):
    return f'set extip {seen}\nset mappedip {real}\nset extintf "wan"\n{more}'


FORWARDED = "set portforward enable\nset protocol tcp\nset extport {}\nset mappedport {}"


def test_a_virtual_ip_has_to_lead_to_the_endpoint():
    assert state("fortigate", fortigate(("shown", vip()))) == ("open", ())
    assert state("fortigate", fortigate(("shown", vip(more=FORWARDED.format(443, 443))))) == ("open", ())
    elsewhere = fortigate(("shown", vip("192.0.2.11")))
    assert state("fortigate", elsewhere) == ("unknown", (f"vip shown: sends {SEEN} elsewhere than to {REAL}",))
    other = fortigate(("shown", vip(more=FORWARDED.format(443, 8443))))
    assert state("fortigate", other) == ("unknown", ("vip shown: to other ports",))
    assert state("fortigate", fortigate(destination="plain")) == ("unknown", (NOTHING_DOES,))
    assert state("fortigate", fortigate(destination="all")) == ("unknown", (NOTHING_DOES,))
    balanced = fortigate(("shown", vip(more="set type server-load-balance")))
    assert state("fortigate", balanced)[0] == "unknown"
    lan = fortigate(("shown", vip().replace('"wan"', '"lan"')))
    assert state("fortigate", lan)[0] == "unknown"


def asa(*nat, line=f"host {REAL}"):
    return "\n".join([
        "hostname a", "interface g0", " nameif wan", " security-level 0", " ip address 203.0.113.1 255.255.255.0",
        "interface g1", " nameif dmz", " security-level 50", " ip address 192.0.2.1 255.255.255.0",
        f"object network real\n host {REAL}", "object network other\n host 192.0.2.11",
        f"object network shown\n host {SEEN}", *nat,
        f"access-list IN extended permit tcp any {line} eq 443", "access-group IN in interface wan", "",
    ])  # fmt: skip


def test_a_static_translation_of_an_asa_has_to_lead_to_the_endpoint():
    own = f"object network real\n nat (dmz,wan) static {SEEN}"
    assert state("asa", asa(own)) == ("open", ())
    assert state("asa", asa(own, line="any")) == ("open", ())
    port = f"object network real\n nat (dmz,wan) static {SEEN} service tcp 443 443"
    assert state("asa", asa(port)) == ("open", ())
    assert state("asa", asa(line="any")) == ("unknown", (NOTHING_DOES,))
    assert state("asa", asa(line=f"host {SEEN}")) == ("unknown", (NOTHING_DOES,))
    elsewhere = asa(f"object network other\n nat (dmz,wan) static {SEEN}", line="any")
    assert state("asa", elsewhere)[0] == "unknown"
    first = asa(own, "nat (wan,dmz) source static any any destination static shown other", line="any")
    why = "nat (wan,dmz) source static any any destination static shown other"
    assert state("asa", first) == ("unknown", (f"{why}: sends {SEEN} elsewhere than to {REAL}",))
    after = asa(own, "nat (dmz,wan) after-auto source static other shown", line="any")
    assert state("asa", after) == ("open", ())


NAT = (
    '<entry name="in"><from><member>{zone}</member></from><to><member>wan</member></to>'
    "<source><member>{source}</member></source><destination><member>{seen}</member></destination><service>{service}</service>{more}</entry>"
)
TO = "<destination-translation><translated-address>{}</translated-address>{}</destination-translation>"
TO_REAL = TO.format(REAL, "")


def paloalto(*nat, zone="wan", source="any", seen=SEEN, service="any", more=TO_REAL):
    rule = NAT.format(zone=zone, source=source, seen=seen, service=service, more=more)
    rules = "".join(nat) if nat else rule
    allowed = (
        '<entry name="r"><from><member>wan</member></from><to><member>dmz</member></to><source><member>any</member>'
        f"</source><destination><member>{SEEN}</member></destination><service><member>any</member></service>"
        "<application><member>any</member></application><action>allow</action></entry>"
    )
    service = '<service><entry name="web"><protocol><tcp><port>443</port></tcp></protocol></entry></service>'
    return (
        f'<config><devices><entry name="d"><vsys><entry name="vsys1">{service}<rulebase><security><rules>{allowed}'
        f"</rules></security><nat><rules>{rules}</rules></nat></rulebase></entry></vsys></entry></devices></config>"
    )


def test_a_nat_rule_of_a_palo_alto_has_to_lead_to_the_endpoint():
    assert state("paloalto", paloalto()) == ("open", ())
    assert state("paloalto", paloalto(service="web")) == ("open", ())
    assert state("paloalto", paloalto(zone="any")) == ("open", ())
    port = "<translated-port>{}</translated-port>"
    assert state("paloalto", paloalto(service="web", more=TO.format(REAL, port.format(443)))) == ("open", ())
    why = 'nat rule "in"'
    assert state("paloalto", paloalto(service="web", more=TO.format(REAL, port.format(8443)))) == (
        "unknown", (f"{why}: to other ports",),
    )  # fmt: skip
    assert state("paloalto", paloalto(" ")) == ("unknown", (NOTHING_DOES,))
    assert state("paloalto", paloalto(zone="lan")) == ("unknown", (NOTHING_DOES,))
    elsewhere = f"{why}: sends {SEEN} elsewhere than to {REAL}"
    assert state("paloalto", paloalto(more=TO.format("192.0.2.11", ""))) == ("unknown", (elsewhere,))
    for unclear in (
        {"source": "10.0.0.0/8"}, {"more": TO.format(REAL, port.format(8443))}, {"service": "frob"},
        {"more": TO.format("frob", "")}, {"more": TO.format("192.0.2.0/24", "")},
        {"more": "<dynamic-destination-translation><translated-address>x</translated-address>"
                 "</dynamic-destination-translation>"},
        {"more": TO_REAL + "<what-is-new>yes</what-is-new>"},
        {"more": TO_REAL + "<nat-type>nat64</nat-type>"},
        {"service": "web", "more": TO.format(REAL, port.format("x"))},
    ):  # fmt: skip
        assert state("paloalto", paloalto(**unclear)) == ("unknown", (why,)), unclear


def test_the_first_nat_rule_for_a_packet_counts():
    one = NAT.format(zone="wan", source="any", seen=SEEN, service="any", more=TO_REAL)
    none = NAT.format(zone="wan", source="any", seen="any", service="any", more="")
    assert state("paloalto", paloalto(one, none)) == ("open", ())
    elsewhere = f'nat rule "in": sends {SEEN} elsewhere than to {REAL}'
    assert state("paloalto", paloalto(none, one)) == ("unknown", (elsewhere,))
    off = none.replace("</entry>", "<disabled>yes</disabled></entry>")
    assert state("paloalto", paloalto(off, one)) == ("open", ())


def test_a_static_translation_of_the_source_that_goes_both_ways_leads_to_the_endpoint():
    both = (
        f"<source-translation><static-ip><translated-address>{SEEN}</translated-address>"
        "<bi-directional>{}</bi-directional></static-ip></source-translation>"
    )
    rule = NAT.format(zone="dmz", source=REAL, seen="any", service="any", more=both)
    assert state("paloalto", paloalto(rule.format("yes"))) == ("open", ())
    assert state("paloalto", paloalto(rule.format("no"))) == ("unknown", (NOTHING_DOES,))


def srx(*nat, address="any"):
    policy = "set security policies from-zone wan to-zone dmz policy p"
    return "\n".join([
        *(f"set security nat {line}" for line in nat),
        f"set security address-book global address real {REAL}/32",
        f"{policy} match source-address any", f"{policy} match destination-address {address}",
        f"{policy} match application any", f"{policy} then permit", "",
    ])  # fmt: skip


def destination(real=REAL, more=""):
    return (
        f"destination pool p address {real}/32{more}", "destination rule-set s from zone wan",
        f"destination rule-set s rule r match destination-address {SEEN}/32",
        "destination rule-set s rule r then destination-nat pool p",
    )  # fmt: skip


def test_a_translation_of_an_srx_has_to_lead_to_the_endpoint():
    static = (
        "static rule-set s from zone wan", f"static rule-set s rule r match destination-address {SEEN}/32",
        f"static rule-set s rule r then static-nat prefix {REAL}/32",
    )  # fmt: skip
    for form in (static, destination()):
        assert state("srx", srx(*form)) == ("open", ())
        assert state("srx", srx(*form, address="real")) == ("open", ())
    assert state("srx", srx()) == ("unknown", (NOTHING_DOES,))
    assert state("srx", srx(*destination("192.0.2.11")))[0] == "unknown"
    assert state("srx", srx(*destination(more=" port 8443")))[0] == "unknown"
    lan = [line.replace("zone wan", "zone lan") for line in destination()]
    assert state("srx", srx(*lan)) == ("unknown", (NOTHING_DOES,))


FIRST = "destination rule-set s rule first"


@each(
    ("more", "found"),
    [
        ((), ("unknown", f"nat {FIRST}: sends {SEEN} elsewhere than to {REAL}")),
        ((f"{FIRST} match source-address 198.51.100.0/24",), ("unknown", f"nat {FIRST}")),
        ((f"{FIRST} match destination-address 203.0.113.11/32",), ("unknown", f"nat {FIRST}")),
        ((f"{FIRST} match destination-port 443",), ("unknown", f"nat {FIRST}: sends {SEEN} elsewhere than to {REAL}")),
        ((f"{FIRST} match destination-port 22",), ("open", "")),
    ],
)
def test_a_rule_of_an_srx_that_leaves_the_address_as_it_is_keeps_later_ones_from_it(more, found):
    off = (f"{FIRST} match destination-address {SEEN}/32", f"{FIRST} then destination-nat off", *more)
    said, constructs = state("srx", srx(*off, *destination()))
    assert (said, "".join(constructs)) == found
    assert state("srx", srx(*destination(), *off)) == ("open", ()), "the first for a packet counts"


ON, ELSEWHERE = "nat destination rule-set {} rule r", f"sends {SEEN} elsewhere than to {REAL}"


def sets(*several, zone=("ge-0/0/0.0",)):
    """Sets of rules for the address that is seen: name, what they come from, address that they send to."""
    nat = [
        line
        for name, said, real in several
        for line in (
            f"destination pool {name} address {real}/32", f"destination rule-set {name} from {said}",
            f"destination rule-set {name} rule r match destination-address {SEEN}/32",
            f"destination rule-set {name} rule r then destination-nat pool {name}",
        )
    ]  # fmt: skip
    members = [f"set security zones security-zone wan interfaces {one}" for one in zone]
    return state("srx", "\n".join([*members, srx(*nat)]))


def test_the_rules_of_an_interface_come_before_those_of_its_zone():
    zone, interface = "zone wan", "interface ge-0/0/0.0"
    found = sets(("a", zone, REAL), ("b", interface, "192.0.2.11"))
    assert found == ("unknown", (f"{ON.format('b')}: {ELSEWHERE}",))
    assert sets(("a", zone, "192.0.2.11"), ("b", interface, REAL)) == ("open", ())
    assert sets(("a", "routing-instance x", REAL), ("b", zone, "192.0.2.11"))[0] == "unknown"


def test_rules_for_a_part_of_what_comes_from_a_zone_are_not_known_to_be_for_all_of_it():
    said, two = ("b", "interface ge-0/0/0.0", REAL), ("ge-0/0/0.0", "ge-0/0/1.0")
    found, constructs = sets(said, zone=two)
    assert (found, constructs[-1]) == ("unknown", ON.format("b"))
    assert sets(said, ("b", "interface ge-0/0/1.0", REAL), zone=two) == ("open", ())
    assert sets(("a", "routing-instance x", REAL)) == ("unknown", (ON.format("a"),))
