"""Whether a device sends packets for a published endpoint on to it, by its own translations. Pure."""

import ipaddress

from planner.engine.existing.model import Translation
from planner.engine.existing.sides import Ways
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
