"""What the files of all firewalls of a plan would have is counted before one is made, and held to a limit."""

import re

import pytest

from planner.engine.compare import compare_reports
from planner.plan import limits
from planner.report import CHANGE_FORMATS, FORMATS, NotExpressible
from planner.report.firewall import crossings, permits
from planner.report.said.edition import Edition
from tests.report.firewall.test_changes import EDITIONS
from tests.report.firewall.test_permits import DAY, flow, host, plan
from tests.report.samples import evaluate, sites, write_plan

ENDS = [
    *(host(f"A{n}", f"10.0.0.{n}") for n in (1, 2, 3)),
    *(host(f"B{n}", f"192.0.2.{n}", zone="DMZ") for n in (1, 2)),
    host("N", "10.0.1.1"),
]
FLOWS = [flow(f"A{a}", f"B{b}", ports=ports) for a in (1, 2, 3) for b in (1, 2) for ports in ("25", "443")]
BESIDE = [flow("A1", "N", ports="22")]
ZONES = {"Internal": "i0", "DMZ": "d0"}
NO_END = [host(end, *(f"{net}.{n}.{m}" for n in range(10) for m in range(1, 101)), zone=zone)
          for end, net, zone in (("A", "10.1", "Internal"), ("B", "10.2", "DMZ"))]  # fmt: skip


def walls(count, kind="fortigate", zones=ZONES, ends=ENDS, flows=None):
    rows = [{"name": f"F{n}", "format": kind, "zones": zones} for n in range(count)]
    return plan(ends, [*FLOWS, *BESIDE] if flows is None else flows, firewalls=rows)


def refusal(report, edition=None):
    said = set()
    for write in (FORMATS["firewalls"].write_folder, FORMATS["firewalls"].render):
        with pytest.raises(NotExpressible) as error:
            write(report, edition)
        said.add(str(error.value))
    (sentence,) = said
    return sentence


def test_flows_are_counted_at_each_firewall_that_they_pass(monkeypatch):
    monkeypatch.setattr(limits, "PASSED", 48)
    assert len(FORMATS["firewalls"].write_folder(walls(4))) == 4
    said = refusal(walls(5))
    assert said.startswith("A file for each firewall can't be written for this plan: its firewalls are passed by 60 ")
    assert "at most 48 are written" in said
    assert said.endswith("or choose a part of the report by a filter.")


@pytest.mark.parametrize("zones", [{"Internal": "i0"}, {"Internal": "one", "DMZ": "one"}, {}])
def test_who_is_on_one_side_alone_passes_none(zones, monkeypatch):
    monkeypatch.setattr(limits, "PASSED", 0)
    assert FORMATS["firewalls"].write_folder(walls(5, zones=zones)) == {}


def test_nothing_is_worked_out_for_a_firewall_of_a_plan_with_too_many(monkeypatch):
    monkeypatch.setattr(limits, "PASSED", 48)
    monkeypatch.setattr(permits, "Addresses", None)
    monkeypatch.setattr(crossings, "Part", None)
    refusal(walls(5))


def test_iptables_and_opnsense_count_pairs_of_addresses_as_they_have_a_line_for_each(monkeypatch):
    """The same is a line for each in the file of another kind, but of few characters."""
    one = [flow("A", "B")]
    assert len(FORMATS["firewalls"].write_folder(walls(20, "fortigate", ends=NO_END, flows=one))) == 20
    for kind in ("iptables", "opnsense"):
        said = refusal(walls(20, kind, ends=NO_END, flows=one))
        assert "passed by 20,000,000 flows" in said


def test_addresses_are_counted_in_every_file(monkeypatch):
    report = walls(4, "nftables", ends=NO_END, flows=[flow("A", "B")])
    written = sum(map(len, FORMATS["firewalls"].write_folder(report).values()))
    least = 4 * sum(len(address) + 2 for end in report.plan.endpoints for address in end.addresses)
    assert least < written
    monkeypatch.setattr(limits, "WRITTEN", least)
    assert FORMATS["firewalls"].write_folder(report)
    monkeypatch.setattr(limits, "WRITTEN", least - 1)
    assert "with the addresses of an endpoint wherever it stands it would have" in refusal(report)


@pytest.mark.parametrize("kind", ["nftables", "iptables"])
def test_what_an_any_leaves_out_is_counted_too(kind, monkeypatch):
    ends = [host("A", "any", zone="Internet", group=True), host("C", "172.16.0.1")]
    ends += [host(f"D{n}", f"10.3.0.{2 * n}", zone="DMZ") for n in range(50)]
    report = walls(2, kind, zones={"Internal": "i0", "Internet": "o0"}, ends=ends, flows=[flow("A", "C")])
    for name in ("WRITTEN", "PASSED"):
        monkeypatch.setattr(limits, name, 60)
    assert re.search("it would have" if kind == "nftables" else "passed by [0-9]{3,} flows", refusal(report))


def test_rows_of_opnsense_are_counted_as_they_are_written(monkeypatch):
    ends = [host("A", "any", zone="Internet", group=True), host("C", "172.16.0.1", "172.16.0.9", "fd00::1")]
    ends += [host(f"D{n}", f"10.3.0.{2 * n}", zone="DMZ") for n in range(9)]
    zones = {"Internal": "i0", "Internet": "o0", "DMZ": "d0"}
    report = walls(2, "opnsense", zones=zones, ends=ends, flows=[flow("A", "C"), flow("C", "A"), flow("C", "D3")])
    files = FORMATS["firewalls"].write_folder(report)
    rows = sum(text.count(b"\n") - 1 for text in files.values())
    assert rows > 500
    monkeypatch.setattr(limits, "PASSED", rows)
    assert FORMATS["firewalls"].write_folder(report) == files
    monkeypatch.setattr(limits, "PASSED", rows - 1)
    assert f"passed by {rows:,} flows" in refusal(report)


def test_earlier_revisions_and_both_sides_of_a_change_are_held_to_it_too(monkeypatch):
    small, large = walls(1), walls(5)
    monkeypatch.setattr(limits, "PASSED", 48)
    edition = Edition(date=DAY, earlier=(large,))
    assert "passed by 60 flows" in refusal(small, edition)
    for before, after in ((small, large), (large, small)):
        with pytest.raises(NotExpressible, match=r"A change for each firewall can't be written .* passed by 60 flows"):
            CHANGE_FORMATS["firewalls"].render(compare_reports(before, after), EDITIONS)
    assert CHANGE_FORMATS["firewalls"].render(compare_reports(small, small), EDITIONS)


def many_sites(count):
    """A site has a firewall of its own, and another one sees all."""
    document = sites(count)
    zones = [one["name"] for one in document["zones"]]
    rows = [{"name": f"F {zone}", "format": "fortigate", "zones": {zone: "a", "Internal": "b"}} for zone in zones[3:]]
    whole = {"name": "All", "format": "asa", "zones": {zone: zone.replace(" ", "-") for zone in zones}}
    return evaluate(document | {"firewalls": [*rows, whole]})


def test_a_firewall_at_each_of_many_sites_is_far_within_the_limit():
    """It grows as the sites do: 5,000 of them have 100 times as many as 50."""
    fifty = crossings.count_passing(many_sites(50))
    assert fifty > 2 * 50
    assert crossings.count_passing(many_sites(100)) < 2 * fifty
    assert 100 * fifty < limits.PASSED / 5


def test_of_two_who_are_any_address_iptables_is_counted_by_what_they_leave_out(monkeypatch):
    """Each address that isn't meant has a line, and then all passes by one; families are counted by themselves."""
    many = [f"10.{n // 200}.{n % 200}.1" for n in range(1_001)]
    ends = [
        host("X", "any", zone="Internet", group=True), host("Y", "any", zone="Other", group=True),
        host("Hosts", *many, group=True), host("P", "10.9.9.1", "2001:db8::1"), host("Q", "192.0.2.1", zone="DMZ"),
    ]  # fmt: skip
    zones = {"Internet": "e0", "Other": "e1", "Internal": "e2"}
    report = evaluate(
        write_plan(
            *ends,
            zones=(("Internet", "internet"), ("Other", "internet"), ("Internal", "internal"), ("DMZ", "dmz")),
            additional_flows=[flow("X", "Y")],
            firewalls=[{"name": "F", "format": "iptables", "zones": zones}],
        )
    )
    [text] = FORMATS["firewalls"].write_folder(report).values()
    lines = [line for line in text.decode().splitlines() if re.match(r"-[46] -A .*(RETURN|ACCEPT)$", line)]
    assert len(lines) == sum(1 for line in lines if line.startswith("-4")) + 3
    monkeypatch.setattr(limits, "PASSED", len(lines))
    assert FORMATS["firewalls"].write_folder(report)
    monkeypatch.setattr(limits, "PASSED", len(lines) - 1)
    assert f"passed by {len(lines):,} flows" in refusal(report)
    monkeypatch.setattr(limits, "PASSED", 1)
    assert FORMATS["firewalls"].write_folder(walls(1, "iptables", ends=ends[3:], flows=[flow("P", "Q")]))
