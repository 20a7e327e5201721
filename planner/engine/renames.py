"""What is called otherwise in a newer plan: renames told apart from what comes and goes, and a report under new names.

Endpoints and zones are matched by name. What is left over on both sides is a rename where it can be nothing else.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Literal, NamedTuple

from planner.engine.flows import Flow
from planner.engine.report import Report
from planner.engine.rules import Boundary, Rule, ZoneGroup
from planner.plan.document import Endpoint, Plan, address_key
from planner.plan.rows import Renames


class Rename(NamedTuple):
    """An endpoint or a zone, by its old and its new name."""

    kind: Literal["endpoint", "zone"]
    old: str
    new: str


def find_renames(before: Plan, after: Plan, known: Iterable[Rename] = ()) -> tuple[Rename, ...]:
    """The endpoints and zones of `before` that have other names in `after`, sorted by kind and old name.

    `known` are renames that something else than the two plans tells, such as a history; they come first, as far as
    both ends are in the plans. Of the rest, what has the same name is the same. Of what is left over on both sides,
    these are renamed: two endpoints with the same addresses, at least one, none of which another one that is left over
    has in either plan; and two zones of one kind that hold the same endpoints, at least one, renamed ones counted in.
    """
    told = sorted(set(known))
    endpoints = _match(
        {item.name for item in before.endpoints},
        {item.name for item in after.endpoints},
        (one for one in told if one.kind == "endpoint"),
    )
    endpoints.renamed.update(
        _find_by_addresses(
            [item for item in before.endpoints if item.name in endpoints.gone],
            [item for item in after.endpoints if item.name in endpoints.come],
        )
    )
    zones = _match(
        {item.name for item in before.zones},
        {item.name for item in after.zones},
        (one for one in told if one.kind == "zone"),
    )
    heirs = {name: name for name in endpoints.same} | endpoints.renamed
    zones.renamed.update(_find_by_contents(before, after, zones, heirs))
    return (
        *(Rename("endpoint", old, new) for old, new in sorted(endpoints.renamed.items())),
        *(Rename("zone", old, new) for old, new in sorted(zones.renamed.items())),
    )


def renames_of(found: Iterable[Rename]) -> Renames:
    """Renames as edits have them."""
    names: dict[str, dict[str, str]] = {"zone": {}, "endpoint": {}}
    for one in found:
        names[one.kind][one.old] = one.new
    return Renames(zones=names["zone"], endpoints=names["endpoint"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    """The names of endpoints, or of zones, in two plans, as far as they have been matched."""

    renamed: dict[str, str]
    """Old name -> new name, each at most once; filled in as more of them are found."""
    same: AbstractSet[str]
    gone: AbstractSet[str]
    """Old names that match none yet."""
    come: AbstractSet[str]
    """New names that match none yet."""


def _match(before: AbstractSet[str], after: AbstractSet[str], known: Iterable[Rename]) -> _Match:
    renamed: dict[str, str] = {}
    taken: set[str] = set()
    for _, old, new in known:
        fits = old in before and old not in renamed and new in after and new not in taken
        if fits and old != new:
            renamed[old] = new
            taken.add(new)
    left, come = before - renamed.keys(), after - taken
    return _Match(renamed=renamed, same=left & come, gone=left - come, come=come - left)


def _find_by_addresses(before: Sequence[Endpoint], after: Sequence[Endpoint]) -> Iterator[tuple[str, str]]:
    """Old and new names of endpoints with the same addresses, none of which any other endpoint given has."""

    def keys(endpoint: Endpoint) -> frozenset[str]:
        return frozenset(map(address_key, endpoint.addresses))

    held_before = Counter(chain.from_iterable(map(keys, before)))
    held_after = Counter(chain.from_iterable(map(keys, after)))
    heirs = {keys(endpoint): endpoint.name for endpoint in after}
    for endpoint in before:
        addresses = keys(endpoint)
        if addresses and all(held_before[one] == held_after[one] == 1 for one in addresses) and addresses in heirs:
            yield endpoint.name, heirs[addresses]


def _find_by_contents(before: Plan, after: Plan, zones: _Match, heirs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Old and new names of unmatched zones with the same endpoints. `heirs`: old -> new names of endpoints."""
    if not (zones.gone and zones.come):
        return
    held_before: dict[str, set[str | None]] = defaultdict(set)
    held_after: dict[str, set[str | None]] = defaultdict(set)
    for endpoint in before.endpoints:
        held_before[endpoint.zone].add(heirs.get(endpoint.name))  # None, if it is in no zone of the other plan
    for endpoint in after.endpoints:
        held_after[endpoint.zone].add(endpoint.name)
    found = {
        (zone.kind, frozenset(held_after[zone.name])): zone.name for zone in after.zones if zone.name in zones.come
    }
    for zone in before.zones:
        held = zone.kind, frozenset(held_before[zone.name])
        if zone.name in zones.gone and held[1] and held in found:
            yield zone.name, found[held]


def set_apart(before: Plan, after: Plan, renames: Iterable[Rename]) -> tuple[Rename, ...]:
    """Names for what stays behind in `before` while its name went to something else: "PS01 (old)", or "(old 2)".

    Sorted by kind and name. Empty unless something was renamed to the name of what was deleted, or renamed itself.
    """
    renames = tuple(renames)
    if not renames:
        return ()
    ends, new_ends = ({item.name for item in plan.endpoints} for plan in (before, after))
    zones, new_zones = ({item.name for item in plan.zones} for plan in (before, after))
    return (*_set_apart("endpoint", ends, new_ends, renames), *_set_apart("zone", zones, new_zones, renames))


def _set_apart(
    kind: Literal["endpoint", "zone"], before: AbstractSet[str], after: AbstractSet[str], renames: Iterable[Rename]
) -> Iterator[Rename]:
    moved = {rename.old: rename.new for rename in renames if rename.kind == kind}
    taken = before | after
    for name in sorted(before & (set(moved.values()) - moved.keys())):
        yield Rename(kind, name, next(text for text in names_beside(name) if text not in taken))


def names_beside(name: str) -> Iterator[str]:
    """What something can be called that stays behind while its name went to something else, the likeliest first."""
    return chain([f"{name} (old)"], (f"{name} (old {number})" for number in count(2)))


def follow(kind: str, renames: Iterable[Rename], taken: AbstractSet[str]) -> Callable[[str], str]:
    """From a name of then to what it is called now; what lost its name to something else gets one that is not taken.

    `kind` is endpoint or zone; `renames` are all those since the names held; `taken` are the names of then and of now.
    """
    moved = {one.old: one.new for one in renames if one.kind == kind}
    heirs = set(moved.values())
    apart: dict[str, str] = {}

    def name_now(name: str) -> str:
        if name in moved or name not in heirs:
            return moved.get(name, name)
        if name not in apart:
            apart[name] = next(other for other in names_beside(name) if other not in taken)
        return apart[name]

    return name_now


def rename_report(report: Report, renames: Collection[Rename]) -> Report:
    """The report with other names for endpoints and zones in its plan, flows, boundaries and zone groups.

    No two endpoints and no two zones may come to have one name. Rules keep their numbers, which are those that people
    have, although the names of zones are in them. Findings, which are texts, keep the names that they were written
    with, and so does what is local or not needed.
    """
    if not renames:
        return report
    zones = {rename.old: rename.new for rename in renames if rename.kind == "zone"}
    names = {rename.old: rename.new for rename in renames if rename.kind == "endpoint"}
    ends = {endpoint.name: _rename_endpoint(endpoint, zones, names) for endpoint in report.plan.endpoints}
    groups = {group.code: _rename_group(group, zones) for group in report.zone_groups}
    flows = [_rename_flow(flow, ends[flow.source.name], ends[flow.destination.name]) for flow in report.flows]
    return replace(
        report,
        plan=_rename_plan(report.plan, ends, zones, names),
        # Those of one pair are in their order already.
        flows=tuple(sorted(flows, key=_pair)),
        boundaries=tuple(_rename_boundary(boundary, groups, ends) for boundary in report.boundaries),
        zone_groups=tuple(groups.values()),
        basis=None,
    )


def _rename_flow(flow: Flow, source: Endpoint, destination: Endpoint) -> Flow:
    """The flow between these; the same object where they are, so that it is known to be the same."""
    if flow.source is source and flow.destination is destination:
        return flow
    return replace(flow, source=source, destination=destination)


def _pair(flow: Flow) -> tuple[str, str]:
    return flow.source.name, flow.destination.name


def _rename_plan(plan: Plan, ends: Mapping[str, Endpoint], zones: Mapping[str, str], names: Mapping[str, str]) -> Plan:
    return replace(
        plan,
        zones=tuple(replace(zone, name=zones.get(zone.name, zone.name)) for zone in plan.zones),
        endpoints=tuple(ends[endpoint.name] for endpoint in plan.endpoints),
        additional_flows=tuple(
            replace(
                flow,
                source=names.get(flow.source, flow.source),
                destination=names.get(flow.destination, flow.destination),
            )
            for flow in plan.additional_flows
        ),
        firewalls=tuple(
            replace(
                firewall,
                zones={zones.get(zone, zone): behind for zone, behind in firewall.zones.items()},
                published={names.get(name, name): address for name, address in firewall.published.items()},
            )
            for firewall in plan.firewalls
        ),
    )


def _rename_endpoint(endpoint: Endpoint, zones: Mapping[str, str], names: Mapping[str, str]) -> Endpoint:
    if endpoint.name not in names and endpoint.zone not in zones and names.keys().isdisjoint(endpoint.managed_by):
        return endpoint
    return replace(
        endpoint,
        name=names.get(endpoint.name, endpoint.name),
        zone=zones.get(endpoint.zone, endpoint.zone),
        managed_by=tuple(names.get(name, name) for name in endpoint.managed_by),
    )


def _rename_group(group: ZoneGroup, zones: Mapping[str, str]) -> ZoneGroup:
    return replace(group, zones=tuple(sorted(zones.get(zone, zone) for zone in group.zones)))


def _rename_boundary(boundary: Boundary, groups: Mapping[str, ZoneGroup], ends: Mapping[str, Endpoint]) -> Boundary:
    def rename(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
        return tuple(sorted((ends[endpoint.name] for endpoint in endpoints), key=lambda endpoint: endpoint.name))

    rules: Iterable[Rule] = (
        replace(rule, sources=rename(rule.sources), destinations=rename(rule.destinations)) for rule in boundary.rules
    )
    return replace(
        boundary,
        source=groups[boundary.source.code],
        destination=groups[boundary.destination.code],
        rules=tuple(rules),
    )
