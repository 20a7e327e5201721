"""What a ruleset does with one first packet of a connection: the plainest reading of the model, to hold readers to."""

import ipaddress
from dataclasses import dataclass

from planner.engine.existing.model import Entry, Match, Ruleset, Sides

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "sctp": 132, "gre": 47}


@dataclass(frozen=True)
class Packet:
    source: str
    destination: str
    protocol: str = "tcp"
    port: int = 0
    """Of ICMP the type × 256 + code."""
    enters: str = ""
    leaves: str = ""
    source_port: int = 50000


def is_meant(match: Match, packet: Packet) -> bool:
    source, destination = ipaddress.ip_address(packet.source), ipaddress.ip_address(packet.destination)
    protocol = 58 if packet.protocol == "icmp" and source.version == 6 else NUMBERS[packet.protocol]
    return (
        source.version == match.family
        and int(source) in match.sources
        and int(destination) in match.destinations
        and protocol in match.protocols
        and (packet.port in match.ports or protocol not in {1, 6, 17, 58, 132})
        and packet.source_port in match.source_ports
    )


def is_there(sides: Sides | None, side: str) -> bool:
    if sides is None:
        return True
    named = side in sides.names or any(side.startswith(prefix) for prefix in sides.prefixes)
    return named != sides.negated


def is_for(entry: Entry, packet: Packet) -> bool:
    return (
        not entry.replies
        and is_there(entry.enters, packet.enters)
        and is_there(entry.leaves, packet.leaves)
        and any(is_meant(match, packet) for match in entry.matches)
    )


def decide(ruleset: Ruleset, packet: Packet) -> str:
    """`accept`, `drop`, or what isn't understood; of rulesets without jumps."""
    if ruleset.obscure:
        return f"unknown: {ruleset.obscure[0]}"
    for stage in ruleset.stages:
        verdict = stage.default
        for entry in stage.entries:
            if is_for(entry, packet):
                if entry.obscure or entry.verdict == "obscure":
                    return f"unknown: {'; '.join(entry.obscure)}"
                verdict = entry.verdict
                break
        if verdict != "accept":
            return verdict
    return "accept"
