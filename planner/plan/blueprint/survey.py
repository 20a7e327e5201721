"""What of a plan belongs to a module: seen from its roles, zones and decisions, for a plan keeps no answers."""

from collections.abc import Iterable
from dataclasses import replace

from planner.plan.blueprint.draft import Draft, as_set, choice_in_force, is_conditional
from planner.plan.document import Endpoint, Plan, Zone
from ports.matrix import PLACEHOLDER, Effect, Grant, Matrix, Question, ZoneTemplate
from ports.text import name_key


class ModuleInPlan:
    """A plan seen from one module: which endpoints have its roles, and which of its options describe them."""

    def __init__(self, matrix: Matrix, plan: Plan, question: Question, draft: Draft | None = None) -> None:
        """`draft` is one of the plan that nothing has been done to, and to which nothing is done."""
        self.matrix = matrix
        self.plan = plan
        self.question = question
        self.roles = frozenset(question.roles)
        self.derived = frozenset(
            role
            for other in matrix.questions.values()
            for option in other.options
            for grant in option.effect.grants
            if grant.to_role and not self.roles.isdisjoint(matrix.holders[grant.to_role])
            for role in grant.roles
        )
        """Roles that an endpoint has only because it has one of the module's: answers give them to such."""
        self.draft = Draft(matrix, plan, draft)
        apart = self.roles.isdisjoint
        self.holders = tuple([endpoint for endpoint in plan.endpoints if not apart(endpoint.roles)])
        self.draft.leaving = {name_key(endpoint.name) for endpoint in self.holders}
        # A machine of its own says more about where the module is than one that does other things besides.
        self.apart = tuple(endpoint for endpoint in self.holders if not self.is_shared(endpoint)) or self.holders
        if question.users:
            self.apart = self.holders  # people use one thing besides another
        self._zones: dict[ZoneTemplate, Zone | None] = {}

    def is_shared(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint has roles that have nothing to do with the module."""
        return bool(set(endpoint.roles) - self.roles - self.derived)

    def relieved(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint without the module's roles."""
        return replace(endpoint, roles=tuple(role for role in endpoint.roles if role not in self.roles))

    def zone(self, template: ZoneTemplate) -> Zone | None:
        """The zone that stands for a template, the module itself left aside."""
        if template not in self._zones:
            self._zones[template] = self.draft.find_zone(template, template.name)
        return self._zones[template]

    def stands_in(self, endpoint: Endpoint, template: ZoneTemplate, *, exact: bool) -> bool:
        """Whether an endpoint is in the zone that a template stands for (`exact`), or in one of its kind."""
        zone = self.zone(template)
        if exact:
            return zone is not None and zone.name == endpoint.zone
        return self.draft.zones[name_key(endpoint.zone)].kind == template.kind

    def receives(self, endpoint: Endpoint, grant: Grant) -> bool:
        """Whether an endpoint has the role or a platform to which a grant gives something."""
        holders = self.matrix.holders[grant.to_role] if grant.to_role else frozenset[str]()
        return not (holders.isdisjoint(endpoint.roles) and set(grant.to_platforms).isdisjoint(endpoint.platforms))

    def decides(self, effect: Effect) -> bool:
        """Whether everything that an effect decides is decided so in the plan."""
        return all(
            choice_in_force(self.matrix, self.plan.choices, slug) == as_set(chosen) for slug, chosen in effect.choices
        )

    def brought(self, effect: Effect, *, exact: bool) -> frozenset[str] | None:
        """Names of the endpoints that are as this effect would have made them; None when one that it makes is missing.

        `exact`: each in the very zone that the effect would choose; otherwise any zone of the kind will do.
        """
        zones = {template.key: template for template in effect.zones}
        found: set[str] = set()
        for template in effect.endpoints:
            own = self.roles & set(template.roles)
            if not own or is_conditional(template):
                continue
            matching = {
                endpoint.name
                for endpoint in self.apart
                if own.issubset(endpoint.roles) and self.stands_in(endpoint, zones[template.zone], exact=exact)
            }
            if not matching:
                return None
            found |= matching
        for grant in effect.grants:
            own = self.roles & set(grant.roles)
            receivers = [endpoint for endpoint in self.plan.endpoints if own and self.receives(endpoint, grant)]
            matching = {endpoint.name for endpoint in receivers if own.issubset(endpoint.roles)}
            if receivers and not matching:
                return None
            found |= matching
        return frozenset(found)

    def is_off(self) -> bool:
        """Whether nothing of the module is there."""
        if self.holders:
            return False
        return self.question.off is None or self.decides(self.question.option(self.question.off).effect)

    def fitting(self) -> tuple[str, ...]:
        """The options that describe the plan: at most one, but for a question of many. Empty when none does."""
        if self.question.kind == "many":
            return tuple(
                option.slug
                for option in self.question.options
                if self.decides(option.effect) and self.brought(option.effect, exact=False)
            )
        if self.is_off():
            return (self.question.off,) if self.question.off else ()
        holders = frozenset(endpoint.name for endpoint in self.holders)
        options = [option for option in self.question.options if option.slug != self.question.off]
        # A zone under another name is more likely the one apart than the one where everything else is.
        options.sort(key=lambda option: not any(zone.own for zone in option.effect.zones))
        for exact in (True, False):
            for option in options:
                if self.decides(option.effect) and self.brought(option.effect, exact=exact) == holders:
                    return (option.slug,)
        return ()

    def companions(self, slugs: Iterable[str]) -> tuple[str, ...]:
        """Names of endpoints without the module's roles that these options bring with it, if they are as brought."""
        others = {
            role
            for question in self.matrix.questions.values()
            if question.module and question is not self.question
            for role in question.roles
        }
        found = []
        for slug in slugs:
            effect = self.question.option(slug).effect
            zones = {template.key: template for template in effect.zones}
            for template in effect.endpoints:
                endpoint = self.draft.endpoints.get(name_key(template.name))
                if (
                    endpoint
                    and not self.roles & set(template.roles)
                    and not others & set(template.roles)
                    and set(template.roles) == set(endpoint.roles)
                    and self.stands_in(endpoint, zones[template.zone], exact=True)
                    and zones[template.zone].own
                ):
                    found.append(endpoint.name)
        return tuple(found)

    def sites(self) -> dict[str, Zone]:
        """Of a list: its names in the plan, each with the zone that stands for it and holds one of the roles."""
        template = self.question.repeat.zones[0]
        before, after = template.name.split(PLACEHOLDER)
        held = {endpoint.zone for endpoint in self.holders}
        return {
            zone.name[len(before) : len(zone.name) - len(after)]: zone
            for zone in self.plan.zones
            if zone.kind == template.kind
            and zone.name in held
            and len(zone.name) > len(before) + len(after)
            and zone.name.startswith(before)
            and zone.name.endswith(after)
        }
