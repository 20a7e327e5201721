"""Rulesets of nftables: what is known before connection tracking, sets by name in another place, rules for replies."""

import pytest

from planner.engine.existing.readers import nftables
from planner.engine.spans import Spans
from tests.engine.existing.test_nftables import (
    ACCEPT,
    DROP,
    PORT,
    chain,
    ct,
    match,
    payload,
    rule,
    state_of,
    vmap,
    write,
)

RAW, SUB = chain("raw", "prerouting", "accept", -300), chain("sub")
INVALID = rule(match(ct("state"), "invalid", "in"), DROP, to="sub")
SAID = ("ct state invalid, before connection tracking",)
TO_SUB = {"jump": {"target": "sub"}}


def test_a_chain_that_two_lead_to_is_before_tracking_as_soon_as_one_of_them_is():
    early = chain("early", "prerouting", "accept", -400)
    both = [rule(TO_SUB, to="raw"), rule(TO_SUB, to="early")]
    assert state_of(RAW, early, SUB, *both, INVALID, rule(ACCEPT)).constructs == SAID
    late = chain("early", "prerouting", "accept", -100)
    assert state_of(RAW, late, SUB, both[1], INVALID, rule(ACCEPT)).state == "open"


@pytest.mark.parametrize("statement", [vmap(PORT, (80, ACCEPT), (443, TO_SUB)), vmap(PORT, (443, TO_SUB), (80, DROP))])
def test_verdicts_of_a_map_that_lead_nowhere_stand_beside_those_that_do(statement):
    assert state_of(RAW, SUB, rule(statement, to="raw"), INVALID, rule(ACCEPT)).constructs == SAID


def test_a_statement_that_is_none_is_not_understood_and_leads_nowhere():
    strange = rule("jump", DROP, to="raw")
    assert state_of(RAW, strange, rule(ACCEPT)).constructs == ("jump",)
    assert state_of(RAW, SUB, rule("sub", to="raw"), INVALID, rule(ACCEPT)).constructs == ("sub",)


def test_a_rule_for_replies_that_only_counts_is_no_entry():
    replies = match(ct("state"), "established", "in")
    assert state_of(rule(replies, {"counter": {"packets": 1, "bytes": 1}}), rule(ACCEPT)).state == "open"
    assert state_of(rule(replies, {"counter": {"packets": 1, "bytes": 1}})).state == "closed"


@pytest.mark.parametrize(("ports", "state"), [([80, 443], "open"), ([80], "closed")])
def test_a_set_may_be_named_where_its_elements_could_stand(ports, state):
    web = {"family": "inet", "table": "filter", "name": "web", "type": "inet_service", "elem": ports}
    assert state_of({"set": web}, rule(match(PORT, {"set": "@web"}), ACCEPT)).state == state


@pytest.mark.parametrize(
    ("protocol", "number"), [("tcp", 6), ("udp", 17), ("sctp", 132), ("dccp", 33), ("udplite", 136)]
)
def test_ports_of_a_protocol_are_of_that_protocol_alone(protocol, number):
    both = match(payload(protocol, "dport"), 443), match(payload(protocol, "sport"), 5)
    (stage,) = nftables.read(write(chain("forward", "forward"), rule(*both, ACCEPT))).stages
    found = {(one.protocols, one.ports, one.source_ports) for one in stage.entries[0].matches}
    assert found == {(Spans.only(number), Spans.only(443), Spans.only(5))}
    assert stage.entries[0].obscure == ()
