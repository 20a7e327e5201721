"""Protocols and ports as devices write them, and the sets of them that names stand for. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from planner.engine.existing.parts import Service, families_of, read_number, read_port
from planner.engine.existing.spans import PORTS, Spans

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132


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


def of_protocol(number: int) -> Service:
    """Everything of one protocol; of ICMP in its own address family."""
    return Service(protocols=Spans.only(number), families=families_of(number))


def of_ports(number: int, ports: Spans, source_ports: Spans = PORTS) -> Service:
    """Ports of TCP, UDP or SCTP."""
    return Service(protocols=Spans.only(number), ports=ports, source_ports=source_ports)


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
