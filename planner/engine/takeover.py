"""What of an evaluation still holds after an edit: flows and rules that the edit doesn't bear on are taken over. Pure.

Nothing here decides what a plan needs: that is `planner.engine.flows` and `planner.engine.rules`. This decides which
pairs of endpoints have to be looked at again, and looks at rather more than it must. What comes out says the same as
an evaluation of the whole plan does, which a property test holds it to.

A pair's needs follow from the destination (its kind, setting, zone and managers), from whether the source is among
those that the destination's requirements lead from, and from what the plan's choices, ports and roles make of the
matrix for that setting (`Terms.asks`). So a pair stays as it is when neither endpoint changed, when each pairing finds
the same sources for the destination, when the same requirements are in force for it, and when the same additional
flows ask for it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from planner.engine.flows import (
    Cause,
    Derived,
    Flow,
    Need,
    Pairs,
    Why,
    check_flows,
    check_pairs,
    exclude,
    find_needs,
    find_scope,
    make_flows,
    merge_needs,
)
from planner.engine.terms import Ask, Terms
from planner.engine.topology import PLAIN, Kind, Setting, Topology, meet
from planner.plan.document import AdditionalFlow, Endpoint, Plan
from planner.plan.fields import PARTS
from ports.matrix import Pairing, Requirement

LEAST, SHARE = 64, 4
"""More endpoints than LEAST, and than one in SHARE, aren't looked at again one by one: the plan is evaluated whole."""
MOST_NEEDS = 10_000
"""So many causes are remembered with their needs; when they are more, the next evaluation begins anew with that."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """What an evaluation leaves for the next one. Nobody changes anything of it."""

    topology: Topology
    asks: Mapping[Setting, Mapping[str, tuple[Ask, ...]]]
    """`Terms.asks` of each setting that an endpoint has."""
    needs: Mapping[Why, tuple[Need, ...]]
    """The needs of pairs for which no additional flow asks."""
    asked: tuple[Flow, ...]
    """All flows that are asked for, those that the plan excludes among them, in order."""


class Difference(NamedTuple):
    """The flows by which an evaluation differs from the one before, whether the plan excludes them or not."""

    gone: Sequence[Flow]
    came: Sequence[Flow]


class Derivation(NamedTuple):
    """The flows of a plan, and what is needed to derive those that follow."""

    derived: Derived
    basis: Basis
    difference: Difference | None
    """From what was before; None where all was derived anew."""


def share_endpoints(plan: Plan, before: Plan) -> Plan:
    """The plan with the endpoints of an earlier one in place of those that say the same.

    So what changed is told by which objects they are, however the plan was read.
    """
    old = {endpoint.name: endpoint for endpoint in before.endpoints}
    endpoints = tuple(_find_same(old.get(endpoint.name), endpoint) for endpoint in plan.endpoints)
    if all(one is other for one, other in zip(endpoints, plan.endpoints, strict=True)):
        return plan
    return replace(plan, endpoints=endpoints)


_ORDERED = tuple(entry.attribute for entry in PARTS["endpoints"].fields if isinstance(entry.default, dict))
"""The fields of endpoints that are mappings: equal ones can be in another order, which outputs keep."""


def _find_same(old: Endpoint | None, endpoint: Endpoint) -> Endpoint:
    """The old endpoint if it says the same as the new one does, else the new one."""
    if old is None or old is endpoint or old != endpoint:
        return endpoint
    if any(list(getattr(old, name)) != list(getattr(endpoint, name)) for name in _ORDERED):
        return endpoint
    return old


def derive(topology: Topology, terms: Terms, before: Basis | None = None) -> Derivation:
    """What `planner.engine.flows.derive_flows` says of a plan, quicker where little changed since `before`.

    `before` is of a plan under the same matrix. Raises TooLarge as `derive_flows` does.
    """
    check_pairs(topology, terms)
    step = _take_over(topology, terms, before) if before else None
    if step is None:
        known: dict[Why, tuple[Need, ...]] = {}
        asked: Sequence[Flow] = make_flows(find_needs(topology, terms, known=known))
        difference = None
    else:
        asked, known, difference = step
    settings = {kind.setting for kind in topology.kinds}
    basis = Basis(
        topology=topology,
        asks={setting: terms.under(setting).asks for setting in settings},
        needs=known,
        asked=tuple(asked),
    )
    return Derivation(exclude(topology.plan, basis.asked), basis, difference)


def find_asked(topology: Topology, terms: Terms, before: Basis) -> Sequence[Flow] | None:
    """All flows that are asked for, if little enough changed since `before`. Raises TooLarge as `derive` does."""
    check_pairs(topology, terms)
    step = _take_over(topology, terms, before)
    return None if step is None else step[0]


class _Touched(NamedTuple):
    """The pairs that have to be looked at: those from one of `changed`, and those to one of `ends`."""

    changed: frozenset[str]
    """The names of endpoints that came, went or are otherwise now."""
    ends: frozenset[str]
    """These, and those to which others lead now, or in another way."""

    def list_pairs(self, topology: Topology, requirement: Requirement, kinds: Iterable[Kind]) -> Pairs:
        """Source, destination and added section of those pairs that a requirement leads to."""
        ends = [(kind, [one for one in topology.kinds[kind] if one.name in self.ends]) for kind in kinds]
        if requirement.pairing is not None:
            pairing = topology.matrix.pairings[requirement.pairing]
            section = pairing.near_section
            for _, destinations in ends:
                for destination in destinations:
                    for source in topology.sources(pairing, destination):
                        yield source, destination, section if section and topology.is_near(pairing, source) else None
            return
        sources = tuple(topology.with_role(requirement.source)) if requirement.source else ()
        changed = [source for source in sources if source.name in self.changed]
        for kind, destinations in ends:
            for destination in destinations:
                for source in sources:
                    if meet(requirement, source, destination):
                        yield source, destination, None
            # A pair of two different endpoints, so that peers needn't be asked for.
            for destination in topology.kinds[kind] if changed else ():
                if destination.name not in self.ends:
                    for source in changed:
                        yield source, destination, None

    def list_extras(self, plan: Plan) -> Iterator[AdditionalFlow]:
        """The additional flows between such pairs."""
        for extra in plan.additional_flows:
            if extra.source in self.changed or extra.destination in self.ends:
                yield extra


def _take_over(
    topology: Topology, terms: Terms, before: Basis
) -> tuple[Sequence[Flow], dict[Why, tuple[Need, ...]], Difference] | None:
    """All flows, the known needs and what differs; None where too much changed."""
    touched = _find_touched(topology, terms, before) if len(before.needs) <= MOST_NEEDS else None
    if touched is None:
        return None
    changed, ends = touched
    asked = before.asked
    kept: Sequence[Flow] = asked
    if ends:
        kept = [flow for flow in asked if flow.destination.name not in ends and flow.source.name not in changed]
    gone: list[Flow] = []
    if len(kept) < len(asked):
        gone = [flow for flow in asked if flow.destination.name in ends or flow.source.name in changed]
    known, replaced = _renew_needs(terms, before)
    came: list[Flow] = []
    if replaced:
        kept, moved = _renew_flows(kept, replaced)
        gone += moved.gone
        came += moved.came
    fresh: list[Flow] = []
    if ends:
        extras = touched.list_extras(topology.plan)
        found = find_needs(topology, terms, known=known, pairs=touched.list_pairs, extras=extras)
        fresh = make_flows(found, before=len(kept))
    check_flows(len(kept) + len(fresh))
    return _join(kept, fresh), known, Difference(gone, [*came, *fresh])


def _find_touched(topology: Topology, terms: Terms, before: Basis) -> _Touched | None:
    """Which pairs have to be looked at; None where they are too many to be looked at one by one."""
    old = before.topology
    changed = {name for name, endpoint in topology.by_name.items() if old.by_name.get(name) is not endpoint}
    changed.update(old.by_name.keys() - topology.by_name.keys())
    most = max(LEAST, len(topology.by_name) // SHARE)
    if len(changed) > most:
        return None
    ends = set(changed)
    if old.settings or topology.settings:
        both = old.settings.keys() | topology.settings.keys()
        ends.update(name for name in both if old.settings.get(name, PLAIN) != topology.settings.get(name, PLAIN))
    for pairing in topology.matrix.pairings.values():
        ends.update(_find_moved(pairing, old, topology, changed))
    for kind in topology.kinds:
        if _is_in_force_otherwise(kind, topology, terms, before):
            ends.update(endpoint.name for endpoint in topology.kinds[kind])
    ends.update(_find_extra_ends(topology, terms, before))
    return _Touched(frozenset(changed), frozenset(ends)) if len(ends) <= most else None


def _find_moved(pairing: Pairing, old: Topology, new: Topology, changed: set[str]) -> Iterator[str]:
    """The targets for which a pairing may find other sources than before, or one that changed."""
    (near_then, far_then), (near, far) = old.find_engines(pairing), new.find_engines(pairing)
    zones = {zone for zone in near_then.keys() | near.keys() if near_then.get(zone) != near.get(zone)}
    for topology in (old, new):
        for name in changed & topology.by_name.keys():
            endpoint = topology.by_name[name]
            if topology.is_near(pairing, endpoint):
                zones.add(endpoint.zone)
    elsewhere = far_then != far or any(one.name in changed for one in (*far_then, *far))
    requirements = [one for one in new.matrix.requirements if one.pairing == pairing.slug]
    for kind in {kind for requirement in requirements for kind in new.destination_kinds(requirement)}:
        for target in new.kinds[kind]:
            if pairing.managed_by and target.managed_by:
                moved = not changed.isdisjoint(target.managed_by)
            else:
                moved = target.zone in zones or (elsewhere and target.zone not in near)
            if moved:
                yield target.name


def _is_in_force_otherwise(kind: Kind, topology: Topology, terms: Terms, before: Basis) -> bool:
    """Whether a requirement that leads to endpoints of this kind is in force and wasn't, or was and isn't.

    A setting that none had before is one of changed endpoints alone.
    """
    now, then = terms.under(kind.setting).asks, before.asks.get(kind.setting)
    if then is None or now == then:
        return False
    return any(
        bool(now.get(requirement.slug)) != bool(then.get(requirement.slug))
        and topology.is_destination(kind, requirement)
        for requirement in topology.matrix.requirements
    )


def _find_extra_ends(topology: Topology, terms: Terms, before: Basis) -> Iterator[str]:
    """Where additional flows lead of which one came, went or is otherwise now, or beside which other needs are."""
    then, now = (_list_extras(one.plan) for one in (before.topology, topology))
    for pair in then.keys() | now.keys():
        setting = topology.settings.get(pair[1], PLAIN)
        if then.get(pair) != now.get(pair) or before.asks.get(setting) != terms.under(setting).asks:
            yield pair[1]


def _list_extras(plan: Plan) -> Mapping[tuple[str, str], list[AdditionalFlow]]:
    found: dict[tuple[str, str], list[AdditionalFlow]] = defaultdict(list)
    for extra in plan.additional_flows:
        found[extra.source, extra.destination].append(extra)
    return found


def _renew_needs(terms: Terms, before: Basis) -> tuple[dict[Why, tuple[Need, ...]], dict[int, tuple[Need, ...]]]:
    """The needs that are known under the terms of now; and by the id of each earlier need that isn't one of them any
    more, or stands beside such a one, those of the same pair.

    A need that says the same stays the object that it is. Causes of which one isn't in force any more are left out:
    no pair has them that isn't looked at again.
    """
    known: dict[Why, tuple[Need, ...]] = {}
    replaced: dict[int, tuple[Need, ...]] = {}
    for why, needs in before.needs.items():
        setting, causes = why
        now, then = terms.under(setting).asks, before.asks.get(setting)
        if now == then:
            known[why] = needs
        elif then is not None and _are_in_force(causes, terms.under(setting)):
            same = {_say_need(need): need for need in needs}
            renewed = tuple(same.get(_say_need(need), need) for need in merge_needs(terms.under(setting), causes, ()))
            known[why] = renewed
            if any(need not in renewed for need in needs) or len(renewed) != len(needs):
                replaced |= dict.fromkeys(map(id, needs), renewed)
    return known, replaced


def _are_in_force(causes: Iterable[Cause], terms: Terms) -> bool:
    return all(terms.asks.get(terms.matrix.requirements[cause.requirement].slug) for cause in causes)


def _say_need(need: Need) -> tuple[object, ...]:
    return tuple(getattr(need, name) for name in Need.__slots__)


def _renew_flows(flows: Iterable[Flow], replaced: Mapping[int, tuple[Need, ...]]) -> tuple[list[Flow], Difference]:
    """The flows with the needs of now, in order, and by which of them they differ."""
    kept: list[Flow] = []
    gone: list[Flow] = []
    came: list[Flow] = []
    pair: tuple[Endpoint, Endpoint] | None = None
    there: dict[int, Flow] = {}
    waiting: tuple[Need, ...] = ()

    def settle() -> None:
        if pair is None:
            return
        source, destination = pair
        scope = find_scope(source, destination)
        for need in waiting:
            flow = there.pop(id(need), None)
            if flow is None:
                flow = Flow(source=source, destination=destination, need=need, scope=scope)
                came.append(flow)
            kept.append(flow)
        gone.extend(there.values())

    for flow in flows:
        needs = replaced.get(id(flow.need))
        if pair is not None and (needs is None or flow.destination is not pair[1] or flow.source is not pair[0]):
            settle()
            pair = None
        if needs is None:
            kept.append(flow)
        elif pair is None:
            pair, waiting, there = (flow.source, flow.destination), needs, {id(flow.need): flow}
        else:
            there[id(flow.need)] = flow
    settle()
    return kept, Difference(gone, came)


def _ends_of(flow: Flow) -> tuple[str, str]:
    return flow.source.name, flow.destination.name


def _join(kept: Sequence[Flow], fresh: Sequence[Flow]) -> Sequence[Flow]:
    """All of these flows in order. Both are in order, and no pair of endpoints is in both."""
    if not fresh:
        return kept
    if len(fresh) * 16 > len(kept):
        return sorted([*kept, *fresh], key=_ends_of)  # flows of one pair stay in their order
    joined: list[Flow] = []
    start = 0
    for flow in fresh:
        place = bisect_left(kept, _ends_of(flow), lo=start, key=_ends_of)
        joined += kept[start:place]
        joined.append(flow)
        start = place
    return [*joined, *kept[start:]]
