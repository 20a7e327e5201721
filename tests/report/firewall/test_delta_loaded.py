"""What is missing for nftables and iptables in the kernel: it passes then, nothing else does, and the way back is one.

`network.py` says how it is tried. Where it can't be tried the tests fail and say why; nothing is skipped.
"""

import re

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from planner.engine.existing.sides import find_firewall
from planner.report.gap.delta import render_delta
from planner.report.gap.delta.task import Task
from tests.engine.existing.rulesets import flow, host, plan
from tests.report.firewall.loading import admitted, commands
from tests.report.firewall.network import Network, run, samples, sweep, tries

pytestmark = pytest.mark.slow

ENDPOINTS = [
    host("Web", "10.0.0.10", "fd00::10"),
    host("Staff", "10.1.0.0/30", zone="Internet", group=True),
    host("Store", "192.0.2.10", "192.0.2.20", "2001:db8::10", zone="DMZ"),
    host("World", "any", zone="Internet", group=True),
]
FLOWS = [
    flow("Web", "Store", ports="443"), flow("Web", "Store", ports="80-81"), flow("Web", "Store", "udp", "53"),
    flow("Web", "Store", "icmp"), flow("Staff", "Web", ports="8443"), flow("Staff", "Store", ports="22"),
    flow("World", "Store", ports="25"), flow("Store", "Web", ports="25-26"), flow("Store", "Staff", "icmp"),
]  # fmt: skip
SIDES = {"Internal": "r1", "Internet": "r2", "DMZ": "r3"}


def report_of(kind, **options):
    return plan(ENDPOINTS, FLOWS, firewalls=[{"name": "FW", "format": kind, "zones": SIDES, **options}])


def places(report):
    ends = report.plan.endpoints
    return {zone: [one for end in ends if end.zone == zone for one in samples(end.addresses)] for zone in SIDES}


NFT = """
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ip saddr 10.0.0.10 ip daddr 192.0.2.10 tcp dport 80 accept
        iifname "r1" oifname "r3" udp dport 53 accept
        ip6 daddr 2001:db8::10 tcp dport 443 accept
        jump more
        ip daddr 192.0.2.20 drop comment "closed; here"
        ip saddr 10.1.0.0/24 tcp dport { 22, 8443 } accept
    }
    chain more { tcp dport 25 drop; }
}
table ip second {
    chain watch { type filter hook forward priority 10; policy accept; icmp type echo-request drop; }
}
"""
IPTABLES = """*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:MORE - [0:0]
-A INPUT -p tcp -m tcp --dport 2223 -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -j LOG --log-prefix "seen "
-A FORWARD -j MORE
-A FORWARD -p udp -m udp --dport 53 -j ACCEPT
-A MORE -p tcp -m tcp --dport 25 -j DROP
COMMIT
"""


def answer(report, kind, text):
    ruleset = READERS[kind].read(text)
    firewall = find_firewall(report.plan, ruleset)
    gap = compare_with(report, ruleset, None, firewall)
    return gap, render_delta(Task(gap=gap, text=text, firewall=firewall)).decode()


class Router(Network):
    """A router, told by either program."""

    def load(self, kind):
        if kind == "nftables":
            self.nft("-f", "-", text=NFT)
        else:
            for family in ("", "6"):
                run(f"ip{family}tables-restore", place=self.router, text=IPTABLES)

    def saved(self, kind):
        """What compares with another time: no counters and no dates."""
        if kind == "nftables":
            return self.nft("list", "ruleset")
        text = "".join(run(f"ip{family}tables-save", place=self.router) for family in ("", "6"))
        return re.sub(r"(?m)\[\d+:\d+\]|^#.*$", "", text)

    def existing(self, kind):
        if kind == "nftables":
            return self.nft("-j", "list", "ruleset")
        return "".join(run(f"ip{family}tables-save", "-c", place=self.router) for family in ("", "6"))

    def tell(self, kind, told):
        """Do as the head says, and give the lines of the way back."""
        if kind == "nftables":
            self.nft("-f", "-", text=told)
            jumps, back = commands(told)
            self.run(*jumps)
            return back
        jumps, back = commands(told)
        self.run(*jumps)
        for program in dict.fromkeys(line.split()[0] for line in jumps):
            run(f"{program}-restore", "--noflush", place=self.router, text=told)
        return back


@pytest.mark.parametrize(("kind", "log"), [("nftables", True), ("iptables", False)])
def test_what_is_missing_passes_nothing_else_does_and_the_way_back_restores_all(kind, log):
    report = report_of(kind, log=log)
    wanted = tries(one for one in report.flows if one.scope == "cross-zone")
    everything = sweep(places(report), wanted)
    with Router(places(report)) as net:
        net.load(kind)
        saved, before = net.saved(kind), net.passes(everything)
        text = net.existing(kind)
        gap, told = answer(report, kind, text)
        assert gap.counts["closed"]
        assert gap.counts["partly"]
        assert not wanted <= before
        back = net.tell(kind, told)
        assert net.passes(everything) == before | admitted(everything, report)
        now, again = answer(report, kind, net.existing(kind))
        assert now.missing == ()
        assert "Nothing is missing" in again
        net.run(*back)
        assert net.saved(kind) == saved
        net.tell(kind, told)
        assert net.passes(wanted) == wanted


TWO = """
table inet filter {
    chain early {
        type filter hook forward priority -10; policy accept;
        ip daddr 192.0.2.10 tcp dport { 443, 80 } drop
        udp dport 53 drop
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
    }
}
table ip second {
    chain watch {
        type filter hook forward priority 10; policy drop;
        ct state established,related accept
    }
}
"""


def test_two_base_chains_of_one_table_each_get_a_chain_of_their_own():
    report = plan(ENDPOINTS, FLOWS)
    wanted = tries(one for one in report.flows if one.scope == "cross-zone")
    with Router(places(report)) as net:
        net.nft("-f", "-", text=TWO)
        saved = net.saved("nftables")
        _, told = answer(report, "nftables", net.existing("nftables"))
        assert "the chains port_planner_delta, port_planner_delta_2, which nothing there is called" in told
        for _ in range(2):
            back = net.tell("nftables", told)
            now, _ = answer(report, "nftables", net.existing("nftables"))
            assert now.missing == ()
            assert net.passes(wanted) == wanted
            net.run(*back)
            assert net.saved("nftables") == saved


def test_an_iptables_file_refuses_without_its_jump_and_without_noflush():
    report = report_of("iptables")
    with Router(places(report)) as net:
        net.load("iptables")
        saved = net.saved("iptables")
        _, told = answer(report, "iptables", net.existing("iptables"))
        run("iptables-restore", "--noflush", place=net.router, text=told, fails=True)
        run("iptables-restore", place=net.router, text=told, fails=True)
        assert net.saved("iptables") == saved
