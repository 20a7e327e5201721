"""Rules: sets of sources, destinations and services that stand for exactly the flows between zones.

Flows are first divided by boundary (the zones on either side, like zones together) and by the undecided options they
depend on; within such a part they are folded along sources, destinations and services for as long as a product of sets
still says exactly what its flows say. Why boundaries come first: docs/adr/0002-rules-per-boundary.md. How rules get
their numbers: docs/adr/0006-rule-numbers.md.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count, cycle, permutations, product
from typing import NamedTuple

from planner.engine.flows import Flow, Need
from planner.engine.terms import Alternative, marks_of, order_of
from planner.engine.topology import Kind, kind_of
from planner.plan.document import Endpoint, Plan, Zone
from planner.plan.kinds import KINDS
from ports.matrix import Matrix, Reason, port_span, section_key

_OWN_RANK = 900
"""The rank, in the numbers of rules, of those that only the plan's additional flows need."""


Sides = tuple[str, str]
"""The codes of the groups of zones on either side of a boundary, from where and to where."""
Opening = tuple[str, str, str, str | None]
"""Source, destination, protocol, ports: one flow between zones."""


class Ports(NamedTuple):
    """A protocol and destination ports: "443", "49152-65535", or None for ICMP."""

    protocol: str
    ports: str | None

    @property
    def order(self) -> tuple[str, tuple[int, int]]:
        """Sort key: protocol, then port number."""
        return self.protocol, port_span(self.ports) if self.ports else (0, 0)

    def __str__(self) -> str:
        return f"{self.protocol} {self.ports}" if self.ports else self.protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneGroup:
    """One zone, or zones that are alike and stand together."""

    code: str
    kind: str
    zones: tuple[str, ...]

    @property
    def label(self) -> str:
        """The zone's name, or how many of which kind."""
        return self.zones[0] if len(self.zones) == 1 else f"{len(self.zones):,} {KINDS[self.kind].plural}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """A firewall rule: every source may open every service of every destination."""

    id: str
    sources: tuple[Endpoint, ...]
    destinations: tuple[Endpoint, ...]
    services: tuple[Ports, ...]
    service_names: tuple[tuple[str, ...], ...]
    """Of each of the services, in their order, the slugs of those that its own flows are for: sorted; none where only
    additional flows of the plan ask for it."""
    sections: tuple[str, ...]
    any_of: tuple[Alternative, ...]
    reasons: tuple[Reason, ...]
    service_reasons: tuple[tuple[Reason, ...], ...]
    """Of each of the services, in their order, why its own flows are needed: "why is this port open?"."""
    service_sections: tuple[tuple[str, ...], ...]
    """Likewise, what of the document its own flows are cited for."""
    service_groups: tuple[tuple[str, ...], ...]
    """Likewise, the slugs of what Windows has rules of its own for."""
    requirements: tuple[str, ...]

    def openings(self) -> Iterator[Opening]:
        """Source, destination, protocol and ports of every flow that the rule stands for."""
        for source, destination, ports in product(self.sources, self.destinations, self.services):
            yield source.name, destination.name, *ports

    @property
    def source_zones(self) -> tuple[str, ...]:
        """The zones of the sources, sorted by name."""
        return tuple(sorted({endpoint.zone for endpoint in self.sources}))

    @property
    def destination_zones(self) -> tuple[str, ...]:
        """The zones of the destinations, sorted by name."""
        return tuple(sorted({endpoint.zone for endpoint in self.destinations}))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boundary:
    """The zones on either side of firewalls, and the rules between them in one direction."""

    source: ZoneGroup
    destination: ZoneGroup
    rules: tuple[Rule, ...]

    @property
    def code(self) -> str:
        """INT-DMZ: the start of its rules' numbers."""
        return f"{self.source.code}-{self.destination.code}"

    @property
    def ports(self) -> tuple[Ports, ...]:
        """The services of all its rules, sorted."""
        return tuple(sorted({ports for rule in self.rules for ports in rule.services}, key=lambda p: p.order))

    @property
    def label(self) -> str:
        """Internal → DMZ."""
        return f"{self.source.label} → {self.destination.label}"


def consolidate(
    matrix: Matrix, plan: Plan, flows: Iterable[Flow], groups: Mapping[str, ZoneGroup] | None = None
) -> tuple[Boundary, ...]:
    """The cross-zone flows (all of the plan's, or some) as rules, by boundary.

    `groups` is what `group_zones` says of the plan, for a caller that knows it.

    Expanding sources × destinations × services over all rules yields each cross-zone flow exactly once. Sorted by
    kinds of zone from the outside in, then by name, and within a boundary by number; deterministic.
    """
    groups = groups or group_zones(plan)
    ranks = rank_requirements(matrix)
    parts: dict[Sides, dict[tuple[Alternative, ...], list[Flow]]] = defaultdict(lambda: defaultdict(list))
    for flow in flows:
        if flow.scope == "cross-zone":
            sides = groups[flow.source.zone].code, groups[flow.destination.zone].code
            parts[sides][flow.need.any_of].append(flow)
    return sort_boundaries({sides: make_rules(sides, parts[sides], ranks, matrix) for sides in parts}, groups)


def sort_boundaries(rules: Mapping[Sides, tuple[Rule, ...]], groups: Mapping[str, ZoneGroup]) -> tuple[Boundary, ...]:
    """The boundaries that have these rules, in the order of `consolidate`."""
    by_code = {group.code: group for group in groups.values()}
    order = {code: index for index, code in enumerate(sorted(by_code, key=lambda code: _group_order(by_code[code])))}
    return tuple(
        Boundary(source=by_code[source], destination=by_code[destination], rules=rules[source, destination])
        for source, destination in sorted(rules, key=lambda sides: (order[sides[0]], order[sides[1]]))
    )


def make_rules(
    sides: Sides, parts: Mapping[tuple[Alternative, ...], list[Flow]], ranks: Mapping[str, int], matrix: Matrix
) -> tuple[Rule, ...]:
    """The rules of one boundary, by number. `parts` has its flows by the undecided options that they depend on."""
    drafts = [_Draft(any_of, *triple) for any_of, part in parts.items() for triple in fold(part)]
    flows_by_key = _by_opening(chain.from_iterable(parts.values()))
    drafts.sort(key=_Draft.order)
    rules = [_rule(draft, flows_by_key) for draft in drafts]
    numbers = _number(rules, ranks, matrix)
    return tuple(
        replace(rules[index], id=f"{sides[0]}-{sides[1]}-{number}")
        for number, index in sorted(zip(numbers, range(len(rules)), strict=True))
    )


def narrow_boundaries(boundaries: Iterable[Boundary], flows: Iterable[Flow]) -> tuple[Boundary, ...]:
    """What the rules say of some of their flows alone, in their order and under the numbers that they have.

    A part of a rule that no product of sets stands for becomes several rules: INT-DMZ-150, INT-DMZ-150/2 and so on.
    Flows that are in none of the rules are passed over; boundaries that nothing is left of go.
    """
    wanted: dict[Opening, Flow] = {
        (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports): flow
        for flow in flows
        if flow.scope == "cross-zone"
    }
    result = []
    for boundary in boundaries if wanted else ():
        rules = tuple(rule for whole in boundary.rules for rule in _narrow(whole, wanted))
        if rules:
            result.append(replace(boundary, rules=rules))
    return tuple(result)


def _narrow(rule: Rule, wanted: Mapping[Opening, Flow]) -> Iterator[Rule]:
    if len(wanted) < len(rule.sources) * len(rule.destinations):
        part = _find_among(rule, wanted)
    else:
        part = [wanted[opening] for opening in rule.openings() if opening in wanted]
    flows = _by_opening(part)
    drafts = sorted((_Draft(rule.any_of, *triple) for triple in fold(part)), key=_Draft.order) if part else []
    for place, draft in enumerate(drafts, 1):
        yield replace(_rule(draft, flows), id=rule.id if place == 1 else f"{rule.id}/{place}")


def _find_among(rule: Rule, wanted: Mapping[Opening, Flow]) -> list[Flow]:
    """Those that a rule stands for, of flows that are few beside it."""
    sources = {endpoint.name for endpoint in rule.sources}
    destinations = {endpoint.name for endpoint in rule.destinations}
    return [
        flow
        for (source, destination, *ports), flow in wanted.items()
        if source in sources and destination in destinations and tuple(ports) in rule.services
    ]


def _by_opening(flows: Iterable[Flow]) -> dict[tuple[str, str, Ports], Flow]:
    ports = _PortsOf()
    return {(flow.source.name, flow.destination.name, ports[flow.need]): flow for flow in flows}


class _Single(dict[object, frozenset[object]]):
    """Sets of one, each made once."""

    def __missing__(self, value: object) -> frozenset[object]:
        self[value] = frozenset((value,))
        return self[value]


class _PortsOf(dict[Need, Ports]):
    """The ports of needs, which thousands of flows share; a need is known by its identity."""

    def __missing__(self, need: Need) -> Ports:
        self[need] = Ports(need.protocol, need.ports)
        return self[need]


def group_zones(plan: Plan) -> Mapping[str, ZoneGroup]:
    """Zone name -> the group it stands in.

    Remote sites stand together; other zones of one kind do when they hold the same kinds of endpoints, equally many.
    """
    contents: dict[str, Counter[tuple[Kind, bool]]] = {zone.name: Counter() for zone in plan.zones}
    for endpoint in plan.endpoints:
        contents[endpoint.zone][kind_of(endpoint), endpoint.group] += 1
    alike: dict[object, list[Zone]] = defaultdict(list)
    for zone in plan.zones:
        content = frozenset(contents[zone.name].items())
        alike[zone.kind, content if not KINDS[zone.kind].remote else None].append(zone)
    groups: dict[str, ZoneGroup] = {}
    used: set[str] = set()
    further: dict[str, Iterator[int]] = {}
    for zones in alike.values():
        kind = zones[0].kind
        short = _abbreviate(zones)
        numbers = further.setdefault(short, count(2))  # goes on where the last one ended
        code = next(code for code in chain([short], (f"{short}{n}" for n in numbers)) if code not in used)
        used.add(code)
        group = ZoneGroup(code=code, kind=kind, zones=tuple(sorted(zone.name for zone in zones)))
        groups.update((zone.name, group) for zone in zones)
    return groups


def _abbreviate(zones: list[Zone]) -> str:
    """INT for Internal, DCA for Data centre A; the kind's own letters for all others and for zones in numbers.

    A first remote site has the code that many have, so that the second doesn't change the numbers of its rules.
    """
    kind = KINDS[zones[0].kind]
    words = re.findall("[A-Za-z0-9]+", zones[0].name)
    if len(zones) > 1 or kind.own_code or not words:
        return kind.code
    return ("".join(word[0] for word in words[:4]) if len(words) > 1 else words[0][:3]).upper()


def _group_order(group: ZoneGroup) -> tuple[int, tuple[str, ...]]:
    return KINDS[group.kind].order, group.zones


Triple = tuple[frozenset[str], frozenset[str], frozenset[Ports]]
"""Names of sources, names of destinations, services: what all of them stand for together."""


class _Draft(NamedTuple):
    any_of: tuple[Alternative, ...]
    sources: frozenset[str]
    destinations: frozenset[str]
    services: frozenset[Ports]

    def order(self) -> tuple[object, ...]:
        """Sources, then destinations, then services; fewest names first where one list starts like another."""
        return (
            sorted(self.sources),
            sorted(self.destinations),
            sorted(ports.order for ports in self.services),
            order_of(self.any_of),
        )


def fold(flows: list[Flow]) -> list[Triple]:
    """Few triples of sets whose products are exactly the flows.

    Folding along an axis joins triples that agree in the other two. Which axis to begin with depends on the plan, so
    each order is tried and the shortest result kept; the first one wins a tie.
    """
    single = _Single()
    # Services first costs least and is what every order but two begins or goes on with.
    ports = _PortsOf()
    start: list[tuple[frozenset[object], ...]] = [
        (single[f.source.name], single[f.destination.name], single[ports[f.need]]) for f in flows
    ]
    first = [_fold_axis(start, axis) for axis in range(3)]
    best: list[tuple[frozenset[object], ...]] | None = None
    for axes in permutations((2, 1, 0)):
        # Along the axis that was folded last there is nothing more to join, so both others in a row are the end.
        triples, idle = first[axes[0]], 0
        further = cycle((*axes[1:], axes[0]))
        while idle < 2:
            folded = _fold_axis(triples, next(further))
            idle = idle + 1 if folded is triples else 0
            triples = folded
        if best is None or len(triples) < len(best):
            best = triples
    return best or []  # type: ignore[return-value]


def _fold_axis(triples: list[tuple[frozenset[object], ...]], axis: int) -> list[tuple[frozenset[object], ...]]:
    """Triples that agree in the other two joined along an axis; the same list where there are none."""
    left, right = (other for other in range(3) if other != axis)
    alike: dict[tuple[frozenset[object], frozenset[object]], list[frozenset[object]]] = defaultdict(list)
    for triple in triples:
        alike[triple[left], triple[right]].append(triple[axis])
    if len(alike) == len(triples):
        return triples
    folded = []
    for (first, second), parts in alike.items():
        union = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
        triple = (first, second)
        folded.append((*triple[:axis], union, *triple[axis:]))
    return folded


def _number(rules: list[Rule], ranks: Mapping[str, int], matrix: Matrix) -> list[int]:
    """A number for each rule of a boundary that stays the same for as long as the rule means the same.

    Ten times the rank of its first requirement; if it stands for an option of an open choice, the option's place is
    added. Where that is taken, by another rule of the same requirement, the next free unit is used.
    """
    taken: set[int] = set()
    beyond: dict[int, Iterator[int]] = {}
    numbers = []
    for rule in rules:
        ten, unit = place_number(rule.requirements, rule.any_of, ranks, matrix)
        # Numbers are never given back, so the search beyond the ten goes on where the last one ended.
        further = beyond.setdefault(ten, count(10 * ten + 100_000))
        number = next(n for n in chain(range(ten + unit, ten + 10), further) if n not in taken)
        taken.add(number)
        numbers.append(number)
    return numbers


def rank_requirements(matrix: Matrix) -> Mapping[str, int]:
    """The place of each requirement of the matrix by its slug, from 1."""
    return {requirement.slug: rank for rank, requirement in enumerate(matrix.requirements, 1)}


def place_number(
    requirements: Iterable[str], any_of: tuple[Alternative, ...], ranks: Mapping[str, int], matrix: Matrix
) -> tuple[int, int]:
    """The ten of a rule's number, by its first requirement, and the unit, by the option that it stands for."""
    ten = 10 * min((ranks[slug] for slug in requirements), default=_OWN_RANK)
    mark = next(marks_of(any_of), None)
    return ten, min(1 + matrix.choices[mark.choice].slugs.index(mark.option), 9) if mark else 0


def _rule(draft: _Draft, flows: Mapping[tuple[str, str, Ports], Flow]) -> Rule:
    sources, destinations = sorted(draft.sources), sorted(draft.destinations)
    services = tuple(sorted(draft.services, key=lambda ports: ports.order))
    endpoints = {}
    needs: dict[int, Need] = {}
    by_service: dict[Ports, dict[int, Need]] = {service: {} for service in services}
    for key in product(sources, destinations, services):
        flow = flows[key]
        endpoints[flow.source.name] = flow.source
        endpoints[flow.destination.name] = flow.destination
        needs[id(flow.need)] = by_service[key[2]][id(flow.need)] = flow.need
    requirements: dict[str, None] = {}
    for need in needs.values():
        requirements.update(dict.fromkeys(need.requirements))
    return Rule(
        id="",
        sources=tuple(endpoints[name] for name in sources),
        destinations=tuple(endpoints[name] for name in destinations),
        services=services,
        service_names=tuple(
            tuple(sorted({slug for need in by_service[service].values() for slug in need.services}))
            for service in services
        ),
        sections=_sorted_sections(needs.values()),
        any_of=draft.any_of,
        reasons=_sorted_reasons(needs.values()),
        service_reasons=tuple(_sorted_reasons(by_service[service].values()) for service in services),
        service_sections=tuple(_sorted_sections(by_service[service].values()) for service in services),
        service_groups=tuple(
            tuple(sorted({slug for need in by_service[service].values() for slug in need.rule_groups}))
            for service in services
        ),
        requirements=tuple(requirements),
    )


def _sorted_sections(needs: Iterable[Need]) -> tuple[str, ...]:
    return tuple(sorted({section for need in needs for section in need.sections}, key=section_key))


def _sorted_reasons(needs: Iterable[Need]) -> tuple[Reason, ...]:
    return tuple(sorted({reason for need in needs for reason in need.reasons}))
