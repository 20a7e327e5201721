"""Words of a Cisco ASA for protocols, ports and messages, and what stands at the sides of its entries. Pure.

Facts: Cisco ASA Series CLI Configuration Guides, “Addresses, Protocols, and Ports”.
"""

from collections.abc import Mapping

from planner.engine.existing.parts.services import ICMP, ICMP6, PROTOCOL_NUMBERS, TCP, UDP, number_within
from planner.engine.spans import PORTS, Spans

PROTOCOLS: Mapping[str, int] = {
    **PROTOCOL_NUMBERS, "igrp": 9, "ipinip": 4, "ipsec": 50, "nos": 94, "pcp": 108, "pptp": 47, "snp": 109,
}  # fmt: skip
_PORTS = {
    "aol": 5190, "bgp": 179, "biff": 512, "bootpc": 68, "bootps": 67, "chargen": 19, "cifs": 3020,
    "citrix-ica": 1494, "cmd": 514, "ctiqbe": 2748, "daytime": 13, "discard": 9, "dnsix": 195, "domain": 53,
    "echo": 7, "exec": 512, "finger": 79, "ftp": 21, "ftp-data": 20, "gopher": 70, "h323": 1720, "hostname": 101,
    "http": 80, "https": 443, "ident": 113, "imap4": 143, "irc": 194, "isakmp": 500, "klogin": 543, "kshell": 544,
    "ldap": 389, "ldaps": 636, "login": 513, "lotusnotes": 1352, "lpd": 515, "mobile-ip": 434,
    "nameserver": 42, "netbios-dgm": 138, "netbios-ns": 137, "netbios-ssn": 139, "nfs": 2049, "nntp": 119,
    "ntp": 123, "pcanywhere-data": 5631, "pcanywhere-status": 5632, "pim-auto-rp": 496, "pop2": 109, "pop3": 110,
    "pptp": 1723, "radius": 1645, "radius-acct": 1646, "rip": 520, "rsh": 514, "rtsp": 554, "secureid-udp": 5510,
    "sip": 5060, "smtp": 25, "snmp": 161, "snmptrap": 162, "sqlnet": 1521, "ssh": 22, "sunrpc": 111,
    "syslog": 514, "tacacs": 49, "talk": 517, "telnet": 23, "tftp": 69, "time": 37, "uucp": 540, "vxlan": 4789,
    "who": 513, "whois": 43, "www": 80, "xdmcp": 177,
}  # fmt: skip
"""Name -> port. “kerberos” is none: it was 750 in old releases and is 88 in the list of later ones."""
_MESSAGES: Mapping[int, Mapping[str, int]] = {
    ICMP: {
        "alternate-address": 6, "conversion-error": 31, "echo": 8, "echo-reply": 0, "information-reply": 16,
        "information-request": 15, "mask-reply": 18, "mask-request": 17, "mobile-redirect": 32,
        "parameter-problem": 12, "redirect": 5, "router-advertisement": 9, "router-solicitation": 10,
        "source-quench": 4, "time-exceeded": 11, "timestamp-reply": 14, "timestamp-request": 13, "traceroute": 30,
        "unreachable": 3,
    },
    ICMP6: {
        "echo": 128, "echo-reply": 129, "membership-query": 130, "membership-reduction": 132,
        "membership-report": 131, "neighbor-advertisement": 136, "neighbor-redirect": 137,
        "neighbor-solicitation": 135, "packet-too-big": 2, "parameter-problem": 4, "router-advertisement": 134,
        "router-renumbering": 138, "router-solicitation": 133, "time-exceeded": 3, "unreachable": 1,
    },
}  # fmt: skip
PORTED: Mapping[str, tuple[int, ...]] = {"tcp": (TCP,), "udp": (UDP,), "tcp-udp": (TCP, UDP), "sctp": (132,)}
COMPARED = {"eq", "neq", "lt", "gt", "range"}


class Unclear(Exception):
    """Something isn't understood; the text names it."""


class Cursor:
    """The words of a line, taken one after the other."""

    def __init__(self, words: list[str]) -> None:
        """Begin with the first."""
        self._words = words
        self._place = 0

    @property
    def next(self) -> str:
        """The word that comes, or "" at the end."""
        return self._words[self._place] if self._place < len(self._words) else ""

    def peek(self) -> str:
        """The word after the one that comes, or ""."""
        return self._words[self._place + 1] if self._place + 1 < len(self._words) else ""

    def take(self) -> str:
        """Take a word. Raises Unclear at the end."""
        if not self.next:
            raise Unclear("a line that ends too early")
        self._place += 1
        return self._words[self._place - 1]

    def takes(self, *words: str) -> bool:
        """Take the next word if it is one of these."""
        if self.next and self.next in words:
            self._place += 1
            return True
        return False


def read_port(word: str) -> int:
    """A port by name or number. Raises Unclear."""
    found = number_within(word, 65535)
    if found is None:
        named = _PORTS.get(word)
        if named is None:
            raise Unclear(f"port {word}")
        found = named
    return found


def read_protocol(word: str) -> int:
    """A protocol by name or number; 0 is all of them. Raises Unclear."""
    found = 0 if word == "ip" else PROTOCOLS.get(word, number_within(word, 255))
    if found is None:
        raise Unclear(f"protocol {word}")
    return found


def read_message(word: str, protocol: int) -> int:
    """A type of ICMP or ICMPv6 by name or number. Raises Unclear."""
    found = _MESSAGES[protocol].get(word, number_within(word, 255))
    if found is None:
        raise Unclear(f"icmp-type {word}")
    return found


def read_ports(cursor: Cursor) -> Spans | None:
    """What a comparison stands for: “eq https”, “range 1 9”, “neq 22”; None where there is none. Raises Unclear."""
    if cursor.next not in COMPARED:
        return None
    comparison = cursor.take()
    port = read_port(cursor.take())
    if comparison == "range":
        last = read_port(cursor.take())
        if last < port:
            raise Unclear(f"range {port} {last}")
        return Spans(((port, last),))
    only = Spans.only(port)
    if comparison == "eq":
        return only
    if comparison == "neq":
        return PORTS - only
    return Spans(((0, port - 1),) if port else ()) if comparison == "lt" else PORTS - Spans(((0, port),))
