"""The address books and applications of a Juniper SRX. Pure.

Facts: Junos OS CLI Reference, “address-book”, “applications”, and the applications that a device lists in the group
junos-defaults; those that are surely so are here, any other is told as one that isn't known.
"""

from collections.abc import Mapping, Sequence

from planner.engine.existing.devices.srx_tree import Tree, at, flatten, value
from planner.engine.existing.parts.addresses import (
    ANYBODY,
    Addresses,
    Reach,
    between,
    named,
    network,
    unite_all,
    vague,
)
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.groups import Names
from planner.engine.existing.parts.services import (
    ANYTHING,
    ICMP,
    ICMP6,
    PROTOCOL_NUMBERS,
    SCTP,
    TCP,
    UDP,
    Service,
    Services,
    number_within,
    of_icmp,
    of_ports,
    of_protocol,
    port_range,
    unite_services,
    unknown_service,
)
from planner.engine.spans import PORTS, Spans

_ANY = {
    "any": ANYBODY, "any-ipv4": {4: ANYBODY[4], 6: Reach()}, "any-ipv6": {4: Reach(), 6: ANYBODY[6]},
}  # fmt: skip
_DEFAULTS = {
    "bgp": "tcp 179", "dhcp-client": "udp 68", "dhcp-server": "udp 67", "dns-tcp": "tcp 53", "dns-udp": "udp 53",
    "finger": "tcp 79", "ftp": "tcp 21", "gopher": "tcp 70", "gre": "ip 47", "http": "tcp 80", "https": "tcp 443",
    "icmp-all": "icmp", "icmp-ping": "icmp 8", "icmp6-all": "icmp6", "icmp6-echo-request": "icmp6 128",
    "ident": "tcp 113", "ike": "udp 500", "ike-nat": "udp 4500", "imap": "tcp 143", "imaps": "tcp 993",
    "ldap": "tcp 389", "mail": "tcp 25", "ms-rpc-tcp": "tcp 135", "ms-rpc-udp": "udp 135", "ms-sql": "tcp 1433",
    "nbds": "udp 138", "nbname": "udp 137", "nntp": "tcp 119", "ntp": "udp 123", "ospf": "ip 89", "ping": "icmp 8",
    "pingv6": "icmp6 128", "pop3": "tcp 110", "pptp": "tcp 1723", "radius": "udp 1812", "radacct": "udp 1813",
    "rip": "udp 520", "rlogin": "tcp 513", "rsh": "tcp 514", "rtsp": "tcp 554", "smb-session": "tcp 445",
    "smtp": "tcp 25", "sql-monitor": "udp 1434", "ssh": "tcp 22", "syslog": "udp 514", "tacacs": "tcp 49",
    "tcp-any": "tcp 0-65535", "telnet": "tcp 23", "tftp": "udp 69", "udp-any": "udp 0-65535", "whois": "tcp 43",
}  # fmt: skip
"""Name without “junos-” -> protocol with ports, number or type."""
_GROUPS = {"junos-smb": ("junos-smb-session", "junos-netbios-session")}
_PORTED = {TCP, UDP, SCTP}
_PORTS = {
    "bgp": 179, "domain": 53, "ftp": 21, "ftp-data": 20, "http": 80, "https": 443, "imap": 143, "kerberos-sec": 88,
    "ldap": 389, "netbios-dgm": 138, "netbios-ns": 137, "netbios-ssn": 139, "nfsd": 2049, "ntp": 123, "pop3": 110,
    "pptp": 1723, "radacct": 1813, "radius": 1812, "smtp": 25, "snmp": 161, "snmptrap": 162, "socks": 1080,
    "ssh": 22, "sunrpc": 111, "syslog": 514, "tacacs": 49, "telnet": 23, "tftp": 69,
}  # fmt: skip
"""Names of ports: Junos OS CLI Reference, “destination-port”."""
_TYPES = {"echo-request": 8, "echo-reply": 0, "unreachable": 3, "time-exceeded": 11}
_HARMLESS = {"alg", "application-protocol", "description", "inactivity-timeout", "term"}


def _default(text: str) -> Services:
    protocol, _, said = text.partition(" ")
    if protocol in ("tcp", "udp"):
        return Services(clear=(of_ports(TCP if protocol == "tcp" else UDP, port_range(said) or PORTS),))
    if protocol == "ip":
        return Services(clear=(of_protocol(int(said)),))
    number = ICMP if protocol == "icmp" else ICMP6
    return Services(clear=(of_icmp(int(said) if said else None, protocol=number),))


_KNOWN: Mapping[str, Services] = {
    "any": ANYTHING,
    "junos-netbios-session": Services(clear=(of_ports(TCP, Spans.only(139)),)),
    **{f"junos-{name}": _default(text) for name, text in _DEFAULTS.items()},
}


def list_zones_with_books(tree: Tree) -> list[str]:
    """The zones that have an address book of their own (`security-zone … address-book`).

    Beside one there can be neither a global book nor one that is attached: a commit fails with “Zone specific address
    books are not allowed when there are global address books defined”.
    """
    zones = at(tree, "security", "zones", "security-zone")
    return [zone for zone, said in zones.items() if "address-book" in said]


class Books:
    """The address books: those of zones, and the global one."""

    def __init__(self, security: Tree, count: Count) -> None:
        """Take all of them; none of their sets is put together before it is asked for."""
        self._count = count
        self._books: dict[str, Tree] = dict(security.get("address-book", {}))
        self._of_zone: dict[str, str] = {}
        for name, book in self._books.items():
            for zone in at(book, "attach", "zone"):
                self._of_zone[zone] = name
        for zone, said in at(security, "zones", "security-zone").items():
            if "address-book" in said:
                self._of_zone[zone] = f"zone {zone}"
                self._books[f"zone {zone}"] = said["address-book"]
        self._names: dict[str, Names[Addresses]] = {}

    def addresses(self, zone: str, names: Sequence[str]) -> Addresses:
        """What the names in a policy stand for, by the book of a zone ("" for none) and the global one."""
        return unite_all([self._one(zone, name) for name in names])

    def _one(self, zone: str, name: str) -> Addresses:
        if name in _ANY:
            return _ANY[name]
        for book in (self._of_zone.get(zone), "global"):
            if book in self._books and (
                name in at(self._books[book], "address") or name in at(self._books[book], "address-set")
            ):
                return self._book(book).get(name)
        return vague(f"address {name}, which isn't there")

    def _book(self, name: str) -> Names[Addresses]:
        if name not in self._names:
            book = self._books[name]
            plain = {one: _address(one, said) for one, said in at(book, "address").items()}
            sets = {
                one: [*at(said, "address"), *at(said, "address-set")]
                for one, said in at(book, "address-set").items()
                if one not in plain
            }
            self._names[name] = Names(
                kind="address", plain=plain, groups=sets, unite=unite_all, unknown=vague, count=self._count
            )
        return self._names[name]


def _address(name: str, said: Tree) -> Addresses:
    """“10.0.0.0/8”, “dns-name NAME ipv4-only”, “range-address A to B”."""
    if dns := value(said, "dns-name"):
        only = at(said, "dns-name", dns)
        families = (4,) if "ipv4-only" in only else (6,) if "ipv6-only" in only else (4, 6)
        return named(dns, families)
    found: Addresses | None = None
    if first := value(said, "range-address"):
        found = between(first, value(said, "range-address", first, "to"))
    else:
        plain = [word for word in said if word not in ("description", "wildcard-address")]
        found = network(plain[0]) if len(plain) == 1 else None
    return found or vague(f"address {name} ({next(iter(said), 'empty')})")


def name_applications(tree: Tree, count: Count) -> Names[Services]:
    """The applications of a configuration, and those that a device has by itself."""
    own = {name: _application(name, said) for name, said in at(tree, "applications", "application").items()}
    sets = {
        name: [*at(said, "application"), *at(said, "application-set")]
        for name, said in at(tree, "applications", "application-set").items()
        if name not in own
    }
    plain = {name: one for name, one in {**_KNOWN, **own}.items() if name not in sets}
    return Names(
        kind="application", plain=plain, groups={**_GROUPS, **sets}, unite=unite_services, unknown=unknown_service,
        count=count,
    )  # fmt: skip


def _application(name: str, said: Tree) -> Services:
    terms = list(at(said, "term").values())
    if said.keys() - _HARMLESS:
        terms.append({key: below for key, below in said.items() if key != "term"})
    found = [_term(one) for one in terms]
    if not found or None in found:
        return unknown_service(f"application {name}")
    return Services(clear=tuple(one for one in found if one))


def _term(said: Tree) -> Service | None:
    """One protocol with its ports or types; None for what isn't understood."""
    known = {"protocol", "destination-port", "source-port", "icmp-type", "icmp-code", "icmp6-type", "icmp6-code"}
    said = {key: below for key, below in flatten(said).items() if key not in _HARMLESS}
    word = value(said, "protocol")
    protocol = PROTOCOL_NUMBERS.get(word, number_within(word, 255))
    if said.keys() - known or protocol is None or any(len(values) > 1 for values in said.values()):
        return None
    if protocol in _PORTED:
        ports, source = (_ports(value(said, key)) for key in ("destination-port", "source-port"))
        return of_ports(protocol, ports, source) if ports is not None and source is not None else None
    if protocol in (ICMP, ICMP6):
        kind, code = (value(said, f"icmp{'6' if protocol == ICMP6 else ''}-{key}") for key in ("type", "code"))
        named = _TYPES if protocol == ICMP else {"echo-request": 128}
        numbers = [named.get(kind, number_within(kind, 255)), number_within(code, 255)]
        if (kind and numbers[0] is None) or (code and numbers[1] is None):
            return None
        return of_icmp(numbers[0], numbers[1], protocol=protocol)
    return of_protocol(protocol)


def _ports(word: str) -> Spans | None:
    """A port, a range or a name; all of them where nothing is said."""
    if not word:
        return PORTS
    return Spans.only(_PORTS[word]) if word in _PORTS else port_range(word)
