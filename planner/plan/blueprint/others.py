"""Who else comes from a network of their own: VPN users, partners, and whoever a free name stands for.

Each is a zone of the fitting kind with one group of people in it, who use of what the plan's own users use only what
is ticked for them. Which roles people have is the matrix's; the rest holds for any product. No address is made up.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from planner.plan.blueprint.answers import first_few, read_names, shown
from planner.plan.blueprint.draft import Draft
from planner.plan.document import Endpoint, Plan
from planner.plan.kinds import KINDS, OUTSIDE, USUAL
from ports.matrix import Matrix, ZoneTemplate
from ports.text import MAX_NAME, name_key

_USERS = "{} users"
"""What the people of a free name are called."""
NAMED = "named"
"""Stands for those of free names, where what people use is told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherNetwork:
    """People whom the guided start offers by a tick box."""

    slug: str
    name: str
    """As an option says it, and what their endpoint is called."""
    zone: str
    kind: str
    help: str


_OFFERED = (
    OtherNetwork(
        slug="vpn", name="VPN users", zone="VPN", kind=USUAL,
        help="Your own people from elsewhere, with addresses of the VPN.",
    ),
    OtherNetwork(
        slug="partners", name="Partner users", zone="Partners", kind=OUTSIDE,
        help="People of another company, from its networks: outside, but never from any address.",
    ),
)  # fmt: skip
OFFERED: Mapping[str, OtherNetwork] = {one.slug: one for one in _OFFERED}
"""Those offered, by slug, in the order in which they stand on the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The answer: slugs of OFFERED, the lines of free names, and who uses what.

    `uses`: by slug or NAMED, the people roles that are ticked; who isn't in it uses what the plan's own users do.
    """

    ticked: Collection[str] = ()
    names: tuple[str, ...] = ()
    uses: Mapping[str, Collection[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.ticked) or any(line.strip() for line in self.names)


NOBODY = Others()


def find_others_topic(matrix: Matrix) -> str | None:
    """The topic under which it is asked: of the first question that brings people; None where no question does."""
    found = _find_first_people(matrix)
    return found and found[0]


def find_other_faults(plan: Plan, others: Others) -> tuple[str, ...]:
    """What is wrong with the free names beside a plan that has none of the others yet, as sentences, by line."""
    names, faults = read_names(others.names, MAX_NAME - len(_USERS.format("")))
    if faults:
        return faults
    taken = {name_key(zone.name): zone.name for zone in plan.zones}
    taken |= {name_key(one.zone): one.zone for one in _OFFERED if one.slug in others.ticked}
    lines = {line.strip(): number for number, line in enumerate(others.names, 1)}
    return first_few(
        [
            f"Line {lines[name]:,}: the plan has a zone “{shown(taken[name_key(name)])}” already. Use another name."
            for name in names
            if name_key(name) in taken
        ]
    )


def add_others(draft: Draft, others: Others) -> None:
    """Add a zone and its people for each of the others; names that are no names are left out."""
    own = list_own_roles(draft)
    for one in _OFFERED:
        if one.slug in others.ticked:
            _add(draft, one.zone, one.kind, one.name, _narrow(own, others.uses.get(one.slug)))
    names, _ = read_names(others.names, MAX_NAME - len(_USERS.format("")))
    for name in names:
        _add(draft, name, USUAL, _USERS.format(name), _narrow(own, others.uses.get(NAMED)))


def _add(draft: Draft, zone: str, kind: str, people: str, roles: tuple[str, ...]) -> None:
    """Add people in a zone of their own; both under other names where theirs are taken."""
    made = draft.make_zone(ZoneTemplate(key="", name=zone, kind=KINDS[kind].slug, own=True), zone)
    draft.add_people(people, made, roles)


def _narrow(own: tuple[str, ...], ticked: Collection[str] | None) -> tuple[str, ...]:
    return own if ticked is None else tuple(role for role in own if role in ticked)


def list_own_roles(draft: Draft) -> tuple[str, ...]:
    """What the plan's own users have: those inside, else those outside, else whom the first question is about.

    Slugs of people roles, in the matrix's order.
    """
    people = [endpoint for endpoint in draft.endpoints.values() if draft.are_people(endpoint)]
    inside = [one for one in people if not KINDS[draft.zones[name_key(one.zone)].kind].allows_any]
    held = {role for endpoint in inside or people for role in endpoint.roles}
    if not held:
        found = _find_first_people(draft.matrix)
        held = set(found[1]) if found else set()
    return tuple(role for role in draft.matrix.roles if role in held)


def _find_first_people(matrix: Matrix) -> tuple[str, frozenset[str]] | None:
    """The topic of the first question that brings people, and the roles that they have."""
    for question in matrix.questions.values():
        roles = {
            role
            for option in question.options
            for template in option.effect.endpoints
            if template.shared
            for role in template.roles
            if matrix.roles[role].kind == "people"
        }
        if roles:
            return question.topic, frozenset(roles)
    return None


def list_others(matrix: Matrix, plan: Plan) -> list[tuple[str, Endpoint]]:
    """The people of a plan who are as this step makes them, each with the slug of OFFERED, or NAMED.

    They are known by their names and their kind of zone, for a plan keeps no answers.
    """
    kinds = {zone.name: zone.kind for zone in plan.zones}
    offered = {(one.zone, one.name, one.kind): one.slug for one in _OFFERED}
    found = []
    for endpoint in plan.endpoints:
        roles = {matrix.roles[role].kind for role in endpoint.roles}
        if not endpoint.group or not roles <= {"people"} or endpoint.platforms:
            continue
        slug = offered.get((endpoint.zone, endpoint.name, kinds[endpoint.zone]))
        if slug is None and kinds[endpoint.zone] == USUAL and endpoint.name == _USERS.format(endpoint.zone):
            slug = NAMED
        if slug:
            found.append((slug, endpoint))
    return found


def read_others(matrix: Matrix, plan: Plan) -> Others:
    """The answer that a plan shows: who is in it of the others, and what they use."""
    found = list_others(matrix, plan)
    uses: dict[str, set[str]] = {}
    for slug, endpoint in found:
        uses.setdefault(slug, set()).update(endpoint.roles)
    return Others(
        ticked=tuple(slug for slug in OFFERED if slug in uses),
        names=tuple(endpoint.zone for slug, endpoint in found if slug == NAMED),
        uses={slug: frozenset(roles) for slug, roles in uses.items()},
    )
