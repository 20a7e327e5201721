"""Random configurations of each device, and what we read in them as set lines of an SRX that say addresses alone."""

import ipaddress
import json
import random

PLACES = ("10.1.0.0/24", "10.1.0.10/32", "10.2.0.0/16", "10.2.3.4/32", "192.0.2.0/28", "192.0.2.9/32")
PORTS = (22, 80, 443, 1433, 3389, "8000-8009")
ZONES = ("alpha", "beta", "gamma")


def networks(spans):
    """Spans of IPv4 addresses as networks."""
    return [
        str(one)
        for first, last in spans
        for one in ipaddress.summarize_address_range(ipaddress.IPv4Address(first), ipaddress.IPv4Address(last))
    ]


def as_set_lines(ruleset, zones=ZONES):
    """The entries of a ruleset, each between every two zones that it is for."""
    lines = [f"set security zones security-zone {zone}" for zone in zones]
    known = {}

    def address(network):
        if network == "0.0.0.0/0":
            return "any-ipv4"
        if network not in known:
            known[network] = f"N{len(known)}"
            lines.append(f"set security address-book global address {known[network]} {network}")
        return known[network]

    *apart, stage = ruleset.stages
    # Back out of a zone nothing goes on an ASA; between two zones is all that is looked at here.
    assert all(entry.enters == entry.leaves for one in apart for entry in one.entries)
    for number, entry in enumerate(stage.entries):
        assert not entry.obscure
        for part, match in enumerate(one for one in entry.matches if one.family == 4):
            app = f"A{number}-{part}"
            said = applications(match)
            lines += [f"set applications application {app}-{n} {one}" for n, pair in enumerate(said) for one in pair]
            for here in zones:
                for there in zones:
                    if here == there or not (meets(entry.enters, here) and meets(entry.leaves, there)):
                        continue
                    policy = f"set security policies from-zone {here} to-zone {there} policy P{number}-{part}"
                    lines += [f"{policy} match source-address {address(one)}" for one in networks(match.sources)]
                    lines += [
                        f"{policy} match destination-address {address(one)}" for one in networks(match.destinations)
                    ]
                    lines += [f"{policy} match application {app}-{n}" for n in range(len(said))] or [
                        f"{policy} match application any"
                    ]
                    lines.append(f"{policy} then {'permit' if entry.verdict == 'accept' else 'deny'}")
    lines.append(f"set security policies default-policy {'permit-all' if stage.default == 'accept' else 'deny-all'}")
    return "\n".join(lines) + "\n"


def meets(sides, name):
    return sides is None or (name in sides.names) != sides.negated


def applications(match):
    """Protocols with ports as the lines of applications; none for every one."""
    names = {6: "tcp", 17: "udp", 1: "icmp"}
    if match.protocols.size == 256:
        return []
    found = []
    for first, last in match.protocols:
        for protocol in range(first, last + 1):
            if protocol == 1:
                kinds = {start // 256 for start, _ in match.ports} if match.ports.size < 65536 else {None}
                found += [
                    ["protocol icmp", *([f"icmp-type {kind}"] if kind is not None else [])] for kind in sorted(kinds)
                ]
            else:
                ports = [f"{a}-{b}" if a != b else str(a) for a, b in match.ports]
                found += [[f"protocol {names[protocol]}", f"destination-port {one}"] for one in ports]
    return found


class Choice:
    """Made by chance that is the same for a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.groups = {
            f"g{number}": self.random.sample(
                [f"n{n}" for n in range(len(PLACES))] + [f"g{n}" for n in range(number)], 2
            )
            for number in range(3)
        }

    def rules(self):
        """(zones, zones, names, negated, names, ports with protocol, permits, disabled)"""
        names = [f"n{n}" for n in range(len(PLACES))] + list(self.groups)
        for _ in range(8):
            yield (
                self.random.choice(ZONES), self.random.choice(ZONES), self.random.sample(names, 2),
                self.random.random() < 0.2, self.random.sample(names, 1),
                self.random.sample([(p, port) for p in ("tcp", "udp") for port in PORTS], 2),
                self.random.random() < 0.7, self.random.random() < 0.15,
            )  # fmt: skip


def fortigate(choice):
    lines = ["config firewall address"]
    for number, place in enumerate(PLACES):
        network = ipaddress.ip_network(place)
        lines += [f'    edit "n{number}"', f"        set subnet {network[0]} {network.netmask}", "    next"]
    lines += ["end", "config firewall addrgrp"]
    for name, members in choice.groups.items():
        lines += [f'    edit "{name}"', f"        set member {' '.join(members)}", "    next"]
    lines += ["end", "config firewall service custom"]
    for protocol in ("tcp", "udp"):
        for port in PORTS:
            lines += [f'    edit "{protocol}-{port}"', f"        set {protocol}-portrange {port}", "    next"]
    lines += ["end", "config firewall policy"]
    for number, (here, there, sources, negated, to, ports, permits, disabled) in enumerate(choice.rules(), 1):
        lines += [
            f"    edit {number}", f'        set srcintf "{here}"', f'        set dstintf "{there}"',
            f"        set srcaddr {' '.join(sources)}", f"        set dstaddr {' '.join(to)}",
            f"        set srcaddr-negate {'enable' if negated else 'disable'}",
            f"        set service {' '.join(f'{protocol}-{port}' for protocol, port in ports)}",
            f"        set action {'accept' if permits else 'deny'}", '        set schedule "always"',
            f"        set status {'disable' if disabled else 'enable'}", "    next",
        ]  # fmt: skip
    return "\n".join([*lines, "end", ""])


def azure(choice):
    """One group whose last rule refuses all else. Its rules may have several places and ports, of one protocol."""
    rules = []
    for number, (_, _, sources, _, to, ports, permits, disabled) in enumerate(choice.rules(), 1):
        if disabled:
            continue
        protocol = ports[0][0]
        places = [[PLACES[int(one[1:]) % len(PLACES)] for one in names] for names in (sources, to)]
        rules.append(
            {
                "name": f"p{number}", "priority": 4000 - 7 * number, "direction": "Inbound",
                "access": "Allow" if permits else "Deny", "protocol": protocol.capitalize(),
                "sourceAddressPrefixes": places[0], "destinationAddressPrefix": places[1][0], "sourcePortRange": "*",
                "destinationPortRanges": [str(port) for of, port in ports if of == protocol],
            }
        )  # fmt: skip
    rules.append(
        {
            "name": "rest", "priority": 4096, "direction": "Inbound", "access": "Deny", "protocol": "*",
            "sourceAddressPrefix": "*", "destinationAddressPrefix": "*", "sourcePortRange": "*",
            "destinationPortRange": "*",
        }
    )  # fmt: skip
    return json.dumps([{"name": "web-nsg", "resourceGroup": "net", "securityRules": rules}])


def paloalto(choice):
    def members(tag, names):
        return f"<{tag}>{''.join(f'<member>{name}</member>' for name in names)}</{tag}>"

    addresses = "".join(
        f'<entry name="n{n}"><ip-netmask>{place}</ip-netmask></entry>' for n, place in enumerate(PLACES)
    )
    groups = "".join(
        f'<entry name="{name}">{members("static", several)}</entry>' for name, several in choice.groups.items()
    )
    services = "".join(
        f'<entry name="{protocol}-{port}"><protocol><{protocol}><port>{port}</port></{protocol}></protocol></entry>'
        for protocol in ("tcp", "udp")
        for port in PORTS
    )
    zones = "".join(f'<entry name="{zone}"><network><layer3/></network></entry>' for zone in ZONES)
    rules = "".join(
        f'<entry name="r{number}">{members("from", [here])}{members("to", [there])}{members("source", sources)}'
        f"{members('destination', to)}{members('application', ['any'])}"
        f"{members('service', [f'{protocol}-{port}' for protocol, port in ports])}"
        f"<negate-source>{'yes' if negated else 'no'}</negate-source>"
        f"<disabled>{'yes' if disabled else 'no'}</disabled>"
        f"<action>{'allow' if permits else 'deny'}</action></entry>"
        for number, (here, there, sources, negated, to, ports, permits, disabled) in enumerate(choice.rules())
    )
    return (
        '<config version="10.1.0"><devices><entry name="localhost.localdomain"><vsys><entry name="vsys1">'
        f"<address>{addresses}</address><address-group>{groups}</address-group><service>{services}</service>"
        f"<zone>{zones}</zone><rulebase><security><rules>{rules}</rules></security></rulebase>"
        "</entry></vsys></entry></devices></config>"
    )


def srx(choice):
    lines = [f"set security zones security-zone {zone}" for zone in ZONES]
    lines += [f"set security address-book global address n{n} {place}" for n, place in enumerate(PLACES)]
    for name, several in choice.groups.items():
        lines += [
            f"set security address-book global address-set {name} address{'-set' if one[0] == 'g' else ''} {one}"
            for one in several
        ]
    for protocol in ("tcp", "udp"):
        for port in PORTS:
            application = f"set applications application {protocol}-{port}"
            lines += [f"{application} protocol {protocol}", f"{application} destination-port {port}"]
    for number, (here, there, sources, negated, to, ports, permits, disabled) in enumerate(choice.rules()):
        path = f"security policies from-zone {here} to-zone {there} policy p{number}"
        lines += [f"set {path} match source-address {one}" for one in sources]
        lines += [f"set {path} match source-address-excluded"] if negated else []
        lines += [f"set {path} match destination-address {one}" for one in to]
        lines += [f"set {path} match application {protocol}-{port}" for protocol, port in ports]
        lines.append(f"set {path} then {'permit' if permits else 'deny'}")
        lines += [f"deactivate {path}"] if disabled else []
    return "\n".join([*lines, ""])


def asa(choice):
    lines = ["ASA Version 9.16(1)"]
    for number, zone in enumerate(ZONES):
        lines += [f"interface GigabitEthernet0/{number}", f" nameif {zone}", f" security-level {number * 10}"]
    for number, place in enumerate(PLACES):
        network = ipaddress.ip_network(place)
        lines += [f"object network n{number}", f" subnet {network[0]} {network.netmask}"]
    for name, several in choice.groups.items():
        lines.append(f"object-group network {name}")
        lines += [f" group-object {one}" if one[0] == "g" else f" network-object object {one}" for one in several]
    for here, _, sources, _, to, ports, permits, disabled in choice.rules():
        for source in sources:
            for protocol, port in ports:
                ends = [f"object{'-group' if one[0] == 'g' else ''} {one}" for one in (source, to[0])]
                compared = f"range {port.replace('-', ' ')}" if "-" in str(port) else f"eq {port}"
                verb = "permit" if permits else "deny"
                line = f"access-list FROM-{here} extended {verb} {protocol} {' '.join(ends)} {compared}"
                lines.append(line + (" inactive" if disabled else ""))
    lines += [f"access-list FROM-{zone} extended deny ip any any" for zone in ZONES]
    lines += [f"access-group FROM-{zone} in interface {zone}" for zone in ZONES]
    return "\n".join([*lines, ""])
