"""Random policies, written for each device by a few lines of the test, are read as they were meant."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.readers import READERS
from tests.engine.existing.devices import second_reader
from tests.engine.existing.devices.deciding import Packet, decide
from tests.engine.existing.devices.second_reader import PLACES, ZONES, Choice
from tests.strategies import often

ENDS = ("10.1.0.0", "10.1.0.10", "10.1.0.255", "10.2.0.1", "10.2.3.4", "192.0.2.9", "192.0.2.15", "198.51.100.1")


def stands_for(choice, name):
    """The networks that a name stands for."""
    if name[0] == "n":
        return {ipaddress.ip_network(PLACES[int(name[1:])])}
    return {one for member in choice.groups[name] for one in stands_for(choice, member)}


def is_in(choice, address, names):
    return any(ipaddress.ip_address(address) in one for name in names for one in stands_for(choice, name))


def is_port(port, said):
    first, _, last = str(said).partition("-")
    return int(first) <= port <= int(last or first)


def meant(choice, packet, *, zones=True):
    """Whether the first policy that is for a packet permits it; an ASA's are for every way out, and negate nothing."""
    for here, there, sources, negated, to, ports, permits, disabled in choice.rules():
        if disabled or here != packet.enters or (zones and there != packet.leaves):
            continue
        if is_in(choice, packet.source, sources) == (negated and zones):
            continue
        if not is_in(choice, packet.destination, to):
            continue
        if any(protocol == packet.protocol and is_port(packet.port, port) for protocol, port in ports):
            return permits
    return False


packets = st.builds(
    Packet,
    source=st.sampled_from(ENDS), destination=st.sampled_from(ENDS), protocol=st.sampled_from(["tcp", "udp"]),
    port=st.sampled_from([22, 23, 80, 443, 1433, 3389, 7999, 8000, 8009, 8010]), enters=st.sampled_from(ZONES),
    leaves=st.sampled_from(ZONES),
)  # fmt: skip


@pytest.mark.parametrize("name", ["fortigate", "asa", "paloalto", "srx"])
@settings(max_examples=often(60))
@given(seed=st.integers(0, 10**6), several=st.lists(packets, min_size=20, max_size=40))
def test_random_policies_are_read_as_they_were_meant(name, seed, several):
    ruleset = READERS[name].read(getattr(second_reader, name)(Choice(seed)))
    for packet in several:
        if packet.enters == packet.leaves:
            continue
        choice = Choice(seed)
        state, why = decide(ruleset, packet)
        assert state == ("open" if meant(choice, packet, zones=name != "asa") else "closed"), (packet, why)
