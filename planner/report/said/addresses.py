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
    """What was typed, where it is an address or a network of either family; false where it is none."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self.network = _read(self.text)

    def __bool__(self) -> bool:
        return self.network is not None

    def is_of(self, endpoint: Endpoint) -> bool:
        """Whether it is an endpoint's, lies in a network of it, or has one of its addresses; `any` has all."""
        return bool(self) and any(self._meets(address) for address in endpoint.addresses)

    def say(self, report: Report) -> str:
        """By which addresses the endpoints of a report are found, those that only have it as written left out.

        Where no endpoint has it, the zones whose networks do. Empty where there is nothing to be said.
        """
        if not self:
            return ""
        said = list(self._explain(report.plan.endpoints))
        if not any(self.is_of(endpoint) for endpoint in report.plan.endpoints):
            said = [
                f"{self._relate(network)} of the zone {short(zone.name)}, where no endpoint has it"
                for zone in report.plan.zones
                for network in zone.networks
                if self._meets(network)
            ]
        more = f"; and {len(said) - MOST_SAID:,} more" if len(said) > MOST_SAID else ""
        return "; ".join(said[:MOST_SAID]) + more

    def _explain(self, endpoints: Iterable[Endpoint]) -> Iterator[str]:
        anywhere = [endpoint for endpoint in endpoints if ANY in endpoint.addresses]
        for endpoint in endpoints:
            for address in endpoint.addresses:
                if address not in (ANY, self.text) and self._meets(address):
                    yield f"{self._relate(address)} of {short(endpoint.name)}"
        for endpoint in anywhere:
            yield f"{short(endpoint.name)} is any, which is every address"

    def _meets(self, address: str) -> bool:
        other = read_network(address)
        return address == ANY or (
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
