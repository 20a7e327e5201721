"""FortiGate: a backup, or what `show full-configuration` prints. Pure.

Syntax and meaning: FortiOS CLI Reference, “config firewall policy”, “config system zone”, “config firewall schedule
recurring”; Administration Guide, “Virtual domains”, “Virtual IPs”, “Central DNAT”, “Policies”. Policies are taken in
their order, and what none of them names is dropped. A security profile looks into what a policy admits and makes
nothing of it unclear.

Policies of a virtual domain are for packets between its own interfaces. What goes from one domain to another passes
both, which isn't followed: such packets are unknown.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from planner.engine.existing.devices.fortigate_addresses import (
    VirtualAddress,
    all_seen,
    has_central_nat,
    is_set,
    list_translations,
    name_addresses,
    name_virtual,
)
from planner.engine.existing.devices.fortigate_services import name_services
from planner.engine.existing.devices.fortigate_text import Domain, Settings, read_domains
from planner.engine.existing.model import Entry, Ruleset, Sides, Stage, Translation, Unreadable, Verdict
from planner.engine.existing.parts.addresses import (
    ANYBODY,
    NOBODY,
    UNSPECIFIED,
    Addresses,
    Reach,
    once,
    parse_network,
    vague,
)
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.routes import behind
from planner.engine.existing.parts.services import ANYTHING, Services, every_service_but, unknown_service
from planner.engine.existing.parts.translations import translate
from planner.engine.spans import NOTHING, Spans

_MATCHED = {
    "action", "dstaddr", "dstaddr-negate", "dstaddr4", "dstaddr6", "dstaddr6-negate", "dstintf", "interface",
    "internet-service", "internet-service-src", "internet-service6", "internet-service6-src", "match-vip", "schedule",
    "service", "service-negate", "srcaddr", "srcaddr-negate", "srcaddr4", "srcaddr6", "srcaddr6-negate", "srcintf",
    "status",
}  # fmt: skip
"""Settings of a policy that are read."""
_HARMLESS = {
    "action-type", "anti-replay", "auth-cert", "auth-path", "auth-redirect-addr", "auto-asic-offload",
    "block-notification", "capture-packet", "captive-portal-exempt", "comment", "comments", "custom-log-fields",
    "decrypted-traffic-mirror", "deep-inspection-options", "delay-tcp-npu-session", "diffserv-copy",
    "diffserv-forward", "diffserv-reverse", "diffservcode-forward", "diffservcode-rev", "dlp-sensor", "dsri",
    "dynamic-shaping", "fec", "firewall-session-dirty", "fixedport", "fsso", "fsso-agent-for-ntlm",
    "geoip-anycast", "geoip-match", "global-label", "inbound", "inspection-mode", "ippool", "ips-sensor",
    "ips-voip-filter", "label", "log-http-transaction", "logtraffic", "logtraffic-start", "name",
    "nat", "natinbound", "natip", "natoutbound", "np-acceleration", "ntlm-enabled-browsers",
    "outbound", "passive-wan-health-measurement", "pcp-outbound", "pcp-poolname", "per-ip-shaper",
    "permit-any-host", "permit-stun-host", "policyid", "poolname", "poolname6", "port-preserve", "profile-group",
    "profile-protocol-options", "profile-type", "redirect-url", "replacemsg-override-group",
    "reputation-direction", "reputation-direction6", "rsso", "rtp-addr", "scan-botnet-connections",
    "schedule-timeout", "send-deny-packet", "session-ttl", "ssl-mirror", "ssl-mirror-intf", "tcp-mss-receiver",
    "tcp-mss-sender", "tcp-session-without-syn", "tcp-timeout-pid", "timeout-send-rst", "tos",
    "traffic-shaper", "traffic-shaper-reverse", "udp-timeout-pid", "utm-status", "uuid", "vlan-cos-fwd", "vpntunnel",
    "vlan-cos-rev", "wanopt", "wanopt-detection", "wanopt-passive-opt", "wanopt-peer", "wanopt-profile", "webcache",
    "webcache-https", "webproxy-forward-server", "wsso", "ztna-tags-match-logic",
}  # fmt: skip
"""Settings that say nothing about which packets a policy is for: logging, addresses of the source after translation,
speed, profiles that look into what is admitted."""
_INSPECTS = ("-profile", "-list", "-options")
"""Ends of the names of profiles that look into what is admitted."""
_NAMED = ("groups", "users", "fsso-groups", "devices", "application", "app-category", "app-group", "url-category")
"""Settings whose values say which part of the packets is meant."""
_WEEK = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
MOST_DOMAINS = 1_000
"""Most virtual domains; each has objects of its own, and no device has half as many."""
_VERDICTS: Mapping[str, Verdict] = {"accept": "accept", "allow": "accept", "deny": "drop"}


def read(text: str) -> Ruleset:
    """What the configuration of a FortiGate admits. Raises Unreadable for what is none or has too much."""
    found = read_domains(text)
    top = found.pop("")
    domains = {"": top} if not found else {name: one for name, one in found.items() if one.sections}
    count = Count()
    if len(domains) > MOST_DOMAINS:
        raise Unreadable(
            f"The configuration has {len(domains):,} virtual domains; at most {MOST_DOMAINS:,} are read. Take those "
            "that stand between the zones of the plan."
        )
    homes = _homes(top)
    several = len(domains) > 1
    own: dict[str, set[str]] = {name: set() for name in domains}
    for interface, home in homes.items():
        own.setdefault(home, set()).add(interface)
    devices = [_Device(name, domain, own[name] if several else None, count) for name, domain in domains.items()]
    lost = [f"vdom {device.name}, whose interfaces aren't there" for device in devices if device.own == set()]
    entries = [entry for device in devices for entry in device.entries()]
    if several:
        entries += [entry for device in devices for entry in device.passing()]
    sides = {name for entry in entries for side in (entry.enters, entry.leaves) if side for name in side.names}
    sides |= homes.keys()
    members: dict[str, set[str]] = defaultdict(set)
    for device in devices:
        for zone, names in device.zones.items():
            members[zone] |= names
    sides |= members.keys()
    default = "implicit deny (policy 0)"
    stage = Stage(name="firewall policy", entries=tuple(entries), default="drop", default_name=default)
    return Ruleset(
        format="fortigate", stages=(stage,), chains={}, sides=frozenset(sides), addresses=_behind(top, devices),
        translations=tuple(one for device in devices for one in device.translations()), obscure=tuple(lost),
        members=members,
    )  # fmt: skip


def _homes(top: Domain) -> dict[str, str]:
    """Interface -> the virtual domain that it belongs to."""
    return {name: " ".join(one.get("vdom", [])) for name, one in top.section("system interface").items()}


def _behind(top: Domain, devices: "Sequence[_Device]") -> Mapping[str, Spans]:
    """The IPv4 addresses behind each interface, and behind the zone that it is in."""
    routes: list[tuple[str, int, int]] = []
    for name, one in top.section("system interface").items():
        words = one.get("ip", [])
        found = parse_network(*words) if len(words) == 2 and words[1] != UNSPECIFIED else None
        if found:
            routes.append((name, *found[1:]))
    for device in devices:
        for one in device.domain.section("router static").values():
            found = parse_network(*one.get("dst", [UNSPECIFIED, UNSPECIFIED])[:2])
            if found and one.get("device") and one.get("status") != ["disable"]:
                routes.append((one["device"][0], *found[1:]))
    spans = dict(behind(routes))
    for device in devices:
        for zone, members in device.zones.items():
            if within := Spans.of(span for member in members for span in spans.get(member, NOTHING)):
                spans[zone] = within
    return spans


@dataclass(slots=True)
class _Device:
    """One virtual domain, or the whole of a device without any."""

    name: str
    domain: Domain
    own: set[str] | None
    """Its interfaces; None where it is the only domain."""
    count: Count

    @property
    def zones(self) -> dict[str, set[str]]:
        """Zone -> its interfaces, of “system zone” and of SD-WAN."""
        zones = {name: set(one.get("interface", [])) for name, one in self.domain.section("system zone").items()}
        for section in ("system sdwan", "system virtual-wan-link"):
            for member in self.domain.section(f"{section} members").values():
                zone = " ".join(member.get("zone", ["virtual-wan-link"]))
                zones.setdefault(zone, set()).update(member.get("interface", []))
        return zones

    def passing(self) -> Iterator[Entry]:
        """What comes in here and leaves by another domain: it may be admitted by both."""
        sides = frozenset({*(self.own or ()), *self.zones})
        yield Entry(
            name=f"vdom {self.name}", verdict="obscure", enters=Sides(names=sides),
            leaves=Sides(names=sides, negated=True), obscure=("the way from one virtual domain to another",),
        )  # fmt: skip

    def translations(self) -> Iterator[Translation]:
        """Its virtual IPs, for what comes in here."""
        sides = Sides(names=frozenset(self.own | self.zones.keys())) if self.own else None
        for one in list_translations(self.domain, self.zones, self.count):
            yield replace(one, enters=one.enters or sides)

    def entries(self) -> Iterator[Entry]:
        """Its policies in their order, then what goes from a zone to itself."""
        maker = _Maker(self)
        central = [one for one in self.translations() if one.family == 4] if has_central_nat(self.domain) else ()
        for section, families in _SECTIONS.items():
            several = self.domain.section(section).items()
            made = (entry for number, one in several for entry in maker.make(section, number, one, families))
            # Lists come before a translation. What is sent to a real address itself meets policies as it is.
            yield from made if section in _LISTS else translate(made, central, self.count, passes=True)
        zones = self.zones
        for name, one in self.domain.section("system zone").items():
            if one.get("intrazone") == ["allow"]:
                within = Sides(names=frozenset({name, *zones[name]}))
                yield Entry(name=f'zone "{name}" intrazone allow', verdict="accept", enters=within, leaves=within)


_SECTIONS = {
    "firewall acl": (4,), "firewall acl6": (6,), "firewall policy": (4, 6), "firewall consolidated policy": (4, 6),
    "firewall policy6": (6,),
}  # fmt: skip
"""Section -> the families that its addresses are of, where their settings have no ending. In the order that packets
go through them."""
_LISTS = ("firewall acl", "firewall acl6")
"""Those of them that refuse before anything else looks at a packet."""


class _Maker:
    """Makes entries of the policies of one virtual domain."""

    def __init__(self, device: _Device) -> None:
        domain, count = device.domain, device.count
        self._device = device
        self._zones = device.zones
        self._count = count
        self._addresses = {family: name_addresses(domain, family, count) for family in (4, 6)}
        self._virtual = {family: name_virtual(domain, family, count) for family in (4, 6)}
        self._vips = {
            4: {*domain.section("firewall vip"), *domain.section("firewall vipgrp")},
            6: {*domain.section("firewall vip6"), *domain.section("firewall vipgrp6")},
        }
        self._seen = {family: all_seen(self._virtual[family], domain, family) for family in (4, 6)}
        if has_central_nat(domain):
            self._vips[4], self._seen[4] = set(), NOTHING
        self._services = name_services(domain, count)
        mode = domain.settings("system settings")
        self._modes = ("ngfw-mode policy-based",) if mode.get("ngfw-mode") == ["policy-based"] else ()

    def make(self, section: str, number: str, settings: Settings, families: tuple[int, ...]) -> Iterator[Entry]:
        """The entries of one policy; none where it is switched off or its schedule never comes."""
        schedule = self._schedule(" ".join(settings.get("schedule", ["always"])))
        if settings.get("status") == ["disable"] or schedule is None:
            return
        is_list = section in _LISTS
        verdict = "drop" if is_list else _VERDICTS.get(" ".join(settings.get("action", ["deny"])), "obscure")
        obscure = [*schedule, *self._modes, *_unclear(settings)]
        if verdict == "obscure":
            obscure.append(f"action {' '.join(settings['action'])}")
        services = self._wanted(settings)
        sources = self._side(settings, "src", families)
        destinations = self._side(settings, "dst", families)
        common = {
            "name": self._say(section, number, settings),
            "verdict": verdict,
            "sources": sources,
            "leaves": self._sides(settings.get("dstintf", ["any"])),
            "obscure": obscure,
            "comment": " ".join(settings.get("comments", [])),
        }
        enters = self._sides(settings.get("interface" if is_list else "srcintf", ["any"]))
        plain, met = self._carve(settings, verdict, destinations)
        for part, why in ((plain, ()), (met, ("a virtual IP at that address",))):
            if part is NOBODY:
                continue
            kept = {**common, "obscure": (*obscure, *why)}
            yield from make_entries(self._count, destinations=part, services=services, enters=enters, **kept)  # type: ignore[arg-type]
        for several in self._published(settings, families):
            for one in several:
                yield from self._publish(one, services, enters, common)

    def _say(self, section: str, number: str, settings: Settings) -> str:
        word = {"firewall acl": "acl", "firewall acl6": "acl6", "firewall policy6": "policy6"}.get(section, "policy")
        name = " ".join(settings.get("name", []))
        domain = f"vdom {self._device.name} " if self._device.own is not None else ""
        return f"{domain}{word} {number}" + (f' "{name}"' if name else "")

    def _schedule(self, name: str) -> tuple[str, ...] | None:
        """What isn't understood of a schedule: nothing where it is always; None where it never comes."""
        one = self._device.domain.section("firewall schedule recurring").get(name)
        if one is None:
            return () if name == "always" else None if name == "none" else (f"schedule {name}",)
        days = set(one.get("day", ["none"]))
        if days == {"none"}:
            return None
        times = [" ".join(one.get(key, ["00:00"])) for key in ("start", "end")]
        return () if days >= _WEEK and times == ["00:00", "00:00"] else (f"schedule {name}",)

    def _sides(self, names: Sequence[str]) -> Sides | None:
        """Interfaces and zones, zones with their interfaces; None for any."""
        if "any" in names:
            if not self._device.own:
                return None
            return Sides(names=frozenset({*self._device.own, *self._zones}))
        within = {one for name in names for one in self._zones.get(name, ())}
        return Sides(names=frozenset({*names, *within}))

    def _wanted(self, settings: Settings) -> Services:
        """The services of a policy. An internet service brings its own, whatever is said of others."""
        if is_set(settings, "internet-service") or is_set(settings, "internet-service6"):
            return ANYTHING
        names = settings.get("service", [])
        if not names:
            return unknown_service("no service")
        services = self._services.get_all(names)
        return every_service_but(services, "service-negate") if is_set(settings, "service-negate") else services

    def _names(self, settings: Settings, key: str, family: int, families: tuple[int, ...]) -> list[str]:
        """The names of addresses of a family that a policy has on a side."""
        if families != (4, 6):
            return settings.get(key, []) if family in families else []
        return settings.get(f"{key}6" if family == 6 else key, settings.get(f"{key}4", []) if family == 4 else [])

    def _side(self, settings: Settings, word: str, families: tuple[int, ...]) -> Addresses:
        """The addresses of a side that aren't virtual."""
        key, found = f"{word}addr", dict(NOBODY)
        suffix = "-src" if word == "src" else ""
        services = {4: f"internet-service{suffix}", 6: f"internet-service6{suffix}"}
        asked = [one for one in services.values() if is_set(settings, one)]
        for family, service in services.items():
            names = self._names(settings, key, family, families)
            if service in asked or (asked and names and word == "dst"):
                # Of a destination it brings the services, too, so what stands beside it is unclear.
                said = settings.get(f"{service}-name") or settings.get(f"{service}-id") or []
                found[family] = vague(" ".join((service, *said)))[family]
            elif names:
                found[family] = self._plain(settings, key, family, families, names)
        if not any(one.parts for one in found.values()) and not self._published(settings, families, word):
            return vague(f"no {key}", families)
        return found

    def _plain(
        self, settings: Settings, key: str, family: int, families: tuple[int, ...], names: Sequence[str]
    ) -> Reach:
        """What the names of one family stand for that aren't virtual IPs, or every other address."""
        plain = [name for name in names if key == "srcaddr" or name not in self._vips[family]]
        said = settings.get(f"{key}-negate", ["disable"]), settings.get(f"{key}6-negate")
        if family == 6 and families == (4, 6) and said == (["enable"], None):
            # In FortiOS 6.4 it is for both families, later each has its own.
            return vague(f"{key}-negate")[6]
        reach = self._addresses[family].get_all(plain)[family]
        if (said[0] if family == 4 or families == (6,) else said[1]) != ["enable"]:
            return reach
        if len(plain) < len(names):
            return vague(f"{key}-negate of a virtual IP")[family]
        return ANYBODY[family].minus(reach)

    def _carve(self, settings: Settings, verdict: str, to: Addresses) -> tuple[Addresses, Addresses]:
        """The destinations without those where a virtual IP stands, and these, about which a plain one is unclear.

        A denial is for them too with match-vip, and isn't without; which of both it is where nothing is said depends
        on the release.
        """
        said = settings.get("match-vip")
        if verdict == "drop" and said == ["enable"]:
            return to, NOBODY
        if not any(to[family].spans & self._seen[family] for family in to):
            return to, NOBODY
        plain = {family: replace(to[family], spans=to[family].spans - self._seen[family]) for family in to}
        if verdict == "drop" and said == ["disable"]:
            return plain, NOBODY
        met = {family: replace(to[family], spans=to[family].spans & self._seen[family], names=frozenset(), vague=())
               for family in to}  # fmt: skip
        return plain, met

    def _published(
        self, settings: Settings, families: tuple[int, ...], word: str = "dst"
    ) -> list[tuple[VirtualAddress, ...]]:
        """What stands for each virtual IP, and each group of them, among a policy's destinations."""
        if word == "src" or is_set(settings, "dstaddr-negate") or is_set(settings, "dstaddr6-negate"):
            return []
        return [
            self._virtual[family].get(name)
            for family in (4, 6)
            for name in self._names(settings, "dstaddr", family, families)
            if name in self._vips[family]
        ]

    def _publish(
        self, one: VirtualAddress, services: Services, enters: Sides | None, common: Mapping[str, object]
    ) -> Iterator[Entry]:
        """The entries of a policy to a virtual IP: to the address that others see, and for those who name its own."""
        obscure = once((*common["obscure"], *one.obscure))  # type: ignore[misc]
        if one.door is not None and enters is not None and not one.door.names <= enters.names:
            obscure = (*obscure, f"vip {one.name} (extintf)")
        elif one.door is not None:
            enters = one.door if enters is None else enters
        kept = {**common, "obscure": obscure}
        wanted = one.services(services)
        yield from make_entries(self._count, destinations=one.seen, services=wanted, enters=enters, **kept)  # type: ignore[arg-type]
        kept["obscure"] = (*obscure, f"vip {one.name}, which others see at another address")
        yield from make_entries(self._count, destinations=one.real, services=services, enters=enters, **kept)  # type: ignore[arg-type]


def _unclear(settings: Settings) -> Iterator[str]:
    """What of a policy's settings says more about its packets than is understood."""
    for key, values in settings.items():
        if key in _MATCHED or key in _HARMLESS or key.endswith(_INSPECTS) or key.startswith("internet-service"):
            continue
        if is_set(settings, key) and not (key == "tos-mask" and set(values[0]) <= set("0x")):
            yield " ".join((key, *values)) if key in _NAMED else key
