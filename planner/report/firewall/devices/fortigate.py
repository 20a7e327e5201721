"""FortiGate: addresses, groups, services and policies, in the sections of FortiOS.

Syntax: FortiOS CLI Reference, “config firewall address”, “addrgrp”, “vip”, “service custom”, “policy”. A policy is
known by its number: ours follow from their names and lie above a milliard, so that pasting again updates, and nothing
of the site's is met.
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from planner.report.firewall.devices.items import Item
from planner.report.firewall.devices.openings import (
    ELSEWHERE,
    Opening,
    Plan,
    find_groups,
    list_anys,
    name_denials,
    name_singles,
    split,
)
from planner.report.firewall.devices.writer import Sides, Writer
from planner.report.firewall.permits import Permit
from planner.report.firewall.words import name_any
from planner.report.said.elsewhere import find_ranges

_COMMENT = 1000
_LONGEST = 35
"""Of the name of a policy."""
_MEMBERS = 300
"""What the smallest models take in one group (FortiGate maximum values)."""
PREDEFINED: Mapping[str, str] = {
    "icmp": "PING", "tcp 22": "SSH", "tcp 23": "TELNET", "tcp 25": "SMTP", "tcp 80": "HTTP", "tcp 389": "LDAP",
    "tcp 443": "HTTPS", "tcp 445": "SMB", "tcp 465": "SMTPS", "tcp 3306": "MYSQL", "tcp 3389": "RDP",
    "udp 514": "SYSLOG",
}  # fmt: skip
"""Services that FortiOS has from the factory, where they are just this port."""


def list_items(plan: Plan) -> list[Item]:
    """Addresses and groups of both families, services, policies.

    An any that leaves others out is none of them in IPv4. In IPv6 it is what is left, as ranges: before FortiOS 7.2.1
    a policy has no `srcaddr6-negate` (CLI Reference, “config firewall policy”), so that it would take what is left
    out, refuse the line that negates it, and let just that in.
    """
    denials = name_denials(plan, _LONGEST) if plan.default_deny else {}
    ids = _number([*(one.name for one in plan.openings), *denials.values()])
    items: list[Item] = []
    groups: list[Item] = []
    vips = {one.seen_name: one for one in plan.translations}
    for name, members in plan.objects.items():
        six = name.startswith("V6")
        if name in vips or (six and ELSEWHERE.match(name)):
            continue
        if len(members) == 1:
            items.append(_address(name, members[0], six, plan.is_name(name)))
            continue
        singles = name_singles(name, members)
        items += [_address(one, value, six, plan.is_name(name)) for one, value in zip(singles, members, strict=True)]
        groups.append(_group(plan.call(name), singles, six))
    wanted = [
        (members, name, [plan.call(one) for one in members])
        for members, name in find_groups(plan).items()
        if vips.keys().isdisjoint(members)  # a group of addresses takes no virtual ones
    ]
    for others, (family, networks) in list_anys(plan).items():
        if family == 6:
            left = {f"{name_any(others)}_{n}": ends for n, ends in enumerate(find_ranges(networks, 6), 1)}
            items += [_range(name, *ends) for name, ends in left.items()]
            wanted.append((others, f"{name_any(others)}_all", [*left]))
    large: dict[tuple[str, ...], list[str]] = {}
    for members, name, called in wanted:
        large[members] = []
        for number, part in enumerate(split(called, _MEMBERS), 1):
            large[members].append(f"{name}_{number}" if len(called) > _MEMBERS else name)
            groups.append(_group(large[members][-1], part, name.startswith("V6")))
    items.sort(key=lambda item: item.section)
    groups.sort(key=lambda item: item.section)
    services = {str(one.permit.service): one.permit for one in plan.openings}
    custom = [_service(services[text]) for text in sorted(services) if text not in PREDEFINED]
    policies = [_policy(plan, one, ids[one.name], large) for one in plan.openings]
    return [*items, *groups, *_publish(plan), *custom, *policies, *(_denials(plan, denials, ids) if denials else ())]


def _edit(section: str, name: str, settings: list[str], *, quote: str = '"') -> Item:
    return Item(
        key=f"{section} {name}",
        section=section,
        lines=(f"    edit {quote}{name}{quote}", *(f"        set {one}" for one in settings), "    next"),
        undo=(f"    delete {quote}{name}{quote}",),
    )


def _address(name: str, value: str, six: bool, is_name: bool) -> Item:
    section = f"config firewall address{'6' if six else ''}"
    if is_name:
        return _edit(section, name, ["type fqdn", f'fqdn "{value}"'])
    # Its kind is said too: it may have been a name before.
    network = ipaddress.ip_network(value)
    if six:
        return _edit(section, name, ["type ipprefix", f"ip6 {network}"])
    return _edit(section, name, ["type ipmask", f"subnet {network[0]} {network.netmask}"])


def _range(name: str, first: str, last: str) -> Item:
    """Addresses of IPv6 from the first to the last, without ::, with which an object begins that was told nothing."""
    first = "::1" if first == "::" else first
    if first == last:
        return _address(name, first, six=True, is_name=False)
    return _edit("config firewall address6", name, ["type iprange", f"start-ip {first}", f"end-ip {last}"])


def _publish(plan: Plan) -> Iterator[Item]:
    """A virtual address for each published endpoint, at the interface that sees it; at any where several do."""
    doors: dict[str, list[str]] = {}
    for one in plan.translations:
        doors.setdefault(one.seen_name, []).append(one.source)
    for one in {one.seen_name: one for one in plan.translations}.values():
        if one.family == 6:
            yield _edit("config firewall vip6", one.seen_name, [f"extip {one.seen}", f"mappedip {one.real}"])
            continue
        sides = set(doors[one.seen_name])
        door = sides.pop() if len(sides) == 1 else "any"
        settings = [f"extip {one.seen}", f'mappedip "{one.real}"', f'extintf "{door}"']
        yield _edit("config firewall vip", one.seen_name, settings)


def _group(name: str, members: "list[str] | tuple[str, ...] | object", six: bool) -> Item:
    return _edit(f"config firewall addrgrp{'6' if six else ''}", name, [f"member {_quote(members)}"])


def _quote(names: object) -> str:
    return " ".join(f'"{name}"' for name in names)  # type: ignore[attr-defined]


def name_service(permit: Permit) -> str:
    """HTTPS, or PP-TCP-7273: ours, so that no service of the site's is changed, nor goes when ours does."""
    text = str(permit.service)
    return PREDEFINED.get(text) or f"PP-{text.replace(' ', '-').upper()}"


def _service(permit: Permit) -> Item:
    protocol, ports = permit.service
    return _edit("config firewall service custom", name_service(permit), [f"{protocol}-portrange {ports}"])


def _policy(plan: Plan, opening: Opening, number: int, large: Mapping[tuple[str, ...], list[str]]) -> Item:
    permit = opening.permit
    suffix = "6" if permit.family == 6 else ""
    sides = []
    for key, members, others in (
        ("srcaddr", permit.sources, permit.other_sources), ("dstaddr", permit.destinations, permit.other_destinations),
    ):  # fmt: skip
        named = others if members is None else members
        names = large.get(named) or [plan.call(one) for one in named]
        sides.append(f"{key}{suffix} {_quote(names or ['all'])}")
        negated = members is None and bool(others) and others not in large
        sides.append(f"{key}{suffix}-negate {'enable' if negated else 'disable'}")
    return _edit(
        "config firewall policy",
        str(number),
        [
            f'name "{opening.name}"',
            f'srcintf "{opening.source}"',
            f'dstintf "{opening.destination}"',
            "action accept",
            f"status {'disable' if opening.disabled else 'enable'}",
            *sides,
            'schedule "always"',
            f'service "{name_service(permit)}"',
            f"logtraffic {'all' if plan.logs else 'disable'}",
            f'comments "{opening.fit(_COMMENT)}"',
        ],
        quote="",
    )


def _denials(plan: Plan, denials: Mapping[tuple[str, ...], str], ids: Mapping[str, int]) -> Iterator[Item]:
    """A denial for each pair of sides, and what is let through between them moved before it, whichever came first."""
    for source, destination in plan.sides:
        name = denials[source, destination]
        yield _edit(
            "config firewall policy",
            str(ids[name]),
            [
                f'name "{name}"',
                f'srcintf "{source}"',
                f'dstintf "{destination}"',
                "action deny",
                'srcaddr "all"',
                'dstaddr "all"',
                'srcaddr6 "all"',
                'dstaddr6 "all"',
                'schedule "always"',
                'service "ALL"',
                f"logtraffic {'all' if plan.logs else 'disable'}",
            ],
            quote="",
        )
    for one in plan.openings:
        line = f"    move {ids[one.name]} before {ids[denials[one.source, one.destination]]}"
        yield Item(key=line, lines=(line,), undo=(), section="config firewall policy")


def _number(names: Iterable[str]) -> dict[str, int]:
    """A number for each name, from 1,000,000,000 to 3,999,999,999: the same for the same name.

    FortiManager takes none above 1,071,741,824 (Administration Guide, “Policy ID support”). Up to there two names of a
    large plan would often meet, and one of them would have another number with every change beside it; and a FortiGate
    that has a policy under another number refuses a second of its name.
    """
    numbers: dict[str, int] = {}
    taken: set[int] = set()
    for name in sorted(names):
        number = int(hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12], 16) % 3_000_000_000
        while number in taken:
            number = (number + 1) % 3_000_000_000
        taken.add(number)
        numbers[name] = number + 1_000_000_000
    return numbers


def _frame(plan: Plan) -> tuple[Sequence[str], Sequence[str]]:
    """Into the virtual domain and out of it, where the plan names one."""
    domain = plan.options.get("vdom")
    return (["config vdom", f"edit {domain}"], ["end"]) if domain else ([], [])


def _load(plan: Plan) -> Iterator[object]:
    yield (
        "Create zones (or interfaces) with the names above, then paste it or load it as a script. Objects begin with "
        "V4- or V6-, services with PP-, and policies are numbered above 1,000,000,000, by their names: pasted again "
        "they are updated, and nothing else is met."
    )
    yield (
        "FortiManager takes numbers up to 1,071,741,824 and keeps those above for itself: where it manages the "
        "FortiGate, give ours in here free numbers below that, and keep to them."
    )
    if plan.translations:
        yield (
            "Who is published has a virtual IP at the interface that sees it; where that side is a zone, write an "
            "interface of it, or any, as its extintf. With central NAT (config system settings, central-nat) policies "
            "take no virtual IP of IPv4: name the own address of the endpoint there in its place."
        )
    if not plan.default_deny:
        yield "New policies come last: where a denial of your own stands before them, move NUMBER before it."
    yield from _say_needs(plan)


def _say_needs(plan: Plan) -> Iterator[str]:
    """A sentence for each thing that the device needs for it or doesn't know."""
    yield "FortiOS 6.4 or newer, which has IPv4 and IPv6 in one list of policies."
    if any(one.permit.family == 6 for one in plan.openings):
        yield (
            "Before 7.2.1 it doesn't know srcaddr6-negate and dstaddr6-negate, and says so: they switch off what an "
            "earlier file may have set, and nothing there is negated."
        )


FORTIGATE = Writer(
    name="fortigate", label="FortiGate", mark="#", list_items=list_items, load=_load, needs=_say_needs,
    takes_names=True, longest=_LONGEST, names_seen=(4, 6), frame=_frame,
    sides=Sides(pattern=re.compile(r"[\w .:/@+-]{1,35}"),
                allowed="1 to 35 letters, digits, spaces and . _ : / @ + -"),
)  # fmt: skip
