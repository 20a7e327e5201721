"""Flows: who must be able to open a connection to whom, and why.

`evaluate` is a pure function of matrix and plan. It works on kinds of endpoints rather than endpoints where it can,
and on the pairs that requirements really lead to, so its cost grows with the flows that come out. How many those are
is counted before they are made: a small plan can ask for millions.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from planner.plan import limits
from planner.plan.document import AdditionalFlow, Endpoint, Fault, Plan, PlanError
from ports.matrix import (
    ChoiceIs,
    Condition,
    Matrix,
    Pairing,
    Reason,
    Requirement,
    RolePresent,
    Service,
    Target,
    port_span,
    section_key,
)

Scope = Literal["same-host", "same-zone", "cross-zone"]


class Mark(NamedTuple):
    """An option of an undecided choice: the flow is needed if that option is taken."""

    choice: str
    option: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Need:
    """What is needed between two endpoints on one protocol and port, and every cause of it.

    Endpoints of one kind share their needs: the same object stands in many flows.
    """

    protocol: str
    ports: str | None
    services: tuple[str, ...]
    sections: tuple[str, ...]
    any_of: tuple[Mark, ...]
    reasons: tuple[Reason, ...]
    requirements: tuple[str, ...]

    @property
    def order(self) -> tuple[str, tuple[int, int]]:
        """Sort key: protocol, then port number."""
        return self.protocol, port_span(self.ports) if self.ports else (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flow:
    """One connection that the source must be able to initiate. Ports are destination ports."""

    source: Endpoint
    destination: Endpoint
    need: Need
    scope: Scope


class Kind(NamedTuple):
    """What of an endpoint decides which requirements it meets."""

    roles: frozenset[str]
    platforms: frozenset[str]
    operations: frozenset[str]
    sessions: frozenset[str]


class Topology:
    """The endpoints of a plan, found by role, by target and by pairing without a search through all of them."""

    def __init__(self, matrix: Matrix, plan: Plan) -> None:
        self.matrix = matrix
        self.plan = plan
        self.kinds: dict[Kind, list[Endpoint]] = defaultdict(list)
        for endpoint in plan.endpoints:
            self.kinds[kind_of(endpoint)].append(endpoint)
        self.zone_kinds = {zone.name: zone.kind for zone in plan.zones}
        self.by_name = {endpoint.name: endpoint for endpoint in plan.endpoints}
        self._destinations: dict[str, tuple[Kind, ...]] = {}
        self._near: dict[str, dict[str, tuple[Endpoint, ...]]] = {}
        self._fallback: dict[str, tuple[Endpoint, ...]] = {}

    def holds(self, kind: Kind, role: str) -> bool:
        """Whether endpoints of this kind have the role, or for a group of roles one of them."""
        return not self.matrix.holders[role].isdisjoint(kind.roles)

    def with_role(self, role: str) -> Iterator[Endpoint]:
        """All endpoints that have the role."""
        for kind, endpoints in self.kinds.items():
            if self.holds(kind, role):
                yield from endpoints

    def count_role(self, role: str) -> int:
        """How many endpoints have the role."""
        return sum(len(endpoints) for kind, endpoints in self.kinds.items() if self.holds(kind, role))

    def has_role(self, role: str) -> bool:
        """Whether any endpoint has the role."""
        return any(self.holds(kind, role) for kind in self.kinds)

    def destinations(self, requirement: Requirement) -> Iterator[Endpoint]:
        """All endpoints that a requirement leads to."""
        for kind in self.destination_kinds(requirement):
            yield from self.kinds[kind]

    def destination_kinds(self, requirement: Requirement) -> tuple[Kind, ...]:
        """The kinds of endpoints that a requirement leads to."""
        if requirement.slug not in self._destinations:
            self._destinations[requirement.slug] = tuple(
                kind for kind in self.kinds if self.is_destination(kind, requirement)
            )
        return self._destinations[requirement.slug]

    def is_destination(self, kind: Kind, requirement: Requirement) -> bool:
        """Whether a requirement leads to endpoints of this kind."""
        if requirement.destination is not None:
            return self.holds(kind, requirement.destination)
        return requirement.target is not None and matches(kind, requirement.target)

    def sources(self, pairing: Pairing, target: Endpoint) -> tuple[Endpoint, ...]:
        """The sources that the pairing finds for a target; none when there are none."""
        if pairing.managed_by and target.managed_by:
            return tuple(self.by_name[name] for name in target.managed_by)
        if pairing.slug not in self._near:
            near: dict[str, list[Endpoint]] = defaultdict(list)
            for endpoint in self.with_role(pairing.near):
                near[endpoint.zone].append(endpoint)
            self._near[pairing.slug] = {zone: tuple(endpoints) for zone, endpoints in near.items()}
            self._fallback[pairing.slug] = tuple(
                endpoint
                for endpoint in self.with_role(pairing.fallback)
                if self.zone_kinds[endpoint.zone] not in pairing.fallback_not_in
            )
        return self._near[pairing.slug].get(target.zone) or self._fallback[pairing.slug]

    def is_near(self, pairing: Pairing, source: Endpoint) -> bool:
        """Whether a source has the pairing's near role, however it was chosen."""
        return not self.matrix.holders[pairing.near].isdisjoint(source.roles)


def kind_of(endpoint: Endpoint) -> Kind:
    """The kind of an endpoint."""
    return Kind(
        frozenset(endpoint.roles),
        frozenset(endpoint.platforms),
        frozenset(endpoint.operations),
        frozenset(endpoint.sessions),
    )


def matches(kind: Kind, target: Target) -> bool:
    """Whether endpoints of this kind are such a target: every field that is set holds."""
    return (
        (target.operation is None or target.operation in kind.operations)
        and (target.platform is None or target.platform in kind.platforms)
        and (target.session is None or target.session in kind.sessions)
        and kind.sessions.isdisjoint(target.without_sessions)
        and kind.platforms.isdisjoint(target.without_platforms)
    )


class Ask(NamedTuple):
    """A service that a requirement asks for, and the undecided options that this depends on; none: in any case."""

    service: Service
    ports: str | None
    marks: frozenset[Mark]


class Terms:
    """What the plan's choices, corrections and overrides make of the matrix."""

    def __init__(self, matrix: Matrix, plan: Plan, topology: Topology) -> None:
        self.matrix = matrix
        self.plan = plan
        self.topology = topology
        self._ports = {
            slug: ports
            for caveat in matrix.caveats.values()
            if caveat.slug in plan.corrections
            for slug, ports in caveat.service_ports
        } | dict(plan.ports)
        everything = {requirement.slug: tuple(self._asks(requirement)) for requirement in matrix.requirements}
        self.asks = {
            requirement.slug: everything[requirement.slug]
            for requirement in matrix.requirements
            if requirement.correction is None or requirement.correction in plan.corrections
        }
        """What each requirement asks for that the plan's choices and corrections leave in force."""
        self.offers = {
            requirement.slug: everything[requirement.slug]
            for requirement in matrix.requirements
            if requirement.slug in self.asks or requirement.destination is not None
        }
        """The same, and what roles offer although only a correction opens it."""

    def chosen(self, choice: str) -> frozenset[str] | None:
        """The options taken, by the plan or by default; None while the choice is undecided."""
        taken: str | tuple[str, ...] | None = self.plan.choices.get(choice, self.matrix.choices[choice].default)
        if taken is None:
            return None
        return frozenset((taken,) if isinstance(taken, str) else taken)

    def ports(self, service: Service) -> str | None:
        """The ports of a service in this plan: override, else applied correction, else default."""
        return self._ports.get(service.slug, service.ports)

    def marks(self, condition: Condition) -> frozenset[Mark] | None:
        """None when the condition doesn't hold; the marks it depends on while its choice is undecided."""
        if isinstance(condition, RolePresent):
            return frozenset() if self.topology.has_role(condition.role) else None
        return self._choice_marks(condition)

    def _choice_marks(self, condition: ChoiceIs) -> frozenset[Mark] | None:
        chosen = self.chosen(condition.choice)
        if chosen is None:
            return frozenset(Mark(condition.choice, option) for option in condition.options) or None
        met = chosen & set(condition.options) if condition.options else not chosen
        return frozenset() if met else None

    def all_marks(self, conditions: Iterable[Condition]) -> frozenset[Mark] | None:
        """The marks of all conditions together; None when one of them doesn't hold."""
        marks: frozenset[Mark] = frozenset()
        for condition in conditions:
            more = self.marks(condition)
            if more is None:
                return None
            marks |= more
        return marks

    def _asks(self, requirement: Requirement) -> Iterator[Ask]:
        common = self.all_marks(requirement.when)
        if common is None:
            return
        for ask in requirement.asks:
            own = self.marks(ask.when) if ask.when else frozenset[Mark]()
            if own is not None:
                service = self.matrix.services[ask.service]
                yield Ask(service, self.ports(service), common | own)


class _Cause(NamedTuple):
    """Why two endpoints connect: a requirement, by its place in the matrix, and a section cited for the source."""

    requirement: int
    near_section: str | None


class TooLarge(PlanError):
    """The plan is sound and would need more than planner.plan.limits.PAIRS or FLOWS; nothing of that has been made."""

    def __init__(self, sentence: str) -> None:
        super().__init__([Fault("document", sentence)])

    @property
    def sentence(self) -> str:
        """What was found, what is allowed and what to do."""
        return self.faults[0].message


def evaluate(matrix: Matrix, plan: Plan) -> tuple[Flow, ...]:
    """All flows of a plan, sorted by source, destination, protocol and port.

    One flow for each source, destination, protocol and ports, whatever number of requirements ask for it. The plan has
    been checked by `planner.plan.document` against the same matrix. Raises TooLarge, and nothing else.
    """
    topology = Topology(matrix, plan)
    return derive_flows(topology, Terms(matrix, plan, topology))


def derive_flows(topology: Topology, terms: Terms) -> tuple[Flow, ...]:
    """The flows of the plan that `topology` and `terms` are of, as `evaluate` gives them. Raises TooLarge like it."""
    if (pairs := count_pairs(topology, terms)) > limits.PAIRS:
        raise TooLarge(limits.say_pairs(pairs))
    found = find_needs(topology, terms)
    if (count := sum(len(needs) for _, _, needs in found)) > limits.FLOWS:
        raise TooLarge(limits.say_flows(count))
    flows: list[Flow] = []
    for source, destination, needs in found:
        scope = _scope(source, destination)
        flows += [Flow(source=source, destination=destination, need=need, scope=scope) for need in needs]
    return tuple(flows)


def count_pairs(topology: Topology, terms: Terms) -> int:
    """How many pairs of a flow and a cause of it there are: requirements that ask for it, and additional flows.

    Worked out from the sizes of groups, in time that grows with endpoints and requirements and not with what comes
    out. There are never more flows than that.
    """
    matrix = topology.matrix
    sources: dict[str, dict[Kind, int]] = {}
    total = len(topology.plan.additional_flows)
    for requirement in matrix.requirements:
        services = len({(ask.service.protocol, ask.ports) for ask in terms.asks.get(requirement.slug, ())})
        if not services:
            continue
        kinds = topology.destination_kinds(requirement)
        if requirement.pairing is not None:
            if requirement.pairing not in sources:
                sources[requirement.pairing] = _count_sources(topology, matrix.pairings[requirement.pairing])
            total += services * sum(sources[requirement.pairing][kind] for kind in kinds)
        elif requirement.source is not None:
            total += (
                services * topology.count_role(requirement.source) * sum(len(topology.kinds[kind]) for kind in kinds)
            )
    return total


def _count_sources(topology: Topology, pairing: Pairing) -> dict[Kind, int]:
    """How many pairs of source and target there are for the targets of each kind."""
    return {
        kind: sum(len(topology.sources(pairing, target)) for target in targets)
        for kind, targets in topology.kinds.items()
    }


def find_needs(topology: Topology, terms: Terms) -> list[tuple[Endpoint, Endpoint, tuple[Need, ...]]]:
    """The needs of every two endpoints that have any, sorted by source and destination.

    Call it when `count_pairs` is within planner.plan.limits.PAIRS: its cost grows with that.
    """
    matrix, plan = topology.matrix, topology.plan
    rank = {name: index for index, name in enumerate(sorted(topology.by_name))}
    by_rank = [topology.by_name[name] for name in sorted(topology.by_name)]
    causes: dict[tuple[int, int], list[_Cause]] = defaultdict(list)
    for index, requirement in enumerate(matrix.requirements):
        if not terms.asks.get(requirement.slug):
            continue
        plain = _Cause(index, None)  # one object for hundreds of thousands of pairs
        for source, destination, near_section in _pairs(topology, requirement):
            cause = _Cause(index, near_section) if near_section else plain
            causes[rank[source.name], rank[destination.name]].append(cause)
    extras: dict[tuple[int, int], list[AdditionalFlow]] = defaultdict(list)
    for extra in plan.additional_flows:
        extras[rank[extra.source], rank[extra.destination]].append(extra)

    known: dict[tuple[_Cause, ...], tuple[Need, ...]] = {}
    found = []
    for pair in sorted(causes.keys() | extras.keys()):
        why = tuple(causes.get(pair, ()))
        if pair in extras:
            needs = _merge(terms, why, extras[pair])
        else:
            needs = known.get(why) or known.setdefault(why, _merge(terms, why, ()))
        found.append((by_rank[pair[0]], by_rank[pair[1]], needs))
    return found


def _pairs(topology: Topology, requirement: Requirement) -> Iterator[tuple[Endpoint, Endpoint, str | None]]:
    """Source, destination and added section for every pair that the requirement leads to."""
    if requirement.pairing is not None:
        pairing = topology.matrix.pairings[requirement.pairing]
        for destination in topology.destinations(requirement):
            for source in topology.sources(pairing, destination):
                yield source, destination, pairing.near_section if topology.is_near(pairing, source) else None
        return
    # A row of the matrix has one of both.
    sources = tuple(topology.with_role(requirement.source)) if requirement.source else ()
    if sources:
        for destination in topology.destinations(requirement):
            for source in sources:
                yield source, destination, None


def _scope(source: Endpoint, destination: Endpoint) -> Scope:
    if source is destination and not source.group:
        return "same-host"
    return "same-zone" if source.zone == destination.zone else "cross-zone"


class _Draft:
    """A need while its causes are gathered."""

    __slots__ = ("marks", "reasons", "requirements", "sections", "services")

    def __init__(self) -> None:
        self.services: dict[str, None] = {}
        self.sections: set[str] = set()
        self.marks: list[frozenset[Mark]] = []
        self.reasons: dict[Reason, None] = {}
        self.requirements: dict[str, None] = {}


def _merge(terms: Terms, causes: Iterable[_Cause], extras: Iterable[AdditionalFlow]) -> tuple[Need, ...]:
    """The needs of one pair, each with all that asks for it, sorted by protocol and port."""
    drafts: dict[tuple[str, str | None], _Draft] = defaultdict(_Draft)
    for cause in causes:
        requirement = terms.matrix.requirements[cause.requirement]
        for ask in terms.asks[requirement.slug]:
            draft = drafts[ask.service.protocol, ask.ports]
            draft.services[ask.service.slug] = None
            draft.sections.add(requirement.section)
            if cause.near_section:
                draft.sections.add(cause.near_section)
            draft.marks.append(ask.marks)
            draft.reasons[requirement.reason] = None
            draft.requirements[requirement.slug] = None
    for extra in extras:
        draft = drafts[extra.protocol, extra.ports]
        draft.marks.append(frozenset())
        draft.reasons[Reason(topic="", text=extra.reason)] = None
    needs = (
        Need(
            protocol=protocol,
            ports=ports,
            services=tuple(sorted(draft.services)),
            sections=tuple(sorted(draft.sections, key=section_key)),
            any_of=_open_marks(draft.marks, terms.matrix),
            reasons=tuple(draft.reasons),
            requirements=tuple(draft.requirements),
        )
        for (protocol, ports), draft in drafts.items()
    )
    return tuple(sorted(needs, key=lambda need: need.order))


def _open_marks(causes: list[frozenset[Mark]], matrix: Matrix) -> tuple[Mark, ...]:
    """The marks of a flow: none when a cause needs it outright, or when each option of a choice leads to it."""
    if not all(causes):
        return ()
    leading: Mapping[str, set[str]] = defaultdict(set)
    for marks in causes:
        if len({mark.choice for mark in marks}) == 1:
            for mark in marks:
                leading[mark.choice].add(mark.option)
    if any(options.issuperset(matrix.choices[choice].slugs) for choice, options in leading.items()):
        return ()
    return tuple(sorted(frozenset[Mark]().union(*causes)))
