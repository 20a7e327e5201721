"""Sets of packets in words: addresses, protocols and ports, cut where they are many. Pure."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from planner.engine.spans import FAMILIES, PORTS, PROTOCOLS, Spans

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MOST = 3
"""How many parts of a set are named."""
_NAMES: Mapping[int, str] = {
    1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "icmpv6", 132: "sctp",
}  # fmt: skip
"""Names of protocols: https://www.iana.org/assignments/protocol-numbers."""
_WITH_PORTS = frozenset({6, 17, 132})
_OF_ICMP = frozenset({1, 58})


def say_addresses(addresses: Spans, family: int) -> str:
    """Addresses of a family as networks and ranges; the first few of many."""
    if addresses == FAMILIES[family]:
        return "any address"
    kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
    return _first(addresses, lambda span: _say_range(kind(span[0]), kind(span[1])))


def _say_range(first: Address, last: Address) -> str:
    if first == last:
        return str(first)
    network, *others = islice(ipaddress.summarize_address_range(first, last), 2)
    return f"{first}-{last}" if others else str(network)


def list_services(protocols: Spans, ports: Spans) -> Iterator[str]:
    """Services as they are written in plans, as far as they can be: "tcp 443", "icmp", "all protocols"."""
    if protocols == PROTOCOLS and ports == PORTS:
        yield "all protocols"
        return
    known = [number for number in sorted(_NAMES) if number in protocols]
    rest = protocols.size - len(known)
    if rest > len(known):
        # Nearly all of them: which ones are left out is told by the entry itself.
        known = []
        rest = protocols.size
    for number in known:
        name = _NAMES[number]
        if ports == PORTS or number not in _WITH_PORTS | _OF_ICMP:
            yield name
        elif number in _WITH_PORTS:
            yield f"{name} {say_ports(ports)}"
        elif ports.size == 1:
            kind, code = divmod(ports.spans[0][0], 256)
            yield f"{name} type {kind} code {code}"
        else:
            yield f"{name} of some types"
    if rest:
        word = "all" if protocols == PROTOCOLS else str(rest)
        yield f"{word} {'protocol' if rest == 1 else 'protocols'}{'' if ports == PORTS else f' {say_ports(ports)}'}"


def say_ports(ports: Spans) -> str:
    """Ports and ranges of them, the first few of many."""
    return _first(ports, lambda span: str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}")


def _first(parts: Spans, say: Callable[[tuple[int, int]], str]) -> str:
    """The first few parts of a set in words, and how many more there are; no others are put into words."""
    more = len(parts.spans) - MOST
    return ", ".join(map(say, parts.spans[:MOST])) + (f" and {more:,} more" if more > 0 else "")
