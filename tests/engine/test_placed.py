"""Flows and rows are found by their sides and services as by a look at all of them."""

import tracemalloc

from hypothesis import example, given, settings
from hypothesis import strategies as st

from planner.engine.placed import FEW, Placed, Service
from planner.engine.prohibitions import forbids
from planner.engine.rules import Ports
from tests.strategies import often

PORT = st.integers(1, 12)
PORTS = st.builds(lambda low, more: str(low) if not more else f"{low}-{low + more}", PORT, st.integers(0, 6))
PROTOCOL = st.sampled_from(["tcp", "udp"])
SERVICES = (
    st.builds(Service, PROTOCOL, PORTS)
    | st.builds(Service, PROTOCOL, st.none())
    | st.sampled_from([Service("icmp", None), Service(None, None)])
)
PACKETS = st.builds(Ports, PROTOCOL, PORTS) | st.just(Ports("icmp", None))
SIDES = st.sampled_from("ABC")


@settings(max_examples=often(200))
@given(
    st.lists(st.tuples(SIDES, SIDES, SERVICES), max_size=8 * FEW),
    st.lists(st.tuples(st.sets(SIDES), st.sets(SIDES), PACKETS), max_size=4),
)
@example(
    [("A", "A", Service("tcp", str(number + 1))) for number in range(FEW)] + [("A", "A", Service("icmp", None))],
    [({"A"}, {"A"}, packet) for packet in (Ports("icmp", None), Ports("tcp", "2-3"), Ports("tcp", "4"))],
)
def test_what_is_about_some_of_a_packet_is_found_in_its_order(rows, questions):
    placed = Placed((here, there, service, number) for number, (here, there, service) in enumerate(rows))
    for sources, destinations, packet in questions:
        assert placed.find(sorted(sources), destinations, packet) == [
            number
            for number, (here, there, service) in enumerate(rows)
            if here in sources and there in destinations and forbids(*service, *packet)
        ]


def test_what_is_few_between_two_sides_takes_no_more_than_it_does_in_lists():
    rows = [(here, there, Service("tcp", "443"), "flow") for here in range(20) for there in range(20)]

    def put(rows):
        lists = {}
        for number, (here, there, service, one) in enumerate(rows):
            lists.setdefault(here, {}).setdefault(there, []).append((number, service, one))
        return lists

    def weigh(make):
        tracemalloc.start()
        kept = make(rows)
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept
        return taken

    assert weigh(Placed) < 1.5 * weigh(put)
