"""The packets of a plan's flows, as sets: all addresses of both ends, and what is known of them by name alone. Pure.

`any` is every address but the networks and addresses of the plan's other zones; addresses that no firewall forwards
(loopback, link-local, multicast) are nobody's.
"""

import ipaddress
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from heapq import nsmallest
from typing import Literal

from planner.engine.existing.boxes import Box
from planner.engine.existing.model import Match
from planner.engine.spans import FAMILIES, PORTS, Spans
from planner.plan.document import ANY, Endpoint, Plan
from planner.plan.special import SPECIAL, TAKEN_FOR_IPV4, Network, is_special, leave_out_ipv4
from ports.matrix import port_span

NUMBERS: Mapping[str, int] = {"icmp": 1, "tcp": 6, "udp": 17}
"""Protocol of a flow -> its number in an IP header: https://www.iana.org/assignments/protocol-numbers."""
ECHO = Spans.only(8 * 256)
"""An echo request, as type × 256 + code: RFC 792."""
ALIKE = Spans(((8 * 256, 8 * 256 + 255),))
"""An echo request whatever its code, which none has (RFC 792) and firewalls don't ask for."""
MOST_NAMES = 20
"""Most DNS names of one side of an entry that are named."""
NO_ADDRESS = "no address in the plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One part of an endpoint: its addresses of a family, or those that a DNS name has, or it will once have."""

    addresses: Spans
    """Where they aren't known: all of the family."""
    name: str | None = None
    """The DNS name of which the addresses aren't known; empty where the plan has no address at all; None where they
    are known."""
    whose: str = ""
    """The endpoint, where its addresses aren't known."""

    @property
    def doubt(self) -> str:
        """What isn't known, in a few words."""
        return f"address of {self.name}" if self.name else f"{NO_ADDRESS}: {self.whose}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Packets:
    """Packets of one family between two units, and how they come."""

    family: Literal[4, 6]
    source: Unit
    destination: Unit
    service: tuple[Spans, Spans]
    keys: tuple[Hashable, Hashable]
    """What both ends are remembered by."""
    enters: str | None = None
    leaves: str | None = None
    goal: tuple[int, int] | None = None
    """Family and number of the address that a translation on the way has to give them; None where there is none."""

    @property
    def translated(self) -> "Packets":
        """They, once their destination is the goal."""
        if self.goal is None:
            return self
        unit = Unit(addresses=Spans.only(self.goal[1]))
        return replace(self, destination=unit, keys=(self.keys[0], ("goal", self.goal)))

    @property
    def box(self) -> Box:
        """All of them."""
        return Box(self.source.addresses, self.destination.addresses, *self.service)


class Ends:
    """The endpoints of a plan as units, by name and family."""

    def __init__(self, plan: Plan, seen: Mapping[str, str] | None = None, *, shared: bool = False) -> None:
        """`seen`: by name of an endpoint, the one address that stands for its own of that family. `shared`: whether
        the device takes IPv4 for a part of IPv6."""
        self._zones: dict[int, dict[str, list[tuple[int, int]]]] = {family: defaultdict(list) for family in FAMILIES}
        for zone in plan.zones:
            self._add(zone.name, zone.networks)
        for endpoint in plan.endpoints:
            self._add(endpoint.zone, endpoint.addresses)
        self._special = {
            family: Spans.of(_span(network) for network in SPECIAL if network.version == family) for family in FAMILIES
        }
        self._any: dict[tuple[str, int], Spans] = {}
        self._units: dict[tuple[str, int], tuple[Unit, ...]] = {}
        self._seen = seen or {}
        self._shared = shared
        self._needed: dict[str, tuple[Unit, ...]] = {}
        """By name of an endpoint those units of IPv6 that have to be let in, where that isn't all of them."""

    def _add(self, zone: str, addresses: Iterable[str]) -> None:
        for network in read_networks(addresses):
            # A whole family is any again, and no other zone is without it.
            if network.prefixlen and not is_special(network):
                self._zones[network.version][zone].append(_span(network))

    def find(self, endpoint: Endpoint, family: int) -> tuple[Unit, ...]:
        """The units of an endpoint in a family; empty where it has none."""
        key = endpoint.name, family
        if key not in self._units:
            self._units[key] = tuple(self._make(endpoint, family))
        return self._units[key]

    def find_needed(self, endpoint: Endpoint, family: int) -> tuple[Unit, ...]:
        """The same without what the device takes for IPv4, which a network that has all of that is told without."""
        if family == 4 or not self._shared:
            return self.find(endpoint, family)
        if endpoint.name not in self._needed:
            units, apart = self.find(endpoint, family), _find_apart(endpoint)
            self._needed[endpoint.name] = tuple(
                replace(unit, addresses=unit.addresses - apart) if unit.name is None else unit for unit in units
            )
        return self._needed[endpoint.name]

    def _make(self, endpoint: Endpoint, family: int) -> Iterator[Unit]:
        if not endpoint.addresses:
            yield Unit(addresses=FAMILIES[family], name="", whose=endpoint.name)
            return
        if endpoint.addresses == (ANY,):
            yield Unit(addresses=self._find_any(endpoint.zone, family))
            return
        known = Spans.of(_span(one) for one in read_networks(endpoint.addresses) if one.version == family)
        seen = self._seen.get(endpoint.name)
        if seen is not None and ipaddress.ip_address(seen).version == family:
            known = Spans.only(int(ipaddress.ip_address(seen)))
        known -= self._special[family]
        if known:
            yield Unit(addresses=known)
        for name in _list_names(endpoint.addresses):
            yield Unit(addresses=FAMILIES[family], name=name, whose=endpoint.name)

    def _find_any(self, zone: str, family: int) -> Spans:
        key = zone, family
        if key not in self._any:
            by_zone = self._zones[family]
            elsewhere = Spans.of(span for other, spans in by_zone.items() if other != zone for span in spans)
            own = Spans.of(by_zone.get(zone, ()))
            self._any[key] = FAMILIES[family] - (elsewhere - own) - self._special[family]
        return self._any[key]


def find_service(protocol: str, ports: str | None) -> tuple[Spans, Spans]:
    """The number of the protocol and the destination ports of a flow; ICMP is the echo request."""
    number = Spans.only(NUMBERS[protocol])
    if protocol == "icmp":
        return number, ECHO
    return number, Spans((port_span(ports),)) if ports else PORTS


def families_of(protocol: str) -> tuple[Literal[4, 6], ...]:
    """The address families that a flow has packets of: an echo request is that of IPv4."""
    return (4,) if protocol == "icmp" else (4, 6)


def read_networks(addresses: Iterable[str]) -> Iterator[Network]:
    """The networks among addresses as a plan has them; neither names nor any."""
    for address in addresses:
        try:
            yield ipaddress.ip_network(address)
        except ValueError:
            continue


def _find_apart(endpoint: Endpoint) -> Spans:
    """What is taken for IPv4 of the addresses of an endpoint, but what it has there by itself."""
    parts = (part for network in read_networks(endpoint.addresses) for part in leave_out_ipv4(network))
    return Spans((_span(TAKEN_FOR_IPV4),)) - Spans.of(_span(part) for part in parts if part.version == 6)


def _list_names(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        try:
            ipaddress.ip_network(address)
        except ValueError:
            yield address.lower().rstrip(".")


def _span(network: Network) -> tuple[int, int]:
    return int(network[0]), int(network[-1])


def list_parts(match: Match, source: Unit, destination: Unit) -> Iterator[tuple[Box, tuple[str, ...]]]:
    """What a match means of packets from one unit to another, and what of that isn't known."""
    for sources, from_doubt in _list_sides(match.family, match.sources, match.source_names, source):
        for destinations, to_doubt in _list_sides(
            match.family, match.destinations, match.destination_names, destination
        ):
            box = Box(sources, destinations, match.protocols, match.ports, match.source_ports)
            yield box, tuple(filter(None, (from_doubt, to_doubt)))


def _list_sides(family: Literal[4, 6], spans: Spans, names: frozenset[str], unit: Unit) -> Iterator[tuple[Spans, str]]:
    everything = FAMILIES[family]
    if unit.name is not None:
        known = spans == everything or unit.name in names
        yield everything, "" if known else unit.doubt
        return
    if spans:
        yield spans, ""
    if names and spans != everything:
        yield everything - spans, f"address of {_say_names(names)}"


@lru_cache(10_000)
def _say_names(names: frozenset[str]) -> str:
    """The first of some DNS names, and how many more there are: a group may have tens of thousands."""
    more = len(names) - MOST_NAMES
    return ", ".join(nsmallest(MOST_NAMES, names)) + (f" and {more:,} more" if more > 0 else "")
