"""Two reports compared: which connections have to be opened, which can be closed, which stay and say otherwise.

Flows are matched by source, destination, protocol and ports, by name; what was renamed is compared under its new name.
Rules are narrowed to the flows that differ, so that a change request has nothing in it but the change; each keeps the
number that it has in the report: what is to be opened that of the new one, what is to be closed that of the old one,
where the network team finds it. What stays and has another number is said, too, and what stays and can be opened only
now, as its ends have got their addresses, or not any more, as one of them has lost its own.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

from planner.engine.flows import Flow
from planner.engine.renames import Rename, find_renames, rename_report, set_apart
from planner.engine.report import Report
from planner.engine.rules import Boundary, Opening, Ports, Rule, narrow_boundaries
from planner.engine.terms import Mark, order_of
from planner.plan.document import Endpoint, address_key
from ports.matrix import Choice, Matrix, Section, Service


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """A flow that is needed before and after, and differs in sections, services, scope or open options."""

    before: Flow
    after: Flow


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AddressChange:
    """An endpoint of both reports whose addresses differ: other objects in rules that stay, wherever it stands."""

    endpoint: Endpoint
    before: tuple[str, ...]


class Renumbered(NamedTuple):
    """What a rule stood for and another number stands for now: devices know it by the old one."""

    old: str
    new: str
    whole: bool
    """Whether nothing of the old rule keeps its number, or has a third one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """What differs between two reports. Flows come in the order of the reports."""

    before: Report
    """The old report, under the new names."""
    was: Report
    """The old report as it was, under its own names: what devices have been told."""
    after: Report
    renamed: tuple[Rename, ...]
    """What has another name now, sorted by kind and old name."""
    set_apart: tuple[Rename, ...]
    """Zones and endpoints of the old report that are gone while something else took their name; in `before` each has
    another one, as `renames.set_apart` says."""
    opened: tuple[Flow, ...]
    closed: tuple[Flow, ...]
    changed: tuple[Change, ...]
    unchanged: int
    """How many flows are the same."""
    moved: frozenset[Opening]
    """The flows that stay and of which an end is in another zone now: not needed where they were, and not gone."""
    addresses: tuple[AddressChange, ...]
    boundaries_opened: tuple[Boundary, ...]
    """What has to be opened between zones, as rules."""
    boundaries_closed: tuple[Boundary, ...]
    boundaries_changed: tuple[Boundary, ...]
    """The flows between zones that changed where they are, as rules of what they are now."""
    boundaries_addressed: tuple[Boundary, ...]
    """What stays where it is and could not be opened before, as an end of it had no address: now both have."""
    boundaries_unaddressed: tuple[Boundary, ...]
    """What stays where it is and can't be opened any more, as an end of it has no address now: as it was."""
    renumbered: tuple[Renumbered, ...]
    """Rules whose flows have another number now, in the order of the old report and then of the new one; not where the
    letters of a zone with another name are all that differs, nor where all these flows are among what changed, unless
    one of the numbers is `doubled`: in which order numbers get free depends on it."""

    @property
    def rules_opened(self) -> tuple[Rule, ...]:
        """The rules that stand for what has to be opened."""
        return tuple(rule for boundary in self.boundaries_opened for rule in boundary.rules)

    @property
    def rules_closed(self) -> tuple[Rule, ...]:
        """The rules that stand for what can be closed."""
        return tuple(rule for boundary in self.boundaries_closed for rule in boundary.rules)

    @property
    def rules_changed(self) -> tuple[Rule, ...]:
        """The rules whose openings stay and whose services, sections or open options differ."""
        return tuple(rule for boundary in self.boundaries_changed for rule in boundary.rules)

    @property
    def rules_addressed(self) -> tuple[Rule, ...]:
        """The rules that stay and that addresses make possible to open."""
        return tuple(rule for boundary in self.boundaries_addressed for rule in boundary.rules)

    @property
    def rules_unaddressed(self) -> tuple[Rule, ...]:
        """The rules that stay and have to be closed for want of an address that there was."""
        return tuple(rule for boundary in self.boundaries_unaddressed for rule in boundary.rules)

    @property
    def differing(self) -> frozenset[Opening]:
        """The flows of now of which a firewall is to be told something: that they open, perhaps elsewhere, that they
        changed, or that an end of theirs has other addresses."""
        names = {change.endpoint.name for change in self.addresses}
        readdressed = (
            flow_key(flow)
            for flow in (self.after.flows if names else ())
            if flow.scope != "same-host" and not names.isdisjoint((flow.source.name, flow.destination.name))
        )
        told = (*self.opened, *(change.after for change in self.changed))
        between = (opening for rule in self.rules_opened for opening in rule.openings())
        return frozenset((*map(flow_key, told), *between, *readdressed))

    @property
    def grown(self) -> tuple[str, ...]:
        """The numbers of rules to be opened that stand for something of the plan that they stood for before."""
        return _list_kept(self.rules_opened, self.before.rules, self.after.rules)

    @property
    def shrunk(self) -> tuple[str, ...]:
        """The numbers of rules to be closed that still stand for something that they stood for before."""
        return _list_kept(self.rules_closed, self.before.rules, self.after.rules)

    @property
    def doubled(self) -> frozenset[str]:
        """The numbers that rules of both reports have which stand for nothing in common: each is two rules'."""
        return _find_doubled(self.before, self.after)

    @property
    def asks_for_changes(self) -> bool:
        """Whether flows, rules or addresses differ. Another name alone asks firewalls for nothing."""
        return bool(
            self.opened
            or self.closed
            or self.changed
            or self.addresses
            or self.boundaries_opened
            or self.boundaries_closed
        )

    def __bool__(self) -> bool:
        """Whether anything differs, if only a name or a number."""
        return self.asks_for_changes or bool(self.renamed or self.renumbered)


def flow_key(flow: Flow) -> Opening:
    """What makes a flow the same flow in two reports."""
    return flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports


def compare_reports(before: Report, after: Report, known: Iterable[Rename] = ()) -> Comparison:
    """Compare two reports, of any plans under any matrices. Pure; its cost grows with the number of flows.

    `known` are renames that the plan's history tells; others are found as `find_renames` says.

    A flow that stays and whose endpoint moved to another zone meets other firewalls: it is among the rules to be
    opened where it now crosses, and to be closed where it did, whether or not it counts as changed. What the matrix of
    `after` calls otherwise than that of `before` is no change.
    """
    renamed = find_renames(before.plan, after.plan, known)
    apart = set_apart(before.plan, after.plan, renamed)
    was, before = before, rename_report(before, (*renamed, *apart))
    # What one evaluation has taken over from the other is the same, and in neither twice.
    same = set(map(id, before.flows)).intersection(map(id, after.flows))
    old = {flow_key(flow): flow for flow in before.flows if id(flow) not in same}
    new = {flow_key(flow): flow for flow in after.flows if id(flow) not in same}
    opened = tuple(flow for key, flow in new.items() if key not in old)
    closed = tuple(flow for key, flow in old.items() if key not in new)
    kept = [(old[key], flow) for key, flow in new.items() if key in old]
    names = _Names(after.matrix)
    changed = tuple(Change(before=was, after=now) for was, now in kept if _differ(was, now, names))
    moved = [(was, now) for was, now in kept if _zones(was) != _zones(now)]
    addresses = _compare_addresses(before, after)
    given = {change.endpoint.name for change in addresses if change.endpoint.addresses and not change.before}
    lost = {change.endpoint.name for change in addresses if change.before and not change.endpoint.addresses}
    return Comparison(
        before=before,
        was=was,
        after=after,
        renamed=renamed,
        set_apart=apart,
        opened=opened,
        closed=closed,
        changed=changed,
        unchanged=len(same) + len(kept) - len(changed),
        moved=frozenset(flow_key(now) for _, now in moved),
        addresses=addresses,
        boundaries_opened=narrow_boundaries(after.boundaries, [*opened, *(now for _, now in moved)]),
        boundaries_closed=narrow_boundaries(before.boundaries, [*closed, *(was for was, _ in moved)]),
        boundaries_changed=narrow_boundaries(
            after.boundaries,
            [change.after for change in changed if _zones(change.before) == _zones(change.after)],
        ),
        boundaries_addressed=narrow_boundaries(after.boundaries, _list_open(kept, given, 1)),
        boundaries_unaddressed=narrow_boundaries(before.boundaries, _list_open(kept, lost, 0)),
        renumbered=_find_renumbered(
            before,
            after,
            renamed={one.new for one in renamed if one.kind == "zone"},
            changed={flow_key(change.after) for change in changed},
        ),
    )


def _zones(flow: Flow) -> tuple[str, str]:
    return flow.source.zone, flow.destination.zone


def _list_open(kept: Iterable[tuple[Flow, Flow]], names: AbstractSet[str], side: Literal[0, 1]) -> list[Flow]:
    """Of flows before and now those that stay in their zones, have an end of these names and addresses at both ends.

    `names` are those of now; `side` is 0 for before, 1 for now: whose addresses count, and what is listed.
    """
    return [
        pair[side]
        for pair in kept
        if not names.isdisjoint((pair[1].source.name, pair[1].destination.name))
        and pair[side].source.addresses
        and pair[side].destination.addresses
        and _zones(pair[0]) == _zones(pair[1])
    ]


def _find_renumbered(
    before: Report, after: Report, *, renamed: Collection[str], changed: Collection[Opening]
) -> tuple[Renumbered, ...]:
    """Which rules have what others had; `renamed` are zones, by their new names.

    Where all of it has `changed`, the changed rule says so with what differs of it; where a number of it is two
    rules', it is told here, too. Rules that both reports have alike are passed over, so the cost grows with what the
    others stand for.
    """
    doubled = _find_doubled(before, after)
    alike = set(map(_shape, before.rules)).intersection(map(_shape, after.rules))
    new = {flow: rule.id for rule in after.rules if _shape(rule) not in alike for flow in _list_places(rule)}
    found: dict[str, dict[str, bool]] = {}
    for rule in before.rules:
        if _shape(rule) in alike:
            continue
        numbers = found.setdefault(rule.id, {})
        for flow in _list_places(rule):
            number = new.get(flow)
            if number is not None:
                goal = rule.id if _is_relettered(rule.id, number, flow, renamed) else number
                numbers[goal] = numbers.get(goal, False) or (flow[0], flow[2], *flow[4]) not in changed
    order = {rule.id: place for place, rule in enumerate(after.rules)}
    return tuple(
        Renumbered(old, new, whole=len(numbers) == 1)
        for old, numbers in found.items()
        for new in sorted(numbers.keys() - {old}, key=order.__getitem__)
        if numbers[new] or not doubled.isdisjoint((old, new))
    )


def _find_doubled(before: Report, after: Report) -> frozenset[str]:
    """The numbers of both reports whose rules stand for nothing in common."""
    old, new = ({rule.id: rule for rule in side.rules} for side in (before, after))
    return frozenset(
        number
        for number in old.keys() & new.keys()
        if old[number] is not new[number] and not _meet(old[number], new[number])
    )


type _Place = tuple[str, str, str, str, Ports]
"""A flow with its zones: source, its zone, destination, its zone, ports."""


def _shape(rule: Rule) -> tuple[object, ...]:
    """The number of a rule and what it stands for."""
    return rule.id, *(tuple(end.name for end in side) for side in (rule.sources, rule.destinations)), rule.services


def _list_places(rule: Rule) -> Iterator[_Place]:
    for source, destination, ports in product(rule.sources, rule.destinations, rule.services):
        yield source.name, source.zone, destination.name, destination.zone, ports


def _is_relettered(old: str, new: str, flow: _Place, renamed: Collection[str]) -> bool:
    """Whether numbers of a flow differ in the letters alone that a zone with another name gives to them."""
    _, source, _, destination, _ = flow
    return old.rpartition("-")[2] == new.rpartition("-")[2] and (source in renamed or destination in renamed)


def _list_kept(parts: Iterable[Rule], before: Iterable[Rule], after: Iterable[Rule]) -> tuple[str, ...]:
    """The numbers of these parts of rules that rules of both reports have which stand for a flow in common."""
    numbers = dict.fromkeys(rule.id.partition("/")[0] for rule in parts)
    old, new = ({rule.id: rule for rule in side if rule.id in numbers} for side in (before, after))
    return tuple(number for number in numbers if number in old and number in new and _meet(old[number], new[number]))


def _meet(one: Rule, other: Rule) -> bool:
    """Whether two rules stand for a flow in common, by name."""
    sides = ((one.sources, other.sources), (one.destinations, other.destinations))
    return not set(one.services).isdisjoint(other.services) and all(
        not {end.name for end in ends}.isdisjoint(end.name for end in others) for ends, others in sides
    )


class _Names:
    """What the rows of other editions are called in a matrix."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._maps: dict[str, Mapping[str, str]] = {}

    def find(self, kind: str, name: str) -> str:
        """The name in the matrix, or the one given."""
        if kind not in self._maps:
            self._maps[kind] = self._matrix.map_names(kind)
        return self._maps[kind].get(name, name)

    def describe(self, flow: Flow) -> tuple[object, ...]:
        """What a flow is needed for, whatever order its names have."""
        need = flow.need
        return (
            sorted(self.find(Section.KIND, number) for number in need.sections),
            sorted(self.find(Service.KIND, slug) for slug in need.services),
            flow.scope,
            sorted(sorted(map(self._describe_mark, marks)) for marks in order_of(need.any_of)),
        )

    def _describe_mark(self, mark: Mark) -> Mark:
        choice = self.find(Choice.KIND, mark.choice)
        return Mark(choice, self.find(f"{Choice.KIND}/{choice}", mark.option))


def _differ(old: Flow, new: Flow, names: _Names) -> bool:
    if old.need is new.need and old.scope == new.scope:
        return False
    return _facts(old) != _facts(new) and names.describe(old) != names.describe(new)


def _facts(flow: Flow) -> tuple[object, ...]:
    need = flow.need
    return need.sections, need.services, flow.scope, need.any_of


def _compare_addresses(before: Report, after: Report) -> tuple[AddressChange, ...]:
    old = {endpoint.name: endpoint.addresses for endpoint in before.plan.endpoints}
    differing = [
        AddressChange(endpoint=endpoint, before=old[endpoint.name])
        for endpoint in after.plan.endpoints
        if endpoint.name in old and not _are_same(old[endpoint.name], endpoint.addresses)
    ]
    return tuple(sorted(differing, key=lambda one: one.endpoint.name))


def _are_same(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether these are the same addresses, however they are written: 10.0.0.1 is 10.0.0.1/32."""
    return (
        before == after or set(before) == set(after) or set(map(address_key, before)) == set(map(address_key, after))
    )
