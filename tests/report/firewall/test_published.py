"""Endpoints that one side of a firewall sees under another address: how devices say it, and what rules name."""

import io
import re
import zipfile
from itertools import permutations

import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.firewall.addresses import Addresses
from planner.report.firewall.files import write_devices
from planner.report.firewall.permits import Permits
from planner.report.said.edition import Edition
from tests.report.firewall.test_changes import EDITIONS, loaded, of, way_back
from tests.report.firewall.test_permits import DAY, flow, host, plan
from tests.report.samples import evaluate, write_plan

SIDES = {"Internal": "inside", "DMZ": "port2", "Internet": "wan1"}
ENDS = [
    host("Web", "192.0.2.10", "2001:db8::10", zone="DMZ"), host("Plain", "192.0.2.11", zone="DMZ"),
    host("World", "any", zone="Internet", group=True), host("Staff", "10.0.0.0/24"),
]  # fmt: skip
FLOWS = [flow("World", "Web"), flow("World", "Plain"), flow("Staff", "Web"), flow("Web", "Staff", ports="25")]
SEEN = {"Web": "203.0.113.10"}
DEVICES = ["asa", "ios", "fortigate", "paloalto-set", "srx", "checkpoint", "mikrotik"]


def firewalls(*kinds, published=SEEN, zones=SIDES, ends=ENDS):
    rows = [{"name": f"FW {kind}", "format": kind, "zones": zones, "published": published} for kind in kinds]
    return plan(ends, FLOWS, firewalls=rows)


def text_of(kind, **more):
    return of(kind, firewalls(kind, **more))


def told(kind, **more):
    return re.sub(r"(?m)^[#!].*\n", "", text_of(kind, **more))


@pytest.mark.parametrize("kind", [*DEVICES, "nftables", "paloalto", "pfsense"])
def test_the_file_of_a_firewall_is_the_same_whatever_firewalls_stand_beside_it(kind, monkeypatch):
    """The addresses of the plan are read for all of a kind; what a file has of its own beside them stays its own."""
    ends = [*ENDS, host("Near", "198.51.100.7", zone="Internet"), host("Far", "any", zone="Far", group=True)]
    row = {"name": "Row", "format": kind, "zones": SIDES, "published": SEEN}
    rows = [
        {"name": f"FW {other}", "format": other, "zones": {"Far": "far", "DMZ": "dmz"}}
        for other in ("asa", "nftables", "fortigate", "srx", "ios")
    ]
    zones = [("Internal", "internal"), ("DMZ", "dmz"), ("Internet", "internet"), ("Far", "internet")]
    several, alone = (
        evaluate(write_plan(*ends, zones=zones, additional_flows=[*FLOWS, flow("Far", "Plain")], firewalls=chosen))
        for chosen in ([*rows, row], [row])
    )
    read = []
    add = Addresses._add
    monkeypatch.setattr(Addresses, "_add", lambda self, endpoint: read.append(endpoint) or add(self, endpoint))
    [(name, content)] = write_devices(alone).items()
    read.clear()
    files = write_devices(several)
    assert len(files) == 6
    assert files[name] == content
    assert len(read) <= 3 * len(ends), "with objects of DNS names, with those that an ASA takes, and without"


def test_a_fortigate_has_a_virtual_address_that_its_policies_name():
    text = told("fortigate")
    assert (
        'config firewall vip\n    edit "V4-Web_seen"\n        set extip 203.0.113.10\n'
        '        set mappedip "192.0.2.10"\n        set extintf "wan1"\n    next\nend\n'
    ) in text
    policies = re.findall(r"edit \d+\n(.*?)    next\n", text, re.DOTALL)
    inwards = [one for one in policies if "V4-Web" in one and 'dstintf "port2"' in one]
    to_web = {re.search(r'srcintf "(\w+)"', one)[1]: re.search(r"dstaddr (.*)", one)[1] for one in inwards}
    assert to_web == {"wan1": '"V4-Web_seen"', "inside": '"V4-Web"'}, "inside it has its own address"
    assert any('dstaddr "V4-Plain"' in one and 'srcintf "wan1"' in one for one in policies), "never both in one"
    assert 'dstaddr6 "V6-Web"' in text, "nothing is published of IPv6"


def test_an_asa_translates_an_object_and_its_entries_name_the_hosts_own_address():
    text = told("asa")
    assert "object network V4-Web_nat_wan1\n host 192.0.2.10\n nat (port2,wan1) static 203.0.113.10\n" in text
    assert text.count("203.0.113.10") == 1
    assert re.search(r"access-list FROM-wan1 .* object-group V4-\S+_dst", text), "what is published or not alike"


def test_a_palo_alto_names_the_address_before_and_the_zone_after_the_translation():
    text = told("paloalto-set")
    rule = "set rulebase nat rules NAT-V4-Web-wan1-port2 "
    assert [line.removeprefix(rule) for line in text.splitlines() if line.startswith(rule)] == [
        "from wan1", "to wan1", "source any", "destination V4-Web_seen", "service any", "tag PP-wan1-port2",
        "destination-translation translated-address V4-Web",
    ]  # fmt: skip
    assert "set address V4-Web_seen ip-netmask 203.0.113.10\n" in text.replace("/32", "")
    security = re.findall(r"set rulebase security rules (\S+) destination (\S+)", text)
    assert {end for name, end in security if name.startswith("NET-")} == {"V4-Web_seen", "V4-Plain", "V6-Web"}
    (name,) = (name for name, end in security if end == "V4-Web_seen")
    assert f"rules {name} to port2\n" in text
    xml = text_of("paloalto")
    assert re.search(
        r"<destination-translation>\s+<translated-address>V4-Web</translated-address>\s+</destination-translation>",
        xml,
    )


def test_an_srx_translates_the_destination_and_its_policies_name_the_hosts_own_address():
    text = told("srx")
    nat = "set security nat destination "
    assert [line.removeprefix(nat) for line in text.splitlines() if line.startswith(nat)] == [
        "pool PP-192-0-2-10 address 192.0.2.10/32",
        "rule-set PP-wan1 from zone wan1",
        "rule-set PP-wan1 rule PP-203-0-113-10 match destination-address 203.0.113.10/32",
        "rule-set PP-wan1 rule PP-203-0-113-10 then destination-nat pool PP-192-0-2-10",
    ]
    assert "_seen" not in text


def test_a_palo_alto_has_a_rule_of_nat_for_each_though_their_names_run_together():
    """Web from lan-dmz, and Web-lan from dmz."""
    ends = [
        host("Web", "192.0.2.10", zone="In"), host("Web-lan", "192.0.2.11", zone="In"),
        host("A", "10.0.0.1", zone="A"), host("B", "10.1.0.1", zone="B"),
    ]  # fmt: skip
    row = {
        "name": "FW paloalto-set", "format": "paloalto-set", "zones": {"In": "in", "A": "lan-dmz", "B": "dmz"},
        "published": {"Web": "203.0.113.10", "Web-lan": "203.0.113.11"},
    }  # fmt: skip
    zones = (("In", "internal"), ("A", "internet"), ("B", "internet"))
    flows = [flow("A", "Web"), flow("B", "Web-lan")]

    def list_rules(*flows):
        text = of(row["format"], evaluate(write_plan(*ends, zones=zones, additional_flows=flows, firewalls=[row])))
        rules = {}
        for name, key, value in re.findall(r"(?m)^set rulebase nat rules (\S+) (\S+) (?:\S+ )?(\S+)$", text):
            rules.setdefault(name, []).append(f"{key} {value}")
        return {name: [one for one in said if one.startswith(("from", "dest"))] for name, said in rules.items()}

    whole = list_rules(*flows)
    assert sorted(whole.values()) == [
        ["from dmz", "destination V4-Web-lan_seen", "destination-translation V4-Web-lan"],
        ["from lan-dmz", "destination V4-Web_seen", "destination-translation V4-Web"],
    ]
    for one in flows:
        assert list_rules(one).items() < whole.items(), "neither has the other's name when it stands alone"


def nat_of_an_srx(*flows):
    ends = [
        host("Web", "2001:db8:d::1:10", zone="DMZ"), host("Other", "2001:db8:d:1::10", zone="DMZ"),
        host("World", "any", zone="Internet", group=True),
    ]  # fmt: skip
    seen = {"Web": "2001:db8:f::1:10", "Other": "2001:db8:f:1::10"}
    row = {"name": "FW srx", "format": "srx", "zones": SIDES, "published": seen}
    lines = re.findall(r"(?m)^set security nat destination (.*) (\S+)$", of("srx", plan(ends, flows, firewalls=[row])))
    assert len(dict(lines)) == len(lines), "of what is told twice the last word counts"
    return dict(lines)


def test_an_srx_leads_each_published_address_of_ipv6_to_its_own_host():
    """Neither has the name of both; a part of the plan calls all as the whole does."""
    whole = nat_of_an_srx(flow("World", "Web"), flow("World", "Other"))
    led = {}
    for name in {key.split()[3] for key in whole if " rule " in key}:
        rule = f"rule-set PP-wan1 rule {name}"
        pool = whole[f"{rule} then destination-nat pool"]
        led[whole[f"{rule} match destination-address"]] = whole[f"pool {pool} address"]
    assert led == {
        "2001:db8:f::1:10/128": "2001:db8:d::1:10/128", "2001:db8:f:1::10/128": "2001:db8:d:1::10/128",
    }  # fmt: skip
    assert "pool PP-2001-db8-d-1-10 address" not in whole
    assert nat_of_an_srx(flow("World", "Web")).items() < whole.items()
    assert nat_of_an_srx(flow("World", "Other")).items() < whole.items()


def test_ios_translates_both_ways_and_its_lists_name_the_address_that_is_seen():
    text = told("ios")
    assert "ip nat inside source static 192.0.2.10 203.0.113.10\n" in text
    assert "object-group network V4-Web_seen\n 203.0.113.10 255.255.255.255\n" in text or (
        "object-group network V4-Web_seen\n host 203.0.113.10\n" in text
    )
    lists = dict(re.findall(r"ip access-list extended FROM-(\w+)\n((?: .*\n)+)", text))
    assert "object-group V4-Web_seen" in lists["wan1"]
    assert "object-group V4-Web " in lists["inside"]


def test_routeros_translates_in_a_chain_of_its_own():
    text = told("mikrotik")
    assert (
        '/ip firewall nat add chain=port-planner action=dst-nat dst-address=203.0.113.10 in-interface="wan1" '
        "to-addresses=192.0.2.10 "
    ) in text
    assert text.count('/ip firewall nat remove [find where chain="port-planner"]') == 1
    assert "_seen" not in text
    assert "# /ip firewall nat add chain=dstnat action=jump jump-target=port-planner place-before=0\n" in text_of(
        "mikrotik"
    )


def test_check_point_translates_the_host_and_says_so_no_longer_when_it_is_not():
    line = "set_object add host name V4-Web ip-address 192.0.2.10 nat-settings.auto-rule "
    nat = "true nat-settings.method static nat-settings.ipv4-address 203.0.113.10 "
    assert f"{line}{nat}" in told("checkpoint")
    assert f"{line}false " in told("checkpoint", published={})


@pytest.mark.parametrize("kind", ["nftables", "iptables"])
def test_the_kernel_sees_the_hosts_own_address(kind):
    assert told(kind) == told(kind, published={})


@pytest.mark.parametrize("kind", DEVICES)
def test_ipv6_is_translated_where_a_device_can(kind):
    text = told(kind, published={"Web": "2001:db8:ffff::10"})
    assert ("2001:db8:ffff::10" in text) == (kind not in ("ios", "paloalto-set"))
    if kind == "fortigate":
        assert "config firewall vip6\n" in text
        assert 'dstaddr6 "V6-Web_seen"' in text


@pytest.mark.parametrize("kind", DEVICES)
def test_who_has_no_single_address_to_be_translated_into_is_named(kind):
    ends = [host("Web", "192.0.2.10", "192.0.2.20", zone="DMZ"), *ENDS[1:]]
    text = text_of(kind, ends=ends)
    assert "203.0.113.10" not in told(kind, ends=ends)
    said = " ".join(re.sub(r"(?m)^[#!] *", "", text).split())
    assert "since they have no single address of that family; their own are in: Web." in said


@pytest.mark.parametrize("kind", DEVICES)
def test_the_head_says_who_is_published_to_whom(kind):
    assert re.search(r"(?m)^[#!] V4-Web is published as 203\.0\.113\.10 to wan1\.$", text_of(kind))


def test_where_nobody_is_further_outside_every_other_side_sees_it():
    zones = {"Internal": "inside", "DMZ": "port2"}
    text = told("fortigate", zones=zones, published={"Web": "10.9.9.9"})
    assert 'set extintf "inside"' in text


@pytest.mark.parametrize("kind", DEVICES)
def test_a_change_publishes_takes_back_and_moves(kind):
    states = [firewalls(kind, published=one) for one in ({}, SEEN, {"Web": "203.0.113.99"})]
    for before, after in ((0, 1), (1, 2), (2, 0)):
        compared = compare_reports(states[before], states[after])
        data = CHANGE_FORMATS["firewalls"].render(compared, EDITIONS)
        text = unpack_one(data)
        assert loaded(kind, of(kind, states[before]), text) == loaded(kind, of(kind, states[after]))
        assert loaded(kind, of(kind, states[after]), way_back(text)) == loaded(kind, of(kind, states[before]))


def translate(text, there=()):
    """The translations that IOS has after a file: one that shares an address with another is refused."""
    table = [*there]
    for line in text.splitlines():
        if match := re.fullmatch(r"(no )?ip nat inside source static (\S+) (\S+)", line):
            undone, pair = match[1], match.groups()[1:]
            assert undone or pair in table or not any({*pair} & {*one} for one in table), f"refused: {line}"
            table = [one for one in table if one != pair] + ([] if undone else [pair])
    return sorted(table)


ASKED = "Where a translation is in use, the router asks before it takes it back"
REFUSED = "A router refuses a translation of an address that has another one already"


def test_ios_takes_a_translation_back_before_it_sets_another_one_of_the_same_address():
    others = [host("Web", "192.0.2.77", zone="DMZ"), *ENDS[1:]]
    moved = {"Plain": SEEN["Web"], "Web": "203.0.113.99"}
    states = [firewalls("ios"), firewalls("ios", ends=others), firewalls("ios", published=moved),
              firewalls("ios", published={})]  # fmt: skip
    for before, after in permutations(states, 2):
        old, new = translate(of("ios", before)), translate(of("ios", after))
        text = unpack_one(CHANGE_FORMATS["firewalls"].render(compare_reports(before, after), EDITIONS))
        assert translate(text, old) == new
        assert translate(way_back(text), new) == old
        [data] = write_devices(after, Edition(date=DAY, earlier=(before,))).values()
        assert translate(data.decode(), old) == new
        assert translate(way_back(data.decode()), new) == []
        for head in (text, data.decode()):
            assert ASKED in re.sub(r"\n! +", " ", head)
    for state in states[:3]:
        assert REFUSED in re.sub(r"\n! +", " ", of("ios", state)), "a plain file takes nothing back before"
    assert REFUSED not in re.sub(r"\n! +", " ", of("ios", states[3]))
    assert ASKED not in re.sub(r"\n! +", " ", of("ios", states[3]))
    gone = unpack_one(CHANGE_FORMATS["firewalls"].render(compare_reports(states[0], states[3]), EDITIONS))
    assert "! 1 item taken back, then " in gone


@pytest.mark.parametrize("kind", DEVICES)
def test_the_head_of_a_change_names_a_forbidden_rule_that_is_published_otherwise(kind):
    """Its entry may be the same: what is published now gets through by it under another address."""
    never = [{"from": {"endpoint": "World"}, "to": {"endpoint": "Web"}, "reason": "Not from there"}]
    states = [plan(ENDS, FLOWS, never=never, firewalls=[
        {"name": "FW", "format": kind, "zones": SIDES, "published": published}
    ]) for published in (SEEN, {"Web": "203.0.113.99"})]  # fmt: skip
    [forbidden] = Permits(states[0]).forbidden
    change = CHANGE_FORMATS["firewalls"].render(compare_reports(*states), EDITIONS)
    said = " ".join(line.lstrip("#!| ") for line in unpack_one(change).splitlines())
    assert f"something of these rules must stay closed: {forbidden}." in said


def unpack_one(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (name,) = archive.namelist()
        return archive.read(name).decode()


def test_a_file_for_all_boundaries_publishes_nothing():
    report = firewalls("fortigate")
    assert "203.0.113.10" not in FORMATS["fortigate"].render(report).decode()


OUTER = {"Internet": "up", "DMZ": "down", "Internal": "down"}
INNER = {"Internet": "out", "DMZ": "out", "Internal": "in"}
HEADS = [*DEVICES, "paloalto", "pfsense", "nftables", "iptables"]
ELSEWHERE = (
    "Entries and translations here lead to own addresses, since the plan doesn't say which firewall packets meet "
    "first: where they come here before one of these, put the address that it publishes in the place of the own one."
)


def head_beside(kind, *others, flows=(), published=None):
    """The head of the outer firewall's file, each line joined to the one that it goes on from."""
    wall = {"name": "Outer", "format": kind, "zones": OUTER, "published": published or {}}
    ends = [*ENDS, host("DB", "10.0.0.1", "10.0.0.2"), host("PS", "10.0.0.3", "2001:db8::3")]
    asked = [flow("World", "PS"), flow("World", "DB"), flow("Web", "PS", ports="9119"), *flows]
    report = plan(ends, asked, firewalls=[wall, *others])
    files = FORMATS["firewalls"].write_folder(report)
    [text] = [text for name, text in files.items() if name.startswith("Outer.")]
    return " ".join(line.lstrip("#!;|/ ") for line in text.decode().replace("\r", "").splitlines())


def inner(name="FW-In", published=None):
    return {"name": name, "format": "asa", "zones": INNER, "published": published or {"PS": "192.0.2.100"}}


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("own", [{}, {"PS": "203.0.113.20"}], ids=["alone", "twice"])
def test_the_head_names_what_another_firewall_publishes_of_what_its_entries_lead_to(kind, own):
    """An outer firewall whose entries name own addresses meets no packet for what an inner one publishes."""
    said = re.sub(" +", " ", head_beside(kind, inner(), published=own))
    assert f"FW-In publishes PS 10.0.0.3 as 192.0.2.100. {ELSEWHERE}" in said


@pytest.mark.parametrize("kind", ["asa", "nftables"])
def test_the_head_is_silent_where_no_other_publishes_to_its_sources(kind):
    inwards = inner(published={"Staff": "192.0.2.101", "DB": "192.0.2.102"})
    beside = inner("Beside") | {"zones": {"DMZ": "a", "Internal": "b"}}
    for others in ((), (inwards,), (beside,)):
        assert " publishes " not in head_beside(kind, *others)
    alike = inner("Twin", {"PS": "203.0.113.20"})
    assert " publishes " not in head_beside(kind, alike, published={"PS": "203.0.113.20"}), "on another way"
    assert "Beside publishes PS" not in head_beside(kind, beside, flows=[flow("World", "DB", ports="80")])


def test_of_many_other_firewalls_and_endpoints_the_first_are_named():
    many = [inner(f"FW{number:02}") for number in range(14)]
    said = re.sub(" +", " ", head_beside("asa", *many))
    assert said.count(" publishes PS 10.0.0.3 as 192.0.2.100.") == 12
    assert f"2 more firewalls publish some of them. {ELSEWHERE}" in said
    ends = [host(f"H{number:02}", f"10.0.0.{number}") for number in range(1, 15)]
    published = {end["name"]: f"192.0.2.{number}" for number, end in enumerate(ends, 1)}
    flows = [flow("World", end["name"]) for end in ends]
    walls = [inner("A", published), inner("B", published) | {"zones": OUTER, "published": {}}]
    files = FORMATS["firewalls"].write_folder(plan([ENDS[2], *ends], flows, firewalls=walls))
    text = re.sub("\n! *", " ", files["B.asa.txt"].decode())
    assert "A publishes H01 10.0.0.1 as 192.0.2.1, " in text
    assert "H12 10.0.0.12 as 192.0.2.12 and 2 more. Entries" in text
