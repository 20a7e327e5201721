"""Findings: what the reader of a report must know or decide.

Some follow from the matrix (checks, caveats, choices), the others from the vocabulary of plans. Their codes are stable
and listed in docs/findings.md.
"""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.engine.flows import Flow, Kind, Need, Terms, Topology
from planner.engine.rules import Boundary
from planner.plan.document import ANY, Endpoint, address_key
from planner.plan.kinds import KINDS
from ports.matrix import SEVERITIES, Caveat, Check, Choice, Pairing, port_span
from ports.text import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding. `subject` is the slug or name of what it is about; `advice` says what to do about it."""

    code: str
    severity: str
    subject: str
    message: str
    advice: str
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A choice that is open: the options that flows depend on, and those that would need nothing more."""

    choice: Choice
    flows: int
    free: tuple[str, ...]
    """Options that would need nothing beyond what is open anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaveatState:
    """A caveat that bears on the plan, and whether its correction is applied."""

    caveat: Caveat
    applied: bool


class Evidence:
    """What findings are derived from."""

    def __init__(
        self, topology: Topology, terms: Terms, flows: Sequence[Flow], boundaries: Sequence[Boundary]
    ) -> None:
        self.topology = topology
        self.terms = terms
        self.matrix = topology.matrix
        self.plan = topology.plan
        self.flows = flows
        self.boundaries = boundaries
        self.needs: dict[int, Need] = {id(flow.need): flow.need for flow in flows}
        self.services = frozenset(slug for need in self.needs.values() for slug in need.services)
        self.sections = frozenset(number for need in self.needs.values() for number in need.sections)
        self.requirements = frozenset(slug for need in self.needs.values() for slug in need.requirements)


def find_findings(evidence: Evidence) -> tuple[Finding, ...]:
    """All findings, gravest first, then by code and subject."""
    findings = [
        *(finding for check in evidence.matrix.checks for finding in _run_check(check, evidence)),
        *(_ask_decision(decision) for decision in find_decisions(evidence)),
        *(_tell_caveat(state) for state in find_caveats(evidence)),
        *_find_missing_addresses(evidence),
        *_find_named_addresses(evidence),
        *_find_address_trouble(evidence),
        *_find_idle_management(evidence),
        *_find_missing_sources(evidence),
        *_find_sites_without_agent(evidence),
        *_find_port_conflicts(evidence),
        *_find_local_flows(evidence),
    ]
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda finding: (SEVERITIES.index(finding.severity), finding.code, finding.subject, finding.message),
        )
    )


def find_decisions(evidence: Evidence) -> tuple[Decision, ...]:
    """The choices that flows depend on and that the plan has not made, in the matrix's order."""
    counts: dict[str, int] = defaultdict(int)
    options: dict[str, set[str]] = defaultdict(set)
    for flow in evidence.flows:
        for choice in {mark.choice for mark in flow.need.any_of}:
            counts[choice] += 1
    for need in evidence.needs.values():
        for mark in need.any_of:
            options[mark.choice].add(mark.option)
    return tuple(
        Decision(
            choice=choice,
            flows=counts[slug],
            free=tuple(option for option in choice.slugs if option not in options[slug]),
        )
        for slug, choice in evidence.matrix.choices.items()
        if slug in counts
    )


def find_caveats(evidence: Evidence) -> tuple[CaveatState, ...]:
    """The caveats that bear on the plan, in the matrix's order."""
    return tuple(
        CaveatState(caveat=caveat, applied=caveat.slug in evidence.plan.corrections)
        for caveat in evidence.matrix.caveats.values()
        if _bears(caveat, evidence)
    )


def _bears(caveat: Caveat, evidence: Evidence) -> bool:
    """Whether a caveat is about something that this plan has: a role, a section, a requirement or a service in use."""
    about = caveat.about
    if evidence.terms.all_marks(about.when) is None:
        return False
    # An override wins over the correction, so the caveat has nothing left to change.
    services = evidence.services - (evidence.plan.ports.keys() & dict(caveat.service_ports).keys())
    return (
        about.always
        or not evidence.sections.isdisjoint(about.sections)
        or not services.isdisjoint(about.services)
        or not evidence.requirements.isdisjoint(about.requirements)
        or any(evidence.topology.has_role(role) for role in about.roles)
    )


def _run_check(check: Check, evidence: Evidence) -> Iterator[Finding]:
    if evidence.terms.all_marks(check.when) is None:
        return
    if any(evidence.topology.has_role(role) for role in check.needs):
        return
    message = check.message
    if check.opening is not None:
        flows = [flow for flow in evidence.flows if _is_opening(flow, check, evidence)]
        if not flows:
            return
        pairs = list(dict.fromkeys((flow.source.name, flow.destination.name) for flow in flows))
        message = f"{message} {_listed([f'{source} → {destination}' for source, destination in pairs])}."
    yield Finding(
        code=check.code, severity=check.severity, subject=check.subject, message=message, advice=check.advice
    )


def _is_opening(flow: Flow, check: Check, evidence: Evidence) -> bool:
    opening, holders, kinds = check.opening, evidence.matrix.holders, evidence.topology.zone_kinds
    return (
        opening is not None
        and flow.scope != "same-host"
        and (opening.service is None or opening.service in flow.need.services)
        and (opening.source_kind is None or kinds[flow.source.zone] == opening.source_kind)
        and (opening.destination_kind is None or kinds[flow.destination.zone] == opening.destination_kind)
        and (opening.source_role is None or not holders[opening.source_role].isdisjoint(flow.source.roles))
        and (
            opening.destination_role is None
            or not holders[opening.destination_role].isdisjoint(flow.destination.roles)
        )
    )


def _ask_decision(decision: Decision) -> Finding:
    choice = decision.choice
    options = " or ".join(f"{option.name} ({option.consequence.rstrip('.')})" for option in choice.options)
    free = [choice.option(slug).name for slug in decision.free]
    saving = f" {_listed(free)} would need nothing more than is open anyway." if free else ""
    return Finding(
        code="choice-undecided",
        severity="decision",
        subject=choice.slug,
        message=f"{choice.question} Not decided yet: {options}. "
        f"{_count(decision.flows, 'flow depends', 'flows depend')} on it.{saving}",
        advice=f"Decide “{choice.name}”; until then all options stay in the report, marked with “or”.",
        sections=choice.sections,
    )


def _tell_caveat(state: CaveatState) -> Finding:
    caveat = state.caveat
    if state.applied:
        severity, advice = "info", f"The correction is applied: {caveat.correction}"
    elif caveat.correction:
        severity, advice = "warning", f"Apply the correction: {caveat.correction}"
    else:
        severity, advice = "info", "For information; nothing can be switched on."
    if not caveat.correction and not caveat.sections:
        advice = "Add what the site needs as additional flows of the plan."
    return Finding(
        code="caveat",
        severity=severity,
        subject=caveat.slug,
        message=f"{caveat.title}: {caveat.text}",
        advice=advice,
        sections=caveat.sections,
    )


def _endpoints_of_rules(evidence: Evidence) -> dict[str, Endpoint]:
    return {
        endpoint.name: endpoint
        for boundary in evidence.boundaries
        for rule in boundary.rules
        for endpoint in (*rule.sources, *rule.destinations)
    }


def _find_missing_addresses(evidence: Evidence) -> Iterator[Finding]:
    for name, endpoint in _endpoints_of_rules(evidence).items():
        if not endpoint.addresses:
            yield Finding(
                code="address-missing",
                severity="decision",
                subject=name,
                message=f"{name} has no address, and rules need one. A missing address never means any.",
                advice=f"Fill in the addresses of {name}.",
            )


def _find_named_addresses(evidence: Evidence) -> Iterator[Finding]:
    for name, endpoint in _endpoints_of_rules(evidence).items():
        names = [address for address in endpoint.addresses if address != ANY and not _is_numeric(address)]
        if names:
            yield Finding(
                code="address-is-name",
                severity="info",
                subject=name,
                message=f"{name} is known by the DNS name {_listed(names)}. Names are not resolved here, and firewall "
                "configurations leave them out.",
                advice=f"Where a firewall must know {name}, add its IP address.",
            )


def _is_numeric(address: str) -> bool:
    try:
        return bool(ipaddress.ip_network(address).version)
    except ValueError:
        return False


def _find_address_trouble(evidence: Evidence) -> Iterator[Finding]:
    users: dict[str, list[str]] = defaultdict(list)
    for endpoint in evidence.plan.endpoints:
        for address in dict.fromkeys(map(address_key, endpoint.addresses)):
            if address != ANY:
                users[address].append(endpoint.name)
    for address, names in users.items():
        if len(names) > 1:
            yield Finding(
                code="address-twice",
                severity="warning",
                subject=address,
                message=f"{address} is an address of {_listed(names)}; a rule for one opens the other.",
                advice="Check the addresses; if it is one machine, make it one endpoint with several roles.",
            )
        if _covers_everything(address):
            yield Finding(
                code="address-covers-everything",
                severity="warning",
                subject=address,
                message=f"{address}, an address of {_listed(names)}, covers every address there is.",
                advice="Name the networks that are really meant.",
            )


def _covers_everything(address: str) -> bool:
    try:
        return ipaddress.ip_network(address).prefixlen == 0
    except ValueError:
        return False


def _find_idle_management(evidence: Evidence) -> Iterator[Finding]:
    """Operations and platforms that lead to no flow, because the document or the plan lacks the other half."""
    matrix = evidence.matrix
    rows = {(r.target.platform, r.target.operation) for r in matrix.requirements if r.target and r.correction is None}
    possible = ", ".join(operation.name for operation in matrix.operations.values())
    for kind, endpoints in evidence.topology.kinds.items():
        operations = [operation for slug, operation in matrix.operations.items() if slug in kind.operations]
        demanding = [operation for operation in operations if operation.needs_platform]
        platforms = [platform for slug, platform in matrix.platforms.items() if slug in kind.platforms]
        lacking = [
            f"{operation.name} of {platform.name}"
            for operation in demanding
            for platform in platforms
            if (platform.slug, operation.slug) not in rows
        ]
        for endpoint in endpoints:
            name = endpoint.name
            if lacking:
                yield Finding(
                    code="operation-not-listed",
                    severity="warning",
                    subject=name,
                    message=f"{name}: the document has no ports for {_listed(lacking)}, so no flow comes of it.",
                    advice="Take the operation out, or ask the vendor and add the flow as an additional one.",
                    sections=tuple(dict.fromkeys(operation.section for operation in demanding)),
                )
            if demanding and not platforms:
                wanted = _listed([operation.name for operation in demanding])
                yield Finding(
                    code="operations-without-platforms",
                    severity="warning",
                    subject=name,
                    message=f"{name} has operations ({wanted}) but no platform, so no flow comes of them.",
                    advice=f"Say what is managed on {name}.",
                )
            if platforms and not operations:
                managed = _listed([platform.name for platform in platforms])
                yield Finding(
                    code="platforms-without-operations",
                    severity="warning",
                    subject=name,
                    message=f"{name} has platforms ({managed}) but no operation, so no flow comes of them.",
                    advice=f"Say what is done on {name} ({possible}), or take the platforms out.",
                )


def _find_missing_sources(evidence: Evidence) -> Iterator[Finding]:
    """Targets for which a pairing finds no source."""
    topology, matrix = evidence.topology, evidence.matrix
    for pairing in matrix.pairings.values():
        for kind, endpoints in topology.kinds.items():
            if not _is_target(kind, pairing, evidence):
                continue
            for endpoint in endpoints:
                if topology.sources(pairing, endpoint):
                    continue
                if pairing.managed_by:
                    yield _lacks_engine(endpoint, pairing, evidence)
                else:
                    yield _lacks_gateway(endpoint, pairing, evidence)


def _is_target(kind: Kind, pairing: Pairing, evidence: Evidence) -> bool:
    if pairing.managed_by and kind.operations:
        return True
    return any(
        requirement.pairing == pairing.slug
        and evidence.terms.asks.get(requirement.slug)
        and evidence.topology.is_destination(kind, requirement)
        for requirement in evidence.matrix.requirements
    )


def _role_labels(pairing: Pairing, evidence: Evidence) -> str:
    roles = evidence.matrix.roles
    return " or ".join(dict.fromkeys((roles[pairing.near].label, roles[pairing.fallback].label)))


def _lacks_engine(endpoint: Endpoint, pairing: Pairing, evidence: Evidence) -> Finding:
    return Finding(
        code="operations-without-engine",
        severity="error",
        subject=endpoint.name,
        message=f"{endpoint.name} has operations, but nothing in the plan can carry them out.",
        advice=f"Add a {_role_labels(pairing, evidence)}, or name one in its managed-by.",
    )


def _lacks_gateway(endpoint: Endpoint, pairing: Pairing, evidence: Evidence) -> Finding:
    sessions = _listed([s.name for slug, s in evidence.matrix.sessions.items() if slug in endpoint.sessions])
    return Finding(
        code="sessions-without-gateway",
        severity="warning",
        subject=endpoint.name,
        message=f"{endpoint.name} lists sessions ({sessions}) that no {_role_labels(pairing, evidence)} reaches.",
        advice=f"Fine when nobody opens sessions through a {_role_labels(pairing, evidence)}; otherwise place one "
        f"in the zone {endpoint.zone}, or where it serves all zones.",
    )


def _find_sites_without_agent(evidence: Evidence) -> Iterator[Finding]:
    topology = evidence.topology
    pairings = [pairing for pairing in evidence.matrix.pairings.values() if pairing.managed_by]
    if not pairings:
        return
    manned = {endpoint.zone for pairing in pairings for endpoint in topology.with_role(pairing.near)}
    unmanned = {endpoint.zone for endpoint in evidence.plan.endpoints if endpoint.operations} - manned
    near = evidence.matrix.roles[pairings[0].near].label
    for zone in evidence.plan.zones:
        if KINDS[zone.kind].remote and zone.name in unmanned:
            yield Finding(
                code="site-without-agent",
                severity="warning",
                subject=zone.name,
                message=f"The {KINDS[zone.kind].name} {zone.name} has managed systems but no {near}; "
                "they are reached from elsewhere, on every port of every operation.",
                advice=f"Place a {near} in {zone.name}: then only its own calls cross the boundary.",
                sections=tuple(p.near_section for p in pairings if p.near_section),
            )


def _find_port_conflicts(evidence: Evidence) -> Iterator[Finding]:
    """Two services that one endpoint would have to offer on one port."""
    matrix, terms = evidence.matrix, evidence.terms
    offered: dict[Kind, set[tuple[str, int, int, str, str]]] = defaultdict(set)
    for requirement in matrix.requirements:
        # A server role listens on its service even while a correction that opens it isn't applied.
        listened = {
            (ask.service.protocol, *port_span(ask.ports), ask.service.listener or ask.service.slug, ask.service.slug)
            for ask in terms.offers.get(requirement.slug, ())
            if ask.ports
        }
        for kind in evidence.topology.destination_kinds(requirement) if listened else ():
            offered[kind] |= listened
    for kind, endpoints in evidence.topology.kinds.items():
        for protocol, ports, slugs in _overlaps(sorted(offered[kind])):
            for endpoint in endpoints:
                yield Finding(
                    code="port-conflict",
                    severity="warning",
                    subject=endpoint.name,
                    message=f"{endpoint.name} would offer {_listed(slugs)} on {protocol} {ports}.",
                    advice="Give one of them another port or another address, or make sure that one listener "
                    "serves them all.",
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


def _find_local_flows(evidence: Evidence) -> Iterator[Finding]:
    local = sum(flow.scope == "same-host" for flow in evidence.flows)
    if local:
        yield Finding(
            code="local-flows",
            severity="info",
            subject="local",
            message=f"{_count(local, 'flow stays on one host and needs', 'flows stay on one host and need')} "
            "no firewall rule.",
            advice="Nothing to open between machines; a host firewall admits local connections.",
        )


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {plural(number, one, more)}"


def _listed(values: Sequence[str]) -> str:
    """The first few of many values, and how many more there are."""
    if len(values) > 6:
        return f"{', '.join(values[:6])} and {len(values) - 6} more"
    return ", ".join(values)
