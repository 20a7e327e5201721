"""Palo Alto: the XML of a configuration, of a firewall or of a Panorama. Pure.

Syntax and meaning: PAN-OS Administrator's Guide, “Policy” (security rules, rule types, the two default rules, order);
Panorama Administrator's Guide, “Manage Device Groups” (rules before and after those of a firewall). Rules name the
address before and the zone after a translation of the destination, as packets come: nothing has to be put back.
Security profiles look into what a rule allows and make nothing of it unclear.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from planner.engine.existing.devices.paloalto_nat import list_nat_rules, list_translations
from planner.engine.existing.devices.paloalto_objects import Objects
from planner.engine.existing.devices.paloalto_tree import Node, read_tree
from planner.engine.existing.model import Entry, Ruleset, Sides, Stage, Translation, Verdict
from planner.engine.existing.parts.addresses import ANYBODY, Addresses, parse_network
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.routes import behind
from planner.engine.spans import NOTHING, Spans

_VERDICTS: Mapping[str, Verdict] = {
    "allow": "accept", "deny": "drop", "drop": "drop", "reset-client": "drop", "reset-server": "drop",
    "reset-both": "drop",
}  # fmt: skip
_READ = {
    "action", "application", "description", "destination", "disabled", "from", "negate-destination", "negate-source",
    "rule-type", "service", "source", "to",
}  # fmt: skip
_HARMLESS = {
    "disable-inspect", "group-tag", "icmp-unreachable", "log-end", "log-setting", "log-start", "option",
    "profile-setting", "qos", "tag",
}  # fmt: skip
"""What says nothing about which packets a rule is for."""
_NAMED = {"source-user", "category", "schedule", "source-hip", "destination-hip", "hip-profiles"}
_ALL = {"any", "no", ""}


def read(text: str) -> Ruleset:
    """What the configuration of a Palo Alto admits. Raises Unreadable for what is none or has too much."""
    config, count = read_tree(text), Count()
    shared = config.find("shared")
    pushed = {one.name: one for one in config.entries("panorama", "vsys")}
    groups, several = _device_groups(config)
    walls = []
    for device in config.entries("devices"):
        for vsys in device.entries("vsys"):
            outer = [config.find("panorama", "shared"), pushed.get(vsys.name, Node("")), *groups]
            walls.append(_Wall(vsys.name, vsys, [shared, *outer, vsys], count))
    if groups and not walls:
        walls.append(_Wall("", Node(""), [shared, *groups], count))
    if several:
        return _unknown(walls, f"device groups {', '.join(several)}: which one is the firewall's")
    if not groups and not config.find("panorama").tag and _names_panorama(config):
        why = "rules that a Panorama pushes, which aren't in this file; the XML API has them at /config/panorama"
        return _unknown(walls, why)
    if len(walls) > 1:
        names = [name for wall in walls for name in wall.zones]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            return _unknown(walls, f"zone {twice[0]}, which several vsys have")
    entries = [entry for wall in walls for entry in wall.entries(alone=len(walls) == 1)]
    default, default_name = walls[0].default() if walls else ("drop", "interzone-default")
    if len(walls) > 1:
        default, default_name = "drop", "interzone-default"
    stage = Stage(name="security rules", entries=tuple(entries), default=default, default_name=default_name)
    sides = frozenset(name for wall in walls for name in wall.sides)
    return Ruleset(
        format="paloalto", stages=(stage,), chains={}, sides=sides, addresses=_behind(config, walls),
        translations=tuple(one for wall in walls for one in wall.translations(alone=len(walls) == 1)),
        members={zone: members for wall in walls for zone, members in wall.zones.items()},
    )  # fmt: skip


def _unknown(walls: "Sequence[_Wall]", why: str) -> Ruleset:
    """A configuration of which nobody can say what decides."""
    sides = frozenset(name for wall in walls for name in wall.sides)
    return Ruleset(format="paloalto", stages=(), chains={}, sides=sides, obscure=(why,))


def _names_panorama(config: Node) -> bool:
    """Whether a Panorama manages the firewall: an export of the firewall has its own rules alone.

    Those that are pushed are the element “panorama”: PAN-OS XML API Request Types, “Get Candidate Configuration”
    (pre-rules pushed from Panorama). Older versions have the address of the Panorama by itself.
    """
    places = (device.find("deviceconfig", "system") for device in config.entries("devices"))
    names = (place.find(tag) for place in places for tag in ("panorama", "panorama-server", "panorama-server-2"))
    return any(one.text or one.children for one in names)


def _device_groups(config: Node) -> tuple[list[Node], list[str]]:
    """The device groups of a Panorama from the top to the firewall's, and their names where there are several ways."""
    found = {one.name: one for device in config.entries("devices") for one in device.entries("device-group")}
    parents = {
        one.name: one.find("parent-dg").text
        for device in config.find("readonly").entries("devices")
        for one in device.entries("device-group")
    }
    lowest = [name for name in found if name not in parents.values()]
    chain: list[str] = []
    name = lowest[0] if lowest else ""
    while name in found and name not in chain:
        chain.insert(0, name)
        name = parents.get(name, "")
    return [found[one] for one in chain], sorted(lowest) if len(lowest) > 1 else []


def _behind(config: Node, walls: "Sequence[_Wall]") -> Mapping[str, Spans]:
    """The IPv4 addresses behind each interface and zone, by addresses of interfaces and static routes."""
    routes: list[tuple[str, int, int]] = []
    for device in config.entries("devices"):
        for unit in _units(device.find("network", "interface")):
            for address in (*unit.entries("layer3", "ip"), *unit.entries("ip")):
                found = parse_network(address.name)
                if found and found[0] == 4:
                    routes.append((unit.name, *found[1:]))
        for router in device.entries("network", "virtual-router"):
            for route in router.entries("routing-table", "ip", "static-route"):
                found = parse_network(route.find("destination").text)
                if found and found[0] == 4 and (side := route.find("interface").text):
                    routes.append((side, *found[1:]))
    spans = dict(behind(routes))
    for wall in walls:
        for zone, members in wall.zones.items():
            if within := Spans.of(span for member in members for span in spans.get(member, NOTHING)):
                spans[zone] = within
    return spans


def _units(interfaces: Node) -> Iterator[Node]:
    """Interfaces of every kind, and the units below them."""
    for kind in interfaces.children:
        for one in (*kind.entries(), *kind.entries("units")):
            yield one
            for place in one.children:
                yield from place.entries("units")


@dataclass(slots=True)
class _Wall:
    """One virtual system, or what a Panorama gives to a firewall."""

    name: str
    vsys: Node
    places: list[Node]
    """Where its objects and rules are, the most general first, itself last."""
    count: Count

    @property
    def zones(self) -> dict[str, set[str]]:
        """Zone -> its interfaces."""
        return {
            one.name: {name for kind in one.find("network").children for name in one.members("network", kind.tag)}
            for one in self.vsys.entries("zone")
        }

    @property
    def sides(self) -> set[str]:
        """All zones that are there or that a rule names, and their interfaces."""
        named = {
            name for _, rule in self.rules() for key in ("from", "to") for name in rule.members(key) if name != "any"
        }
        return named | {name for zone, members in self.zones.items() for name in (zone, *members)}

    def rules(self) -> Iterator[tuple[str, Node]]:
        """Rules as packets meet them: those before from the top down, own ones, those after up to the top."""
        for place in self.places:
            yield from (("pre-rule", one) for one in place.entries("pre-rulebase", "security", "rules"))
        yield from (("rule", one) for one in self.vsys.entries("rulebase", "security", "rules"))
        for place in reversed(self.places):
            yield from (("post-rule", one) for one in place.entries("post-rulebase", "security", "rules"))

    def default(self, name: str = "interzone-default") -> tuple[Verdict, str]:
        """What becomes of packets that no rule names, between zones or within one."""
        action = "allow" if name == "intrazone-default" else "deny"
        for place in self.places:
            for base in ("pre-rulebase", "rulebase", "post-rulebase"):
                for one in place.entries(base, "default-security-rules", "rules"):
                    if one.name == name and one.find("action").text:
                        action = one.find("action").text
        return _VERDICTS.get(action, "obscure"), name

    def entries(self, *, alone: bool) -> Iterator[Entry]:
        """Its rules, then what stays within a zone; where there are others, what leads there is unknown."""
        objects, zones = Objects(self.places, self.count), self.zones
        everywhere = None if alone else Sides(names=frozenset(self.sides))
        reach = partial(self._reach, zones, everywhere)
        for word, rule in self.rules():
            if rule.find("disabled").text == "yes":
                continue
            kind = rule.find("rule-type").text or "universal"
            enters, leaves = rule.members("from"), rule.members("to")
            if kind == "intrazone":
                known = sorted(zones) if "any" in enters else enters
                pairs = [([zone], [zone]) for zone in known] or [(enters, enters)]
            else:
                pairs = [(enters, leaves)]
            for here, there in pairs:
                yield from self._make(objects, word, rule, reach(here), reach(there))
        verdict, name = self.default("intrazone-default")
        # Within a zone of one interface nothing passes the firewall.
        for zone in sorted(zone for zone, members in zones.items() if len(members) > 1):
            within = reach([zone])
            yield Entry(name=name, verdict=verdict, enters=within, leaves=within)
        if everywhere:
            out = Sides(names=everywhere.names, negated=True)
            why = ("the way from one vsys to another",)
            yield Entry(name=f"vsys {self.name}", verdict="obscure", enters=everywhere, leaves=out, obscure=why)

    def _reach(self, zones: Mapping[str, set[str]], everywhere: Sides | None, names: Sequence[str]) -> Sides | None:
        """Zones with their interfaces; those of the whole where any is meant."""
        if "any" in names or not names:
            return everywhere
        return Sides(names=frozenset({*names, *(one for name in names for one in zones.get(name, ()))}))

    def translations(self, *, alone: bool) -> Iterator[Translation]:
        """What its NAT rules do with destinations; where there are others, of what comes in here."""
        everywhere = None if alone else Sides(names=frozenset(self.sides))
        rules = list_nat_rules(self.places, self.vsys)
        yield from list_translations(
            rules, Objects(self.places, self.count), partial(self._reach, self.zones, everywhere)
        )

    def _make(
        self, objects: Objects, word: str, rule: Node, enters: Sides | None, leaves: Sides | None
    ) -> Iterator[Entry]:
        action = rule.find("action").text
        verdict = _VERDICTS.get(action, "obscure")
        obscure = list(_unclear(rule))
        if verdict == "obscure":
            obscure.append(f"action {action}")
        if rule.find("rule-type").text not in ("", "universal", "intrazone", "interzone"):
            obscure.append("rule-type")
        yield from make_entries(
            self.count,
            name=f'{word} "{rule.name}"',
            verdict=verdict,
            sources=_side(objects, rule, "source"),
            destinations=_side(objects, rule, "destination"),
            services=objects.wanted(rule.members("service") or ["any"], rule.members("application") or ["any"]),
            enters=enters,
            leaves=leaves,
            obscure=obscure,
            comment=rule.find("description").text,
        )


def _side(objects: Objects, rule: Node, key: str) -> Addresses:
    members = rule.members(key)
    Count().take(len(members))  # more of one rule are more than are read of all
    found = objects.addresses(members or ["any"])
    if rule.find(f"negate-{key}").text != "yes":
        return found
    return {family: ANYBODY[family].minus(found[family]) for family in found}


def _unclear(rule: Node) -> Iterator[str]:
    """What of a rule says more about its packets than is understood."""
    for one in rule.children:
        if one.tag in _READ or one.tag in _HARMLESS:
            continue
        said = rule.members(one.tag)
        if one.tag == "target" and not one.find("devices").children:
            continue
        if one.tag in _NAMED and set(said) - _ALL:
            yield " ".join((one.tag, *said))
        elif set(said) - _ALL or (one.children and not said):
            yield one.tag
