"""Readers of firewall configurations, written from the syntax of the devices: which connections does a file permit?

Each gives a set of (source network, destination network, protocol, ports). `expected` gives the same from a report,
and knows nothing of how files are made.
"""

import ipaddress
import re
from functools import cache
from itertools import product

from tests.report.firewall.reading_devices import (
    read_asa,
    read_fortigate,
    read_paloalto,
    read_paloalto_set,
    read_srx,
)
from tests.report.firewall.reading_more import (
    read_azure,
    read_checkpoint,
    read_google,
    read_ios,
    read_mikrotik,
    read_nsx,
    read_opnsense,
    read_pfsense,
    read_requests,
)

EVERYTHING = {4: "0.0.0.0/0", 6: "::/0"}


def expected(report):
    """What the rules of a report say, for the addresses that are numbers."""
    found = set()
    for rule in report.rules:
        for source, destination, service in product(rule.sources, rule.destinations, rule.services):
            for here, there in product(networks(source), networks(destination)):
                if (":" in here) != (":" in there):
                    continue
                if service.protocol == "icmp" and ":" in here:
                    continue
                found.add((here, there, service.protocol, service.ports))
    return largest(found)


def networks(endpoint):
    if endpoint.addresses == ("any",):
        return list(EVERYTHING.values())
    found = []
    for address in endpoint.addresses:
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            continue
        if not is_special(network):
            found.append(str(network))
    return found


def is_special(network):
    """By what Python knows of addresses; of a network both ends."""
    ends = network.network_address, network.broadcast_address
    flags = ("is_loopback", "is_link_local", "is_multicast", "is_unspecified")
    mapped = network.version == 6 and all(end.ipv4_mapped for end in ends)
    return mapped or str(network) == "255.255.255.255/32" or any(all(getattr(e, f) for e in ends) for f in flags)


@cache
def _above(network):
    """The network and all that contain it."""
    found = ipaddress.ip_network(network)
    return [str(found.supernet(new_prefix=length)) for length in range(found.prefixlen, -1, -1)]


def largest(permits):
    """The permits that no other one covers."""
    ends = {end for permit in permits for end in permit[:2]}
    wider = {end: ends.intersection(_above(end)) for end in ends}

    def is_covered(source, destination, *what):
        pairs = product(wider[source], wider[destination])
        return any((*pair, *what) in permits for pair in pairs if pair != (source, destination))

    return {permit for permit in permits if not is_covered(*permit)}


def without_ipv4(permits):
    """The permits as a Palo Alto tells them apart: ::/16 is IPv4, so of a network that has all of it what is left."""
    taken = ipaddress.ip_network("::/16")

    def left(end):
        network = ipaddress.ip_network(end)
        if network.version == 4 or network == taken or not taken.subnet_of(network):
            return [end]
        return map(str, network.address_exclude(taken))

    return largest({(*pair, *what) for here, there, *what in permits for pair in product(left(here), left(there))})


_ENDS = r"(?:(ip6?) {}addr ((?:!= )?(?:\{{ [0-9a-f.:/, ]+ \}}|[0-9a-f.:/]+)) )?"
_NFTABLES_RULE = re.compile(
    rf"{_ENDS.format('s')}{_ENDS.format('d')}(?:meta nfproto (ipv[46]) )?(?:(tcp|udp) dport (\d+(?:-\d+)?)|icmp type "
    r'echo-request) ct state new,established,untracked accept comment "([A-Za-z0-9.,:_() /-]{1,128})"'
)
_BESIDE = ["add table inet filter", "add chain inet filter {}", "flush chain inet filter {}"]
_ALONE = [
    "add table inet port_planner", "delete table inet port_planner", "add table inet port_planner",
    "add chain inet port_planner forward { type filter hook forward priority filter; policy drop; }",
    "add rule inet port_planner forward ct state established,related accept",
]  # fmt: skip


def statements(text):
    """The lines that are no comments."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def read_nftables_file(text):
    """Every statement is one that is known, or a rule to the last character."""
    lines = statements(text)
    if lines[0] == _ALONE[0]:
        begin, place = _ALONE, "inet port_planner forward"
    else:
        begin, place = [line.format("port_planner") for line in _BESIDE], "inet filter port_planner"
    assert lines[: len(begin)] == begin
    return read_nftables_rules(lines[len(begin) :], place)


def read_nftables_rules(lines, place):
    found = set()
    for line in lines:
        assert line.startswith(f"add rule {place} "), line
        rule = _NFTABLES_RULE.fullmatch(line.removeprefix(f"add rule {place} "))
        assert rule, line
        here, source, there, destination, family, protocol, ports, _ = rule.groups()
        families = {word for word in (here, there, family and family.replace("v4", "").replace("v6", "6")) if word}
        assert len(families) == 1, line
        every = EVERYTHING[6 if families == {"ip6"} else 4]
        # What any isn't is for the kernel to say: any is any here.
        plain = [every if not side or side.startswith("!=") else side for side in (source, destination)]
        sides = [[str(ipaddress.ip_network(n)) for n in side.strip("{} ").split(", ")] for side in plain]
        found |= {(s, d, protocol or "icmp", ports) for s, d in product(*sides)}
    return largest(found)


_IPTABLES_RULE = re.compile(
    r"-([46]) -A PORT-PLANNER (?:-s (\S+) )?(?:-d (\S+) )?-p (?:(tcp|udp) -m \4 --dport (\d+(?::\d+)?)|icmp -m icmp "
    r"--icmp-type 8) -m conntrack --ctstate NEW,ESTABLISHED,UNTRACKED -m comment --comment "
    r'"([A-Za-z0-9.,:_() /-]{1,255})" -j ACCEPT'
)
_IPTABLES_BACK = re.compile(
    r"-([46]) -A PORT-PLANNER (?:-s (\S+) )?(?:-d (\S+) )?-p (?:(tcp|udp) -m \4 --dport (\d+(?::\d+)?)|icmp -m icmp "
    r"--icmp-type 8) -j RETURN"
)
"""What any isn't, sent back before it. The kernel tries it; any is any here."""
_IPTABLES_BESIDE = ["*filter", ":PORT-PLANNER - [0:0]", "-C FORWARD -j PORT-PLANNER"]
_IPTABLES_ALONE = [
    "*filter", ":FORWARD DROP [0:0]", ":PORT-PLANNER - [0:0]", "-F FORWARD",
    "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-A FORWARD -j PORT-PLANNER",
]  # fmt: skip


def read_iptables_file(text):
    """Every line is one that is known, or a rule to the last character."""
    lines = statements(text)
    begin = _IPTABLES_ALONE if lines[1] == _IPTABLES_ALONE[1] else _IPTABLES_BESIDE
    assert lines[: len(begin)] == begin
    assert lines[-1] == "COMMIT"
    found = set()
    for line in lines[len(begin) : -1]:
        if _IPTABLES_BACK.fullmatch(line):
            continue
        rule = _IPTABLES_RULE.fullmatch(line)
        assert rule, line
        family, source, destination, protocol, ports, _ = rule.groups()
        source, destination = (
            str(ipaddress.ip_network(side or EVERYTHING[int(family)])) for side in (source, destination)
        )
        assert {(":" in source), (":" in destination)} == {family == "6"}, line
        found.add((source, destination, protocol or "icmp", ports and ports.replace(":", "-")))
    return largest(found)


def read_device(read):
    return lambda text: largest(read(text))


READERS = {
    "nftables": read_nftables_file,
    "iptables": read_iptables_file,
    "asa": read_device(read_asa),
    "fortigate": read_device(read_fortigate),
    "paloalto": read_device(read_paloalto),
    "paloalto-set": read_device(read_paloalto_set),
    "srx": read_device(read_srx),
    "ios": read_device(read_ios),
    "mikrotik": read_device(read_mikrotik),
    "checkpoint": read_device(read_checkpoint),
}
FURTHER = {
    "azure": read_device(read_azure),
    "google": read_device(read_google),
    "nsx": read_device(read_nsx),
    "opnsense": read_device(read_opnsense),
    "pfsense": read_device(read_pfsense),
    "requests": read_device(read_requests),
}
"""Those that are no configuration of a device, with what they know of options."""


def strange_lines(text):
    """Lines that have other letters than those of ASCII, and more than letters: none but names in a head may."""
    lines = [line for line in text.splitlines() if not line.isascii()]
    return [line for line in lines if not re.fullmatch(r"(?:[#!] )?(?:\| )? *[\w .,:-]+|    \"[\w .,:-]+\",?", line)]
