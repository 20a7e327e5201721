"""Cisco IOS: extended named access lists with object groups; for IPv6, which has no groups everywhere, single entries.

Syntax: Cisco IOS Security Configuration Guide, “Object Groups for ACLs” and “IPv6 Access Control Lists”. An identical
entry is ignored when it is entered again. IOS has no disabled entries: what is undecided is a comment.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from itertools import product

from planner.report.errors import NotExpressible
from planner.report.firewall.devices.items import Item
from planner.report.firewall.devices.openings import (
    ELSEWHERE,
    Opening,
    Plan,
    find_groups,
    list_anys,
    say_unbound,
)
from planner.report.firewall.devices.writer import LAST_ENTRY, Sides, Writer
from planner.report.firewall.head import Commands
from planner.report.firewall.words import name_any
from planner.report.said.elsewhere import find_ranges

_DESCRIPTION = 200
_LABEL = "Cisco IOS"
_BY_HAND = (
    "Where a translation is in use, the router asks before it takes it back, and would take the next line for the "
    "answer. So type the lines that begin with no ip nat one by one before the others, and say yes; or empty the "
    "table before, which breaks the connections in it: clear ip nat translation *."
)
MOST = 200_000
"""More entries than this no router takes."""


def list_items(plan: Plan) -> list[Item]:
    """Groups of networks, groups of services, entries by access list: IPv4 first."""
    groups = find_groups(plan, most=1)
    four = [one for one in plan.openings if one.permit.family == 4]
    six = [one for one in plan.openings if one.permit.family == 6]
    items: list[Item] = []
    for name, members in plan.objects.items():
        if name.startswith("V4") and not ELSEWHERE.match(name):
            items += _group(name, [f" {_network(one)}" for one in members])
    for others, (family, networks) in list_anys(plan).items():
        if family == 4:
            ranges = find_ranges(networks, 4)
            items += _group(name_any(others), [f" host {a}" if a == b else f" range {a} {b}" for a, b in ranges])
    for members, name in groups.items():
        if name.startswith("V4"):
            items += _group(name, [f" group-object {one}" for one in members])
    items += [item for opening in four if not opening.disabled for item in _service(opening)]
    items += _publish(plan)
    for section, name, entries in (
        *(("ip access-list extended {}", one, four) for one in _list_lists(plan, four)),
        *(("ipv6 access-list {}-v6", one, six) for one in _list_lists(plan, six)),
    ):
        write = _write_four if entries is four else _write_six
        within = section.format(name)
        made = [
            _entry(within, line, opening.disabled)
            for opening in entries
            if plan.name_list(opening.source) == name
            for line in write(plan, opening, groups)
        ]
        items += made if any(item.entry_of for item in made) else [_keep(within), *made]
        if plan.default_deny:  # which somebody takes away before what comes later
            items += [_entry(within, line, False) for line in _deny(plan, 4 if entries is four else 6)]
    _check(items)
    return items


def _deny(plan: Plan, family: int) -> Iterator[str]:
    """The end of a list that denies the rest, and in IPv6 what it would deny that a list lets through by itself.

    Without neighbour discovery no interface has IPv6: every list ends in permits of it before its implicit denial, and
    a denial of one's own comes before them (Command Reference, “deny (IPv6)”).
    """
    if family == 6:
        yield from (f"permit icmp any any {kind}" for kind in ("nd-na", "nd-ns"))
    yield f"deny {'ip' if family == 4 else 'ipv6'} any any{' log' if plan.logs else ''}"


def _check(items: list[Item]) -> None:
    if len(items) > MOST:
        raise NotExpressible(
            _LABEL,
            f"it needs {len(items):,} lines, and {MOST:,} are allowed; give groups networks instead of addresses",
        )


def _list_lists(plan: Plan, openings: list[Opening]) -> list[str]:
    return sorted({plan.name_list(source) for source in _sources(plan, openings)})


def _sources(plan: Plan, openings: list[Opening]) -> list[str]:
    found = {opening.source for opening in openings}
    if plan.default_deny and plan.permits.boundaries:
        device = plan.permits.firewall
        found |= set(device.zones.values()) if device else {group.code for group in plan.permits.report.zone_groups}
    return sorted(found)


def _network(value: str) -> str:
    network = ipaddress.ip_network(value)
    return f"host {network[0]}" if network.num_addresses == 1 else f"{network[0]} {network.netmask}"


def _group(name: str, members: list[str]) -> Iterator[Item]:
    head = f"object-group network {name}"
    yield Item(key=f"{head} ", lines=(), undo=(f"no {head}",))
    for member in members:
        yield Item(
            key=f"{head} {member}", section=head, lines=(member,), undo=(f" no {member.strip()}",), within=f"{head} "
        )


def _publish(plan: Plan) -> Iterator[Item]:
    """A static translation for each published endpoint; a list that is bound inwards comes before it."""
    for one in {one.name: one for one in plan.translations if one.family == 4}.values():
        line = f"ip nat inside source static {one.real} {one.seen}"
        yield Item(key=line, lines=(line,), undo=(f"no {line}",), makes_way=True)


def _service(opening: Opening) -> Iterator[Item]:
    protocol, ports = opening.permit.service
    service = f" {protocol} {_ports(ports)}" if ports else " icmp echo"
    head = f"object-group service {opening.name}"
    yield Item(key=f"{head} ", lines=(), undo=(f"no {head}",))
    yield Item(
        key=head,
        section=head,
        lines=(f" description {opening.fit(_DESCRIPTION)}", service),
        undo=(f" no{service}",),
        within=f"{head} ",
    )


def _ports(ports: str) -> str:
    return f"range {ports.replace('-', ' ')}" if "-" in ports else f"eq {ports}"


def _entry(section: str, line: str, disabled: bool) -> Item:
    if disabled or line.startswith("! "):
        line = line.removeprefix("! ")
        return Item(key=f"{section} ! {line}", section=section, lines=(f"! {line}",), undo=())
    return Item(key=f"{section} {line}", section=section, lines=(f" {line}",), undo=(f" no {line}",), entry_of=section)


def _keep(section: str) -> Item:
    """What no packet meets: a list without an entry would let everything through, and this is no other one's way."""
    six = section.startswith("ipv6 ")
    return _entry(section, "deny ipv6 host ::1 host ::1" if six else "deny ip host 127.0.0.1 host 127.0.0.1", False)


def _write_four(plan: Plan, opening: Opening, groups: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    permit = opening.permit
    sides = []
    for members, others in (
        (permit.sources, permit.other_sources), (permit.destinations, permit.other_destinations),
    ):  # fmt: skip
        if members is None:
            sides.append(f"object-group {name_any(others)}" if others else "any")
        else:
            sides.append(f"object-group {groups[members] if len(members) > 1 else members[0]}")
    log = " log" if plan.logs else ""
    if opening.disabled:
        protocol, ports = permit.service
        yield f"! {opening.comment}"
        yield f"permit {protocol} {' '.join(sides)} {_ports(ports) if ports else 'echo'}{log}"
    else:
        yield f"permit object-group {opening.name} {' '.join(sides)}{log}"


def _write_six(plan: Plan, opening: Opening, _: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    """An entry for each pair of networks."""
    permit = opening.permit
    protocol, ports = permit.service
    sides = []
    for members, others, networks in (
        (permit.sources, permit.other_sources, permit.not_sources),
        (permit.destinations, permit.other_destinations, permit.not_destinations),
    ):
        if members is not None:
            found = [one for name in members for one in plan.permits.addresses.objects[name]]
        else:
            found = list(plan.permits.addresses.find_rest(6, networks)) if others else ["any"]
        sides.append([one if one == "any" else _six(one) for one in found])
    yield f"! {opening.comment}"
    for source, destination in product(*sides):
        yield f"permit {protocol} {source} {destination} {_ports(ports) if ports else 'echo-request'}" + (
            " log" if plan.logs else ""
        )


def _six(value: str) -> str:
    network = ipaddress.ip_network(value)
    return f"host {network[0]}" if network.num_addresses == 1 else str(network)


def _load(plan: Plan) -> Iterator[object]:
    yield (
        "Paste it in configuration mode. It adds to what is there and clears nothing; pasted again it changes nothing."
    )
    bound = {
        (source, family)
        for family in (4, 6)
        for source in _sources(plan, [one for one in plan.openings if one.permit.family == family])
    }
    if bound:
        yield "Once, on the interface of each side, in its configuration mode:"
        yield Commands(
            tuple(
                f"{'ip access-group' if family == 4 else 'ipv6 traffic-filter'} {plan.name_list(side)}"
                f"{'-v6' if family == 6 else ''} in"
                for side, family in sorted(bound)
            )
        )
        yield f"A list that is bound and has no entry lets everything through. {LAST_ENTRY}"
    yield from say_unbound(plan)
    if plan.translations:
        yield (
            "Who is published has a static translation, which holds both ways; it needs ip nat outside at the "
            "interface of the side that sees it, and ip nat inside at its own. IPv6 isn't translated: entries name "
            "the host's own address."
        )
        if any(one.family == 4 for one in plan.translations):
            yield (
                "A router refuses a translation of an address that has another one already, and keeps that. So it has "
                "to go before: a file that is made --since the revision that set it, or that of the change, takes it "
                "back; otherwise type no and its line."
            )
    yield (
        "Access lists of IOS keep no state: replies need an inspection on the same interface (ip inspect, or policies "
        "between zones that use these lists), or entries of your own with established. A list that is bound denies "
        "what it does not name. Entries come last: where a denial of your own stands before them, number them."
    )
    if plan.default_deny:
        yield (
            "So before a later revision is pasted take the denials at the end of the lists away, by no and the line: "
            "what it adds would come after them. The lists go on denying what they do not name."
        )


IOS = Writer(
    name="ios", label=_LABEL, mark="!", list_items=list_items, load=_load, takes_names=False, longest=64, end="exit",
    names_seen=(4,), keep=_keep, by_hand=_BY_HAND,
    sides=Sides(pattern=re.compile(r"[A-Za-z0-9_.:/-]{1,48}"),
                allowed="1 to 48 of the letters A to Z, digits and . _ : / -"),
)  # fmt: skip
