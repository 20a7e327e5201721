"""The addresses of a plan as objects that files for firewalls name, and what of it they can't name. Pure."""

import copy
import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from planner.plan.document import ANY, Endpoint, address_key
from planner.plan.special import Network, is_special
from planner.report.firewall.omissions import NO_ADDRESS, ONLY_NAMES, SPECIAL, Names
from planner.report.firewall.words import call_apart, clean, name_endpoints
from planner.report.said.elsewhere import find_rest

FAMILIES = (4, 6)
PART = 50
"""Addresses in one object; an endpoint with more has several."""


class Addresses:
    """The endpoints of a plan as objects of one family each, with harmless names and at most PART addresses."""

    def __init__(self, endpoints: Sequence[Endpoint], *, names: Names | None = None, suffix: str = "") -> None:
        """`names`: endpoints that have such DNS names only are objects of these, in both families.

        `suffix` ends what objects are called, but for the number of a part.
        """
        self.names = name_endpoints(endpoints)
        self._dns = names
        self._suffix = suffix
        self.dns_names: set[str] = set()
        """The objects that are of DNS names."""
        called = call_apart((one.name for one in endpoints), partial(clean, limit=60, slashes=True))
        self.labels = {name: text or f"endpoint {place}" for place, (name, text) in enumerate(called.items(), 1)}
        self.objects: dict[str, tuple[str, ...]] = {}
        """Object -> its networks."""
        self.members: dict[str, dict[int, tuple[str, ...]]] = {}
        """Endpoint name -> family -> its objects."""
        self.without: dict[str, str] = {}
        """Endpoint name -> why it can't be in a rule at all."""
        self.named: set[str] = set()
        """Names of the endpoints that have DNS names beside addresses."""
        self.special: dict[str, tuple[str, ...]] = {}
        """Endpoint name -> those of its addresses that no firewall forwards; they are in no object."""
        self._read: dict[str, tuple[Network, ...]] = {}
        """Objects whose networks have been read: a file for each host of thousands asks for the same ones."""
        self._others: dict[tuple[int, tuple[str, ...]], int] = {}
        """What anys leave out, by family and networks -> its number."""
        self._rests: dict[tuple[int, tuple[str, ...]], tuple[str, ...]] = {}
        """The same -> everything but that: thousands of networks, which every rule with that any asks for."""
        for endpoint in endpoints:
            self._add(endpoint)
        self._own = dict(self.objects)

    def renew(self) -> "Addresses":
        """The same for another file, which has objects of its own beside those of endpoints."""
        other = copy.copy(self)
        other.objects, other._read, other._others = dict(self._own), {}, {}
        return other

    def read_networks(self, name: str) -> tuple[Network, ...]:
        """The networks of an object, which is none of DNS names."""
        if name not in self._read:
            self._read[name] = tuple(map(ipaddress.ip_network, self.objects[name]))
        return self._read[name]

    def _add(self, endpoint: Endpoint) -> None:
        found: dict[int, dict[str, None]] = {family: {} for family in FAMILIES}
        names: list[str] = []
        special = []
        for address in endpoint.addresses:
            try:
                network = ipaddress.ip_network(address)
            except ValueError:
                if address != ANY:
                    names.append(address)
            else:
                if is_special(network):
                    special.append(address_key(address))
                else:
                    found[network.version][str(network)] = None
        self.members[endpoint.name] = members = {
            family: tuple(self._divide(endpoint.name, family, tuple(networks)))
            for family, networks in found.items()
            if networks
        }
        if names and self._dns and all(map(self._dns.fullmatch, names)) and not (members or special):
            self.members[endpoint.name] = {
                family: tuple(self._divide(endpoint.name, family, tuple(names))) for family in FAMILIES
            }
            self.dns_names.update(name for made in self.members[endpoint.name].values() for name in made)
        elif not members and endpoint.addresses != (ANY,):
            self.without[endpoint.name] = ONLY_NAMES if names else SPECIAL if special else NO_ADDRESS
        elif names:
            self.named.add(endpoint.name)
        if special:
            self.special[endpoint.name] = tuple(special)

    def _divide(self, name: str, family: int, networks: tuple[str, ...]) -> Iterator[str]:
        """Objects for the networks. The underscore keeps a further part apart from every endpoint's own name."""
        for part, start in enumerate(range(0, len(networks), PART)):
            key = f"V{family}-{self.names[name]}{self._suffix}" + (f"_part{part + 1}" if part else "")
            self.objects[key] = networks[start : start + PART]
            yield key

    def name_others(self, family: int, networks: tuple[str, ...]) -> tuple[str, ...]:
        """Objects for the networks that an any leaves out; the same ones for the same networks.

        The underscore keeps them apart from every endpoint's own name.
        """
        if not networks:
            return ()
        known = self._others.setdefault((family, networks), len(self._others) + 1)
        names = []
        for part, start in enumerate(range(0, len(networks), PART), 1):
            names.append(f"V{family}-elsewhere_{known}{self._suffix}" + (f"_part{part}" if part > 1 else ""))
            self.objects[names[-1]] = networks[start : start + PART]
        return tuple(names)

    def find_rest(self, family: int, networks: tuple[str, ...]) -> tuple[str, ...]:
        """Every address of a family but those of the networks, as networks."""
        if (family, networks) not in self._rests:
            self._rests[family, networks] = find_rest(networks, family)
        return self._rests[family, networks]

    def weight(self, members: Iterable[str]) -> int:
        """How many networks the objects hold."""
        return sum(len(self.objects[member]) for member in members)
