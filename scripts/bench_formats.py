"""Rules as each device writes them, many of them: what `bench_gap.py --formats` reads.

What a MiB of each takes is in `planner/store/existing.py`, which says by it what is left to a job.
"""

import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping

Rule = tuple[str, str, int]
"""Source and destination, each an address or a network, and the port."""


def write_fortigate(rules: Iterable[Rule]) -> str:
    """A backup: an address for each end, a service for each port."""
    found = list(rules)
    lines = ["config firewall address"]
    for end in sorted({end for source, destination, _ in found for end in (source, destination)}):
        network = ipaddress.ip_network(end)
        lines += [f'    edit "{end}"', f"        set subnet {network[0]} {network.netmask}", "    next"]
    lines += ["end", "config firewall service custom"]
    for port in sorted({port for _, _, port in found}):
        lines += [f'    edit "tcp-{port}"', f"        set tcp-portrange {port}", "    next"]
    lines += ["end", "config firewall policy"]
    for number, (source, destination, port) in enumerate(found, 1):
        lines += [
            f"    edit {number}", '        set srcintf "any"', '        set dstintf "any"',
            f'        set srcaddr "{source}"', f'        set dstaddr "{destination}"',
            f'        set service "tcp-{port}"', "        set action accept", '        set schedule "always"',
            "    next",
        ]  # fmt: skip
    return "\n".join([*lines, "end", ""])


def write_asa(rules: Iterable[Rule]) -> str:
    """Lines of one access list."""

    def side(text: str) -> str:
        network = ipaddress.ip_network(text)
        return f"host {network[0]}" if network.prefixlen == 32 else f"{network[0]} {network.netmask}"

    lines = [
        f"access-list IN extended permit tcp {side(source)} {side(destination)} eq {port}"
        for source, destination, port in rules
    ]
    return "\n".join(["ASA Version 9.16(1)", *lines, "access-group IN global", ""])


def write_paloalto(rules: Iterable[Rule]) -> str:
    """Rules with literal addresses, and a service for each port."""
    found = list(rules)
    services = "".join(
        f'<entry name="tcp-{port}"><protocol><tcp><port>{port}</port></tcp></protocol></entry>'
        for port in sorted({port for _, _, port in found})
    )
    written = "".join(
        f'<entry name="r{number}"><from><member>any</member></from><to><member>any</member></to>'
        f"<source><member>{source}</member></source><destination><member>{destination}</member></destination>"
        f"<application><member>any</member></application><service><member>tcp-{port}</member></service>"
        f"<action>allow</action></entry>"
        for number, (source, destination, port) in enumerate(found)
    )
    return (
        '<config version="10.1.0"><devices><entry name="localhost.localdomain"><vsys><entry name="vsys1">'
        f"<service>{services}</service><rulebase><security><rules>{written}</rules></security></rulebase>"
        "</entry></vsys></entry></devices></config>"
    )


def write_srx(rules: Iterable[Rule]) -> str:
    """Set lines of global policies."""
    found = list(rules)
    lines = [
        f"set security address-book global address A-{end.replace('/', '-')} {ipaddress.ip_network(end)}"
        for end in sorted({end for source, destination, _ in found for end in (source, destination)})
    ]
    for port in sorted({port for _, _, port in found}):
        application = f"set applications application tcp-{port}"
        lines += [f"{application} protocol tcp", f"{application} destination-port {port}"]
    for number, (source, destination, port) in enumerate(found):
        path = f"set security policies global policy p{number}"
        lines += [
            f"{path} match source-address A-{source.replace('/', '-')}",
            f"{path} match destination-address A-{destination.replace('/', '-')}",
            f"{path} match application tcp-{port}", f"{path} then permit",
        ]  # fmt: skip
    return "\n".join([*lines, ""])


def write_windows(rules: Iterable[Rule]) -> str:
    """Rules of a host, as our script writes them."""
    common = {
        "RemotePort": "Any", "IcmpType": "Any", "LocalAddress": "Any", "Program": "Any", "Service": "Any",
        "Package": None, "InterfaceAlias": "Any", "InterfaceType": 0, "Authentication": 0, "Encryption": 0,
        "OverrideBlockRules": False, "LocalUser": "Any", "RemoteUser": "Any", "RemoteMachine": "Any",
        "DynamicTarget": 0, "Protocol": "TCP",
    }  # fmt: skip
    written = [
        {
            "Name": f"r{number}", "DisplayName": f"r{number}", "Enabled": 1, "Direction": 1, "Action": 2, "Profile": 0,
            "Owner": None, "Filters": [{**common, "LocalPort": str(port), "RemoteAddress": source}],
        }
        for number, (source, _, port) in enumerate(rules)
    ]  # fmt: skip
    return json.dumps({"rules": written})


def write_azure(rules: Iterable[Rule]) -> str:
    """Rules of one group."""
    written = [
        {
            "name": f"r{number}", "priority": number + 100, "access": "Allow", "direction": "Inbound",
            "protocol": "Tcp", "sourceAddressPrefix": source, "sourcePortRange": "*",
            "destinationAddressPrefix": destination, "destinationPortRange": str(port),
        }
        for number, (source, destination, port) in enumerate(rules)
    ]  # fmt: skip
    return json.dumps({"name": "nsg", "securityRules": written, "defaultSecurityRules": []})


def write_aws(rules: Iterable[Rule]) -> str:
    """Permissions of one group."""
    written = [
        {
            "IpProtocol": "tcp", "FromPort": port, "ToPort": port,
            "IpRanges": [{"CidrIp": str(ipaddress.ip_network(source)), "Description": "Bench"}],
            "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": [],
        }
        for source, _, port in rules
    ]  # fmt: skip
    return json.dumps({"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": written, "IpPermissionsEgress": []}]})


def write_csv(rules: Iterable[Rule]) -> str:
    """A table."""
    lines = [f"{source},{destination},tcp/{port},allow" for source, destination, port in rules]
    return "\n".join(["source,destination,service,action", *lines, ""])


WRITERS: Mapping[str, Callable[[Iterable[Rule]], str]] = {
    "fortigate": write_fortigate,
    "asa": write_asa,
    "paloalto": write_paloalto,
    "srx": write_srx,
    "windows": write_windows,
    "azure": write_azure,
    "aws": write_aws,
    "csv": write_csv,
}
"""By format."""
