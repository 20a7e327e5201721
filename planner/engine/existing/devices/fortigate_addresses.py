"""The addresses of a FortiGate: objects, groups, and virtual IPs. Pure.

Syntax: FortiOS CLI Reference, “config firewall address”, “address6”, “addrgrp”, “addrgrp6”, “vip”, “vipgrp”,
“config system settings”.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.engine.existing.devices.fortigate_text import Domain, Settings
from planner.engine.existing.model import Sides, Translation
from planner.engine.existing.parts.addresses import (
    NOBODY,
    UNSPECIFIED,
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
    SCTP,
    TCP,
    UDP,
    Services,
    of_ports,
    port_range,
    unknown_service,
)
from planner.engine.spans import NOTHING, PORTS, Spans

_PREDEFINED = {
    4: {"all": (UNSPECIFIED, UNSPECIFIED), "none": (UNSPECIFIED, "255.255.255.255")},
    6: {"all": ("::", "0"), "none": ("::", "128")},
}
_PROTOCOLS = {"tcp": TCP, "udp": UDP, "sctp": SCTP}
_PLAIN_VIPS = ("static-nat", "")
_NARROW_VIPS = ("src-filter", "src-vip-filter", "extaddr", "service", "ipv6-mappedip", "mapped-addr", "nat46", "nat64")
"""Settings of a virtual IP that make it hold for less than all that goes to it, or lead to somewhere else."""


def is_set(settings: Settings, key: str) -> bool:
    """Whether something is switched on, or filled in with more than a zero."""
    return any(word not in ("", "disable", "0", "none", UNSPECIFIED, "0x00") for word in settings.get(key, []))


def has_central_nat(domain: Domain) -> bool:
    """Whether virtual IPs of IPv4 act by themselves, and policies say real addresses.

    Source: FortiOS Administration Guide, “Central DNAT”; Fortinet, “Technical Tip: How to configure port forwarding/
    Virtual IPs when using NGFW policy-based mode”, which has it on.
    """
    said = domain.settings("system settings")
    return said.get("central-nat") == ["enable"] or said.get("ngfw-mode") == ["policy-based"]


def _address(name: str, settings: Settings, family: int) -> Addresses:
    """What an entry of “firewall address” or “address6” stands for."""
    kind = " ".join(settings.get("type", ["ipmask" if family == 4 else "ipprefix"]))
    found: Addresses | None = None
    if kind in ("ipmask", "interface-subnet", "ipprefix") and family == 4:
        words = settings.get("subnet", [UNSPECIFIED, UNSPECIFIED])
        # The subnet of an interface without an address is none that is known, and not every address.
        found = None if kind == "interface-subnet" and words[:1] == [UNSPECIFIED] else _masked(words)
    elif kind == "ipprefix":
        found = network(" ".join(settings.get("ip6", ["::/0"])))
    elif kind == "iprange":
        found = between(*(" ".join(settings.get(key, [])) for key in ("start-ip", "end-ip")))
    elif kind == "fqdn" and settings.get("fqdn"):
        found = named(settings["fqdn"][0], (family,))
    return found or vague(f"address {name} ({kind})", (family,))


def _masked(words: Sequence[str]) -> Addresses | None:
    return network(*words[:2]) if len(words) in (1, 2) else None


def name_addresses(domain: Domain, family: int, count: Count) -> Names[Addresses]:
    """The addresses and groups of a family; in all of them the other family is empty."""
    suffix = "" if family == 4 else "6"
    plain = {name: network(*words) or NOBODY for name, words in _PREDEFINED[family].items()}
    for name, settings in domain.section(f"firewall address{suffix}").items():
        plain[name] = _address(name, settings, family)
    groups = domain.section(f"firewall addrgrp{suffix}")
    members = {name: tuple(one.get("member", [])) for name, one in groups.items() if not is_set(one, "exclude")}

    def unknown(text: str) -> Addresses:
        return vague(text, (family,))

    def make(plain: dict[str, Addresses], groups: dict[str, tuple[str, ...]]) -> Names[Addresses]:
        return Names(kind="address", plain=plain, groups=groups, unite=unite_all, unknown=unknown, count=count)

    excluding = {name: one for name, one in groups.items() if is_set(one, "exclude")}
    # Such a group is in no other one, so all that it needs is known without it.
    without = make({name: one for name, one in plain.items() if name not in groups}, members)
    for name, one in excluding.items():
        kept, taken = (without.get_all(one.get(key, [])) for key in ("member", "exclude-member"))
        plain[name] = {side: kept[side].minus(taken[side]) for side in kept}
    return make({name: one for name, one in plain.items() if name not in members}, members)


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualAddress:
    """A virtual IP: what goes to `seen` at an interface goes on to `real`."""

    name: str
    seen: Addresses
    real: Addresses
    door: Sides | None
    protocol: int | None
    """Of a forwarded port; None where all ports are."""
    seen_ports: Spans
    real_ports: Spans
    obscure: tuple[str, ...]

    def services(self, wanted: Services) -> Services:
        """What is admitted to the address that is seen, where a policy admits `wanted`, said of the real one."""
        if self.protocol is None:
            return wanted
        text = f"vip {self.name} (portforward)"
        here = of_ports(self.protocol, self.seen_ports)
        parts = [one for one in wanted.clear if self.protocol in one.protocols]
        whole = Spans.of(span for one in parts if one.source_ports == PORTS for span in one.ports)
        if whole.covers(self.real_ports):
            return Services(clear=(here,))
        if wanted.vague or any(one.ports & self.real_ports for one in parts):
            if self.seen_ports == self.real_ports:
                clear = [replace(one, protocols=here.protocols, ports=one.ports & self.real_ports) for one in parts]
                return Services(
                    clear=tuple(one for one in clear if one.ports), vague=tuple((why, here) for why, _ in wanted.vague)
                )
            return unknown_service(text, here)
        return Services()


def _virtual(name: str, settings: Settings, family: int) -> VirtualAddress | None:
    """What an entry of “firewall vip” or “vip6” does; None for one that is switched off."""
    if settings.get("status") == ["disable"]:
        return None
    kind = " ".join(settings.get("type", []))
    obscure = [] if kind in _PLAIN_VIPS else [f"vip {name} ({kind})"]
    obscure += [f"vip {name} ({key})" for key in _NARROW_VIPS if is_set(settings, key)]
    seen = _one_or_several(settings.get("extip", []), family)
    real = _one_or_several(settings.get("mappedip", []), family)
    protocol, ends = None, (PORTS, PORTS)
    if is_set(settings, "portforward"):
        protocol = _PROTOCOLS.get(" ".join(settings.get("protocol", ["tcp"])), 0)
        there = port_range(" ".join(settings.get("extport", ["0"])))
        here = port_range(" ".join(settings.get("mappedport", settings.get("extport", ["0"]))))
        if not protocol or there is None or here is None:
            obscure.append(f"vip {name} (portforward)")
            protocol = None
        else:
            start = here.spans[0][0]
            ends = there, Spans(((start, start + there.size - 1),))
    door = " ".join(settings.get("extintf", ["any"]))
    return VirtualAddress(
        name=name,
        seen=seen or vague(f"vip {name} (extip)", (family,)),
        real=real or vague(f"vip {name} (mappedip)", (family,)),
        door=None if door in ("any", "") else Sides(names=frozenset({door})),
        protocol=protocol,
        seen_ports=ends[0],
        real_ports=ends[1],
        obscure=tuple(obscure),
    )


def _one_or_several(texts: Sequence[str], family: int) -> Addresses | None:
    """“192.0.2.1”, “192.0.2.1-192.0.2.9”, or several of them; None where one is none, or of the other family."""
    found: list[Addresses] = []
    for text in texts:
        first, dash, last = text.partition("-")
        one = between(first, last if dash else first)
        if one is None or not one[family].spans:
            return None
        found.append(one)
    return unite_all(found) if found else None


def name_virtual(domain: Domain, family: int, count: Count) -> Names[tuple[VirtualAddress, ...]]:
    """The virtual IPs of a family, and their groups."""
    suffix = "" if family == 4 else "6"
    plain: dict[str, tuple[VirtualAddress, ...]] = {}
    for name, settings in domain.section(f"firewall vip{suffix}").items():
        one = _virtual(name, settings, family)
        plain[name] = () if one is None else (one,)
    groups = domain.section(f"firewall vipgrp{suffix}")
    return Names(
        kind="vip",
        plain={name: one for name, one in plain.items() if name not in groups},
        groups={name: tuple(one.get("member", [])) for name, one in groups.items()},
        unite=lambda several: tuple({one.name: one for found in several for one in found}.values()),
        unknown=lambda text: (_missing(text, family),),
        count=count,
    )


def _missing(text: str, family: int) -> VirtualAddress:
    """One that isn't there."""
    everywhere = vague(text, (family,))
    return VirtualAddress(
        name=text, seen=everywhere, real=NOBODY, door=None, protocol=None, seen_ports=PORTS, real_ports=PORTS,
        obscure=(text,),
    )  # fmt: skip


def all_seen(names: Names[tuple[VirtualAddress, ...]], domain: Domain, family: int) -> Spans:
    """Every address of a family that a virtual IP stands at."""
    suffix = "" if family == 4 else "6"
    found = [one for name in domain.section(f"firewall vip{suffix}") for one in names.get(name)]
    return Spans.of(span for one in found for span in one.seen[family].spans) if found else NOTHING


def list_translations(domain: Domain, zones: Mapping[str, Collection[str]], count: Count) -> Iterator[Translation]:
    """What becomes of the destinations of packets, by virtual IPs; `zones`: zone -> its interfaces."""
    for family in (4, 6):
        names = name_virtual(domain, family, count)
        suffix = "" if family == 4 else "6"
        for own in domain.section(f"firewall vip{suffix}"):
            for one in names.get(own):
                seen, real = one.seen[family], one.real[family]
                doors = one.door.names if one.door else frozenset()
                around = {zone for zone, members in zones.items() if doors & set(members)}
                within = {member for door in doors for member in zones.get(door, ())}
                alike = len(seen.spans.spans) == len(real.spans.spans) == 1 and seen.spans.size == real.spans.size
                yield Translation(
                    name=f"vip {one.name}",
                    enters=Sides(names=doors | around | within) if doors else None,
                    family=family,
                    seen=seen.spans,
                    real=real.spans,
                    protocol=one.protocol,
                    seen_ports=one.seen_ports,
                    real_ports=one.real_ports,
                    is_clear=alike and not one.obscure and not seen.vague and not real.vague,
                )
