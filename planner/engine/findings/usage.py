"""Findings about roles that lead nowhere, sessions that nobody opens, and exclusions that exclude nothing."""

from collections import defaultdict
from collections.abc import Iterator

from planner.engine.findings.evidence import Evidence, Finding, both_ends, listed, say_count, say_endpoints
from planner.engine.flows import exclusion_keys
from planner.engine.terms import Terms
from planner.engine.topology import Topology
from ports.matrix import Matrix, Pairing, Requirement


def find_usage(evidence: Evidence) -> Iterator[Finding]:
    """What of the plan's roles and sessions leads to nothing, each for one reason."""
    lost = list(_find_nothing_to_reach(evidence))
    unused = list(_find_nobody_uses(evidence))
    yield from lost
    yield from unused
    yield from _find_idle_roles(evidence, {finding.subject for finding in (*lost, *unused)})
    yield from _find_sessions(evidence)


def may_be_in_force(requirement: Requirement, evidence: Evidence) -> bool:
    """Whether a requirement is in force by the plan's own choices, or only an unanswered correction withholds it."""
    plan, terms = evidence.plan, evidence.terms
    withheld = requirement.correction in plan.as_documented
    return not withheld and any(_asks(requirement, terms))


def _asks(requirement: Requirement, terms: Terms) -> Iterator[bool]:
    common = terms.meets_all(requirement.when)
    for ask in requirement.asks if common else ():
        yield bool(ask.when is None or terms.meets(ask.when))


def _find_nothing_to_reach(evidence: Evidence) -> Iterator[Finding]:
    """People whose server isn't in the plan."""
    topology, matrix = evidence.topology, evidence.matrix
    rows: dict[str, list[Requirement]] = defaultdict(list)
    for requirement in matrix.requirements:
        if requirement.source and may_be_in_force(requirement, evidence):
            for user in matrix.holders[requirement.source]:
                rows[user].append(requirement)
    for slug, role in matrix.roles.items():
        if role.kind != "people" or not topology.has_role(slug):
            continue
        missing = [
            requirement
            for requirement in rows[slug]
            if requirement.destination and not topology.has_role(requirement.destination)
        ]
        targets = [requirement for requirement in rows[slug] if requirement.target]
        if any(topology.destination_kinds(requirement) for requirement in targets):
            targets = []
        if missing or targets:
            wanted = [matrix.roles[requirement.destination or ""].name for requirement in missing]
            sessions = [matrix.sessions[t.target.session].name for t in targets if t.target and t.target.session]
            what = f"no endpoint is {listed([f'“{name}”' for name in dict.fromkeys(wanted)])}" if missing else ""
            where = f"no endpoint lists a session ({listed(list(dict.fromkeys(sessions)))})" if targets else ""
            holders = _holders(slug, topology)
            yield Finding(
                code="nothing-to-reach",
                severity="error",
                title=f"{role.name}: nothing to reach",
                subject=slug,
                endpoints=holders,
                message=f"{say_endpoints(holders)}: {role.name} need something that the plan doesn't have: "
                f"{' and '.join(filter(None, (what, where)))}.",
                advice=f"Add what is missing, or take the role “{role.name}” away.",
                sections=tuple(dict.fromkeys(requirement.section for requirement in (*missing, *targets))),
            )


def _find_nobody_uses(evidence: Evidence) -> Iterator[Finding]:
    """Servers that people use, of whom there are none."""
    topology, matrix = evidence.topology, evidence.matrix
    users: dict[str, dict[str, None]] = defaultdict(dict)
    sections: dict[str, dict[str, None]] = defaultdict(dict)
    for requirement in matrix.requirements:
        if not (requirement.source and requirement.destination and may_be_in_force(requirement, evidence)):
            continue
        people = [role for role in matrix.holders[requirement.source] if matrix.roles[role].kind == "people"]
        for server in matrix.holders[requirement.destination] if people else ():
            users[server].update(dict.fromkeys(people))
            sections[server][requirement.section] = None
    for slug, role in matrix.roles.items():
        people = list(users[slug])
        if role.kind != "server" or not people or not topology.has_role(slug):
            continue
        if any(topology.has_role(user) for user in people):
            continue
        wanted = " or ".join(f"“{matrix.roles[user].name}”" for user in matrix.roles if user in people)
        holders = _holders(slug, topology)
        yield Finding(
            code="nobody-uses",
            severity="warning",
            title=f"{role.name}: nobody uses it",
            subject=slug,
            endpoints=holders,
            message=f"{say_endpoints(holders)}: nobody in the plan uses “{role.name}”, so the document asks for no "
            "way in for people.",
            advice=f"Say who uses it: give an endpoint, such as a group of workstations, the role {wanted}.",
            sections=tuple(sections[slug]),
        )


def _find_idle_roles(evidence: Evidence, told: set[str | None]) -> Iterator[Finding]:
    """Roles in which no endpoint opens a connection or is reached."""
    topology, matrix = evidence.topology, evidence.matrix
    acting: set[str] = set()
    by_slug = {requirement.slug: requirement for requirement in matrix.requirements}
    # Thousands of flows are alike in this.
    alike = {(id(flow.need), flow.source.roles, flow.destination.roles): flow for flow in evidence.asked}
    for flow in alike.values():
        for slug in flow.need.requirements:
            requirement = by_slug[slug]
            acting |= source_roles(requirement, matrix).intersection(flow.source.roles)
            if requirement.destination:
                acting |= matrix.holders[requirement.destination].intersection(flow.destination.roles)
    for slug, role in matrix.roles.items():
        if role.kind == "group" or slug in acting or slug in told or not topology.has_role(slug):
            continue
        holders = _holders(slug, topology)
        open_questions = list(dict.fromkeys(_find_withheld(slug, evidence)))
        yield Finding(
            code="role-without-flow",
            severity="warning",
            title=f"{role.name}: leads to no flow",
            subject=slug,
            endpoints=holders,
            message=f"{say_endpoints(holders)}: as “{role.name}” nothing is opened and nothing is reached in "
            "this plan.",
            advice=f"Decide {listed(open_questions)}: following practice gives it flows. Otherwise take the role away."
            if open_questions
            else "Add what the role works with, or take it away.",
        )


def _find_withheld(role: str, evidence: Evidence) -> Iterator[str]:
    """The titles of the unanswered caveats that would lead from a role, or to it, to what the plan has."""
    topology, matrix = evidence.topology, evidence.matrix
    for requirement in matrix.requirements:
        caveat, destination = requirement.correction, requirement.destination
        if not caveat or not destination or caveat in evidence.answered or not any(_asks(requirement, evidence.terms)):
            continue
        sources = source_roles(requirement, matrix)
        if role not in sources and role not in matrix.holders[destination]:
            continue
        if topology.has_role(destination) and any(map(topology.has_role, sources)):
            yield f"“{matrix.caveats[caveat].title}”"


def source_roles(requirement: Requirement, matrix: Matrix) -> frozenset[str]:
    """The roles in which the sources of a requirement act."""
    if requirement.source:
        return matrix.holders[requirement.source]
    pairing = matrix.pairings[requirement.pairing or ""]
    return pairing_roles(pairing, matrix)


def pairing_roles(pairing: Pairing, matrix: Matrix) -> frozenset[str]:
    """The roles of the sources that a pairing finds."""
    return matrix.holders[pairing.near] | matrix.holders[pairing.fallback]


def _holders(role: str, topology: Topology) -> tuple[str, ...]:
    return tuple(sorted(endpoint.name for endpoint in topology.with_role(role)))


def _find_sessions(evidence: Evidence) -> Iterator[Finding]:
    """Endpoints with sessions that nobody opens, or that no gateway reaches."""
    matrix, plan = evidence.matrix, evidence.plan
    rows = [r for r in matrix.requirements if r.target and r.target.session and not r.target.operation]
    gateways = [pairing for pairing in matrix.pairings.values() if not pairing.managed_by]
    reached: dict[str, set[str]] = defaultdict(set)
    slugs = {requirement.slug for requirement in rows}
    opening: dict[int, frozenset[str]] = {}
    for flow in evidence.asked:
        opens = opening.get(id(flow.need))
        if opens is None:
            opens = opening[id(flow.need)] = frozenset(slugs.intersection(flow.need.requirements))
        if opens:
            reached[flow.destination.name] |= opens
    without: set[str] = set()
    for pairing in gateways:
        roles = pairing_roles(pairing, matrix)
        if not any(evidence.topology.has_role(role) for role in (*roles, *_users_of(roles, matrix))):
            continue
        own = [r for r in rows if source_roles(r, matrix) & roles]
        sessions = {r.target.session for r in own if r.target}
        through = {r.slug for r in own}
        names = sorted(
            endpoint.name
            for endpoint in plan.endpoints
            if sessions.intersection(endpoint.sessions) and not reached[endpoint.name] & through
        )
        without.update(names)
        if names:
            label = " or ".join(dict.fromkeys(matrix.roles[role].label for role in (pairing.near, pairing.fallback)))
            wanted = [matrix.sessions[slug].name for slug in matrix.sessions if slug in sessions]
            yield Finding(
                code="sessions-without-gateway",
                severity="warning",
                title=f"Sessions that no {label} reaches",
                subject=None,
                endpoints=tuple(names),
                message=f"{say_endpoints(names)}: sessions ({' or '.join(wanted)}) that no {label} reaches.",
                advice=f"Fine when nobody opens them through a {label}; otherwise place one in the same zone, or "
                "where it serves all zones.",
                sections=tuple(dict.fromkeys(requirement.section for requirement in own)),
            )
    idle = sorted(
        endpoint.name
        for endpoint in plan.endpoints
        if endpoint.sessions and endpoint.name not in without and not reached[endpoint.name]
    )
    if idle and rows:
        yield Finding(
            code="sessions-unused",
            severity="warning",
            title="Sessions that nobody opens",
            subject=None,
            endpoints=tuple(idle),
            message=f"{listed(idle)}: {say_count(len(idle), 'endpoint lists', 'endpoints list')} sessions that nobody "
            "in the plan opens.",
            advice="Say who opens them, or take the sessions away.",
            sections=tuple(dict.fromkeys(requirement.section for requirement in rows)),
        )


def _users_of(roles: frozenset[str], matrix: Matrix) -> set[str]:
    """The people who use servers with these roles."""
    return {
        user
        for requirement in matrix.requirements
        if requirement.source and requirement.destination and matrix.holders[requirement.destination] <= roles
        for user in matrix.holders[requirement.source]
        if matrix.roles[user].kind == "people"
    }


def find_closed_trouble(evidence: Evidence) -> Iterator[Finding]:
    """Flows that must not be, and exclusions that exclude nothing."""
    known: dict[int, tuple[str, ...]] = {}
    for closed in evidence.closed:
        if closed.number is not None and not closed.kept:
            flows = closed.breaking  # the same object for rows that forbid the same
            ends = known.get(id(flows)) or known.setdefault(id(flows), both_ends(flows))
            yield Finding(
                code="never-broken",
                severity="error",
                title="What must stay closed is needed",
                subject=f"never[{closed.number}]",
                endpoints=ends,
                message=f"The plan keeps this closed ({closed.reason.strip()}), and "
                f"{say_count(len(flows), 'flow needs', 'flows need')} it open, between "
                f"{say_endpoints(ends)}.",
                advice="Exclude the flow with its reason, change what asks for it, or take the prohibition away.",
                sections=(),
            )
    by_section = defaultdict(list)
    for closed in evidence.closed:
        if closed.number is None and not closed.kept:
            by_section[closed.sections].append(closed)
    for sections, broken in by_section.items():
        breaking = [flow for closed in broken for flow in closed.breaking]
        ends = both_ends(breaking)
        reasons = dict.fromkeys(str(reason) for flow in breaking for reason in flow.need.reasons)
        yield Finding(
            code="prohibited-flow",
            severity="warning",
            title="What the document forbids is needed",
            subject=", ".join(sections),
            endpoints=ends,
            message=f"{broken[0].reason} {say_count(len(breaking), 'flow breaks', 'flows break')} that, between "
            f"{say_endpoints(ends)}: {listed(list(reasons))}.",
            advice="Change what asks for it, or exclude it with its reason.",
            sections=sections,
        )
    yield from _find_idle_exclusions(evidence)


def _find_idle_exclusions(evidence: Evidence) -> Iterator[Finding]:
    taken = {key for one in evidence.excluded for key in exclusion_keys(one.flow)}
    for number, exclusion in enumerate(evidence.plan.exclusions):
        if (exclusion.source, exclusion.destination, exclusion.protocol, exclusion.ports) not in taken:
            pair = sorted({exclusion.source, exclusion.destination})
            yield Finding(
                code="exclusion-without-effect",
                severity="warning",
                title="An exclusion excludes nothing",
                subject=f"exclusions[{number}]",
                endpoints=tuple(pair),
                message=f"{say_count(len(pair), 'endpoint', 'endpoints')}, {exclusion.source} → "
                f"{exclusion.destination}: the document asks for no such flow, or the plan itself asks for it.",
                advice="Take the exclusion away, or correct its protocol and ports.",
            )
