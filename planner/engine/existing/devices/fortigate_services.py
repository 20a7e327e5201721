"""The services of a FortiGate: those that it has from the factory, and those of a configuration. Pure.

Facts: FortiOS CLI Reference, “config firewall service custom” and “config firewall service group”, and the services
that a device with factory settings lists there. Where a configuration has a service of the same name, that counts.
"""

from collections.abc import Mapping

from planner.engine.existing.devices.fortigate_text import Domain, Settings
from planner.engine.existing.parts.addresses import UNSPECIFIED
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.groups import Names
from planner.engine.existing.parts.services import (
    EVERY_SERVICE,
    ICMP,
    ICMP6,
    SCTP,
    TCP,
    UDP,
    Service,
    Services,
    number_within,
    of_icmp,
    of_ports,
    of_protocol,
    port_ranges,
    unite_services,
    unknown_service,
)

_PREDEFINED = {
    "AFS3": "tcp 7000-7009 udp 7000-7009", "AH": "ip 51", "ALL": "ip 0", "ALL_ICMP": "icmp", "ALL_ICMP6": "icmp6",
    "ALL_TCP": "tcp 1-65535", "ALL_UDP": "udp 1-65535", "AOL": "tcp 5190-5194", "BGP": "tcp 179",
    "CVSPSERVER": "tcp 2401 udp 2401", "DCE-RPC": "tcp 135 udp 135", "DHCP": "udp 67-68", "DHCP6": "udp 546-547",
    "DNS": "tcp 53 udp 53", "ESP": "ip 50", "FINGER": "tcp 79", "FTP": "tcp 21", "FTP_GET": "tcp 21",
    "FTP_PUT": "tcp 21", "GOPHER": "tcp 70", "GRE": "ip 47", "H323": "tcp 1503 tcp 1720 udp 1719", "HTTP": "tcp 80",
    "HTTPS": "tcp 443", "IKE": "udp 500 udp 4500", "IMAP": "tcp 143", "IMAPS": "tcp 993", "INFO_ADDRESS": "icmp 17",
    "INFO_REQUEST": "icmp 15", "IRC": "tcp 6660-6669", "Internet-Locator-Service": "tcp 389",
    "KERBEROS": "tcp 88 tcp 464 udp 88 udp 464", "L2TP": "tcp 1701 udp 1701", "LDAP": "tcp 389",
    "LDAP_UDP": "udp 389", "MGCP": "udp 2427 udp 2727", "MMS": "tcp 1755 udp 1024-5000",
    "MS-SQL": "tcp 1433-1434", "MYSQL": "tcp 3306", "NFS": "tcp 111 tcp 2049 udp 111 udp 2049", "NNTP": "tcp 119",
    "NONE": "tcp 0", "NTP": "tcp 123 udp 123", "NetMeeting": "tcp 1720", "ONC-RPC": "tcp 111 udp 111",
    "OSPF": "ip 89", "PC-Anywhere": "tcp 5631 udp 5632", "PING": "icmp 8", "PING6": "icmp6 128", "POP3": "tcp 110",
    "POP3S": "tcp 995", "PPTP": "tcp 1723", "QUAKE": "udp 26000 udp 27000 udp 27910 udp 27960",
    "RADIUS": "udp 1812-1813", "RADIUS-OLD": "udp 1645-1646", "RAUDIO": "udp 7070", "RDP": "tcp 3389",
    "REXEC": "tcp 512", "RIP": "udp 520", "RLOGIN": "tcp 513:512-1023", "RSH": "tcp 514:512-1023",
    "RTSP": "tcp 554 tcp 7070 tcp 8554 udp 554", "SAMBA": "tcp 139", "SCCP": "tcp 2000", "SIP": "tcp 5060 udp 5060",
    "SIP-MSNmessenger": "tcp 1863", "SMB": "tcp 445", "SMTP": "tcp 25", "SMTPS": "tcp 465",
    "SNMP": "tcp 161-162 udp 161-162", "SOCKS": "tcp 1080 udp 1080", "SQUID": "tcp 3128", "SSH": "tcp 22",
    "SYSLOG": "udp 514", "TALK": "udp 517-518", "TELNET": "tcp 23", "TFTP": "udp 69", "TIMESTAMP": "icmp 13",
    "TRACEROUTE": "udp 33434-33535", "UUCP": "tcp 540", "VDOLIVE": "tcp 7000-7010", "VNC": "tcp 5900",
    "WAIS": "tcp 210", "WINFRAME": "tcp 1494 tcp 2598", "WINS": "tcp 1512 udp 1512", "X-WINDOWS": "tcp 6000-6063",
}  # fmt: skip
"""Name -> pairs of protocol and ports (with those of the source after a colon), number or type."""
_GROUPS = {
    "Email Access": ("DNS", "IMAP", "IMAPS", "POP3", "POP3S", "SMTP", "SMTPS"),
    "Exchange Server": ("DCE-RPC", "DNS", "HTTPS"),
    "Web Access": ("DNS", "HTTP", "HTTPS"),
    "Windows AD": ("DCE-RPC", "DNS", "KERBEROS", "LDAP", "LDAP_UDP", "SAMBA", "SMB"),
}
_PORTS = {"tcp": TCP, "udp": UDP, "sctp": SCTP}
_BESIDES = ("app-category", "application", "fqdn")
"""Settings of a service that say more than protocol and ports."""


def _pairs(protocol: int, texts: list[str]) -> list[Service] | None:
    """Ports as “80-90:1024-65535 443”: of the destination, then of the source; None where one of them is none."""
    plain = [text for text in texts if ":" not in text]
    ports = port_ranges(plain)
    if ports is None:
        return None
    found = [of_ports(protocol, ports)] if plain else []
    for text in texts:
        if ":" in text:
            here, _, there = text.partition(":")
            both = port_ranges([here]), port_ranges([there])
            if both[0] is None or both[1] is None:
                return None
            found.append(of_ports(protocol, both[0], both[1]))
    return found


def _predefined(text: str) -> Services:
    words = text.split()
    found: list[Service] = []
    for protocol, value in zip(words[::2], words[1::2] or [""], strict=True):
        if protocol in _PORTS:
            found += _pairs(_PORTS[protocol], [value]) or ()
        elif protocol == "ip":
            found.append(of_protocol(int(value)) if value != "0" else EVERY_SERVICE)
        else:
            found.append(of_icmp(int(value) if value else None, protocol=ICMP if protocol == "icmp" else ICMP6))
    return Services(clear=tuple(found))


PREDEFINED: Mapping[str, Services] = {name: _predefined(text) for name, text in _PREDEFINED.items()}


def _custom(name: str, settings: Settings) -> Services:
    """What an entry of “firewall service custom” stands for."""
    found = _understand(settings)
    why = [key for key in _BESIDES if settings.get(key, [""])[0] not in ("", "0")]
    if settings.get("iprange", [UNSPECIFIED])[0] not in ("", UNSPECIFIED):
        why.append("iprange")
    if found is None or settings.get("app-service-type", ["disable"])[0] != "disable":
        return unknown_service(f"service {name}")
    if why:
        return Services(vague=tuple((f"service {name} ({', '.join(why)})", one) for one in found))
    return Services(clear=tuple(found))


def _understand(settings: Settings) -> list[Service] | None:
    """Protocols and ports of a service; None where one of them isn't understood."""
    protocol = " ".join(settings.get("protocol", ["TCP/UDP/SCTP"]))
    if protocol in ("ICMP", "ICMP6"):
        kind, code = (_number(settings, key, 255) for key in ("icmptype", "icmpcode"))
        if kind == -1 or code == -1:
            return None
        return [of_icmp(kind, code, protocol=ICMP if protocol == "ICMP" else ICMP6)]
    if protocol == "IP":
        number = _number(settings, "protocol-number", 255)
        return None if number == -1 else [of_protocol(number) if number else EVERY_SERVICE]
    if not protocol.startswith("TCP/UDP"):
        return None
    found: list[Service] = []
    for key, values in settings.items():
        if key.endswith("-portrange"):
            several = _pairs(_PORTS[key[:-10]], values) if key[:-10] in _PORTS else None
            if several is None and values:
                return None
            found += several or ()
    return found


def _number(settings: Settings, key: str, most: int) -> int | None:
    """A number that is set; None where none is, -1 where it is none."""
    text = " ".join(settings.get(key, []))
    found = number_within(text, most)
    return None if not text else -1 if found is None else found


def name_services(domain: Domain, count: Count) -> Names[Services]:
    """The services and groups of services of a virtual domain, with those from the factory that it doesn't change."""
    own = {name: _custom(name, settings) for name, settings in domain.section("firewall service custom").items()}
    groups = {name: tuple(one.get("member", [])) for name, one in domain.section("firewall service group").items()}
    plain = {name: services for name, services in {**PREDEFINED, **own}.items() if name not in groups}
    return Names(
        kind="service",
        plain=plain,
        groups={**{name: one for name, one in _GROUPS.items() if name not in own}, **groups},
        unite=unite_services,
        unknown=unknown_service,
        count=count,
    )
