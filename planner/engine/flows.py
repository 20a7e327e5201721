"""Flows: who must be able to open a connection to whom, and why.

`evaluate` is a pure function of matrix and plan. It works on kinds of endpoints rather than endpoints where it can,
and on the pairs that requirements really lead to, so its cost grows with the flows that come out. How many those are
is counted before they are made: a small plan can ask for millions.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Literal, NamedTuple

from planner.engine.terms import ALWAYS, Alternative, Conditional, Mark, Terms, open_alternatives
from planner.engine.topology import PLAIN, Kind, Setting, Topology, meet
from planner.plan import limits
from planner.plan.document import AdditionalFlow, Endpoint, Exclusion, Fault, Plan, PlanError
from ports.matrix import Matrix, Pairing, Reason, Requirement, port_span, section_key

Scope = Literal["same-host", "same-zone", "cross-zone"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Need:
    """What is needed between two endpoints on one protocol and port, and every cause of it.

    Endpoints of one kind share their needs: the same object stands in many flows.
    """

    protocol: str
    ports: str | None
    services: tuple[str, ...]
    sections: tuple[str, ...]
    any_of: tuple[Alternative, ...]
    reasons: tuple[Reason, ...]
    requirements: tuple[str, ...]
    own: bool = False
    """Whether an additional flow of the plan asks for it, too."""
    rule_groups: tuple[str, ...] = ()
    """Slugs of what Windows has rules of its own for, of all that asks for it here."""

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


class Cause(NamedTuple):
    """Why two endpoints connect: a requirement, by its place in the matrix, and a section cited for the source."""

    requirement: int
    near_section: str | None


Why = tuple[Setting, tuple[Cause, ...]]
"""All that decides what is needed between two endpoints: the setting of the destination, and the causes."""
Pairs = Iterator[tuple[Endpoint, Endpoint, str | None]]
"""Source, destination, and the section cited for the source."""


class TooLarge(PlanError):
    """The plan is sound and is over PAIRS, FLOWS or BROKEN of planner.plan.limits; nothing over it has been made."""

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
    return derive_flows(topology, Terms(matrix, plan, topology)).flows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Excluded:
    """A flow that the document asks for and the plan excludes."""

    flow: Flow
    exclusion: Exclusion
    """The first of the plan that matches it."""


class Derived(NamedTuple):
    """The flows of a plan, sorted by source, destination, protocol and port, and likewise those that it excludes."""

    flows: tuple[Flow, ...]
    excluded: tuple[Excluded, ...]


def derive_flows(topology: Topology, terms: Terms) -> Derived:
    """The flows of the plan that `topology` and `terms` are of. Raises TooLarge like `evaluate`."""
    check_pairs(topology, terms)
    return exclude(topology.plan, make_flows(find_needs(topology, terms)))


def check_pairs(topology: Topology, terms: Terms) -> None:
    """Raise TooLarge for more pairs of a flow and a cause of it than planner.plan.limits.PAIRS."""
    if (pairs := count_pairs(topology, terms)) > limits.PAIRS:
        raise TooLarge(limits.say_pairs(pairs))


def check_flows(count: int) -> None:
    """Raise TooLarge for more flows than planner.plan.limits.FLOWS, those that the plan excludes among them."""
    if count > limits.FLOWS:
        raise TooLarge(limits.say_flows(count))


def make_flows(found: Iterable[tuple[Endpoint, Endpoint, tuple[Need, ...]]], before: int = 0) -> list[Flow]:
    """The flows of what `find_needs` found, in its order. Raises TooLarge if with `before` more they are too many."""
    found = list(found)
    check_flows(before + sum(len(needs) for _, _, needs in found))
    flows: list[Flow] = []
    for source, destination, needs in found:
        scope = find_scope(source, destination)
        flows += [Flow(source=source, destination=destination, need=need, scope=scope) for need in needs]
    return flows


def exclude(plan: Plan, flows: Sequence[Flow]) -> Derived:
    """Set apart what the plan excludes of all flows that are asked for."""
    if not plan.exclusions:
        return Derived(tuple(flows), ())
    matching = match_exclusions(plan, flows)
    return Derived(
        tuple(flow for flow in flows if id(flow) not in matching),
        tuple(
            Excluded(flow=flow, exclusion=plan.exclusions[matching[id(flow)]])
            for flow in flows
            if id(flow) in matching
        ),
    )


ExclusionKey = tuple[str, str, str | None, str | None]
"""Source, destination, protocol and ports of what an exclusion matches; None for both: every flow of the pair."""


def list_services(services: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    """Protocols with their ports, by number and each once: tcp 443, udp 88, icmp."""
    ordered = sorted(set(services), key=lambda one: (one[0], int((one[1] or "0").partition("-")[0]), one[1] or ""))
    return tuple(f"{protocol} {ports}" if ports else protocol for protocol, ports in ordered)


def exclusion_keys(flow: Flow) -> tuple[ExclusionKey, ExclusionKey]:
    """The two ways in which an exclusion can match a flow."""
    pair = flow.source.name, flow.destination.name
    return (*pair, flow.need.protocol, flow.need.ports), (*pair, None, None)


def match_exclusions(plan: Plan, flows: Iterable[Flow]) -> dict[int, int]:
    """By id of a flow that is excluded: the number of the first exclusion that matches it.

    A flow that an additional flow asks for stays, whole.
    """
    first: dict[ExclusionKey, int] = {}
    for number, one in enumerate(plan.exclusions):
        first.setdefault((one.source, one.destination, one.protocol, one.ports), number)
    found = {}
    sources = {one.source for one in plan.exclusions}
    for flow in flows:
        if flow.source.name not in sources:
            continue
        numbers = [first[key] for key in exclusion_keys(flow) if key in first]
        if numbers and not flow.need.own:
            found[id(flow)] = min(numbers)
    return found


def count_pairs(topology: Topology, terms: Terms) -> int:
    """How many pairs of a flow and a cause of it there are: requirements that ask for it, and additional flows.

    Or how many pairs of endpoints the document's prohibitions keep apart, where a matrix makes those more. Worked out
    from the sizes of groups, in time that grows with endpoints and requirements and not with what comes out. There are
    never more flows than that.
    """
    matrix = topology.matrix
    sources: dict[str, dict[Kind, int]] = {}
    total = len(topology.plan.additional_flows)
    for requirement in matrix.requirements:
        if requirement.pairing is not None and requirement.pairing not in sources:
            sources[requirement.pairing] = _count_sources(topology, matrix.pairings[requirement.pairing])
        holders = topology.count_role(requirement.source) if requirement.source else 0
        for kind in topology.destination_kinds(requirement):
            asks = terms.under(kind.setting).asks.get(requirement.slug, ())
            services = len({(ask.service.protocol, ask.ports) for ask in asks})
            if services and requirement.pairing is not None:
                total += services * sources[requirement.pairing][kind]
            elif services:
                total += services * holders * len(topology.kinds[kind])
    return max(total, _count_prohibited(topology, terms))


def _count_prohibited(topology: Topology, terms: Terms) -> int:
    """How many pairs of endpoints the document's prohibitions that are in force are about."""
    total = 0
    for prohibition in topology.matrix.prohibitions:
        holders = topology.matrix.holders[prohibition.source]
        sources = sum(
            len(endpoints)
            for kind, endpoints in topology.kinds.items()
            if not holders.isdisjoint(kind.roles) and terms.under(kind.setting).meets_all(prohibition.when) == ALWAYS
        )
        total += sources * topology.count_role(prohibition.destination)
    return total


def _count_sources(topology: Topology, pairing: Pairing) -> dict[Kind, int]:
    """How many pairs of source and target there are for the targets of each kind."""
    return {kind: sum(map(len, topology.sources_of(pairing, kind))) for kind in topology.kinds}


def find_needs(
    topology: Topology,
    terms: Terms,
    *,
    known: dict[Why, tuple[Need, ...]] | None = None,
    pairs: "Callable[[Topology, Requirement, Iterable[Kind]], Pairs] | None" = None,
    extras: Iterable[AdditionalFlow] | None = None,
) -> list[tuple[Endpoint, Endpoint, tuple[Need, ...]]]:
    """The needs of every two endpoints that have any, sorted by source and destination.

    `known` has the needs that are known already, and is given those that aren't. `pairs` has for a requirement and
    the kinds of endpoints that it leads to the pairs that are looked at, `extras` are the additional flows: all of
    them without.

    Call it when `count_pairs` is within planner.plan.limits.PAIRS: its cost grows with that.
    """
    matrix, plan = topology.matrix, topology.plan
    rank = {name: index for index, name in enumerate(sorted(topology.by_name))}
    by_rank = [topology.by_name[name] for name in rank]
    # A pair is the number of its source times `width`, and its destination: sorted, found and kept as one integer.
    width = len(by_rank)
    causes = _Causes()
    asked: dict[tuple[str, Kind], list[int]] = defaultdict(list)
    """By pairing and kind of destination, the requirements that ask: they lead to the same pairs."""
    for index, requirement in enumerate(matrix.requirements):
        kinds = [
            kind
            for kind in topology.destination_kinds(requirement)
            if terms.under(kind.setting).asks.get(requirement.slug)
        ]
        if pairs is None and requirement.pairing is not None:
            for kind in kinds:
                asked[requirement.pairing, kind].append(index)
            continue
        plain: tuple[Cause, ...] = (Cause(index, None),)  # one object for hundreds of thousands of pairs
        for source, destination, section in (pairs or _pairs)(topology, requirement, kinds):
            group = (Cause(index, section),) if section else plain
            causes.add(rank[source.name] * width + rank[destination.name], group)
    for (slug, kind), indexes in asked.items():
        pairing = matrix.pairings[slug]
        section = pairing.near_section
        near = {source.name for source in topology.with_role(pairing.near)} if section else set()
        plain = tuple(Cause(index, None) for index in indexes)
        cited = tuple(Cause(index, section) for index in indexes)
        for destination, several in zip(topology.kinds[kind], topology.sources_of(pairing, kind), strict=True):
            last = rank[destination.name]
            for source in several:
                causes.add(rank[source.name] * width + last, cited if source.name in near else plain)
    by_pair: dict[int, list[AdditionalFlow]] = defaultdict(list)
    for extra in plan.additional_flows if extras is None else extras:
        by_pair[rank[extra.source] * width + rank[extra.destination]].append(extra)

    known = {} if known is None else known
    found = []
    for pair in sorted(causes.keys() | by_pair.keys()):
        source, destination = by_rank[pair // width], by_rank[pair % width]
        why = topology.settings.get(destination.name, PLAIN), causes.get(pair, ())
        if pair in by_pair:
            needs = merge_needs(terms.under(why[0]), why[1], by_pair[pair])
        else:
            needs = known.get(why) or known.setdefault(why, merge_needs(terms.under(why[0]), why[1], ()))
        found.append((source, destination, needs))
    return found


_place_of = attrgetter("requirement")


class _Causes(dict[int, tuple[Cause, ...]]):
    """By pair of endpoints its causes, in the order of the matrix; pairs with the same ones share one object."""

    def __init__(self) -> None:
        super().__init__()
        self._joined: dict[tuple[int, int], tuple[tuple[Cause, ...], ...]] = {}

    def add(self, pair: int, group: tuple[Cause, ...]) -> None:
        """Give a pair further causes, of requirements that it has none of yet."""
        before = self.setdefault(pair, group)
        if before is not group:
            key = id(before), id(group)  # kept with them, so that neither goes to another
            joined = self._joined.get(key) or self._joined.setdefault(
                key, (tuple(sorted((*before, *group), key=_place_of)), before, group)
            )
            self[pair] = joined[0]


def _pairs(topology: Topology, requirement: Requirement, kinds: Iterable[Kind]) -> Pairs:
    """Source, destination and added section for every pair that a row without a pairing leads to, among these kinds.

    Sections are added by pairings alone.
    """
    destinations = (endpoint for kind in kinds for endpoint in topology.kinds[kind])
    # A row of the matrix has one of both.
    sources = tuple(topology.with_role(requirement.source)) if requirement.source else ()
    if sources:
        for destination in destinations:
            for source in sources:
                if meet(requirement, source, destination):
                    yield source, destination, None


def list_options(terms: Terms, need: Need) -> Iterator[Mark]:
    """The undecided options by which the requirements of a need ask for it, marked or not: one may come several times.

    What something else needs outright isn't marked, and an option leads to it all the same. `terms` are those of the
    destination.
    """
    for slug in need.requirements:
        for ask in terms.asks[slug]:
            if (ask.service.protocol, ask.ports) == (need.protocol, need.ports):
                yield from chain.from_iterable(ask.marks)


def find_scope(source: Endpoint, destination: Endpoint) -> Scope:
    """Whether a connection stays on one host, stays in one zone, or crosses zones."""
    if source is destination and not source.group:
        return "same-host"
    return "same-zone" if source.zone == destination.zone else "cross-zone"


class _Draft:
    """A need while its causes are gathered."""

    __slots__ = ("marks", "own", "reasons", "requirements", "rule_groups", "sections", "services")

    def __init__(self) -> None:
        self.services: dict[str, None] = {}
        self.sections: set[str] = set()
        self.marks: list[Conditional] = []
        self.own = False
        self.reasons: dict[Reason, None] = {}
        self.requirements: dict[str, None] = {}
        self.rule_groups: set[str] = set()


def merge_needs(terms: Terms, causes: Iterable[Cause], extras: Iterable[AdditionalFlow]) -> tuple[Need, ...]:
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
            group = ask.service.rule_group or requirement.rule_group
            if group:
                draft.rule_groups.add(group)
    for extra in extras:
        draft = drafts[extra.protocol, extra.ports]
        draft.marks.append(ALWAYS)
        draft.own = True
        draft.reasons[Reason(topic="", text=extra.reason)] = None
    needs = (
        Need(
            protocol=protocol,
            ports=ports,
            services=tuple(sorted(draft.services)),
            sections=tuple(sorted(draft.sections, key=section_key)),
            any_of=open_alternatives(draft.marks, terms.matrix),
            reasons=tuple(draft.reasons),
            requirements=tuple(draft.requirements),
            own=draft.own,
            rule_groups=tuple(sorted(draft.rule_groups)),
        )
        for (protocol, ports), draft in drafts.items()
    )
    return tuple(sorted(needs, key=lambda need: need.order))
