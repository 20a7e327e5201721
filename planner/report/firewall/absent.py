"""Which ends of rules that pass a firewall of the plan its own configuration doesn't have, and why. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from planner.engine.report import Report
from planner.plan.document import ANY, Endpoint
from planner.plan.fields import Firewall
from planner.report.firewall.crossings import Part, list_crossings
from planner.report.firewall.devices.table import takes_names
from planner.report.firewall.nftables import list_families
from planner.report.firewall.permits import Addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The ends behind a firewall that a rule names and its configuration doesn't, each by its name."""

    beside: Mapping[str, tuple[str, ...]]
    """By number of a rule: who passes the firewall to nobody, as all whom it meets are on the same side."""
    without: Mapping[str, tuple[str, ...]]
    """By why they can be in no rule at all: one of the reasons of `omissions`."""
    alone: Mapping[str, tuple[str, ...]]
    """By number of a rule: who has an address that goes with none of those on the other side."""


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
    beside, alone = dict[str, tuple[str, ...]](), dict[str, tuple[str, ...]]()
    without: dict[str, dict[str, None]] = defaultdict(dict)
    for rule in report.rules:
        found = parts[rule.id]
        passing = {end.name for part in found for end in (*part.sources, *part.destinations)}
        met = {name for part in found for name in _meet(part, addresses, families)}
        behind = dict.fromkeys(end.name for end in (*rule.sources, *rule.destinations) if end.zone in firewall.zones)
        if names := tuple(name for name in behind if name not in passing):
            beside[rule.id] = names
        for name in passing & addresses.without.keys():
            without[addresses.without[name]][name] = None
        if names := tuple(name for name in behind if name in passing - met - addresses.without.keys()):
            alone[rule.id] = names
    return Absent(
        beside=beside, without={why: tuple(sorted(names)) for why, names in sorted(without.items())}, alone=alone
    )


def _meet(part: Part, addresses: Addresses, families: Collection[int]) -> Iterable[str]:
    """Who of a part has an address of a family in which somebody on the other side has one, too."""
    echo = all(ports.protocol == "icmp" for ports in part.rule.services)
    for family in families:
        sides = [[end for end in side if _has(end, family, addresses)] for side in (part.sources, part.destinations)]
        if all(sides) and not (echo and family == 6):
            yield from (end.name for side in sides for end in side)


def _has(end: Endpoint, family: int, addresses: Addresses) -> bool:
    return end.addresses == (ANY,) or family in addresses.members[end.name]
