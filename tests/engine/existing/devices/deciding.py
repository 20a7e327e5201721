"""What a ruleset does with one packet, by the sentences of `planner/engine/existing/model.py`, entry for entry."""

import ipaddress
from dataclasses import dataclass, replace
from functools import cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The first packet of a connection. An ICMP packet's port is type × 256 + code."""

    source: str
    destination: str
    protocol: str = "tcp"
    port: int = 443
    source_port: int = 50000
    enters: str = ""
    leaves: str = ""


find_address = cache(ipaddress.ip_address)
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58, "sctp": 132, "gre": 47, "esp": 50}


def meets(sides, name):
    if sides is None:
        return True
    named = name in sides.names or any(name.startswith(one) for one in sides.prefixes)
    return named != sides.negated


def is_between(match, packet):
    source, destination = find_address(packet.source), find_address(packet.destination)
    return match.family == source.version and int(source) in match.sources and int(destination) in match.destinations


def matches(match, packet):
    return (
        is_between(match, packet)
        and NUMBERS[packet.protocol] in match.protocols
        and (packet.protocol not in ("tcp", "udp", "sctp") or packet.source_port in match.source_ports)
        and (packet.protocol in ("gre", "esp") or packet.port in match.ports)
    )


def passes(entry, packet):
    return meets(entry.enters, packet.enters) and meets(entry.leaves, packet.leaves)


def keep_between(ruleset, packet):
    """The ruleset without the entries that no packet meets which goes as this one does, whatever its service."""

    def keep(entries):
        return tuple(
            entry
            for entry in entries
            if passes(entry, packet) and any(is_between(match, packet) for match in entry.matches)
        )

    return replace(ruleset, stages=tuple(replace(stage, entries=keep(stage.entries)) for stage in ruleset.stages))


def decide(ruleset, packet):
    """(open, closed or unknown; the name of what decided, or what isn't understood)."""
    if ruleset.obscure:
        return "unknown", ruleset.obscure[0]
    last = "open", ""
    for stage in ruleset.stages:
        state, why = decide_stage(stage, packet)
        if state != "open":
            return state, why
        last = state, why
    return last


def decide_stage(stage, packet):
    family = find_address(packet.source).version
    if family not in stage.families:
        return "open", ""
    doubts = []
    for entry in stage.entries:
        if not passes(entry, packet):
            continue
        if not any(matches(match, packet) for match in entry.matches):
            continue
        assert entry.verdict in ("accept", "drop", "obscure"), "devices have no chains"
        outcome = {"accept": "open", "drop": "closed", "obscure": "unknown"}[entry.verdict]
        if entry.obscure:
            doubts.append((outcome, entry.obscure[0]))
            continue
        return settle(doubts, outcome, entry.name)
    return settle(
        doubts, {"accept": "open", "drop": "closed", "obscure": "unknown"}[stage.default], stage.default_name
    )


def settle(doubts, outcome, name):
    """A doubt counts if it would come to something else."""
    for other, why in doubts:
        if other != outcome:
            return "unknown", why
    return outcome, name
