"""Whether a device sends packets for a published endpoint on to it, by its own translations. Pure."""

import ipaddress
from collections.abc import Iterable, Iterator

from planner.engine.existing.model import Translation
from planner.engine.existing.sides import Ways
from planner.engine.existing.spans import PORTS, PROTOCOLS, Spans
from planner.engine.existing.walk import Packets
from planner.engine.published import Published


def say_unsent(translations: tuple[Translation, ...], ways: Ways, packets: Packets, published: Published) -> str:
    """Why packets to the address that is seen aren't known to reach the endpoint, on the same ports; empty where they
    do.

    The first translation that is for a packet counts. One that isn't understood is named.
    """
    real, seen = (int(ipaddress.ip_address(one)) for one in (published.real, published.seen))
    protocols, left = packets.service
    for one in translations:
        if one.family != packets.family or seen not in one.seen:
            continue
        is_for = ways.matches(one.enters, packets.enters, "obscure")
        if is_for is False:
            continue
        if one.protocol is not None and not (one.protocol in protocols and left & one.seen_ports):
            continue
        if is_for is not True:
            return f"{one.name}: {is_for}"
        if not one.is_clear:
            return one.name
        if seen - one.seen.spans[0][0] + one.real.spans[0][0] != real:
            return f"{one.name}: sends {published.seen} elsewhere than to {published.real}"
        if one.protocol is None:
            return ""
        if one.seen_ports != one.real_ports:
            return f"{one.name}: to other ports"
        left -= one.seen_ports
        if not left:
            return ""
    return f"{published.seen}: nothing here translates it into {published.real}"


def list_sent(
    translations: tuple[Translation, ...], ways: Ways, enters: str | None, published: Published
) -> Iterator[tuple[Spans, Spans]]:
    """Protocols and ports on which packets to the address that is seen are sent on to the endpoint, on the same ports.

    `enters`: the side that they come in by. The first translation that is for a packet counts; what one takes that
    isn't understood, or that leads elsewhere or to other ports, isn't among them.
    """
    real, seen = (int(ipaddress.ip_address(one)) for one in (published.real, published.seen))
    left = [(PROTOCOLS, PORTS)]
    for one in translations:
        if one.family != published.family or seen not in one.seen:
            continue
        is_for = ways.matches(one.enters, enters, "obscure")
        if is_for is False:
            continue
        is_clear = is_for is True and one.is_clear
        is_sent = is_clear and seen - one.seen.spans[0][0] + one.real.spans[0][0] == real
        if one.protocol is None:
            if is_sent:
                yield from left
            return
        protocol = Spans.only(one.protocol)
        if is_sent and one.seen_ports == one.real_ports:
            yield from _drop_empty((all_of & protocol, ports & one.seen_ports) for all_of, ports in left)
        left = [
            rest
            for all_of, ports in left
            for rest in _drop_empty(((all_of - protocol, ports), (all_of & protocol, ports - one.seen_ports)))
        ]


def _drop_empty(several: Iterable[tuple[Spans, Spans]]) -> Iterator[tuple[Spans, Spans]]:
    return ((protocols, ports) for protocols, ports in several if protocols and ports)
