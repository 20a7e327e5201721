"""A Palo Alto's rules, construct by construct. Syntax: PAN-OS Administrator's Guide; our own configurations."""

import pytest

from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers.paloalto import read
from tests.each import each
from tests.engine.existing.devices.deciding import Packet, decide

OBJECTS = """
<address>
 <entry name="vault"><ip-netmask>10.0.0.10</ip-netmask><description>x</description></entry>
 <entry name="staff"><ip-range>10.1.0.0-10.1.0.99</ip-range></entry>
 <entry name="six"><ip-netmask>2001:db8::/64</ip-netmask></entry>
 <entry name="updates"><fqdn>Updates.Example.com</fqdn></entry>
 <entry name="odd"><ip-wildcard>10.0.0.1/0.0.248.0</ip-wildcard></entry>
 <entry name="crooked"><ip-netmask>10.0.0.0/255</ip-netmask></entry>
 <entry name="empty"><description>x</description></entry>
 <entry name="backwards"><ip-range>10.1.0.9</ip-range></entry>
</address>
<address-group>
 <entry name="people"><static><member>staff</member><member>vault</member></static></entry>
 <entry name="nested"><static><member>people</member></static></entry>
 <entry name="tagged"><dynamic><filter>'web'</filter></dynamic></entry>
 <entry name="mixed"><static><member>vault</member><member>tagged</member></static></entry>
</address-group>
<external-list><entry name="blocked"><type><ip/></type></entry></external-list>
<region><entry name="branch"/></region>
<service>
 <entry name="web"><protocol><tcp><port>443, 8000-8009</port></tcp></protocol></entry>
 <entry name="low"><protocol><udp><port>53</port><source-port>1-1023</source-port></udp></protocol></entry>
 <entry name="odd"><protocol><frob><port>53</port></frob></protocol></entry>
 <entry name="bad"><protocol><tcp><port>x</port></tcp></protocol></entry>
 <entry name="bad-source"><protocol><tcp><port>1</port><source-port>x</source-port></tcp></protocol></entry>
 <entry name="none"/>
</service>
<service-group>
 <entry name="services"><members><member>web</member><member>low</member></members></entry>
</service-group>
<application-group>
 <entry name="apps"><members><member>ssh</member><member>more-apps</member></members></entry>
 <entry name="more-apps"><members><member>ms-rdp</member><member>apps</member></members></entry>
</application-group>
"""
ZONES = """
<zone>
 <entry name="outside"><network><layer3><member>ethernet1/1</member></layer3></network></entry>
 <entry name="inside">
  <network><layer3><member>ethernet1/2.7</member><member>tunnel.1</member></layer3></network>
 </entry>
</zone>
"""
NETWORK = """
<network>
 <interface>
  <ethernet>
   <entry name="ethernet1/1"><layer3><ip><entry name="203.0.113.1/24"/><entry name="wan"/></ip></layer3></entry>
   <entry name="ethernet1/2"><layer3><units>
    <entry name="ethernet1/2.7"><ip><entry name="10.0.0.1/24"/><entry name="2001:db8::1/64"/></ip></entry>
   </units></layer3></entry>
  </ethernet>
  <tunnel><units><entry name="tunnel.1"><ip><entry name="10.8.0.1/24"/></ip></entry></units></tunnel>
 </interface>
 <virtual-router><entry name="default"><routing-table><ip><static-route>
  <entry name="all"><destination>0.0.0.0/0</destination><interface>ethernet1/1</interface></entry>
  <entry name="lost"><destination>10.7.0.0/16</destination></entry>
 </static-route></ip></routing-table></entry></virtual-router>
</network>
"""
PLAIN = {
    "from": ["outside"], "to": ["inside"], "source": ["staff"], "destination": ["vault"], "application": ["any"],
    "service": ["web"], "action": "allow",
}  # fmt: skip
STAFF = {"source": "10.1.0.5", "destination": "10.0.0.10", "enters": "outside", "leaves": "inside"}


def rule(number=1, **changes):
    """A rule with these settings beside the plain ones; None takes one away, _ stands for a hyphen."""
    said = {**PLAIN, **{key.rstrip("_").replace("_", "-"): value for key, value in changes.items()}}
    inner = "".join(
        f"<{key}>{value if isinstance(value, str) else ''.join(f'<member>{one}</member>' for one in value)}</{key}>"
        for key, value in said.items()
        if value is not None
    )
    return f'<entry name="r{number}">{inner}</entry>'


def rules(*inner, base="rulebase", kind="security"):
    return f"<{base}><{kind}><rules>{''.join(inner)}</rules></{kind}></{base}>"


def vsys(*inner, name="vsys1", zones=ZONES):
    return f'<entry name="{name}">{zones}{OBJECTS}{"".join(inner)}</entry>'


def configuration(*inner, shared="", more="", walls=None):
    all_vsys = vsys(*inner) if walls is None else "".join(walls)
    return (
        f'<?xml version="1.0"?><config version="10.1.0"><mgt-config><users><entry name="admin"><phash>hunter2</phash>'
        f'</entry></users></mgt-config><shared>{shared}</shared><devices><entry name="localhost.localdomain">{NETWORK}'
        f"<vsys>{all_vsys}</vsys></entry></devices>{more}</config>"
    )


def state(*made, **packet):
    return decide(read(configuration(rules(*made))), Packet(**{**STAFF, **packet}))


def test_a_rule_opens_what_it_says_and_nothing_else():
    assert state(rule(description="for INT-10")) == ("open", 'rule "r1"')
    for other in (
        {"port": 442}, {"source": "10.1.0.100"}, {"destination": "10.0.0.11"}, {"protocol": "udp"}, {"enters": "dmz"},
        {"leaves": "dmz"},
    ):  # fmt: skip
        assert state(rule(), **other) == ("closed", "interzone-default"), other
    assert state(rule(), port=8009, enters="ethernet1/1", leaves="tunnel.1")[0] == "open"
    ruleset = read(configuration(rules(rule(description="for INT-10"))))
    assert ruleset.stages[0].entries[0].comment == "for INT-10"
    assert ruleset.sides == {"outside", "inside", "ethernet1/1", "ethernet1/2.7", "tunnel.1"}
    assert "hunter2" not in repr(ruleset)


def test_the_first_rule_decides_and_one_that_is_disabled_is_none():
    assert state(rule(1, action="deny"), rule(2)) == ("closed", 'rule "r1"')
    assert state(rule(1, action="reset-both"), rule(2))[0] == "closed"
    assert state(rule(1, action="deny", disabled="yes"), rule(2)) == ("open", 'rule "r2"')
    assert state(rule(1, disabled="yes"))[0] == "closed"


@each(
    "change",
    [
        {"source": ["people"]}, {"source": ["nested"]}, {"source": ["10.1.0.0/16"]}, {"source": ["10.1.0.5-10.1.0.9"]},
        {"source": ["vault"], "negate_source": "yes"}, {"from": ["any"], "to": None}, {"source": None},
        {"service": ["service-https"]}, {"service": ["any"]}, {"service": ["services"]}, {"service": None},
        {"application": None}, {"source_user": ["any"], "category": ["any"], "negate_source": "no"},
        {"profile_setting": "<profiles><virus><member>default</member></virus></profiles>"},
        {"log_end": "yes", "log_setting": "all", "tag": ["x"], "option": "<x>yes</x>", "frob": "no"},
        {"target": "<negate>no</negate>"}, {"rule_type": "universal"}, {"rule_type": "interzone"},
        {"source": ["mixed", "staff"]},
    ],
)  # fmt: skip
def test_what_is_understood_is_open(change):
    assert state(rule(1, **change)) == ("open", 'rule "r1"')


@each(
    ("change", "why"),
    [
        ({"source": ["tagged"]}, "address-group tagged (dynamic)"),
        ({"source": ["mixed"]}, "address-group tagged (dynamic)"),
        ({"source": ["odd"]}, "address odd (ip-wildcard)"),
        ({"source": ["crooked"]}, "address crooked (ip-netmask)"),
        ({"source": ["empty"]}, "address empty (empty)"),
        ({"source": ["backwards"]}, "address backwards (ip-range)"),
        ({"source": ["blocked"]}, "external-list blocked"),
        ({"source": ["branch"]}, "region branch"),
        ({"source": ["US"]}, "address US, which isn't there"),
        ({"source": ["tagged"], "negate_source": "yes"}, "not address-group tagged (dynamic)"),
        ({"source": ["updates"], "negate_source": "yes"}, "not fqdn updates.example.com"),
        ({"service": ["gone"]}, "service gone, which isn't there"),
        ({"service": ["odd"]}, "service odd"),
        ({"service": ["bad"]}, "service bad"),
        ({"service": ["bad-source"]}, "service bad-source"),
        ({"service": ["none"]}, "service none"),
        ({"service": ["application-default"]}, "application-default of any application"),
        ({"application": ["ssl"]}, "application ssl"),
        ({"application": ["ssl"], "service": ["application-default"]}, "application ssl"),
        ({"application": ["ssh"]}, "application ssh"),
        ({"application": ["ssh"], "service": ["gone"]}, "service gone, which isn't there"),
        ({"application": ["ldap"], "service": ["application-default"]}, "application ldap"),
        ({"source_user": ["example\\anna"]}, "source-user example\\anna"),
        ({"category": ["games"]}, "category games"),
        ({"schedule": "nights"}, "schedule nights"),
        ({"source_hip": ["patched"]}, "source-hip patched"),
        ({"target": "<devices><entry name='0001'/></devices>"}, "target"),
        ({"frob": "hunter2"}, "frob"),
        ({"frob": "<a><b/></a>"}, "frob"),
        ({"rule_type": "frob"}, "rule-type"),
    ],
)
def test_what_is_not_understood_is_unknown_by_name_and_never_open(change, why):
    found = state(rule(1, **change))
    assert found == ("unknown", why)
    assert state(rule(1, **{**change, "action": "deny"}), rule(2)) == ("unknown", why)
    assert state(rule(1, **change), rule(2))[0] == "open"


def test_another_action_is_unknown():
    assert state(rule(1, action="frob")) == ("unknown", "action frob")


def test_applications_whose_ports_are_plain_are_these_ports():
    at_default = {"application": ["apps", "ping", "dns"], "service": ["application-default"]}
    for port, protocol, found in (
        (22, "tcp", "open"), (3389, "tcp", "open"), (53, "udp", "open"), (2048, "icmp", "open"), (0, "icmp", "closed"),
        (443, "tcp", "closed"),
    ):  # fmt: skip
        assert state(rule(1, **at_default), port=port, protocol=protocol)[0] == found
    anywhere = {"application": ["ssh"], "service": ["any"]}
    assert state(rule(1, **anywhere), port=22)[0] == "open"
    assert state(rule(1, **anywhere)) == ("unknown", "application ssh")
    both = {"application": ["dns"], "service": ["low"]}
    assert state(rule(1, **both), port=53, protocol="udp", source_port=5)[0] == "open"
    assert state(rule(1, **both), port=53)[0] == "closed"
    assert state(rule(1, application=["ldap"], service=["application-default"]), port=389)[0] == "open"


def test_names_are_kept_as_names():
    entry = read(configuration(rules(rule(1, destination=["updates"])))).stages[0].entries[0]
    assert [one.destination_names for one in entry.matches] == [{"updates.example.com"}]
    six = {"source": "2001:db8::1", "destination": "2001:db8:1::1"}
    assert state(rule(1, source=["six"], destination=["any"]), **six)[0] == "open"


def test_what_stays_within_a_zone_is_open_unless_it_is_said_otherwise():
    within = {"enters": "ethernet1/2.7", "leaves": "tunnel.1"}
    assert state(rule(), **within) == ("open", "intrazone-default")
    said = rules('<entry name="intrazone-default"><action>deny</action></entry>', kind="default-security-rules")
    assert decide(read(configuration(said)), Packet(**{**STAFF, **within})) == ("closed", "intrazone-default")
    other = rules('<entry name="interzone-default"><action>allow</action></entry>', kind="default-security-rules")
    assert decide(read(configuration(other)), Packet(**STAFF)) == ("open", "interzone-default")
    frob = rules('<entry name="interzone-default"><action>frob</action></entry>', kind="default-security-rules")
    assert decide(read(configuration(frob)), Packet(**STAFF))[0] == "unknown"
    silent = rules('<entry name="interzone-default"/>', kind="default-security-rules")
    assert decide(read(configuration(silent)), Packet(**STAFF))[0] == "closed"
    deny = rule(1, rule_type="intrazone", from_=["inside"], source=["any"], destination=["any"], service=["any"],
                action="deny", to=None)  # fmt: skip
    assert state(deny, rule(2))[0] == "open"
    assert state(deny, **within) == ("closed", 'rule "r1"')
    everywhere = deny.replace("<member>inside</member>", "<member>any</member>")
    assert state(everywhere, rule(2))[0] == "open"
    assert state(everywhere, **within)[0] == "closed"


def test_what_lies_behind_a_zone_is_known_by_addresses_and_routes():
    behind = read(configuration(rules(rule()))).addresses
    assert (8 << 24) in behind["outside"]
    assert (10 << 24) + 9 in behind["inside"]
    assert (10 << 24) + (8 << 16) + 9 in behind["inside"]
    assert (10 << 24) + (7 << 16) in behind["outside"]


def group(name, *inner):
    return f'<entry name="{name}">{"".join(inner)}</entry>'


def panorama(*groups, shared="", parents=""):
    return (
        f'<config><shared>{shared}</shared><devices><entry name="localhost.localdomain"><device-group>'
        f"{''.join(groups)}</device-group></entry></devices><readonly><devices><entry name='x'><device-group>{parents}"
        "</device-group></entry></devices></readonly></config>"
    )


def test_rules_of_a_panorama_stand_around_those_of_its_groups():
    top = group("all", rules(rule(1, action="deny", service=["low"]), base="pre-rulebase"),
                rules(rule(4, action="deny"), base="post-rulebase"))  # fmt: skip
    leaf = group("branch", OBJECTS, rules(rule(2), base="pre-rulebase"), rules(rule(3), base="post-rulebase"))
    parents = group("branch", "<parent-dg>all</parent-dg>")
    shared = rules(rule(9, service=["service-http"]), base="post-rulebase")
    ruleset = read(panorama(top, leaf, parents=parents, shared=shared))
    names = [entry.name for entry in ruleset.stages[0].entries if "default" not in entry.name]
    assert names == ['pre-rule "r1"', 'pre-rule "r2"', 'post-rule "r3"', 'post-rule "r4"', 'post-rule "r9"']
    assert decide(ruleset, Packet(**STAFF)) == ("open", 'pre-rule "r2"')
    two = read(panorama(top, leaf))
    assert decide(two, Packet(**STAFF)) == ("unknown", "device groups all, branch: which one is the firewall's")
    circle = group("branch", "<parent-dg>branch</parent-dg>")
    assert read(panorama(leaf, parents=circle)).stages[0].entries == ()


def test_what_a_panorama_has_pushed_stands_around_a_firewalls_own_rules():
    before = rules(rule(1, action="deny"), base="pre-rulebase")
    pushed = f'<panorama><vsys><entry name="vsys1">{before}</entry></vsys></panorama>'
    ruleset = read(configuration(rules(rule(2)), more=pushed))
    assert decide(ruleset, Packet(**STAFF)) == ("closed", 'pre-rule "r1"')


OLD_PANORAMA = "<panorama-server>192.0.2.250</panorama-server>"
NEW_PANORAMA = f"<panorama><local-panorama>{OLD_PANORAMA}</local-panorama></panorama>"
PUSHED = rules(rule(1, action="deny"), base="pre-rulebase")


@each(
    ("system", "more", "found"),
    [
        ("", "", ("open", 'rule "r2"')),
        ("<panorama/><hostname>fw</hostname>", "", ("open", 'rule "r2"')),
        (OLD_PANORAMA, "", None),
        (OLD_PANORAMA.replace("server", "server-2"), "", None),
        (NEW_PANORAMA, "", None),
        (NEW_PANORAMA, "<panorama/>", ("open", 'rule "r2"')),
        (
            NEW_PANORAMA, f'<panorama><vsys><entry name="vsys1">{PUSHED}</entry></vsys></panorama>',
            ("closed", 'pre-rule "r1"'),
        ),
    ],
)  # fmt: skip
def test_what_a_panorama_pushes_is_unknown_where_it_is_not_in_the_file(system, more, found):
    text = configuration(rules(rule(2)), more=more)
    text = text.replace("<vsys>", f"<deviceconfig><system>{system}</system></deviceconfig><vsys>", 1)
    why = "rules that a Panorama pushes, which aren't in this file; the XML API has them at /config/panorama"
    assert decide(read(text), Packet(**STAFF)) == (found or ("unknown", why))


def test_a_panorama_may_name_another_one():
    other = f"<deviceconfig><system>{NEW_PANORAMA}</system></deviceconfig><device-group>"
    leaf = panorama(group("branch", OBJECTS, rules(rule(2), base="pre-rulebase")))
    assert decide(read(leaf.replace("<device-group>", other, 1)), Packet(**STAFF))[0] == "open"


def test_objects_of_a_vsys_hide_shared_ones():
    shared = (
        '<address><entry name="people"><ip-netmask>10.9.9.9</ip-netmask></entry></address>'
        '<address-group><entry name="vault"><static><member>gone</member></static></entry>'
        '<entry name="tagged"><static><member>gone</member></static></entry></address-group>'
        '<service><entry name="services"><protocol><tcp><port>1</port></tcp></protocol></entry></service>'
        '<service-group><entry name="web"><members><member>low</member></members></entry></service-group>'
    )
    ruleset = read(configuration(rules(rule(1, source=["people"], service=["web", "services"])), shared=shared))
    assert decide(ruleset, Packet(**STAFF))[0] == "open"
    assert decide(ruleset, Packet(**{**STAFF, "source": "10.9.9.9"}))[0] == "closed"


def test_rules_of_a_vsys_are_for_its_own_zones():
    lab = '<zone><entry name="lab"/><entry name="den"/></zone>'
    anywhere = {"from": ["any"], "to": ["any"]}
    both = [
        vsys(rules(rule(1, **anywhere))),
        vsys(rules(rule(2, action="deny", **anywhere)), name="vsys2", zones=lab),
    ]
    ruleset = read(configuration(walls=both))
    assert decide(ruleset, Packet(**STAFF)) == ("open", 'rule "r1"')
    assert decide(ruleset, Packet(**{**STAFF, "enters": "lab", "leaves": "den"})) == ("closed", 'rule "r2"')
    why = "the way from one vsys to another"
    assert decide(ruleset, Packet(**{**STAFF, "leaves": "den"})) == ("unknown", why)
    alike = read(configuration(walls=[vsys(rules(rule())), vsys(rules(rule()), name="vsys2")]))
    assert decide(alike, Packet(**STAFF)) == ("unknown", "zone inside, which several vsys have")
    assert read("<config/>").stages[0].entries == ()


@each(
    ("text", "sentence"),
    [
        ("", "This is no XML: line 1, column 0: no element found"),
        ("<config><a></config>", "This is no XML: line 1"),
        ("<html/>", "its first element is not config"),
        ("<response><result/></response>", "its first element is not config"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><config>&a;</config>', "has a document type"),
        ("<config>&a;</config>", "This is no XML: line 1"),
        ("<config>" + "<a>" * 10_000, "nested more than 100 deep, line 1"),
        ("<config>\ud800</config>", "This is no XML"),
    ],
)
def test_what_can_not_be_read_is_told_in_a_sentence(text, sentence):
    with pytest.raises(Unreadable, match=sentence):
        read(text)


def test_an_answer_of_the_api_is_read_as_well():
    text = f'<response status="success"><result>{configuration(rules(rule())).partition("?>")[2]}</result></response>'
    assert decide(read(text), Packet(**STAFF))[0] == "open"


def test_too_many_elements_are_refused(monkeypatch):
    monkeypatch.setattr("planner.engine.existing.devices.paloalto_tree._MOST", 10)
    with pytest.raises(Unreadable, match="of more than 10 elements"):
        read(configuration(rules(rule())))


@each("encoding", ["utf-7", "utf-16", "latin1", "nothing"])
def test_which_encoding_the_xml_names_is_no_matter_once_it_is_text(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?><config><shared/></config>'
    assert read(text).format == "paloalto"
