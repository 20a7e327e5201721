"""What `any` isn't: the networks and addresses of the plan's other zones. Pure."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain

from planner.plan.document import ANY, Endpoint, Plan
from planner.plan.special import Network, is_special

Span = tuple[int, int]
"""The first and the last address of a range, as numbers."""


class Elsewhere:
    """The addresses of a plan by zone and family, to say of an `any` in one zone what it leaves out."""

    def __init__(self, plan: Plan) -> None:
        self._zones: dict[int, dict[str, list[Span]]] = {4: defaultdict(list), 6: defaultdict(list)}
        for zone in plan.zones:
            self._add(zone.name, zone.networks)
        for endpoint in plan.endpoints:
            self._add(endpoint.zone, endpoint.addresses)
        self._open = {endpoint.zone for endpoint in plan.endpoints if endpoint.addresses == (ANY,)}
        self._taken: dict[int, list[Span]] = {}
        self._known: dict[tuple[int, frozenset[str], tuple[str, ...]], tuple[str, ...]] = {}

    def _add(self, zone: str, addresses: Iterable[str]) -> None:
        for network in _networks(addresses):
            self._zones[network.version][zone].append((int(network[0]), int(network[-1])))

    def keep(self, zones: frozenset[str], family: int) -> tuple[str, ...]:
        """The networks of these zones themselves, where an `any` of yet another zone leaves them out; else nothing."""
        if self._open <= zones:
            return ()
        by_zone = self._zones[family]
        return tuple(_write(_join(span for zone in zones for span in by_zone.get(zone, ())), family))

    def leave_out(self, zones: frozenset[str], family: int, members: Iterable[Endpoint]) -> tuple[str, ...]:
        """The networks that an `any` in these zones leaves out: all of the other zones'.

        What belongs to the zones themselves stays in it, and so does what `members`, who stand beside the `any` in a
        rule, have: they are named there. Single addresses have no prefix.
        """
        kept = tuple(sorted({address for one in members if one.zone not in zones for address in one.addresses}))
        key = (family, zones, kept)
        if key not in self._known:
            by_zone = self._zones[family]
            outside = _join(span for zone, spans in by_zone.items() if zone not in zones for span in spans)
            own = [span for zone in zones for span in by_zone.get(zone, ())]
            own += [(int(one[0]), int(one[-1])) for one in _networks(kept) if one.version == family]
            self._known[key] = tuple(_write(_subtract(outside, _join(own)), family))
        return self._known[key]

    def list_spans(self, zone: str, family: int) -> list[Span]:
        """What an `any` in this zone leaves out, in order and without overlaps."""
        if family not in self._taken:
            self._taken[family] = _join(chain.from_iterable(self._zones[family].values()))
        return list(_subtract(self._taken[family], _join(self._zones[family].get(zone, ()))))


def find_difference(spans: list[Span], others: list[Span], family: int) -> tuple[str, ...]:
    """What of spans is in none of the others, as networks; both in order and without overlaps."""
    return tuple(_write(_subtract(spans, others), family))


def _networks(addresses: Iterable[str]) -> Iterator[Network]:
    """The networks among addresses; neither names nor special ones, nor the whole of a family, which is any again."""
    for address in addresses:
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            continue
        if network.prefixlen and not is_special(network):
            yield network


def _join(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those as one that meet."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined


def _subtract(spans: list[Span], others: list[Span]) -> Iterator[Span]:
    """What of the spans is in none of the others; both in order, each without overlaps."""
    waiting = iter(others)
    other = next(waiting, None)
    for start, last in spans:
        first = start
        while other and other[0] <= last:
            begin, end = other
            if first < begin:
                yield first, begin - 1
            first = max(first, end + 1)
            if end > last:
                break  # it may reach into the next span
            other = next(waiting, None)
        if first <= last:
            yield first, last


def _write(spans: Iterable[Span], family: int) -> Iterator[str]:
    kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    for first, last in spans:
        for network in ipaddress.summarize_address_range(kind(first), kind(last)):
            yield str(network.network_address) if network.num_addresses == 1 else str(network)


def find_ranges(networks: Iterable[str], family: int) -> Iterator[tuple[str, str]]:
    """Every address of a family but those of the networks, as ranges: first and last address of each."""
    kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    everything = [(0, 2 ** (32 if family == 4 else 128) - 1)]
    taken = _join((int(one[0]), int(one[-1])) for one in map(ipaddress.ip_network, networks))
    for first, last in _subtract(everything, taken):
        yield str(kind(first)), str(kind(last))


def find_rest(networks: Iterable[str], family: int) -> tuple[str, ...]:
    """The same as networks."""
    everything = [(0, 2 ** (32 if family == 4 else 128) - 1)]
    taken = _join((int(one[0]), int(one[-1])) for one in map(ipaddress.ip_network, networks))
    return tuple(_write(_subtract(everything, taken), family))
