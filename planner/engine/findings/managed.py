"""Findings about managed systems, remote sites, ports that two services want, and what stays on one host."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from planner.engine.findings.evidence import Evidence, Finding, listed, say_count, say_endpoints
from planner.engine.topology import Kind
from planner.plan.kinds import KINDS
from ports.matrix import Operation, Pairing, Platform, port_span
from ports.text import plural


def find_managed(evidence: Evidence) -> Iterator[Finding]:
    """What of operations and platforms leads to no flow, because the document or the plan lacks the other half."""
    yield from _find_idle_management(evidence)
    yield from _find_missing_engines(evidence)
    yield from _find_sites_without_agent(evidence)


def _find_idle_management(evidence: Evidence) -> Iterator[Finding]:
    matrix = evidence.matrix
    rows = {(r.target.platform, r.target.operation) for r in matrix.requirements if r.target and r.correction is None}
    unlisted: dict[str, list[str]] = {}
    sections: dict[str, None] = {}
    bare: list[str] = []
    idle: list[str] = []
    for kind, endpoints in evidence.topology.kinds.items():
        names = [endpoint.name for endpoint in endpoints]
        operations = [operation for slug, operation in matrix.operations.items() if slug in kind.operations]
        demanding = [operation for operation in operations if operation.needs_platform]
        platforms = [platform for slug, platform in matrix.platforms.items() if slug in kind.platforms]
        lacking = list(_list_lacking(demanding, platforms, rows))
        if lacking:
            said = [f"{operation.name} of {platform.name}" for operation, platform in lacking]
            unlisted.update((name, said) for name in names)
            sections |= dict.fromkeys(operation.section for operation, _ in lacking)
        if demanding and not platforms:
            bare += names
        if platforms and not operations:
            idle += names
    if unlisted:
        unlisted_said = list(dict.fromkeys(what for several in unlisted.values() for what in several))
        yield Finding(
            code="operation-not-listed",
            severity="warning",
            title="The document has no ports for an operation",
            subject=None,
            endpoints=tuple(sorted(unlisted)),
            message=f"{say_endpoints(sorted(unlisted))}: the document has no ports for {listed(unlisted_said)}, so no "
            "flow comes of it.",
            advice="Take the operation out, or ask the vendor and add the flow as an additional one.",
            sections=tuple(sections),
        )
    if bare:
        yield Finding(
            code="operations-without-platforms",
            severity="warning",
            title="Operations without a platform",
            subject=None,
            endpoints=tuple(sorted(bare)),
            message=f"{listed(sorted(bare))}: {say_count(len(bare), 'endpoint has', 'endpoints have')} operations but "
            "no platform, so no flow comes of them.",
            advice="Say what is managed there.",
        )
    if idle:
        possible = ", ".join(operation.name for operation in matrix.operations.values())
        yield Finding(
            code="platforms-without-operations",
            severity="warning",
            title="Platforms without an operation",
            subject=None,
            endpoints=tuple(sorted(idle)),
            message=f"{listed(sorted(idle))}: {say_count(len(idle), 'endpoint has', 'endpoints have')} platforms but "
            "no operation, so no flow comes of them.",
            advice=f"Say what is done there ({possible}), or take the platforms out.",
        )


def _list_lacking(
    operations: Iterable[Operation], platforms: Iterable[Platform], rows: set[tuple[str | None, str | None]]
) -> Iterator[tuple[Operation, Platform]]:
    platforms = tuple(platforms)
    for operation in operations:
        for platform in platforms:
            if (platform.slug, operation.slug) not in rows:
                yield operation, platform


def _find_missing_engines(evidence: Evidence) -> Iterator[Finding]:
    """Endpoints with operations for which a pairing finds no source."""
    topology, roles = evidence.topology, evidence.matrix.roles
    for pairing in evidence.matrix.pairings.values():
        if not pairing.managed_by:
            continue
        names = sorted(
            endpoint.name
            for kind, endpoints in topology.kinds.items()
            if kind.operations
            for endpoint in endpoints
            if not topology.sources(pairing, endpoint)
        )
        if names:
            labels = " or ".join(dict.fromkeys((roles[pairing.near].label, roles[pairing.fallback].label)))
            yield Finding(
                code="operations-without-engine",
                severity="error",
                title="Nothing carries out operations",
                subject=None,
                endpoints=tuple(names),
                message=f"{listed(names)}: {say_count(len(names), 'endpoint has', 'endpoints have')} operations, but "
                "nothing in the plan can carry them out.",
                advice=f"Add a {labels}, or name one in their managed-by.",
            )


def _find_sites_without_agent(evidence: Evidence) -> Iterator[Finding]:
    topology = evidence.topology
    pairings: list[Pairing] = [pairing for pairing in evidence.matrix.pairings.values() if pairing.managed_by]
    if not pairings:
        return
    manned = {endpoint.zone for pairing in pairings for endpoint in topology.with_role(pairing.near)}
    remote = {zone.name: zone.kind for zone in evidence.plan.zones if KINDS[zone.kind].remote}
    managed: dict[str, list[str]] = defaultdict(list)
    for endpoint in evidence.plan.endpoints:
        if endpoint.operations and endpoint.zone in remote and endpoint.zone not in manned:
            managed[endpoint.zone].append(endpoint.name)
    if managed:
        names = sorted(name for several in managed.values() for name in several)
        near = evidence.matrix.roles[pairings[0].near].label
        sites = [zone for zone in remote if zone in managed]
        kind = KINDS[remote[sites[0]]]
        yield Finding(
            code="site-without-agent",
            severity="warning",
            title=f"{kind.name[:1].upper()}{kind.name[1:]} without {near}",
            subject=None,
            endpoints=tuple(names),
            message=f"{listed(sites)}: {say_count(len(sites), f'{kind.name} has', f'{kind.plural} have')} managed "
            f"systems, {say_endpoints(names)}, but no {near}{_say_reached(names, evidence)}.",
            advice=f"Place a {near} there: then only its own calls cross the boundary.",
            sections=tuple(p.near_section for p in pairings if p.near_section),
        )


def _say_reached(names: Collection[str], evidence: Evidence) -> str:
    """How many of these systems their engines reach from another zone, as the end of a sentence; empty for none.

    On every port only where the plan excludes none of them.
    """
    pairings, matrix = evidence.matrix.pairings, evidence.matrix
    slugs = {r.slug for r in matrix.requirements if r.pairing is not None and pairings[r.pairing].managed_by}
    needs = {number for number, need in evidence.needs.items() if not slugs.isdisjoint(need.requirements)}
    ends = {flow.destination.name for flow in evidence.between_zones if id(flow.need) in needs}
    reached = sorted(ends.intersection(names))
    if not reached:
        return ""
    of_them = f"of them {say_endpoints(reached)} {plural(len(reached), 'is', 'are')}"
    said = f"; {'they are' if len(reached) == len(names) else of_them} reached from elsewhere"
    less = {one.flow.destination.name for one in evidence.excluded if not slugs.isdisjoint(one.flow.need.requirements)}
    return said if less.intersection(reached) else f"{said}, on every port of every operation"


def find_port_conflicts(evidence: Evidence) -> Iterator[Finding]:
    """Services that one endpoint would have to offer on one port."""
    matrix, terms = evidence.matrix, evidence.terms
    offered: dict[Kind, set[tuple[str, int, int, str, str]]] = defaultdict(set)
    for requirement in matrix.requirements:
        # A server role listens on its service even while a correction that opens it isn't applied.
        for kind in evidence.topology.destination_kinds(requirement):
            offered[kind] |= {
                (
                    ask.service.protocol,
                    *port_span(ask.ports),
                    ask.service.listener or ask.service.slug,
                    ask.service.slug,
                )
                for ask in terms.under(kind.setting).offers.get(requirement.slug, ())
                if ask.ports
            }
    conflicts: dict[str, str] = {}
    for kind, endpoints in evidence.topology.kinds.items():
        for protocol, ports, slugs in _overlaps(sorted(offered[kind])):
            said = f"{listed(slugs)} on {protocol} {ports}"
            for endpoint in endpoints:
                conflicts[endpoint.name] = "; ".join(filter(None, (conflicts.get(endpoint.name), said)))
    if conflicts:
        names = sorted(conflicts)
        yield Finding(
            code="port-conflict",
            severity="warning",
            title="Two services on one port",
            subject=None,
            endpoints=tuple(names),
            message=f"{say_count(len(names), 'endpoint', 'endpoints')}: "
            f"{listed([f'{name} would offer {conflicts[name]}' for name in names])}.",
            advice="Give one of them another port or another address, or make sure that one listener serves them all.",
        )


def _overlaps(offered: Iterable[tuple[str, int, int, str, str]]) -> Iterator[tuple[str, str, list[str]]]:
    """Protocol, ports and services wherever different listeners share ports; input sorted by protocol and port."""
    cluster: list[tuple[str, int, int, str, str]] = []
    last = 0
    for item in (*offered, ("", 0, 0, "", "")):
        if cluster and (item[0] != cluster[0][0] or item[1] > last):
            if len({listener for *_, listener, _ in cluster}) > 1:
                first = cluster[0][1]
                ports = str(first) if first == last else f"{first}-{last}"
                yield cluster[0][0], ports, sorted({slug for *_, slug in cluster})
            cluster = []
            last = 0
        cluster.append(item)
        last = max(last, item[2])


def find_local_flows(evidence: Evidence) -> Iterator[Finding]:
    """That some flows stay on one host."""
    local = [flow for flow in evidence.flows if flow.scope == "same-host"]
    if local:
        hosts = sorted({flow.source.name for flow in local})
        yield Finding(
            code="local-flows",
            severity="info",
            title="Flows that stay on one host",
            subject="local",
            endpoints=tuple(hosts),
            message=f"{say_count(len(local), 'flow stays on one host and needs', 'flows stay on one host and need')} "
            f"no firewall rule: {say_endpoints(hosts)}.",
            advice="Nothing to open between machines; a host firewall admits local connections.",
        )
