"""How addresses of existing rules are said."""

import pytest

from planner.engine.existing.spans import FAMILIES, Spans
from planner.engine.existing.words import say_addresses
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
