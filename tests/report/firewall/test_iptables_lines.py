"""How many lines a chain of iptables is, which is counted before any is written."""

import io
import zipfile

import pytest

from planner.report import FORMATS, NotExpressible
from planner.report.firewall import iptables
from planner.report.firewall.permits import Permits
from planner.report.firewall.targets import count_pairs
from tests.report.firewall.test_permits import ZONES, flow, host
from tests.report.samples import evaluate_once, write_plan


@pytest.mark.parametrize("log", [False, True])
def test_lines_are_counted_as_they_are_written(log, monkeypatch):
    """From any to any, from one any beside another that leaves it out, and with a line more for the log of each."""
    ends = [host("World", "any", zone="Internet", group=True), host("All", "any", zone="Other", group=True),
            host("In", "192.0.2.7", "fd00::7", zone="Other"), *(host(f"S{n}", f"10.0.0.{n}") for n in range(1, 6)),
            host("Web", "192.0.2.1", "192.0.2.3", zone="DMZ")]  # fmt: skip
    flows = [flow("World", "All"), flow("All", "Web"), flow("S1", "World", ports="25"), flow("S2", "Web")]
    zones = {"Internet": "wan1", "Other": "wan2", "DMZ": "dmz", "Internal": "lan"}
    firewall = {"name": "FW", "format": "iptables", "zones": zones, "log": log}
    report = evaluate_once(write_plan(*ends, zones=(*ZONES, ("Other", "internet")), additional_flows=flows,
                                      firewalls=[firewall]))  # fmt: skip
    [text] = FORMATS["firewalls"].write_folder(report).values()
    lines = sum(" -A PORT-PLANNER " in line for line in text.decode().splitlines())
    monkeypatch.setattr(iptables, "MOST_LINES", lines)
    assert FORMATS["firewalls"].write_folder(report)
    monkeypatch.setattr(iptables, "MOST_LINES", lines - 1)
    with pytest.raises(NotExpressible, match=f" {lines} in all, and {lines - 1} are allowed"):
        FORMATS["firewalls"].write_folder(report)


def test_the_sources_for_aerleon_are_refused_where_its_policy_of_iptables_would_be_of_too_many_pairs(monkeypatch):
    """It had a term for each pair of 50 addresses: 10,000 at both ends of a rule never ended."""
    ends = [
        host(name, *(f"10.{net}.0.{n}" for n in range(1, 61)), zone=zone)
        for name, net, zone in (("A", 1, "Internal"), ("B", 2, "DMZ"))
    ]
    report = evaluate_once(write_plan(*ends, additional_flows=[flow("A", "B")]))
    monkeypatch.setattr(iptables, "MOST_LINES", 60 * 60)
    whole = read_archive(FORMATS["all-firewalls"].render(report))
    assert "policies/pol/iptables.yaml" in read_archive(FORMATS["aerleon"].render(report))
    assert "aerleon/policies/pol/iptables.yaml" in whole
    monkeypatch.setattr(iptables, "MOST_LINES", 60 * 60 - 1)
    said = "it needs a line for each pair of addresses, 3,600 in all, and 3,599 are allowed"
    with pytest.raises(NotExpressible, match=rf"^Aerleon .* can't be written for this plan: {said}"):
        FORMATS["aerleon"].render(report)
    rest = read_archive(FORMATS["all-firewalls"].render(report))
    told = " ".join(rest["README.txt"].split())
    assert f"iptables can't be written for this plan: {said}" in told
    assert f"OPNsense can't be written for this plan: {said}" in told
    assert f"Aerleon policies and definitions (zip) can't be written for this plan: {said}" in told
    assert {name for name in whole if name not in rest} == {
        "firewall.iptables", "firewall.opnsense.csv", *(name for name in whole if name.startswith("aerleon/"))
    }  # fmt: skip


def test_the_sources_for_aerleon_are_not_refused_for_pairs_that_they_leave_out(monkeypatch):
    """What is undecided isn’t in them unless it is asked for."""
    ends = [
        host("T", "10.0.0.1", "10.0.0.2", platforms=["active-directory"], operations=["discovery"]),
        host("W", "192.0.2.1", "192.0.2.2", zone="DMZ", roles=["web-primary"]),
    ]
    report = evaluate_once(write_plan(*ends))
    decided = count_pairs(Permits(report).without_undecided())
    assert 0 < decided < count_pairs(Permits(report))
    monkeypatch.setattr(iptables, "MOST_LINES", decided)
    assert "policies/pol/iptables.yaml" in read_archive(FORMATS["aerleon"].render(report))
    with pytest.raises(NotExpressible):
        FORMATS["aerleon"].render(report, open_undecided=True)


def read_archive(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}
