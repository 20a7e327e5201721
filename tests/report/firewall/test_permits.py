"""Firewall files permit what the rules of the report say: no more, no less."""

import dataclasses
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
from planner.plan.document import address_key, check_plan
from planner.report import FORMATS
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from ports.queries import shipped_matrix
from tests.each import each
from tests.examples import UNANSWERED, report_on
from tests.report.firewall.reading import READERS, expected, statements, strange_lines, without_ipv4
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate_once, hostile_lot, in_lots, write_plan
from tests.strategies import HOSTILE_NAMES as MORE_HOSTILE_NAMES
from tests.strategies import documents, often

MATRIX = shipped_matrix()
DAY = datetime.date(2026, 1, 2)
ZONES = (("Internal", "internal"), ("DMZ", "dmz"), ("Internet", "internet"))


def render(name, report, **options):
    """What is undecided is open, as in the report, wherever a file can be asked for that."""
    options = {"open_undecided": True} | options if "open_undecided" in FORMATS[name].options else options
    return FORMATS[name].render(report, None, **options).decode()


def forward(text):
    """A file without the lines that take it back."""
    return re.sub(r"(?m)^[#!] back: .*\n", "", text)


def flow(source, destination, protocol="tcp", ports="443", reason="Because"):
    ends = {"source": source, "destination": destination, "protocol": protocol, "reason": reason}
    return ends if protocol == "icmp" else ends | {"ports": ports}


def host(name, *addresses, zone="Internal", **more):
    return {"name": name, "zone": zone, "addresses": list(addresses)} | more


def plan(endpoints, flows, **more):
    """The report of endpoints that hold no role, with just these flows between them."""
    return evaluate_once(write_plan(*endpoints, zones=ZONES, additional_flows=flows, **more))


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


@each("name", READERS)
@pytest.mark.parametrize("slug", UNANSWERED)
def test_a_file_permits_what_the_report_says(slug, name):
    report = report_on(UNANSWERED[slug])
    assert READERS[name](render(name, report)) == expected(report)
    assert READERS[name](render(name, report, default_deny=True)) == expected(report)


@pytest.mark.parametrize("deny", [False, True])
@pytest.mark.parametrize("slug", UNANSWERED)
def test_the_real_programs_read_the_files(slug, deny, tmp_path):
    report = report_on(UNANSWERED[slug])
    check_with_programs(report, tmp_path, default_deny=deny)


@settings(max_examples=often(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_file_of_any_plan_permits_what_its_report_says(data):
    report = evaluate_report(MATRIX, check_plan(data.draw(documents(MATRIX)), matrix=MATRIX))
    wanted = expected(report)
    for name, read in READERS.items():
        see = SEEN_AS.get(name, set)
        assert see(read(render(name, report))) == see(wanted), name


def by_group(flows):
    """Those of IPv4, which IOS has groups for: any but other zones is a list of networks in its entries for IPv6."""
    return {one for one in flows if ":" not in one[0]}


SEEN_AS = {"ios": by_group, "paloalto": without_ipv4, "paloalto-set": without_ipv4}
"""By device what can be compared of the permits of a file with those of the report."""


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


@each("name", READERS)
@each(("source", "destination"), list(product(FROM, TO)))
def test_families_never_meet_and_never_become_any(name, source, destination):
    report = plan(MIXED, [flow(source, destination), flow(source, destination, "icmp")])
    text = render(name, report)
    assert READERS[name](text) == expected(report)
    if {source, destination} in ({"Four", "D six"}, {"Six", "D four"}):
        assert expected(report) == set()
        assert "Pairs without an address family in common" in text


@each("name", READERS)
def test_all_families_at_once(name):
    report = plan(MIXED, [flow(s, d, *what) for s, d in product(FROM, TO) for what in (["tcp"], ["icmp"])])
    assert READERS[name](render(name, report)) == expected(report)
    assert len(expected(report)) == 12


@each("name", READERS)
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


@each("name", READERS)
def test_any_is_any_only_where_the_plan_says_so(name):
    endpoints = [
        host("World", "any", zone="Internet", group=True), host("Unknown", zone="DMZ"),
        host("Named", "web.example.com", zone="DMZ"), host("Web", "192.0.2.1", "fd00::1", zone="DMZ"),
    ]  # fmt: skip
    report = plan(endpoints, [flow("World", d) for d in ("Unknown", "Named", "Web")] + [flow("Named", "World")])
    text = forward(render(name, report))
    wanted = {("0.0.0.0/0", "192.0.2.1/32", "tcp", "443"), ("::/0", "fd00::1/128", "tcp", "443")}
    assert expected(report) == wanted
    found = READERS[name](text)
    if name == "ios":
        assert by_group(found) == by_group(wanted)
        rest = [
            ipaddress.ip_network(source) for source, *other in found - by_group(found) if other[0] == "fd00::1/128"
        ]
        assert len(rest) == len(found) - 1
        assert sum(network.num_addresses for network in rest) == 2**128 - 1
    else:
        assert found == wanted
    assert "No address in the plan yet: Unknown." in text
    if name in ("nftables", "iptables", "ios"):
        assert "Only DNS names, which are not resolved here: Named (web.example.com)." in text
        assert "Rules without a source that has an IP address: " in text
    else:
        text = re.sub(r"(?m)^back: .*\n", "", text)
        assert "Named" not in text.partition("V4-Named")[0]
        # For each family; there in each list, or in each rule and one object.
        assert text.count("web.example.com") == {"mikrotik": 4, "checkpoint": 5}.get(name, 2)


@each("name", READERS)
def test_any_to_any_is_both_families(name):
    zones = (("One", "internet"), ("Two", "internet"))
    ends = [host("A", "any", zone="One", group=True), host("B", "any", zone="Two", group=True)]
    flows = [flow("A", "B"), flow("A", "B", "icmp")]
    report = evaluate_once(write_plan(*ends, zones=zones, additional_flows=flows))
    assert READERS[name](render(name, report)) == expected(report)


def test_only_echo_requests_of_icmp_are_let_through():
    report = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B", "icmp")])
    assert "icmp type echo-request " in render("nftables", report)
    assert "-p icmp -m icmp --icmp-type 8 " in render("iptables", report)
    assert " service-object icmp echo\n" in render("asa", report)
    assert 'set service "PING"' in render("fortigate", report)
    assert "<member>ping</member>" in render("paloalto", report)
    assert " application ping\n" in render("paloalto-set", report)
    assert "icmp-type 8\n" in render("srx", report)


def test_replies_pass_where_no_other_chain_lets_them():
    report = plan([host("A", "10.0.0.1"), host("B", "fd00::1", "192.0.2.1", zone="DMZ")], [flow("A", "B")])
    for name, replies in (("nftables", "ct state established,related accept"), ("iptables", "RELATED,ESTABLISHED -j")):
        assert replies not in render(name, report)
        assert replies in render(name, report, default_deny=True)


DENIES = {
    "nftables": "policy drop;",
    "iptables": ":FORWARD DROP",
    "asa": "FROM-INT extended deny ip any any",
    "fortigate": 'set name "default-deny-INT-DMZ"',
    "paloalto": "<action>deny</action>",
    "paloalto-set": "default-deny-INT-DMZ action deny",
    "srx": "policy default-deny-INT-DMZ then deny",
    "ios": " deny ip any any",
    "mikrotik": "chain=port-planner action=drop",
    "checkpoint": " action Drop ",
}


@each("name", READERS)
def test_nothing_is_denied_unless_asked_for(name):
    report = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")])
    assert DENIES[name] not in render(name, report)
    text = forward(render(name, report, default_deny=True))
    assert DENIES[name] in text
    if name not in ("nftables", "iptables"):
        permit = {"ios": " permit object-group", "mikrotik": "action=accept"}.get(name, r"INT-DMZ-90\d*-tcp-443")
        denial = text.rindex(DENIES[name]) if name == "ios" else text.index(DENIES[name])  # of the same list
        assert denial > re.search(permit, text).start()  # permits come first


def test_undecided_options_are_in_and_marked():
    document = contoso()
    document["endpoints"][3]["addresses"] = ["192.0.2.30"]
    report = evaluate_once(document)
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
        text = render(name, report)
        assert f"{rule.id}, tcp 443 - " in text
        if name not in ("nftables", "iptables", "mikrotik"):  # which have comments instead
            assert f"{rule.id}-tcp-443" in text


@each("name", READERS)
def test_a_comment_gives_the_reason_of_its_own_service_and_no_other(name):
    report = plan(
        [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")],
        [flow("A", "B", reason="Web for all"), flow("A", "B", ports="22", reason="Shell for some")],
    )
    (rule,) = report.rules
    assert len(rule.services) == 2
    entries = re.split(rf"(?={rule.id}, tcp )", _flat(render(name, report)))[1:]
    said = {entry.split()[2].strip('"'): entry for entry in entries}
    assert "Web for all" in said["443"]
    assert "Shell for some" not in said["443"]
    assert "Shell for some" in said["22"]
    assert "Web for all" not in said["22"]


@each("name", READERS)
def test_what_is_undecided_is_disabled_unless_it_is_asked_for(name):
    document = contoso()
    document["endpoints"][3]["addresses"] = ["192.0.2.30"]
    report = evaluate_once(document)
    closed, opened = render(name, report, open_undecided=False), render(name, report)
    marked = {rule.id for rule in report.rules if rule.any_of}
    assert marked
    decided = dataclasses.replace(
        report,
        boundaries=tuple(
            dataclasses.replace(boundary, rules=tuple(rule for rule in boundary.rules if not rule.any_of))
            for boundary in report.boundaries
        ),
    )
    assert READERS[name](closed) == expected(decided)
    assert READERS[name](opened) == expected(report) != expected(decided)
    assert ", 1 of them disabled" in _flat(closed)
    assert "of them disabled" not in opened
    assert FORMATS[name].render(report, None).decode() == closed
    if name not in ("nftables", "iptables"):
        return
    # Without the marks of comments it is the other file.
    disabled = re.sub(r"(?m)^# (?=add rule|-[46] -A)", "", closed)
    assert statements(disabled) == statements(opened)
    assert all(re.search(rf"(?m)^# {number}, .*undecided, only with ", closed) for number in marked)


SPECIAL = ("127.0.0.1", "127.0.0.0/8", "169.254.1.1", "224.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::",
           "fe80::1", "fe80::/64", "ff02::1", "::ffff:10.0.0.1", "::ffff:0:0/96")  # fmt: skip


@each("name", READERS)
@each("address", SPECIAL)
def test_special_addresses_are_left_out_and_named(name, address):
    report = plan(
        [host("A", address, "10.0.0.1"), host("Only", address), host("B", "192.0.2.1", "fd00::9", zone="DMZ")],
        [flow("A", "B"), flow("Only", "B", ports="22"), flow("B", "A", ports="25")],
    )
    text = render(name, report)
    assert READERS[name](text) == expected(report) == {
        ("10.0.0.1/32", "192.0.2.1/32", "tcp", "443"), ("192.0.2.1/32", "10.0.0.1/32", "tcp", "25"),
    }  # fmt: skip
    said = " ".join(re.sub(r"(?m)^[#!] (\| )?", "", text).split())
    assert f"IPv4-mapped): A ({address_key(address)}); Only ({address_key(address)})." in said
    assert "Rules without a source that has an IP address: " in text


@pytest.mark.parametrize("address", ["0.0.0.0/0", "::/0", "0.0.0.0/1", "224.0.0.0/3", "fe00::/9"])
def test_a_network_that_is_wider_than_special_ones_stays(address, tmp_path):
    report = plan(
        [host("A", address), host("B", "192.0.2.1", "2001:db8::1", zone="DMZ")], [flow("A", "B")],
    )  # fmt: skip
    for name, read in READERS.items():
        see = without_ipv4 if name in ("paloalto", "paloalto-set") else set
        assert see(read(render(name, report))) == see(expected(report)) != set(), name
    check_with_programs(report, tmp_path)


HOSTILE = (*HOSTILE_NAMES, *MORE_HOSTILE_NAMES, '"; accept', '"; policy accept; #', "*/ policy any {", "$(reboot)",
           "%COMSPEC%", "!", "any", "all", "none", "\u202egpj.exe", "😀" * 60, "V4-x_0", "x_0", '" -j ACCEPT',
           "-j ACCEPT", "add rule inet filter forward accept", ("nft flush ruleset " * 14).strip(),
           ("iptables -P FORWARD ACCEPT " * 9).strip())  # fmt: skip


@pytest.mark.parametrize("names", in_lots({name.casefold(): name for name in HOSTILE}.values()), ids=ascii)
def test_hostile_names_are_harmless_in_every_format(names, tmp_path):
    document = hostile_lot(names)
    document["endpoints"][1]["addresses"] = ["192.0.2.1"]
    document["endpoints"].append(host("x", "192.0.2.9", zone="DMZ"))
    document["endpoints"].append(host("x!", "192.0.2.10", zone="DMZ"))
    for name in names:
        reason = f"{name}\nadd rule inet filter forward accept\n-A FORWARD -j ACCEPT\n"
        document["additional_flows"] += [flow(name, "x", reason=reason), flow(name, "x!", ports="22", reason=reason)]
    report = evaluate_once(document)
    for kind, read in READERS.items():
        text = render(kind, report, default_deny=True)
        assert not strange_lines(text)
        assert read(text) == expected(report), kind
        assert "<script" not in text
        assert not set('"<>;&|$%`\\!*') & set("".join(_comments(kind, text))), kind
    check_with_programs(report, tmp_path, default_deny=True)


def _comments(kind, text):
    """What is written into comments, without the signs that make it one."""
    for line in text.splitlines():
        if kind == "nftables" and ' comment "' in line:
            yield line.partition(' comment "')[2].removesuffix('"')
        elif kind == "iptables" and "--comment " in line:
            yield line.partition('--comment "')[2].partition('"')[0]
        elif kind == "asa" and line.startswith(" description "):
            yield line.removeprefix(" description ")
        elif kind == "fortigate" and line.strip().startswith("set comments "):
            yield line.strip().removeprefix('set comments "').removesuffix('"')


def test_endpoints_with_hundreds_of_addresses_are_permitted_exactly(tmp_path):
    many = [f"10.0.{i}.{j}" for i in range(3) for j in range(1, 21)]
    report = plan(
        [host("Many", *many), host("Few", *(f"192.0.2.{n}" for n in range(1, 41, 2)), zone="DMZ")],
        [flow("Many", "Few")],
    )
    assert len(expected(report)) == 60 * 20
    for name in READERS:
        assert READERS[name](render(name, report)) == expected(report), name
    check_with_programs(report, tmp_path)


def test_a_network_that_another_one_contains_is_not_repeated(tmp_path):
    inside = host(
        "Inside", "10.0.0.0/24", "10.0.0.7", "10.0.0.0/25", "10.0.1.0/24", "10.0.0.0/24", "fd00::7", "fd00::/64"
    )
    report = plan([inside, host("B", "192.0.2.1", "2001:db8::1", zone="DMZ")], [flow("Inside", "B")])
    assert "ip saddr { 10.0.0.0/24, 10.0.1.0/24 } ip daddr 192.0.2.1 " in render("nftables", report)
    assert "ip6 saddr fd00::/64 ip6 daddr 2001:db8::1 " in render("nftables", report)
    assert render("iptables", report).count("-j ACCEPT") == 3
    check_with_programs(report, tmp_path)


LIMITS = {
    "fortigate": [(r'set name "(.*?)"', 35), (r'^    edit "(.*)"$', 79), (r'set comments "(.*?)"', 1023)],
    "paloalto": [(r'<entry name="(.*?)"', 63), (r"<description>(.*?)<", 1023), (r"<comments>(.*?)<", 1023)],
    "paloalto-set": [(r"set rulebase security rules (\S+)", 63), (r'description "(.*?)"', 1023)],
    "srx": [(r"(?:policy|address|address-set|application) (\S+) ", 63), (r'description "(.*?)"', 900)],
    "iptables": [(r"^:(\S+) -", 28), (r'--comment "(.*?)"', 255)],
    "nftables": [(r"add chain \S+ \S+ (\S+)", 127), (r'comment "(.*?)"', 127)],
    "ios": [(r"description (.*)", 200), (r"access-list (?:extended )?(\S+)", 64), (r"object-group \S+ (\S+)$", 64)],
    "mikrotik": [(r'comment="(.*?)"', 255), (r"-list=!?(\S+)", 64), (r'log-prefix="(.*?)"', 40)],
    "checkpoint": [
        (r"comments '(.*)'", 1000),
        (r"access-rule .* name (\S+)", 60),
        (r"(?:add host name|set_group) (\S+)", 79),
    ],
    "asa": [(r"description (.*)", 200), (r"access-list (\S+)", 241), (r"object(?:-group)? \S+ (\S+)$", 64)],
}
"""What the devices take: of each kind of name and comment, how long it may be."""


@each("name", READERS)
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
    text = render(name, evaluate_once(write_plan(*ends, zones=zones, additional_flows=flows)), default_deny=True)
    for pattern, limit in LIMITS[name]:
        found = re.findall(pattern, text, re.MULTILINE)
        assert found, pattern
        assert max(map(len, found)) <= limit, pattern


def test_a_default_deny_of_asa_is_one_for_zones_that_open_nothing_too():
    """An interface without an access list lets everything through to lower security levels."""
    report = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")])
    lists = r"access-list (FROM-\S+) extended deny ip any any"
    assert re.findall(lists, forward(render("asa", report, default_deny=True))) == ["FROM-DMZ", "FROM-INT", "FROM-NET"]
    assert re.findall(lists, render("asa", report)) == []


def test_asa_says_what_echo_replies_need_where_there_are_echo_requests():
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    assert "inspect icmp" in render("asa", plan(ends, [flow("A", "B", "icmp")]))
    assert "inspect icmp" not in render("asa", plan(ends, [flow("A", "B")]))


@each("name", READERS)
@each("deny", [False, True])
def test_a_part_says_so_in_its_head(name, deny):
    report = plan(
        [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")],
        [flow("A", "B"), flow("B", "A", "udp", "53"), flow("A", "B", "icmp")],
    )
    part, selection = select(report, Filter(protocol="udp", text="53"))
    text = FORMATS[name].render(part, Edition(date=DAY, selection=selection), default_deny=deny).decode()
    assert "Only a part of the plan. Search: 53, Protocol: udp, 1 of 2 rules." in text
    assert "1 of 1 chosen rule between zones is in it, as 1 entry." in text
    assert ("denied at the end, the rest of the plan included" in text) == deny
    assert READERS[name](text) == {("192.0.2.1/32", "10.0.0.1/32", "udp", "53")}
    assert str(DAY) not in text  # the same plan gives the same bytes


def test_asa_has_one_access_list_for_each_side_and_clears_nothing():
    text = render("asa", plan(MIXED, [flow("Both", "D both"), flow("D both", "Both")]))
    assert "clear" not in "".join(statements(text.replace("!", "#")))
    assert set(re.findall(r"^access-list (\S+)", text, re.MULTILINE)) == {"FROM-DMZ", "FROM-INT"}
    assert re.findall(r"^! (access-group .*)$", text, re.MULTILINE) == [
        "access-group FROM-DMZ in interface DMZ", "access-group FROM-INT in interface INT",
    ]  # fmt: skip
    assert len(READERS["asa"](text)) == 4
