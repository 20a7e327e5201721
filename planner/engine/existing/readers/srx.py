"""Juniper SRX: what `show configuration | display set` prints. Pure.

Syntax and meaning: Junos OS Security Policies User Guide, “Configuring Security Policies”, “Global Policies”; NAT User
Guide, “Destination NAT”, “Static NAT”. A packet meets the policies between its two zones in their order, then the
global ones, then the default policy. Policies say real addresses: what a translation changes is put back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.engine.existing.devices.srx_filters import FAMILIES, has_filter, list_filters, not_understood, walk
from planner.engine.existing.devices.srx_objects import Books, name_applications
from planner.engine.existing.devices.srx_tree import Tree, at, flatten, pairs, read_tree, value
from planner.engine.existing.lengths import name_some
from planner.engine.existing.model import Entry, Ruleset, Sides, Stage, Translation, Verdict
from planner.engine.existing.parts.addresses import ANYBODY, Addresses, Reach, network, parse, parse_network
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.routes import behind
from planner.engine.existing.parts.services import TCP, UDP, port_range, unknown_service
from planner.engine.existing.parts.translations import translate
from planner.engine.spans import NOTHING, Spans

_MATCHED = {
    "application", "destination-address", "destination-address-excluded", "from-zone", "source-address",
    "source-address-excluded", "to-zone",
}  # fmt: skip
_FLAGS = frozenset({"destination-address-excluded", "source-address-excluded"})
_ALL = {"any", "none"}
_HARMLESS = {"count", "log"}
_INSPECTS = {"application-services", "services-offload", "tcp-options"}
"""What is done with packets that are permitted, and takes none of them away by address or port."""
_VERDICTS: Mapping[str, Verdict] = {"permit": "accept", "deny": "drop", "reject": "drop"}
_HOST = "junos-host"
"""The device itself as a zone: what goes through the device has nothing to do with it."""
_SECURITY = {"policies", "address-book", "forwarding-options", "nat", "zones"}


def read(text: str) -> Ruleset:
    """What the configuration of an SRX admits. Raises Unreadable for what is none or has too much."""
    tree = read_tree(text)
    return _Device(tree, Count()).ruleset()


@dataclass(frozen=True, slots=True)
class _Policy:
    """One policy, and which zones it is between; "" is any."""

    name: str
    said: Tree
    match: Tree
    from_zones: tuple[str, ...]
    to_zones: tuple[str, ...]


class _Device:
    """A configuration, with what is looked up in it."""

    def __init__(self, tree: Tree, count: Count) -> None:
        self._tree = tree
        self._count = count
        self._security = at(tree, "security")
        self._books = Books(self._security, count)
        self._applications = name_applications(tree, count)
        self._zones = {
            name: frozenset(at(said, "interfaces"))
            for name, said in at(self._security, "zones", "security-zone").items()
        }

    def ruleset(self) -> Ruleset:
        """Its policies, said of packets as they come."""
        policies = list(self._policies())
        entries = [entry for policy in policies for entry in self._entries(policy)]
        default = value(self._security, "policies", "default-policy") or "deny-all"
        translations = tuple(self._translations())
        # What stands elsewhere may come before any policy, and permit as well as deny.
        elsewhere = name_some(tuple(self._elsewhere()))
        unseen = [not_understood(name, family) for name in elsewhere for family in FAMILIES.values()]
        stage = Stage(
            name="security policies",
            entries=(*self._modes(), *unseen, *translate(entries, translations, self._count)),
            default={"deny-all": "drop", "permit-all": "accept"}.get(default, "obscure"),  # type: ignore[arg-type]
            default_name=f"default-policy {default}",
        )
        named = {zone for policy in policies for zone in (*policy.from_zones, *policy.to_zones)}
        members = {one for several in self._zones.values() for one in several}
        filters = tuple(list_filters(self._tree, self._units(), self._zones))
        first = (Stage(name="firewall filters", entries=filters, default="accept"),) if filters else ()
        return Ruleset(
            format="srx", stages=(*first, stage), chains={}, sides=frozenset(named | self._zones.keys() | members),
            members=self._zones, addresses=self._behind(), translations=translations,
        )  # fmt: skip

    def _elsewhere(self) -> Iterator[str]:
        """Policies that stand where they aren't followed."""
        own = (said for word, said in self._tree.items() if word != "groups")
        if "apply-groups" in self._tree or any("apply-groups" in one for said in own for one in walk(said)):
            for name, group in at(self._tree, "groups").items():
                said = group.get("security", {}).keys() & _SECURITY or "applications" in group
                if said or has_filter(group):
                    yield f"groups {name}: give what show configuration | display inheritance | display set prints"
        for kind in ("logical-systems", "tenants"):
            for name, system in at(self._tree, kind).items():
                if at(system, "security", "policies"):
                    yield f"{kind} {name}"

    def _modes(self) -> Iterator[Entry]:
        """What is forwarded past the policies, or dropped: Junos OS CLI Reference, “forwarding-options (Security)”.

        In packet mode, which is set as that of MPLS, the whole device has no policies.
        """
        families = at(self._security, "forwarding-options", "family")
        for word, concerned in (("mpls", (*FAMILIES.values(),)), ("inet6", (FAMILIES["inet6"],))):
            mode = value(families, word, "mode")
            if mode not in ("", "flow-based"):
                for family in concerned:
                    yield not_understood(f"forwarding-options family {word} mode {mode}", family)

    def _policies(self) -> Iterator[_Policy]:
        said = at(self._security, "policies")
        for here, there, found in pairs(said, "from-zone", "to-zone"):
            if _HOST in (here, there):
                continue
            for name, policy in at(found, "policy").items():
                called = f"from-zone {here} to-zone {there} policy {name}"
                yield _Policy(called, policy, flatten(at(policy, "match"), _FLAGS), (here,), (there,))
        for name, policy in at(said, "global", "policy").items():
            match = flatten(at(policy, "match"), _FLAGS)
            sides = [tuple(zone for zone in at(match, key) if zone != "any") for key in ("from-zone", "to-zone")]
            yield _Policy(f"global policy {name}", policy, match, *sides)

    def _sides(self, zones: Sequence[str]) -> Sides | None:
        """Zones with their interfaces; None for any."""
        if not zones:
            return None
        return Sides(names=frozenset({*zones, *(one for zone in zones for one in self._zones.get(zone, ()))}))

    def _entries(self, policy: _Policy) -> Iterator[Entry]:
        match, then = policy.match, at(policy.said, "then")
        actions = [word for word in then if word in _VERDICTS]
        action = actions[0] if len(actions) == 1 else ""
        obscure = [*_unclear(policy, action)]
        in_pair = policy.name.startswith("from-zone")
        names = list(at(match, "application"))
        yield from make_entries(
            self._count,
            name=policy.name,
            verdict=_VERDICTS.get(action, "obscure"),
            sources=self._side(match, "source-address", policy.from_zones[0] if in_pair else ""),
            destinations=self._side(match, "destination-address", policy.to_zones[0] if in_pair else ""),
            services=self._applications.get_all(names) if names else unknown_service("no application"),
            enters=self._sides(policy.from_zones),
            leaves=self._sides(policy.to_zones),
            obscure=obscure,
            comment=value(policy.said, "description"),
        )

    def _side(self, match: Tree, key: str, zone: str) -> Addresses:
        names = list(at(match, key))
        if not names:
            return {family: Reach(vague=(f"no {key}",)) for family in ANYBODY}
        found = self._books.addresses(zone, names)
        if f"{key}-excluded" not in match:
            return found
        return {family: ANYBODY[family].minus(found[family]) for family in found}

    def _translations(self) -> Iterator[Translation]:
        """Those of destinations, in the order in which they count: static ones come first, and of either kind the sets
        of rules that say most closely where packets come from.

        Source: NAT User Guide, “Understanding Destination NAT Rules”, “Understanding Static NAT Rules”.
        """
        nat = at(self._security, "nat")
        for kind in ("static", "destination"):
            sets = at(nat, kind, "rule-set").items()
            for set_name, rules in sorted(sets, key=lambda one: _closeness(at(one[1], "from"))):
                for enters, is_sure in self._enters(at(rules, "from")):
                    for name, rule in at(rules, "rule").items():
                        said = f"nat {kind} rule-set {set_name} rule {name}"
                        for one in self._translations_of(kind, said, enters, rule):
                            yield one if is_sure else replace(one, is_clear=False)

    def _translations_of(self, kind: str, said: str, enters: Sides | None, rule: Tree) -> Iterator[Translation]:
        """One rule, for each protocol."""
        match, then = flatten(at(rule, "match")), at(rule, "then")
        if kind == "static":
            prefix = value(then, "static-nat", "prefix")
            # A mapped port, or a routing instance, stands behind it.
            plain = at(then, "static-nat").keys() == {"prefix"} and not at(then, "static-nat", "prefix", prefix)
            yield from self._translate(said, enters, match, prefix, "", plain)
        elif "off" in at(then, "destination-nat"):
            # What it is for stays as it is, and no later rule counts: NAT User Guide, “Destination NAT”.
            yield from self._translate(said, enters, match, value(match, "destination-address"), "", True)
        elif "pool" in at(then, "destination-nat"):
            pool = at(self._security, "nat", "destination", "pool", value(then, "destination-nat", "pool"))
            address = value(pool, "address")
            port = value(pool, "address", address, "port") or value(pool, "address", "port")
            plain = at(pool, "address", address).keys() <= {"port"}
            yield from self._translate(said, enters, match, address, port, plain)

    def _enters(self, said: Tree) -> Iterator[tuple[Sides | None, bool]]:
        """The sides that a set of rules is for, and whether for all that comes by them: None is any side.

        Which interfaces are of a routing instance isn't followed.
        """
        zones, interfaces = list(at(said, "zone")), set(at(said, "interface"))
        if not zones and not interfaces:
            yield None, "routing-instance" not in said
            return
        whole = {*interfaces, *zones, *(one for zone in zones for one in self._zones.get(zone, ()))}
        whole |= {zone for zone, members in self._zones.items() if members and members <= interfaces}
        yield Sides(names=frozenset(whole)), True
        if partly := {zone for zone, members in self._zones.items() if members & interfaces} - whole:
            yield Sides(names=frozenset(partly)), False

    def _translate(
        self, name: str, enters: Sides | None, match: Tree, real: str, real_port: str, is_clear: bool
    ) -> Iterator[Translation]:
        names = [*at(match, "destination-address"), *at(match, "destination-address-name")]
        found = [self._seen(name) for name in names]
        there = parse_network(real)
        family = there[0] if there else 4
        everywhere = ANYBODY[family].spans
        seen = Spans.of(span for one in found for span in one[family]) if all(found) and found else everywhere
        real_spans = Spans((there[1:],)) if there else NOTHING
        known = {"destination-address", "destination-address-name", "destination-port", "protocol", "source-address"}
        is_clear = is_clear and match.keys() <= known and set(at(match, "source-address")) <= {"0.0.0.0/0", "::/0"}
        is_clear = is_clear and len(seen.spans) == 1 and seen.size == real_spans.size
        said = value(match, "destination-port")
        if not said:
            is_clear = is_clear and not real_port and "protocol" not in match
            yield Translation(name=name, enters=enters, family=family, seen=seen, real=real_spans, is_clear=is_clear)
            return
        seen_ports, real_ports = port_range(said), port_range(real_port or said)
        numbers = {"tcp": [TCP], "udp": [UDP]}.get(value(match, "protocol"), [TCP, UDP])
        is_clear = is_clear and len(at(match, "destination-port")) == 1
        alike = seen_ports is not None and real_ports is not None and seen_ports.size == real_ports.size
        for protocol in numbers:
            yield Translation(
                name=name, enters=enters, family=family, seen=seen, real=real_spans, protocol=protocol,
                seen_ports=seen_ports or NOTHING, real_ports=real_ports or NOTHING, is_clear=is_clear and alike,
            )  # fmt: skip

    def _seen(self, name: str) -> dict[int, Spans]:
        """The addresses of a network, or of a name of the global book; nothing for what is neither."""
        found = network(name) or self._books.addresses("", [name])
        spans = {family: one.spans for family, one in found.items() if one.spans and not one.vague}
        return {family: spans.get(family, NOTHING) for family in (4, 6)} if spans else {}

    def _behind(self) -> Mapping[str, Spans]:
        """The IPv4 addresses behind each interface and zone, by addresses of interfaces and static routes."""
        connected: list[tuple[str, int, int]] = []
        for side, said in self._units():
            networks = (parse_network(text) for text in at(said, "family", "inet", "address"))
            connected += [(side, *one[1:]) for one in networks if one]
        routes = list(connected)
        for text, said in at(self._tree, "routing-options", "static", "route").items():
            found, hop = parse_network(text), parse(value(said, "next-hop"))
            if found and found[0] == 4 and hop:
                self._count.take(len(connected))
                side = next((one for one, first, last in connected if first <= hop[1] <= last), "")
                if side:
                    routes.append((side, *found[1:]))
        spans = dict(behind(routes))
        for zone, members in self._zones.items():
            if within := Spans.of(span for member in members for span in spans.get(member, NOTHING)):
                spans[zone] = within
        return spans

    def _units(self) -> Iterator[tuple[str, Tree]]:
        for name, said in at(self._tree, "interfaces").items():
            for unit, found in at(said, "unit").items():
                yield f"{name}.{unit}", found


def _unclear(policy: _Policy, action: str) -> Iterator[str]:
    """What of a policy says more about its packets than is understood."""
    for key, values in policy.match.items():
        if key not in _MATCHED and (values.keys() - _ALL or not values):
            yield " ".join((key, *values))
    for key in policy.said:
        if key not in ("match", "then", "description"):
            yield " ".join((key, *at(policy.said, key))) if key == "scheduler-name" else key
    for key in at(policy.said, "then"):
        if key not in _VERDICTS and key not in _HARMLESS:
            yield f"then {key}"
    for key in at(policy.said, "then", "permit"):
        if key not in _INSPECTS:
            yield f"permit {key}"
    if not action:
        said = [word for word in at(policy.said, "then") if word in _VERDICTS]
        yield f"then {' and '.join(said)}" if said else "no action"


def _closeness(said: Tree) -> int:
    """How closely a set of rules says where packets come from: by interfaces before zones, by these before others."""
    return 0 if "interface" in said else 1 if "zone" in said else 2
