"""What we write for nftables and iptables, read back: each flow is open, and nothing is wider than the plan asks."""

from functools import cache

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.packets import read_networks
from planner.engine.existing.readers import READERS
from tests.engine.existing.devices.own_files import report_of, write
from tests.examples import EXAMPLES
from tests.report.firewall.network import Network

SITE = {
    "iptables": "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -j PORT-PLANNER\nCOMMIT\n",
    "nftables": "table inet filter {\n chain forward { type filter hook forward priority 0; policy drop; }\n}\n",
}
"""The rules of somebody who refuses everything, to which ours are added."""
JUMP = "insert rule inet filter forward jump port_planner"


def check(report, name, text):
    gap = compare_with(report, READERS[name].read(text), also=("stale", "forbidden"))
    # What has a DNS name alone is in no file of a kernel, and its head says so.
    addressed = [one for one in gap.flows if has_address(one.flow.source) and has_address(one.flow.destination)]
    shut = [one for one in addressed if one.state != "open"]
    assert [(one.flow.source.name, one.flow.destination.name, one.constructs, one.by) for one in shut] == []
    assert len(addressed) > len(gap.flows) - 3
    assert {one.state for one in gap.flows if one not in addressed} <= {"closed"}
    assert [one.entry for one in gap.wider] == []
    assert gap.stale == ()


def has_address(endpoint):
    return endpoint.addresses == ("any",) or any(read_networks(endpoint.addresses))


@cache
def evaluated(slug):
    return report_of(slug)


@pytest.mark.parametrize("default_deny", [False, True])
@pytest.mark.parametrize("slug", EXAMPLES)
def test_our_own_lines_for_iptables_are_everything_open_and_nothing_wider(slug, default_deny):
    report = evaluated(slug)
    ours = write(report, "iptables", default_deny=default_deny)
    check(report, "iptables", ours if default_deny else SITE["iptables"] + ours)


@pytest.mark.slow
def test_our_own_files_for_nftables_as_the_kernel_lists_them_are_everything_open_and_nothing_wider():
    with Network({}) as network:
        for slug in EXAMPLES:
            report = evaluated(slug)
            for default_deny in (False, True):
                network.nft("flush", "ruleset")
                if not default_deny:
                    network.nft("-f", "-", text=SITE["nftables"])
                network.nft("-f", "-", text=write(report, "nftables", default_deny=default_deny))
                if not default_deny:
                    network.nft("-f", "-", text=JUMP)
                check(report, "nftables", network.nft("-j", "list", "ruleset"))
