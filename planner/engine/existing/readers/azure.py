"""Network security groups of Azure: the JSON of `az network nsg show`, `list` and `rule list`. Pure.

Syntax: Microsoft, “Network security groups” (order, default rules), “Virtual network service tags”, and the resource
Microsoft.Network/networkSecurityGroups. Keys may stand in `properties`, as in the REST interface, and begin with a
capital, as PowerShell writes them. Rules go by priority within their direction. What a group is for: `attached.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planner.engine.existing.model import Entry, Ruleset, Unreadable, Verdict
from planner.engine.existing.parts.addresses import ANYBODY, Addresses, literal, read_list, unite_all, vague
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.json_text import fold, list_of, load_json, say
from planner.engine.existing.parts.services import (
    ANYTHING,
    TCP,
    UDP,
    Service,
    Services,
    of_icmp,
    of_ports,
    read_number,
    read_port,
    read_protocol,
    unknown_service,
)
from planner.engine.existing.readers.attached import Place, make_ruleset
from planner.engine.spans import PORTS, PROTOCOLS, Spans

_ANY = frozenset({"*", "any"})
_PROBES = "168.63.129.16"
"""Where the probes of a load balancer come from: the tag AzureLoadBalancer (Microsoft, “What is IP address
168.63.129.16?”)."""
_DEFAULTS: tuple[dict[str, Any], ...] = tuple(
    {
        "name": name, "priority": priority, "direction": direction, "access": access, "protocol": "*",
        "sourceaddressprefix": source, "destinationaddressprefix": destination, "sourceportrange": "*",
        "destinationportrange": "*",
    }
    for name, priority, direction, access, source, destination in (
        ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
        ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
        ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
        ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
        ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
    )
)  # fmt: skip
"""The rules that every group has, for files that don't say them."""
Rule = dict[str, Any]
_ALONE = "network security group"
"""What one is called whose rules stand by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What commands have to know of a group."""

    name: str
    resource_group: str
    """Both as Azure calls them, and empty where the file doesn't say them."""
    taken: Mapping[str, frozenset[int]]
    """By way, `inbound` and `outbound`, the priorities that its rules have."""


def read(text: str) -> Ruleset:
    """Read one or several groups, or the rules of one. Raises Unreadable."""
    groups, _ = _open(text)
    return _Groups(groups).read()


def find_groups(text: str) -> dict[str, Known]:
    """The groups of a file that can be read, by what its ruleset calls them."""
    groups, rows = _open(text)
    return {
        name: Known(
            name=_text(row.get("name")),
            resource_group=_text(row.get("resourcegroup")),
            taken={
                way: frozenset(
                    read_number(str(rule.get("priority")), 65535)
                    for rule in rules
                    if say(rule.get("direction")).casefold() == way
                )
                for way in ("inbound", "outbound")
            },
        )
        for (name, rules), row in zip(groups, rows, strict=True)
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _open(text: str) -> tuple[list[tuple[str, list[Rule]]], list[Rule]]:
    """The rules of each group by its name, and what stands of each beside them."""
    document = load_json(text)
    if isinstance(document, Mapping):
        document = fold(document).get("value", [document])
    rows = []
    for row in list_of(document):
        rows.append(_flatten(row))
        if not rows[-1]:
            break
    if not rows or not rows[-1]:
        raise Unreadable("The JSON has no network security groups, and no rules of one.")
    if all("access" in row and "direction" in row for row in rows):
        return [(_ALONE, rows)], [{}]
    if all("securityrules" in row or "defaultsecurityrules" in row for row in rows):
        return [(say(row.get("name") or _ALONE), _list_rules(row)) for row in rows], rows
    raise Unreadable(
        "The JSON has no network security groups (mappings with securityRules) and no rules of one (mappings with "
        "access and direction)."
    )


def _flatten(row: Any) -> Rule:
    """A mapping with what stands in its properties, by keys in lower case; nothing for what is no mapping.

    Raises Unreadable where both say something of one thing, and not the same.
    """
    if not isinstance(row, Mapping):
        return {}
    folded = fold(row)
    inner = folded.pop("properties", None)
    if not isinstance(inner, Mapping):
        return folded
    more = fold(inner)
    for key in folded.keys() & more.keys():
        if folded[key] != more[key]:
            raise Unreadable(f"The JSON says {key} of a mapping and otherwise in its properties.")
    return {**folded, **more}


def _list_rules(group: Rule) -> list[Rule]:
    return [_flatten(row) for name in ("securityrules", "defaultsecurityrules") for row in list_of(group.get(name))]


class _Groups:
    def __init__(self, groups: Sequence[tuple[str, list[Rule]]]) -> None:
        self.groups = groups
        self.count = Count()
        Count().take(len(groups) * len(_DEFAULTS))  # which every group has
        names = [name for name, _ in groups]
        if len(set(names)) < len(names):
            raise Unreadable("Two network security groups have the same name; take those of one resource group.")

    def read(self) -> Ruleset:
        rules = dict(self.groups)
        return make_ruleset(
            "azure",
            "network security group",
            list(rules),
            lambda name, place: self._read_way(name, rules[name], place),
            f"DenyAllInBound of {self.groups[0][0]}",
        )

    def _read_way(self, group: str, rules: Sequence[Rule], place: Place) -> Iterator[Entry]:
        """The rules of one direction, by priority; then what every group has."""
        there = {say(rule.get("name")).casefold() for rule in rules}
        rows = [*rules, *(rule for rule in _DEFAULTS if rule["name"].casefold() not in there)]
        ordered = sorted(((self._priority(group, rule), at) for at, rule in enumerate(rows)))
        for priority, at in ordered:
            rule = rows[at]
            direction = say(rule.get("direction")).casefold()
            if direction not in {"inbound", "outbound"}:
                raise Unreadable(f"The rule {say(rule.get('name'))} of {group} has no direction, Inbound or Outbound.")
            if direction == place.way:
                yield from self._read_rule(f"{group} {say(rule.get('name'), 80)} ({priority})", rule, place)

    def _priority(self, group: str, rule: Rule) -> int:
        try:
            return read_number(str(rule.get("priority")), 65535)
        except ValueError:
            raise Unreadable(f"The rule {say(rule.get('name'))} of {group} has no priority from 0 to 65535.") from None

    def _read_rule(self, name: str, rule: Rule, place: Place) -> tuple[Entry, ...]:
        access = say(rule.get("access")).casefold()
        verdict: Verdict = "accept" if access == "allow" else "drop" if access == "deny" else "obscure"
        return make_entries(
            self.count,
            name=name,
            verdict=verdict,
            sources=self._read_side(rule, "source"),
            destinations=self._read_side(rule, "destination"),
            services=_read_services(rule),
            obscure=() if verdict != "obscure" else (f"access {say(rule.get('access'))}",),
            enters=place.enters,
            leaves=place.leaves,
            comment=say(rule.get("description") or "", 1000),
        )

    def _read_side(self, rule: Rule, side: str) -> Addresses:
        """Networks of a side; a tag but those that are plain, and an application security group, isn't understood."""
        texts = _both(rule, f"{side}addressprefix")
        if any(one.strip().casefold() in _ANY for one in texts):
            return ANYBODY
        groups = [_name_group(one) for one in list_of(rule.get(f"{side}applicationsecuritygroups"))]
        self.count.take(len(groups))
        found = [vague(f"application security group {one} as {side}") for one in groups]
        known = read_list(texts, lambda one: f"service tag {say(one)} as {side}", self.count, _read_prefix)
        found += [known] if known else []
        return unite_all(found) if found else vague(f"no {side}")


def _both(rule: Rule, name: str) -> list[str]:
    """The values of a property and of its plural: sourceAddressPrefix, sourceAddressPrefixes."""
    plural = f"{name}es" if name.endswith("x") else f"{name}s"
    return [one if isinstance(one, str) else say(one) for key in (name, plural) for one in list_of(rule.get(key))]


def _read_prefix(text: str) -> Addresses | None:
    """A network, or one of the tags that are plain."""
    word = text.strip().casefold()
    return literal(_PROBES if word == "azureloadbalancer" else word)


def _name_group(group: Any) -> str:
    """How an application security group is called."""
    said = fold(group).get("id") if isinstance(group, Mapping) else group
    return say(say(said, 500).rpartition("/")[2])


def _read_services(rule: Rule) -> Services:
    protocol = say(rule.get("protocol")).casefold()
    try:
        ports = _read_ports(rule, "destinationportrange")
        sources = _read_ports(rule, "sourceportrange")
    except ValueError as error:
        return unknown_service(str(error))
    if protocol in _ANY:
        if ports == sources == PORTS:
            return ANYTHING
        # Of protocols without ports nothing is said.
        known = tuple(of_ports(number, ports, sources) for number in (TCP, UDP))
        others = Service(protocols=PROTOCOLS - Spans.of((number, number) for number in (TCP, UDP)))
        return replace(unknown_service("ports of any protocol", others), clear=known)
    if protocol == "icmp":
        return Services(clear=(of_icmp(None),))
    try:
        return Services(clear=(replace(read_protocol(protocol), ports=ports, source_ports=sources),))
    except ValueError:
        return unknown_service(f"protocol {say(protocol)}")


def _read_ports(rule: Rule, name: str) -> Spans:
    """The ports of a property and its plural. Raises ValueError with what isn't understood."""
    texts = [part.strip() for one in _both(rule, name) for part in one.split(",")]
    if any(one.casefold() in _ANY for one in texts):
        return PORTS
    found: list[tuple[int, int]] = []
    for one in texts:
        try:
            found += read_port(one)
        except ValueError:
            raise ValueError(f"{name} {say(one)}") from None
    if not found:
        raise ValueError(f"no {name}")
    return Spans.of(found)
