"""What firewall files leave out, under reasons in their order. Pure values: the items are harmless text."""

import ipaddress
import re
from dataclasses import dataclass, field

from planner.plan.document import Endpoint
from planner.report.firewall.words import clean

type Names = re.Pattern[str]
"""The DNS names that a device takes objects of."""
EVERY_NAME: Names = re.compile(r".+")

NO_ADDRESS = "No address in the plan yet"
ONLY_NAMES = "Only DNS names, which are not resolved here"
ALSO_NAMES = "DNS names beside addresses; the addresses are in, the names are not"
NO_SOURCE = "Rules without a source that has an IP address"
NO_DESTINATION = "Rules without a destination that has an IP address"
LESS_SOURCES = "Rules in part, without sources of theirs that have no IP address"
LESS_DESTINATIONS = "Rules in part, without destinations of theirs that have no IP address"
NO_COMMON_FAMILY = "Pairs without an address family in common"
ONLY_IPV6_ECHO = "Echo requests (ICMP) between IPv6 addresses, which the document does not speak of"
SPECIAL = "Addresses that no firewall forwards (loopback, link-local, multicast, unspecified, broadcast, IPv4-mapped)"
REASONS = (
    NO_ADDRESS, ONLY_NAMES, ALSO_NAMES, SPECIAL, NO_SOURCE, NO_DESTINATION, LESS_SOURCES, LESS_DESTINATIONS,
    NO_COMMON_FAMILY, ONLY_IPV6_ECHO,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What is not in the file, under one reason; the items are harmless text."""

    why: str
    items: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.why}: {'; '.join(self.items)}."


@dataclass(slots=True)
class Omissions:
    """Gathers what is left out: why -> items, in the order in which they are found."""

    found: dict[str, dict[str, None]] = field(default_factory=lambda: {why: {} for why in REASONS})

    def add(self, why: str, item: str) -> None:
        """Remember one item under its reason."""
        self.found[why][item] = None

    def freeze(self) -> tuple[LeftOut, ...]:
        """The reasons that have items."""
        return tuple(LeftOut(why=why, items=tuple(items)) for why, items in self.found.items() if items)


def say_names(endpoint: Endpoint) -> str:
    """The DNS names of an endpoint, as an item."""
    names = []
    for address in endpoint.addresses:
        try:
            ipaddress.ip_network(address)
        except ValueError:
            names.append(clean(address, 253))
    return ", ".join(names)
