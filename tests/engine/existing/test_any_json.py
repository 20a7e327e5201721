"""JSON that has the right form but in one place: it is read, or refused in a sentence, and nothing breaks."""

import json

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Unreadable
from planner.engine.existing.reading import read_existing
from tests.engine.existing.rulesets import one_flow
from tests.engine.existing.samples import SAMPLES
from tests.engine.existing.test_nftables import ACCEPT, DROP, PORT, chain, ct, match, meta, payload, rule, vmap, write

ODD = (None, True, -1, 0.5, "", "x", [], {}, [[]], {"a": 1}, [{"a": []}], "10.0.0.1")
KEY = {"concat": [payload("ip", "saddr"), PORT]}
NET = {"prefix": {"addr": "10.0.0.0", "len": 8}}
TARGET = {"xt": {"type": "target", "name": "T"}}
ELSEWHERE = {"mangle": {"key": payload("ip", "daddr"), "value": "10.0.0.9"}}
FULL = write(
    chain("forward", "forward"),
    chain("early", "prerouting", "accept", devices=["eth0"]),
    chain("sub"),
    {"set": {"family": "inet", "table": "filter", "name": "web", "type": "inet_service", "flags": ["interval"],
             "elem": [{"range": [1, 9]}, {"elem": {"val": 443, "comment": "x"}}]}},
    rule(match(PORT, "@web"), match(KEY, {"set": [{"concat": [NET, 443]}]}), ACCEPT),
    rule(vmap(meta("iifname"), ("eth0", {"jump": {"target": "sub"}}), ("*", DROP))),
    rule(match({"&": [payload("tcp", "flags"), {"|": ["syn", "ack"]}]}, "syn"), TARGET),
    rule(match(ct("state"), ["new"], "in"), ELSEWHERE, to="sub"),
    rule({"dnat": {"addr": "10.0.0.9", "port": 80}}, to="early"),
)  # fmt: skip
TEXTS = {**{name: SAMPLES[name] for name in ("aws", "azure", "windows")}, "nftables": FULL}


def places(tree):
    """Each mapping and list that is in a tree, with each key or place of it."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        for key, value in list(one.items() if isinstance(one, dict) else enumerate(one)):
            yield one, key
            if isinstance(value, (dict, list)):
                waiting.append(value)


@pytest.mark.parametrize("name", TEXTS)
def test_whatever_stands_in_one_place_is_read_or_refused_in_a_sentence(name):
    tree, report = json.loads(TEXTS[name]), one_flow()
    told = set()
    for within, key in places(tree):
        kept = within[key]
        for odd in ODD:
            within[key] = odd
            try:
                told.add(compare_with(report, read_existing(json.dumps(tree).encode(), name)).flows[0].state)
            except Unreadable as error:
                told.add("refused" if str(error).endswith(".") else str(error))
        within[key] = kept
    assert "refused" in told
    assert told <= {"open", "partly", "closed", "unknown", "refused"}
