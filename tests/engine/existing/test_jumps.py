"""How deep jumps lead: held against a walk along every way, and what sets of many spans count for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.boxes import SPANS_OF_WORK, Box
from planner.engine.existing.jumps import find_depths
from planner.engine.existing.model import Entry
from planner.engine.spans import IPV4, PORTS, PROTOCOLS, Spans
from tests.strategies import often

NAMES = "abcdef"
LEADS = st.dictionaries(
    st.sampled_from(NAMES[:5]), st.lists(st.sampled_from(NAMES), max_size=3), max_size=5
)  # nothing is ever in f


def measure(chains, name, inside=()):
    """The depth from a chain by going every way; None where one leads back."""
    if name in inside:
        return None
    if name not in chains:
        return 0
    below = [measure(chains, entry.target, (*inside, name)) for entry in chains[name] if entry.target]
    return None if None in below else 1 + max(below, default=0)


@given(LEADS, st.sampled_from(["jump", "goto"]))
@settings(max_examples=often(200))
def test_it_is_as_deep_as_the_longest_way(leads, verdict):
    back = Entry(name="back", verdict="return")
    chains = {
        name: (back, *(Entry(name="to", verdict=verdict, target=target) for target in targets))
        for name, targets in leads.items()
    }
    assert find_depths(chains) == {name: depth for name in chains if (depth := measure(chains, name)) is not None}


def test_a_chain_of_a_hundred_thousand_is_no_call_within_a_call():
    chains = {str(number): (Entry(name="to", verdict="jump", target=str(number + 1)),) for number in range(100_000)}
    assert find_depths(chains)["0"] == 100_000


def box(ports):
    return Box(IPV4, IPV4, PROTOCOLS, PORTS, ports)


def test_what_takes_longer_to_compare_counts_for_more():
    even = Spans(tuple((port, port) for port in range(0, 32_000, 2)))
    third = Spans(tuple((port, port) for port in range(0, 32_000, 3)))
    assert box(Spans.only(5)).work(box(Spans.only(5))) == 1
    assert box(even).work(box(PORTS)) == 1
    assert box(even).work(box(Spans.only(8))) == 1
    assert box(even).work(box(third)) > (16_000 + 10_000) // SPANS_OF_WORK
    beside = Spans(tuple((port, port) for port in range(32_000, 64_000, 2)))
    assert box(even).work(box(beside)) <= 2, "neither lies among the other's"
