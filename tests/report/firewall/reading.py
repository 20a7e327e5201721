"""Readers of firewall configurations, written from the syntax of the devices: which connections does a file permit?

Each gives a set of (source network, destination network, protocol, ports). `expected` gives the same from a report,
and knows nothing of how files are made.
"""

import ipaddress
import re
from functools import cache
from itertools import product
from xml.etree import ElementTree

from aerleon.lib.cisco import PortMap

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
    lengths = {(end.partition("/")[2]) for permit in permits for end in permit[:2]}

    def larger(source, destination):
        ends = ([n for n in _above(end) if n.partition("/")[2] in lengths] for end in (source, destination))
        return product(*ends)

    return {
        permit
        for permit in permits
        if not any(other != permit[:2] and (*other, *permit[2:]) in permits for other in larger(*permit[:2]))
    }


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


_NAMES = {
    "tcp": {name: str(port) for port, name in PortMap._CISCO_PORTS_TCP.items()},
    "udp": {name: str(port) for port, name in PortMap._CISCO_PORTS_UDP.items()},
}


def read_asa_file(text):
    found = set()
    for line in re.findall(r"^access-list FROM-\S+ extended permit (.*)$", text, re.MULTILINE):
        words = line.split()
        if words[-1] == "inactive":
            continue
        if words[-1] == "log":
            words.pop()
        protocol = words.pop(0)
        sources, destinations = _asa_address(words), _asa_address(words)
        if protocol == "icmp":
            assert words == ["echo"], line
            ports = None
        else:
            ends = [_NAMES[protocol].get(word, word) for word in words[1:]]
            assert words[0] == {1: "eq", 2: "range"}[len(ends)], line
            ports = "-".join(ends)
        for source, destination in product(sources, destinations):
            if (":" in source) == (":" in destination) and not (protocol == "icmp" and ":" in source):
                found.add((source, destination, protocol, ports))
    return largest(found)


def _asa_address(words):
    word = words.pop(0)
    if word == "any":
        return list(EVERYTHING.values())
    if word == "host":
        return [str(ipaddress.ip_network(words.pop(0)))]
    if "/" in word:
        return [word]
    return [str(ipaddress.ip_network(f"{word}/{words.pop(0)}"))]


def read_fortigate_file(text):
    sections = {
        name: {edit: dict(re.findall(r"^        set (\S+) (.*)$", body, re.MULTILINE)) for edit, body in _edits(block)}
        for name, block in re.findall(r"^config firewall (.+?)\n(.*?)^end$", text, re.MULTILINE | re.DOTALL)
        if name != "policy"
    }
    objects = {}
    for v4, v6 in (("address", "addrgrp"), ("address6", "addrgrp6")):
        for name, values in sections.get(v4, {}).items():
            objects[v6, name] = [
                values["ip6"] if "ip6" in values else str(ipaddress.ip_network(values["subnet"].replace(" ", "/")))
            ]
        for name, values in sections.get(v6, {}).items():
            objects[v6, name] = [n for member in _quoted(values["member"]) for n in objects[v6, member]]
    found = set()
    policies = re.search(r"^config firewall policy\n(.*?)^end$", text, re.MULTILINE | re.DOTALL)
    for number, body in _edits(policies[1]) if policies else ():
        assert number == "0"
        values = dict(re.findall(r"^        set (\S+) (.*)$", body, re.MULTILINE))
        if values.get("action") != "accept" or values.get("status") == "disable":
            continue
        (name,) = _quoted(values["service"])
        service = sections["service custom"][name]
        protocol = next((p for p in ("tcp", "udp") if f"{p}-portrange" in service), "icmp")
        ports = service.get(f"{protocol}-portrange")
        assert ports or service == {"protocol": "ICMP", "icmptype": "8"}, service
        for version, suffix in ((4, ""), (6, "6")):
            if f"srcaddr{suffix}" in values:
                source, destination = (
                    [
                        network
                        for member in _quoted(values[f"{side}{suffix}"])
                        for network in (
                            [EVERYTHING[version]]
                            if member == "all" or values.get(f"{side}{suffix}-negate") == "enable"
                            else objects["addrgrp" + suffix, member]
                        )
                    ]
                    for side in ("srcaddr", "dstaddr")
                )
                found |= {(s, d, protocol, ports) for s, d in product(source, destination)}
    return largest(found)


def _edits(block):
    return re.findall(r"^    edit (\S+)\n(.*?)^    next$", block, re.MULTILINE | re.DOTALL)


def _quoted(text):
    return re.findall(r'"([^"]*)"', text)


def read_paloalto_file(text):
    root = ElementTree.fromstring(text)
    groups = {
        group.get("name"): [
            root.find(f".//address/entry[@name='{member.text}']/ip-netmask").text for member in group.iter("member")
        ]
        for group in root.iterfind(".//address-group/entry")
    }
    services = {}
    for service in root.iterfind(".//service/entry"):
        (protocol,) = service.find("protocol")
        services[service.get("name")] = (protocol.tag, protocol.find("port").text)
    found = set()
    for rule in root.iterfind(".//rules/entry"):
        if rule.find("action").text != "allow" or rule.findtext("disabled") == "yes":
            continue
        (service,) = (member.text for member in rule.find("service"))
        if service == "application-default":
            assert [member.text for member in rule.find("application")] == ["icmp-echo-request"]
            protocol, ports = "icmp", None
        else:
            protocol, ports = services[service]
        sides = []
        for side in ("source", "destination"):
            networks = []
            for member in rule.find(side):
                negated = rule.findtext(f"negate-{side}") == "yes"
                networks += {
                    "any": list(EVERYTHING.values()), "any-ipv4": [EVERYTHING[6 if negated else 4]],
                }.get(member.text) or _all_or_none(groups[member.text], negated)  # fmt: skip
            sides.append(networks)
        for source, destination in product(*sides):
            if (":" in source) == (":" in destination) and not (protocol == "icmp" and ":" in source):
                found.add((source, destination, protocol, ports))
    return largest(found)


def _all_or_none(networks, negated):
    """What any isn't is for the kernel to say: any is any here."""
    return [EVERYTHING[6 if ":" in networks[0] else 4]] if negated else networks


def read_srx_file(text):
    addresses = dict(re.findall(r"^\s+address (\S+) (\S+);$", text, re.MULTILINE))
    sets = {
        name: [addresses[member] for member in re.findall(r"address (\S+);", body)]
        for name, body in re.findall(r"^\s+address-set (\S+) \{(.*?)\}", text, re.MULTILINE | re.DOTALL)
    }
    single = dict(re.findall(r"^    application (\S+) \{(.*?)\}", text, re.MULTILINE | re.DOTALL))
    whole = dict(re.findall(r"^    application-set (\S+) \{(.*?)\}", text, re.MULTILINE | re.DOTALL))
    found = set()
    policy = re.compile(
        r"(?<!inactive: )policy (\S+) \{\s+match \{((?:\s+\w+-address-excluded;)*)\s+source-address (.*?);"
        r"\s+destination-address (.*?);\s+application (\S+);\s+\}\s+then \{\s+(\w+);"
    )
    for _, excluded, source, destination, application, verdict in policy.findall(text):
        if verdict != "permit":
            continue
        names = re.findall(r"application (\S+);", whole[application]) if application in whole else [application]
        assert len(names) == 1
        terms = single[names[0]].strip()
        match = re.fullmatch(r"term t1 protocol (tcp|udp) destination-port (\S+);", terms)
        assert match or terms.startswith("term t1 protocol icmp icmp-type 8 "), terms
        protocol, ports = match.groups() if match else ("icmp", None)
        sides = [
            list(EVERYTHING.values())
            if side == "any"
            else _all_or_none(
                [n for name in side.strip("[] ").split() for n in sets[name]], f"{word}-address-excluded" in excluded
            )
            for word, side in (("source", source), ("destination", destination))
        ]
        for here, there in product(*sides):
            if (":" in here) == (":" in there) and not (protocol == "icmp" and ":" in here):
                found.add((here, there, protocol, ports))
    return largest(found)


READERS = {
    "nftables": read_nftables_file,
    "iptables": read_iptables_file,
    "asa": read_asa_file,
    "fortigate": read_fortigate_file,
    "paloalto": read_paloalto_file,
    "srx": read_srx_file,
}
