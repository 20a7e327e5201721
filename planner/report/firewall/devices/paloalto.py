"""Palo Alto: addresses, groups, services, tags and rules, as set lines or as XML of the same statements.

Syntax: PAN-OS CLI Quick Start, “Load Configurations”, and the configuration's own tree. Rules have tags by boundary;
echo requests are the application `ping`.
"""

import copy
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from planner.engine.published import find_published
from planner.plan.special import TAKEN_FOR_IPV4, leave_out_ipv4
from planner.report.firewall.devices.items import Item, find_change
from planner.report.firewall.devices.openings import (
    ELSEWHERE,
    Opening,
    Plan,
    Translation,
    find_groups,
    name_denials,
    name_singles,
    split,
)
from planner.report.firewall.devices.statements import (
    Rest,
    Statement,
    Thing,
    find_rests,
    is_said_already,
    list_objects,
    say,
    under,
)
from planner.report.firewall.devices.writer import Sides, Writer
from planner.report.firewall.head import BACK, Commands, list_lines
from planner.report.firewall.permits import Permit, Permits
from planner.report.firewall.words import clean, name_joined
from planner.report.said.edition import Edition

_DESCRIPTION = 1000
_LONGEST = 63
"""Of the name of a rule."""
_MEMBERS = 500
"""What every model takes in one address group."""
PREDEFINED: Mapping[str, str] = {"tcp 443": "service-https"}
_GROUP = "device-group"
"""The option that says of a Panorama where it is told."""
_LOG_SETTING = "log-setting"
"""The option that says where logs are forwarded to."""
_RULES = ("rulebase", "security", "rules")
VERSION = "10.1.0"
"""The oldest version that is still cared for; newer ones read it."""


def list_things(plan: Plan) -> list[Thing]:
    """Tags, addresses, groups, services and rules."""
    plan = _leave_out_ipv4(plan)
    things = [
        under(("tag", _tag(one.source, one.destination)), comments=clean(one.label, 200) or "a boundary")
        for one in plan.permits.boundaries
    ]
    groups: list[Thing] = []
    rests = find_rests(plan, (str(TAKEN_FOR_IPV4),))
    for name, members in _list_objects(plan, (one for sides in rests.values() for one in sides.values())).items():
        if len(members) == 1:
            things.append(_address(name, members[0], plan.is_name(name)))
            continue
        singles = tuple(name_singles(name, members))
        things += [_address(one, value, plan.is_name(name)) for one, value in zip(singles, members, strict=True)]
        groups += _group(f"{name}_all", singles)
    large = find_groups(plan)
    for members, name in large.items():
        groups += _group(name, tuple(plan.call(one) for one in members))
    services = {str(one.permit.service): one.permit for one in plan.openings if one.permit.service.ports}
    custom = [_service(services[text]) for text in sorted(services) if text not in PREDEFINED]
    rules = [
        _rule(plan, one, large, rests.get(one.name, {})) for one in plan.openings if not is_said_already(plan, one)
    ]
    made = [*things, *groups, *custom, *_publish(plan), *rules, *(_denials(plan) if plan.default_deny else ())]
    return [_move(one, {"rulebase": (_rulebase(plan),)}) for one in made]


def _leave_out_ipv4(plan: Plan) -> Plan:
    """The plan with what is left of the networks of endpoints that the device takes for those of IPv4 as well.

    What an any leaves out stays as it is: to leave out less would let more in.
    """
    left = {
        name: tuple(part for member in members for part in _list_left(member))
        for name, members in plan.permits.addresses.objects.items()
        if any(member.startswith("::/") for member in members) and not ELSEWHERE.match(name)
    }
    permits, addresses = copy.copy(plan.permits), copy.copy(plan.permits.addresses)
    addresses.objects = {**addresses.objects, **left}
    permits.addresses = addresses
    return replace(plan, permits=permits)


def _list_left(member: str) -> Iterable[str]:
    return map(str, leave_out_ipv4(ipaddress.ip_network(member))) if member.startswith("::/") else (member,)


def _move(thing: Thing, places: Mapping[str, tuple[str, ...]]) -> Thing:
    """The thing with another beginning of its path, by the first word that it has; of "" for all."""

    def move(path: tuple[str, ...]) -> tuple[str, ...]:
        return (*places.get("", ()), *places.get(path[0], path[:1]), *path[1:])

    moved = tuple(replace(one, path=move(one.path)) for one in thing.statements)
    return Thing(path=move(thing.path), statements=moved, within=move(thing.within) if thing.within else ())


def list_items(plan: Plan) -> list[Item]:
    """The same, to be set line by line; a denial goes behind what is let through."""
    items = [item for thing in list_things(plan) for item in _move(thing, {"": _place(plan)}).items()]
    return [*items, *(Item(key=line, lines=(line,), undo=()) for line in _move_denials(plan))]


def _move_denials(plan: Plan) -> list[str]:
    """The lines that put each denial behind what is let through, whichever of them was there first."""
    if not plan.default_deny:
        return []
    denials = name_denials(plan, _LONGEST)
    return [f"move {_say_rules(plan)} {say(denials[sides])} bottom" for sides in plan.sides]


def _say_rules(plan: Plan) -> str:
    """Where rules are, as lines have it."""
    return say(*_place(plan), _rulebase(plan), *_RULES[1:])


def _rulebase(plan: Plan) -> str:
    """Which of the rulebases ours are in: that before the rules of the firewalls themselves, on a Panorama."""
    return "pre-rulebase" if _place(plan) else _RULES[0]


def _place(plan: Plan) -> tuple[str, ...]:
    """Where it all is on a Panorama; on a firewall at the top."""
    return ("device-group", plan.options[_GROUP]) if _GROUP in plan.options else ()


def _publish(plan: Plan) -> Iterator[Thing]:
    """A rule of destination NAT for each published endpoint, as packets come: to the zone that they come from.

    Rules of security name the address before the translation and the zone after it.
    """
    published = {(one.name, one.source, one.destination): one for one in _list_published(plan)}
    names = name_joined("NAT", published, (_list_names(plan), plan.all_sides, plan.all_sides), _LONGEST)
    for words, one in published.items():
        path = ("rulebase", "nat", "rules", names[words])
        thing = under(
            path,
            from_=(one.source,),
            to=(one.source,),
            source=("any",),
            destination=(one.seen_name,),
            service="any",
            tag=(_tag(one.source, one.destination),),
        )
        real = Statement(path=(*path, "destination-translation", "translated-address"), value=one.name)
        yield Thing(path=path, statements=(*thing.statements, real))


def _list_published(plan: Plan) -> list[Translation]:
    """Of IPv4 alone: PAN-OS translates no destination from IPv6 to IPv6."""
    return [one for one in plan.translations if one.family == 4]


def _list_names(plan: Plan) -> frozenset[str]:
    """The objects of all addresses of IPv4 that the firewall publishes, whether openings are for them or not."""
    permits = plan.permits
    found = find_published(permits.report.plan, permits.firewall)[0] if permits.firewall else {}
    members = permits.addresses.members
    return frozenset(name for one in found.values() if one.family == 4 for name in members[one.endpoint].get(4, ()))


def _list_objects(plan: Plan, rests: Iterable[Rest]) -> dict[str, tuple[str, ...]]:
    """All objects; those that a translation leads to are named nowhere else."""
    own = {one.name: plan.permits.addresses.objects[one.name] for one in _list_published(plan)}
    return dict(sorted({**list_objects(plan, rests), **own}.items()))


def _tag(source: str, destination: str) -> str:
    """PP-INT-DMZ: ours, as services are, so that nothing of the site's is changed, nor goes when ours does."""
    return f"PP-{source}-{destination}"


def _address(name: str, value: str, is_name: bool) -> Thing:
    path = ("address", name)
    return under(path, fqdn=value) if is_name else under(path, ip_netmask=value)


def _group(name: str, members: tuple[str, ...]) -> Iterator[Thing]:
    """A group; one that is too large is a group of groups."""
    if len(members) <= _MEMBERS:
        yield under(("address-group", name), static=members)
        return
    parts = []
    for number, part in enumerate(split(members, _MEMBERS), 1):
        parts.append(f"{name}_g{number}")
        yield under(("address-group", parts[-1]), static=tuple(part))
    yield under(("address-group", name), static=tuple(parts))


def _name_service(permit: Permit) -> str:
    if not permit.service.ports:
        return "application-default"
    text = str(permit.service)
    return PREDEFINED.get(text) or f"PP-{text.replace(' ', '-')}"


def _service(permit: Permit) -> Thing:
    protocol, ports = permit.service
    path = ("service", _name_service(permit))
    return Thing(path=path, statements=(Statement(path=(*path, "protocol", protocol, "port"), value=ports),))


def _rule(plan: Plan, opening: Opening, large: Mapping[tuple[str, ...], str], rests: Mapping[str, Rest]) -> Thing:
    permit = opening.permit
    source, no_source = _side(plan, permit.sources, permit.other_sources, large, rests.get("source"))
    destination, no_destination = _side(
        plan, permit.destinations, permit.other_destinations, large, rests.get("destination")
    )
    return under(
        (*_RULES, opening.name),
        from_=(opening.source,),
        to=(opening.destination,),
        source=source,
        **({"negate_source": "yes"} if no_source else {}),
        destination=destination,
        **({"negate_destination": "yes"} if no_destination else {}),
        application=("any",) if permit.service.ports else ("ping",),
        service=(_name_service(permit),),
        action="allow",
        disabled="yes" if opening.disabled else "no",
        **_log(plan),
        tag=(_tag(opening.source, opening.destination),),
        description=opening.fit(_DESCRIPTION),
    )


def _log(plan: Plan) -> dict[str, str]:
    """Whether the end of a session is logged, and by which profile that is forwarded."""
    if not plan.logs:
        return {"log_end": "no"}
    forwarded = {"log_setting": plan.options[_LOG_SETTING]} if _LOG_SETTING in plan.options else {}
    return {"log_end": "yes", **forwarded}


def _say_logs(plan: Plan) -> Iterator[str]:
    if plan.logs and _LOG_SETTING not in plan.options:
        yield _LOG


def _side(plan: Plan, members: tuple[str, ...] | None, others: tuple[str, ...], large: Mapping[tuple[str, ...], str],
          rest: Rest | None) -> tuple[tuple[str, ...], bool]:  # fmt: skip
    """What stands on a side, and whether it is none of it."""
    if rest:
        return (_call(rest),), False
    if members is None:
        return (tuple(map(plan.call, others)), True) if others else (("any",), False)
    return ((large[members],) if members in large else tuple(map(plan.call, members))), False


def _call(rest: Rest) -> str:
    return f"{rest[0]}_all" if len(rest[1]) > 1 else rest[0]


def _denials(plan: Plan) -> Iterator[Thing]:
    denials = name_denials(plan, _LONGEST)
    for source, destination in plan.sides:
        yield under(
            (*_RULES, denials[source, destination]),
            from_=(source,),
            to=(destination,),
            source=("any",),
            destination=("any",),
            application=("any",),
            service=("any",),
            action="deny",
            **_log(plan),
            tag=(_tag(source, destination),),
        )


def _load(plan: Plan) -> Iterator[object]:
    yield "Create zones with the names above. Paste it in configuration mode, then: validate full, commit."
    if not _place(plan):
        yield "On a Panorama say its device group in the plan: options, device-group."
    yield "Pasted again it changes nothing."
    yield from _say_logs(plan)
    yield from _say_published(plan)
    if not plan.default_deny:
        yield (
            f"New rules come last. Where a denial of your own stands before them: move {_say_rules(plan)} NAME before "
            "YOURS"
        )


def _say_published(plan: Plan) -> Iterator[str]:
    if _list_published(plan):
        yield (
            "Who is published has a rule of NAT, in which the zone of the published address is the one that "
            "connections come from; where it is routed to another one, write that."
        )
    if len(_list_published(plan)) < len(plan.translations):
        yield "A destination of IPv6 can't be translated: rules name the host's own address."


_LOAD_XML = (
    "Create zones with the names above and import the file as a named configuration; then load config partial in mode "
    "merge from it: address, address-group, service, tag and {}."
)
_NOT_SINCE = (
    "A merge takes nothing away. What an earlier revision opened and this one doesn't is closed by lines for the "
    "configuration mode, which a file has that is made with the option since, and the file of the change."
)
_ELSEWHERE = "They can't stand in a comment of XML; the file of set lines (paloalto-set) has them."
_LOG = "Logs are kept on the device; to forward them say your profile in the plan: options, log-setting."
_SIDES = Sides(
    pattern=re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. -]{0,30}"),
    allowed="1 to 31 of the letters A to Z, digits, spaces and . _ -, not beginning with a space or a hyphen",
)
PALOALTO_SET = Writer(
    name="paloalto-set", label="Palo Alto", mark="#", list_items=list_items, load=_load, takes_names=True,
    longest=_LONGEST, sides=_SIDES, names_seen=(4,),
)  # fmt: skip


def render_xml(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """The same as XML. Raises NotExpressible."""
    plan = PALOALTO_SET.plan(permits, default_deny=default_deny, open_undecided=open_undecided)
    load = (_LOAD_XML.format(_rulebase(plan)), *_say_logs(plan), *_say_published(plan))
    about = [*PALOALTO_SET.say(plan, edition, load=load)]
    about += [*_list_moves(plan), *_list_deletions(permits, edition, plan)]
    root = ElementTree.Element("config", version=VERSION, urldb="paloaltonetworks")
    at: dict[tuple[str, ...], ElementTree.Element] = {}
    place = root
    for tag, name in (("devices", "localhost.localdomain"), _place(plan) or ("vsys", "vsys1")):
        place = ElementTree.SubElement(ElementTree.SubElement(place, tag), "entry", name=name)
    things = list_things(plan)
    for thing in things:
        for statement in thing.statements:
            _grow(place, at, thing.path, statement)
    ElementTree.indent(root)
    head = f'<?xml version="1.0"?>\n<!--\n{escape(_write_head(about))}-->\n'
    return f"{head}{ElementTree.tostring(root, encoding='unicode')}\n".encode()


def _list_moves(plan: Plan) -> Iterator[object]:
    """What the head says of where denials have to stand, and the lines for it: a merge adds what is new at the end."""
    if moves := _move_denials(plan):
        yield (
            "A merge adds new rules behind the denials that an earlier file has set. After it these lines for the "
            "configuration mode put the denials last; this makes a file of them:"
        )
        yield Commands(("sed -n 's/^last: //p' FILE", "", *(f"last: {line}" for line in moves)))


def _list_deletions(permits: Permits, edition: Edition | None, plan: Plan) -> Iterator[object]:
    """What the head says of lines that delete, and these lines: a merge adds and replaces, and takes nothing away."""
    items = list_items(plan)
    if not (edition and edition.earlier):
        yield _NOT_SINCE
    elif not edition.selection:
        leftovers, said = PALOALTO_SET.find_leftovers(permits, edition, plan, items, "by the lines below")
        yield from said
        gone = [line for item in leftovers.removed for line in item.undo]
        if gone:
            yield "Paste them in configuration mode after the merge; this makes a file of them:"
            yield Commands(("sed -n 's/^gone: //p' FILE", "", *(f"gone: {line}" for line in gone)))
    back = [line for item in find_change(items, ()).removed for line in item.undo]
    if back:
        yield "The way back is below, as lines for the configuration mode; this makes a file of them:"
        yield Commands((f"sed -n 's/^{BACK}//p' FILE", "", *(f"{BACK}{line}" for line in back)))


def _write_head(about: Iterable[object]) -> str:
    """The head as the text of a comment of XML, in which no two hyphens stand side by side (XML 1.0, section 2.5)."""
    told: list[str] = []
    for text in about:
        lines: Iterable[str] = text.lines if isinstance(text, Commands) else list_lines([text]).splitlines()
        if isinstance(text, Commands) and any("--" in line for line in lines):
            lines = (_ELSEWHERE,)
        told += lines
    return "".join(f"{line}\n" for line in told)


def _grow(
    root: ElementTree.Element,
    at: dict[tuple[str, ...], ElementTree.Element],
    owner: tuple[str, ...],
    statement: Statement,
) -> None:
    """Put a statement into the tree: the last part of what it belongs to is an entry, all else are elements."""
    element = root
    for end in range(1, len(statement.path) + 1):
        path = statement.path[:end]
        if path not in at:
            entry = path == owner
            attributes = {"name": path[-1]} if entry else {}
            at[path] = ElementTree.SubElement(element, "entry" if entry else path[-1], attributes)
        element = at[path]
    if statement.many:
        ElementTree.SubElement(element, "member").text = statement.value
    else:
        element.text = statement.value
