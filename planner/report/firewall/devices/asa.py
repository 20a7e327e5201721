"""Cisco ASA: objects, object groups of networks and services, entries appended to named access lists.

Syntax: Cisco ASA CLI Configuration Guide, “Objects for Access Control”, “Access Control Lists” and “NAT”. Nothing is
cleared: an access list that is bound and empty for a moment lets everything through or nothing.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from planner.report.firewall.devices.items import Item
from planner.report.firewall.devices.openings import (
    ELSEWHERE,
    Opening,
    Plan,
    Translation,
    find_groups,
    list_anys,
    list_names,
    say_unbound,
)
from planner.report.firewall.devices.writer import LAST_ENTRY, Sides, Writer
from planner.report.firewall.head import Commands
from planner.report.firewall.omissions import ONLY_NAMES
from planner.report.firewall.permits import Permit
from planner.report.firewall.words import name_any, shorten
from planner.report.said.elsewhere import find_ranges

_DESCRIPTION = 200
_NAMES = re.compile(r"[A-Za-z0-9.-]+")
"""Of the signs in a DNS name fqdn refuses the underscore (Command Reference, “fqdn”); its object would be empty."""


def list_items(plan: Plan) -> list[Item]:
    """Objects, groups, services, entries: each needs only what stands before it."""
    groups = find_groups(plan, most=1)
    items = [item for name, members in plan.objects.items() for item in _object(plan, name, members)]
    for others, (family, networks) in list_anys(plan).items():
        items += _anyone(name_any(others), family, networks)
    for members, name in groups.items():
        items += _group(name, [line for one in members for line in _list_members(plan, one)])
        items += _unnest(plan, name, members)
    items += _publish(plan)
    items += [_service(opening) for opening in plan.openings]
    sources = {opening.source for opening in plan.openings} | _silent(plan)
    for name in sorted({plan.name_list(source) for source in sources}):
        lines = [_entry(plan, one, groups) for one in plan.openings if plan.name_list(one.source) == name]
        if plan.default_deny:
            lines.append(f"access-list {name} extended deny ip any any{' log' if plan.logs else ''}")
        made = [_as_item(name, line) for line in lines]
        items += made if any(item.entry_of for item in made) else [_keep(name), *made]
    return items


def _as_item(name: str, line: str) -> Item:
    """Entered without the word, an inactive entry is active: they are one and the same."""
    active = line.removesuffix(" inactive")
    return Item(key=active, lines=(line,), undo=(f"no {line}",), entry_of=name if line == active else "")


def _keep(name: str) -> Item:
    """What no packet meets: with its last entry a list would leave its interface, where security levels decide."""
    return _as_item(name, f"access-list {name} extended deny ip host 127.0.0.1 host 127.0.0.1")


def _silent(plan: Plan) -> set[str]:
    """With a default deny: the zones that open nothing. Without a list security levels decide for them."""
    if not plan.default_deny or not plan.permits.boundaries:
        return set()
    if plan.permits.firewall:
        return set(plan.permits.firewall.zones.values())
    return {group.code for group in plan.permits.report.zone_groups}


def _is_group(plan: Plan, name: str) -> bool:
    return len(plan.permits.addresses.objects[name]) > 1


def _object(plan: Plan, name: str, members: tuple[str, ...]) -> Iterator[Item]:
    """An object for a single address, network or DNS name; a group for several. What an any leaves out is none."""
    if ELSEWHERE.match(name):
        return
    if len(members) == 1:
        yield _single(name, members[0], name.startswith("V6"), plan.is_name(name))
        return
    if plan.is_name(name):
        for number, one in enumerate(members, 1):
            yield _single(f"{name}_{number}", one, name.startswith("V6"), True)
    yield from _group(plan.call(name), _spell(plan, name))


def _spell(plan: Plan, name: str) -> list[str]:
    """The members of a group of an endpoint's own addresses."""
    members = plan.permits.addresses.objects[name]
    if plan.is_name(name):
        return [f"network-object object {name}_{number}" for number in range(1, len(members) + 1)]
    return [f"network-object {_network(one)}" for one in members]


def _single(name: str, value: str, six: bool, is_name: bool) -> Item:
    if is_name:
        line = f" fqdn {'v6' if six else 'v4'} {value}"
    else:
        network = ipaddress.ip_network(value)
        line = f" host {network[0]}" if network.num_addresses == 1 else f" subnet {_network(value)}"
    return Item(key=f"object network {name}", lines=(f"object network {name}", line),
                undo=(f"no object network {name}",))  # fmt: skip


def _publish(plan: Plan) -> Iterator[Item]:
    """Object NAT for each published endpoint. Entries name its own address: lists see it translated, since 8.3."""
    for one in plan.translations:
        head = f"object network {_name_nat(one)}"
        nat = f" nat ({one.destination},{one.source}) static {one.seen}"
        yield Item(key=head, lines=(head, f" host {one.real}", nat), undo=(f"no {head}",))


def _name_nat(one: Translation) -> str:
    """An object takes one translation, so each side that sees the address has an object of its own."""
    return shorten(f"{one.name}_nat_{one.source}", 64)


def _network(value: str) -> str:
    network = ipaddress.ip_network(value)
    if network.num_addresses == 1:
        return f"host {network[0]}"
    return str(network) if network.version == 6 else f"{network[0]} {network.netmask}"


def _list_members(plan: Plan, name: str) -> list[str]:
    """An object in a group; a group of IPv6 member by member, since older releases refuse one within another.

    So says the CLI guide of 9.2 (“Guidelines for Objects”); that of 9.12 has it no more.
    """
    if not _is_group(plan, name):
        return [f"network-object object {name}"]
    return _spell(plan, name) if name.startswith("V6") else [f"group-object {plan.call(name)}"]


def _unnest(plan: Plan, name: str, members: tuple[str, ...]) -> Iterator[Item]:
    """Groups of IPv6 that files named within this one: set no more, and taken out where what they hold leaves it.

    Where they still are, their addresses would stay, and no group goes that another one has.
    """
    head = f"object-group network {name}"
    for one in members:
        if one.startswith("V6") and _is_group(plan, one):
            line = f"group-object {plan.call(one)}"
            yield Item(key=f"{head} {line}", section=head, lines=(), undo=(f" no {line}",), within=f"{head} ")


def _group(name: str, members: list[str]) -> Iterator[Item]:
    """A group, and each of its members, since naming a group again adds to it and takes nothing from it."""
    head = f"object-group network {name}"
    yield Item(key=f"{head} ", lines=(), undo=(f"no {head}",))
    for member in dict.fromkeys(members):
        yield Item(
            key=f"{head} {member}", section=head, lines=(f" {member}",), undo=(f" no {member}",), within=f"{head} "
        )


def _anyone(name: str, family: int, networks: tuple[str, ...]) -> Iterator[Item]:
    """All addresses but these, as ranges: an ASA can't say “none of these”."""
    members = []
    for number, (first, last) in enumerate(find_ranges(networks, family), 1):
        one = f"object network {name}_{number}"
        line = f" host {first}" if first == last else f" range {first} {last}"
        yield Item(key=one, lines=(one, line), undo=(f"no {one}",))
        members.append(f"network-object object {name}_{number}")
    yield from _group(name, members)


def _service(opening: Opening) -> Item:
    protocol, ports = opening.permit.service
    if not ports:
        service = "icmp echo"
    elif "-" in ports:
        service = f"{protocol} destination range {ports.replace('-', ' ')}"
    else:
        service = f"{protocol} destination eq {ports}"
    head = f"object-group service {opening.name}"
    return Item(
        key=head,
        lines=(head, f" description {opening.fit(_DESCRIPTION)}", f" service-object {service}"),
        undo=(f"no {head}",),
    )


def _entry(plan: Plan, opening: Opening, groups: Mapping[tuple[str, ...], str]) -> str:
    permit = opening.permit
    source = _side(plan, permit, permit.sources, permit.other_sources, groups)
    destination = _side(plan, permit, permit.destinations, permit.other_destinations, groups)
    name = plan.name_list(opening.source)
    return (
        f"access-list {name} extended permit object-group {opening.name} {source} {destination}"
        f"{' log' if plan.logs else ''}{' inactive' if opening.disabled else ''}"
    )


def _side(
    plan: Plan,
    permit: Permit,
    members: tuple[str, ...] | None,
    others: tuple[str, ...],
    groups: Mapping[tuple[str, ...], str],
) -> str:
    if members is None:
        return f"object-group {name_any(others)}" if others else f"any{permit.family}"
    if len(members) > 1:
        return f"object-group {groups[members]}"
    return f"{'object-group' if _is_group(plan, members[0]) else 'object'} {plan.call(members[0])}"


def _load(plan: Plan) -> Iterator[object]:
    yield (
        "Paste it in configuration mode, or in a session: configure session port-planner, paste, show "
        "configuration session, commit. It adds to what is there and clears nothing; pasted again it changes "
        "nothing."
    )
    bound = sorted({opening.source for opening in plan.openings} | _silent(plan))
    if bound:
        yield "Once, bind each list to its interface:"
        yield Commands(tuple(f"access-group {plan.name_list(side)} in interface {side}" for side in bound))
        yield (
            "Where an interface has a list already, give its name in the plan (options, lists), and write line NUMBER "
            "after it to come before your denial. A list that is bound denies what it does not name, whatever the "
            "option says; where none is bound security levels decide."
        )
        yield f"With its last entry an ASA takes a list off its interface. {LAST_ENTRY}"
    yield from say_unbound(plan)
    if plan.default_deny:
        yield (
            "Lines are appended. So before a later revision is pasted take the denials at the end away, by no and the "
            "line, once permits stand before them."
        )
    if plan.translations:
        yield (
            "Who is published has a static translation of an object of its own. It holds both ways: what such a host "
            "opens to that side leaves with the published address."
        )
    yield from _say_needs(plan)


def _say_needs(plan: Plan) -> Iterator[str]:
    """A sentence for each thing that the device needs for it or refuses."""
    without = [item for one in plan.permits.left_out if one.why == ONLY_NAMES for item in one.items]
    if any("_" in item.rpartition("(")[2] for item in without):  # behind the label
        yield "An ASA takes no DNS name that has an underscore."
    if any(plan.is_name(name) for opening in plan.openings for name in list_names(opening.permit)):
        yield "Objects of DNS names need a DNS server on the device: dns domain-lookup, dns server-group."
    if any(opening.permit.service.protocol == "icmp" for opening in plan.openings):
        yield "Replies to echo requests come back only with inspect icmp in the policy map of the device."


ASA = Writer(
    name="asa", label="Cisco ASA", mark="!", list_items=list_items, load=_load, needs=_say_needs, takes_names=True,
    longest=64, end="", keep=_keep, names=_NAMES,
    sides=Sides(pattern=re.compile(r"[A-Za-z0-9_.:/-]{1,48}"),
                allowed="1 to 48 of the letters A to Z, digits and . _ : / -"),
)  # fmt: skip
