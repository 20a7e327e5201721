"""Flows, and rows about flows, found by their sides and by what they are about. Pure."""

from collections.abc import Collection, Hashable, Iterable
from typing import NamedTuple

from planner.engine.prohibitions import PortSpans, forbids
from planner.engine.rules import Ports

FEW = 8
"""So many between two sides are looked at one by one, which takes less than to put their ports in order."""


class Service(NamedTuple):
    """What one is about: without a protocol everything, without ports all of them, and of ICMP whatever."""

    protocol: str | None
    ports: str | None


type _Row[One] = tuple[int, Service, One]
"""What is between two sides, with its place in the order of all."""


class Placed[Key: Hashable, One]:
    """Flows or rows by where they come from, then by where they go, then by protocol and ports."""

    def __init__(self, several: Iterable[tuple[Key, Key, Service, One]]) -> None:
        """Each with its two sides and what it is about, in their order."""
        self._between: dict[Key, dict[Key, list[_Row[One]]]] = {}
        self._piles: dict[tuple[Key, Key], _Pile[One]] = {}
        for place, (here, there, service, one) in enumerate(several):
            known = self._between.setdefault(here, {})
            row = place, service, one
            if there in known:
                known[there].append(row)
            else:
                known[there] = [row]

    def find(self, here: Iterable[Key], there: Collection[Key], packet: Ports) -> list[One]:
        """Those from some to others that are about some of a packet's ports, in their order.

        The cost grows with these and the pairs of sides, and not with what else is between them.
        """
        found: list[tuple[int, One]] = []
        for key in here:
            known = self._between.get(key, {})
            few, many = (known, there) if len(known) < len(there) else (there, known)
            for other in few:
                if other in many:
                    found += self._find_between(key, other, packet)
        found.sort(key=lambda pair: pair[0])
        return [one for _, one in found]

    def _find_between(self, here: Key, there: Key, packet: Ports) -> list[tuple[int, One]]:
        rows = self._between[here][there]
        if len(rows) <= FEW:
            return [(place, one) for place, service, one in rows if forbids(*service, *packet)]
        if (here, there) not in self._piles:
            self._piles[here, there] = _Pile(rows)
        return self._piles[here, there].find(packet)


class _Pile[One]:
    """What is between two sides by protocol and ports, each with its place in the order of all."""

    def __init__(self, rows: Iterable[_Row[One]]) -> None:
        self._by_service: dict[tuple[str | None, str | None], list[tuple[int, One]]] = {}
        self._spans: dict[str, PortSpans] = {}
        for place, service, one in rows:
            self._by_service.setdefault(service, []).append((place, one))

    def find(self, packet: Ports) -> list[tuple[int, One]]:
        """Those that are about some of a packet's ports."""
        services: list[tuple[str | None, str | None]] = [(None, None), (packet.protocol, None)]
        if packet.ports is not None:
            services += self._find_spans(packet.protocol).find(packet.ports)
        return [pair for service in services for pair in self._by_service.get(service, ())]

    def _find_spans(self, protocol: str) -> PortSpans:
        if protocol not in self._spans:
            self._spans[protocol] = PortSpans(
                {(own, ports): 1 for own, ports in self._by_service if own == protocol and ports}
            )
        return self._spans[protocol]
