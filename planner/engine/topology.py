"""The endpoints of a plan as the engine finds them: by kind, by role, by target and by pairing. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from planner.plan.document import Endpoint, Plan, Zone
from ports.matrix import Matrix, Pairing, Requirement, Target


class Setting(NamedTuple):
    """The choices and ports of an endpoint: its own, and where it has none its zone's. They hold for flows to it."""

    choices: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    ports: tuple[tuple[str, str], ...] = ()


PLAIN = Setting()
"""The plan's own, nothing else."""


class Kind(NamedTuple):
    """What of an endpoint decides which requirements it meets, and on which ports."""

    roles: frozenset[str]
    platforms: frozenset[str]
    operations: frozenset[str]
    sessions: frozenset[str]
    setting: Setting = PLAIN


class Topology:
    """The endpoints of a plan, found by role, by target and by pairing without a search through all of them."""

    def __init__(self, matrix: Matrix, plan: Plan) -> None:
        self.matrix = matrix
        self.plan = plan
        self.kinds: dict[Kind, list[Endpoint]] = defaultdict(list)
        self.settings: dict[str, Setting] = {}
        """By name, the settings of the endpoints that have any."""
        zones = {zone.name: zone for zone in plan.zones}
        for endpoint in plan.endpoints:
            setting = find_setting(endpoint, zones[endpoint.zone])
            if setting is not PLAIN:
                self.settings[endpoint.name] = setting
            self.kinds[kind_of(endpoint, setting)].append(endpoint)
        self.zone_kinds = {zone.name: zone.kind for zone in plan.zones}
        self.by_name = {endpoint.name: endpoint for endpoint in plan.endpoints}
        self._holders: dict[str, tuple[Kind, ...]] = {}
        self._destinations: dict[str, tuple[Kind, ...]] = {}
        self._engines: dict[str, tuple[dict[str, tuple[Endpoint, ...]], tuple[Endpoint, ...]]] = {}
        self._sources: dict[tuple[str, Kind], tuple[tuple[Endpoint, ...], ...]] = {}

    def holds(self, kind: Kind, role: str) -> bool:
        """Whether endpoints of this kind have the role, or for a group of roles one of them."""
        return not self.matrix.holders[role].isdisjoint(kind.roles)

    def holder_kinds(self, role: str) -> tuple[Kind, ...]:
        """The kinds of endpoints that have the role: a matrix asks hundreds of times for some twenty roles."""
        if role not in self._holders:
            self._holders[role] = tuple(kind for kind in self.kinds if self.holds(kind, role))
        return self._holders[role]

    def with_role(self, role: str) -> Iterator[Endpoint]:
        """All endpoints that have the role."""
        for kind in self.holder_kinds(role):
            yield from self.kinds[kind]

    def count_role(self, role: str) -> int:
        """How many endpoints have the role."""
        return sum(len(self.kinds[kind]) for kind in self.holder_kinds(role))

    def has_role(self, role: str) -> bool:
        """Whether any endpoint has the role."""
        return bool(self.holder_kinds(role))

    def has_ends(self, requirement: Requirement) -> bool:
        """Whether there are endpoints at both ends of a requirement, and of peers not one endpoint alone."""
        ends = self.destinations(requirement)
        if requirement.pairing is not None:
            pairing = self.matrix.pairings[requirement.pairing]
            return any(self.sources(pairing, destination) for destination in ends)
        sources = tuple(self.with_role(requirement.source)) if requirement.source else ()
        return any(meet(requirement, source, end) for end in ends for source in sources[:2])

    def destinations(self, requirement: Requirement) -> Iterator[Endpoint]:
        """All endpoints that a requirement leads to."""
        for kind in self.destination_kinds(requirement):
            yield from self.kinds[kind]

    def destination_kinds(self, requirement: Requirement) -> tuple[Kind, ...]:
        """The kinds of endpoints that a requirement leads to."""
        if requirement.destination is not None:
            return self.holder_kinds(requirement.destination)
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
        near, fallback = self.find_engines(pairing)
        return near.get(target.zone) or fallback

    def sources_of(self, pairing: Pairing, kind: Kind) -> tuple[tuple[Endpoint, ...], ...]:
        """`sources` of all endpoints of a kind, in their order: several requirements ask by the same pairing."""
        key = pairing.slug, kind
        if key not in self._sources:
            self._sources[key] = tuple(self.sources(pairing, target) for target in self.kinds[kind])
        return self._sources[key]

    def find_engines(self, pairing: Pairing) -> tuple[Mapping[str, tuple[Endpoint, ...]], tuple[Endpoint, ...]]:
        """By zone the sources that the pairing finds there, and those for targets in all other zones."""
        if pairing.slug not in self._engines:
            near: dict[str, list[Endpoint]] = defaultdict(list)
            for endpoint in self.with_role(pairing.near):
                near[endpoint.zone].append(endpoint)
            fallback = tuple(
                endpoint
                for endpoint in self.with_role(pairing.fallback)
                if self.zone_kinds[endpoint.zone] not in pairing.fallback_not_in
            )
            self._engines[pairing.slug] = {zone: tuple(endpoints) for zone, endpoints in near.items()}, fallback
        return self._engines[pairing.slug]

    def is_near(self, pairing: Pairing, source: Endpoint) -> bool:
        """Whether a source has the pairing's near role, however it was chosen."""
        return not self.matrix.holders[pairing.near].isdisjoint(source.roles)


def kind_of(endpoint: Endpoint, setting: Setting = PLAIN) -> Kind:
    """The kind of an endpoint with this setting."""
    return _make_kind(endpoint.roles, endpoint.platforms, endpoint.operations, endpoint.sessions, setting)


@lru_cache(4096)
def _make_kind(
    roles: tuple[str, ...],
    platforms: tuple[str, ...],
    operations: tuple[str, ...],
    sessions: tuple[str, ...],
    setting: Setting,
) -> Kind:
    """Of thousands of endpoints few are of different kinds."""
    return Kind(frozenset(roles), frozenset(platforms), frozenset(operations), frozenset(sessions), setting)


def find_setting(endpoint: Endpoint, zone: Zone) -> Setting:
    """What flows to an endpoint go by in place of the plan's own."""
    if not (endpoint.choices or endpoint.ports or zone.choices or zone.ports):
        return PLAIN
    choices, ports = {**zone.choices, **endpoint.choices}, {**zone.ports, **endpoint.ports}
    return Setting(tuple(sorted(choices.items())), tuple(sorted(ports.items())))


def find_settings(plan: Plan, endpoints: Iterable[Endpoint]) -> tuple[Setting, ...]:
    """Those of several endpoints, each once."""
    zones = {zone.name: zone for zone in plan.zones}
    return tuple(dict.fromkeys(find_setting(one, zones[one.zone]) for one in endpoints))


def meet(requirement: Requirement, source: Endpoint, destination: Endpoint) -> bool:
    """Whether a requirement leads from one to the other; peers don't reach themselves, but machines of a group do."""
    return not (requirement.peers and source is destination and not source.group)


def matches(kind: Kind, target: Target) -> bool:
    """Whether endpoints of this kind are such a target: every field that is set holds."""
    return (
        (target.operation is None or target.operation in kind.operations)
        and (target.platform is None or target.platform in kind.platforms)
        and (target.session is None or target.session in kind.sessions)
        and kind.sessions.isdisjoint(target.without_sessions)
        and kind.platforms.isdisjoint(target.without_platforms)
    )
