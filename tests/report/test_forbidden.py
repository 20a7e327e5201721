"""A rule that breaks what the plan keeps closed says so in every list of rules, and others don't."""

import io
import re
import zipfile
from dataclasses import replace
from functools import cache

import openpyxl
import pytest
from django.template.loader import render_to_string

from planner.engine.compare import compare_reports
from planner.engine.existing.decide import compare_with
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.firewall.permits import Permits
from planner.report.formats.rule_texts import RULE_TEXTS
from planner.report.gap.tables import render_xlsx
from planner.report.gap.text import render_text
from planner.report.said.edition import Editions
from planner.report.said.forbidden import MOST_REASON, MOST_ROWS, Breaches
from tests.engine.existing.rulesets import ruleset
from tests.paper import read_pages
from tests.report.samples import evaluate, write_plan

WHY = "Policy 12 of the bank"
FOR_PEOPLE = ("markdown", "html", "pdf", "xlsx", "tickets")
FIREWALLS = ("nftables", "iptables", "fortigate", "asa", "ios", "paloalto-set", "srx", "mikrotik", "aws")


@cache
def report(*, never=True, flows=("2022", "2023"), reason=WHY, rows=1, more=()):
    """Two rules of the plan's own, of which a row forbids the first service; `more` addresses has its destination."""
    ends = [
        {"name": name, "zone": zone, "addresses": [f"192.0.2.{number}"]}
        for number, (name, zone) in enumerate({"P1": "Internal", "Q1": "DMZ", "Q2": "DMZ"}.items(), 1)
    ]
    ends[1]["addresses"] += more
    own = [
        {"source": "P1", "destination": goal, "protocol": "tcp", "ports": ports, "reason": f"Because of {ports}"}
        for goal, ports in zip(("Q1", "Q2"), flows, strict=False)
    ]
    row = {
        "from": {"zone": "Internal"},
        "to": {"endpoint": "Q1"},
        "protocol": "tcp",
        "ports": "2022",
        "reason": reason,
    }
    return evaluate(write_plan(*ends, additional_flows=own, **({"never": [row] * rows} if never else {})))


def read(name, data):
    if name == "pdf":
        return " ".join(" ".join(read_pages(data)).split())
    if name == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(data))
        rows = (row for sheet in ("Rules", "Work") for row in book[sheet].iter_rows(values_only=True))
        return "\n".join(" ".join(str(cell or "") for cell in row) for row in rows)
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "\n".join(archive.read(one).decode() for one in archive.namelist())
    return data.decode()


def test_what_it_says_names_who_forbids_what_and_why():
    first, second = report().rules
    breaches = Breaches(report())
    assert breaches.say_rule(first) == f"the plan keeps tcp 2022 closed from zone Internal to Q1: {WHY}"
    assert breaches.mark(first) == f"Forbidden: {breaches.say_rule(first)}."
    assert breaches.say_rule(second) == breaches.mark(second) == ""


def test_of_many_rows_and_long_reasons_it_says_a_part():
    said = Breaches(report(reason="long " * 900, rows=MOST_ROWS + 2))
    assert said.mark(report().rules[0]).endswith("; and 2 more.")
    assert len(said.mark(report().rules[0])) < MOST_ROWS * (MOST_REASON + 80)


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_lists_of_rules_for_people_mark_it(name):
    text = read(name, FORMATS[name].render(report(), None))
    said = text.count("Forbidden")
    assert "keeps tcp 2022 closed from zone Internal to Q1" in text
    assert said == {"markdown": 1, "html": 1, "pdf": 1, "xlsx": 2, "tickets": 3}[name], "each list once"
    assert "Forbidden" not in read(name, FORMATS[name].render(report(never=False), None))


def test_what_a_firewall_lacks_is_marked_where_it_is_listed():
    first, second = (rule.id for rule in report().rules)
    gap = compare_with(report(), ruleset())
    [one, other] = [line for line in render_text(gap).decode().splitlines() if line.startswith(f"  {first[:-1]}")]
    assert one.endswith(f"; Forbidden: the plan keeps tcp 2022 closed from zone Internal to Q1: {WHY}.")
    assert "Forbidden" not in other
    rows = openpyxl.load_workbook(io.BytesIO(render_xlsx(gap)))["Missing"].iter_rows(values_only=True)
    assert {row[0]: bool(row[-1]) for row in rows} == {"Rule": True, first: True, second: False}


def test_a_drawing_says_it_at_the_box_of_the_rule():
    assert FORMATS["drawio"].render(report(), None).decode().count("Forbidden: the plan keeps") == 1


@pytest.mark.parametrize("name", sorted(RULE_TEXTS.keys() - {"commands", "nc"}))
def test_texts_to_copy_mark_it(name):
    assert RULE_TEXTS[name].write(report(), None).count("Forbidden") == 1
    assert "Forbidden" not in RULE_TEXTS[name].write(report(never=False), None)


@pytest.mark.parametrize("name", FIREWALLS)
def test_firewall_files_say_it_at_the_rule(name):
    first, second = (rule.id for rule in report().rules)
    text = read(name, FORMATS[name].render(report(), None))
    lines = [line for line in text.splitlines() if "forbidden" in line]
    assert any(first in line for line in lines)
    assert not any(second in line for line in lines)
    assert "forbidden" not in read(name, FORMATS[name].render(report(never=False), None))


DESCRIBED = (*FIREWALLS, "azure", "google", "nsx", "pfsense", "opnsense", "checkpoint", "requests", "aerleon")


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_long_reason_to_forbid_leaves_room_for_why_the_rule_is_there(name):
    """Of a short description nothing else would be left, and who reviews the rule asks what it is for."""
    text = read(name, FORMATS[name].render(report(reason="long words " * 30), None))
    assert "Because of 2022" in text
    assert "forbidden" in text


def test_what_forbids_gives_way_down_to_its_first_word():
    [permit, _] = (permit for one in Permits(report()).boundaries for permit in one.permits)
    whole = " - ".join(permit.comment)
    assert permit.fit(len(whole)) == whole
    assert permit.fit(len(whole) - 1).endswith("Policy 12 of the ... - Because of 2022.")
    bare = whole.replace(permit.forbidden, "forbidden")
    assert permit.fit(len(bare)) == bare
    assert len(permit.fit(20)) <= 20


def test_a_host_s_own_firewall_says_it_of_what_comes_and_goes():
    hosts, _ = Permits(report()).hosts(report().plan.endpoints)
    ways = {host.name: [bool(one.forbidden) for one in (*host.inbound, *host.outbound)] for host in hosts}
    assert ways == {"P1": [True, False], "Q1": [True], "Q2": [False]}


@pytest.mark.parametrize("name", ["nftables", "fortigate"])
def test_heads_of_firewall_files_name_such_rules(name):
    said = f"something of these rules must stay closed: {report().rules[0].id}."
    assert said in " ".join(FORMATS[name].render(report(), None).decode().replace("\n#", " ").split())
    changed = CHANGE_FORMATS[name].render(compare_reports(report(flows=("2021",)), report()), EDITIONS).decode()
    assert said in " ".join(changed.replace("\n#", " ").split())


EDITIONS = Editions(before="a", after="b")
TELLING = ("asa", "checkpoint", "fortigate", "ios", "mikrotik", "paloalto-set", "srx", "nftables", "iptables")


@pytest.mark.parametrize("name", TELLING)
def test_heads_of_changes_name_what_is_in_them(name):
    """An entry that is new or said anew, or what gets more addresses in one; scripts and chains are told whole."""
    sentence, whole = "must stay closed: ", name in ("checkpoint", "mikrotik", "nftables", "iptables")

    def find(was, now):
        text = CHANGE_FORMATS[name].render(compare_reports(was, now), EDITIONS).decode()
        flat = " ".join(line.lstrip("#!| ") for line in text.splitlines())
        return flat.partition(sentence)[2].partition(".")[0].split(", ") if sentence in flat else []

    [first, _] = (rule.id for rule in report().rules)
    assert find(report(flows=("2021",)), report()) == [first]
    assert find(report(flows=("2022",)), report()) == ([first] if whole else [])
    assert find(report(), report()) == []
    assert find(report(), report(more=("192.0.2.77",))) == [first]
    assert find(report(), report(flows=("2021",))) == []
    assert find(report(never=False), report()) == [first]


def test_the_head_of_all_firewalls_names_what_files_with_names_and_of_hosts_have():
    """P1 has a DNS name alone, which not every file takes, and P2 and P3 stand in one zone."""
    ends = [
        {"name": "P1", "zone": "Internal", "addresses": ["p1.example.com"]},
        {"name": "P2", "zone": "Internal", "addresses": ["192.0.2.2"], "platforms": ["windows"]},
        {"name": "P3", "zone": "Internal", "addresses": ["192.0.2.3"], "platforms": ["windows"]},
        {"name": "Q1", "zone": "DMZ", "addresses": ["192.0.2.9"]},
    ]
    pairs = (("P1", "Q1"), ("P2", "P3"))
    flows = [{"source": a, "destination": b, "protocol": "tcp", "ports": "22", "reason": "x"} for a, b in pairs]
    rows = [{"from": {"endpoint": a}, "to": {"endpoint": b}, "reason": WHY} for a, b in pairs]
    archive = FORMATS["all-firewalls"].render(evaluate(write_plan(*ends, additional_flows=flows, never=rows)), None)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        text = " ".join(files.read("README.txt").decode().split())
    assert re.search(r"must stay closed: INT-DMZ-\d+, INT-\d+\.", text)


@cache
def divided():
    """P6 of IPv6 to Q6, which is forbidden, beside P4 and Q4; and what the firewall can hold is IPv4."""
    ends = {"P4": "192.0.2.1", "Q4": "192.0.2.9", "P6": "2001:db8::1", "Q6": "2001:db8::9"}
    made = [
        {"name": name, "zone": {"P": "Internal", "Q": "DMZ"}[name[0]], "addresses": [address]}
        for name, address in ends.items()
    ]
    own = [
        {"source": f"P{family}", "destination": f"Q{family}", "protocol": "tcp", "ports": ports, "reason": "Why"}
        for family, ports in ((4, "2022"), (6, "2023"))
    ]
    wall = {"name": "FW", "format": "nftables", "zones": {"Internal": "a", "DMZ": "b"},
            "options": {"table": "ip filter"}}  # fmt: skip
    row = {"from": {"zone": "Internal"}, "to": {"endpoint": "Q6"}, "reason": WHY}
    return evaluate(write_plan(*made, additional_flows=own, never=[row], firewalls=[wall]))


def test_heads_name_no_rule_that_the_file_leaves_out():
    """A table of IPv4 has nothing of a rule of IPv6, and the file of a host nothing of others."""
    [text] = FORMATS["firewalls"].write_folder(divided()).values()
    assert "Not of IPv4" in text.decode()
    assert "must stay closed" not in text.decode()
    change = read("firewalls", CHANGE_FORMATS["firewalls"].render(compare_reports(report(), divided()), EDITIONS))
    assert "2022" in change
    assert "must stay closed" not in change
    permits = Permits(divided())
    assert permits.forbidden == (divided().rules[1].id,)
    assert permits.of_family(4, "Why").forbidden == ()
    permits.boundaries = tuple(
        replace(one, permits=tuple(replace(permit, condition=permit.forbidden) for permit in one.permits))
        for one in permits.boundaries
    )
    assert (permits.without_undecided().forbidden, permits.without_undecided().rules) == ((), 1)
    hosts, _ = permits.hosts(divided().plan.endpoints)
    assert {host.name: len(host.forbidden) for host in hosts} == {"P4": 0, "Q4": 0, "P6": 1, "Q6": 1}


@pytest.mark.parametrize("name", ["markdown", "html", "xlsx"])
def test_a_change_request_marks_what_opens_and_not_what_closes(name):
    opens = compare_reports(report(flows=("2021",)), report())
    closes = compare_reports(report(), report(flows=("2021",)))

    def render(compared):
        data = CHANGE_FORMATS[name].render(compared, EDITIONS)
        if name != "xlsx":
            return data.decode()
        rows = openpyxl.load_workbook(io.BytesIO(data))["Rules"].iter_rows(values_only=True)
        return str(list(rows))

    assert render(opens).count("Forbidden") == 1
    assert "Forbidden" not in render(closes)


def test_the_mark_on_pages_is_text_beside_its_colour():
    said = Breaches(report()).say_rule(report().rules[0])
    html = render_to_string("planner/views/forbidden.html", {"forbidden": f"{said} <b>"})
    assert '<span class="chip chip-bad">Forbidden</span>' in html
    assert f"{WHY} &lt;b&gt;" in html
    assert not render_to_string("planner/views/forbidden.html", {"forbidden": ""}).strip()
