"""Addresses that are never another machine's across a firewall, or that a firewall may take for others."""

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SPECIAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8", "::1/128",  # loopback: RFC 1122, RFC 4291
        "169.254.0.0/16", "fe80::/10",  # link-local: RFC 3927, RFC 4291
        "224.0.0.0/4", "ff00::/8",  # multicast: RFC 5771, RFC 4291
        "0.0.0.0/32", "::/128",  # unspecified: RFC 1122, RFC 4291
        "255.255.255.255/32",  # broadcast: RFC 919
        "::ffff:0:0/96",  # IPv4-mapped: RFC 4291
    )
)  # fmt: skip

TAKEN_FOR_IPV4 = ipaddress.IPv6Network("::/16")
"""What PAN-OS can't tell from IPv4: neither the rest of IPv6 nor a network that has all of this is said with it there.

To rules an address of IPv4 is one in ::/96, and ::/0 lets all of them in (Administrator’s Guide, “Policy”). What else
is in there nobody has: it is reserved (RFC 4291, section 2.4), and what has a purpose in it is special.
"""

_SPANS = {
    family: tuple(
        (int(network.network_address), int(network.broadcast_address))
        for network in SPECIAL
        if network.version == family
    )
    for family in (4, 6)
}


def is_special_span(version: int, first: int, last: int) -> bool:
    """`is_special` of the network of this family, 4 or 6, from its first to its last address as numbers."""
    for start, end in _SPANS[version]:  # noqa: SIM110 - a plan has thousands, and a generator takes twice as long
        if start <= first and last <= end:
            return True
    return False


def is_special(network: Network) -> bool:
    """Whether the whole network is loopback, link-local, multicast, unspecified, broadcast or IPv4-mapped.

    One that is wider, such as 0.0.0.0/0, is not.
    """
    return is_special_span(network.version, int(network.network_address), int(network.broadcast_address))


def leave_out_ipv4(network: Network) -> tuple[Network, ...]:
    """A network without what is taken for IPv4, in order; as it is where it hasn't all of that, or nothing else."""
    if isinstance(network, ipaddress.IPv4Network) or network == TAKEN_FOR_IPV4:
        return (network,)
    if not TAKEN_FOR_IPV4.subnet_of(network):
        return (network,)
    return tuple(sorted(network.address_exclude(TAKEN_FOR_IPV4)))
