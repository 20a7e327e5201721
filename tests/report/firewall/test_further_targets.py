"""Clouds and rows for change requests permit what the report says; what devices are told stays as it is."""

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.plan.document import check_plan
from planner.report import FORMATS
from planner.report.firewall.devices import checkpoint
from planner.report.firewall.devices.items import find_change
from planner.report.firewall.devices.table import WRITERS
from planner.report.firewall.files import write_devices
from planner.report.said.filters import filter_flows, read_filter, select
from ports.queries import shipped_matrix
from tests.each import each
from tests.examples import UNANSWERED, report_on
from tests.report.firewall.reading import FURTHER, READERS, expected, strange_lines
from tests.report.firewall.reading_more import read_aws
from tests.report.firewall.test_permits import FROM, MIXED, TO, flow, host, plan, render
from tests.report.samples import contoso, evaluate_once, hostile, sites, write_plan
from tests.strategies import HOSTILE_NAMES, documents, often

MATRIX = shipped_matrix()
DEVICES = sorted(WRITERS)


def items_of(name, report, **options):
    writer = WRITERS[name]
    options = {"default_deny": False, "open_undecided": False} | options
    return writer.list_items(writer.plan(writer.permits(report), **options))


# ---- clouds and rows ----


@each("name", FURTHER)
@pytest.mark.parametrize("slug", UNANSWERED)
def test_a_file_permits_what_the_report_says(slug, name):
    report = report_on(UNANSWERED[slug])
    assert FURTHER[name](render(name, report)) == expected(report)


@settings(max_examples=often(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_the_file_of_any_plan_permits_what_its_report_says(data):
    report = evaluate_report(MATRIX, check_plan(data.draw(documents(MATRIX)), matrix=MATRIX))
    wanted = expected(report)
    for name, read in FURTHER.items():
        assert read(render(name, report)) == wanted, name


@each("name", FURTHER)
def test_families_never_stand_together(name):
    report = plan(MIXED, [flow(s, d, *what) for s in FROM for d in TO for what in (["tcp"], ["icmp"])])
    assert FURTHER[name](render(name, report)) == expected(report)


def test_security_groups_let_in_and_out_what_the_report_says():
    report = plan(MIXED, [flow(s, d, *what) for s in FROM for d in TO for what in (["tcp"], ["udp", "53"], ["icmp"])])
    addresses = {one["name"].replace(" ", "-"): [f"{a}/{128 if ':' in a else 32}" for a in one["addresses"]]
                 for one in MIXED}  # fmt: skip
    ways = read_aws(render("aws", report), addresses)
    assert ways == [expected(report)] * 2


@each("name", [*FURTHER, "aws"])
def test_what_is_undecided_is_for_nobody_unless_it_is_asked_for(name):
    document = contoso()
    document["endpoints"][3]["addresses"] = ["192.0.2.30"]
    report = evaluate_once(document)
    closed, opened = render(name, report, open_undecided=False), render(name, report)
    if name == "aws":
        assert closed.count("${toset([])}") == 2, "what comes in and what leaves"
        assert "${toset([])}" not in opened
        return
    lost = FURTHER[name](opened) - FURTHER[name](closed)
    assert FURTHER[name](opened) == expected(report)
    assert {(one[0], one[1], one[3]) for one in lost} == {("10.0.0.10/32", "192.0.2.30/32", "443")}


@each("name", [*FURTHER, "aws"])
@each("hostile_name", sorted({*HOSTILE_NAMES, "${file(1)}", "%{ if }", "=cmd|' /C calc'!A0"}))
def test_hostile_names_are_harmless(name, hostile_name):
    document = hostile(hostile_name)
    document["endpoints"][1]["addresses"] = ["192.0.2.1"]
    document["endpoints"].append(host("x", "192.0.2.9", zone="DMZ"))
    document["additional_flows"] += [flow(hostile_name, "x", reason=f"{hostile_name}\n${{file(2)}}")]
    report = evaluate_once(document)
    text = render(name, report)
    if name in ("requests", "opnsense"):
        assert not re.search(r'(?m)(^|[,;"]\s*)[=+@-]', text.removeprefix("\ufeff@uuid").removeprefix("@uuid"))
    elif name == "pfsense":
        assert not re.search(r"^[!=]|\?>", text, re.M), "what its shell takes for something else"
        assert "${" not in text
    else:
        words = json.dumps(json.loads(text)["//"])
        assert "${" not in words
        assert "%{" not in words
        assert set(re.findall(r"\$\{([a-z]+)", text)) <= {"var", "contains", "each", "toset", "nsxt"}
        strange = strange_lines(text)
        assert all(re.fullmatch(r' +"[\w .-]+\.",?', line) for line in strange), strange
    if name in FURTHER:
        assert FURTHER[name](text) == expected(report)


def test_an_azure_rule_keeps_its_priority_while_others_come():
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    flows = [flow("A", "B", ports=str(port)) for port in range(1, 60)]

    def priorities(count):
        rules = json.loads(render("azure", plan(ends, flows[:count])))["resource"]["azurerm_network_security_rule"]
        return {rule["name"].partition("-tcp-")[2]: rule["priority"] for rule in rules.values()}

    few, many = priorities(20), priorities(59)
    assert sum(many[one] == few[one] for one in few) >= len(few) - 2


# ---- devices ----


@each("name", DEVICES)
@pytest.mark.parametrize("slug", ["everything", "remote-sites"])
def test_what_is_told_twice_is_told_once(slug, name):
    """No two items are of one thing, and the same plan asks for no change."""
    report = report_on(UNANSWERED[slug])
    items = items_of(name, report)
    assert len({item.key for item in items}) == len(items) > 0
    change = find_change(items, items_of(name, report))
    assert (change.added, change.removed) == ((), ())


@each("name", DEVICES)
def test_nothing_is_cleared_that_is_not_of_the_file(name):
    report = report_on(UNANSWERED["everything"])
    told = [line for line in render(name, report).splitlines() if line and line[0] not in "#!"]
    risky = [line for line in told if re.search(r"\b(clear|delete|replace|no|remove|reset|flush)\b", line)
             and "description" not in line and "comment" not in line and "disabled" not in line]  # fmt: skip
    of_ours = {"checkpoint": {*checkpoint._START, *checkpoint._EMPTY, *checkpoint._END}}.get(name, set())
    assert all('[find where chain="port-planner"]' in line or line in of_ours for line in risky), risky


@each("name", DEVICES)
def test_a_rule_keeps_its_names_when_another_service_comes(name):
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    before = items_of(name, plan(ends, [flow("A", "B", ports="443")]))
    after = items_of(name, plan(ends, [flow("A", "B", ports="22"), flow("A", "B", ports="443")]))
    if name != "mikrotik":
        assert not find_change(before, after).removed


@each(("name", "kinds"), [
    ("fortigate", ["config firewall service custom "]), ("paloalto-set", ["service ", "tag "]),
    ("srx", ["applications application "]),
])  # fmt: skip
def test_services_and_tags_are_called_as_no_site_calls_its_own(name, kinds):
    """A site has a TCP-7273 and an INT-DMZ itself: to set one changes it, and to take ours back deletes it."""
    keys = [item.key for item in items_of(name, report_on(UNANSWERED["everything"]))]
    for kind in kinds:
        found = [key.removeprefix(kind) for key in keys if key.startswith(kind)]
        assert found
        assert [one for one in found if not one.startswith("PP-")] == []


def test_who_is_called_otherwise_is_named_in_letters_of_any_script():
    report = plan([host("Москва 1", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("Москва 1", "B")])
    for name in DEVICES:
        text = render(name, report)
        found = re.search(r"^[#!] (\S+) stands for Москва 1\.$", text, re.MULTILINE)
        assert found, name
        assert f"V4-{found[1]}" in text
        assert READERS[name](text) == expected(report)
    assert len(FORMATS) > 20


def test_zones_and_firewalls_are_named_in_letters_of_any_script():
    zones = [("Внутри", "internal"), ("DMZ", "dmz")]
    firewall = {"name": "Стена", "format": "srx", "zones": {"Внутри": "inside", "DMZ": "dmz"}}
    ends = [host("A", "10.0.0.1", zone="Внутри"), host("B", "192.0.2.1", zone="DMZ")]
    [text] = write_devices(evaluate_once(write_plan(
        *ends, zones=zones, additional_flows=[flow("A", "B")], firewalls=[firewall]
    ))).values()  # fmt: skip
    head = " ".join(text.decode().replace("\n#", "").split())
    assert "Firewall Стена: Внутри behind inside; DMZ behind dmz." in head
    assert "stands for Внутри." in head


def test_names_are_objects_where_a_device_has_them():
    report = plan(
        [host("Mail", "mail.example.com"), host("B", "192.0.2.1", zone="DMZ")], [flow("B", "Mail", ports="25")]
    )
    said = {
        "asa": "object network V4-Mail\n fqdn v4 mail.example.com\n",
        "fortigate": 'edit "V4-Mail"\n        set type fqdn\n        set fqdn "mail.example.com"\n',
        "paloalto": '<entry name="V4-Mail">\n              <fqdn>mail.example.com</fqdn>',
        "paloalto-set": "set address V4-Mail fqdn mail.example.com\n",
        "pfsense": '"type": "host", "address": "mail.example.com"',
        "srx": "address V4-Mail dns-name mail.example.com ipv4-only\n",
        "mikrotik": "list=V4-Mail address=mail.example.com ",
    }
    for name, text in said.items():
        assert text in render(name, report), name
        assert not FORMATS[name].notes(report)
    assert "Only DNS names" in render("ios", report)
    assert FORMATS["ios"].notes(report)


def test_a_remote_site_keeps_its_name_in_files_and_filters():
    names = ["Branch Hamburg", "Санкт-Петербург"]
    document = sites(2)
    for zone, name in zip([one for one in document["zones"] if one["kind"] == "remote-site"], names, strict=True):
        for one in document["endpoints"]:
            one["zone"] = name if one["zone"] == zone["name"] else one["zone"]
        zone["name"] = name
    for number, one in enumerate(document["endpoints"]):
        one["addresses"] = [f"10.9.{number}.1"]
    report = evaluate_once(document)
    (code,) = [group.code for group in report.zone_groups if len(group.zones) == 2]
    for name in ("nftables", "iptables", *DEVICES):
        said = " ".join(re.sub(r"(?m)^[#!] (?:\| )? *", "", render(name, report)).split())
        assert f"{code} stands for 2 remote sites: Branch Hamburg, Санкт-Петербург." in said, name
    zones = {"Internal": "i0", "Branch Hamburg": "h0"}
    assert zones.keys() <= {one["name"] for one in document["zones"]}
    for name in ("nftables", "fortigate"):
        wall = {"name": "Hamburg", "format": name, "zones": zones}
        here = FORMATS["firewalls"].write_folder(evaluate_once(document | {"firewalls": [wall]}))
        said = " ".join(re.sub(r"(?m)^[#!] (?:\| )? *", "", b"".join(here.values()).decode()).split())
        assert f"{code} stands for 2 remote sites, here Branch Hamburg." in said, name
        assert "INT stands for Internal." in said
        assert "DMZ stands for" not in said, "it has no rule of that"
    chosen, faults = read_filter([("zone", "Branch Hamburg")], report)
    assert not faults
    part, selection = select(report, chosen)
    assert selection.fields == (("Zone", "Branch Hamburg"),)
    zones = [{end.zone for end in (*rule.sources, *rule.destinations)} for rule in part.rules]
    assert zones
    assert all("Branch Hamburg" in one for one in zones)
    wanted = [rule.id for rule in report.rules if any(end.zone == "Branch Hamburg"
              for end in (*rule.sources, *rule.destinations))]  # fmt: skip
    assert [rule.id for rule in part.rules] == wanted
    sides = [select(report, read_filter([(side, "Branch Hamburg")], report)[0])[0].rules
             for side in ("source", "destination")]  # fmt: skip
    assert sorted(rule.id for rules in sides for rule in rules) == sorted(wanted)
    assert all(any(end.zone == "Branch Hamburg" for end in rule.sources) for rule in sides[0])
    assert read_filter([("zone", "Branch Berlin")], report)[1]
    flows = filter_flows(report, chosen)
    assert flows
    assert all("Branch Hamburg" in (flow.source.zone, flow.destination.zone) for flow in flows)
