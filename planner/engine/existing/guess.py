"""Behind which interface or zone of a device a zone of a plan probably is: for a person to look at. Pure."""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

from planner.engine.existing.model import Ruleset
from planner.plan.document import Plan

MOST_ADDRESSES = 2_000
"""Most addresses of the plan that are looked at; at least one of each zone."""


def guess_sides(plan: Plan, ruleset: Ruleset) -> Mapping[str, str]:
    """Zone of the plan -> interface or zone of the device, as a firewall of a plan has them.

    A zone is behind the side that is called like it, ignoring case. Else the device's own addresses and routes decide,
    where the ruleset says them: each address of a zone is behind the side with the narrowest network around it, and
    the zone behind the side that most of its addresses are behind. A tie is no guess.
    """
    sides = {side.casefold(): side for side in sorted(ruleset.sides, reverse=True)}
    found = {zone.name: sides[zone.name.casefold()] for zone in plan.zones if zone.name.casefold() in sides}
    networks = sorted(
        (last - first, first, last, side)
        for side, spans in (ruleset.addresses or {}).items()
        for first, last in spans
        if side in ruleset.sides
    )
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for zone_name, number in _list_addresses(plan):
        behind = next((side for _, first, last, side in networks if first <= number <= last), None)
        if behind is not None:
            votes[zone_name][behind] += 1
    for zone_name, counted in votes.items():
        best = counted.most_common(2)
        if len(best) == 1 or best[0][1] > best[1][1]:
            found.setdefault(zone_name, best[0][0])
    return found


def _list_addresses(plan: Plan) -> Iterator[tuple[str, int]]:
    """Zone and number of IPv4 addresses of a plan: the first ones of each zone."""
    each = max(1, MOST_ADDRESSES // max(1, len(plan.zones)))
    said: dict[str, list[str]] = defaultdict(list)
    for zone in plan.zones:
        said[zone.name] += zone.networks
    for endpoint in plan.endpoints:
        said[endpoint.zone] += endpoint.addresses
    for zone_name, texts in said.items():
        for text in islice(texts, each):
            try:
                network = ipaddress.ip_network(text)
            except ValueError:  # a DNS name, or any
                continue
            if network.version == 4:
                yield zone_name, int(network.network_address)
