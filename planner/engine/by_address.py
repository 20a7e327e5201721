"""What must stay closed and is kept by the names of endpoints, while a flow of another one has their addresses. Pure.

A row is about names. A firewall sees addresses alone: where a network that may is wider than a machine in it that must
not, the file of the network's flow lets the machine through.
"""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from planner.engine.ask import read_network
from planner.engine.flows import Flow
from planner.engine.prohibitions import Between, Closed, Side
from planner.engine.report import Report
from planner.plan.document import ANY, Endpoint, address_key

MOST_AROUND = 20
"""Most endpoints that are tried for having the addresses of another one."""
MOST_TRIED = 20_000
"""Most pairs of endpoints that are tried for all rows together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAddress:
    """What opens a row that no flow breaks."""

    flow: Flow
    holders: tuple[tuple[str, str], ...]
    """Of one side or both: the endpoint of the flow, and that of the row, which it has an address of."""


def find_by_address(report: Report, rows: Sequence[Closed]) -> Mapping[Closed, ByAddress]:
    """Those of some rows of a report that are kept by name only, each with the first flow that opens it.

    The endpoints of a row are looked at, and not those of a zone that it names. The cost grows with the rows and the
    addresses of the plan, and not with their pairs.
    """
    sides = [side for row in rows if row.kept for side in (row.source, row.destination)]
    ends = {side["endpoint"] for side in sides if "endpoint" in side}
    if not ends:
        return {}
    around = _Around(report.plan.endpoints)
    holders = {one.name: around.find(one) for one in report.plan.endpoints if one.name in ends}
    tried = list(islice(_list_tries(rows, holders), MOST_TRIED))
    crossing = (flow for flow in report.flows if flow.scope != "same-host")
    between = Between((asked for _, asked in tried), crossing)
    found: dict[Closed, ByAddress] = {}
    for row, asked in tried:
        if row not in found and (flow := between.find_first(asked)):
            pairs = (asked.source, row.source), (asked.destination, row.destination)
            others = tuple((one["endpoint"], other["endpoint"]) for one, other in pairs if one != other)
            found[row] = ByAddress(flow=flow, holders=others)
    return found


def _list_tries(rows: Iterable[Closed], holders: Mapping[str, Sequence[str]]) -> Iterator[tuple[Closed, Closed]]:
    """Each row that is kept, with the same about each two endpoints that have addresses of those that it names."""
    for row in rows:
        if row.kept:
            sides = (_list_sides(row.source, holders), _list_sides(row.destination, holders))
            for source, destination in islice(product(*sides), 1, None):  # the first is the row itself
                yield row, replace(row, source=source, destination=destination)


def _list_sides(side: Side, holders: Mapping[str, Sequence[str]]) -> list[Side]:
    return [side, *({"endpoint": name} for name in holders.get(side.get("endpoint", ""), ()))]


_Key = tuple[int, int, int]
"""Family, length of the prefix, and the bits of it: one network."""


class _Around:
    """The endpoints by their addresses: those that have all of another address are found by its prefixes."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._networks: dict[_Key, list[str]] = defaultdict(list)
        self._names: dict[str, list[str]] = defaultdict(list)
        self._anywhere: dict[str, list[str]] = defaultdict(list)
        """By zone, its endpoints that are any: to these all of the zone's belongs."""
        for endpoint in endpoints:
            for address in dict.fromkeys(endpoint.addresses):
                network = read_network(address)
                if network is not None:
                    self._networks[_key(network, network.prefixlen)].append(endpoint.name)
                elif address == ANY:
                    self._anywhere[endpoint.zone].append(endpoint.name)
                else:
                    self._names[address_key(address)].append(endpoint.name)
        self._lengths: dict[int, list[int]] = {4: [], 6: []}
        for family, length in sorted({key[:2] for key in self._networks}):
            self._lengths[family].append(length)

    def find(self, endpoint: Endpoint) -> tuple[str, ...]:
        """The first of the others that have all of an address of an endpoint, or its DNS name."""
        several = dict.fromkeys(name for name in self._list(endpoint) if name != endpoint.name)
        return tuple(several)[:MOST_AROUND]

    def _list(self, endpoint: Endpoint) -> Iterator[str]:
        for address in endpoint.addresses:
            network = read_network(address)
            if network is None:
                yield from islice(self._names.get(address_key(address), ()), MOST_AROUND + 1)
                continue
            for length in self._lengths[network.version]:
                if length <= network.prefixlen:
                    yield from islice(self._networks.get(_key(network, length), ()), MOST_AROUND + 1)
        if ANY not in endpoint.addresses:
            yield from islice(self._anywhere[endpoint.zone], MOST_AROUND + 1)


def _key(network: ipaddress.IPv4Network | ipaddress.IPv6Network, length: int) -> _Key:
    return network.version, length, int(network.network_address) >> (network.max_prefixlen - length)
