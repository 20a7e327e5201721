"""Addresses of endpoints as numbers, which are in the order of the networks that they are in. Pure."""

import ipaddress
from functools import lru_cache
from typing import NamedTuple

from planner.plan.reading import read_ipv4


class Span(NamedTuple):
    """The addresses of a network as numbers, in their order: of two within each other the wider one has more."""

    family: int
    """4 or 6."""
    first: int
    last: int

    @property
    def is_everything(self) -> bool:
        """Whether it has all addresses of its family."""
        return not self.first and self.last == _LAST[self.family]


_LAST = {4: 2**32 - 1, 6: 2**128 - 1}


@lru_cache(2**15)  # a plan has thousands, and is evaluated again after each edit
def read_span(address: str) -> Span | None:
    """The addresses that a text stands for; None for what is no network."""
    plain = read_ipv4(address)
    if plain is not None:
        return Span(4, *plain)
    try:
        network = ipaddress.ip_network(address)
    except ValueError:
        return None
    return Span(network.version, int(network.network_address), int(network.broadcast_address))
