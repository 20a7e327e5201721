"""What entries admit too much is counted: a small model that tries every packet comes to the same, whatever the rules.

Packets go from each address to each, on each of some services, through the entries one by one: the first that matches
decides. What is admitted to an address that the device sends on counts as well where it arrives, by the first
translation that takes the packet. Nothing of how sets are cut is in it.
"""

from collections import defaultdict
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing import asked, wider
from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Entry, Match, Ruleset, Stage, Translation
from planner.engine.spans import Spans
from tests.engine.existing.rulesets import flow, host, plan, side
from tests.strategies import often

BASE = int.from_bytes(bytes([10, 0, 0, 0]), "big")
ENDS = {
    "A": ("Internal", {1}), "B": ("Internal", {2, 3}), "Twin": ("Internal", {1}), "All": ("Internal", {1, 2, 3, 4}),
    "S": ("DMZ", {11}), "T": ("DMZ", {11, 12}), "U": ("DMZ", {13}),
}  # fmt: skip
"""Zone and addresses of endpoints, some of which share addresses."""
OUTSIDE = 20
"""An address of nobody."""
SEEN = (21, 22, 23)
"""Addresses that the device may send on."""
ADDRESSES = (1, 2, 3, 4, 11, 12, 13, OUTSIDE, *SEEN)
PORTS = range(1, 5)
PROTOCOLS = (6, 17)
SIDES = {"Internal": "lan", "DMZ": "dmz"}
PACKETS = tuple(product(ADDRESSES, ADDRESSES, PROTOCOLS, PORTS))


def some(values, base=0):
    found = st.sets(st.sampled_from(list(values)), min_size=1)
    return found.map(lambda several: Spans.of((base + one, base + one) for one in several))


MATCHES = st.builds(
    Match,
    family=st.just(4),
    sources=some(ADDRESSES, BASE),
    destinations=some(ADDRESSES, BASE),
    protocols=some(PROTOCOLS),
    ports=some(PORTS),
)
FLOWS = st.lists(
    st.tuples(
        st.sampled_from(list(ENDS)), st.sampled_from(list(ENDS)), st.sampled_from(["tcp", "udp"]),
        st.sampled_from(["1", "2", "3", "4", "1-3", "2-4"]),
    ).filter(lambda one: one[0] != one[1]),
    max_size=6,
    unique_by=lambda one: one,
)  # fmt: skip


@st.composite
def translations(draw):
    """One address or two that go to as many, on all ports, on the same, on as many others or all to one."""
    seen, real = draw(st.sampled_from([(21, 11), (21, 12), (22, 1), (13, 12), (22, 21), (23, OUTSIDE), (12, 12)]))
    more = draw(st.integers(0, 1))
    made = Translation(
        name="t",
        enters=draw(st.sampled_from([None, None, side("lan"), side("dmz")])),
        family=4,
        seen=Spans(((BASE + seen, BASE + seen + more),)),
        real=Spans(((BASE + real, BASE + real + more),)),
        is_clear=draw(st.sampled_from([True, True, True, False])),
    )
    ports = draw(st.sampled_from([None, ((1, 2), (1, 2)), ((1, 2), (3, 4)), ((2, 2), (4, 4)), ((1, 3), (2, 2))]))
    if ports is None:
        return made
    seen_ports, real_ports = (Spans((one,)) for one in ports)
    protocol = draw(st.sampled_from(PROTOCOLS))
    return replace(made, protocol=protocol, seen_ports=seen_ports, real_ports=real_ports)


@st.composite
def rulesets(draw):
    """One stage of entries, some of which ask for sides, and perhaps another without them, and translations."""
    sided = draw(st.booleans())

    def entry(number, *, asks):
        way = draw(st.sampled_from([None, None, "lan", "dmz"])) if asks else None
        return Entry(
            name=f"e{number}",
            matches=tuple(draw(st.lists(MATCHES, min_size=1, max_size=2))),
            verdict=draw(st.sampled_from(["accept", "accept", "drop"])),
            enters=side(way) if way else None,
        )

    entries = tuple(entry(number, asks=sided) for number in range(draw(st.integers(1, 6))))
    more = tuple(entry(number, asks=False) for number in range(10, draw(st.integers(10, 13))))
    stages = [Stage(name="one", entries=entries, default=draw(st.sampled_from(["accept", "drop"])))]
    if more:
        stages.append(Stage(name="two", entries=more, default=draw(st.sampled_from(["accept", "drop"]))))
    sent = tuple(draw(st.lists(translations(), max_size=4)))
    return Ruleset(
        format="nftables", stages=tuple(stages), chains={}, sides=frozenset(SIDES.values()), translations=sent
    )


def list_deciding(ruleset, packet, enters):
    """The entries that admit a packet; None where it is refused."""
    source, destination, protocol, port = packet
    found = []
    for stage in ruleset.stages:
        for entry in stage.entries:
            if entry.enters and enters not in entry.enters.names:
                continue
            if any(
                BASE + source in one.sources and BASE + destination in one.destinations
                and protocol in one.protocols and port in one.ports
                for one in entry.matches
            ):  # fmt: skip
                if entry.verdict == "drop":
                    return None
                found.append(entry.name)
                break
        else:
            if stage.default == "drop":
                return None
    return found


def find_arriving(ruleset, packet, enters):
    """As what a packet arrives that the first translation takes; None where none does, or it isn't known."""
    source, destination, protocol, port = packet
    for one in ruleset.translations:
        if one.enters and enters not in one.enters.names:
            continue
        if BASE + destination not in one.seen or (
            one.protocol and (one.protocol, True) != (protocol, port in one.seen_ports)
        ):
            continue
        if not one.is_clear:
            return None
        first = one.seen.spans[0][0]
        if one.protocol and one.real_ports.size == 1:
            port = one.real_ports.spans[0][0]
        elif one.protocol:
            port += one.real_ports.spans[0][0] - one.seen_ports.spans[0][0]
        return source, destination + one.real.spans[0][0] - first, protocol, port
    return None


def list_arrivals(ruleset, packet):
    """The side that it comes in by, the entries that admit it, and as what it is admitted: as it comes, and as it
    arrives where it is sent on."""
    for zone, enters in SIDES.items():
        by = list_deciding(ruleset, packet, enters) or ()
        for arriving in {packet, find_arriving(ruleset, packet, enters)} - {None}:
            yield zone, by, arriving


def list_asked(flows):
    for source, destination, protocol, ports in flows:
        first, _, last = ports.partition("-")
        number = {"tcp": 6, "udp": 17}[protocol]
        for one, other in product(ENDS[source][1], ENDS[destination][1]):
            for port in range(int(first), int(last or first) + 1):
                yield (one, other, number, port), (source, destination)


def model(ruleset, flows):
    """By entry: the pairs of endpoints between which it admits what nobody asks for, and on which services; and what
    it admits of each flow."""
    asked = defaultdict(set)
    for packet, ends in list_asked(flows):
        asked[packet].add(ends)
    pairs, services, needed = defaultdict(set), defaultdict(set), defaultdict(set)
    for zone, by, packet in (one for coming in PACKETS for one in list_arrivals(ruleset, coming)):
        source, destination = packet[:2]
        here = [name for name, (where, addresses) in ENDS.items() if source in addresses and where == zone]
        there = [name for name, (_, addresses) in ENDS.items() if destination in addresses]
        for one, other, entry in product(here, there, by):
            if one == other or source == destination:
                continue
            if packet in asked:
                if (one, other) in asked[packet]:
                    needed[entry].add((packet, (one, other)))
            else:
                pairs[entry].add((one, other))
                services[entry].add(packet[2:])
    return pairs, services, needed


def report_of(flows):
    ends = [host(name, *(f"10.0.0.{one}" for one in sorted(its)), zone=zone) for name, (zone, its) in ENDS.items()]
    return plan(ends, [flow(source, destination, protocol, ports) for source, destination, protocol, ports in flows])


def read_end(said):
    """The addresses that a name with or without some in parentheses stands for."""
    name, _, rest = said.partition(" (")
    if not rest:
        return name, ENDS[name][1]
    found = set()
    for one in rest.rstrip(")").split(", "):
        first, _, last = one.partition("-")
        begin, _, length = first.partition("/")
        begin = int(begin.rpartition(".")[2])
        end = int(last.rpartition(".")[2]) if last else begin + 2 ** (32 - int(length or 32)) - 1
        found |= set(range(begin, end + 1))
    return name, found


def list_admitted(narrower):
    for sources, destinations, services in narrower:
        for one, other, service in product(sources, destinations, services):
            (source, here), (destination, there) = read_end(one), read_end(other)
            first, _, last = service.ports.partition("-")
            for ends in product(here, there, [{"tcp": 6, "udp": 17}[service.protocol]],
                                range(int(first), int(last or first) + 1)):  # fmt: skip
                if ends[0] != ends[1]:
                    yield ends, (source, destination)


def say(services):
    """As the answer says it, where there are few."""
    ports = defaultdict(set)
    for protocol, port in services:
        ports[protocol].add(port)
    for protocol, found in sorted(ports.items()):
        yield {6: "tcp", 17: "udp"}[protocol], found


def read_services(said):
    for one in said:
        name, _, ports = one.partition(" ")
        found = set()
        for part in ports.split(", "):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
        yield name, found


@pytest.mark.slow
@given(rulesets(), FLOWS, st.sampled_from([2_000, 1]))
@settings(max_examples=often(120), deadline=None)
def test_what_is_too_wide_is_what_every_packet_comes_to_count_for_count(ruleset, flows, at_once):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wider, "MOST_AT_ONCE", at_once)  # with one step, every set is cut in halves
        if at_once == 1:  # and nothing that was found is kept
            patch.setattr(asked, "KEPT_SPANS", 0)
            patch.setattr(asked, "MOST_GROUPS", 0)
        found = compare_with(report_of(flows), ruleset, {"lan": "Internal", "dmz": "DMZ"}).wider
    pairs, services, needed = model(ruleset, flows)
    assert {one.entry: one.pairs for one in found} == {name: len(several) for name, several in pairs.items()}
    for one in found:
        assert one.is_whole
        assert one.sources == tuple(sorted({source for source, _ in pairs[one.entry]}))
        assert one.destinations == tuple(sorted({destination for _, destination in pairs[one.entry]}))
        assert dict(read_services(one.services)) == dict(say(services[one.entry]))
        # What is proposed is what flows need of it: no more than it admits today, and no less.
        assert set(list_admitted(one.narrower)) == needed[one.entry]
