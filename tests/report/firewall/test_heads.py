"""What the heads of files say in words: counts, networks and names with their slashes."""

import datetime
import re

import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.firewall.words import clean, name_endpoints, show_names
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Filter, select
from tests.each import each
from tests.report.firewall.reading import READERS, strange_lines
from tests.report.firewall.test_hosts_and_archives import unpack
from tests.report.firewall.test_permits import check, flow, host, plan, render
from tests.report.samples import evaluate_once, write_plan

ENDS = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ"), host("C", "198.51.100.1", zone="Internet")]
HTTPS, DNS, AWAY = flow("A", "B"), flow("B", "A", "udp", "53"), flow("A", "C")
FIREWALL = {"name": "FW", "format": "nftables", "zones": {"Internal": "eth0", "DMZ": "eth1"}}


@pytest.mark.parametrize(
    ("flows", "between", "passing"),
    [
        (
            [HTTPS],
            "1 of 1 rule between zones is in it, as 1 entry.",
            "1 of 1 rule passes it and is in it, as 1 entry.",
        ),
        (
            [HTTPS, DNS, AWAY],
            "3 of 3 rules between zones are in it, as 3 entries.",
            "2 of 3 rules pass it and are in it, as 2 entries.",
        ),
    ],
)
def test_rules_and_entries_are_counted_in_words_that_fit_the_number(flows, between, passing):
    assert f"# {between}" in render("nftables", plan(ENDS, flows)).splitlines()
    files = FORMATS["firewalls"].write_folder(plan(ENDS, flows, firewalls=[FIREWALL]))
    assert f"# {passing}" in files["FW.nft"].decode().splitlines()


def test_a_rule_that_is_in_it_for_other_ends_is_left_out_in_part_alone():
    """Behind one name there is no address; under “rules without a source” nobody would look for it in the file."""
    ends = [
        host("A", "10.1.0.1", zone="One"), host("B", zone="Two"),
        host("D", "192.0.2.1", zone="DMZ"), host("E", zone="DMZ"),
    ]  # fmt: skip
    zones = (("One", "remote-site"), ("Two", "remote-site"), ("DMZ", "dmz"))
    wall = {"name": "FW", "format": "nftables", "zones": {"One": "eth0", "Two": "eth1", "DMZ": "eth2"}}
    flows = [flow("A", "D"), flow("B", "D"), flow("A", "E", ports="22")]
    report = evaluate_once(write_plan(*ends, zones=zones, additional_flows=flows, firewalls=[wall]))
    web, ssh = (rule.id for rule in sorted(report.rules, key=lambda rule: -len(rule.sources)))
    text = FORMATS["firewalls"].write_folder(report)["FW.nft"].decode()
    assert f'comment "{web}, tcp 443' in text
    said = " ".join(text.replace("\n#", "").split())
    assert f"Rules in part, without sources of theirs that have no IP address: {web} (B)." in said
    assert f"Rules without a destination that has an IP address: {ssh}." in said
    assert "Rules without a source" not in said


def test_what_a_host_accepts_is_counted_in_words_that_fit_the_number():
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ", platforms=["linux-mac"])]
    files = unpack("nftables", plan(ends, [HTTPS]), host_files=True)
    assert "\n1 host. Each file has" in files["README.txt"]
    assert "# 1 entry for what it accepts, 0 for what it opens." in files["host-B.nft"].splitlines()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([HTTPS], [flow("A", "B", ports="8443")], "1 line comes, 1 goes."),
        ([HTTPS], [HTTPS, DNS], "1 line comes, 0 go."),
        ([HTTPS], [HTTPS, DNS, AWAY], "2 lines come, 0 go."),
    ],
)
def test_lines_that_come_and_go_are_counted_in_words_that_fit_the_number(before, after, said):
    comparison = compare_reports(plan(ENDS, before), plan(ENDS, after))
    text = CHANGE_FORMATS["iptables"].render(comparison, Editions(before="revision 1", after="revision 2")).decode()
    assert f"# {said} The chain is loaded whole" in text


def within_a_network():
    """A part that is found by an address within a network."""
    report = plan([host("A", "10.0.0.1"), host("Linux", "192.0.2.64/26", zone="DMZ")], [flow("A", "Linux")])
    part, selection = select(report, Filter(text="192.0.2.70"))
    return part, Edition(date=datetime.date(2026, 1, 2), selection=selection)


@each("name", READERS)
def test_a_network_in_the_filter_of_a_part_keeps_its_slash(name):
    part, edition = within_a_network()
    text = FORMATS[name].render(part, edition).decode()
    assert "192.0.2.70 is within 192.0.2.64/26 of Linux" in " ".join(re.sub(r"(?m)^[#!]", "", text).split())
    assert not strange_lines(text)
    assert READERS[name](text) == {("10.0.0.1/32", "192.0.2.64/26", "tcp", "443")}


@each("kind", ["asa", "ios", "pfsense"])
def test_where_entries_can_not_say_where_packets_leave_the_head_says_so(kind):
    """Any of a zone is what is behind its interface (docs/firewalls.md), which these can ask of a source alone."""
    firewall = {"name": "FW", "format": kind, "zones": {"Internal": "lan", "Internet": "wan"}}
    ends = [ENDS[0], host("World", "any", zone="Internet", group=True)]
    said = "can't say where they leave: a destination that is any isn't held to its own side."
    for flows, is_said in (([flow("A", "World")], True), ([flow("World", "A")], False)):
        [text] = FORMATS["firewalls"].write_folder(plan(ends, flows, firewalls=[firewall])).values()
        assert (said in " ".join(re.sub(r"(?m)^[#!]", "", text.decode()).split())) == is_said


def test_a_fortigate_that_is_managed_is_told_which_numbers_are_taken():
    assert "FortiManager takes numbers up to 1,071,741,824" in render("fortigate", plan(ENDS, [HTTPS]))


def test_a_network_in_a_head_is_nothing_to_the_programs_that_load_it(tmp_path):
    part, edition = within_a_network()
    for name, programs in (("nftables", ["nft"]), ("iptables", ["iptables-restore", "ip6tables-restore"])):
        for program in programs:
            check(program, FORMATS[name].render(part, edition).decode(), tmp_path)


def test_the_files_that_a_change_is_of_keep_their_slashes():
    comparison = compare_reports(plan(ENDS, [HTTPS]), plan(ENDS, [HTTPS, DNS]))
    text = CHANGE_FORMATS["asa"].render(comparison, Editions(before="old/plan.yaml", after="../2026/11.yaml")).decode()
    assert "! From old/plan.yaml to ../2026/11.yaml." in text.splitlines()


@each("kind", ["asa", "ios", "fortigate", "mikrotik", "checkpoint"])
def test_sides_are_called_in_a_head_as_in_the_lines(kind):
    zones = {"Internal": "Gi0/0", "DMZ": "xe-0/0/1.0"}
    firewall = {"name": "FW/1", "format": kind, "zones": zones, "published": {"A": "192.0.2.200"}}
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    [text] = FORMATS["firewalls"].write_folder(plan(ends, [flow("B", "A")], firewalls=[firewall])).values()
    lines = [line.lstrip("#! ") for line in text.decode().splitlines()]
    assert "Firewall FW/1: Internal behind Gi0/0; DMZ behind xe-0/0/1.0." in lines
    assert "V4-A is published as 192.0.2.200 to xe-0/0/1.0." in lines


ALIKE = {"PS/01": "PS/01", "PS\\01": "PS(reverse solidus)01", "PS 01": "PS 01", "PS*01": "PS(asterisk)01"}


@each("kind", ["asa", "ios", "fortigate", "paloalto", "paloalto-set", "srx", "checkpoint", "mikrotik", "pfsense"])
def test_names_that_would_be_alike_in_a_head_are_told_apart(kind):
    ends = [host(name, f"192.0.2.{number}", zone="DMZ") for number, name in enumerate(ALIKE, 1)]
    report = plan([host("A", "10.0.0.1"), *ends], [flow("A", name) for name in ALIKE])
    said = dict(re.findall(r"(PS-01-[0-9a-f]{6}) stands for (.*)\.$", render(kind, report), re.MULTILINE))
    named = name_endpoints(report.plan.endpoints)
    assert said == {named[name]: shown for name, shown in ALIKE.items()}


@each("kind", ["asa", "fortigate", "nftables", "checkpoint"])
def test_zones_and_what_is_left_out_are_told_apart_in_a_head_by_a_sign_alone(kind):
    ends = [host("A", "10.0.0.1"), host("B*1", zone="DMZ*1"), host("B 1", zone="DMZ 1")]
    ends += [host("C", "192.0.2.1", zone="DMZ*1"), host("D", "192.0.2.2", zone="DMZ 1")]
    zones = [("Internal", "internal"), ("DMZ*1", "dmz"), ("DMZ 1", "dmz")]
    sides = {"Internal": "i0", "DMZ*1": "d0", "DMZ 1": "d1"}
    report = evaluate_once(
        write_plan(
            *ends, zones=zones, additional_flows=[flow("A", end) for end in ("B*1", "B 1", "C", "D")],
            firewalls=[{"name": "FW", "format": kind, "zones": sides}],
        )
    )  # fmt: skip
    [text] = FORMATS["firewalls"].write_folder(report).values()
    said = " ".join(re.sub(r"(?m)^ *[#!] *", "", text.decode()).split())
    assert "DMZ(asterisk)1 behind d0; DMZ 1 behind d1." in said
    assert "B(asterisk)1" in said
    assert "DMZ stands for 2 DMZ zones: DMZ 1, DMZ(asterisk)1." in said


@each(
    ("names", "shown"),
    [
        (("a/b", "ä/東"), ("a/b", "ä/東")), (("a//b", "a /b"), ("a(solidus)(solidus)b", "a (solidus)b")),
        (("a--b", "a-b"), ("a-(hyphen-minus)b", "a-b")), (("a\u202eb", "a b"), ("a(right-to-left override)b", "a b")),
        (("a\x07b", "a b"), ("a(u 0007)b", "a b")), (("?", "!"), ("(question mark)", "(exclamation mark)")),
        (("x" * 101, "x" * 102), ("x" * 101, "x" * 102)),
    ],
)  # fmt: skip
def test_what_tells_two_names_apart_is_spelled(names, shown):
    assert show_names(names) == dict(zip(names, shown, strict=True))


@each(
    ("text", "harmless"),
    [
        ("192.0.2.64/26, 2001:db8::/32", "192.0.2.64/26, 2001:db8::/32"), ("tcp/443", "tcp/443"),
        ("1*/2", "1 2"), ("1/*2", "1 2"), ("1//2", "1 2"), ("https://x/y", "https: x/y"), ("</a><b/>", "a b"),
        ("/1 2/", "1 2"), ("1/-2", "1 -2"), ("1/ 2", "1 2"), ("1 /2", "1 2"), ("1/\n2", "1 2"), ("1/é", "1/e"),
        ("1/\u03312", "1/2"), ("1/😀/2", "1 2"), ("1*\u0331/2", "1 2"), ("?>/1#>", "1"),
    ],
)  # fmt: skip
def test_only_a_slash_within_a_word_stays_in_a_head(text, harmless):
    assert clean(text, slashes=True) == harmless
    assert "/" not in clean(text)
