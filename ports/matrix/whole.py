"""A whole matrix, checked: what the engine, the pages and the reports read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ports.matrix.basics import Choice, Document, Operation, Platform, Role, Section, Service, Session
from ports.matrix.caveats import Caveat, Check
from ports.matrix.prohibitions import Prohibition
from ports.matrix.questions import Question
from ports.matrix.renames import Renames, map_names
from ports.matrix.requirements import Pairing, Requirement
from ports.matrix.rows import Row, Rows
from ports.matrix.rule_groups import RuleGroup
from ports.matrix.topologies import Topology
from ports.matrix.vocabulary import product_slug, section_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """A site's own change to one field of one row of an edition; see `ports.matrix.amendments`."""

    number: int
    """They are judged in the order of these."""
    row: str
    """Kind and name, as in "service/website"; "portmatrix" for the document itself."""
    field: str
    """The field's name in a fixture; empty for a whole row that was added or removed."""
    old: Any
    """As a fixture has it, None for a row that was added."""
    new: Any
    """Likewise, None for a row that was removed."""
    reason: str
    made: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Everything one vendor document asks for, checked: every slug that is named exists."""

    product: str
    document: str
    received: str
    digest: str
    """SHA-256 (hexadecimal) of all facts, with the amendments applied: it changes when any of them does."""
    sections: tuple[Section, ...]
    roles: Mapping[str, Role]
    platforms: Mapping[str, Platform]
    operations: Mapping[str, Operation]
    sessions: Mapping[str, Session]
    services: Mapping[str, Service]
    choices: Mapping[str, Choice]
    pairings: Mapping[str, Pairing]
    requirements: tuple[Requirement, ...]
    caveats: Mapping[str, Caveat]
    checks: tuple[Check, ...]
    holders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Role slug -> slugs of the roles that are it: itself, and for a group its members."""
    questions: Mapping[str, Question] = field(default_factory=dict)
    prohibitions: tuple[Prohibition, ...] = ()
    rule_groups: Mapping[str, RuleGroup] = field(default_factory=dict)
    topologies: Mapping[str, Topology] = field(default_factory=dict)
    """Ready-made topologies, simplest first."""
    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict, repr=False, compare=False)
    """All rows by kind: what `of` gives, for kinds that have no field of their own here."""
    product_slug: str = ""
    """What plans and commands call the product."""
    edition: str = ""
    """The slug of the edition; empty for one that was kept without it."""
    amendments: tuple[Amendment, ...] = ()
    """What this site has changed over the edition, and what is in the facts."""
    url: str | None = None
    """Where the vendor publishes the document, if that is known."""
    sha256: str | None = None
    """Of the document's file as it was received, if there is one."""
    renames: Renames = ()
    """What rows are called otherwise in other editions, as far as that is known here."""

    def of[R: Row](self, facts: type[R]) -> tuple[R, ...]:
        """The rows of a kind, in the matrix's order."""
        return self.tables.get(facts.KIND, ())  # type: ignore[return-value]

    @property
    def version(self) -> str:
        """One line that names the matrix: product, document, date received, edition and the start of the digest."""
        edition = f", edition {self.edition}" if self.edition else ""
        return f"{self.product} {self.document}, as received {self.received}{edition} ({self.digest[:8]})"

    @property
    def state(self) -> tuple[object, ...]:
        """What tells this matrix from any other, by facts and by what is said of it: for what is kept by key."""
        return (self.digest, self.edition, tuple(amendment.number for amendment in self.amendments), self.renames)

    def list_names(self, kind: str) -> frozenset[str]:
        """What the rows of a kind are called; for "choice/esxi" the options of that choice."""
        kind, _, choice = kind.partition("/")
        if choice:
            return frozenset(self.choices[choice].slugs if choice in self.choices else ())
        return frozenset(getattr(row, row.KEY) for row in self.tables.get(kind, ()))

    def map_names(self, kind: str) -> dict[str, str]:
        """From what rows of a kind are called in other editions to what they are called here."""
        return map_names(self.renames, kind, self.list_names(kind)) if self.renames else {}

    @property
    def assignable_roles(self) -> tuple[Role, ...]:
        """The roles that an endpoint can be given, in the matrix's order."""
        return tuple(role for role in self.roles.values() if role.kind != "group")

    @property
    def managing_roles(self) -> frozenset[str]:
        """Slugs of the roles that may stand in `managed_by`."""
        return frozenset(
            slug
            for pairing in self.pairings.values()
            if pairing.managed_by
            for role in (pairing.near, pairing.fallback)
            for slug in self.holders[role]
        )

    def section_title(self, number: str) -> str:
        """The heading of a section, or an empty text for one that the matrix doesn't list."""
        return next((section.title for section in self.sections if section.number == number), "")


def make_matrix(rows: Rows, digest: str, edition: str, renames: Renames = ()) -> Matrix:
    """The matrix of rows that have no faults."""
    (head,) = rows.of(Document)
    return Matrix(
        product=head.product,
        document=head.document,
        received=head.received,
        url=head.url,
        sha256=head.sha256,
        digest=digest,
        sections=tuple(sorted(rows.of(Section), key=lambda section: section_key(section.number))),
        roles=_by_name(rows.of(Role)),
        platforms=_by_name(rows.of(Platform)),
        operations=_by_name(rows.of(Operation)),
        sessions=_by_name(rows.of(Session)),
        services=_by_name(rows.of(Service)),
        choices=_by_name(rows.of(Choice)),
        pairings=_by_name(rows.of(Pairing)),
        requirements=tuple(rows.of(Requirement)),
        caveats=_by_name(rows.of(Caveat)),
        checks=tuple(rows.of(Check)),
        holders=_holders(rows.of(Role)),
        questions=_by_name(rows.of(Question)),
        prohibitions=tuple(rows.of(Prohibition)),
        rule_groups=_by_name(rows.of(RuleGroup)),
        topologies=_by_name(rows.of(Topology)),
        tables=rows.tables,
        product_slug=product_slug(head.product),
        edition=edition,
        renames=renames,
    )


def _by_name[R: Row](rows: Iterable[R]) -> dict[str, R]:
    return {getattr(row, row.KEY): row for row in rows}


def _holders(roles: Iterable[Role]) -> dict[str, frozenset[str]]:
    holders: dict[str, set[str]] = {}
    for role in roles:
        holders.setdefault(role.slug, set())
        if role.kind != "group":
            holders[role.slug].add(role.slug)
        for group in role.is_a:
            holders.setdefault(group, set()).add(role.slug)
    return {slug: frozenset(members) for slug, members in holders.items()}
