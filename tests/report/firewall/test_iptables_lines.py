"""How many lines a chain of iptables is, which is counted before any is written."""

import pytest

from planner.report import FORMATS, NotExpressible
from planner.report.firewall import iptables
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
