"""Permits as policies of Aerleon, one shape for each target, in the words of its YAML: docs/firewalls.md.

They are for the archive of sources alone: no file is made by Aerleon.

A term holds one service and one protocol: Aerleon takes every port of a term with every protocol of it. It also holds
one address family: given both, targets disagree about what a missing half means.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import batched, groupby
from typing import Any

from planner.report.firewall.addresses import FAMILIES, Addresses
from planner.report.firewall.permits import BoundaryPermits, Permit, Permits
from planner.report.firewall.words import cut, name_any, shorten, wrap

Filter = dict[str, Any]
"""A filter in the words of Aerleon's YAML: a header and terms."""

_INET = {4: "inet", 6: "inet6"}
DENY = "default-deny"
_PART = {4: 400, 6: 100}
"""By family most networks on a side of a term for an SRX, and in an object of what is left of an any. A term with more
Aerleon divides by itself, and gives the objects of others its name."""
_NO_WAY = "::/16"
"""Has no address that is routed, but those that stand for IPv4; a Palo Alto takes all of that for some of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A platform of Aerleon and what has to be heeded there."""

    name: str
    label: str
    platform: str
    mark: str
    """What begins a line of comment; XML has its own."""
    name_length: int
    """The longest name of a term."""
    comment: Callable[[Permit], str]
    pairs: int | None = None
    """Most pairs of networks in a term."""
    sources: Mapping[int, int] | None = None
    """By family most networks on either side of a term."""
    excludes: bool = False
    """Whether its generator knows a lone “none of these”. Others let everybody in then, or nobody."""


def _lines(permit: Permit) -> str:
    return "\n".join(permit.comment)


def _short_lines(permit: Permit) -> str:
    return "\n".join(line for text in permit.comment for line in wrap(text, 95))


def _one_line(permit: Permit) -> str:
    """A comment of nftables has at most 128 bytes."""
    return permit.fit(120)


ASA = Target(
    name="asa", label="Cisco ASA", platform="ciscoasa", mark="!", name_length=60, comment=_short_lines,
)  # fmt: skip
FORTIGATE = Target(
    name="fortigate", label="FortiGate", platform="fortigate", mark="#", name_length=35, comment=_lines,
)  # fmt: skip
PALOALTO = Target(
    name="paloalto", label="Palo Alto", platform="paloalto", mark="", name_length=48, comment=_lines,
)  # fmt: skip
SRX = Target(
    name="srx", label="Juniper SRX", platform="srx", mark="#", name_length=50, comment=_lines, sources=_PART,
)  # fmt: skip
NFTABLES = Target(
    name="nftables", label="nftables", platform="nftables", mark="#", name_length=60, comment=_one_line,
)  # fmt: skip
IPTABLES = Target(
    name="iptables", label="iptables", platform="speedway", mark="#", name_length=24, comment=_lines, pairs=100,
    excludes=True,
)  # fmt: skip
TARGETS = {target.name: target for target in (ASA, FORTIGATE, PALOALTO, SRX, NFTABLES, IPTABLES)}


def spell_anys(permits: Permits) -> Permits:
    """The same for targets that can't say “none of these”: an any that leaves something out is the rest, as objects.

    Where nobody is left there is no permit.
    """
    spelt = copy.copy(permits)
    spelt.addresses = copy.copy(permits.addresses)
    spelt.addresses.objects = dict(permits.addresses.objects)
    made: dict[tuple[str, ...], tuple[str, ...]] = {}

    def spell(
        family: int, members: tuple[str, ...] | None, others: tuple[str, ...], networks: tuple[str, ...]
    ) -> tuple[str, ...] | None:
        if not others:
            return members
        if others not in made:
            rest = permits.addresses.find_rest(family, networks if family == 4 else (*networks, _NO_WAY))
            parts = {
                name_any(others) + (f"_part{part}" if part > 1 else ""): chosen
                for part, chosen in enumerate(batched(rest, _PART[family]), 1)
            }
            spelt.addresses.objects.update(parts)
            made[others] = tuple(parts)
        return made[others]

    def spell_permit(one: Permit) -> Permit:
        return replace(
            one,
            sources=spell(one.family, one.sources, one.other_sources, one.not_sources),
            destinations=spell(one.family, one.destinations, one.other_destinations, one.not_destinations),
        )

    spelt.boundaries = tuple(
        replace(boundary, permits=tuple(one for one in map(spell_permit, boundary.permits) if () not in _sides(one)))
        for boundary in permits.boundaries
    )
    return spelt


def leave_out_echoes(permits: Permits) -> tuple[Permits, tuple[str, ...]]:
    """The same without echo requests where it has other services, too; and the rules that they are of.

    At both together the generator for FortiGate (Aerleon 1.18) fails, and aclgen then writes no other file either.
    """
    if len({one.service.protocol == "icmp" for one in all_permits(permits)}) < 2:
        return permits, ()
    kept = copy.copy(permits)
    kept.boundaries = tuple(
        replace(side, permits=tuple(one for one in side.permits if one.service.protocol != "icmp"))
        for side in permits.boundaries
    )
    return kept, tuple(dict.fromkeys(one.label for one in all_permits(permits) if one.service.protocol == "icmp"))


def _sides(permit: Permit) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    return permit.sources, permit.destinations


def write_filters(target: Target, permits: Permits, default_deny: bool) -> tuple[Filter, ...]:
    """The filters of the rules between zones for a target; for iptables those of both families.

    Where the target can't say “none of these” anys have to be spelt.
    """
    if target is ASA:
        return tuple(_filter_sources(permits, default_deny))
    if target in (NFTABLES, IPTABLES):
        return tuple(_filter_forward(target, permits, default_deny))
    return tuple(_filter_zones(target, permits, default_deny))


def _filter_sources(permits: Permits, default_deny: bool) -> Iterator[Filter]:
    """An access list for each group of source zones: an interface takes one.

    Without a list an interface lets everything through to lower security levels. So a default deny is also one for
    zones that open nothing.
    """
    boundaries = sorted(permits.boundaries, key=lambda boundary: boundary.source)
    for source, group in groupby(boundaries, key=lambda boundary: boundary.source):
        sides = list(group)
        # "any" of an ASA is both families.
        wanted = [p for side in sides for p in side.permits if p.family == 4 or p.sources or p.destinations]
        terms = _terms(ASA, wanted, permits.addresses) + _deny(default_deny, source)
        if terms:
            yield _filter(ASA, f"FROM-{source}", f"From {source}: {', '.join(side.label for side in sides)}", terms)
    if default_deny and boundaries:
        silent = {group.code for group in permits.report.zone_groups} - {boundary.source for boundary in boundaries}
        for source in sorted(silent):
            yield _filter(ASA, f"FROM-{source}", f"From {source}: nothing", _deny(True, source))


def _filter_forward(target: Target, permits: Permits, default_deny: bool) -> Iterator[Filter]:
    everything = [permit for boundary in permits.boundaries for permit in boundary.permits]
    for family in FAMILIES:
        terms = _terms(target, [p for p in everything if p.family == family], permits.addresses)
        if permits.boundaries and default_deny:
            terms += _deny(True)
        if not terms:
            continue
        if target is IPTABLES:
            # Without a default deny a chain beside others: FORWARD has a policy, which would become the site's.
            options, replies = f"PORT-PLANNER {_INET[family]}", []
            if default_deny:
                # nftables gets this from its generator. Replies would have no rule to go by.
                replies = [{"name": "replies", "option": ["established"], "action": "accept"}]
                options = f"FORWARD {_INET[family]} DROP"
            yield _filter(target, options, f"IPv{family} between zones", [*replies, *terms])
        else:
            options = f"{_INET[family]} forward{'' if default_deny else ' ACCEPT'}"
            yield _filter(target, options, f"IPv{family} between zones", terms)


def _filter_zones(target: Target, permits: Permits, default_deny: bool) -> Iterator[Filter]:
    for boundary in permits.boundaries:
        zones = f"from-zone {boundary.source} to-zone {boundary.destination}"
        for family in FAMILIES:
            terms = _terms(target, [p for p in boundary.permits if p.family == family], permits.addresses)
            if terms:
                yield _filter(target, f"{zones} {_INET[family]}", boundary.label, terms)
        if default_deny:
            # In a filter of its own after both families: its "any" would cover the second one.
            yield _filter(target, f"{zones} mixed", boundary.label, _deny(True, boundary_name(boundary)))


def boundary_name(boundary: BoundaryPermits) -> str:
    """INT-DMZ."""
    return f"{boundary.source}-{boundary.destination}"


def _filter(target: Target, options: str, comment: str, terms: list[dict[str, Any]]) -> Filter:
    return {"header": {"targets": {target.platform: options}, "comment": cut(comment, 95)}, "terms": terms}


def _deny(wanted: bool, suffix: str = "") -> list[dict[str, Any]]:
    return [{"name": shorten(f"{DENY}-{suffix}", 35) if suffix else DENY, "action": "deny"}] if wanted else []


def _terms(target: Target, permits: Iterable[Permit], addresses: Addresses) -> list[dict[str, Any]]:
    return [term for permit in permits for term in _divide(target, permit, addresses)]


def _divide(target: Target, permit: Permit, addresses: Addresses) -> Iterator[dict[str, Any]]:
    """A term for a permit, or several where the target takes only so many networks in one."""
    most = target.sources[permit.family] if target.sources else None
    parts = (
        (sources, destinations)
        for destinations in _chunks(permit.destinations, 10 if target.pairs else most, addresses)
        for sources in _chunks(permit.sources, _most_sources(target, most, destinations, addresses), addresses)
    )
    for index, (sources, destinations) in enumerate(parts):
        yield _term(target, permit, index, sources, destinations)


def _most_sources(
    target: Target, most: int | None, destinations: tuple[str, ...] | None, addresses: Addresses
) -> int | None:
    if target.pairs:
        return max(1, target.pairs // max(1, addresses.weight(destinations or ())))
    return most


def _chunks(
    members: tuple[str, ...] | None, most: int | None, addresses: Addresses
) -> Iterator[tuple[str, ...] | None]:
    """The members in parts of at most so many networks; a member that has more is a part of its own."""
    if members is None or most is None or addresses.weight(members) <= most:
        yield members
        return
    part: list[str] = []
    weight = 0
    for member in members:
        more = addresses.weight((member,))
        if part and weight + more > most:
            yield tuple(part)
            part, weight = [], 0
        part.append(member)
        weight += more
    yield tuple(part)


def _term(
    target: Target,
    permit: Permit,
    index: int,
    sources: tuple[str, ...] | None,
    destinations: tuple[str, ...] | None,
) -> dict[str, Any]:
    # Chains of nftables don't begin with a digit.
    label = f"R{permit.label}" if permit.label[0].isdigit() else permit.label
    name = f"{label}-{permit.number}" + ("-v6" if permit.family == 6 else "") + (f"-c{index + 1}" if index else "")
    term: dict[str, Any] = {"name": shorten(name, target.name_length), "comment": target.comment(permit)}
    for side, members, others in (
        ("source", sources, permit.other_sources), ("destination", destinations, permit.other_destinations),
    ):  # fmt: skip
        if members is not None:
            term[f"{side}-address"] = list(members)
        elif others:
            term[f"{side}-exclude"] = list(others)
    term["protocol"] = permit.service.protocol
    if permit.service.protocol == "icmp":
        # Twice for nftables: its generator (Aerleon 1.18) fails at one type, and a set of two like ones is the one.
        term["icmp-type"] = ["echo-request"] * (2 if target is NFTABLES else 1)
    else:
        term["destination-port"] = name_service(permit)
    term["action"] = "accept"
    return term


def name_service(permit: Permit) -> str:
    """TCP-443."""
    return f"{permit.service.protocol}-{permit.service.ports}".upper()


def write_definitions(permits: Iterable[Permit], addresses: Addresses) -> dict[str, Any]:
    """The networks and services that permits name, in the words of Aerleon's definitions."""
    permits = list(permits)
    objects = {
        member
        for one in permits
        for side, others in zip(_sides(one), (one.other_sources, one.other_destinations), strict=True)
        for member in (others if side is None else side)
    }
    services = {name_service(p): (p.service.protocol, p.service.ports) for p in permits if p.service.ports}
    return {
        "networks": {
            name: {"values": [{"address": network} for network in addresses.objects[name]]} for name in sorted(objects)
        },
        "services": {
            name: [{"protocol": protocol, "port": ports}] for name, (protocol, ports) in sorted(services.items())
        },
    }


def all_permits(permits: Permits) -> tuple[Permit, ...]:
    """Those of every boundary."""
    return tuple(permit for boundary in permits.boundaries for permit in boundary.permits)


def count_pairs(permits: Permits) -> int:
    """How many pairs of networks the policy of iptables is of; an any is one."""
    weigh = permits.addresses.weight
    sides = ((one.sources, one.destinations) for one in all_permits(permits))
    return sum(
        (1 if sources is None else weigh(sources)) * (1 if destinations is None else weigh(destinations))
        for sources, destinations in sides
    )
