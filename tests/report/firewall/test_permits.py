"""Firewall files permit what the rules of the report say: no more, no less."""

import datetime
import ipaddress
import re
import shutil
import subprocess
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.plan.document import check_plan, read_plan
from planner.report import FORMATS
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from planner.store.examples import read_examples
from ports.queries import shipped_matrix
from tests.report.firewall.reading import READERS, expected, read_asa_file
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, write_plan
from tests.strategies import HOSTILE_NAMES as MORE_HOSTILE_NAMES
from tests.strategies import documents, often

MATRIX = shipped_matrix()
DAY = datetime.date(2026, 1, 2)
EXAMPLES = {example.slug: example for example in read_examples()}
ZONES = (("Internal", "internal"), ("DMZ", "dmz"), ("Internet", "internet"))


def render(name, report, **options):
    return FORMATS[name].render(report, None, **options).decode()


def flow(source, destination, protocol="tcp", ports="443", reason="Because"):
    ends = {"source": source, "destination": destination, "protocol": protocol, "reason": reason}
    return ends if protocol == "icmp" else ends | {"ports": ports}


def host(name, *addresses, zone="Internal", **more):
    return {"name": name, "zone": zone, "addresses": list(addresses)} | more


def plan(endpoints, flows, **more):
    """The report of endpoints that hold no role, with just these flows between them."""
    return evaluate(write_plan(*endpoints, zones=ZONES, additional_flows=flows, **more))


def check(program, text, tmp_path):
    """Have the real program read the file without loading it."""
    assert shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin"), (
        f"{program} is not installed; scripts/setup.sh --test installs it"
    )
    path = tmp_path / "rules"
    path.write_text(text)
    line = [program, "-c", "-f", str(path)] if program == "nft" else [program, "--test", str(path)]
    done = subprocess.run(
        line, capture_output=True, text=True, check=False, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    )
    assert (done.returncode, done.stderr) == (0, ""), text


def check_with_programs(report, tmp_path, **options):
    check("nft", render("nftables", report, **options), tmp_path)
    for program in ("iptables-restore", "ip6tables-restore"):
        check(program, render("iptables", report, **options), tmp_path)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("slug", EXAMPLES)
def test_a_file_permits_what_the_report_says(slug, name):
    report = evaluate_report(MATRIX, read_plan(EXAMPLES[slug].data, matrix=MATRIX))
    assert READERS[name](render(name, report)) == expected(report)
    assert READERS[name](render(name, report, default_deny=True)) == expected(report)


@pytest.mark.parametrize("deny", [False, True])
@pytest.mark.parametrize("slug", EXAMPLES)
def test_the_real_programs_read_the_files(slug, deny, tmp_path):
    report = evaluate_report(MATRIX, read_plan(EXAMPLES[slug].data, matrix=MATRIX))
    check_with_programs(report, tmp_path, default_deny=deny)


@settings(max_examples=often(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_file_of_any_plan_permits_what_its_report_says(data):
    report = evaluate_report(MATRIX, check_plan(data.draw(documents(MATRIX)), matrix=MATRIX))
    wanted = expected(report)
    for name, read in READERS.items():
        assert read(render(name, report)) == wanted, name


@settings(max_examples=often(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_real_programs_read_the_file_of_any_plan(tmp_path, data):
    report = evaluate_report(MATRIX, check_plan(data.draw(documents(MATRIX)), matrix=MATRIX))
    check_with_programs(report, tmp_path, default_deny=data.draw(st.booleans()))


MIXED = [
    host("Both", "10.0.0.1", "fd00::1"),
    host("Four", "10.0.0.2"),
    host("Six", "fd00::2"),
    host("D both", "192.0.2.1", "2001:db8::1", zone="DMZ"),
    host("D four", "192.0.2.2", zone="DMZ"),
    host("D six", "2001:db8::2", zone="DMZ"),
]
FROM, TO = ["Both", "Four", "Six"], ["D both", "D four", "D six"]


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(("source", "destination"), list(product(FROM, TO)))
def test_families_never_meet_and_never_become_any(name, source, destination):
    report = plan(MIXED, [flow(source, destination), flow(source, destination, "icmp")])
    text = render(name, report)
    assert READERS[name](text) == expected(report)
    if {source, destination} in ({"Four", "D six"}, {"Six", "D four"}):
        assert expected(report) == set()
        assert "Pairs without an address family in common" in text


@pytest.mark.parametrize("name", READERS)
def test_all_families_at_once(name):
    report = plan(MIXED, [flow(s, d, *what) for s, d in product(FROM, TO) for what in (["tcp"], ["icmp"])])
    assert READERS[name](render(name, report)) == expected(report)
    assert len(expected(report)) == 12


@pytest.mark.parametrize("name", READERS)
def test_neighbouring_and_overlapping_networks_stay_with_their_endpoint(name):
    """Merged under one name they would open the neighbour in every other rule of that name."""
    endpoints = [
        host("A", "10.0.0.0/25"), host("B", "10.0.0.128/25"), host("C", "10.0.0.5", "10.0.0.5/32"),
        host("D", "192.0.2.2", zone="DMZ"), host("E", "192.0.2.3", zone="DMZ"), host("F", "192.0.2.0/24", zone="DMZ"),
    ]  # fmt: skip
    flows = [flow(s, d) for s in "ABC" for d in "DE"] + [flow("A", "E", ports="22"), flow("B", "F", ports="1-1024")]
    report = plan(endpoints, flows)
    assert READERS[name](render(name, report)) == expected(report)
    assert ("10.0.0.0/25", "192.0.2.3/32", "tcp", "22") in expected(report)


@pytest.mark.parametrize("name", READERS)
def test_any_is_any_only_where_the_plan_says_so(name):
    endpoints = [
        host("World", "any", zone="Internet", group=True), host("Unknown", zone="DMZ"),
        host("Named", "web.example.com", zone="DMZ"), host("Web", "192.0.2.1", "fd00::1", zone="DMZ"),
    ]  # fmt: skip
    report = plan(endpoints, [flow("World", d) for d in ("Unknown", "Named", "Web")] + [flow("Named", "World")])
    text = render(name, report)
    assert READERS[name](text) == expected(report) == {
        ("0.0.0.0/0", "192.0.2.1/32", "tcp", "443"), ("::/0", "fd00::1/128", "tcp", "443"),
    }  # fmt: skip
    assert "No address in the plan yet: Unknown." in text
    assert "Only DNS names, which are not resolved here: Named (web.example.com)." in text
    assert "Rules without a source that has an IP address: " in text


@pytest.mark.parametrize("name", READERS)
def test_any_to_any_is_both_families(name):
    zones = (("One", "internet"), ("Two", "internet"))
    ends = [host("A", "any", zone="One", group=True), host("B", "any", zone="Two", group=True)]
    flows = [flow("A", "B"), flow("A", "B", "icmp")]
    report = evaluate(write_plan(*ends, zones=zones, additional_flows=flows))
    assert READERS[name](render(name, report)) == expected(report)


def test_only_echo_requests_of_icmp_are_let_through():
    report = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B", "icmp")])
    assert "icmp type echo-request ct state new accept" in render("nftables", report)
    assert "-p icmp --icmp-type 8 " in render("iptables", report)
    assert "permit icmp host 10.0.0.1 host 192.0.2.1 echo" in render("asa", report)
    assert "set icmptype 8" in render("fortigate", report)
    assert "<type>8</type>" in render("paloalto", report)
    assert "icmp-type 8 " in render("srx", report)


def test_replies_pass_where_a_firewall_has_to_be_told():
    report = plan([host("A", "10.0.0.1"), host("B", "fd00::1", "192.0.2.1", zone="DMZ")], [flow("A", "B")])
    assert "ct state established,related accept" in render("nftables", report)
    assert "-4 -A F_replies -p all -m state --state ESTABLISHED,RELATED -j ACCEPT" in render("iptables", report)


DENIES = {
    "nftables": "policy drop;",
    "iptables": ":FORWARD DROP",
    "asa": "FROM-INT extended deny ip any any",
    "fortigate": 'set name "default-deny-INT-DMZ"',
    "paloalto": "<action>deny</action>",
    "srx": "policy default-deny-INT-DMZ {",
}


@pytest.mark.parametrize("name", READERS)
def test_nothing_is_denied_unless_asked_for(name):
    report = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")])
    assert DENIES[name] not in render(name, report)
    text = render(name, report, default_deny=True)
    assert DENIES[name] in text
    if name in ("fortigate", "paloalto", "srx", "asa"):
        assert text.index(DENIES[name]) > text.index("INT-DMZ-90")  # permits come first


def test_undecided_options_are_in_and_marked():
    document = contoso()
    document["endpoints"][3]["addresses"] = ["192.0.2.30"]
    report = evaluate(document)
    assert {mark.option for rule in report.rules for mark in rule.any_of} == {"powercli"}
    for name in READERS:
        assert re.search(r"INT-DMZ-322, tcp 443\W.*undecided, only with .*PowerCLI", _flat(render(name, report))), name


def _flat(text):
    """The text on one line, without what begins a comment on each."""
    return " ".join(re.sub(r"(?m)^(access-list \S+ remark|-4 -A \S+ -m comment --comment)", "", text).split())


def test_a_rule_can_be_found_by_its_number():
    report = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")])
    (rule,) = report.rules
    for name in READERS:
        assert f"{rule.id}-1" in render(name, report)


HOSTILE = (*HOSTILE_NAMES, *MORE_HOSTILE_NAMES, '"; accept', '"; policy accept; #', "*/ policy any {", "$(reboot)",
           "%COMSPEC%", "!", "any", "all", "none", "\u202egpj.exe", "😀" * 60, "V4-x_0", "x_0")  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(HOSTILE)), ids=ascii)
def test_hostile_names_are_harmless_in_every_format(name, tmp_path):
    document = hostile(name)
    document["endpoints"][1]["addresses"] = ["192.0.2.1"]
    document["endpoints"].append(host("x", "192.0.2.9", zone="DMZ"))
    document["endpoints"].append(host("x!", "192.0.2.10", zone="DMZ"))
    document["additional_flows"] += [flow(name, "x", reason=name), flow(name, "x!", ports="22", reason=name)]
    report = evaluate(document)
    for kind, read in READERS.items():
        text = render(kind, report, default_deny=True)
        assert text.isascii()
        assert read(text) == expected(report), kind
        assert "<script" not in text
        assert not set('"<>;&|$%`\\!*') & set("".join(_comments(kind, text))), kind
    check_with_programs(report, tmp_path, default_deny=True)


def _comments(kind, text):
    """What is written into comments, without the signs that make it one."""
    for line in text.splitlines():
        if kind == "nftables" and line.strip().startswith("comment "):
            yield line.strip().removeprefix('comment "').removesuffix('"')
        elif kind == "iptables" and "--comment " in line:
            yield line.partition('--comment "')[2].removesuffix('"')
        elif kind == "asa" and " remark " in line:
            yield line.partition(" remark ")[2]
        elif kind == "fortigate" and line.strip().startswith("set comments "):
            yield line.strip().removeprefix('set comments "').removesuffix('"')


def test_endpoints_with_hundreds_of_addresses_are_permitted_exactly(tmp_path):
    """iptables may say it the other way round (return unless …), so addresses are tried one by one."""
    many = [f"10.0.{i}.{j}" for i in range(3) for j in range(1, 21)]
    report = plan(
        [host("Many", *many), host("Few", *(f"192.0.2.{n}" for n in range(1, 41, 2)), zone="DMZ")],
        [flow("Many", "Few")],
    )
    text = render("iptables", report)
    check("iptables-restore", text, tmp_path)
    assert "-j RETURN" in text
    permitted = _Chains(text)
    sources = ["10.0.0.1", "10.0.2.20", "10.0.1.17", "10.0.2.21", "10.0.3.1", "9.9.9.9", "192.0.2.1"]
    for source, destination in product(sources, ["192.0.2.1", "192.0.2.2", "192.0.2.39", "192.0.2.41", "10.0.0.1"]):
        wanted = source in many and destination.startswith("192.0.2.") and int(destination[8:]) in range(1, 41, 2)
        assert permitted.passes(source, destination) == wanted, (source, destination)
    for name in set(READERS) - {"iptables", "srx"}:  # Aerleon merges the networks within an object of an SRX
        assert READERS[name](render(name, report)) == expected(report), name


class _Chains:
    """The chains of an iptables file, walked as the kernel walks them."""

    def __init__(self, text):
        self.chains = {}
        for line in text.splitlines():
            if line.startswith("-4 -A F_") and "--comment" not in line and "F_replies" not in line:
                words = line.split()
                self.chains.setdefault(words[2], []).append(
                    (
                        words[-1],
                        *(words[words.index(flag) + 1] if flag in words else "0.0.0.0/0" for flag in ("-s", "-d")),
                    )
                )

    def passes(self, source, destination):
        for rules in self.chains.values():
            for verdict, here, there in rules:
                if all(
                    ipaddress.ip_address(address) in ipaddress.ip_network(network)
                    for address, network in ((source, here), (destination, there))
                ):
                    if verdict == "ACCEPT":
                        return True
                    break
        return False


LIMITS = {
    "fortigate": [(r'set name "(.*?)"', 35), (r"^    edit (.*)$", 79), (r'set comments "(.*?)"', 1023)],
    "paloalto": [(r'<entry name="(.*?)"', 63), (r"<description>(.*?)<", 1023), (r"<comments>(.*?)<", 1023)],
    "srx": [(r"(?:policy|address|address-set|application|application-set) (\S+) (?:\{|\S+;)", 63)],
    "iptables": [(r"-N (\S+)", 28), (r'--comment "(.*?)"', 255)],
    "nftables": [(r"chain (\S+)", 127), (r'comment "(.*?)"', 127)],
    "asa": [(r"remark (.*)", 100), (r"access-list (\S+)", 241)],
}
"""What the devices take: of each kind of name and comment, how long it may be."""


@pytest.mark.parametrize("name", READERS)
def test_names_and_comments_are_within_the_limits_of_the_device(name):
    long = [f"{'Long name of an endpoint ' * 9}{number}" for number in range(8)]
    zones = tuple((f"{'Zone with a long name ' * 9}{number}", "internal") for number in range(4))
    ends = [
        host(end, f"10.{number}.0.1", f"fd00::{number}", zone=zones[number % 4][0]) for number, end in enumerate(long)
    ]
    flows = [
        flow(s, d, *what, reason="A long reason, again and again. " * 40)
        for s, d in product(long[:4], long[4:])
        for what in (["tcp", "49152-65535"], ["udp", "1-65535"], ["icmp"])
    ]
    text = render(name, evaluate(write_plan(*ends, zones=zones, additional_flows=flows)), default_deny=True)
    for pattern, limit in LIMITS[name]:
        found = re.findall(pattern, text, re.MULTILINE)
        assert found, pattern
        assert max(map(len, found)) <= limit, pattern


def test_a_default_deny_of_asa_is_one_for_zones_that_open_nothing_too():
    """An interface without an access list lets everything through to lower security levels."""
    report = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")])
    lists = r"access-list (FROM-\S+) extended deny ip any any"
    assert re.findall(lists, render("asa", report, default_deny=True)) == ["FROM-INT", "FROM-DMZ", "FROM-NET"]
    assert re.findall(lists, render("asa", report)) == []


def test_asa_says_what_echo_replies_need_where_there_are_echo_requests():
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    assert "inspect icmp" in render("asa", plan(ends, [flow("A", "B", "icmp")]))
    assert "inspect icmp" not in render("asa", plan(ends, [flow("A", "B")]))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("deny", [False, True])
def test_a_part_says_so_in_its_head(name, deny):
    report = plan(
        [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")],
        [flow("A", "B"), flow("B", "A", "udp", "53"), flow("A", "B", "icmp")],
    )
    part, selection = select(report, Filter(protocol="udp", text="53"))
    text = FORMATS[name].render(part, Edition(date=DAY, selection=selection), default_deny=deny).decode()
    assert "Only a part of the plan. Search: 53, Protocol: udp, 1 of 2 rules." in text
    assert "1 of 1 chosen rules between zones are in it" in text
    assert ("denied at the end, the rest of the plan included" in text) == deny
    assert READERS[name](text) == {("192.0.2.1/32", "10.0.0.1/32", "udp", "53")}
    assert str(DAY) not in text  # the same plan gives the same bytes


def test_asa_has_one_access_list_for_each_side_that_connections_come_from():
    text = render("asa", plan(MIXED, [flow("Both", "D both"), flow("D both", "Both")]))
    assert [line for line in text.splitlines() if line.startswith("clear")] == [
        "clear configure access-list FROM-DMZ", "clear configure access-list FROM-INT",
    ]  # fmt: skip
    assert len(read_asa_file(text)) == 4
