"""Sets of packets come to the same as packets one by one, in every world that isn't understood could mean."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Entry, Match, Ruleset, Stage
from planner.engine.spans import Spans
from tests.engine.existing.rulesets import flow, host, plan
from tests.strategies import often

BASE = int.from_bytes(bytes([10, 0, 0, 0]), "big")
SOURCES, DESTINATIONS, PORTS = range(4), range(100, 103), range(1, 5)
ENDS = [
    host("Web", *(f"10.0.0.{one}" for one in SOURCES)),
    host("Store", *(f"10.0.0.{one}" for one in DESTINATIONS), zone="DMZ"),
]
REPORT = plan(ENDS, [flow("Web", "Store", ports="1-4")])
NARROW = plan(ENDS, [flow("Web", "Store", ports="1")])
PACKETS = list(product(SOURCES, DESTINATIONS, PORTS))


def some(values, base=0):
    return st.sets(st.sampled_from(list(values)), min_size=1).map(
        lambda found: Spans.of((base + one, base + one) for one in found)
    )


MATCHES = st.builds(
    Match,
    family=st.just(4),
    sources=some(SOURCES, BASE),
    destinations=some(DESTINATIONS, BASE),
    protocols=st.just(Spans.only(6)),
    ports=some(PORTS),
)
VERDICTS = st.sampled_from(["accept", "accept", "drop", "drop", "jump", "goto", "return"])


@st.composite
def entries(draw, targets):
    verdict = draw(VERDICTS if targets else st.sampled_from(["accept", "drop", "return"]))
    return Entry(
        name=draw(st.uuids()).hex,
        matches=tuple(draw(st.lists(MATCHES, min_size=1, max_size=2))),
        verdict=verdict,
        target=draw(st.sampled_from(targets)) if verdict in ("jump", "goto") else "",
        obscure=draw(st.sampled_from([(), (), (), ("mark",)])),
    )


def lists(targets):
    return st.lists(entries(targets), max_size=4).map(tuple)


STAGES = st.builds(
    Stage,
    name=st.just("stage"),
    entries=lists(["a", "b"]),
    default=st.sampled_from(["accept", "drop"]),
    default_name=st.just("default"),
)
RULESETS = st.builds(
    lambda stages, a, b: Ruleset(format="nftables", stages=tuple(stages), chains={"a": a, "b": b}),
    st.lists(STAGES, min_size=1, max_size=2),
    lists(["b"]),
    lists([]),
)


def is_meant(entry, packet):
    source, destination, port = packet
    return any(
        BASE + source in one.sources and BASE + destination in one.destinations and port in one.ports
        for one in entry.matches
    )


def go(ruleset, entries, packet, meant):
    """accept, drop, or None where a chain comes to its end or goes back."""
    for entry in entries:
        if not is_meant(entry, packet) or (entry.obscure and not meant[entry.name]):
            continue
        if entry.verdict in ("accept", "drop"):
            return entry.verdict
        if entry.verdict == "return":
            return None
        came = go(ruleset, ruleset.chains[entry.target], packet, meant)
        if came or entry.verdict == "goto":
            return came
    return None


def passes(ruleset, packet, meant):
    return all((go(ruleset, one.entries, packet, meant) or one.default) == "accept" for one in ruleset.stages)


def list_admitting(ruleset, packet, meant):
    """The entries that admit a packet, stage by stage."""

    def follow(entries):
        for entry in entries:
            if not is_meant(entry, packet) or (entry.obscure and not meant[entry.name]):
                continue
            if entry.verdict in ("accept", "drop"):
                return entry.name
            if entry.verdict == "return":
                return None
            came = follow(ruleset.chains[entry.target])
            if came or entry.verdict == "goto":
                return came
        return None

    return filter(None, (follow(one.entries) for one in ruleset.stages))


def list_entries(ruleset):
    return [*(e for one in ruleset.stages for e in one.entries), *ruleset.chains["a"], *ruleset.chains["b"]]


def worlds(ruleset):
    """What each entry that isn't understood may mean of one packet: all of them, or none."""
    names = [entry.name for entry in list_entries(ruleset) if entry.obscure]
    return [dict(zip(names, values, strict=True)) for values in product([False, True], repeat=len(names))]


@pytest.mark.slow
@given(RULESETS)
@settings(max_examples=often(150))
def test_a_state_is_what_all_packets_of_a_flow_come_to_in_every_world(ruleset):
    [found] = compare_with(REPORT, ruleset).flows
    every = worlds(ruleset)[:256]
    fates = [{passes(ruleset, packet, meant) for meant in every} for packet in PACKETS]
    if any(len(fate) == 2 for fate in fates):
        assert found.state == "unknown"
    elif found.state != "unknown":
        # What is said to be unknown may be more: two things that aren't understood are not thought together.
        passing = [True in fate for fate in fates]
        assert found.state == ("open" if all(passing) else "partly" if any(passing) else "closed")
    else:
        assert len(every) > 1


@given(RULESETS)
@settings(max_examples=often(150))
def test_the_entries_that_are_too_wide_are_those_that_admit_a_packet_that_nobody_asks_for(ruleset):
    sure = {entry.name: False for entry in list_entries(ruleset)}
    too_much = set()
    for packet in PACKETS:
        if packet[2] != 1 and all(passes(ruleset, packet, meant) for meant in worlds(ruleset)[:256]):
            too_much |= set(list_admitting(ruleset, packet, sure))
    found = {one.entry for one in compare_with(NARROW, ruleset).wider}
    doubtful = {entry.name for entry in list_entries(ruleset) if entry.obscure}
    if doubtful:
        assert found <= {entry.name for entry in list_entries(ruleset) if entry.verdict == "accept"} - doubtful
    else:
        assert found == too_much
