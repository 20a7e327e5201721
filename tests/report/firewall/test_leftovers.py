"""The file of the next revision takes back what earlier ones opened, told to small models of the devices."""

import csv
import datetime
import io
import re
from itertools import permutations
from xml.etree import ElementTree

import pytest

from planner.report import FORMATS, NotExpressible
from planner.report.firewall import iptables
from planner.report.firewall.files import write_devices
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from tests.examples import EXAMPLES, UNANSWERED, report_on
from tests.report.firewall.test_changes import (
    ADDRESSES,
    MODELS,
    at,
    change,
    file,
    find_lost,
    grow_example,
    tell_tree,
    tidy,
    told,
)
from tests.report.firewall.test_permits import flow, host, plan

TAKING_BACK = sorted(name for name in MODELS if FORMATS[name].closes)
ITEMS = ["asa", "ios", "fortigate", "paloalto-set", "srx"]
DAY = datetime.date(2024, 2, 29)


def since(name, report, *earlier, **options):
    return FORMATS[name].render(report, Edition(date=DAY, earlier=earlier), **options).decode()


class Forgiving(dict):
    """A section of a FortiGate, which says that there is no such entry, and goes on."""

    def __delitem__(self, name):
        self.pop(name, None)


def load(name, *texts):
    """What a device has that was told these files line by line, and goes on after what it can't find."""
    make, tell = MODELS[name]
    state = make()
    for text in texts:
        lines = told(text)
        assert tell is not tell_tree or not find_lost(lines)
        if name == "fortigate":
            for line in lines:
                if line.startswith("config "):
                    state.setdefault(line.removeprefix("config "), Forgiving())
            tell(state, lines)
            continue
        section: list[str] = []
        for line in lines:
            section = section if line.startswith(" ") else [line]
            try:
                tell(state, [*section[: line.startswith(" ")], line])
            except (KeyError, ValueError, AssertionError):
                assert line.split()[0] in ("no", "delete", "activate"), line
    return tidy(state)


def revisions(slug):
    """Three revisions: undecided, decided, and with other endpoints."""
    return report_on(UNANSWERED[slug]), report_on(EXAMPLES[slug]), grow_example(slug)


@pytest.mark.parametrize("name", TAKING_BACK)
@pytest.mark.parametrize("slug", ["dmz", "everything"])
def test_nothing_is_left_of_what_earlier_revisions_opened(slug, name):
    first, second, third = revisions(slug)
    fresh = load(name, file(name, third))
    text = since(name, third, first, second)
    assert load(name, file(name, second), file(name, third)) != fresh, "without it something stays"
    assert load(name, file(name, first), text) == fresh
    assert load(name, file(name, second), text) == fresh
    assert load(name, file(name, first), file(name, second), text) == fresh
    assert load(name, file(name, second), since(name, second, first), text, text) == fresh
    assert load(name, text) == fresh, "on a device that has none of it, it is the file of the revision"


@pytest.mark.parametrize("name", TAKING_BACK)
def test_an_object_goes_after_all_that_names_it(name):
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ"), host("C", "192.0.2.3", zone="DMZ")]
    first, second = plan(ends, [flow("A", "B", ports="22")]), plan(ends, [flow("A", "C", ports="22")])
    third = plan([host("Z", "10.0.0.9"), *ends[1:]], [flow("Z", "C", ports="443")])
    lines = told(since(name, third, first, second))
    back = {number: line for number, line in enumerate(lines) if line.split()[0] in ("no", "delete")}
    entries = [number for number, line in back.items() if re.search(r"INT-DMZ|access-list|permit|delete \d+$", line)]
    assert entries
    assert max(entries) < max(number for number, line in back.items() if "V4-A" in line and number not in entries)


def test_an_asa_keeps_no_group_of_ipv6_in_another_that_earlier_files_put_there():
    """Files name the members of such a group themselves, which takes it out of no group that has it as a whole."""
    ends = [host("A", "2001:db8::1", "2001:db8::2", zone="DMZ"), host("B", "2001:db8::3", zone="DMZ"),
            host("C", "2001:db8::4", zone="DMZ"), host("S", "fd00::1")]  # fmt: skip
    before, after = plan(ends, [flow("S", name) for name in "ABC"]), plan(ends, [flow("S", name) for name in "BC"])
    group = "object-group network V6-INT-DMZ-9000_dst"
    spelt = f"{group}\n network-object host 2001:db8::1\n network-object host 2001:db8::2\n"
    nested = file("asa", before).replace(spelt, f"{group}\n group-object V6-A_all\n")
    assert nested != file("asa", before)
    for text in (since("asa", after, before), change("asa", before, after)):
        assert load("asa", nested, text) == load("asa", file("asa", before), text) == load("asa", file("asa", after))
        forward = told(text)
        assert forward.index(" no group-object V6-A_all") < forward.index("no object-group network V6-A_all")
    assert "no group-object" not in "".join(told(since("asa", before, after))), "who is in it still needs none"


@pytest.mark.parametrize("name", ITEMS)
def test_nothing_is_left_of_addresses_of_another_kind(name):
    for old, new in permutations(ADDRESSES, 2):
        text = since(name, at(new), at(old))
        assert load(name, file(name, at(old)), text) == load(name, file(name, at(new))), (old, new)


@pytest.mark.parametrize("slug", ["dmz", "everything"])
def test_xml_names_what_a_merge_leaves_and_what_takes_it_back_as_lines(slug):
    first, second, third = revisions(slug)
    text = since("paloalto", third, first, second)
    root = ElementTree.fromstring(text)
    assert root.tag == "config"
    gone, back = ("\n".join(re.findall(rf"^{what}: (.*)$", text, re.M)) for what in ("gone", "back"))
    name = "paloalto-set"  # which says the same as lines
    fresh = load(name, file(name, third))
    assert load(name, file(name, first), file(name, third)) != fresh
    assert load(name, file(name, first), file(name, second), file(name, third), gone) == fresh
    assert not load(name, file(name, third), back)
    assert "gone: " not in file("paloalto", third)


def test_lines_that_no_comment_of_xml_can_hold_are_looked_for_elsewhere():
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    pan = {"name": "PA", "format": "paloalto", "zones": {"Internal": "trust", "DMZ": "dmz"}}
    pan["options"] = {"device-group": "Branch--offices"}
    before, after = (plan(ends, [flow("A", "B", ports=port)], firewalls=[pan]) for port in ("443", "8443"))
    [text] = write_devices(after, Edition(date=DAY, earlier=(before,))).values()
    assert ElementTree.fromstring(text).tag == "config"
    assert b"the file of set lines (paloalto-set) has them" in text
    assert b"gone: " not in text


def test_rules_of_opnsense_that_are_gone_are_disabled_under_their_own_identifier():
    first, second, third = revisions("everything")
    rows = {name: read_rows(text) for name, text in (
        ("first", file("opnsense", first)), ("second", file("opnsense", second)),
        ("third", file("opnsense", third)), ("since", since("opnsense", third, first, second)),
    )}  # fmt: skip
    gone = ({*rows["first"]} | {*rows["second"]}) - {*rows["third"]}
    assert gone
    assert {*rows["since"]} == {*rows["third"]} | gone
    assert {rows["since"][key]["enabled"] for key in gone} == {"0"}
    assert {key: row for key, row in rows["since"].items() if key not in gone} == rows["third"]
    assert len({row["sequence"] for row in rows["since"].values()}) == len(rows["since"])


def test_pairs_that_an_opnsense_rule_has_no_more_are_disabled():
    def rows_of(*numbers, since=()):
        ends = [host("A", "10.0.0.1", "10.0.0.2"), host("B", *(f"192.0.2.{n}" for n in numbers), zone="DMZ")]
        report = plan(ends, [flow("A", "B")])
        return report, read_rows(FORMATS["opnsense"].render(report, Edition(date=DAY, earlier=since)).decode())

    before, six = rows_of(1, 3, 5)
    four = rows_of(1, 7)[1]
    after = rows_of(1, 7, since=(before,))[1]
    open_ = [key for key, row in after.items() if row["enabled"] == "1"]
    assert open_ == [*four] == [*six][:4]
    assert {(after[key]["source_net"], after[key]["destination_net"]) for key in open_} == {
        (source, destination) for source in ("10.0.0.1/32", "10.0.0.2/32")
        for destination in ("192.0.2.1/32", "192.0.2.7/32")
    }  # fmt: skip
    assert [*after] == [*six]


def test_whoever_exports_for_opnsense_is_told_that_an_address_that_a_rule_has_lost_stays_open():
    """An import sets the rows that it names; the file has no head to say so."""
    wall = {"name": "FW", "format": "opnsense", "zones": {"Internal": "lan", "DMZ": "opt1"}}
    before, after = (
        plan([host("A", *some), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")], firewalls=[wall])
        for some in (("10.0.0.1", "10.0.0.2"), ("10.0.0.1",))
    )
    device = read_rows(since("opnsense", before)) | read_rows(since("opnsense", after))
    assert [row["source_net"] for row in device.values() if row["enabled"] == "1"] == ["10.0.0.1/32", "10.0.0.2/32"]
    device |= read_rows(since("opnsense", after, before))
    assert [row["source_net"] for row in device.values() if row["enabled"] == "1"] == ["10.0.0.1/32"]
    for name in ("opnsense", "firewalls"):
        [said] = FORMATS[name].notes(after)
        assert "also for an address that a rule has lost, unless this one is made --since that" in said
    assert not FORMATS["pfsense"].notes(after)


def test_an_opnsense_file_with_too_many_rows_is_refused_with_what_it_disables_among_them(monkeypatch):
    ends = [host("A", "10.0.0.1", "10.0.0.2"), host("B", "192.0.2.1", "192.0.2.3", zone="DMZ")]
    before, after = (plan(ends, [flow("A", "B", ports=port)]) for port in ("22", "443"))
    monkeypatch.setattr(iptables, "MOST_LINES", 4)
    assert since("opnsense", after)
    with pytest.raises(NotExpressible, match="a line for each pair of addresses, 8 in all, and 4 are allowed"):
        since("opnsense", after, before)
    monkeypatch.setattr(iptables, "MOST_LINES", 3)
    with pytest.raises(NotExpressible, match="4 in all"):
        since("opnsense", after)


def read_rows(text):
    return {row["@uuid"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}


@pytest.mark.parametrize("kind", ["asa", "fortigate", "nftables", "checkpoint", "opnsense", "mikrotik"])
def test_a_firewall_that_no_rule_passes_any_more_gets_a_file_that_takes_all_back(kind):
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    firewall = {"name": "FW", "format": kind, "zones": {"Internal": "inside", "DMZ": "dmz"}}
    before, after = (plan(ends, flows, firewalls=[firewall]) for flows in ([flow("A", "B")], []))
    assert not write_devices(after)
    [text] = write_devices(after, Edition(date=DAY, earlier=(before,))).values()
    opened = [line for line in text.decode().splitlines() if line[:1] not in ("#", "!") and "10.0.0.1" in line]
    assert not [line for line in opened if kind != "opnsense" or ";1;" in line[37:40]]


# ---- firewalls of the plan under another name, of another kind of file, or with sides that no device has ----

ENDS = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ"), host("C", "192.0.2.2", zone="DMZ")]
BOTH, ONE = [flow("A", "B"), flow("A", "C", ports="22")], [flow("A", "B")]


def of(flows, kind, *names, inside="inside"):
    """The report of flows that pass several firewalls of a kind; the first names are behind sides of their own."""
    return plan(ENDS, flows, firewalls=[
        {"name": name, "format": kind, "zones": {"Internal": inside, "DMZ": f"dmz{len(names) - place}"}}
        for place, name in enumerate(names, 1)
    ])  # fmt: skip


def file_of(report, *earlier, name="FW"):
    files = write_devices(report, Edition(date=DAY, earlier=earlier))
    return next(text.decode() for stem, text in files.items() if stem.startswith(f"{name}."))


@pytest.mark.parametrize("kind", ITEMS)
def test_what_a_firewall_had_under_another_name_is_taken_back(kind):
    before, after = of(BOTH, kind, "Other", "FW-HQ"), of(ONE, kind, "Other", "FW")
    text = file_of(after, before)
    assert load(kind, file_of(before, name="FW-HQ"), text) == load(kind, file_of(after))
    assert "that the plan lacks" not in text


@pytest.mark.parametrize("kind", ITEMS)
def test_a_new_name_that_may_be_of_several_firewalls_is_said_and_nothing_is_taken_back(kind):
    before, after = of(BOTH, kind, "Other", "FW-HQ"), of(ONE, kind, "FW", inside="lan")
    said = " ".join(re.sub(r"\n[#!] +", " ", file_of(after, before)).split())
    assert f"is taken back {'at the beginning' if kind == 'srx' else 'at the end'}: 0 items." in said
    assert "firewalls of this kind that the plan lacks: Other, FW-HQ." in said
    assert "that the plan lacks" not in file_of(after, after)
    assert "that the plan lacks" not in file_of(after, of(BOTH, "nftables", "FW-HQ"))


@pytest.mark.parametrize(("old", "new"), [("paloalto", "paloalto-set"), ("paloalto-set", "paloalto")])
def test_a_palo_alto_is_one_device_by_xml_and_by_lines(old, new):
    before, after = of(BOTH, old, "FW"), of(ONE, new, "FW")
    text = file_of(after, before)
    back = re.findall(r"(?m)^gone: (.*)$", text) if new == "paloalto" else told(text)
    gone = {line for line in back if line.startswith("delete ")}
    assert gone
    assert gone == {line for line in told(file_of(of(ONE, "paloalto-set", "FW"), of(BOTH, "paloalto-set", "FW")))
                    if line.startswith("delete ")}  # fmt: skip


def test_opnsense_disables_all_that_it_knows_under_the_old_name():
    before, after = of(BOTH, "opnsense", "FW-HQ"), of(ONE, "opnsense", "FW")
    rows = read_rows(file_of(after, before))
    assert {key for key, row in rows.items() if row["enabled"] == "1"} == {*read_rows(file_of(after))}
    assert {key for key, row in rows.items() if row["enabled"] == "0"} == {*read_rows(file_of(before, name="FW-HQ"))}


@pytest.mark.parametrize("kind", [*ITEMS, "paloalto", "opnsense"])
def test_an_earlier_revision_that_no_device_can_have_been_told_keeps_no_file_from_being_written(kind):
    wrong = of(BOTH, kind, "FW", inside="a side, that nobody's device could have")
    with pytest.raises(NotExpressible):
        file_of(wrong)
    before, after = of(BOTH, kind, "FW"), of(ONE, kind, "FW")
    assert file_of(after, wrong, before) == file_of(after, before)


def test_what_an_srx_names_goes_as_a_whole_and_leaves_nothing_that_is_empty():
    """A statement that is deleted leaves what it stood in: a rule of NAT without any, an address of two DNS names."""
    ends = [host("World", "any", zone="Internet", group=True), host("Box", "box.example.com", zone="DMZ"),
            host("W1", "192.0.2.10", zone="DMZ"), host("W2", "192.0.2.11", zone="DMZ")]  # fmt: skip
    flows = [flow("World", "W1"), flow("World", "W2"), flow("World", "Box")]
    seen = {"W1": "203.0.113.10", "W2": "203.0.113.11"}

    def state(ends, published):
        firewall = {"name": "FW", "format": "srx", "zones": {"Internet": "untrust", "DMZ": "dmz"}}
        return plan(ends, flows, firewalls=[firewall | {"published": published}])

    before = state(ends, seen)
    after = state([ends[0], host("Box", "new.example.com", zone="DMZ"), *ends[2:]], {"W1": seen["W1"]})
    [text] = write_devices(after, Edition(date=DAY, earlier=(before,))).values()
    assert [line for line in told(text.decode()) if line.startswith("delete")] == [
        "delete security nat destination rule-set PP-untrust rule PP-203-0-113-11",
        "delete security nat destination pool PP-192-0-2-11",
        "delete security address-book global address V6-Box dns-name box.example.com",
        "delete security address-book global address V4-Box dns-name box.example.com",
    ]


def test_a_part_takes_nothing_back():
    first, second, third = revisions("dmz")
    part, selection = select(third, Filter(port="443"))
    text = FORMATS["asa"].render(part, Edition(date=DAY, earlier=(first, second), selection=selection)).decode()
    assert not [line for line in told(text) if line.startswith("no ")]
