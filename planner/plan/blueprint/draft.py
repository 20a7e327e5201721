"""A plan while it is changed: zones and endpoints made from the matrix's templates, grants and decisions applied."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from planner.plan.blueprint.answers import fill
from planner.plan.document import ANY, Endpoint, Plan, Zone, dump_plan
from planner.plan.fields import PARTS, PLAN, forget_gone
from planner.plan.kinds import KINDS
from planner.plan.rows import Document, names_of
from ports.matrix import PLACEHOLDER, Effect, EndpointTemplate, Grant, Matrix, Question, ZoneTemplate
from ports.text import free_name, name_key


class Draft:
    """A plan while it is changed. Zones and endpoints keep their order and are found without a search."""

    def __init__(self, matrix: Matrix, plan: Plan, like: "Draft | None" = None) -> None:
        """`like` is a draft of the same plan that nothing has been done to, for whoever makes several."""
        self.matrix = matrix
        self.plan = plan
        self.zones: dict[str, Zone] = dict(like.zones) if like else {name_key(zone.name): zone for zone in plan.zones}
        self.endpoints: dict[str, Endpoint] = (
            dict(like.endpoints) if like else {name_key(endpoint.name): endpoint for endpoint in plan.endpoints}
        )
        self.choices = dict(plan.choices)
        self.leaving: set[str] = set()
        """Keys of endpoints that are about to be taken off or moved: nothing is put beside them."""
        self._made: dict[tuple[str, str, str], str] = {}
        """Keys of endpoints by question, name of the list and template: two options may add to one endpoint."""

    # -- zones

    def find_zone(self, template: ZoneTemplate, name: str) -> Zone | None:
        """The zone that a template stands for, None if there is none yet.

        The first of these, always of the template's kind: where the role is that it wants to be near; the zone of this
        name; any zone, unless it is to be one of its own.
        """
        if template.near:
            holders = self.matrix.holders[template.near]
            for key, endpoint in self.endpoints.items():
                if key not in self.leaving and not holders.isdisjoint(endpoint.roles):
                    zone = self.zones[name_key(endpoint.zone)]
                    if zone.kind == template.kind:
                        return zone
        named = self.zones.get(name_key(name))
        if named and named.kind == template.kind:
            return named
        if template.own or PLACEHOLDER in template.name:
            return None
        return next(
            (zone for zone in self.zones.values() if zone.kind == template.kind and not self._is_of_some(zone)), None
        )

    def _is_of_some(self, zone: Zone) -> bool:
        """Whether a zone that could be everybody's is one of certain people: of a partner, say."""
        there = [endpoint for endpoint in self.endpoints.values() if endpoint.zone == zone.name]
        return (
            KINDS[zone.kind].allows_any
            and bool(there)
            and all(self.are_people(endpoint) and ANY not in endpoint.addresses for endpoint in there)
        )

    def make_zone(self, template: ZoneTemplate, name: str) -> Zone:
        """A new zone, under the name or one like it that is free."""
        zone = Zone(name=free_name(name, self.zones), kind=template.kind)
        self.zones[name_key(zone.name)] = zone
        return zone

    def drop_made(self, question: Question, left: Iterable[str]) -> None:
        """Take off those of these zones that are empty, and that an option of the question would make again."""
        made = {(name_key(zone.name), zone.kind) for option in question.options for zone in option.effect.zones}
        self.drop_empty(name for name in left if (name_key(name), self.zones[name_key(name)].kind) in made)

    def drop_empty(self, names: Iterable[str]) -> list[str]:
        """Take off those of these zones in which nobody is left, but never the last one.

        A zone in which something was set or that a row names, such as a firewall that has it behind an interface,
        stays: neither would come back with the zone. Returns the names of those that stay for that.
        """
        empty = sorted(set(names) - {endpoint.zone for endpoint in self.endpoints.values()})
        named = list_named(dump_plan(self.finish()))["zones"] if empty else ()
        kept = []
        for name in empty:
            zone = self.zones[name_key(name)]
            if zone != Zone(name=zone.name, kind=zone.kind) or name in named:
                kept.append(name)
            elif len(self.zones) > 1:
                del self.zones[name_key(name)]
        return kept

    # -- endpoints

    def add_all(self, effect: Effect, name: str, maker: str, *, turn: int) -> None:
        """Add the zones of an effect, and those of its endpoints whose turn it is and whose conditions hold.

        `name` is the one of a list that templates are filled with, `maker` the slug of the question. The zone of an
        endpoint that is shared is made when the endpoint is.
        """
        shared = {endpoint.zone for endpoint in effect.endpoints if endpoint.shared}
        zones = {}
        for template in effect.zones:
            if template.key not in shared:
                full = fill(template.name, name)
                zones[template.key] = self.find_zone(template, full) or self.make_zone(template, full)
        for endpoint in effect.endpoints:
            if turn_of(endpoint) == turn and self.admits(endpoint):
                if endpoint.shared:
                    self.share(endpoint, next(zone for zone in effect.zones if zone.key == endpoint.zone), maker)
                else:
                    self.add(endpoint, zones[endpoint.zone], name, maker)

    def share(self, template: EndpointTemplate, wanted: ZoneTemplate, maker: str) -> None:
        """Give what a template of people has to people who are there already, else make them."""
        found = [
            key
            for key, endpoint in self.endpoints.items()
            if key not in self.leaving
            and self.zones[name_key(endpoint.zone)].kind == wanted.kind
            and self.are_people(endpoint)
            and (ANY in endpoint.addresses) == (ANY in template.addresses)
        ]
        if not found:
            zone = self.find_zone(wanted, wanted.name) or self.make_zone(wanted, wanted.name)
            self.add(template, zone, "", maker)
            return
        key = name_key(template.name) if name_key(template.name) in found else found[0]
        self.endpoints[key] = self.enriched(self.endpoints[key], template)

    def are_people(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint is a group of people and nothing else."""
        kinds = {self.matrix.roles[role].kind for role in endpoint.roles}
        return endpoint.group and kinds == {"people"} and not endpoint.platforms

    def admits(self, template: EndpointTemplate) -> bool:
        """Whether the conditions of a template hold."""
        wanted = set(template.with_sessions)
        return (
            (template.with_role is None or self.has_role(template.with_role))
            and (template.without_role is None or not self.has_role(template.without_role))
            and (not wanted or any(not wanted.isdisjoint(endpoint.sessions) for endpoint in self.endpoints.values()))
        )

    def has_role(self, role: str) -> bool:
        """Whether some endpoint that stays has the role."""
        holders = self.matrix.holders[role]
        return any(
            key not in self.leaving and not holders.isdisjoint(endpoint.roles)
            for key, endpoint in self.endpoints.items()
        )

    def add(self, template: EndpointTemplate, zone: Zone, name: str, maker: str) -> None:
        """Add an endpoint from its template; one that another option of the question has made gets what is more."""
        identity = (maker, name, template.name)
        if identity in self._made:
            key = self._made[identity]
            self.endpoints[key] = self.enriched(self.endpoints[key], template)
            return
        full = free_name(fill(template.name, name), self.endpoints)
        endpoint = Endpoint(name=full, zone=zone.name, addresses=template.addresses, group=template.group)
        key = self._made[identity] = name_key(full)
        self.endpoints[key] = self.sound(self.enriched(endpoint, template))

    def add_people(self, name: str, zone: Zone, roles: tuple[str, ...]) -> None:
        """Add a group of people without an address, under the name or one like it that is free."""
        full = free_name(name, self.endpoints)
        self.endpoints[name_key(full)] = Endpoint(name=full, zone=zone.name, group=True, roles=roles)

    def enriched(self, endpoint: Endpoint, more: EndpointTemplate | Grant) -> Endpoint:
        """The endpoint with the roles, platforms, operations and sessions of a template or grant as well."""
        return replace(
            endpoint,
            roles=self.combined(endpoint.roles, more.roles) if more.roles else endpoint.roles,
            platforms=_union(endpoint.platforms, more.platforms),
            operations=_union(endpoint.operations, more.operations),
            sessions=_union(endpoint.sessions, more.sessions),
        )

    def combined(self, roles: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
        """Roles and more of them, without those that exclude one that is there."""
        result = dict.fromkeys(roles)
        for role in more:
            groups = [group for group in self.matrix.roles[role].is_a if self.matrix.roles[group].exclusive]
            if not any(self.matrix.holders[group] & result.keys() - {role} for group in groups):
                result[role] = None
        return tuple(result)

    def sound(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint without the address `any` where the format doesn't allow it."""
        anywhere = endpoint.group and KINDS[self.zones[name_key(endpoint.zone)].kind].allows_any
        return endpoint if anywhere or ANY not in endpoint.addresses else replace(endpoint, addresses=())

    # -- the rest

    def grant(self, effect: Effect) -> None:
        """Add what an effect gives to endpoints that are there."""
        for grant in effect.grants:
            holders = self.matrix.holders[grant.to_role] if grant.to_role else frozenset[str]()
            platforms = frozenset(grant.to_platforms)
            for key, endpoint in self.endpoints.items():
                if not (holders.isdisjoint(endpoint.roles) and platforms.isdisjoint(endpoint.platforms)):
                    self.endpoints[key] = self.enriched(endpoint, grant)

    def choose(self, effect: Effect) -> None:
        """Decide what an effect decides, where the plan and the matrix's default don't say so already."""
        for slug, chosen in effect.choices:
            if choice_in_force(self.matrix, self.choices, slug) != as_set(chosen):
                self.choices[slug] = chosen

    def remove(self, keys: Iterable[str]) -> None:
        """Take endpoints off."""
        for key in keys:
            del self.endpoints[key]

    def finish(self) -> Plan:
        """The plan as it is now, without what named an endpoint that is gone or manages no more."""
        managing = self.matrix.managing_roles
        managers = {e.name for e in self.endpoints.values() if not managing.isdisjoint(e.roles)}
        plan = replace(
            self.plan,
            zones=tuple(self.zones.values()),
            endpoints=tuple(
                endpoint
                if managers.issuperset(endpoint.managed_by)
                else replace(endpoint, managed_by=tuple(name for name in endpoint.managed_by if name in managers))
                for endpoint in self.endpoints.values()
            ),
            choices={slug: self.choices[slug] for slug in self.matrix.choices if slug in self.choices},
        )
        return forget_gone(plan)


def list_named(document: Document) -> Mapping[str, frozenset[str]]:
    """The zones and endpoints that something else of a plan names: flows, exclusions, firewalls, managers.

    Where an endpoint stands isn't counted, nor what a row says of itself.
    """
    found: dict[str, set[str]] = {"zones": set(), "endpoints": set()}
    for entry in PARTS[PLAN].rows:
        for row in document.get(entry.key, ()):
            own = {"zones": row.get("zone"), entry.key: row.get("name")}
            for part, names in found.items():
                names.update(names_of(entry.key, row, part) - {own.get(part)})
    return {part: frozenset(names) for part, names in found.items()}


FIRST, THEN, LAST = range(3)
"""The turns in which endpoints come: without a condition; where some role is, or isn't; where some session is."""


def turn_of(template: EndpointTemplate) -> int:
    """In which turn an endpoint comes: conditions are about what has come before it."""
    if template.with_sessions:
        return LAST
    return THEN if template.with_role is not None or template.without_role is not None else FIRST


def is_conditional(template: EndpointTemplate) -> bool:
    """Whether this endpoint is made only where something else is, or isn't, in the plan."""
    return turn_of(template) != FIRST


def _union(values: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*values, *more)))


def as_set(chosen: str | tuple[str, ...]) -> frozenset[str]:
    """What a plan says of a choice, one option or several, as a set."""
    return frozenset((chosen,) if isinstance(chosen, str) else chosen)


def choice_in_force(matrix: Matrix, choices: Mapping[str, str | tuple[str, ...]], slug: str) -> frozenset[str] | None:
    """What is chosen, by the plan or by default; None while the choice is undecided."""
    chosen = choices.get(slug, matrix.choices[slug].default)
    return None if chosen is None else as_set(chosen)
