"""At which address and port of its check a result counts. Pure."""

import ipaddress
from collections.abc import Collection, Iterator, Mapping

from planner.engine.ask import holds, read_network
from planner.engine.checks import Check
from planner.plan.check_results import Result, Results
from planner.plan.reading import ANY, address_key
from ports.matrix import port_span

ELSEWHERE = ""
"""Stands for whatever addresses names and networks of a destination turned out to be."""
Place = tuple[str, str | None]
"""An address of a check and a port."""


def list_places(results: Results, checks: Mapping[str, Check]) -> Iterator[tuple[Result, Check | None, Place | None]]:
    """Each result of a run, its check, and at which address and port of that it counts, or ELSEWHERE.

    The check is None where it is none of the run's source, and the place where the check has no such. `checks` by id.
    """
    taken: set[tuple[str, Place]] = set()
    for result in results.results:
        check = checks.get(result.id)
        if check is None or check.source != results.source:
            yield result, None, None
            continue
        place = _place(check, result)
        if place is not None and check.names:
            if (result.id, place) in taken:
                # A script tries addresses before names and tells of each attempt by the address that it was made at,
                # so the second result at an address is that of a name which leads there.
                place = ELSEWHERE, result.port
            taken.add((result.id, place))
        yield result, check, place


def _place(check: Check, result: Result) -> Place | None:
    """Which address and port of a check a result is about; None where it has no such."""
    if (result.protocol, result.destination) != (check.protocol, check.destination):
        return None
    if (result.port is None) != (check.ports is None):
        return None
    if result.port is not None and check.ports is not None:
        first, last = port_span(check.ports)
        if not first <= int(result.port) <= last:
            return None
    address = address_key(result.address)
    if address in check.addresses:
        return address, result.port
    if result.outcome == "skipped" or check.names or _is_within(result.address, check.networks):
        return ELSEWHERE, result.port
    return None


def _is_within(address: str, networks: Collection[str]) -> bool:
    """Whether an address is in one of these networks, or stands for one of them as a whole."""
    if address in networks:
        return True
    found = read_network(address)
    if not isinstance(found, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return False
    return any(network == ANY or holds(read_network(network), found) for network in networks)
