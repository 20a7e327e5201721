"""Of a firewall that is named only what passes it is asked for: by the rule of its own file."""

import pytest

from planner.engine.existing.decide import compare_with
from planner.plan.fields import Firewall
from planner.report.firewall.crossings import list_crossings
from tests.engine.existing.rulesets import STORE, WEB, accept, flow, host, match, plan, ruleset, side

OUTSIDE = "203.0.113.9"
FIREWALL = Firewall(name="FW", format="nftables", zones={"Internal": "in", "DMZ": "in", "Internet": "out"})
"""Internal and DMZ lie behind one interface of it."""


def report_of():
    """Flows from Web to Store, and from Guest to both."""
    hosts = [host("Web", WEB), host("Store", STORE, zone="DMZ"), host("Guest", OUTSIDE, zone="Internet")]
    return plan(hosts, [flow("Web", "Store"), flow("Guest", "Store"), flow("Guest", "Web")])


def told(gap):
    return {(one.flow.source.name, one.flow.destination.name): one.state for one in gap.flows}


ENTRIES = ruleset(accept("this", match(OUTSIDE, STORE, "tcp/443"), enters=side("out"), leaves=side("in")))


def test_flows_that_do_not_pass_the_firewall_that_is_named_are_left_out():
    report = report_of()
    gap = compare_with(report, ENTRIES, firewall=FIREWALL, only_passing=True)
    assert told(gap) == {("Guest", "Store"): "open", ("Guest", "Web"): "closed"}
    assert (gap.firewall, gap.elsewhere, sum(gap.counts.values())) == ("FW", 1, 2)
    missing = {(here, to) for rule in gap.missing for here, to, *_ in rule.openings()}
    assert missing == {("Guest", "Web")}
    crossings = [part for crossing in list_crossings(report, FIREWALL) for part in crossing.parts]
    own_file = {(s.name, d.name) for part in crossings for s in part.sources for d in part.destinations}
    assert own_file == set(told(gap)), "what its own file is about"


def test_without_one_that_is_named_every_flow_is_asked_for():
    gap = compare_with(report_of(), ENTRIES, firewall=FIREWALL)
    assert (len(gap.flows), gap.firewall, gap.elsewhere) == (3, "", 0)


@pytest.mark.parametrize(
    ("zones", "mapping", "asked"),
    [
        ({"Internal": "in", "Internet": "out"}, {}, {("Guest", "Web")}),
        ({"Internal": "in", "Partner": "out"}, {}, set()),
        ({"Internal": "in", "DMZ": "in"}, {}, {("Web", "Store"), ("Guest", "Store"), ("Guest", "Web")}),
        ({"Internal": "in"}, {"out": "Internet"}, {("Guest", "Web")}),
        ({"Internal": "in", "DMZ": "in"}, {"dmz": "DMZ"}, {("Web", "Store")}),
        ({}, {}, {("Web", "Store"), ("Guest", "Store"), ("Guest", "Web")}),
    ],
    ids=[
        "a zone that it hasn't",
        "zones without flows",
        "one side alone",
        "a side that is mapped",
        "a zone behind two",
        "nothing known",
    ],
)
def test_a_flow_passes_where_both_zones_are_known_behind_different_sides(zones, mapping, asked):
    firewall = Firewall(name="FW", format="nftables", zones=zones)
    gap = compare_with(report_of(), ENTRIES, mapping, firewall, only_passing=True)
    assert set(told(gap)) == asked
    assert gap.elsewhere == 3 - len(asked)


def test_what_a_flow_needs_that_passes_another_firewall_is_not_left_over():
    report = report_of()
    ours = "INT-DMZ-990, tcp 443 - It was asked for once."
    inside = accept(ours, match(WEB, STORE, "tcp/443"), comment=ours)
    gap = compare_with(report, ruleset(inside), firewall=FIREWALL, only_passing=True, also=("stale",))
    assert gap.stale == ()
