"""An address or network that is looked for: which endpoints it has to do with, and why, in words. Pure."""

import ipaddress
from collections.abc import Iterable, Iterator

from planner.engine.ask import Network, holds, read_network
from planner.engine.report import Report
from planner.plan.document import Endpoint
from planner.plan.reading import ANY
from ports.text import short

MOST_SAID = 3
"""How many endpoints a sentence names."""


class SoughtAddress:
    """What was typed, where it is an address or a network of either family; false where it is none.

    `any` is every address but those that the plan has in other zones.
    """

    def __init__(self, text: str, report: Report) -> None:
        self.text = text.strip()
        self.network = _read(self.text)
        self.plan = report.plan
        self._homes = frozenset(self._list_homes()) if self else frozenset()

    def _list_homes(self) -> Iterator[str]:
        """The zones that have all of it."""
        known = [(endpoint.zone, endpoint.addresses) for endpoint in self.plan.endpoints]
        known += [(zone.name, zone.networks) for zone in self.plan.zones]
        for zone, addresses in known:
            if any(self.network and holds(read_network(address), self.network) for address in addresses):
                yield zone

    def __bool__(self) -> bool:
        return self.network is not None

    def is_of(self, endpoint: Endpoint) -> bool:
        """Whether it is an endpoint's, lies in a network of it, or has one of its addresses."""
        return bool(self) and any(self._meets(address, endpoint.zone) for address in endpoint.addresses)

    def say(self) -> str:
        """By which addresses endpoints are found, those that only have it as it was typed left out.

        Where no endpoint has it, the zones whose networks do. Empty where there is nothing to be said.
        """
        if not self:
            return ""
        said = list(self._explain(self.plan.endpoints))
        if not any(self.is_of(endpoint) for endpoint in self.plan.endpoints):
            said = [
                f"{self._relate(network)} of the zone {short(zone.name)}, where no endpoint has it"
                for zone in self.plan.zones
                for network in zone.networks
                if self._meets(network, zone.name)
            ]
        more = f"; and {len(said) - MOST_SAID:,} more" if len(said) > MOST_SAID else ""
        return "; ".join(said[:MOST_SAID]) + more

    def _explain(self, endpoints: Iterable[Endpoint]) -> Iterator[str]:
        anywhere = []
        for endpoint in endpoints:
            for address in endpoint.addresses:
                if address == self.text or not self._meets(address, endpoint.zone):
                    continue
                if address == ANY:
                    anywhere.append(f"{short(endpoint.name)} is any, which is every address that no other zone has")
                else:
                    yield f"{self._relate(address)} of {short(endpoint.name)}"
        yield from anywhere

    def _meets(self, address: str, zone: str) -> bool:
        if address == ANY:
            return self._homes <= {zone}
        other = read_network(address)
        return (
            other is not None
            and self.network is not None
            and (holds(other, self.network) or holds(self.network, other))
        )

    def _relate(self, address: str) -> str:
        """How it stands to an address that it meets, with that address."""
        other = read_network(address)
        if other == self.network:
            return f"{self.text} is {address}"
        if self.network is not None and holds(other, self.network):
            return f"{self.text} is within {address}"
        return f"{self.text} has {address}"


def _read(text: str) -> Network | None:
    """A network with host bits set is read as the network that it is in."""
    if not any(mark in text for mark in ".:"):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
