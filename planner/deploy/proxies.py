"""Which reverse proxies are trusted, and whom a request comes from when they say so. Pure; knows no Django."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

UNIX = "unix"
"""Stands for whoever connects through a Unix socket, which has no address."""

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """Networks of proxies, and whether a Unix socket leads from one."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix: bool = False

    def __bool__(self) -> bool:
        """Whether any proxy is trusted."""
        return self.unix or bool(self.networks)

    def trusts(self, remote: str) -> bool:
        """Whether the other end of a connection, by its address or "" for a Unix socket, is a trusted proxy."""
        if not remote:
            return self.unix
        address = read_address(remote)
        return address is not None and self._have(address)

    def find_client(self, remote: str, forwarded_for: str) -> str:
        """Whom a request comes from that a trusted proxy passed on: the last one named who is no trusted proxy.

        Names are read from the end, where the nearest proxy wrote. What stands before a name that can't be read was
        written by nobody who is trusted, so the last trusted proxy stands for the client then.
        """
        client = remote
        for part in reversed(forwarded_for.split(",")):
            address = read_address(part)
            if address is None:
                break
            client = str(address)
            if not self._have(address):
                break
        return client

    def _have(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def read_proxies(parts: list[str]) -> Proxies:
    """Addresses, networks and "unix". Raises ValueError, with the part, for what is none or means everybody."""
    networks = []
    for part in parts:
        if part == UNIX:
            continue
        try:
            network = ip_network(part)
        except ValueError:
            raise ValueError(part) from None
        if network.prefixlen == 0:
            raise ValueError(part)
        networks.append(network)
    return Proxies(networks=tuple(networks), unix=UNIX in parts)


def read_address(text: str) -> Address | None:
    """An address as forwarding headers write it, with a port or without; None for anything else."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
