"""iptables files in the kernel: beside a firewall that drops, exactly what the plan needs gets through.

`network.py` says how it is tried. Where it can't be tried the tests fail and say why; nothing is skipped.
"""

import re

import pytest

from planner.report import FORMATS
from tests.report.firewall.loading import (
    PLANS,
    admitted,
    between_zones,
    commands,
    decided,
    hostile_reports,
    places,
    town,
    without_undecided,
)
from tests.report.firewall.network import Network, run, sweep, tries
from tests.report.firewall.test_permits import host, plan

pytestmark = pytest.mark.slow

PROGRAMS = ("iptables", "ip6tables")
SITE = """*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:OWN - [0:0]
-A INPUT -p tcp -m tcp --dport 2223 -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate INVALID -j DROP
-A FORWARD -j OWN
-A OWN -p tcp -m tcp --dport 2224 -j DROP
COMMIT
*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -o wan -j MASQUERADE
COMMIT
"""
"""What a site has, for either program: FORWARD drops but for established connections, and there is more of its own."""
OPEN = {"open_undecided": True}


def render(report, **options):
    return FORMATS["iptables"].render(report, None, **options).decode()


class Router(Network):
    """A network whose router is told by iptables and ip6tables."""

    def restore(self, text, *options, fails=False, programs=PROGRAMS):
        """Load a text with both programs, or with those that are named."""
        return [
            run(f"{name}-restore", *options, place=self.router, text=text, fails=fails) for name in programs
        ]  # fmt: skip

    def load(self, text):
        """Load a file as its head says."""
        self.restore(text, "--noflush")

    def saved(self, programs=PROGRAMS):
        """All tables as they are saved, without comments, dates and counters."""
        return [
            [
                line.partition(" [")[0]
                for line in run(f"{name}-save", place=self.router).splitlines()
                if line[:1] != "#"
            ]
            for name in programs
        ]

    def both(self, lines):
        """Run the lines of a head for iptables, and once more for ip6tables."""
        self.run(*lines, *(line.replace("iptables", "ip6tables") for line in lines))


def of_others(saved):
    """What is saved without our chain, its rules and the jump to it."""
    return [[line for line in lines if "PORT-PLANNER" not in line] for lines in saved]


@pytest.mark.parametrize("name", PLANS)
def test_beside_a_firewall_that_drops_exactly_the_flows_pass(name):
    report = PLANS[name]()
    wanted = tries(between_zones(report))
    everything = sweep(places(report), wanted)
    with Router(places(report)) as net:
        net.restore(SITE)
        before = net.saved()
        text = render(report, **OPEN)
        jump, _ = commands(text)
        assert jump == ["iptables -N PORT-PLANNER", "iptables -I FORWARD -j PORT-PLANNER"]
        net.both(jump)
        net.load(text)
        once = net.saved()
        assert of_others(once) == before
        assert wanted <= net.passes(everything) == admitted(everything, report)
        net.load(text)
        assert net.saved() == once


def test_it_refuses_and_changes_nothing_without_the_jump_or_without_noflush():
    report = town()
    text = render(report, **OPEN)
    wanted = tries(between_zones(report))
    chain, jump = commands(text)[0]
    with Router(places(report)) as net:
        net.restore(SITE)

        def refuses(*options):
            before = net.saved()
            for said in net.restore(text, *options, fails=True):
                assert "line " in said
            assert net.saved() == before
            assert ":FORWARD DROP" in before[0]
            assert net.passes(wanted) == set()

        refuses("--noflush")
        refuses()
        net.both([chain])
        refuses("--noflush")
        refuses()
        net.both([jump])
        refuses()
        net.load(text)
        loaded = net.saved()
        for said in net.restore(text, fails=True):
            assert "line " in said
        assert net.saved() == loaded
        assert net.passes(wanted) == wanted


def test_each_program_takes_its_own_family_and_needs_its_own_jump():
    report = town()
    text = render(report)
    chain, jump = commands(text)[0]
    wanted = tries(decided(report))
    families = [{one for one in wanted if (":" in one.source) == six} for six in (False, True)]
    assert all(families)
    with Router(places(report)) as net:
        net.restore(SITE)
        net.run(chain, jump)
        net.restore(text, "--noflush", programs=["iptables"])
        before = net.saved(["ip6tables"])
        net.restore(text, "--noflush", programs=["ip6tables"], fails=True)
        assert net.saved(["ip6tables"]) == before
        assert net.passes(wanted) == families[0]
        net.run(*(line.replace("iptables", "ip6tables") for line in (chain, jump)))
        net.restore(text, "--noflush", programs=["ip6tables"])
        assert net.passes(wanted) == wanted


def test_what_takes_it_back_leaves_what_was_there_before():
    report = town()
    text = render(report)
    jump, take_back = commands(text)
    with Router(places(report)) as net:
        net.restore(SITE)
        before = net.saved()
        net.both(jump)
        net.load(text)
        net.both(take_back)
        assert net.saved() == before
        wanted = tries(decided(report))
        assert net.passes(wanted) == set()
        net.both(jump)
        net.load(text)
        assert net.passes(wanted) == wanted


def test_the_next_revision_closes_what_the_plan_no_longer_asks_for():
    old, new = town(), town(without={"Names", "Ping", "World"}, ports={"website": 8443})
    gone = tries(decided(old)) - admitted(tries(decided(old)), new)
    assert {one.protocol for one in gone} == {"tcp", "udp", "icmp"}
    with Router(places(old)) as net:
        net.restore(SITE)
        net.both(commands(render(old))[0])
        net.load(render(old))
        assert net.passes(gone) == gone
        net.load(render(new))
        assert net.passes(gone) == set()
        wanted = tries(decided(new))
        assert net.passes(wanted) == wanted
        net.load(render(plan([host("A", "10.0.0.1")], [])))
        assert net.passes(wanted) == set()


def test_what_is_undecided_is_closed_unless_it_is_asked_for():
    report = town()
    everything = sweep(places(report), tries(between_zones(report)))
    undecided = admitted(everything, report) - admitted(everything, without_undecided(report))
    assert undecided
    with Router(places(report)) as net:
        net.restore(SITE)
        net.both(commands(render(report))[0])
        net.load(render(report))
        assert net.passes(everything) == admitted(everything, without_undecided(report))
        net.load(render(report, **OPEN))
        assert net.passes(undecided) == undecided
        net.load(render(report))
        assert net.passes(undecided) == set()


@pytest.mark.parametrize("name", ["town", "dmz"])
@pytest.mark.parametrize("options", [["--noflush"], []])
def test_a_default_deny_is_all_of_forward_for_a_router_without_rules(name, options):
    report = PLANS[name]()
    wanted = tries(between_zones(report))
    everything = sweep(places(report), wanted)
    with Router(places(report)) as net:
        text = render(report, default_deny=True, **OPEN)
        net.restore(text, *options)
        assert wanted <= net.passes(everything) == admitted(everything, report)
        once = net.saved()
        net.restore(text, *options)
        assert net.saved() == once
        net.restore(render(report, default_deny=True), *options)
        assert net.passes(everything) == admitted(everything, without_undecided(report))
        (take_back,) = commands(text)
        net.both(take_back)
        assert [line for line in net.saved()[0] if line[0] in ":-"] == [
            ":INPUT ACCEPT",
            ":FORWARD ACCEPT",
            ":OUTPUT ACCEPT",
        ]
        assert net.passes(wanted) == wanted


def test_a_default_deny_leaves_input_and_output_alone():
    report = town()
    with Router(places(report)) as net:
        net.restore(SITE.replace(":INPUT ACCEPT", ":INPUT DROP"))
        net.load(render(report, default_deny=True))
        for lines in net.saved():
            assert ":INPUT DROP" in lines
            assert "-A INPUT -p tcp -m tcp --dport 2223 -j DROP" in lines
            assert "-A POSTROUTING -o wan -j MASQUERADE" in lines


def test_no_name_becomes_a_statement():
    with Router({}) as net:
        net.restore(SITE)
        net.both(commands(render(town()))[0])
        before = of_others(net.saved())
        for name, report in hostile_reports().items():
            text = render(report, **OPEN)
            net.load(text)
            saved = net.saved()
            assert of_others(saved) == before, name
            ours = [line for lines in saved for line in lines if line.startswith("-A PORT-PLANNER ")]
            assert len(ours) == text.count("\n-4 -A ") + text.count("\n-6 -A "), name
            assert all(line.endswith('" -j ACCEPT') and line.count('"') == 2 for line in ours), name
            known = [line for lines in commands(text) for line in lines]
            assert len(known) == 5, name
            assert (
                re.findall(r"(?m)^#\s*((?:nft|add|flush|ip6?tables|sh|sudo)\s+(?!for the plan).*)$", text) == known
            ), name
