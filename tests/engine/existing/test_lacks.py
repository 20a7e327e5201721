"""Where a stage refuses what is missing: of which flows, and before which of its entries they have to be admitted."""

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.lacks import Lacks
from planner.engine.existing.readers.asa import read as read_asa
from tests.engine.existing.rulesets import (
    STORE,
    WEB,
    accept,
    drop,
    flow,
    host,
    match,
    one_flow,
    plan,
    ruleset,
    side,
    stage,
)

THIS = match(WEB, STORE, "tcp/443")
MAP = {"eth0": "Internal", "eth1": "DMZ"}


def lacks(*entries, number=0, report=None, mapping=None, **more):
    gap = compare_with(report or one_flow(), ruleset(*entries, **more), mapping)
    return Lacks(gap, gap.ruleset.stages[number], mapping)


def first(*entries, family=None, **more):
    found = lacks(*entries, **more)
    [one] = found.flows
    at = found.find_first(one, family)
    return at and (at[0], at[1].name)


@pytest.mark.parametrize(
    ("entries", "at"),
    [
        ((), None),
        ((accept("other", match("10.9.0.0/16")), drop("no", match(WEB)), drop("later", THIS)), (1, "no")),
        ((drop("other", match("10.9.0.0/16")), drop("udp", match(WEB, STORE, "udp/443"))), None),
        ((accept("perhaps", THIS, obscure=("mark 5",)), drop("no", THIS)), (1, "no")),
        ((accept("obscure", THIS, verdict="obscure"), drop("no", THIS)), (0, "obscure")),
    ],
)
def test_what_is_missing_comes_before_the_first_entry_that_may_refuse_it(entries, at):
    assert first(*entries) == at


def test_an_entry_for_other_sides_or_another_family_refuses_none_of_it():
    entries = drop("there", THIS, enters=side("eth1")), drop("here", THIS, enters=side("eth0"))
    assert first(*entries, mapping=MAP) == (1, "here")
    assert first(*entries) == (0, "there"), "without a map it may"
    assert first(drop("no", THIS), family=6) is None
    assert first(drop("no", THIS), family=4) == (0, "no")


def test_of_two_entries_that_refuse_a_part_each_the_earlier_counts():
    ends = [host("Web", WEB, "2001:db8::10"), host("Store", STORE, "2001:db8:1::10", zone="DMZ")]
    report = plan(ends, [flow("Web", "Store")])
    entries = drop("six", match(family=6)), drop("four", match())
    assert first(*entries, report=report) == (0, "six")
    assert first(*entries, report=report, family=4) == (1, "four")


def test_what_is_open_or_refused_elsewhere_is_not_missing_here():
    assert lacks(accept("this", THIS)).flows == ()
    more = (stage(drop("no", THIS), default="accept", name="other"),)
    assert lacks(accept("this", THIS), more=more).flows == ()
    found = lacks(accept("this", THIS), more=more, number=1)
    assert [found.find_first(one)[1].name for one in found.flows] == ["no"]


SEEN = "203.0.113.10"
ASA = f"""interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address {SEEN} 255.255.255.0
interface GigabitEthernet0/1
 nameif dmz
 security-level LEVEL
 ip address 10.1.0.1 255.255.255.0
interface GigabitEthernet0/2
 nameif inside
 security-level 100
 ip address 10.9.0.1 255.255.255.0
access-list IN extended deny ip any any
access-group IN in interface outside
"""
OUT = f"""access-list OUT extended permit tcp any host {STORE} eq WORD
access-list OUT extended deny ip any any
access-group OUT out interface dmz
"""
NAT = "object network N\n host {}\n nat (dmz,{}) static {}\n"


def refused(*more, level=50, translated=True, known=True):
    """By name of a stage what it refuses, where the endpoint behind it is published."""
    ends = [host("Web", "198.51.100.7", zone="Internet"), host("Store", STORE, zone="DMZ")]
    row = {"name": "FW", "format": "asa", "zones": {"Internet": "outside", "DMZ": "dmz"}, "published": {"Store": SEEN}}
    report = plan(ends, [flow("Web", "Store")], firewalls=[row])
    firewall = report.plan.firewalls[0]
    text = ASA.replace("LEVEL", str(level)) + "".join(more)
    gap = compare_with(report, read_asa(text), None, firewall)
    known = (None, firewall) if known else ({"outside": "Internet", "dmz": "DMZ"}, None)
    return {
        one.name: len(Lacks(gap, one, *known, translated=translated).flows)
        for one in gap.ruleset.stages
        if one.name != "access-group in"
    }


def test_a_stage_does_not_refuse_what_is_only_not_translated_yet():
    assert refused() == {"same-security-traffic": 0}
    assert refused(translated=False) == {"same-security-traffic": 1}
    assert refused(level=0) == {"same-security-traffic": 1}, "it does so itself"
    assert refused(known=False) == {"same-security-traffic": 0}, "nothing is published"


@pytest.mark.parametrize(("word", "found"), [("https", 0), ("ssh", 1)])
def test_a_stage_that_says_own_addresses_is_asked_for_them_once_they_are_translated(word, found):
    out = OUT.replace("WORD", word)
    assert refused(out)["access-group out"] == found
    assert refused(out, NAT.format(STORE, "outside", SEEN))["access-group out"] == found, "it is there"
    assert refused(out, NAT.format(STORE, "inside", SEEN))["access-group out"] == found, "for others it is there"


def test_what_is_sent_elsewhere_stays_so():
    assert refused(NAT.format("192.0.2.99", "outside", SEEN)) == {"same-security-traffic": 1}
