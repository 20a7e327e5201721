"""Holds what we read of AWS, and what we write for it, against other programs.

    uv run --with "moto[ec2]" --with c7n python scripts/check_aws.py [--groups 10]

moto (https://docs.getmoto.org) keeps security groups as EC2 does, behind the same API, and describes them again. Cloud
Custodian (c7n, https://cloudcustodian.io) decides by filters which of its rules are for a port and an address. Random
groups are told to moto; of what it describes c7n and our reader have to decide alike, packet by packet. Then our
commands for all that a ready-made topology is missing are carried out in moto, each zone a group: none may be refused,
every flow has to be open by what moto describes, and no rule may be there that no command has asked for. Both bring
boto3, 120 MiB with all else, so neither is in the suite. Ends with status 1 where anything differs.
"""

import argparse
import ipaddress
import json
import logging
import os
import random
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="us-east-1")  # noqa: S106

import boto3  # type: ignore[import-not-found] # brought by --with, as the next two are
import django
from c7n.resources.vpc import IPPermission  # type: ignore[import-not-found]
from moto import mock_aws  # type: ignore[import-not-found]

django.setup()

from planner.engine import evaluate_report  # noqa: E402
from planner.engine.existing.decide import compare_with  # noqa: E402
from planner.engine.existing.readers import READERS  # noqa: E402
from planner.plan.topologies import read_topologies  # noqa: E402
from planner.report.gap.delta import render_delta  # noqa: E402
from planner.report.gap.delta.task import Task  # noqa: E402
from ports.queries import shipped_matrix  # noqa: E402

MATRIX = shipped_matrix()
NUMBERS = {"tcp": 6, "udp": 17}
PLACES = ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/24", "10.1.0.10/32", "192.0.2.0/28", "2001:db8::/64", "::/0")
PORTS = ((22, 22), (80, 443), (443, 443), (8000, 8009), (0, 65535), (1, 1024))
ADDRESSES = ("10.1.0.10", "10.1.0.11", "10.9.9.9", "10.255.255.255", "192.0.2.15", "192.0.2.16", "8.8.8.8")
"""Of IPv4 alone: c7n reads networks as those of IPv4 (its `parse_cidr`), so rules of IPv6 match nothing there."""


def draw_permissions(draw: random.Random) -> Iterator[dict[str, Any]]:
    """Rules as EC2 takes them: of one network each, none twice."""
    seen = set()
    for _ in range(draw.randint(1, 8)):
        protocol, place, ports = draw.choice(["tcp", "udp", "tcp", "-1"]), draw.choice(PLACES), draw.choice(PORTS)
        if (protocol, place, ports) in seen or (protocol == "-1" and ("-1", place) in seen):
            continue
        seen |= {(protocol, place, ports), (protocol, place)}
        bounds = {} if protocol == "-1" else {"FromPort": ports[0], "ToPort": ports[1]}
        key, cidr = ("Ipv6Ranges", "CidrIpv6") if ":" in place else ("IpRanges", "CidrIp")
        yield {"IpProtocol": protocol, **bounds, key: [{cidr: place}]}


def ask_custodian(group: Mapping[str, Any], address: str, protocol: str, port: int) -> bool:
    """Whether c7n finds a rule of a group that is for a port and holds an address."""
    cidr = {"value": f"{address}/32", "op": "contains", "value_type": "cidr"}
    for more in ({"IpProtocol": protocol, "Ports": [port]}, {"IpProtocol": "-1"}):
        one = IPPermission({"type": "ingress", **more, "Cidr": dict(cidr)}, None)
        if one.process([json.loads(json.dumps(group))]):  # it notes what it finds in the group
            return True
    return False


def ask_reader(text: str, address: str, protocol: str, port: int) -> bool:
    """Whether what our reader finds in a group admits a packet."""
    one = ipaddress.ip_address(address)
    [stage] = READERS["aws"].read(text).stages
    return any(
        match.family == one.version and int(one) in match.sources and NUMBERS[protocol] in match.protocols
        and port in match.ports
        for entry in stage.entries
        for match in entry.matches
    )  # fmt: skip


def compare_groups(count: int) -> tuple[int, list[str]]:
    """How many packets were tried, and those of which the two say otherwise."""
    client, tried, differing = boto3.client("ec2"), 0, []
    for seed in range(count):
        draw = random.Random(seed)  # noqa: S311  the same groups each time, and no secret
        made = client.create_security_group(GroupName=f"random {seed}", Description="Random")["GroupId"]
        client.authorize_security_group_ingress(GroupId=made, IpPermissions=list(draw_permissions(draw)))
        [group] = client.describe_security_groups(GroupIds=[made])["SecurityGroups"]
        text = json.dumps({"SecurityGroups": [group]})
        for address in ADDRESSES:
            for protocol in NUMBERS:
                for port in sorted({bound + step for ports in PORTS for bound in ports for step in (-1, 0, 1)}):
                    if not 0 <= port < 2**16:
                        continue
                    tried += 1
                    theirs = ask_custodian(group, address, protocol, port)
                    ours = ask_reader(text, address, protocol, port)
                    if ours != theirs:
                        differing.append(f"group {seed}: {address} {protocol} {port}: c7n {theirs}, we {ours}")
    return tried, differing


def carry_out(client: Any, told: str) -> set[tuple[str, ...]]:
    """Carry out our commands; the rules that they ask for. Whatever EC2 refuses is raised."""
    asked = set()
    for line in told.splitlines():
        words = shlex.split(line, comments=True)
        if words[:2] != ["aws", "ec2"]:
            continue
        options = dict(zip(words[3::2], words[4::2], strict=True))
        permissions = json.loads(options["--ip-permissions"])
        way = words[2].removeprefix("authorize-security-group-")
        getattr(client, f"authorize_security_group_{way}")(GroupId=options["--group-id"], IpPermissions=permissions)
        asked |= set(list_rules(options["--group-id"], way, permissions))
    return asked


def list_rules(group: str, way: str, permissions: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Permissions, each network by itself."""
    for one in permissions:
        bounds = str(one.get("FromPort", "")), str(one.get("ToPort", ""))
        for row in (*one.get("IpRanges", ()), *one.get("Ipv6Ranges", ())):
            yield group, way, one["IpProtocol"], *bounds, row.get("CidrIp") or row["CidrIpv6"]


def try_topology(slug: str) -> Iterator[str]:
    """What is wrong with our commands for a ready-made topology, in sentences; first how much there was."""
    client = boto3.client("ec2")
    report = evaluate_report(MATRIX, read_topologies(MATRIX)[slug])
    mapping = {}
    for zone in report.plan.zones:
        made = client.create_security_group(GroupName=f"{slug} {zone.name}", Description=slug)["GroupId"]
        client.revoke_security_group_egress(
            GroupId=made, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        )
        mapping[made] = zone.name

    def describe() -> str:
        groups = client.describe_security_groups(GroupIds=list(mapping))["SecurityGroups"]
        return json.dumps({"SecurityGroups": groups})

    text = describe()
    gap = compare_with(report, READERS["aws"].read(text), mapping)
    told = render_delta(Task(gap=gap, text=text, mapping=mapping)).decode()
    asked = carry_out(client, told)
    after = describe()
    there = {
        rule
        for group in json.loads(after)["SecurityGroups"]
        for way, key in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress"))
        for rule in list_rules(group["GroupId"], way, group[key])
    }
    now = compare_with(report, READERS["aws"].read(after), mapping)
    shut = [one for one in now.flows if one.state != "open"]
    counted = f"{now.counts['open']} of {len(now.flows)} flows open"
    print(f"{slug}: {len(asked)} rules told, {counted}, the others named in the head of the file")
    plain = " ".join(line.lstrip("# ") for line in told.splitlines())
    for one in shut:
        need = one.flow.need
        said = f"{one.flow.source.name} to {one.flow.destination.name} {need.protocol} {need.ports or ''}".rstrip()
        has_name_alone = any(f" {end.name} (" in plain for end in (one.flow.source, one.flow.destination))
        if said not in plain and not has_name_alone:
            yield f"{slug}: {said}: {one.state} {one.constructs}"
    for rule in sorted(asked ^ there):
        fault = "asked for and not there" if rule in asked else "there and not asked for"
        yield f"{slug}: {' '.join(rule)} is {fault}"


def main() -> int:
    """Print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=10)
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    with mock_aws():
        tried, wrong = compare_groups(arguments.groups)
        print(f"{arguments.groups} random groups, {tried:,} packets: {len(wrong)} decided otherwise")
        for slug in read_topologies(MATRIX):
            wrong += try_topology(slug)
    print("\n".join(wrong[:50]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
