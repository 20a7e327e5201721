"""Published endpoints: those that one side of a firewall sees under another address than their own. Pure."""

import ipaddress
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from planner.engine.findings.firewalls import passes
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


_Found = tuple[Mapping[str, Published], tuple[str, ...]]


def find_published(plan: Plan, firewall: Firewall) -> _Found:
    """What a firewall publishes, by name of the endpoint; and the endpoints of which it can't be said.

    An address is translated into one: an endpoint with several of its family, with a network, or with none can't be.
    It is seen from the sides that are further outside than the endpoint; where none is, from every other side.
    """
    return _find(firewall, (end for end in plan.endpoints if end.name in firewall.published), _rank(plan))


class Publishing:
    """What all firewalls of a plan publish, and to whom; each question costs what is published of one endpoint."""

    def __init__(self, plan: Plan) -> None:
        ends, trust = {end.name: end for end in plan.endpoints}, _rank(plan)
        self.firewalls: Mapping[str, Firewall] = {firewall.name: firewall for firewall in plan.firewalls}
        """By their names."""
        self.by_firewall: Mapping[str, _Found] = {
            firewall.name: _find(firewall, (ends[name] for name in firewall.published), trust)
            for firewall in plan.firewalls
        }
        """As `find_published` has it, by name of the firewall."""
        self.publishers = frozenset(name for name, (found, _) in self.by_firewall.items() if found)
        """The names of those that publish something."""
        self._by_endpoint: dict[str, list[tuple[Firewall, Published]]] = defaultdict(list)
        for firewall in plan.firewalls:
            for one in self.by_firewall[firewall.name][0].values():
                self._by_endpoint[one.endpoint].append((firewall, one))

    def publishes(self, endpoint: str) -> bool:
        """Whether any firewall publishes an endpoint."""
        return endpoint in self._by_endpoint

    def find(self, source: Endpoint, destination: Endpoint) -> Published | None:
        """How a source sees a destination: the first firewall of the plan between them that publishes it decides.

        None: under its own addresses.
        """
        for firewall, one in self._by_endpoint.get(destination.name, ()):
            if passes(firewall, source.zone, destination.zone):
                return one if firewall.zones[source.zone] in one.sides else None
        return None

    def list_seen(self, endpoint: str, zones: Collection[str]) -> Iterator[tuple[Firewall, Published]]:
        """The firewalls that publish an endpoint to one of these zones, in the order of the plan, and as what."""
        for firewall, one in self._by_endpoint.get(endpoint, ()):
            if is_seen(firewall, one, zones):
                yield firewall, one


def is_seen(firewall: Firewall, published: Published, zones: Collection[str]) -> bool:
    """Whether one of the zones, a set of them, stands where the firewall's published address is seen."""
    fewer = min(firewall.zones, zones, key=len)
    return any(zone in zones and firewall.zones.get(zone) in published.sides for zone in fewer)


def _find(firewall: Firewall, endpoints: Iterable[Endpoint], trust: Mapping[str, int]) -> _Found:
    """`endpoints` are those that it publishes, `trust` is by zone."""
    found: dict[str, Published] = {}
    unclear: list[str] = []
    for endpoint in endpoints:
        if endpoint.zone not in firewall.zones:
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
            sides=_find_sides(firewall, endpoint, trust),
        )
    return found, tuple(unclear)


def _family(address: str) -> int:
    """Of an address or a network; 0 for a DNS name or any."""
    try:
        return ipaddress.ip_network(address).version
    except ValueError:
        return 0


def _rank(plan: Plan) -> Mapping[str, int]:
    """How far inside each zone is, by its name."""
    return {zone.name: KINDS[zone.kind].trust for zone in plan.zones}


def _find_sides(firewall: Firewall, endpoint: Endpoint, trust: Mapping[str, int]) -> frozenset[str]:
    own = firewall.zones[endpoint.zone]
    others = {zone: side for zone, side in firewall.zones.items() if side != own}
    outside = {side for zone, side in others.items() if trust[zone] < trust[endpoint.zone]}
    return frozenset(outside or others.values())
