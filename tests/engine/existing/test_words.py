"""How addresses and services of existing rules are said."""

import pytest

from planner.engine.existing.words import list_services, say_addresses
from planner.engine.spans import FAMILIES, PORTS, PROTOCOLS, Spans
from tests.engine.existing.rulesets import spans


@pytest.mark.parametrize(
    ("addresses", "family", "said"),
    [
        (FAMILIES[4], 4, "any address"),
        (FAMILIES[6], 6, "any address"),
        (spans("10.0.0.1"), 4, "10.0.0.1"),
        (spans("10.0.0.0/24"), 4, "10.0.0.0/24"),
        (spans("fd00::/64", 6), 6, "fd00::/64"),
        (Spans(((1, 6),)), 4, "0.0.0.1-0.0.0.6"),
    ],
)
def test_addresses_are_said_as_networks_or_ranges(addresses, family, said):
    assert say_addresses(addresses, family) == said


def test_services_are_said_by_the_names_of_their_protocols():
    ports = Spans(((80, 80), (443, 445)))
    said = {
        (Spans.of((number, number) for number in (1, 2, 6, 17, 47, 50, 51, 58, 132)), PORTS): (
            "icmp, igmp, tcp, udp, gre, esp, ah, icmpv6, sctp"
        ),
        (Spans(((6, 6),)), ports): "tcp 80, 443-445",
        (Spans(((1, 1), (47, 47))), Spans.only(8 * 256)): "icmp type 8 code 0, gre",
        (Spans.only(58), ports): "icmpv6 of some types",
        (Spans.only(89), PORTS): "1 protocol",
        (PROTOCOLS, PORTS): "all protocols",
        (PROTOCOLS, Spans.only(7)): "all protocols 7",
    }
    assert {given: ", ".join(list_services(*given)) for given in said} == said
