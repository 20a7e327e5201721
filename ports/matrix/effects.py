"""What an answer does to a plan: zones and endpoints that it brings, what it grants, what it decides."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from ports.matrix.basics import Choice, Flag, OperationSlug, PlatformSlug, Role, RoleSlug, SessionSlug
from ports.matrix.caveats import ZoneKind
from ports.matrix.marks import ABSENT, BLANK_FACTS, Known, OneOrMany, Pairs, Text
from ports.matrix.requirements import ChoiceSlug
from ports.matrix.rows import Part, Rows, part
from ports.matrix.vocabulary import PLACEHOLDER, is_name, listed


class PlanName(Text):
    """A name that a zone or an endpoint of a plan can have."""

    __slots__ = ()

    @property
    def words(self) -> str:
        """What it is."""
        return "name"

    def find_fault(self, text: str, known: Known) -> str | None:
        """Say what a name is."""
        if is_name(text):
            return None
        return (
            f"{text!a} is no name; one has 1 to 100 characters, none of them control characters, and no white space "
            "at its ends."
        )


Name = Annotated[str, PlanName()]
Chosen = Annotated[tuple[tuple[ChoiceSlug, Annotated[str | tuple[str, ...], OneOrMany()]], ...], Pairs(sort=True)]
"""Options by choice: `{"transport": "ssh"}`, for a choice of many a list. Sorted: not all databases keep it."""


@part("a zone")
class ZoneTemplate(Part):
    """A zone that an answer needs. One of this kind that is there already is used, else one is made."""

    key: str
    """What the endpoints of the same effect call it."""
    name: Name
    """A zone of the kind that is there already is used, first of all the one of this name; else a zone is made. A name
    that a zone of another kind has gets a number."""
    kind: ZoneKind
    """The kind of the zone."""
    own: Flag = False
    """`true`: a zone apart, such as a second data centre; used only under its name."""
    near: Annotated[RoleSlug | None, ABSENT] = None
    """Rather the zone of the kind in which an endpoint has this role (or one of this group)."""


@part("an endpoint", label=("endpoint", "name"))
class EndpointTemplate(Part):
    """An endpoint that an answer brings."""

    name: Name
    """Endpoints of one name in several options of a question are one endpoint with all that they bring."""
    zone: str
    """The key of a zone of the same effect."""
    roles: tuple[RoleSlug, ...] = ()
    """As in a plan."""
    group: Flag = False
    """As in a plan."""
    platforms: tuple[PlatformSlug, ...] = ()
    """As in a plan."""
    operations: tuple[OperationSlug, ...] = ()
    """As in a plan."""
    sessions: tuple[SessionSlug, ...] = ()
    """As in a plan."""
    addresses: tuple[str, ...] = ()
    """`["any"]` for a group in a zone of kind `internet`, or left out: nobody knows another address beforehand."""
    with_role: Annotated[RoleSlug | None, ABSENT] = None
    """The endpoint comes only where some other endpoint has this role."""
    without_role: Annotated[RoleSlug | None, ABSENT] = None
    """The endpoint comes only where none has it."""
    with_sessions: tuple[SessionSlug, ...] = ()
    """The endpoint comes only where some endpoint lists one of these sessions."""
    shared: Flag = False
    """`true`, for a group of people: what it has goes to people who are in a zone of the kind already, first of all to
    those of its name; if it has the address `any`, only to such with it. It is made where there are none."""


@part("a grant")
class Grant(Part):
    """What an answer adds to endpoints that are there, after all endpoints have come.

    A role that excludes one that is held isn't given.
    """

    to_role: Annotated[RoleSlug | None, ABSENT] = None
    """To all with this role or of this group; either `to_role` or `to_platforms` is given."""
    to_platforms: tuple[PlatformSlug, ...] = ()
    """To all that list one of these."""
    roles: tuple[RoleSlug, ...] = ()
    """What they get."""
    platforms: tuple[PlatformSlug, ...] = ()
    """What they get."""
    operations: tuple[OperationSlug, ...] = ()
    """What they get."""
    sessions: tuple[SessionSlug, ...] = ()
    """What they get."""


@part("'each'")
class Repeat(Part):
    """Zones and endpoints that there are once for each name that was given to a question of kind "list".

    Every name of a zone and an endpoint has `{name}` in it, once. Such a zone is found by its name and kind alone, so
    it has neither `near` nor `own`.
    """

    zones: tuple[ZoneTemplate, ...] = ()
    """Zones, one for each name."""
    endpoints: tuple[EndpointTemplate, ...] = ()
    """Endpoints, one for each name."""


@part("'each'")
class RepeatOf(Repeat):
    """The same in an answer to another question, which says of which list."""

    of: str
    """Slug of the list."""


@part("an effect")
class Effect(Part):
    """What an answer does to a plan. An empty one does nothing."""

    zones: tuple[ZoneTemplate, ...] = ()
    """Zones that must exist."""
    endpoints: tuple[EndpointTemplate, ...] = ()
    """Endpoints that come with the answer."""
    grants: tuple[Grant, ...] = ()
    """What endpoints that are there get in addition."""
    choices: Chosen = ()
    """What is decided: `{"transport": "ssh"}`, for a choice of many a list. What is the choice's default isn't written
    into the plan."""
    each: Annotated[RepeatOf | None, BLANK_FACTS] = None
    """What there is once for each name of a list."""


def find_effect_faults(where: str, effect: Effect, lists: Iterable[str], rows: Rows) -> Iterator[str]:
    """What no plan could show. `lists`: the slugs of the questions that ask for names."""
    yield from _find_template_faults(where, effect.zones, effect.endpoints, rows)
    for grant in effect.grants:
        if bool(grant.to_role) == bool(grant.to_platforms):
            yield f"{where}: a grant is to a role or to platforms, and not both."
        if not (grant.roles or grant.platforms or grant.operations or grant.sessions):
            yield f"{where}: a grant gives roles, platforms, operations or sessions."
        yield from find_role_faults(where, grant.roles, rows)
    yield from find_chosen_faults(where, effect.choices, rows)
    if effect.each is not None:
        if effect.each.of not in lists:
            yield f"{where}: 'each' must say of which question of kind list it is, not {effect.each.of!r}."
        yield from find_repeat_faults(where, effect.each, rows)


def find_repeat_faults(where: str, each: Repeat, rows: Rows) -> Iterator[str]:
    """What there is for each name needs the name in its own, or all of them would be one."""
    yield from _find_template_faults(where, each.zones, each.endpoints, rows)
    for name in (*(zone.name for zone in each.zones), *(endpoint.name for endpoint in each.endpoints)):
        if name.count(PLACEHOLDER) != 1:
            yield f"{where}: '{name}' must have {PLACEHOLDER} in it, once."
    for zone in each.zones:
        if zone.own or zone.near is not None:
            yield f"{where}: the zone '{zone.key}' is found by its name, so it has neither own nor near."


def _find_template_faults(
    where: str, zones: Sequence[ZoneTemplate], endpoints: Sequence[EndpointTemplate], rows: Rows
) -> Iterator[str]:
    """Zones and endpoints that no plan could have together."""
    kinds: dict[str, str] = {}
    for zone in zones:
        if zone.key in kinds:
            yield f"{where} has two zones with the key '{zone.key}'."
        kinds[zone.key] = zone.kind
        if zone.own and zone.near is not None:
            yield f"{where}: the zone '{zone.key}' is one apart, so it is near no role."
    for endpoint in endpoints:
        place = f"{where}, endpoint '{endpoint.name}'"
        if endpoint.zone not in kinds:
            yield f"{place}: there is no zone with the key '{endpoint.zone}' beside it."
        yield from find_role_faults(place, endpoint.roles, rows)
        held = {role.kind for slug in endpoint.roles if (role := rows.find(Role, slug))}
        if endpoint.shared and not (endpoint.group and endpoint.roles and held <= {"people"}):
            yield f"{place}: only a group of people can be one that is there already."
        if endpoint.addresses and endpoint.addresses != ("any",):
            yield f"{place}: the only address it can have is any; nobody knows the others beforehand."
        elif endpoint.addresses and not (endpoint.group and kinds.get(endpoint.zone) == "internet"):
            yield f"{place}: the address any is for a group in a zone of kind internet."


def find_role_faults(where: str, roles: Iterable[str], rows: Rows) -> Iterator[str]:
    """Roles that an endpoint can't hold, or not together."""
    for group in rows.of(Role):
        if group.kind != "group":
            continue
        if group.slug in roles:
            yield f"{where}: '{group.slug}' is a group; give it one of its roles."
        held = [role.slug for role in rows.of(Role) if group.slug in role.is_a and role.slug in roles]
        if group.exclusive and len(held) > 1:
            yield f"{where}: {listed(held)} exclude each other."


def find_chosen_faults(where: str, choices: Chosen, rows: Rows) -> Iterator[str]:
    """Options that a choice doesn't have, or not so many of them."""
    for slug, chosen in choices:
        choice = rows.find(Choice, slug)
        if choice is None:
            continue
        if choice.many != isinstance(chosen, tuple):
            yield f"{where}: the choice '{slug}' takes {'a list of options' if choice.many else 'one option'}."
            continue
        for option in (chosen,) if isinstance(chosen, str) else chosen:
            if option not in choice.slugs:
                yield f"{where}: '{option}' is no option of '{slug}'; allowed are {listed(choice.slugs)}."
