"""Which ends of rules that pass a firewall of the plan its own configuration doesn't have, and why. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from planner.engine.report import Report
from planner.plan.document import ANY, Endpoint
from planner.plan.fields import Firewall
from planner.report.firewall.addresses import FAMILIES, Addresses
from planner.report.firewall.crossings import Part, list_crossings
from planner.report.firewall.devices.table import takes_names
from planner.report.firewall.nftables import list_families
from planner.report.firewall.omissions import NO_COMMON_FAMILY, ONLY_IPV6_ECHO

OTHER_TABLE = "Of a family that its table doesn't hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The ends behind a firewall that a rule names and its configuration doesn't, each by its name."""

    beside: Mapping[str, tuple[str, ...]]
    """By number of a rule: who passes the firewall to nobody, as all whom it meets are on the same side."""
    without: Mapping[str, tuple[str, ...]]
    """By why they can be in no rule at all: one of the reasons of `omissions`."""
    alone: Mapping[str, Mapping[str, tuple[str, ...]]]
    """By why no address of theirs goes with one of the other side, and by number of a rule: who these are. Why is
    NO_COMMON_FAMILY, ONLY_IPV6_ECHO or OTHER_TABLE."""


def find_absent(report: Report, firewall: Firewall) -> Absent:
    """Who is absent, of all rules of the report."""
    parts: dict[str, list[Part]] = defaultdict(list)
    for crossing in list_crossings(report, firewall):
        for part in crossing.parts:
            parts[part.rule.id].append(part)
    passing_it = (end for several in parts.values() for part in several for end in (*part.sources, *part.destinations))
    ends = {end.name: end for end in passing_it}
    addresses = Addresses(tuple(ends.values()), names=takes_names(firewall.format))
    families = list_families(firewall)
    beside = dict[str, tuple[str, ...]]()
    alone: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    without: dict[str, dict[str, None]] = defaultdict(dict)
    for rule in report.rules:
        found = parts[rule.id]
        passing = {end.name for part in found for end in (*part.sources, *part.destinations)}
        met: dict[str, dict[str, None]] = defaultdict(dict)
        for part in found:
            for name, why in _meet(part, addresses, families):
                met[name][why] = None
        behind = dict.fromkeys(end.name for end in (*rule.sources, *rule.destinations) if end.zone in firewall.zones)
        if names := tuple(name for name in behind if name not in passing):
            beside[rule.id] = names
        for name in passing & addresses.without.keys():
            without[addresses.without[name]][name] = None
        for name in behind:
            reasons = met.get(name, {NO_COMMON_FAMILY: None})
            if name in passing and name not in addresses.without and "" not in reasons:
                for why in reasons:
                    alone[why][rule.id].append(name)
    return Absent(
        beside=beside,
        without={why: tuple(sorted(names)) for why, names in sorted(without.items())},
        alone={why: {rule: tuple(names) for rule, names in of.items()} for why, of in sorted(alone.items())},
    )


def _meet(part: Part, addresses: Addresses, families: Collection[int]) -> Iterator[tuple[str, str]]:
    """Who of a part has an address of a family in which somebody on the other side has one, too.

    With each why the configuration, which can have these families, lets nothing through in that one; empty: it does.
    """
    echo = all(ports.protocol == "icmp" for ports in part.rule.services)
    for family in FAMILIES:
        sides = [[end for end in side if _has(end, family, addresses)] for side in (part.sources, part.destinations)]
        why = OTHER_TABLE if family not in families else ONLY_IPV6_ECHO if echo and family == 6 else ""
        if all(sides):
            yield from ((end.name, why) for side in sides for end in side)


def _has(end: Endpoint, family: int, addresses: Addresses) -> bool:
    return end.addresses == (ANY,) or family in addresses.members[end.name]
