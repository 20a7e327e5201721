"""What the heads of files say in words: counts."""

import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.said.edition import Editions
from tests.report.firewall.test_hosts_and_archives import unpack
from tests.report.firewall.test_permits import flow, host, plan, render

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
