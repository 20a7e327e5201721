"""Findings about the firewalls of a plan."""

from collections.abc import Iterator, Mapping

from planner.engine.findings.evidence import Evidence, Finding, both_ends, say_count, say_endpoints
from planner.plan.fields import Firewall


def find_firewall_trouble(evidence: Evidence) -> Iterator[Finding]:
    """Flows between zones that no firewall of the plan sees; a plan without firewalls has no such finding."""
    firewalls = evidence.plan.firewalls
    if not firewalls:
        return
    seen: dict[tuple[str, str], bool] = {}
    unseen = []
    for flow in evidence.flows:
        if flow.scope != "cross-zone":
            continue
        zones = flow.source.zone, flow.destination.zone
        if zones not in seen:
            seen[zones] = any(passes(firewall, *zones) for firewall in firewalls)
        if not seen[zones]:
            unseen.append(flow)
    if unseen:
        names = both_ends(unseen)
        yield Finding(
            code="no-firewall",
            severity="warning",
            title="Flows that no firewall sees",
            subject=None,
            endpoints=names,
            message=f"{say_count(len(unseen), 'flow', 'flows')} between {say_endpoints(names)}: no firewall of the "
            "plan has both zones behind different interfaces, so the rules of none admit them.",
            advice="Add the zones to the firewall that stands between them, or the firewall that is missing.",
        )


def passes(firewall: Firewall, source: str, destination: str) -> bool:
    """Whether what goes from one zone to another passes a firewall: it knows both, behind different interfaces."""
    behind: Mapping[str, str] = firewall.zones
    return source in behind and destination in behind and behind[source] != behind[destination]
