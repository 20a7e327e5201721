"""Rulesets of nftables: interfaces at the hooks that don't know them, the rest of maps, unknown statements."""

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import nftables
from tests.engine.existing.rulesets import one_flow
from tests.engine.existing.test_nftables import (
    ACCEPT,
    DROP,
    FROM,
    PORT,
    TO,
    chain,
    ct,
    match,
    meta,
    payload,
    rule,
    state_of,
    vmap,
    write,
)

SUB, EARLY = chain("sub"), chain("early", "prerouting", "accept")
AWAY = match(meta("oifname"), "eth1", "!=")
MAP = {"eth0": "Internal", "eth1": "DMZ"}


def mapped(*objects):
    ruleset = nftables.read(write(chain("forward", "forward"), *objects))
    return compare_with(one_flow(), ruleset, MAP).flows[0]


@pytest.mark.parametrize("where", ["early", "sub"])
def test_before_the_way_out_is_known_a_name_of_it_is_not_understood(where):
    """The kernel compares with no name at all there: “oifname != eth1 drop” refuses everything."""
    objects = [EARLY, SUB, rule(AWAY, DROP, to=where), rule(ACCEPT)]
    leads = rule({"jump": {"target": "sub"}}, to="early")
    assert mapped(*objects, leads).constructs == ("meta oifname != eth1, where packets may have no such interface",)
    late = chain("early", "postrouting", "accept")
    assert mapped(late, *objects[1:], leads).state == "open"


def test_when_it_leaves_a_device_the_way_in_is_no_longer_known():
    device = chain("out", "egress", "accept", family="netdev", dev="eth1")
    refuses = rule(match(meta("iifname"), "eth0", "!="), DROP, to="out", family="netdev")
    assert mapped(device, refuses, rule(ACCEPT)).state == "unknown"
    here = rule(match(meta("oifname"), "eth1", "!="), DROP, to="out", family="netdev")
    assert mapped(device, here, rule(ACCEPT)).state == "open"


@pytest.mark.parametrize(
    ("key", "state"),
    [
        (payload("ip6", "daddr"), "closed"),
        (payload("udp", "dport"), "closed"),
        (PORT, "open"),
        (meta("mark"), "unknown"),
    ],
)
def test_all_else_of_a_map_is_for_what_has_the_key(key, state):
    assert state_of(rule(vmap(key, ("*", ACCEPT)))).state == state


def test_all_else_of_joined_keys_is_for_what_has_each_of_them():
    of_both = {"concat": [payload("ip", "saddr"), payload("ip6", "daddr")]}
    assert state_of(rule(vmap(of_both, ("*", ACCEPT)))).state == "closed", "no packet has both"
    assert state_of(rule(vmap({"concat": [payload("ip", "saddr"), PORT]}, ("*", ACCEPT)))).state == "open"


@pytest.mark.parametrize("verdict", [{"jump": {"target": "sub"}}, {"continue": None}])
def test_what_another_element_is_for_goes_on_behind_the_rule(verdict):
    assert state_of(SUB, rule(vmap(PORT, (443, verdict), ("*", ACCEPT)))).state == "closed"
    assert state_of(SUB, rule(vmap(PORT, (80, verdict), ("*", ACCEPT)))).state == "open"
    both = {"concat": [PORT, payload("ip", "saddr")]}
    joined = vmap(both, ({"concat": [80, "10.0.0.1"]}, verdict), ("*", ACCEPT))
    assert state_of(SUB, rule(joined)).state == "unknown"
    tracked = vmap(ct("state"), ("established", verdict), ("*", ACCEPT))
    assert state_of(SUB, rule(tracked)).state == "unknown"


STRANGE = {"xt": {"type": "target", "name": "REJECT"}}


@pytest.mark.parametrize("statement", [STRANGE, {"xt": None}, {"zap": {}}, "drop", {"drop": None, "accept": None}])
def test_a_statement_that_is_not_understood_may_end_its_rule(statement):
    assert state_of(rule(FROM, TO, statement), rule(ACCEPT)).state == "unknown"
    assert state_of(rule(FROM, match(PORT, 80), statement), rule(ACCEPT)).state == "open", "not for these packets"


def test_what_comes_after_it_counts_only_after_a_match_of_iptables():
    refused = state_of(rule(FROM, {"xt": {"type": "match", "name": "u32"}}, DROP), rule(DROP))
    assert refused.state == "closed", "refused either way"
    assert state_of(rule(FROM, {"zap": {}}, DROP), rule(DROP)).state == "unknown"


def test_a_set_that_two_hooks_name_is_read_for_each():
    """What a named set comes to is kept, and apart for chains that know other interfaces."""
    names = {"set": {"family": "inet", "table": "filter", "name": "in", "type": "ifname", "elem": ["eth1"]}}
    asks = match(meta("oifname"), "@in")
    assert mapped(names, EARLY, rule(asks, DROP, to="early"), rule(asks, ACCEPT)).state == "unknown"
    assert mapped(names, rule(asks, ACCEPT)).state == "open"
