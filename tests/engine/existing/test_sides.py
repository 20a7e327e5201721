"""Interfaces and zones of a device: mapped here, mapped elsewhere, mapped nowhere."""

from dataclasses import replace

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Ruleset, Translation
from planner.engine.existing.sides import BadMap, Ways, find_firewall
from planner.plan.fields import Firewall
from tests.engine.existing.rulesets import (
    STORE,
    WEB,
    accept,
    decide,
    drop,
    flow,
    host,
    match,
    one_flow,
    plan,
    ruleset,
    side,
    spans,
)

THIS = match(WEB, STORE, "tcp/443")
MAP = {"eth0": "Internal", "eth1": "DMZ", "wan": "Internet"}


def state_of(*entries, mapping=MAP, **more):
    return decide(one_flow(), *entries, mapping=mapping, **more)[0]


@pytest.mark.parametrize(
    ("enters", "leaves", "state"),
    [
        (side("eth0"), side("eth1"), "open"),
        (side("eth0", "wan"), None, "open"),
        (side("eth*"), None, "open"),
        (side("wan", negated=True), None, "open"),
        (side("eth0", negated=True), None, "closed"),
        (side("wan"), None, "closed"),
        (None, side("eth0"), "closed"),
        (side("wa*"), None, "closed"),
        (side("eth9"), None, "unknown"),
        (side("ppp*"), None, "unknown"),
        (side("ppp*", negated=True), None, "unknown"),
        (side("eth9", negated=True), side("eth1"), "unknown"),
        (side("eth9"), side("wan"), "closed"),
    ],
)
def test_a_side_matches_by_the_zone_that_it_is_mapped_to(enters, leaves, state):
    assert state_of(accept("this", THIS, enters=enters, leaves=leaves)).state == state


@pytest.mark.parametrize(("apart", "state"), [(False, "unknown"), (True, "open")])
def test_what_a_side_is_that_no_zone_is_behind_matters_only_where_it_may_be_another_by_another_name(apart, state):
    shut = drop("shut", enters=side("guest"))
    rules = replace(ruleset(shut, accept("this", THIS)), sides=frozenset({*MAP, "guest"}), apart=apart)
    [one] = compare_with(one_flow(), rules, MAP).flows
    assert one.state == state
    [one] = compare_with(one_flow(), rules, {}).flows
    assert one.state == "unknown", "nor is it known where the zones of the flow are"


def test_a_zone_behind_several_interfaces_is_open_by_all_of_them():
    both = MAP | {"eth2": "Internal"}
    one = accept("one", THIS, enters=side("eth0"))
    other = accept("other", THIS, enters=side("eth2"))
    assert state_of(one, mapping=both).state == "partly"
    assert state_of(one, other, mapping=both).by == ("one", "other")


def test_what_comes_out_where_it_came_in_counts_only_where_there_is_no_other_way():
    ways = Ways([("eth0", "A"), ("eth1", "A"), ("eth1", "B"), ("eth2", "C")])
    assert ways.between("A", "B") == (("eth0", "eth1"),)
    assert ways.between("B", "B") == (("eth1", "eth1"),)
    assert ways.between("C", "D") == (("eth2", None),)
    assert ways.between("D", "E") == ((None, None),)


def test_without_a_map_the_words_say_which_interface_it_is():
    one = state_of(accept("this", THIS, enters=side("eth0", negated=True), leaves=side("x*")), mapping={})
    assert one.constructs == ("not eth0: mapped to no zone of the plan", "x*: mapped to no zone of the plan")


def test_a_map_goes_before_the_plan_s_own_firewall():
    zones = {"Internal": "eth0", "DMZ": "eth1"}
    report = one_flow(firewalls=[{"name": "FW", "format": "nftables", "zones": zones}])
    rules = ruleset(accept("this", THIS, enters=side("eth0")))
    [firewall] = report.plan.firewalls
    assert compare_with(report, rules, None, firewall).flows[0].state == "open"
    assert compare_with(report, rules, {"eth0": "Internet"}, firewall).flows[0].state == "closed"
    with pytest.raises(BadMap, match="eth0 is mapped to Nowhere, which is no zone of the plan"):
        compare_with(report, rules, {"eth0": "Nowhere"})


def firewall(name, form, **zones):
    return {"name": name, "format": form, "zones": zones}


def test_the_firewall_of_the_plan_is_found_by_format_and_by_its_sides():
    def find(*firewalls, sides=(), name=""):
        plan = one_flow(firewalls=list(firewalls)).plan
        found = find_firewall(plan, Ruleset(format="nftables", stages=(), chains={}, sides=frozenset(sides)), name)
        return found and found.name

    first, second = firewall("A", "nftables", DMZ="eth0"), firewall("B", "nftables", DMZ="eth1")
    other = firewall("C", "iptables", DMZ="eth0")
    assert find() is None
    assert find(other) == "C"
    assert find(first, other) == "A"
    assert find(first, second) is None
    assert find(first, second, sides=["eth1"]) == "B"
    assert find(first, second, name="A") == "A"
    with pytest.raises(BadMap, match="no firewall X; it has A, B"):
        find(first, second, name="X")
    with pytest.raises(BadMap, match="it has none"):
        find(name="X")


SENT_ON = Translation(name="vip", enters=None, family=4, seen=spans("203.0.113.10"), real=spans(STORE))


@pytest.mark.parametrize(("form", "seen"), [("fortigate", True), ("nftables", False)])
def test_a_published_endpoint_is_asked_for_as_the_device_s_rules_see_it(form, seen):
    report = plan(
        [host("World", "198.51.100.7", zone="Internet"), host("Store", STORE, zone="DMZ")],
        [flow("World", "Store")],
        firewalls=[firewall("FW", form, DMZ="port1", Internet="port2") | {"published": {"Store": "203.0.113.10"}}],
    )
    [device] = report.plan.firewalls
    for address, is_open in (("203.0.113.10", seen), (STORE, not seen)):
        stages = ruleset(accept("x", match("", address, "tcp/443"))).stages
        rules = Ruleset(format=form, stages=stages, chains={}, translations=(SENT_ON,))
        assert (compare_with(report, rules, None, device).flows[0].state == "open") == is_open


def test_entries_that_no_packet_reaches_and_those_for_replies_are_not_too_wide():
    wide = match(WEB, STORE)
    assert [one.entry for one in decide(one_flow(), accept("wide", wide))[1].wider] == ["wide"]
    assert decide(one_flow(), drop("no", wide), accept("wide", wide))[1].wider == ()
    assert decide(one_flow(), accept("reply", wide, replies=True))[1].wider == ()
    assert [one.entry for one in decide(one_flow(), accept("a", wide), accept("b", wide))[1].wider] == ["a"]
    assert decide(one_flow(), accept("elsewhere", match("10.9.9.9", "10.8.8.8")))[1].wider == ()
    sided = decide(one_flow(), accept("wide", wide, enters=side("eth0")), mapping=MAP)[1]
    assert [one.entry for one in sided.wider] == ["wide"]


OTHER = {"eth5": "DMZ"}
"""Nothing is said of the zone that the flow comes from."""


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ([accept("in", THIS, enters=side("eth5"))], "closed"),
        ([drop("in", THIS, enters=side("eth5")), accept("this", THIS)], "unknown"),
        ([accept("in", THIS, enters=side("eth5", negated=True))], "unknown"),
        ([drop("in", THIS, enters=side("eth5", negated=True)), accept("this", THIS)], "closed"),
    ],
)
def test_a_zone_that_a_map_leaves_out_is_never_open_by_where_it_might_come_from(entries, state):
    assert decide(one_flow(), *entries, mapping=OTHER)[0].state == state


def test_a_zone_that_a_firewall_leaves_out_may_be_behind_any_of_its_interfaces():
    firewall = Firewall(name="HQ", format="nftables", zones={"DMZ": "eth5"})
    one, _ = decide(one_flow(), accept("in", THIS, enters=side("eth5")), firewall=firewall)
    assert (one.state, one.constructs) == ("unknown", ("eth5: what the zone is behind is not known",))
