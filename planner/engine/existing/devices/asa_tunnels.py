"""What comes to a Cisco ASA out of tunnels, of which it asks no access list. Pure.

Source: Cisco ASA Series VPN CLI Configuration Guide, “General VPN Parameters” (`sysopt connection permit-vpn` is in
force, and not in the running configuration, unless somebody takes it back), “LAN-to-LAN IPsec VPNs” (crypto maps and
their lists), “IP Addresses for VPNs”, “Virtual Tunnel Interface”; “VPN Filters on Cisco ASA Configuration Example”.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from planner.engine.existing.devices.asa_objects import Block
from planner.engine.existing.parts.addresses import (
    ANYBODY,
    NOBODY,
    Addresses,
    between,
    network,
    once,
    parse,
    unite_all,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """A way for packets into the device that somebody else has packed."""

    name: str
    """As the device says it."""
    side: str
    """The interface that they come in by."""
    lists: tuple[str, ...]
    """The lists of what goes into it: what comes out has their ends the other way round."""
    sources: Addresses
    """Where else packets may be from that come out."""


def list_tunnels(blocks: Sequence[Block]) -> Iterator[Tunnel]:
    """Those of a configuration, unless lists are asked of what comes out of them, too."""
    if any(block.words == ["no", "sysopt", "connection", "permit-vpn"] for block in blocks):
        return
    clients = _find_clients(blocks)
    callers = ANYBODY if any(map(_is_network, blocks)) else clients
    maps = _Maps(blocks, callers)
    for block in blocks:
        words = block.words
        if words[:2] == ["crypto", "map"] and words[3:4] == ["interface"] and len(words) > 4:
            lists, sources = maps.find(words[2])
            yield Tunnel(name=" ".join(words), side=words[4], lists=lists, sources=sources)
        elif words[0] == "webvpn":
            for below in block.below:
                if below[0] == "enable" and len(below) > 1:
                    yield Tunnel(name=f"webvpn enable {below[1]}", side=below[1], lists=(), sources=clients)
        elif words[0] == "interface" and any(below[:2] == ["tunnel", "protection"] for below in block.below):
            for below in block.below:
                if below[0] == "nameif" and len(below) > 1:
                    yield Tunnel(name=f"tunnel protection of {below[1]}", side=below[1], lists=(), sources=ANYBODY)


def name_filters(blocks: Sequence[Block]) -> tuple[str, ...]:
    """What may refuse packets that come out of a tunnel, whatever lists say."""
    several = (block.below for block in blocks if block.words[0] in ("group-policy", "username"))
    filters = (words for below in several for words in below if words[:2] == ["vpn-filter", "value"])
    return once(" ".join(("vpn-filter", *words[2:])) for words in filters)


_Ends = tuple[tuple[str, ...], Addresses]
"""The lists of a crypto map, and where packets may be from that none of them names."""


class _Maps:
    """The crypto maps of a configuration; what is dynamic in them is gone through once."""

    def __init__(self, blocks: Sequence[Block], callers: Addresses) -> None:
        """`callers`: where packets may be from of whoever dials in."""
        self._entries: dict[tuple[str, str], dict[str, list[list[str]]]] = {}
        """Kind and name -> number of an entry -> its lines."""
        for block in blocks:
            words = block.words
            if words[0] == "crypto" and len(words) > 4 and words[3].isdecimal():
                entries = self._entries.setdefault((words[1], words[2]), {})
                entries.setdefault(words[3], []).append(words[4:])
        self._dynamic: dict[str, _Ends] = {}
        for (kind, name), entries in self._entries.items():
            if kind == "dynamic-map":
                found = [_name_all(lines, "match", "address") for lines in entries.values()]
                self._dynamic[name] = tuple(chain(*found)), NOBODY if all(found) else callers
        self._callers = callers
        self._found: dict[str, _Ends] = {}

    def find(self, name: str) -> _Ends:
        """What a map says of the packets that come out of its tunnels."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> _Ends:
        entries = self._entries.get(("map", name))
        if entries is None:
            return (), ANYBODY
        lines = [*chain(*entries.values())]
        dynamic = dict.fromkeys(_name_all(lines, "ipsec-isakmp", "dynamic"))
        found = [self._dynamic.get(one, ((), self._callers)) for one in dynamic]
        lists = chain(_name_all(lines, "match", "address"), *(several for several, _ in found))
        return tuple(dict.fromkeys(lists)), unite_all([NOBODY, *(sources for _, sources in found)])


def _name_all(lines: Sequence[list[str]], *before: str) -> list[str]:
    """The words that come after these ones."""
    return [words[2] for words in lines if words[:2] == [*before] and len(words) > 2]


def _find_clients(blocks: Sequence[Block]) -> Addresses:
    """The addresses of single machines that dial in: of the pools, unless there are none or DHCP gives some."""
    pools: list[Addresses | None] = []
    for block in blocks:
        words = block.words
        if words[:3] == ["ip", "local", "pool"] and len(words) > 4:
            first, dash, last = words[4].partition("-")
            pools.append(between(first, last if dash else first))
        elif words[:3] == ["ipv6", "local", "pool"] and len(words) > 4:
            pools.append(network(words[4]))
        elif words[0] == "tunnel-group" and any(below[0] == "dhcp-server" for below in block.below):
            return ANYBODY
    known = [pool for pool in pools if pool]
    return unite_all(known) if known and len(known) == len(pools) else ANYBODY


def _is_network(block: Block) -> bool:
    """Whether it lets a whole network dial in: a site whose address nobody knows before, or a client with others."""
    words = block.words
    if words[0] == "tunnel-group" and len(words) > 2:
        return words[1] == "DefaultL2LGroup" or (words[2:4] == ["type", "ipsec-l2l"] and parse(words[1]) is None)
    return words[0] == "group-policy" and any(below[:2] == ["nem", "enable"] for below in block.below)
