"""The objects of a Palo Alto: addresses, services, applications, and groups of them. Pure.

Facts: PAN-OS Administrator's Guide, “Policy Objects” and “App-ID”; the default ports of applications are those of the
vendor's list of them (Applipedia).
"""

from collections.abc import Sequence

from planner.engine.existing.devices.paloalto_tree import Node
from planner.engine.existing.parts.addresses import ANYBODY, Addresses, between, named, network, unite_all, vague
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.groups import Names
from planner.engine.existing.parts.services import (
    ANYTHING,
    EVERY_SERVICE,
    SCTP,
    TCP,
    UDP,
    Service,
    Services,
    of_icmp,
    of_ports,
    port_ranges,
    unite_services,
    unknown_service,
)
from planner.engine.spans import PORTS

_PROTOCOLS = {"tcp": TCP, "udp": UDP, "sctp": SCTP}
_PREDEFINED = {"service-http": "tcp 80,8080", "service-https": "tcp 443"}
_PLAIN = {
    "dns": "tcp 53 udp 53", "dns-base": "tcp 53 udp 53", "kerberos": "tcp 88 udp 88", "ldap": "tcp 389 udp 389",
    "ms-rdp": "tcp 3389 udp 3389", "mssql-db": "tcp 1433", "mssql-mon": "udp 1434", "mysql": "tcp 3306",
    "ntp": "udp 123", "ntp-base": "udp 123", "oracle": "tcp 1521", "postgres": "tcp 5432", "smtp": "tcp 25",
    "smtp-base": "tcp 25", "snmp": "udp 161", "ssh": "tcp 22", "syslog": "udp 514", "telnet": "tcp 23",
}  # fmt: skip
"""Applications that are all that is spoken at their ports. Others, such as ssl and web-browsing, turn into different
ones as a connection goes on."""
_MORE = {"ldap", "smtp", "smtp-base", "kerberos"}
"""Those that have more default ports in some releases of the vendor's list."""


def _ports(text: str) -> tuple[Service, ...]:
    words = text.split()
    return tuple(
        of_ports(_PROTOCOLS[protocol], port_ranges(ports.split(",")) or PORTS)
        for protocol, ports in zip(words[::2], words[1::2], strict=True)
    )


_APPLICATIONS: dict[str, tuple[Service, ...]] = {
    **{name: _ports(text) for name, text in _PLAIN.items()},
    "ping": (of_icmp(8),),
}


def _address(entry: Node) -> Addresses:
    """What an entry of “address” stands for."""
    found: Addresses | None = None
    if text := entry.find("ip-netmask").text:
        found = network(text)
    elif text := entry.find("ip-range").text:
        found = _range(text)
    elif text := entry.find("fqdn").text:
        found = named(text)
    kind = next((one.tag for one in entry.children if one.tag not in ("description", "tag")), "empty")
    return found or vague(f"address {entry.name} ({kind})")


def _range(text: str) -> Addresses | None:
    first, dash, last = text.partition("-")
    return between(first.strip(), last.strip()) if dash else None


def _service(entry: Node) -> Services:
    """What an entry of “service” stands for."""
    found: list[Service] = []
    for one in entry.find("protocol").children:
        ports = port_ranges([text.strip() for text in one.find("port").text.split(",")])
        said = one.find("source-port").text
        source_ports = port_ranges([text.strip() for text in said.split(",")]) if said else PORTS
        if one.tag not in _PROTOCOLS or ports is None or source_ports is None:
            return unknown_service(f"service {entry.name}")
        found.append(of_ports(_PROTOCOLS[one.tag], ports, source_ports))
    return Services(clear=tuple(found)) if found else unknown_service(f"service {entry.name}")


class Objects:
    """What names stand for, in a place whose objects stand in several others, the most general first."""

    def __init__(self, places: Sequence[Node], count: Count) -> None:
        """Take all objects; a later place hides what has the same name in an earlier one."""
        plain: dict[str, Addresses] = {"any": ANYBODY}
        groups: dict[str, list[str]] = {}
        services: dict[str, Services] = {name: Services(clear=_ports(text)) for name, text in _PREDEFINED.items()}
        service_groups: dict[str, list[str]] = {}
        self._applications: dict[str, list[str]] = {}
        for place in places:
            for entry in place.entries("address"):
                groups.pop(entry.name, None)
                plain[entry.name] = _address(entry)
            for entry in place.entries("address-group"):
                plain.pop(entry.name, None)
                if entry.find("dynamic").tag:
                    groups.pop(entry.name, None)
                    plain[entry.name] = vague(f"address-group {entry.name} (dynamic)")
                else:
                    groups[entry.name] = entry.members("static")
            for kind in ("external-list", "region"):
                for entry in place.entries(kind):
                    plain[entry.name] = vague(f"{kind} {entry.name}")
            for entry in place.entries("service"):
                service_groups.pop(entry.name, None)
                services[entry.name] = _service(entry)
            for entry in place.entries("service-group"):
                services.pop(entry.name, None)
                service_groups[entry.name] = entry.members("members")
            for entry in place.entries("application-group"):
                self._applications[entry.name] = entry.members("members")
        self._plain, self._groups = plain, groups
        self._addresses: Names[Addresses] = Names(
            kind="address", plain=plain, groups=groups, unite=unite_all, unknown=vague, count=count
        )
        self._services: Names[Services] = Names(
            kind="service", plain=services, groups=service_groups, unite=unite_services, unknown=unknown_service,
            count=count,
        )  # fmt: skip
        self._count = count

    def addresses(self, names: Sequence[str]) -> Addresses:
        """What a rule names on a side: objects, groups, or addresses themselves."""
        return unite_all([self._one(name) for name in names])

    def _one(self, name: str) -> Addresses:
        if name not in self._plain and name not in self._groups:
            literal = network(name) or _range(name)
            if literal:
                return literal
        return self._addresses.get(name)

    def wanted(self, services: Sequence[str], applications: Sequence[str]) -> Services:
        """What a rule is for, by both of its lists."""
        ports = ANYTHING if "any" in services else self._services.get_all(services)
        at_default = "application-default" in services
        if "any" in applications:
            return unknown_service("application-default of any application") if at_default else ports
        found: list[Services] = []
        for name in self._flat(applications):
            own, text = _APPLICATIONS.get(name), f"application {name}"
            if at_default:
                rest = (text, EVERY_SERVICE) if own is None or name in _MORE else None
                found.append(Services(clear=own or (), vague=(rest,) if rest else ()))
                continue
            clear = tuple(both for one in ports.clear for mine in own or () if (both := _meet(one, mine)))
            elsewhere = tuple((text, one) for one in ports.clear if one not in clear)
            found.append(Services(clear=clear, vague=(*elsewhere, *ports.vague)))
        return unite_services(found)

    def _flat(self, names: Sequence[str]) -> tuple[str, ...]:
        """Applications, with groups put in; a group that contains itself stands for no more than its others."""
        found: dict[str, None] = {}
        waiting, seen = list(reversed(names)), set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            members = self._applications.get(name)
            if members is None:
                found[name] = None
            else:
                self._count.take(len(members))
                waiting += reversed(members)
        return tuple(found)


def _meet(one: Service, other: Service) -> Service | None:
    """What both are for."""
    protocols, ports = one.protocols & other.protocols, one.ports & other.ports
    if not protocols or not ports:
        return None
    return Service(
        protocols=protocols, ports=ports, source_ports=one.source_ports & other.source_ports,
        families=one.families & other.families,
    )  # fmt: skip
