"""Two reports compared: which connections have to be opened, which can be closed, which stay and say otherwise.

Flows are matched by source, destination, protocol and ports, by name; what was renamed is compared under its new name.
Rules are narrowed to the flows that differ, so that a change request has nothing in it but the change; each keeps the
number that it has in the report: what is to be opened that of the new one, what is to be closed that of the old one,
where the network team finds it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planner.engine.flows import Flow
from planner.engine.renames import Rename, find_renames, rename_report, set_apart
from planner.engine.report import Report
from planner.engine.rules import Boundary, Opening, Rule, narrow_boundaries
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
    """An endpoint of both reports whose addresses differ: its rules stay, the objects in them don't."""

    endpoint: Endpoint
    before: tuple[str, ...]


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
    addresses: tuple[AddressChange, ...]
    boundaries_opened: tuple[Boundary, ...]
    """What has to be opened between zones, as rules."""
    boundaries_closed: tuple[Boundary, ...]
    boundaries_changed: tuple[Boundary, ...]
    """The flows between zones that changed where they are, as rules of what they are now."""

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
        """Whether anything differs, if only a name."""
        return self.asks_for_changes or bool(self.renamed)


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
        addresses=_compare_addresses(before, after),
        boundaries_opened=narrow_boundaries(after.boundaries, [*opened, *(now for _, now in moved)]),
        boundaries_closed=narrow_boundaries(before.boundaries, [*closed, *(was for was, _ in moved)]),
        boundaries_changed=narrow_boundaries(
            after.boundaries,
            [change.after for change in changed if _zones(change.before) == _zones(change.after)],
        ),
    )


def _zones(flow: Flow) -> tuple[str, str]:
    return flow.source.zone, flow.destination.zone


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
