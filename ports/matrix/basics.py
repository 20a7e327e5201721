"""What a plan is made of in a matrix: the document and its sections, roles, managed systems, services, choices."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Strict

from ports.matrix.marks import (
    BLANK_TEXT,
    ICON,
    LATER,
    NUMBER_OF_SECTION,
    PARAGRAPH,
    SHA256,
    SLUG_OF_ROW,
    WEB_ADDRESS,
    Names,
    OneOf,
    PortList,
    PortRange,
)
from ports.matrix.renames import find_rename_faults
from ports.matrix.rows import Part, Row, Rows, part, row
from ports.matrix.vocabulary import PROTOCOLS, ROLE_KINDS, ProtocolName, RoleKind, listed, read_ports

Slug = Annotated[str, SLUG_OF_ROW]
Flag = Annotated[bool, Strict()]
Paragraph = Annotated[str, PARAGRAPH]
Icon = Annotated[str, ICON]
Ports = Annotated[str, PortRange()]
SectionNumber = Annotated[str, Names("section")]
RoleSlug = Annotated[str, Names("role")]
PlatformSlug = Annotated[str, Names("platform")]
OperationSlug = Annotated[str, Names("operation")]
SessionSlug = Annotated[str, Names("session")]
ServiceSlug = Annotated[str, Names("service")]
RuleGroupSlug = Annotated[str, Names("rulegroup")]


@part("a renamed row")
class Renamed(Part):
    """A row of this edition, and what it was called in an earlier one."""

    row: str
    """`KIND/SLUG` of a row of this edition, as in `service/website`; `choice/SLUG/OPTION` for an option."""
    was: str
    """Its slug of before, which no row of this kind has in this edition. A row that has had several has an entry for
    each."""


@row("portmatrix", key="product")
class Document(Row):
    """The vendor document. There is one such row; its `slug` names the matrix in the database and in other rows."""

    product: str
    """Whose document it is."""
    document: str
    """Its title."""
    received: str
    """Version or date of the document as received; part of every report."""
    url: Annotated[Annotated[str, WEB_ADDRESS] | None, BLANK_TEXT, LATER] = None
    """Where the vendor publishes it; blank where that isn't known."""
    sha256: Annotated[Annotated[str, SHA256] | None, BLANK_TEXT, LATER] = None
    """SHA-256 of the file that the rows were written from, so that anybody can tell whether theirs is the same; blank
    where there is no file."""
    renamed: Annotated[tuple[Renamed, ...], LATER] = ()
    """Rows that are called otherwise in earlier editions. Amendments and plans follow them."""

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """Renamed rows are there, and what they were called is free."""
        yield from find_rename_faults(where, ((entry.row, entry.was) for entry in self.renamed), rows)


@row("section", key="number")
class Section(Row):
    """A section of the vendor document: its number and heading."""

    number: Annotated[str, NUMBER_OF_SECTION]
    """As the document has it: `"9"`, `"3.1"`, `"a-1"`. Reports sort whole numbers as numbers."""
    title: str
    """The heading."""


@row("role")
class Role(Row):
    """What an endpoint does. A role of kind "group" stands for every role that names it in `is_a`."""

    slug: Slug
    """Names it in plans and in other rows."""
    name: str
    """What forms and sentences call it."""
    kind: Annotated[RoleKind, OneOf(ROLE_KINDS, "kind of role")]
    """What holds it. A `group` stands for other roles, and no endpoint is given it."""
    label: str
    """A short name for chips and tables; sentences put "a" or "every" before it."""
    icon: Icon = ""
    """What an endpoint with this role looks like in diagrams; `globe` is a website, `data` a database, `bridge` a
    gateway, `device` network equipment. An endpoint shows the icon of its first role in the order of the matrix,
    without a role that of its first platform."""
    description: Paragraph = ""
    """What it is, in a sentence."""
    is_a: tuple[RoleSlug, ...] = ()
    """Groups that this role belongs to; a group itself belongs to none."""
    exclusive: Flag = False
    """For a group: an endpoint may hold one of its roles at most."""

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """Groups are groups, and belong to none."""
        for slug in self.is_a:
            group = rows.find(Role, slug)
            if group is not None and group.kind != "group":
                yield f"{where}: '{slug}' is no group, so nothing can be one of it."
        if self.is_a and self.kind == "group":
            yield f"{where}: a group can't belong to another group."


@row("platform")
class Platform(Row):
    """A kind of managed system."""

    slug: Slug
    """Names it in plans and in other rows."""
    name: str
    """What forms and sentences call it."""
    icon: Icon = ""
    """As for roles."""


@row("operation")
class Operation(Row):
    """Something the product does to a managed system."""

    slug: Slug
    """Names it in plans and in other rows."""
    name: str
    """What forms and sentences call it."""
    section: SectionNumber
    """The section that describes it."""
    needs_platform: Flag = True
    """`true`: an endpoint with the operation and no platform is a finding. `false` for one that works on anything."""


@row("session")
class Session(Row):
    """A kind of remote session that people open to a managed system."""

    slug: Slug
    """Names it in plans and in other rows."""
    name: str
    """What forms and sentences call it."""


@row("service")
class Service(Row):
    """A named protocol and destination port. Use one wherever the same setting decides the port."""

    slug: Slug
    """Names it in plans and in other rows."""
    name: str
    """What forms and sentences call it."""
    protocol: Annotated[ProtocolName, OneOf(PROTOCOLS, "protocol")]
    """The protocol. `icmp` is an echo request."""
    ports: Annotated[Annotated[str, PortList()] | None, BLANK_TEXT] = None
    """`"443"`, a range `"49152-65535"`, or several of both: `"80, 443, 8000-8010"`; each 1 to 65535. Every one is a
    flow of its own. Blank for `icmp`, and only there."""
    configurable: Flag = False
    """Whether a plan may override the port; never for `icmp`. An override holds wherever the service is used, and is
    one port or range in the place of all."""
    listener: str = ""
    """Services with the same listener share one socket, so that both on one endpoint and port are no conflict (SQL
    Server as the product's own database and as a managed system). Blank: its own."""
    rule_group: Annotated[RuleGroupSlug | None, BLANK_TEXT, LATER] = None
    """Rules that Windows has for it, whatever needs it."""

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """ICMP alone has no ports."""
        if self.protocol == "icmp":
            if self.ports or self.configurable:
                yield f"{where}: ICMP has no ports, so none can be given or configured."
        elif self.ports is None:
            try:
                read_ports("")
            except ValueError as error:
                yield f"{where}: the port '' {error}."


@part("an option")
class Option(Part):
    """One answer to a choice, and what follows from it."""

    slug: str
    """Names it in plans and in conditions."""
    name: str
    """What forms call it."""
    consequence: str
    """In a few words, what it means; blank where its name says it. What it opens is computed for each plan."""


@row("choice")
class Choice(Row):
    """A decision that the document leaves to its reader."""

    slug: Slug
    """Names it in plans and in conditions."""
    name: str
    """What findings call it."""
    question: str
    """What the reader is asked."""
    sections: tuple[SectionNumber, ...] = ()
    """Where the document leaves it open."""
    options: tuple[Option, ...]
    """What can be answered."""
    many: Flag = False
    """`false`: exactly one option; `true`: a set of options, possibly none."""
    default: tuple[str, ...] | None
    """What holds until a plan decides (with `many: false` exactly one option); `null`: an *alternative*, which starts
    undecided."""

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs of the options, in the document's order."""
        return tuple(option.slug for option in self.options)

    def option(self, slug: str) -> Option:
        """The option with that slug; KeyError if there is none."""
        return {option.slug: option for option in self.options}[slug]

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """Options, and a default that fits them."""
        if not self.options:
            yield f"{where} has no options; give it two or more."
        if len(set(self.slugs)) != len(self.options):
            yield f"{where} has two options of one slug."
        for slug in self.default or ():
            if slug not in self.slugs:
                yield f"{where}: '{slug}' is no option of it; allowed are {listed(sorted(set(self.slugs)))}."
        if not self.many and self.default is not None and len(self.default) != 1:
            yield f"{where}: the default must be one option, or null for an alternative that starts undecided."
        if self.many and self.default is None:
            yield f"{where}: a choice of many options needs a default; an empty list means none of them."
