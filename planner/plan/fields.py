"""The fields of a plan: an entry of this table says all that there is to know of one.

A field is an attribute of one of the classes below, with its entry beside it. What reads documents, writes them, edits
and merges them, says what changed, shows forms and tables, and lists what would be lost goes by the entries, so that
a field is added here and nowhere else. Pure.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Literal

from planner.plan import reading
from planner.plan.devices import DEVICES
from planner.plan.kinds import KINDS
from planner.plan.reading import Reader, Side, one_of, some_of
from planner.plan.references import (
    WORDS,
    Check,
    check_any,
    check_either,
    check_flow_ports,
    check_forbidden_ports,
    check_managers,
    check_options,
    check_pair_ports,
    check_roles,
    check_side,
    keys_must_be_there,
    must_be_there,
)
from ports.matrix import PROTOCOLS, Caveat, Operation, Platform, Role, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the document. A fact that is left out doesn't apply to it."""

    reads: Reader
    """What values it takes."""
    key: str = ""
    """How documents call it; the attribute's own name where an entry doesn't say another."""
    attribute: str = ""
    needed: bool = True
    """Whether a document must have it."""
    default: Any = None
    """What it is where a document doesn't have it."""
    merges: Literal["whole", "keys", "members", "rows"] = "whole"
    """What of it two people may change at the same time: only one of them all, or each another key, member or row."""
    row: type | None = None
    """Of a list of rows: the class of one."""
    names: Literal["", "zones", "endpoints", "sides"] = ""
    """Whose names it holds; "sides": one, of a zone or an endpoint, in a mapping that says which. Renames change them.
    When what is named is deleted, a list loses the name; a row that holds just that name in a field is deleted."""
    rests_on: str = ""
    """A field of what is named that decides whether it may be: `roles` say who can manage others."""
    check: Check | None = None
    """What else of the document it must agree with."""
    said: tuple[str, str] | None = None
    """In summaries: what one and several of its values are called; of a flag, what on and off mean."""
    lost: tuple[str, str] | None = None
    """How a loss of one of its values begins; of a flag: of on and of off."""
    title: str = ""
    """What forms call it."""
    widget: Literal["", "name", "zone", "kind", "lines", "text", "flag", "boxes", "names", "choices", "ports"] = ""
    """How the editor shows it."""
    help: str = ""
    """What the form says about it."""
    column: str = ""
    """What a table of endpoints has in its column of this name."""
    copied: bool = True
    """Whether a copy of the row has it too."""

    @property
    def needs_one(self) -> bool:
        """Whether a row can't be without the one that it names here."""
        return self.needed and (self.names == "sides" or (bool(self.names) and self.reads.shape == "text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A kind of row, or the plan itself: its class, and its fields in the order of the format."""

    key: str
    value: type
    fields: tuple[Field, ...]
    by_key: Mapping[str, Field]

    @property
    def named(self) -> bool:
        """Whether its rows are known by their names; otherwise by all that they say."""
        return "name" in self.by_key

    @property
    def rows(self) -> tuple[Field, ...]:
        """The fields that are lists of rows."""
        return tuple(entry for entry in self.fields if entry.row)


def describe(reads: Reader, **facts: Any) -> Mapping[str, Field]:
    """The entry of an attribute, as its metadata: how it is read, and any other facts of a `Field`."""
    return {"entry": Field(reads=reads, **facts)}


def part_of(key: str, value: type) -> Part:
    """The part that a class describes by the entries of its attributes."""
    entries = []
    for attribute in fields(value):
        default = attribute.default if attribute.default_factory is MISSING else attribute.default_factory()
        entry: Field = attribute.metadata["entry"]
        needed = default is MISSING
        entry = replace(entry, key=entry.key or attribute.name, attribute=attribute.name, needed=needed)
        entries.append(entry if needed else replace(entry, default=default))
    return Part(key=key, value=value, fields=tuple(entries), by_key={entry.key: entry for entry in entries})


Choices = Mapping[str, str | tuple[str, ...]]
"""By choice: an option, or for a choice of many a tuple of options. What isn't in it is decided elsewhere."""
OWN_CHOICES = ("choice of its own", "choices of its own")
OWN_PORTS = ("port of its own", "ports of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part of the network between firewalls. `kind` is one of planner.plan.kinds.KINDS."""

    name: str = field(metadata=describe(reading.NAME, widget="name", title="Name"))
    kind: str = field(
        metadata=describe(
            one_of(lambda _: {kind.slug: kind.slug for kind in KINDS.values()}),
            said=("kind", "kinds"),
            widget="kind",
            title="Kind",
        )
    )
    networks: tuple[str, ...] = field(
        default=(),
        metadata=describe(reading.NETWORKS, said=("network", "networks"), widget="lines", title="Networks"),
    )
    choices: Choices = field(
        default_factory=dict,
        metadata=describe(
            reading.CHOICES, merges="keys", said=OWN_CHOICES, widget="choices", title="Choices of its own"
        ),
    )
    ports: Mapping[str, str] = field(
        default_factory=dict,
        metadata=describe(reading.PORTS, merges="keys", said=OWN_PORTS, widget="ports", title="Ports of its own"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A machine, or with `group` many alike, in one zone. An empty `addresses` means not known yet."""

    name: str = field(
        metadata=describe(reading.NAME, widget="name", title="Name", column="The endpoint's name. Needed.")
    )
    zone: str = field(
        metadata=describe(
            reading.NAME,
            names="zones",
            check=must_be_there("zones"),
            lost=("its place in the zone", ""),
            widget="zone",
            title="Zone",
            column="The name of its zone. Needed.",
        )
    )
    addresses: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            reading.ADDRESSES,
            check=check_any,
            said=("address", "addresses"),
            lost=("the address", ""),
            widget="lines",
            title="Addresses",
            column="IP addresses, networks, DNS names. Empty: not known yet.",
            copied=False,  # two machines share none
        ),
    )
    group: bool = field(
        default=False,
        metadata=describe(
            reading.FLAG,
            said=("now stands for many machines", "now stands for one machine"),
            lost=("that it stands for many machines", "that it stands for one machine"),
            widget="flag",
            title="A group",
            column="yes if it stands for many machines.",
        ),
    )
    roles: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            some_of(
                lambda matrix: {role.slug: role.name for role in matrix.assignable_roles},
                lambda matrix: {slug: role.label or role.name for slug, role in matrix.roles.items()},
                kind=Role.KIND,
            ),
            check=check_roles,
            said=("role", "roles"),
            lost=("the role", ""),
            widget="boxes",
            title="Roles",
            column="What it does.",
        ),
    )
    platforms: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            some_of(
                lambda matrix: {slug: platform.name for slug, platform in matrix.platforms.items()}, kind=Platform.KIND
            ),
            said=("platform", "platforms"),
            lost=("the platform", ""),
            widget="boxes",
            title="Platforms managed on it",
            column="What is managed on it.",
        ),
    )
    operations: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            some_of(
                lambda matrix: {slug: operation.name for slug, operation in matrix.operations.items()},
                kind=Operation.KIND,
            ),
            said=("operation", "operations"),
            lost=("the operation", ""),
            widget="boxes",
            title="Operations done to it",
            column="What is done to it.",
        ),
    )
    sessions: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            some_of(
                lambda matrix: {slug: session.name for slug, session in matrix.sessions.items()}, kind=Session.KIND
            ),
            said=("session", "sessions"),
            lost=("the session", ""),
            widget="boxes",
            title="Sessions that people open to it",
            column="Kinds of remote session that people open to it.",
        ),
    )
    managed_by: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            reading.NAMES,
            names="endpoints",
            rests_on="roles",
            check=check_managers,
            said=("manager", "managers"),
            lost=("that it is managed by", ""),
            widget="names",
            title="Managed by",
            help="None ticked: the agents in its zone, else every web server.",
            column="Endpoints that carry out its operations.",
        ),
    )
    choices: Choices = field(
        default_factory=dict,
        metadata=describe(
            reading.CHOICES,
            merges="keys",
            said=OWN_CHOICES,
            lost=("its own answer to", ""),
            widget="choices",
            title="Choices of its own",
        ),
    )
    ports: Mapping[str, str] = field(
        default_factory=dict,
        metadata=describe(
            reading.PORTS,
            merges="keys",
            said=OWN_PORTS,
            lost=("its own port of", ""),
            widget="ports",
            title="Ports of its own",
        ),
    )


PROTOCOL = one_of(lambda _: {protocol: protocol for protocol in PROTOCOLS})


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionalFlow:
    """A flow that the site needs beyond the vendor's document. `ports` is None for ICMP only."""

    source: str = field(metadata=describe(reading.NAME, names="endpoints", check=must_be_there("endpoints")))
    destination: str = field(metadata=describe(reading.NAME, names="endpoints", check=must_be_there("endpoints")))
    protocol: Literal["tcp", "udp", "icmp"] = field(metadata=describe(PROTOCOL))
    ports: str | None = field(default=None, metadata=describe(reading.PORT, check=check_flow_ports))
    reason: str = field(metadata=describe(reading.FLOW_REASON, said=("reason", "reasons")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Flows that the document asks for and this deployment does not need; without a protocol every flow of the pair.

    Ports are those of the flow, no others; ICMP has none.
    """

    source: str = field(metadata=describe(reading.NAME, names="endpoints", check=must_be_there("endpoints")))
    destination: str = field(metadata=describe(reading.NAME, names="endpoints", check=must_be_there("endpoints")))
    protocol: Literal["tcp", "udp", "icmp"] | None = field(default=None, metadata=describe(PROTOCOL))
    ports: str | None = field(default=None, metadata=describe(reading.PORT, check=check_pair_ports))
    reason: str = field(metadata=describe(reading.EXCLUSION_REASON))


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """What must stay closed, whatever the document asks: between a zone or an endpoint and another.

    Without a protocol everything, without ports every port of the protocol.
    """

    source: Side = field(metadata=describe(reading.SIDE, key="from", names="sides", check=check_side))
    destination: Side = field(metadata=describe(reading.SIDE, key="to", names="sides", check=check_side))
    protocol: Literal["tcp", "udp", "icmp"] | None = field(default=None, metadata=describe(PROTOCOL))
    ports: str | None = field(default=None, metadata=describe(reading.PORT, check=check_forbidden_ports))
    reason: str = field(metadata=describe(reading.NEVER_REASON))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What somebody expects the plan to allow or not, between two sides as `Never` has them."""

    source: Side = field(metadata=describe(reading.SIDE, key="from", names="sides", check=check_side))
    destination: Side = field(metadata=describe(reading.SIDE, key="to", names="sides", check=check_side))
    protocol: Literal["tcp", "udp", "icmp"] | None = field(default=None, metadata=describe(PROTOCOL))
    ports: str | None = field(default=None, metadata=describe(reading.PORT, check=check_forbidden_ports))
    allowed: bool = field(metadata=describe(reading.FLAG))
    reason: str | None = field(default=None, metadata=describe(reading.REMARK))


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """A device that stands between zones: `zones` says behind which interface or zone of its own each zone is.

    A flow passes it if both its zones are there and stand behind different ones.
    """

    name: str = field(metadata=describe(reading.NAME, title="Name"))
    format: str = field(
        metadata=describe(
            one_of(lambda _: {device.slug: device.name for device in DEVICES.values()}), said=("format", "formats")
        )
    )
    zones: Mapping[str, str] = field(
        metadata=describe(
            reading.NAMED, names="zones", check=keys_must_be_there("zones"), merges="keys", said=("zone", "zones")
        )
    )
    log: bool = field(default=True, metadata=describe(reading.FLAG, said=("now logs", "no longer logs")))
    options: Mapping[str, str] = field(
        default_factory=dict,
        metadata=describe(reading.TEXTS, check=check_options, merges="keys", said=("option", "options")),
    )
    published: Mapping[str, str] = field(
        default_factory=dict,
        metadata=describe(
            reading.PUBLISHED,
            names="endpoints",
            check=keys_must_be_there("endpoints"),
            merges="keys",
            said=("published address", "published addresses"),
        ),
    )


CORRECTIONS = some_of(
    lambda matrix: {slug: caveat.title for slug, caveat in matrix.caveats.items() if caveat.correction},
    kind=Caveat.KIND,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan document that has been checked against a matrix.

    `choices` holds what the document says, an option or for a choice of many a tuple of options; what it doesn't say
    is the matrix's default. `ports` holds overrides, normalised. Zones and endpoints may have their own of both.
    """

    name: str = field(metadata=describe(reading.NAME))
    description: str = field(default="", metadata=describe(reading.PROSE, said=("description", "descriptions")))
    product: str | None = field(
        default=None, metadata=describe(one_of(lambda matrix: {matrix.product_slug: matrix.product}))
    )
    zones: tuple[Zone, ...] = field(metadata=describe(reading.ROWS, row=Zone, merges="rows"))
    endpoints: tuple[Endpoint, ...] = field(metadata=describe(reading.ROWS, row=Endpoint, merges="rows"))
    choices: Choices = field(default_factory=dict, metadata=describe(reading.CHOICES, merges="keys"))
    ports: Mapping[str, str] = field(default_factory=dict, metadata=describe(reading.PORTS, merges="keys"))
    corrections: tuple[str, ...] = field(default=(), metadata=describe(CORRECTIONS, merges="members"))
    as_documented: tuple[str, ...] = field(
        default=(), metadata=describe(CORRECTIONS, merges="members", check=check_either("corrections"))
    )
    exclusions: tuple[Exclusion, ...] = field(
        default=(), metadata=describe(reading.ROWS, row=Exclusion, merges="rows")
    )
    never: tuple[Never, ...] = field(default=(), metadata=describe(reading.ROWS, row=Never, merges="rows"))
    firewalls: tuple[Firewall, ...] = field(default=(), metadata=describe(reading.ROWS, row=Firewall, merges="rows"))
    additional_flows: tuple[AdditionalFlow, ...] = field(
        default=(), metadata=describe(reading.ROWS, row=AdditionalFlow, merges="rows")
    )
    expect: tuple[Expectation, ...] = field(
        default=(), metadata=describe(reading.ROWS, row=Expectation, merges="rows")
    )


PLAN = "plan"
PARTS: dict[str, Part] = {PLAN: part_of(PLAN, Plan)}
"""The plan by PLAN, and each kind of row by the key of its list."""
PARTS |= {entry.key: part_of(entry.key, entry.row) for entry in PARTS[PLAN].rows if entry.row}


def forget_gone(plan: Plan) -> Plan:
    """The plan without what names a zone or endpoint that it doesn't have.

    A field that names several loses those; a row that needs one of them goes.
    """
    there = {"zones": {zone.name for zone in plan.zones}, "endpoints": {endpoint.name for endpoint in plan.endpoints}}
    changes: dict[str, Any] = {}
    for rows in PARTS[PLAN].rows:
        naming = [entry for entry in PARTS[rows.key].fields if entry.names]
        kept = (_forget(row, naming, there) for row in getattr(plan, rows.attribute))
        changes[rows.attribute] = tuple(row for row in kept if row is not None)
    return replace(plan, **changes)


def _forget(row: Any, naming: list[Field], there: Mapping[str, set[str]]) -> Any:
    """A row without the names that aren't there; None for one that needs one of them."""
    changes: dict[str, Any] = {}
    for entry in naming:
        value = getattr(row, entry.attribute)
        if entry.names == "sides":
            if any(value.get(word) not in (None, *there[part]) for part, word in WORDS.items()):
                return None
        elif isinstance(value, str):
            if value not in there[entry.names]:
                return None
        elif value and not there[entry.names].issuperset(value):
            kept = [name for name in value if name in there[entry.names]]
            changes[entry.attribute] = {name: value[name] for name in kept} if isinstance(value, dict) else tuple(kept)
    return replace(row, **changes) if changes else row
