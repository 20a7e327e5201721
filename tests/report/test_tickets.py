"""Bodies of tickets: a rule stands in that of its boundary and of each firewall that it passes, and text is text."""

import io
import re
import zipfile
from html import unescape

import pytest

from planner.report.firewall.absent import find_absent
from planner.report.formats.markdown import escape
from planner.report.formats.rule_texts import COLUMNS, escape_jira, write_jira
from planner.report.formats.tickets import KINDS, render_tickets
from planner.report.said.passed import Passed
from tests.engine.test_linear import count_steps
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, write_plan

WALLS = [
    {"name": "FW/1", "format": "fortigate", "zones": {"Internal": "inside", "DMZ": "dmz", "Internet": "outside"}},
    {"name": "fw-1", "format": "asa", "zones": {"Internal": "in", "DMZ": "out"}},
]
REPORT = evaluate(contoso(firewalls=WALLS))


def read(report):
    archive = zipfile.ZipFile(io.BytesIO(render_tickets(report)))
    assert archive.testzip() is None
    return {name: archive.read(name).decode() for name in archive.namelist()}


def test_each_boundary_has_a_file_with_its_rules_and_no_others_in_each_way_to_write_one():
    files = read(REPORT)
    for folder, ending, _ in KINDS:
        for boundary in REPORT.boundaries:
            text = files[f"{folder}/boundaries/{boundary.code}.{ending}"]
            assert {rule.id for rule in REPORT.rules if rule.id in text} == {rule.id for rule in boundary.rules}
    assert len(files) == 1 + len(KINDS) * (len(REPORT.boundaries) + len(WALLS))


def test_each_firewall_has_a_file_with_the_rules_that_pass_it():
    files = read(REPORT)
    passed = Passed(REPORT.plan.firewalls)
    for wall, stem in zip(WALLS, ("FW-1", "fw-1-2"), strict=True):
        wanted = {rule.id for rule in REPORT.rules if wall["name"] in passed.find(rule)}
        assert wanted
        for folder, ending, _ in KINDS:
            text = files[f"{folder}/firewalls/{stem}.{ending}"]
            assert {rule.id for rule in REPORT.rules if rule.id in text} == wanted


def test_a_firewalls_ticket_says_which_ends_of_its_rules_are_not_in_its_file():
    """A rule stands whole; the file has those of its ends that stand behind the firewall and have an address."""
    zones = (*((name, "remote-site") for name in "ABC"), ("DMZ", "dmz"))
    ends = [
        {"name": f"{zone}1", "zone": zone, "addresses": [] if zone == "B" else [f"10.0.0.{place}"]}
        for place, (zone, _) in enumerate(zones, 1)
    ]
    flows = [
        {"source": f"{zone}1", "destination": "DMZ1", "protocol": "tcp", "ports": "443", "reason": "x"}
        for zone in "ABC"
    ]
    wall = {"name": "FW", "format": "asa", "zones": {"A": "wan", "B": "wan", "DMZ": "dmz"}}
    files = read(evaluate(write_plan(*ends, zones=zones, additional_flows=flows, firewalls=[wall])))
    for folder, ending, _ in KINDS:
        text = files[f"{folder}/firewalls/FW.{ending}"]
        assert "Not behind FW, so not in its configuration: C1" in text
        assert "No address yet, so not in its configuration: B1" in text
    assert "configuration" not in files["text/boundaries/RS-DMZ.txt"]


def ticket_of(wall, *ends, to="192.0.2.9", protocol="tcp"):
    """The ticket of a firewall for a rule from these ends, as name, zone and address, to D in the zone B."""
    zones = [(name, "remote-site") for name in ("R1", "R2")] + [("B", "dmz")]
    made = [
        {"name": name, "zone": zone, "addresses": [address] if address else []}
        for name, zone, address in (*ends, ("D", "B", to))
    ]
    service = {"protocol": protocol, "ports": None if protocol == "icmp" else "443"}
    flows = [{"source": name, "destination": "D", "reason": "x", **service} for name, *_ in ends]
    wall = {"name": "FW", "zones": {"R1": "eth0", "R2": "eth1", "B": "eth1"}, **wall}
    report = evaluate(write_plan(*made, zones=zones, additional_flows=flows, firewalls=[wall]))
    return read(report)["text/firewalls/FW.txt"]


def test_a_firewalls_ticket_says_who_is_behind_it_and_does_not_pass_it():
    text = ticket_of(
        {"format": "iptables"}, ("S1", "R1", "192.0.2.1"), ("S2", "R2", "s2.example"), ("S3", "R2", "192.0.2.3")
    )
    assert re.search(r"Not passing FW for what a rule opens, so not in its configuration: \S+-9000: S2 and S3\n", text)
    assert text.count("configuration") == 1


@pytest.mark.parametrize(("format", "said"), [("iptables", True), ("asa", False)])
def test_a_firewalls_ticket_says_which_names_its_format_does_not_take(format, said):
    text = ticket_of({"format": format}, ("S1", "R1", "192.0.2.1"), ("S2", "R1", "s2.example"))
    assert ("A DNS name alone, which its format doesn’t take, so not in its configuration: S2" in text) is said


def test_a_firewalls_ticket_says_who_meets_nobody_of_its_family():
    ends = ("S1", "R1", "192.0.2.1"), ("S6", "R1", "2001:db8::6"), ("S7", "R1", "127.0.0.1")
    text = ticket_of({"format": "iptables"}, *ends)
    assert re.search(r"Nobody with an address that goes with theirs, .*: \S+-9000: S6\n", text)
    assert "Addresses that no firewall forwards, so not in its configuration: S7" in text


V4, V6 = ("192.0.2.1", "192.0.2.9"), ("2001:db8::1", "2001:db8::9")
TABLE = "Open over IPv{} alone, while the table {} holds IPv{} alone"
ECHO = "Echo requests (ICMP) between IPv6 addresses, which the document does not speak of"


@pytest.mark.parametrize(
    ("ends", "protocol", "table", "said"),
    [
        (V4, "tcp", "ip6 filter", TABLE.format(4, "ip6 filter", 6)), (V4, "icmp", "ip filter", None),
        (V6, "tcp", "ip filter", TABLE.format(6, "ip filter", 4)), (V6, "tcp", "inet filter", None),
        (V6, "icmp", "ip filter", TABLE.format(6, "ip filter", 4)), (V6, "icmp", "inet filter", ECHO),
        (V6, "icmp", "ip6 filter", ECHO), (V6, "icmp", "", ECHO),
        ((V4[0], V6[1]), "icmp", "ip filter", "Nobody with an address that goes with theirs"),
    ],
)  # fmt: skip
def test_a_firewalls_ticket_says_why_addresses_of_the_same_family_are_not_in_its_file(ends, protocol, table, said):
    source, to = ends
    wall = {"format": "nftables", "options": {"table": table}} if table else {"format": "asa"}
    text = ticket_of(wall, ("S", "R1", source), to=to, protocol=protocol)
    told = [line.partition(", so not in its configuration: ") for line in text.splitlines() if "configuration" in line]
    assert [(why, who.partition(": ")[2]) for why, _, who in told] == ([(said, "S and D")] if said else [])


def test_what_a_rule_has_elsewhere_costs_a_firewalls_ticket_next_to_nothing():
    """A company has a firewall at each site, and a rule the ends of all."""

    def cost(count):
        zones = [("HQ", "internal"), *((f"Site {number}", "remote-site") for number in range(count))]
        ends = [
            {"name": f"S{number}", "zone": f"Site {number}", "addresses": [f"10.{number // 200}.{number % 200}.1"]}
            for number in range(count)
        ]
        flows = [
            {"source": "HQ", "destination": end["name"], "protocol": "tcp", "ports": "443", "reason": "x"}
            for end in ends
        ]
        walls = [{"name": "FW", "format": "asa", "zones": {"HQ": "out", "Site 0": "in"}}]
        hq = {"name": "HQ", "zone": "HQ", "addresses": ["192.0.2.1"]}
        report = evaluate(write_plan(hq, *ends, zones=zones, additional_flows=flows, firewalls=walls))
        [rule] = report.rules
        assert len(rule.destinations) == count
        return count_steps(lambda: find_absent(report, report.plan.firewalls[0]))

    assert cost(200) - cost(100) < 10 * 100


def test_a_plan_without_rules_has_nothing_but_the_readme():
    report = evaluate(contoso(endpoints=[], additional_flows=[]))
    assert list(read(report)) == ["README.txt"]


@pytest.mark.parametrize("name", ["Contoso", *HOSTILE_NAMES])
def test_each_says_of_which_plan_and_product_it_is_and_how_ports_are_meant(name):
    """Whoever gets one has nothing else."""
    written = {"text": str, "markdown": escape, "jira": escape_jira}
    for path, text in read(evaluate(hostile(name))).items():
        if path != "README.txt":
            first, said = text.split("\n")[0], written[path.partition("/")[0]]
            assert first.startswith(said(f"Firewall rules for {REPORT.matrix.product}, plan {name}: ")), path
            assert said("Ports are destination ports; the source opens the connection") in text


MARKS = re.compile(r"[*{}\[\]!?^~+|\\<>_]|://|www\.|(?<!\w)-|-(?!\w)|[:;][()DP]|\((?:[ynix/]|on|off)\)")


@pytest.mark.parametrize(
    "name", [*HOSTILE_NAMES, "{code}", "-gone-", "----", "!x.png!", ":) (x) (on)", "mailto:a@b.example"]
)
def test_names_are_text_to_jira(name):
    report = evaluate(hostile(name))
    text = write_jira(report)
    head, *rows = [line for line in text.splitlines() if line.startswith("|")]
    assert head == f"||{'||'.join(COLUMNS[:1] + COLUMNS[3:])}||"
    for row in rows:
        cells = row[1:-1].split("|")
        assert len(cells) == len(COLUMNS) - 2
        assert not [cell for cell in cells if MARKS.search(re.sub(r"&#\d+;", "", cell))]
    assert any(name in unescape(row) for row in rows)
