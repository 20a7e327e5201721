"""Addresses that are never another machine's across a firewall."""

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


def is_special(network: Network) -> bool:
    """Whether the whole network is loopback, link-local, multicast, unspecified, broadcast or IPv4-mapped.

    One that is wider, such as 0.0.0.0/0, is not.
    """
    return any(
        network.version == special.version
        and network.prefixlen >= special.prefixlen
        and network.network_address in special
        for special in SPECIAL
    )
