"""Rules after an edit: those of boundaries whose flows are what they were are taken over. Pure.

A boundary's rules follow from its flows, from the codes of the zones on either side and from the matrix. Where its
flows differ in nothing but the endpoints that they are between, an address say, its rules are the same between these.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import is_

from planner.engine.flows import Flow
from planner.engine.rules import (
    Boundary,
    Rule,
    Sides,
    ZoneGroup,
    consolidate,
    make_rules,
    rank_requirements,
    sort_boundaries,
)
from planner.engine.terms import Alternative
from planner.plan.document import Endpoint, Plan
from ports.matrix import Matrix


def renew_boundaries(
    matrix: Matrix,
    plan: Plan,
    flows: Sequence[Flow],
    groups: Mapping[str, ZoneGroup],
    *,
    before: Sequence[Boundary],
    groups_before: Iterable[ZoneGroup],
    gone: Iterable[Flow],
    came: Iterable[Flow],
) -> tuple[Boundary, ...]:
    """What `consolidate` makes of the flows of a plan.

    `before` is what it made of another plan, with `groups_before`, under the same matrix; `gone` and `came` are the
    flows by which the two differ: all others are the same objects.
    """
    codes = {zone: group.code for zone, group in groups.items()}
    codes_then = {zone: group.code for group in groups_before for zone in group.zones}
    if any(codes.get(zone, code) != code for zone, code in codes_then.items()):
        return consolidate(matrix, plan, flows, groups)
    lost, new = _by_sides(gone, codes_then), _by_sides(came, codes)
    rules = {(one.source.code, one.destination.code): one.rules for one in before}
    anew: set[Sides] = set()
    for sides in lost.keys() | new.keys():
        if _are_between_the_same(lost[sides], new[sides]):
            rules[sides] = _replace_endpoints(rules[sides], new[sides])
        else:
            rules.pop(sides, None)
            anew.add(sides)
    if anew:
        ranks = rank_requirements(matrix)
        parts: dict[Sides, dict[tuple[Alternative, ...], list[Flow]]] = defaultdict(lambda: defaultdict(list))
        for flow in flows:
            if flow.scope == "cross-zone":
                sides = codes[flow.source.zone], codes[flow.destination.zone]
                if sides in anew:
                    parts[sides][flow.need.any_of].append(flow)
        rules |= {sides: make_rules(sides, parts[sides], ranks, matrix) for sides in parts}
    return sort_boundaries(rules, groups)


def _by_sides(flows: Iterable[Flow], codes: Mapping[str, str]) -> dict[Sides, list[Flow]]:
    found: dict[Sides, list[Flow]] = defaultdict(list)
    for flow in flows:
        if flow.scope == "cross-zone":
            found[codes[flow.source.zone], codes[flow.destination.zone]].append(flow)
    return found


def _are_between_the_same(gone: Sequence[Flow], came: Sequence[Flow]) -> bool:
    """Whether flows are needed for the same, between endpoints of the same names."""
    return len(gone) == len(came) and set(map(_say_flow, gone)) == set(map(_say_flow, came))


def _say_flow(flow: Flow) -> tuple[str, str, int]:
    return flow.source.name, flow.destination.name, id(flow.need)


def _replace_endpoints(rules: Iterable[Rule], came: Iterable[Flow]) -> tuple[Rule, ...]:
    """The rules between the endpoints of these flows, where they have the same names."""
    now = {end.name: end for flow in came for end in (flow.source, flow.destination)}

    def renew(endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
        renewed = tuple(now.get(one.name, one) for one in endpoints)
        return endpoints if all(map(is_, renewed, endpoints)) else renewed

    return tuple(replace(rule, sources=renew(rule.sources), destinations=renew(rule.destinations)) for rule in rules)
