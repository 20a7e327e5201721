"""Permits as the kernel's own firewalls take them: networks, protocol, ports. Pure; knows no syntax."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from planner.engine.rules import Ports
from planner.plan.special import Network
from planner.report.firewall.permits import Addresses, Permit
from planner.report.firewall.words import cut

Networks = tuple[str, ...] | None
"""Addresses and networks of one family; None is any. A single address has no prefix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One service from networks to networks of one family (4 or 6)."""

    family: int
    sources: Networks
    destinations: Networks
    service: Ports
    title: str
    """The rule and its service, as all three in harmless text."""
    condition: str
    """The options of open choices that it depends on; empty when it is needed outright."""
    reason: str
    disabled: bool
    """Whether it depends on an open choice and nobody asked for it all the same."""

    def comment(self, limit: int) -> str:
        """Rule, service and reason on one line of at most so many characters."""
        title = f"{self.title}, undecided" if self.condition else self.title
        return cut(f"{title} - {self.reason}" if self.reason else title, limit)


def list_entries(permits: Iterable[Permit], addresses: Addresses, *, open_undecided: bool) -> tuple[Entry, ...]:
    """An entry for each permit, in their order. What is undecided is disabled unless it is asked for."""
    networks = {name: tuple(map(ipaddress.ip_network, texts)) for name, texts in addresses.objects.items()}
    return tuple(
        Entry(
            family=permit.family,
            sources=_join(permit.sources, networks),
            destinations=_join(permit.destinations, networks),
            service=permit.service,
            title=permit.title,
            condition=permit.condition,
            reason=permit.reason,
            disabled=bool(permit.condition) and not open_undecided,
        )
        for permit in permits
    )


def say_disabled(entries: Iterable[Entry]) -> str:
    """What ends a sentence that counts entries: how many of them are disabled, and why. A full stop for none."""
    disabled = sum(entry.disabled for entry in entries)
    if not disabled:
        return "."
    return (
        f", {disabled} of them disabled: they stand as comments, since a choice is open on which they depend. "
        "The option --open-undecided, or its box on the page, writes them like the others."
    )


def say_empty(entries: Sequence[Entry], *, default_deny: bool) -> Iterator[str]:
    """A sentence where there is no entry at all."""
    if not entries:
        yield "There is no rule to write." + (" So all that is forwarded is denied." if default_deny else "")


def _join(members: tuple[str, ...] | None, networks: Mapping[str, tuple[Network, ...]]) -> Networks:
    if members is None:
        return None
    return tuple(drop_covered(network for member in members for network in networks[member]))


def drop_covered(networks: Iterable[Network]) -> Iterator[str]:
    """The networks of one family, in their order, without those that another one contains or that came before."""
    single = dict.fromkeys(networks)
    lengths = sorted({network.prefixlen for network in single})
    for network in single:
        wider = (length for length in lengths if length < network.prefixlen)
        if not any(network.supernet(new_prefix=length) in single for length in wider):
            yield str(network.network_address) if network.num_addresses == 1 else str(network)
