"""Services as people write them into the cells of a table of rules. Pure.

tcp/443, 443/tcp, tcp 443, tcp/80,443, 1024-65535 beside a protocol, icmp/8, https; !tcp/22 is all but that.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from planner.engine.existing.parts.services import (
    ECHO_REQUEST,
    EVERY_SERVICE,
    PROTOCOL_NUMBERS,
    Service,
    Services,
    of_icmp,
    port_range,
    read_number,
    read_port,
    read_protocol,
    unknown_service,
)
from planner.engine.existing.readers.csv_cells import (
    ANY,
    has_within,
    is_whole,
    split_cell,
    split_parentheses,
    takes_away,
)
from planner.engine.spans import PORTS, PROTOCOLS, Spans
from planner.plan.cells import quote

_WORDS = {"http": 80, "https": 443, "ssh": 22, "telnet": 23, "smtp": 25}
"""Names of services that are TCP on one port, whoever makes the device."""
_PORTED = {name: Spans.only(PROTOCOL_NUMBERS[name]) for name in ("tcp", "udp", "sctp")}
_PING = frozenset({"ping", "icmp echo", "icmp echo-request", "icmp/echo-request", "echo-request"})

_IN_PARTS = frozenset({"tcp", "udp", "sctp", "udplite", "icmp", "icmpv6", "icmp6", "ipv6-icmp"})
"""Protocols of which services are a part: by port, or by type."""
_NUMBER = re.compile(r"(?<![a-z0-9.])[0-9]{1,5}(?: ?- ?[0-9]{1,5})?(?![a-z0-9.])")
"""What may be a port, or a range of them, in a name in lower case."""


def read_list(cell: str, protocol: str) -> Services:
    """Services of a cell: tcp/443, 443/tcp, tcp 443, https, icmp/8; a number alone is a port of the protocol.

    The protocol is that of another column, or else what stands before it: tcp/80,443. Where one value takes away, none
    is understood; a protocol alone is all of its ports, unless others have some: tcp, udp/53.
    """
    if any(not reads(item) and takes_away(item, reads) for item in split_cell(cell, reads)[0]):
        return unknown_service(f"service {quote(cell)}")
    known: list[Service] = []
    bare: list[tuple[str, Service]] = []
    unknown: list[tuple[str, Service]] = []
    only = {} if protocol in {"", *ANY} else {"protocol": protocol}
    for group in re.split(r"[;\r\n]+", cell):
        before = _named(protocol) if only else ""
        pieces, unclear = _divide_group(group)
        unknown += ((f"service {quote(item)}", EVERY_SERVICE) for item in unclear)
        for place, one in enumerate(pieces):
            if _is_ported(one) and pieces[place + 1 : place + 2] and pieces[place + 1][0].isdigit():
                before = _bare(one)
            else:
                found = _read_service(one, before)
                if found is None or (only and not _is_of(found, protocol)):
                    said = f"service {quote(one)}" + "".join(f" of {quote(said)}" for said in only.values())
                    unknown.append((said, EVERY_SERVICE))
                    continue
                service = replace(found, protocols=read_protocol(protocol).protocols) if only else found
                if service.ports == PORTS and _is_ported(split_parentheses(one)[1] or one):
                    bare.append((f"service {quote(one)} beside others with ports", service))
                else:
                    known.append(service)
                before = _divide(one.casefold())[0] or before
    if unknown or any(one.ports != PORTS and one.protocols in _PORTED.values() for one in known):
        return Services(clear=tuple(known), vague=(*unknown, *bare))
    return Services(clear=(*known, *(service for _, service in bare)))


def _divide_group(group: str) -> tuple[list[str], list[str]]:
    """What stands between semicolons, value by value, and what of it isn't understood as a whole.

    Words beside others are values of their own but a protocol: tcp 80 443 is no more than these ports, and in tcp high
    nobody knows which.
    """
    pieces: list[str] = []
    unclear: list[str] = []
    for item in split_cell(group, reads)[0]:
        words = item.split()
        if len(words) == 1 or reads(item):
            pieces.append(item)
            continue
        if is_whole(item, reads):
            unclear.append(item)
            continue
        after = [*words[1:], ""]
        lost = [one for one, then in zip(words, after, strict=True) if _is_ported(one) and not then[:1].isdigit()]
        if lost and not all(map(_is_ported, words)):
            unclear.append(item)
        else:
            pieces += words
    return pieces, unclear


def _bare(word: str) -> str:
    return word.casefold().rstrip(":/")


def _is_ported(word: str) -> bool:
    """Whether it is a protocol that has ports, without one."""
    return _bare(word) in _PORTED


def _is_of(service: Service, protocol: str) -> bool:
    """Whether a service is of a protocol that stands in another column, or of any."""
    try:
        return service.protocols in {PROTOCOLS, read_protocol(protocol).protocols}
    except ValueError:
        return False


def reads(item: str) -> Service | None:
    """What one value stands for as a whole: tcp 443, Vault (tcp/443), 400 - 500 of some protocol; None for others."""
    return _read_service(item, "tcp")


def _read_service(item: str, before: str) -> Service | None:
    word = item.strip().casefold()
    if word in ANY:
        return EVERY_SERVICE
    if word in _PING:
        return of_icmp(ECHO_REQUEST)
    if word in _WORDS:
        return Service(protocols=_PORTED["tcp"], ports=Spans.only(_WORDS[word]))
    name, inner = split_parentheses(word)
    if inner:
        return _read_beside(name, inner)
    protocol, port = _divide(word)
    try:
        if not protocol:
            return Service(protocols=_PORTED[before], ports=read_port(port)) if before in _PORTED else None
        if port:
            return _pair(protocol, port)
        return read_protocol(protocol) if not protocol.isdigit() else None
    except ValueError:
        return None


def _read_beside(name: str, inner: str) -> Service | None:
    """What parentheses behind a name stand for: Vault (tcp/443), 443 (tcp). None where the name says another service.

    A name says one that is a service itself, or has a number in it that may be a port. In parentheses a protocol of
    which services are a part is no more than a part of one: with the number that stands before it.
    """
    if has_within(name, reads):
        return None
    inside, said = _read_service(inner, ""), _read_service(name.partition("(")[0], "")
    if inside is None or inside == said or (inner in _IN_PARTS and name in ANY):
        return inside
    numbers = [one for one in _NUMBER.findall(name) if port_range(one)]
    if inner in _IN_PARTS and len(numbers) == 1:
        inside = _read_service(f"{inner}/{numbers[0]}", "")
        if inside is None or said not in {None, inside}:
            return None
    elif said or inner in _IN_PARTS or inside == EVERY_SERVICE or {*map(port_range, numbers)} - {inside.ports}:
        return None
    words = re.split(r"[\W_]+", name)
    told = [read_protocol(word).protocols == inside.protocols for word in words if word in _PORTED]
    told += [Spans.only(_WORDS[word]) == inside.ports for word in words if numbers and word in _WORDS]
    return inside if all(told) else None


def _divide(word: str) -> tuple[str, str]:
    """Protocol and port of tcp/443, tcp:443, tcp 443 and 443/tcp; either may be missing."""
    for sign in "/: ":
        first, last = (part.strip() for part in word.partition(sign)[::2])
        if sign in word and last in PROTOCOL_NUMBERS:
            return last, first
        if sign in word and first in PROTOCOL_NUMBERS:
            return first, last
    return ("", word) if word[:1].isdigit() else (word, "")


def _pair(protocol: str, port: str) -> Service:
    """A protocol and a port of it, or a type of ICMP. Raises ValueError."""
    if protocol in _PORTED:
        return Service(protocols=_PORTED[protocol], ports=PORTS if port in ANY else read_port(port))
    number = PROTOCOL_NUMBERS.get(protocol)
    if number in {1, 58}:
        kind, _, code = port.partition("/")
        if kind in {"echo-request", "echo"} and number == 1:
            return of_icmp(ECHO_REQUEST)
        return of_icmp(read_number(kind, 255), read_number(code, 255) if code else None, protocol=number)
    raise ValueError("a protocol without ports")


def read_protocols(cell: str) -> Services:
    """What a row allows that says protocols and no port: those that have none."""
    items, negated = split_cell(cell, reads)
    try:
        if negated is not False or not items:
            raise ValueError("not understood")
        found = tuple(EVERY_SERVICE if item.casefold() in ANY else read_protocol(item) for item in items)
    except ValueError:
        return unknown_service(f"protocol {quote(cell)}" if items else "no service")
    if any(service.protocols in _PORTED.values() for service in found):
        return unknown_service(f"protocol {quote(cell)} without a port")
    return Services(clear=found)


def read_pairs(protocol: str, port: str) -> Services:
    """The services of the columns protocol and port."""
    (protocols, negated), (ports, but) = split_cell(protocol, reads), split_cell(port, reads)
    unknown = unknown_service(f"protocol {quote(protocol)} port {quote(port)}")
    if negated is not False or but is None or not ports:
        return unknown
    ports = [one.casefold() for item in ports for one in ([item] if " - " in item else item.split())]
    known: list[Service] = []
    try:
        for one in (_named(item.casefold()) for item in protocols):
            if all(item in {*ANY, "-", "n/a"} for item in ports):
                known.append(EVERY_SERVICE if one in ANY else read_protocol(one))
            else:
                found = [_pair(one, item) for item in ports]
                known += _others_of_port(found) if but else found
    except ValueError:
        return unknown
    return Services(clear=tuple(known))


def _named(protocol: str) -> str:
    """The name of a protocol that is given by name or number."""
    return next((name for name, number in PROTOCOL_NUMBERS.items() if str(number) == protocol), protocol)


def _others_of_port(services: Sequence[Service]) -> list[Service]:
    """The same protocol on all other ports."""
    spans = Spans.of(span for service in services for span in service.ports)
    return [replace(services[0], ports=PORTS - spans)]


def add_source_ports(services: Services, cell: str) -> Services:
    """The same services from these source ports alone."""
    items, negated = split_cell(cell, reads)
    try:
        if negated is not False or any(service.protocols not in _PORTED.values() for service in services.clear):
            raise ValueError("not understood")
        ports = Spans.of(span for item in items for span in read_port(item))
    except ValueError:
        return Services(vague=(*services.vague, (f"source port {quote(cell)}", EVERY_SERVICE)))
    return replace(services, clear=tuple(replace(service, source_ports=ports) for service in services.clear))
