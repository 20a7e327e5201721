"""Permits as the kernel's own firewalls take them: networks, protocol, ports. Pure; knows no syntax."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.engine.rules import Ports
from planner.plan.special import Network
from planner.report.errors import NotExpressible
from planner.report.firewall.addresses import Addresses
from planner.report.firewall.permits import Permit, Permits
from planner.report.firewall.words import clean, cut

Networks = tuple[str, ...] | None
"""Addresses and networks of one family; None is any. A single address has no prefix."""
OPEN_THEM = ". The option open-undecided, or its box on the page, writes them like the others."
"""What goes on in a sentence about entries that are disabled."""
_INTERFACE = re.compile(r"[A-Za-z0-9_.:@-]{1,15}")
"""What Linux can call an interface, without what would be a pattern or would have to be quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One side of an entry."""

    networks: Networks
    others: tuple[str, ...] = ()
    """Of any: the networks that aren't meant, since they are in other zones."""
    own: tuple[str, ...] = ()
    """Of any: networks that are meant although the any of another zone leaves them out."""
    interface: str = ""
    """Of any: the interface that it is behind, where that is known."""

    @property
    def is_any(self) -> bool:
        """Whether it is every address but those of the others."""
        return self.networks is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One service from networks to networks of one family (4 or 6)."""

    rule: str
    """The number of the rule, in harmless text."""
    family: int
    source: End
    destination: End
    service: Ports
    title: str
    """The rule and its service, as all three in harmless text."""
    condition: str
    """The options of open choices that it depends on; empty when it is needed outright."""
    reason: str
    forbidden: str
    """What the plan says against it, where it breaks what must stay closed; empty where nothing does."""
    disabled: bool
    """Whether it depends on an open choice and nobody asked for it all the same."""

    def remarks(self) -> Iterator[str]:
        """What stands before it, in comments: what forbids it, and on which options it depends."""
        for said in filter(None, (self.forbidden, self.condition)):
            yield f"# {self.title}: {said}"

    def comment(self, limit: int) -> str:
        """Rule, service and reason on one line of at most so many characters."""
        marks = (", forbidden" if self.forbidden else "", ", undecided" if self.condition else "")
        title = f"{self.title}{''.join(marks)}"
        return cut(f"{title} - {self.reason}" if self.reason else title, limit)


def list_forward(permits: Permits, label: str, *, open_undecided: bool) -> tuple[Entry, ...]:
    """The entries of all boundaries, or of all sides of a firewall.

    `label` is what the format is called: raises NotExpressible where a side is none that an interface can be called.
    """
    entries: list[Entry] = []
    for boundary in permits.boundaries:
        sides = boundary.source, boundary.destination
        if permits.firewall is not None:
            for name in sides:
                _check_interface(label, permits.firewall.name, name)
        else:
            sides = "", ""
        entries += list_entries(boundary.permits, permits.addresses, open_undecided=open_undecided, between=sides)
    return tuple(entries)


def _check_interface(label: str, firewall: str, name: str) -> None:
    if not _INTERFACE.fullmatch(name):
        raise NotExpressible(
            label,
            f"the firewall {clean(firewall, 60)} has a side {clean(name, 60, slashes=True) or 'without letters'}, "
            "which is no interface of Linux: give 1 to 15 of the letters A to Z, digits and . _ - : @",
        )


def list_entries(
    permits: Iterable[Permit], addresses: Addresses, *, open_undecided: bool, between: tuple[str, str] = ("", "")
) -> tuple[Entry, ...]:
    """An entry for each permit, in their order. What is undecided is disabled unless it is asked for.

    `between` are the interfaces that the packets come from and go to; empty where they aren't known.
    """
    incoming, outgoing = between
    return tuple(
        Entry(
            rule=permit.label,
            family=permit.family,
            source=_make_end(permit.sources, addresses, permit.not_sources, permit.own_sources, incoming),
            destination=_make_end(
                permit.destinations, addresses, permit.not_destinations, permit.own_destinations, outgoing
            ),
            service=permit.service,
            title=permit.title,
            condition=permit.condition,
            reason=permit.reason,
            forbidden=permit.forbidden,
            disabled=bool(permit.condition) and not open_undecided,
        )
        for permit in permits
    )


def say_disabled(entries: Iterable[Entry]) -> str:
    """What ends a sentence that counts entries: how many of them are disabled, and why. A full stop for none."""
    disabled = sum(entry.disabled for entry in entries)
    if not disabled:
        return "."
    return f", {disabled} of them disabled, as comments, since a choice is open on which they depend{OPEN_THEM}"


def say_empty(entries: Sequence[Entry], *, default_deny: bool) -> Iterator[str]:
    """A sentence where there is no entry at all."""
    if not entries:
        yield "There is no rule to write." + (" So all that is forwarded is denied." if default_deny else "")


def _make_end(
    members: tuple[str, ...] | None,
    addresses: Addresses,
    others: tuple[str, ...],
    own: tuple[str, ...],
    behind: str,
) -> End:
    if members is None:
        return End(networks=None, others=others, own=own, interface=behind)
    return End(
        networks=tuple(drop_covered(network for member in members for network in addresses.read_networks(member)))
    )


def drop_covered(networks: Iterable[Network]) -> Iterator[str]:
    """The networks of one family, in their order, without those that another one contains or that came before."""
    single = dict.fromkeys(networks)
    lengths = sorted({network.prefixlen for network in single})
    for network in single:
        wider = (length for length in lengths if length < network.prefixlen)
        if not any(network.supernet(new_prefix=length) in single for length in wider):
            yield str(network.network_address) if network.num_addresses == 1 else str(network)
