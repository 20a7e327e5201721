"""The objects and object groups of a Cisco ASA. Pure.

Syntax: Cisco ASA Series Firewall CLI Configuration Guide, “Objects for Access Control”. A running configuration is
lines, with what belongs to one below it after a space.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from planner.engine.existing.devices.asa_words import (
    PORTED,
    Cursor,
    Unclear,
    read_message,
    read_ports,
    read_protocol,
)
from planner.engine.existing.parts.addresses import (
    Addresses,
    between,
    named,
    network,
    unite_all,
    vague,
)
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.groups import Names
from planner.engine.existing.parts.services import (
    EVERY_SERVICE,
    ICMP,
    ICMP6,
    Service,
    Services,
    of_icmp,
    of_ports,
    of_protocol,
    unite_services,
    unknown_service,
)
from planner.engine.spans import PORTS, Spans

Compared = tuple[Spans, Services]
"""Ports, and the group that they are of."""
UNGROUPED = Services()
"""The group of those that are said without one."""
_EVERY_PORT: Compared = PORTS, UNGROUPED


@dataclass(slots=True)
class Block:
    """A line with what stands below it."""

    words: list[str]
    below: list[list[str]] = field(default_factory=list)


_READ = (
    "access-group", "access-list", "crypto dynamic-map ", "crypto map ", "group-policy", "interface", "ip local pool",
    "ipv6", "name", "nat", "no sysopt", "object", "route", "same-security-traffic", "tunnel-group", "username",
    "webvpn",
)  # fmt: skip
"""How the lines begin that are read; others are passed by, with what belongs to them."""


def read_blocks(text: str) -> Iterator[Block]:
    """The lines that are read, in their order."""
    block: Block | None = None
    for line in text.splitlines():
        if line[:1].isspace():
            if block is not None and (words := line.split()) and words[0][0] not in "!:":
                block.below.append(words)
        elif line.startswith(_READ):
            if block is not None:
                yield block
            block = Block(line.split())
        elif line and line[0] not in "!:":
            if block is not None:
                yield block
            block = None
    if block is not None:
        yield block


class Objects:
    """What names stand for; made of all blocks of a configuration."""

    def __init__(self, blocks: Sequence[Block], count: Count) -> None:
        """Read every object and group; none is put together before it is asked for."""
        self.hosts = {b.words[2]: b.words[1] for b in blocks if b.words[0] == "name" and len(b.words) > 2}
        self.kinds: dict[str, str] = {}
        """Name of a group -> service, network, protocol, icmp-type …"""
        self.comments: dict[str, str] = {}
        nets: dict[str, Addresses] = {}
        net_groups: dict[str, list[str]] = {}
        services: dict[str, Services] = {}
        service_groups: dict[str, list[str]] = {}
        for block in blocks:
            if len(block.words) < 3 or block.words[0] not in ("object", "object-group"):
                continue
            kind, name = block.words[1], block.words[2]
            if block.words[0] == "object":
                if kind == "network":
                    self._object(name, block, nets)
                elif kind == "service":
                    services[name] = self._service_object(name, block)
                continue
            self.kinds[name] = kind
            for words in block.below:
                if words[0] == "description":
                    self.comments[name] = " ".join(words[1:])
            if kind == "network":
                self._group(name, block, nets, net_groups)
            elif kind in ("service", "protocol", "icmp-type"):
                self._services(name, block, services, service_groups)
        self.networks: Names[Addresses] = Names(
            kind="object", plain=nets, groups=net_groups, unite=unite_all, unknown=vague, count=count
        )
        self.services: Names[Services] = Names(
            kind="object", plain=services, groups=service_groups, unite=unite_services, unknown=unknown_service,
            count=count,
        )  # fmt: skip

        self._ports: dict[tuple[str, int], Compared] = {}
        self.ported: dict[tuple[object, ...], Services] = {}
        """What lines ask for, by protocol, ports and groups; groups by their ids, since they stay."""

    def ports(self, name: str, protocol: int) -> Compared:
        """The ports of a protocol that a group of services is for, of any for 0, and the group: thousands of lines
        name the same one."""
        key = name, protocol
        if key not in self._ports:
            found = self.services.get(name)
            spans = [one.ports for one in found.clear if not protocol or protocol in one.protocols]
            self._ports[key] = Spans.of(span for one in spans for span in one), found
        return self._ports[key]

    def address(self, words: Sequence[str], what: str) -> Addresses:
        """“host A”, “A MASK”, “A/LENGTH”, “range A B”, “fqdn NAME”; `what` names it where it is none of these."""
        plain = [self.hosts.get(word, word) for word in words]
        found: Addresses | None = None
        if not plain:
            return vague(what)
        if plain[0] == "fqdn" and len(plain) > 1:
            families = {"v4": (4,), "v6": (6,)}.get(plain[1])
            found = named(plain[2 if families and len(plain) > 2 else 1], families or (4, 6))
        elif plain[0] == "range" and len(plain) == 3:
            found = between(plain[1], plain[2])
        else:
            plain = plain[1:] if plain[0] in ("host", "subnet") else plain
            if len(plain) in (1, 2):
                found = network(*plain)
        return found or vague(what)

    def _object(self, name: str, block: Block, nets: dict[str, Addresses]) -> None:
        """An object may be written twice: with its address, and with its translation."""
        for words in block.below:
            if words[0] in ("host", "subnet", "range", "fqdn"):
                nets[name] = self.address(words, f"object {name} ({words[0]})")

    def _service_object(self, name: str, block: Block) -> Services:
        for words in block.below:
            if words[0] == "service":
                return self.service(words[1:], f"object {name}")
        return unknown_service(f"object {name}")

    def service(self, words: Sequence[str], what: str) -> Services:
        """“tcp source range 1 9 destination eq https”, “icmp echo”, “gre”."""
        cursor = Cursor(list(words))
        try:
            word = cursor.take()
            if word in PORTED:
                source = read_ports(cursor) if cursor.takes("source") else None
                cursor.takes("destination")
                ports = read_ports(cursor)
                found = [
                    of_ports(one, PORTS if ports is None else ports, PORTS if source is None else source)
                    for one in PORTED[word]
                ]
            else:
                found = list(read_service(read_protocol(word), cursor))
        except Unclear as unclear:
            return unknown_service(f"{what} ({unclear})")
        return unknown_service(f"{what} ({cursor.next})") if cursor.next else Services(clear=tuple(found))

    def _group(self, name: str, block: Block, nets: dict[str, Addresses], groups: dict[str, list[str]]) -> None:
        Count().take(len(block.below))  # more of one group are more than are read of all
        members = groups.setdefault(name, [])
        for number, words in enumerate(block.below):
            if words[0] == "group-object" or words[:2] == ["network-object", "object"]:
                members.append(words[-1])
            elif words[0] == "network-object":
                member = f"{name} {len(members)}-{number}"  # no name has a space
                nets[member] = self.address(words[1:], f"object-group {name}")
                members.append(member)
            elif words[0] != "description":
                member = f"{name} {len(members)}-{number}"
                nets[member] = vague(f"object-group {name} ({words[0]})")
                members.append(member)

    def _services(self, name: str, block: Block, services: dict[str, Services], groups: dict[str, list[str]]) -> None:
        members = groups.setdefault(name, [])
        of = block.words[3] if len(block.words) > 3 else ""
        for number, words in enumerate(block.below):
            if words[0] == "group-object" or words[:2] == ["service-object", "object"]:
                members.append(words[-1])
            elif words[0] != "description":
                member = f"{name} {len(members)}-{number}"
                services[member] = self._member(f"object-group {name}", of, words)
                members.append(member)

    def _member(self, what: str, of: str, words: list[str]) -> Services:
        if words[0] == "service-object":
            return self.service(words[1:], what)
        if words[0] == "port-object" and of in PORTED:
            return self.service([of, "destination", *words[1:]], what)
        if words[0] == "protocol-object":
            return self.service(words[1:], what)
        if words[0] == "icmp-object":
            both = [self.service([word, *words[1:]], what) for word in ("icmp", "icmp6")]
            return unite_services([one for one in both if one.clear] or both[:1])
        return unknown_service(f"{what} ({words[0]})")


def read_service(protocol: int, cursor: Cursor) -> Iterator[Service]:
    """What is meant of a protocol other than those with ports: all of it, or messages of ICMP. Raises Unclear."""
    if protocol in (ICMP, ICMP6) and cursor.next and cursor.next not in ("log", "inactive", "time-range"):
        kind = read_message(cursor.take(), protocol)
        code = int(cursor.take()) if cursor.next.isascii() and cursor.next.isdigit() and len(cursor.next) < 4 else None
        yield of_icmp(kind, code if code is None or code < 256 else None, protocol=protocol)
    elif protocol:
        yield of_protocol(protocol)
    else:
        yield EVERY_SERVICE


def narrowed(
    services: Services, protocols: Spans, source_ports: Compared | None = None, ports: Compared | None = None
) -> Services:
    """What of some services is of these protocols on these ports; what isn't understood of the ports may be any."""
    here, doubts_here = source_ports or _EVERY_PORT
    there, doubts_there = ports or _EVERY_PORT
    doubts = [text for text, _ in (*doubts_here.vague, *doubts_there.vague)]
    clear: list[Service] = []
    vague = list(services.vague)
    for one in services.clear:
        if both := one.protocols & protocols:
            kept = replace(one, protocols=both, ports=one.ports & there, source_ports=one.source_ports & here)
            clear += [kept] if kept.ports and kept.source_ports else []
            wide = replace(
                kept,
                ports=one.ports if doubts_there.vague else kept.ports,
                source_ports=one.source_ports if doubts_here.vague else kept.source_ports,
            )
            vague += ((text, wide) for text in doubts)
    return Services(clear=tuple(clear), vague=tuple(vague))
