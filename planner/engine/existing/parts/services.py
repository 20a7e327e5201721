"""Protocols, ports and messages as devices and people write them, and the sets of them that names stand for. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from planner.engine.spans import PORTS, PROTOCOLS, Spans

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132
PROTOCOL_NUMBERS: Mapping[str, int] = {
    "icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51,
    "icmpv6": 58, "icmp6": 58, "ipv6-icmp": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112, "l2tp": 115,
    "sctp": 132, "udplite": 136,
}  # fmt: skip
"""Names of protocols: https://www.iana.org/assignments/protocol-numbers."""
ECHO_REQUEST = 8
"""The type of an ICMP message that asks for an echo (RFC 792)."""
_DIGITS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Protocols with their ports; of ICMP, type × 256 + code as in `Match`."""

    protocols: Spans = PROTOCOLS
    ports: Spans = PORTS
    source_ports: Spans = PORTS
    families: frozenset[Literal[4, 6]] = frozenset({4, 6})


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What an entry is for, as far as it is understood."""

    clear: tuple[Service, ...] = ()
    vague: tuple[tuple[str, Service], ...] = ()
    """What is meant beside them and isn't understood, with what it is a part of."""


EVERY_SERVICE = Service()
ANYTHING = Services(clear=(EVERY_SERVICE,))

_Alike = tuple[Spans, Spans, frozenset[Literal[4, 6]]]
"""What services have in common beside their ports, or their protocols."""


def unite_services(found: Iterable[Services]) -> Services:
    """What is in any of them, each once."""
    several = tuple(found)
    if len(several) == 1:
        return several[0]
    return Services(
        clear=tuple(dict.fromkeys(one for services in several for one in services.clear)),
        vague=tuple(dict.fromkeys(one for services in several for one in services.vague)),
    )


def unknown_service(text: str, within: Service = EVERY_SERVICE) -> Services:
    """Something that isn't understood and is a part of `within`."""
    return Services(vague=((text, within),))


def families_of(protocol: int) -> frozenset[Literal[4, 6]]:
    """The address families in which packets of a protocol are: ICMP is of IPv4, ICMPv6 of IPv6."""
    return _FOUR if protocol == ICMP else _SIX if protocol == ICMP6 else _BOTH


_FOUR: frozenset[Literal[4, 6]] = frozenset({4})
_SIX: frozenset[Literal[4, 6]] = frozenset({6})
_BOTH: frozenset[Literal[4, 6]] = frozenset({4, 6})


def of_protocol(number: int) -> Service:
    """Everything of one protocol; of ICMP in its own address family."""
    return Service(protocols=Spans.only(number), families=families_of(number))


def of_ports(number: int, ports: Spans, source_ports: Spans = PORTS) -> Service:
    """Ports of TCP, UDP or SCTP."""
    return Service(protocols=Spans.only(number), ports=ports, source_ports=source_ports)


def of_icmp(kind: int | None, code: int | None = None, *, protocol: int = 1) -> Service:
    """ICMP messages of a type (0 to 255, or any) and a code of it (0 to 255, or any)."""
    ports = PORTS
    if kind is not None:
        ports = Spans.only(kind * 256 + code) if code is not None else Spans(((kind * 256, kind * 256 + 255),))
    return Service(protocols=Spans.only(protocol), ports=ports, families=families_of(protocol))


def read_port(text: str) -> Spans:
    """A port or a range, 0 to 65535: "443", "1024-65535", "1024:65535". Raises ValueError for anything else."""
    first, dash, last = text.replace(":", "-").partition("-")
    low, high = read_number(first.strip(), 65535), read_number((last if dash else first).strip(), 65535)
    if low > high:
        raise ValueError("a range that runs backwards")
    return Spans(((low, high),))


def read_number(text: str, most: int) -> int:
    """A whole number of 0 to `most` in ASCII digits. Raises ValueError for anything else, however long it is."""
    if not _DIGITS.fullmatch(text) or (number := int(text)) > most:
        raise ValueError(f"no number of 0 to {most}")
    return number


def read_protocol(text: str) -> Service:
    """A protocol by name or number, on all of its ports. Raises ValueError for one that isn't known."""
    word = text.strip().casefold()
    return of_protocol(PROTOCOL_NUMBERS[word] if word in PROTOCOL_NUMBERS else read_number(word, 255))


def every_service_but(services: Services, text: str) -> Services:
    """Every packet but those; where they aren't understood, or go by ports of the source, a part of everything.

    `text` says what that is.
    """
    if services.vague or any(one.source_ports != PORTS for one in services.clear):
        return unknown_service(text)
    taken: dict[int, list[tuple[int, int]]] = {}
    for one in gather(services.clear):
        for first, last in one.protocols:
            for number in range(first, last + 1):
                taken.setdefault(number, []).extend(one.ports)
    others = PROTOCOLS - Spans.of((number, number) for number in taken)
    found = [Service(protocols=others)] if others else []
    for number, spans in sorted(taken.items()):
        if left := PORTS - Spans.of(spans):
            found.append(Service(protocols=Spans.only(number), ports=left))
    return Services(clear=tuple(found))


def read_each(
    texts: Iterable[str], read: Callable[[str], Service], say: Callable[[str], str], *, within: Service
) -> Services:
    """What each of several texts says; those of which `read` raises ValueError are vague, as `say` calls them, and a
    part of `within`."""
    clear: list[Service] = []
    vague: list[tuple[str, Service]] = []
    for one in texts:
        try:
            clear.append(read(one))
        except ValueError:
            vague.append((say(one), within))
    return Services(clear=tuple(clear), vague=tuple(vague))


def number_within(text: str, most: int) -> int | None:
    """A number of 0 to `most` in digits; None for anything else."""
    try:
        return read_number(text, most)
    except ValueError:
        return None


def port_range(text: str) -> Spans | None:
    """The ports of “443” or “49152-65535”; None for anything else."""
    try:
        return read_port(text)
    except ValueError:
        return None


def port_ranges(texts: Sequence[str]) -> Spans | None:
    """Several of them; None where one of them is none."""
    found = [port_range(text) for text in texts]
    return None if None in found else Spans.of(span for one in found if one for span in one)


def gather(services: Iterable[Service]) -> tuple[Service, ...]:
    """The same packets in fewer: ports of like protocols together, then protocols of like ports."""
    ports: dict[_Alike, list[Spans]] = {}
    for one in services:
        ports.setdefault((one.protocols, one.source_ports, one.families), []).append(one.ports)
    protocols: dict[_Alike, list[Spans]] = {}
    for (protocol, sources, families), several in ports.items():
        protocols.setdefault((_unite(several), sources, families), []).append(protocol)
    return tuple(
        Service(protocols=_unite(several), ports=united, source_ports=sources, families=families)
        for (united, sources, families), several in protocols.items()
    )


def _unite(several: Sequence[Spans]) -> Spans:
    return several[0] if len(several) == 1 else Spans.of(span for one in several for span in one)
