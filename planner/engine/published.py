"""Published endpoints: those that one side of a firewall sees under another address than their own. Pure."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass

from planner.plan.document import Endpoint, Plan
from planner.plan.fields import Firewall
from planner.plan.kinds import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One address of an endpoint, and the one that is seen in its place from some sides of a firewall."""

    endpoint: str
    family: int
    real: str
    seen: str
    sides: frozenset[str]
    """From where it is seen: the firewall's own names."""


def find_published(plan: Plan, firewall: Firewall) -> tuple[Mapping[str, Published], tuple[str, ...]]:
    """What a firewall publishes, by name of the endpoint; and the endpoints of which it can't be said.

    An address is translated into one: an endpoint with several of its family, with a network, or with none can't be.
    It is seen from the sides that are further outside than the endpoint; where none is, from every other side.
    """
    found: dict[str, Published] = {}
    unclear: list[str] = []
    for endpoint in plan.endpoints:
        if endpoint.name not in firewall.published or endpoint.zone not in firewall.zones:
            continue
        seen = ipaddress.ip_address(firewall.published[endpoint.name])
        own = [one for one in endpoint.addresses if _family(one) == seen.version]
        if len(own) != 1 or ipaddress.ip_network(own[0]).num_addresses != 1:
            unclear.append(endpoint.name)
            continue
        found[endpoint.name] = Published(
            endpoint=endpoint.name,
            family=seen.version,
            real=str(ipaddress.ip_network(own[0])[0]),
            seen=str(seen),
            sides=_find_sides(plan, firewall, endpoint),
        )
    return found, tuple(unclear)


def _family(address: str) -> int:
    """Of an address or a network; 0 for a DNS name or any."""
    try:
        return ipaddress.ip_network(address).version
    except ValueError:
        return 0


def _find_sides(plan: Plan, firewall: Firewall, endpoint: Endpoint) -> frozenset[str]:
    own = firewall.zones[endpoint.zone]
    trust = {zone.name: KINDS[zone.kind].trust for zone in plan.zones}
    others = {zone: side for zone, side in firewall.zones.items() if side != own}
    outside = {side for zone, side in others.items() if trust[zone] < trust[endpoint.zone]}
    return frozenset(outside or others.values())
