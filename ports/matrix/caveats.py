"""What a reader of the document must know: caveats with their corrections, and checks that make findings."""

from collections.abc import Iterator
from typing import Annotated

from ports.matrix.basics import Flag, Paragraph, Ports, RoleSlug, SectionNumber, ServiceSlug, Slug
from ports.matrix.marks import ABSENT, BLANK_FACTS, BLANK_TEXT, KIND_OF_ZONE, LATER, SEVERITY, Names, Pairs
from ports.matrix.requirements import Conditions, Requirement, find_option_faults
from ports.matrix.rows import Part, Row, Rows, part, row

ZoneKind = Annotated[str, KIND_OF_ZONE]


@part("about")
class About(Part):
    """When a caveat bears on a plan: `when` holds and, unless `always`, one of the others is met."""

    always: Flag = False
    """`true`: whatever the plan."""
    sections: tuple[SectionNumber, ...] = ()
    """Some flow is cited for one of these."""
    roles: tuple[RoleSlug, ...] = ()
    """Some endpoint has one of these."""
    services: tuple[ServiceSlug, ...] = ()
    """Some flow uses one of these."""
    requirements: tuple[Annotated[str, Names("requirement")], ...] = ()
    """Some flow comes from one of these rows."""
    when: Conditions = ()
    """Conditions, as for requirements; all of them must hold beside one of the others."""


@row("caveat")
class Caveat(Row):
    """Where the document is probably wrong, ambiguous or silent. `correction` None: information only."""

    slug: Slug
    """Names it in plans and requirements."""
    sections: tuple[SectionNumber, ...] = ()
    """Where; may be empty for what the document leaves out altogether."""
    title: str
    """What it is about."""
    text: Paragraph
    """What is wrong or missing."""
    about: About
    """When it bears on a plan."""
    correction: Annotated[str | None, BLANK_TEXT] = None
    """What applying it does, in a sentence; blank: information only."""
    service_ports: Annotated[tuple[tuple[ServiceSlug, Ports], ...], Pairs(sort=True)] = ()
    """Ports that the correction gives to services: `{"telnet": "23"}`; a plan's own override still wins."""

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """It is about something, and a correction corrects something."""
        about = self.about
        yield from find_option_faults(where, about.when, rows)
        if not (about.always or about.sections or about.roles or about.services or about.requirements):
            yield f"{where} would never be shown; say in 'about' what it is about."
        brings = any(requirement.correction == self.slug for requirement in rows.of(Requirement))
        if bool(self.correction) != bool(self.service_ports or brings):
            yield f"{where}: a correction needs both its text and something that it changes, or neither."


@part("an opening")
class Opening(Part):
    """A flow worth a warning: every field that is set must hold. Flows that stay on one host never match."""

    service: Annotated[ServiceSlug | None, ABSENT] = None
    """The service. A plan's own flows to its port at an endpoint that offers it count as well."""
    source_role: Annotated[RoleSlug | None, ABSENT] = None
    """A role or group of the source."""
    source_kind: Annotated[ZoneKind | None, ABSENT] = None
    """The kind of the source's zone."""
    source_kinds: tuple[ZoneKind, ...] = ()
    """The same where several kinds will do: one of these."""
    destination_role: Annotated[RoleSlug | None, ABSENT] = None
    """A role or group of the destination."""
    destination_kind: Annotated[ZoneKind | None, ABSENT] = None
    """The kind of the destination's zone."""
    destination_kinds: tuple[ZoneKind, ...] = ()
    """The same where several kinds will do: one of these."""
    trust: tuple[ZoneKind, ...] = ()
    """Kinds of zone, the least trusted first: the flow leads from a zone of one of them to one further on."""

    def is_upwards(self, source: str, destination: str) -> bool:
        """Whether a flow between zones of these kinds leads from a less trusted one, as far as that is asked for."""
        if not self.trust:
            return True
        kinds = self.trust
        return source in kinds and destination in kinds and kinds.index(source) < kinds.index(destination)

    @property
    def from_kinds(self) -> frozenset[str]:
        """The kinds that the source's zone may have; none: any kind."""
        return frozenset((*self.source_kinds, *filter(None, [self.source_kind])))

    @property
    def to_kinds(self) -> frozenset[str]:
        """The kinds that the destination's zone may have; none: any kind."""
        return frozenset((*self.destination_kinds, *filter(None, [self.destination_kind])))


@row("check", key="code")
class Check(Row):
    """A finding that follows from the matrix.

    Raised when all of `when` holds, no endpoint has any role of `needs` and more than one has `crowded` (where these
    are given); with an `opening`, when a flow matches it as well.
    """

    code: Slug
    """Others may rely on it; not one that Port planner uses itself (`caveat`, `choice-undecided` …)."""
    severity: Annotated[str, SEVERITY]
    """`error`: the plan can't work."""
    subject: str
    """Slug of what it is about."""
    title: Annotated[str | None, BLANK_TEXT, LATER] = None
    """Its headline, a few words. Without one, the name of its subject."""
    message: Paragraph
    """What is wrong."""
    advice: Paragraph
    """What to do."""
    when: Conditions = ()
    """Raised only if all of these conditions hold …"""
    needs: tuple[RoleSlug, ...] = ()
    """… and no endpoint has any of these roles …"""
    crowded: Annotated[RoleSlug | None, BLANK_TEXT, LATER] = None
    """… and more than one endpoint has this role; they are added to the message …"""
    opening: Annotated[Opening | None, BLANK_FACTS] = None
    """… and some flow matches; the pairs of endpoints are added to the message."""

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """Something must raise it."""
        yield from find_option_faults(where, self.when, rows)
        trust = self.opening.trust if self.opening else ()
        if trust and (len(trust) < 2 or len(set(trust)) < len(trust)):
            yield f"{where}: 'trust' puts two or more kinds of zone in order, each once."
        if not (self.when or self.needs or self.crowded or self.opening):
            yield f"{where} would never be raised; say when, what it needs, what is too many, or for which opening."
