"""Where a Palo Alto sends packets on to: its NAT rules, as far as they change destinations. Pure.

PAN-OS Administrator's Guide, “NAT Policy Rules”: the first rule that matches decides, one without a translation as
well; its zones and addresses are those before the translation. A static translation of the source that goes both ways
is one of the destination for what comes back.
"""

from collections.abc import Callable, Iterator, Sequence

from planner.engine.existing.devices.paloalto_objects import Objects
from planner.engine.existing.devices.paloalto_tree import Node
from planner.engine.existing.model import Sides, Translation
from planner.engine.existing.parts.addresses import Addresses
from planner.engine.existing.parts.services import read_number
from planner.engine.spans import FAMILIES, NOTHING, PORTS, Spans

_READ = frozenset({
    "destination", "destination-translation", "disabled", "from", "nat-type", "service", "source",
    "source-translation", "to", "to-interface",
})  # fmt: skip
_HARMLESS = frozenset({"description", "group-tag", "tag"})
_PLAIN = frozenset({"any", "ipv4", ""})
Reach = Callable[[Sequence[str]], Sides | None]
"""Zones -> these with their interfaces; None is anywhere."""


def list_nat_rules(places: Sequence[Node], vsys: Node) -> Iterator[Node]:
    """The rules in the order in which they are looked at; `places` are where a Panorama has some, the top first."""
    for place in places:
        yield from place.entries("pre-rulebase", "nat", "rules")
    yield from vsys.entries("rulebase", "nat", "rules")
    for place in reversed(places):
        yield from place.entries("post-rulebase", "nat", "rules")


def list_translations(rules: Iterator[Node], objects: Objects, reach: Reach) -> Iterator[Translation]:
    """What becomes of the destinations of packets, in the order of the rules."""
    for rule in rules:
        if rule.find("disabled").text == "yes":
            continue
        name = f'nat rule "{rule.name}"'
        enters = reach(rule.members("from"))
        seen = objects.addresses(rule.members("destination") or ["any"])
        change = rule.find("destination-translation")
        is_clear = _is_clear(rule)
        if change.tag:
            real = objects.addresses([change.find("translated-address").text])
            yield from _translate(name, enters, seen, real, objects, rule, is_clear=is_clear)
        else:
            is_other = bool(rule.find("dynamic-destination-translation").tag)
            yield from _translate(name, enters, seen, seen, objects, rule, is_clear=is_clear and not is_other)
        back = rule.find("source-translation", "static-ip")
        if back.find("bi-directional").text == "yes":
            shown = objects.addresses([back.find("translated-address").text])
            own = objects.addresses(rule.members("source") or ["any"])
            is_whole = set(rule.members("destination")) <= _PLAIN and rule.find("service").text in _PLAIN
            yield from _pair(name, reach(rule.members("to")), (shown, own), is_clear=_is_known(rule) and is_whole)


def _is_known(rule: Node) -> bool:
    return all(one.tag in _READ or one.tag in _HARMLESS for one in rule.children)


def _is_clear(rule: Node) -> bool:
    """Whether a rule is for whatever comes to its destinations from its zones."""
    froms, tos = set(rule.members("from")), set(rule.members("to"))
    return (
        _is_known(rule)
        and set(rule.members("source")) <= _PLAIN
        and (tos <= _PLAIN or froms <= _PLAIN or tos <= froms)
        and rule.find("to-interface").text in _PLAIN
        and rule.find("nat-type").text in _PLAIN
    )


def _translate(
    name: str, enters: Sides | None, seen: Addresses, real: Addresses, objects: Objects, rule: Node, *, is_clear: bool
) -> Iterator[Translation]:
    change = rule.find("destination-translation")
    service = rule.find("service").text
    told = change.find("translated-port").text
    if service in _PLAIN:
        yield from _pair(name, enters, (seen, real), is_clear=is_clear and not told)
        return
    services = objects.wanted([service], ["any"])
    known = {one.tag for one in change.children} <= {"translated-address", "translated-port"}
    for one in services.clear:
        ports = one.ports
        if told:
            try:
                ports = Spans.only(read_number(told, 65_535))
            except ValueError:
                ports = NOTHING
        is_plain = known and not services.vague and one.source_ports == PORTS and one.protocols.size == 1
        yield from _pair(
            name, enters, (seen, real), protocol=one.protocols.spans[0][0], ports=(one.ports, ports),
            is_clear=is_clear and is_plain and bool(ports),
        )  # fmt: skip
    if not services.clear:
        yield from _pair(name, enters, (seen, real), is_clear=False)


def _pair(
    name: str, enters: Sides | None, ends: tuple[Addresses, Addresses], *, is_clear: bool,
    protocol: int | None = None, ports: tuple[Spans, Spans] = (NOTHING, NOTHING),
) -> Iterator[Translation]:  # fmt: skip
    seen, real = ends
    for family in FAMILIES:
        here, there = seen[family].spans, real[family].spans
        if not here:
            continue
        alike = here == there or (len(here.spans) == len(there.spans) == 1 and here.size == there.size)
        known = alike and not (seen[family].vague or real[family].vague)
        yield Translation(
            name=name, enters=enters, family=family, seen=here, real=there, protocol=protocol, seen_ports=ports[0],
            real_ports=ports[1], is_clear=is_clear and known,
        )  # fmt: skip
