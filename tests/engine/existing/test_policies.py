"""What gets through by a policy alone, which is no entry that could be wider than the plan."""

from dataclasses import replace
from functools import partial

import pytest

from planner.engine.existing import policies as policies_module
from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers.nftables import read as read_nftables
from planner.report.gap.data import gap_data
from planner.report.gap.page import describe_gap
from planner.report.gap.text import render_text
from tests.engine.existing.rulesets import STORE, WEB, accept, drop, host, match, one_flow, ruleset, side, stage
from tests.report.samples import evaluate_once, write_plan

FORWARD = "policy accept of forward"
NO_IPV6 = "no chain at the hook forward for IPv6"


def policies(*entries, report=None, **more):
    return compare_with(report or one_flow(), ruleset(*entries, **more)).open_policies


def test_a_firewall_that_admits_everything_says_so_wherever_the_answer_is_read():
    gap = compare_with(one_flow(), ruleset(default="accept"))
    assert (gap.wider, gap.open_policies) == ((), (FORWARD,))
    said = f"What no entry decides about is let through all the same, by {FORWARD}: no entry is wider for that."
    assert said in render_text(gap).decode()
    assert describe_gap(gap)["open_policies"] == said
    assert gap_data(gap)["open_policies"] == [FORWARD]


def test_where_something_refuses_the_rest_nothing_is_said():
    assert not policies()
    assert "open_policies" not in gap_data(compare_with(one_flow(), ruleset()))
    assert "all the same" not in render_text(compare_with(one_flow(), ruleset())).decode()
    assert not policies(drop("all"), default="accept")
    assert not policies(accept("a", match(WEB, STORE)), drop("rest"), default="accept")
    assert not policies(default="accept", more=(stage(name="postrouting"),))
    assert not policies(default="accept", obscure=("a bridge",))
    assert policies(drop("a", match(WEB, STORE, "tcp")), default="accept")
    assert policies(default="accept", more=(stage(name="postrouting", default="accept"),)) == (
        FORWARD,
        "policy accept of postrouting",
    )


@pytest.mark.parametrize(("there", "said"), [("lan", ()), ("else", (FORWARD,))])
def test_by_the_ways_between_zones(there, said):
    mapping = {"lan": "Internal", "wan": "DMZ", "else": "Internet"}
    found = compare_with(
        one_flow(), ruleset(drop("a", enters=side(there)), drop("b", leaves=side("lan")), default="accept"), mapping
    )
    assert found.open_policies == said


def test_a_family_that_no_chain_filters_counts_where_the_plan_has_it():
    whole = ruleset()
    only_four = replace(whole, stages=tuple(replace(one, families=frozenset({4})) for one in whole.stages))
    assert not compare_with(one_flow(), only_four).open_policies
    both = one_flow(source=(WEB, "fd00::10"), destination=(STORE, "2001:db8::10"))
    assert compare_with(both, only_four).open_policies == (NO_IPV6,)


def test_many_entries_that_refuse_something_are_no_hindrance():
    some = [drop(f"d{number}", match(f"10.1.{number % 250}.0/24", "", f"tcp/{number + 1}")) for number in range(300)]
    report = one_flow(source=("10.0.0.0/8",))
    assert policies(*some, report=report, default="accept") == (FORWARD,)


def test_a_kernel_without_any_table_admits_everything_and_says_so():
    gap = compare_with(one_flow(), read_nftables('{"nftables": [{"metainfo": {"version": "1.1.3"}}]}'))
    nothing = "no chain at the hook forward for IPv4"
    assert [(one.state, one.by) for one in gap.flows] == [("open", (nothing,))]
    assert gap.open_policies == (nothing,)


def many_zones(count, **more):
    """A machine in each of so many zones, and no flow."""
    names = [f"Z{number}" for number in range(count)]
    ends = [host(name, f"10.9.{number}.1", zone=name) for number, name in enumerate(names)]
    return evaluate_once(write_plan(*ends, zones=[(name, "internal") for name in names], **more))


@pytest.mark.parametrize("closed", [1, 24])
def test_each_zone_is_tried_whatever_is_refused_to_the_first_ones(closed):
    refusing = [drop(f"d{number}", match(f"10.9.{number}.1")) for number in range(closed)]
    assert policies(*refusing, report=many_zones(25), default="accept") == (FORWARD,)


def test_what_is_tried_between_many_zones_has_an_end(monkeypatch):
    monkeypatch.setattr(policies_module, "MOST_WORK", 100)
    refusing = [drop(f"d{number}", match(f"10.9.{number}.1")) for number in range(11)]
    gap = compare_with(many_zones(12), ruleset(*refusing, drop("all"), default="accept"))
    assert (gap.open_policies, gap.steps < 50) == ((), True)


def test_what_is_tried_of_one_family_leaves_no_less_for_the_other(monkeypatch):
    monkeypatch.setattr(policies_module, "MOST_WORK", 100)
    hosts = [host("A", "10.9.0.1", "fd00::1", zone="Z0"), host("B", "10.9.1.1", zone="Z1")]
    hosts.append(host("C", "10.9.2.1", "fd00:2::1", zone="Z2"))
    report = evaluate_once(write_plan(*hosts, zones=[(f"Z{number}", "internal") for number in range(3)]))
    four = [drop(f"d{number}", match("", "", f"tcp/{number + 1}")) for number in range(150)]
    both = ruleset(default="accept")
    [chain] = both.stages
    stages = (
        replace(chain, entries=(*four, drop("all")), families=frozenset({4})),
        replace(chain, families=frozenset({6}), default_name="policy accept of six"),
    )
    assert compare_with(report, replace(both, stages=stages)).open_policies == ("policy accept of six",)


def test_beside_a_firewall_that_is_named_only_what_passes_it_counts():
    report = many_zones(3, firewalls=[{"name": "FW", "format": "nftables", "zones": {"Z0": "lan", "Z1": "wan"}}])
    refusing = drop("a", match("10.9.0.1", "10.9.1.1")), drop("b", match("10.9.1.1", "10.9.0.1"))
    ask = partial(compare_with, report, ruleset(*refusing, default="accept"), firewall=report.plan.firewalls[0])
    assert ask().open_policies == (FORWARD,)
    assert not ask(only_passing=True).open_policies


def test_zones_behind_one_side_of_a_firewall_that_is_named_let_nothing_through_it():
    """Z0 and Z1 meet behind lan: between them nothing passes, and all that could leave for Z2 is refused."""
    behind = {"Z0": "lan", "Z1": "lan", "Z2": "wan"}
    report = many_zones(3, firewalls=[{"name": "FW", "format": "nftables", "zones": behind}])
    refusing = drop("a", match("10.9.2.1")), drop("b", match("", "10.9.2.1"))
    ask = partial(compare_with, report, ruleset(*refusing, default="accept"), firewall=report.plan.firewalls[0])
    assert ask().open_policies == (FORWARD,)
    assert not ask(only_passing=True).open_policies
