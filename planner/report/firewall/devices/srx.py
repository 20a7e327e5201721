"""Juniper SRX: a global address book, applications and policies between zones, as set lines.

Syntax: Junos CLI Reference, “address-book”, “applications”, “policies”. A set line adds to what is there.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from planner.engine.published import find_published
from planner.report.firewall.devices.items import Item
from planner.report.firewall.devices.openings import (
    Opening,
    Plan,
    find_groups,
    name_singles,
    split,
)
from planner.report.firewall.devices.statements import Statement, Thing, list_objects, name_anyone, say
from planner.report.firewall.devices.writer import Sides, Writer
from planner.report.firewall.permits import Permit
from planner.report.firewall.words import name_apart, shorten

_DESCRIPTION = 880
_MEMBERS = 256
_MOST = {4: 1024, 6: 256}
"""Addresses at a side of a policy: 1,024 that count four times in IPv6 (Junos OS, “Configuring Security Policies”)."""
_DNS_NAME = 63
_NAMED = 12
"""How many policies or DNS names the head names of a kind."""
_BOOK = ("security", "address-book", "global")
_NAT = ("security", "nat", "destination")


def list_items(plan: Plan) -> list[Item]:
    """Addresses, sets of them, applications, policies."""
    things: list[Thing] = []
    sets: list[Thing] = []
    whole: set[str] = set()
    for name, members in list_objects(plan, filter(None, (name_anyone(plan, one) for one in plan.openings))).items():
        if len(members) == 1:
            things += _address(name, members[0], plan.is_name(name))
            continue
        singles = name_singles(name, members)
        for one, value in zip(singles, members, strict=True):
            things += _address(one, value, plan.is_name(name))
        sets += _set(f"{name}_all", singles, whole)
        whole.add(f"{name}_all")
    large = find_groups(plan)
    for members, name in large.items():
        sets += _set(name, [plan.call(one) for one in members], whole)
    services = {str(one.permit.service): one.permit for one in plan.openings}
    applications = [_application(services[text]) for text in sorted(services)]
    policies = [_policy(plan, one, large) for one in plan.openings]
    denials = list(_denials(plan)) if plan.default_deny else []
    nat = list(_publish(plan))
    items = [item for thing in (*things, *sets, *applications, *nat, *policies, *denials) for item in thing.items()]
    return [*items, *_deactivate(plan), *(_insert(plan) if plan.default_deny else ())]


def _address(name: str, value: str, is_name: bool) -> Iterator[Thing]:
    """An address; a DNS name is a thing of its own in it, so that another one takes its place and not its family's.

    Of network and name an address has one, and no line that sets either is known to take the other away.
    """
    path = (*_BOOK, "address", name)
    if not is_name:
        yield Thing(path=path, statements=(Statement(path=path, value=str(ipaddress.ip_network(value))),))
        return
    yield Thing(path=path, statements=())
    called = (*path, "dns-name", value)
    family = Statement(path=(*called, "ipv6-only" if name.startswith("V6") else "ipv4-only"))
    yield Thing(path=called, statements=(family,), within=path)


def _publish(plan: Plan) -> Iterator[Thing]:
    """Destination NAT for each published endpoint, in a set of rules for each zone that sees any.

    Policies name the address after the translation, which comes first. A rule is a thing of its own, that goes as a
    whole: without its statements it would stay, and no commit takes a rule without a match and an action.
    """
    firewall = plan.permits.firewall
    if not plan.translations or firewall is None:
        return
    # What openings aren't for takes part in the names, so that a part calls all as the whole does.
    found, _ = find_published(plan.permits.report.plan, firewall)
    published = [*found.values()]
    sets = name_apart({(side,): f"PP-{_without_dots(side)}" for side in firewall.zones.values()}, 31)
    pools = _name_addresses(one.real for one in published)
    for real in sorted({one.real for one in plan.translations}):
        path = (*_NAT, "pool", pools[real])
        yield Thing(path=path, statements=(Statement(path=(*path, "address"), value=_host(real)),))
    for side in sorted({one.source for one in plan.translations}):
        path = (*_NAT, "rule-set", sets[side,])
        yield Thing(path=path, statements=(Statement(path=(*path, "from", "zone"), value=side, many=True),))
        rules = _name_addresses(one.seen for one in published if side in one.sides)
        for seen, real in sorted({(one.seen, one.real) for one in plan.translations if one.source == side}):
            rule = (*path, "rule", rules[seen])
            match = Statement(path=(*rule, "match", "destination-address"), value=_host(seen))
            then = Statement(path=(*rule, "then", "destination-nat", "pool"), value=pools[real])
            yield Thing(path=rule, statements=(match, then), within=path)


def _without_dots(side: str) -> str:
    """A zone may have dots in its name, a policy and a set of rules none."""
    return side.replace(".", "-")


def _name_addresses(addresses: Iterable[str]) -> dict[str, str]:
    """PP-203-0-113-10: an address never changes under its name. In IPv6 two may meet in one, by their `::`."""
    named = name_apart({(one,): f"PP-{re.sub('[.:]+', '-', one)}" for one in addresses}, 31)
    return {address: name for (address,), name in named.items()}


def _host(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"


def _set(name: str, members: "list[str] | tuple[str, ...]", whole: set[str]) -> Iterator[Thing]:
    """A set; one that is too large is a set of sets."""
    path = (*_BOOK, "address-set", name)
    if len(members) > _MEMBERS:
        parts = []
        for number, part in enumerate(split(members, _MEMBERS), 1):
            parts.append(f"{name}_g{number}")
            yield from _set(parts[-1], tuple(part), whole)
        whole.update(parts)
        members = tuple(parts)
    statements = (
        Statement(path=(*path, "address-set" if one in whole else "address"), value=one, many=True) for one in members
    )
    yield Thing(path=path, statements=tuple(statements))


def _name(permit: Permit) -> str:
    """PP-tcp-443, PP-icmp-echo: ours, so that nothing of the site's is taken away with it."""
    return f"PP-{str(permit.service).replace(' ', '-')}" if permit.service.ports else "PP-icmp-echo"


def _application(permit: Permit) -> Thing:
    path = ("applications", "application", _name(permit))
    protocol, ports = permit.service
    more = Statement(path=(*path, "destination-port"), value=ports) if ports else None
    return Thing(
        path=path,
        statements=(
            Statement(path=(*path, "protocol"), value=protocol),
            more or Statement(path=(*path, "icmp-type"), value="8"),
        ),
    )


def _pair(source: str, destination: str) -> tuple[str, ...]:
    return ("security", "policies", "from-zone", source, "to-zone", destination, "policy")


def _policy(plan: Plan, opening: Opening, large: Mapping[tuple[str, ...], str]) -> Thing:
    permit = opening.permit
    path = (*_pair(opening.source, opening.destination), opening.name)
    anyone = name_anyone(plan, opening)
    found: list[Statement] = []
    for key, members, others in (
        ("source-address", permit.sources, permit.other_sources),
        ("destination-address", permit.destinations, permit.other_destinations),
    ):
        if members is not None:
            names = (large[members],) if members in large else tuple(map(plan.call, members))
        elif key == "destination-address" and anyone and others:
            names = (f"{anyone[0]}_all" if len(anyone[1]) > 1 else anyone[0],)
        elif others:
            names = tuple(map(plan.call, others))
            found.append(Statement(path=(*path, "match", f"{key}-excluded")))
        else:
            names = (f"any-ipv{permit.family}",)
        found += [Statement(path=(*path, "match", key), value=one, many=True) for one in names]
    return Thing(
        path=path,
        statements=(
            Statement(path=(*path, "description"), value=opening.fit(_DESCRIPTION)),
            *found,
            Statement(path=(*path, "match", "application"), value=_name(permit), many=True),
            Statement(path=(*path, "then", "permit")),
            *([Statement(path=(*path, "then", "log", "session-close"))] if plan.logs else []),
        ),
    )


def _name_denial(source: str, destination: str) -> str:
    return shorten(f"default-deny-{_without_dots(source)}-{_without_dots(destination)}", 63)


def _denials(plan: Plan) -> Iterator[Thing]:
    for source, destination in plan.sides:
        path = (*_pair(source, destination), _name_denial(source, destination))
        yield Thing(
            path=path,
            statements=(
                *(
                    Statement(path=(*path, "match", key), value="any", many=True)
                    for key in ("source-address", "destination-address", "application")
                ),
                Statement(path=(*path, "then", "deny")),
                *([Statement(path=(*path, "then", "log", "session-init"))] if plan.logs else []),
            ),
        )


def _deactivate(plan: Plan) -> Iterator[Item]:
    """What is undecided stays in the configuration, and is none of it until it is activated."""
    for opening in plan.openings:
        if opening.disabled:
            path = say(*_pair(opening.source, opening.destination), opening.name)
            line = f"deactivate {path}"
            yield Item(key=line, lines=(line,), undo=(f"activate {path}",), within=f"{path} ")


def _insert(plan: Plan) -> Iterator[Item]:
    """Each policy before the denial, whichever of them was there first."""
    for opening in plan.openings:
        pair = _pair(opening.source, opening.destination)
        denial = _name_denial(opening.source, opening.destination)
        line = f"insert {say(*pair, opening.name)} before {say('policy', denial)}"
        yield Item(key=line, lines=(line,), undo=())


def _is_too_large(plan: Plan, opening: Opening) -> bool:
    """Whether a side that is any names more addresses than a policy takes: not these, or what they leave."""
    permit, weigh = opening.permit, plan.permits.addresses.weight
    anyone = name_anyone(plan, opening) if permit.other_destinations else None
    destinations = len(anyone[1]) if anyone else weigh(permit.other_destinations)
    return max(weigh(permit.other_sources), destinations) > _MOST[permit.family]


def _list_some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _load(plan: Plan) -> Iterator[object]:
    yield (
        "Create security zones with the names above. In configuration mode: load set terminal (or load set FILE), "
        "show | compare, commit check, commit. Loaded again it changes nothing."
    )
    yield (
        "Addresses stand in the global address book. Where a zone has a book of its own (security-zone, address-book) "
        "no commit takes both: move what is in it into the global one before."
    )
    yield from _say_needs(plan)
    if plan.translations:
        yield (
            "Who is published has a rule of destination NAT. Where a zone has a rule-set already, put its name in the "
            "place of ours; where the published address is in the network of an interface, it needs proxy-arp there."
        )
    if not plan.default_deny and plan.openings:
        one = plan.openings[0]
        path = say(*_pair(one.source, one.destination), one.name)
        yield (
            "New policies come last. Where a denial of your own stands before them, put them before it, as in: insert "
            f"{path} before policy YOURS"
        )


def _say_needs(plan: Plan) -> Iterator[str]:
    """A sentence for each thing that the device needs for it or refuses."""
    if any(one.permit.family == 6 for one in plan.openings):
        yield (
            "Policies of IPv6 need security forwarding-options family inet6 mode flow-based; where that is new, the "
            "device has to be rebooted for it."
        )
    if large := [one.name for one in plan.openings if _is_too_large(plan, one)]:
        yield (
            f"At a side of a policy Junos takes {_MOST[4]:,} addresses of IPv4, or {_MOST[6]:,} of IPv6. More are "
            f"left out by an any in these, which can't be parted: {_list_some(large)}."
        )
    names = dict.fromkeys(one for name, members in plan.objects.items() if plan.is_name(name) for one in members)
    if long := [one for one in names if len(one) > _DNS_NAME]:
        yield (
            f"Junos takes DNS names of more than {_DNS_NAME} characters since a version between 21.1 and 22.3; an "
            f"older one refuses {_list_some(long)}."
        )


SRX = Writer(
    name="srx", label="Juniper SRX", mark="#", list_items=list_items, load=_load, needs=_say_needs, takes_names=True,
    longest=63,
    sides=Sides(pattern=re.compile(r"[A-Za-z0-9_.-]{1,63}"),
                allowed="1 to 63 of the letters A to Z, digits and . _ -"),
    back_first=True, most=_MOST,
)  # fmt: skip
