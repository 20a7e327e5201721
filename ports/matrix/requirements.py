"""Who must reach whom, on which services, when: pairings, requirements, and the conditions of all kinds of row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from ports.matrix.basics import (
    Choice,
    Flag,
    OperationSlug,
    Paragraph,
    PlatformSlug,
    RoleSlug,
    RuleGroupSlug,
    SectionNumber,
    ServiceSlug,
    SessionSlug,
    Slug,
)
from ports.matrix.marks import ABSENT, BLANK_FACTS, BLANK_TEXT, KIND_OF_ZONE, LATER, Names, Shapes
from ports.matrix.rows import Part, Row, Rows, part, row
from ports.matrix.vocabulary import listed

ChoiceSlug = Annotated[str, Names("choice")]
PairingSlug = Annotated[str, Names("pairing")]
CaveatSlug = Annotated[str, Names("caveat")]


@part("a condition")
class ChoiceIs(Part):
    """Holds when one of `options` is chosen; with no options, when nothing is chosen."""

    choice: ChoiceSlug
    """The choice."""
    options: tuple[str, ...]
    """Options of it. `[]`: nothing is chosen."""


@part("a condition")
class RolePresent(Part):
    """Holds when some endpoint of the plan has the role."""

    role: RoleSlug
    """A role or a group."""


@part("a condition")
class RoleAbsent(Part):
    """Holds when no endpoint of the plan has the role."""

    no_role: RoleSlug
    """A role, or a group: then no endpoint has any of its roles."""


Simple = ChoiceIs | RolePresent | RoleAbsent
"""What a condition of several is made of."""
_SIMPLE = (("role",), ("no_role",), ("choice", "options"))


@part("a condition")
class AnyOf(Part):
    """Holds when one of several conditions does, or more of them."""

    any: tuple[Annotated[Simple, Shapes("a condition in 'any' is", *_SIMPLE)], ...]
    """Two or more of the others."""


Condition = Simple | AnyOf
Conditions = tuple[Annotated[Condition, Shapes("a condition is", *_SIMPLE, ("any",))], ...]


def list_simple(conditions: Iterable[Condition]) -> Iterator[Simple]:
    """The conditions, and in the place of one of several all that it is made of."""
    for condition in conditions:
        if isinstance(condition, AnyOf):
            yield from condition.any
        else:
            yield condition


def choices_in(conditions: Iterable[Condition]) -> Iterator[str]:
    """The slugs of the choices that conditions are about."""
    return (condition.choice for condition in list_simple(conditions) if isinstance(condition, ChoiceIs))


@part("a service")
class Ask(Part):
    """One service of a requirement, perhaps only under a choice."""

    service: ServiceSlug
    """What has to be open."""
    choice: Annotated[ChoiceSlug | None, ABSENT] = None
    """With `options`: the service is needed only under this choice."""
    options: tuple[str, ...] = ()
    """As in a condition."""
    when: ChoiceIs | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        """Choice and options are one condition."""
        if self.choice is not None:
            object.__setattr__(self, "when", ChoiceIs(choice=self.choice, options=self.options))


@part("a target")
class Target(Part):
    """Which managed endpoints a requirement leads to: all fields that are set must hold."""

    operation: Annotated[OperationSlug | None, ABSENT] = None
    """The target lists this operation."""
    platform: Annotated[PlatformSlug | None, ABSENT] = None
    """The target lists this platform."""
    session: Annotated[SessionSlug | None, ABSENT] = None
    """The target lists this session."""
    without_sessions: tuple[SessionSlug, ...] = ()
    """The target lists none of these sessions."""
    without_platforms: tuple[PlatformSlug, ...] = ()
    """The target lists none of these platforms."""


@row("pairing")
class Pairing(Row):
    """How the sources of a target are found when it isn't simply every endpoint with a role.

    In this order, the first that yields any: the target's own `managed_by` (if the pairing honours it); endpoints
    with role `near` in the target's zone; endpoints with role `fallback` outside zones of the kinds `fallback_not_in`.
    A source with role `near` adds `near_section` to what it is cited for.
    """

    slug: Slug
    """Names it in requirements."""
    name: str
    """What the page of the matrix calls it."""
    managed_by: Flag = False
    """Honour the `managed_by` of the target's endpoint. The roles of such a pairing are those that may stand there."""
    near: RoleSlug
    """Else endpoints with this role in the target's own zone."""
    fallback: RoleSlug
    """Else all endpoints with this role …"""
    fallback_not_in: tuple[Annotated[str, KIND_OF_ZONE], ...] = ()
    """… outside zones of these kinds."""
    near_section: Annotated[SectionNumber | None, BLANK_TEXT] = None
    """A section cited as well when the source holds the `near` role, however it was found."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reason:
    """Why a flow is there, in the reader's words; reasons of one topic can be listed together."""

    topic: str
    text: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.text}" if self.topic else self.text


@row("requirement")
class Requirement(Row):
    """Sources, destinations, services and conditions of one row or sentence of the document."""

    slug: Slug
    """Names it in caveats."""
    section: Annotated[str, Names("section", blank_is_said=True)]
    """Where in the document it stands."""
    topic: str = ""
    """Puts rows of one table together: `"Password reset"`."""
    name: str
    """The document's own name of the row; with the topic it is the *reason* in reports."""
    summary: Paragraph
    """What it is for, in your own words."""
    asks: Annotated[
        tuple[Annotated[Ask, Shapes("it asks by", ("service",), ("service", "choice", "options"))], ...],
        Field(validation_alias="services"),
    ]
    """What has to be open: `{"service": SLUG}`, or `{"service", "choice", "options"}` for a service that depends on a
    choice."""
    source: Annotated[RoleSlug | None, BLANK_TEXT] = None
    """Every endpoint with this role opens the connection. Either `source` or `pairing` is given."""
    destination: Annotated[RoleSlug | None, BLANK_TEXT] = None
    """Every endpoint with this role is reached. Either `destination` or `target` is given."""
    peers: Annotated[Flag, LATER] = False
    """`true`: endpoints with these roles reach each other and never themselves, as members of a cluster do. Machines
    of a group reach each other too. Goes with `source` and `destination`, which may be the same."""
    pairing: Annotated[PairingSlug | None, BLANK_TEXT] = None
    """The sources are found for each destination."""
    target: Annotated[Target | None, BLANK_FACTS] = None
    """Managed endpoints are reached."""
    when: Conditions = ()
    """Conditions, all of which must hold; `[]`: always."""
    correction: Annotated[CaveatSlug | None, BLANK_TEXT] = None
    """Slug of the caveat whose applied correction brings this requirement in; blank for a row of the document."""
    rule_group: Annotated[RuleGroupSlug | None, BLANK_TEXT, LATER] = None
    """Rules that Windows has for what the requirement needs, where its services don't name their own."""

    @property
    def reason(self) -> Reason:
        """Why a flow of this requirement is there."""
        return Reason(topic=self.topic, text=self.name)

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """It must say where it stands, where connections come from and where they go, and on which services."""
        if not self.section:
            yield f"{where} has no section; say where in the document it stands."
        if bool(self.source) == bool(self.pairing):
            yield f"{where} needs a source role or a pairing, and not both."
        if bool(self.destination) == bool(self.target):
            yield f"{where} needs a destination role or a target, and not both."
        if self.peers and not (self.source and self.destination):
            yield f"{where}: peers need a source role and a destination role."
        yield from find_option_faults(where, self.when, rows)
        if not self.asks:
            yield f"{where} asks for no service."
        yield from find_option_faults(where, (ask.when for ask in self.asks if ask.when), rows)


def find_option_faults(where: str, conditions: Iterable[Condition], rows: Rows) -> Iterator[str]:
    """Conditions that name options which their choice doesn't have, and an "or" between fewer than two."""
    conditions = tuple(conditions)
    if any(isinstance(condition, AnyOf) and len(condition.any) < 2 for condition in conditions):
        yield f"{where}: 'any' is of two conditions or more."
    for condition in list_simple(conditions):
        choice = rows.find(Choice, condition.choice) if isinstance(condition, ChoiceIs) else None
        if choice is not None and isinstance(condition, ChoiceIs):
            for option in condition.options:
                if option not in choice.slugs:
                    allowed = listed(sorted(set(choice.slugs)))
                    yield f"{where}: '{option}' is no option of '{choice.slug}'; allowed are {allowed}."
