"""One packet as people ask about it: names in any case, "somebody in Clients", a bare port; and the answer in words.

Pure.
"""

import re
from collections.abc import Sequence

from planner.engine.ask import End, NotAskable, Outcome, find_end, find_zone, read_packet
from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.plan.reading import ANY
from planner.report.said.addresses import SoughtAddress
from ports.text import name_key, several, short

WORDS: dict[Outcome, str] = {
    "allowed": "Allowed",
    "not-asked": "Not asked for by this plan",
    "closed": "It must stay closed",
}
"""What becomes of a packet."""
SOMEBODY = "somebody in "
"""What stands before the name of a zone where each of its endpoints is meant."""
MOST_SUGGESTED = 200
"""How many names of endpoints and zones are suggested: a page of 3,000 endpoints stays a page."""
MOST_ZONES = 40
MOST_SERVICES = 60

_SERVICE = re.compile(r"(?:(tcp|udp)[\s/:]*)?(\d+(?:\s*[-–]\s*\d+)?)(?:\s*/?\s*(tcp|udp))?", re.IGNORECASE)


def find_side(report: Report, text: str) -> End:
    """What a text names: as `find_end`, in upper or lower case, or "somebody in" a zone. Raises NotAskable."""
    text = text.strip()
    zones = [zone.name for zone in report.plan.zones]
    if text.casefold().startswith(SOMEBODY):
        zone = find_zone(report, _find_named(text[len(SOMEBODY) :].strip(), zones) or "")
        if zone is not None:
            return zone
    named = _find_named(text, [endpoint.name for endpoint in report.plan.endpoints]) or _find_named(text, zones)
    try:
        return find_end(report, named or text)
    except NotAskable:
        raise NotAskable(
            f"“{short(text)}” is no endpoint and no zone of this plan, and no address. "
            f"Allowed are a name, an address such as 10.0.0.20, a network, and “{SOMEBODY}” with a zone."
        ) from None


def _find_named(text: str, names: Sequence[str]) -> str | None:
    """The name that a text says: the very one, else that in upper or lower case."""
    if text in names:
        return text
    key = name_key(text)
    return next((name for name in names if name_key(name) == key), None)


def find_packet(report: Report, text: str) -> Ports:
    """A protocol and port in the ways in which people write them: tcp/443, 443, 443/tcp, TCP 443, icmp, or a service.

    A bare port is one of tcp; a service is called by its name or slug, and has its port in this plan. Raises
    NotAskable.
    """
    named = _find_service(report, text)
    if named is not None:
        return named
    written = " ".join(text.split()).replace("–", "-").casefold()
    found = _SERVICE.fullmatch(written)
    if found and not (found[1] and found[3]):
        written = f"{found[1] or found[3] or 'tcp'}/{found[2].replace(' ', '')}"
    try:
        return read_packet({"ping": "icmp"}.get(written, written))
    except NotAskable:
        raise NotAskable(
            f"“{short(text)}” is no service that can be asked for. Allowed are tcp and udp with a port or a range, "
            "such as tcp/443 or udp/49152-65535, icmp, and the name of a service that has one port."
        ) from None


def _find_service(report: Report, text: str) -> Ports | None:
    """The service of the matrix that is called so, where it has one port or range in this plan."""
    key = name_key(text)
    for slug, service in report.matrix.services.items():
        ports = report.ports[slug]
        if key in (slug, name_key(service.name)) and "," not in (ports or ""):
            return Ports(service.protocol, ports)
    return None


def say_who(report: Report, text: str, end: End) -> str:
    """Whose an address is that was asked about, in a sentence; empty for what isn't one, or is nobody's."""
    sought = SoughtAddress(text, report)
    if not sought or not end.endpoints:
        return ""
    anywhere = [endpoint.name for endpoint in end.endpoints if ANY in endpoint.addresses]
    if len(anywhere) == len(end.endpoints):
        return f"{sought.text} is none of this plan’s own addresses, so it counts as {several(anywhere)} (any)."
    holding = [endpoint.name for endpoint in end.endpoints if endpoint.name not in anywhere]
    return f"{sought.text} is {several(holding)}."


def suggest_names(report: Report) -> list[str]:
    """What one can ask about: zones that aren't like another one, and endpoints; the first ones of very many."""
    zones = [f"{SOMEBODY}{group.zones[0]}" for group in report.zone_groups[:MOST_ZONES]]
    alone = {group.zones[0] for group in report.zone_groups if len(group.zones) == 1}
    ends = sorted(report.plan.endpoints, key=lambda endpoint: endpoint.zone not in alone)
    return zones + [endpoint.name for endpoint in ends[: MOST_SUGGESTED - len(zones)]]


def suggest_services(report: Report) -> list[str]:
    """Protocols and ports of rules, each once."""
    services = sorted({ports for rule in report.rules for ports in rule.services}, key=lambda ports: ports.order)
    return [f"{one.protocol}/{one.ports}" if one.ports else one.protocol for one in services[:MOST_SERVICES]]
