"""The kinds of row that a plan has: zones, endpoints and the rest, each field with its entry beside it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from planner.plan import reading
from planner.plan.devices import DEVICES
from planner.plan.field import Field, describe
from planner.plan.kinds import KINDS
from planner.plan.reading import Side, one_of, some_of
from planner.plan.references import (
    check_any,
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
from ports.matrix import PROTOCOLS, Operation, Platform, Role, Session

Choices = Mapping[str, str | tuple[str, ...]]
"""By choice: an option, or for a choice of many a tuple of options. What isn't in it is decided elsewhere."""
OWN_CHOICES = ("choice of its own", "choices of its own")
OWN_PORTS = ("port of its own", "ports of its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part of the network between firewalls. `kind` is one of planner.plan.kinds.KINDS."""

    name: str = field(
        metadata=describe(
            reading.NAME, doc="How endpoints and other rows call the zone.", example="DMZ", widget="name", title="Name"
        )
    )
    kind: str = field(
        metadata=describe(
            one_of(lambda _: {kind.slug: kind.slug for kind in KINDS.values()}),
            doc="What kind of network it is: it decides the order of the report and some findings.",
            said=("kind", "kinds"),
            widget="kind",
            title="Kind",
        )
    )
    networks: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            reading.NETWORKS,
            doc="The networks that belong to the zone; no single addresses and no names.",
            example=["192.0.2.0/24"],
            said=("network", "networks"),
            lost=("the network", ""),
            widget="lines",
            title="Networks",
        ),
    )
    choices: Choices = field(
        default_factory=dict,
        metadata=describe(
            reading.CHOICES,
            doc="What is decided for the endpoints of this zone, in place of the plan’s decisions.",
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
            doc="The ports of the endpoints of this zone, in place of the plan’s.",
            merges="keys",
            said=OWN_PORTS,
            lost=("its own port of", ""),
            widget="ports",
            title="Ports of its own",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A machine, or with `group` many alike, in one zone. An empty `addresses` means not known yet."""

    name: str = field(
        metadata=describe(
            reading.NAME, example="PS01", widget="name", title="Name", column="The endpoint's name. Needed."
        )
    )
    zone: str = field(
        metadata=describe(
            reading.NAME,
            example="DMZ",
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
            example=["192.0.2.10"],
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
            example=["PS01"],
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
            doc="What is decided for this endpoint, in place of the decisions of its zone and of the plan.",
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
            doc="The ports of this endpoint, in place of those of its zone and of the plan.",
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

    source: str = field(
        metadata=describe(
            reading.NAME,
            doc="The endpoint that opens the connection.",
            example="PS01",
            names="endpoints",
            check=must_be_there("endpoints"),
        )
    )
    destination: str = field(
        metadata=describe(
            reading.NAME,
            doc="The endpoint that accepts it.",
            example="DC01",
            names="endpoints",
            check=must_be_there("endpoints"),
        )
    )
    protocol: Literal["tcp", "udp", "icmp"] = field(metadata=describe(PROTOCOL, doc="What it is sent over."))
    ports: str | None = field(
        default=None,
        metadata=describe(
            reading.PORT,
            doc="A port or a range; needed for tcp and udp, an error for icmp.",
            example="8443",
            check=check_flow_ports,
        ),
    )
    reason: str = field(
        metadata=describe(
            reading.FLOW_REASON,
            doc="What it is for, in a few words.",
            example="Monitoring",
            said=("reason", "reasons"),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Flows that the document asks for and this deployment does not need; without a protocol every flow of the pair.

    Ports are those of the flow, no others; ICMP has none.
    """

    source: str = field(
        metadata=describe(
            reading.NAME,
            doc="The endpoint that would open the connection.",
            example="PS01",
            names="endpoints",
            check=must_be_there("endpoints"),
        )
    )
    destination: str = field(
        metadata=describe(
            reading.NAME,
            doc="The endpoint that would accept it.",
            example="DC01",
            names="endpoints",
            check=must_be_there("endpoints"),
        )
    )
    protocol: Literal["tcp", "udp", "icmp"] | None = field(
        default=None, metadata=describe(PROTOCOL, doc="The protocol of the flow; without it every flow of the pair.")
    )
    ports: str | None = field(
        default=None,
        metadata=describe(
            reading.PORT,
            doc="The ports of the flow, no others; together with the protocol.",
            example="8443",
            check=check_pair_ports,
        ),
    )
    reason: str = field(
        metadata=describe(
            reading.EXCLUSION_REASON, doc="Why it isn’t needed here, in a few words.", example="Each node has its own"
        )
    )


def _describe_side(key: str, doc: str, example: Mapping[str, str]) -> Mapping[str, Field]:
    """The entry of one side of what must stay closed, or is expected."""
    return describe(reading.SIDE, doc=doc, example=example, key=key, names="sides", check=check_side)


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """What must stay closed, whatever the document asks: between a zone or an endpoint and another.

    Without a protocol everything, without ports every port of the protocol.
    """

    source: Side = field(
        metadata=_describe_side(
            "from", "From where: a zone, which stands for all its endpoints, or an endpoint.", {"zone": "DMZ"}
        )
    )
    destination: Side = field(metadata=_describe_side("to", "To where: likewise.", {"endpoint": "PS01"}))
    protocol: Literal["tcp", "udp", "icmp"] | None = field(
        default=None, metadata=describe(PROTOCOL, doc="What must stay closed; without it everything.")
    )
    ports: str | None = field(
        default=None,
        metadata=describe(
            reading.PORT,
            doc="Which ports of tcp or udp; without it all of them.",
            example="8443",
            check=check_forbidden_ports,
        ),
    )
    reason: str = field(metadata=describe(reading.NEVER_REASON, doc="Why, in a few words.", example="Policy 12"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What somebody expects the plan to allow or not, between two sides as `Never` has them."""

    source: Side = field(
        metadata=_describe_side(
            "from", "From where: a zone, each of whose endpoints is meant, or an endpoint.", {"zone": "DMZ"}
        )
    )
    destination: Side = field(metadata=_describe_side("to", "To where: likewise.", {"endpoint": "PS01"}))
    protocol: Literal["tcp", "udp", "icmp"] | None = field(
        default=None, metadata=describe(PROTOCOL, doc="What is sent; without it everything.")
    )
    ports: str | None = field(
        default=None,
        metadata=describe(
            reading.PORT,
            doc="To which ports of tcp or udp; without it all of them.",
            example="8443",
            check=check_forbidden_ports,
        ),
    )
    allowed: bool = field(
        metadata=describe(
            reading.FLAG, doc="true: all of it has to be allowed; false: nothing of it may be.", example=True
        )
    )
    reason: str | None = field(
        default=None, metadata=describe(reading.REMARK, doc="Why that is expected.", example="Policy 12")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """A device that stands between zones: `zones` says behind which interface or zone of its own each zone is.

    A flow passes it if both its zones are there and stand behind different ones.
    """

    name: str = field(
        metadata=describe(reading.NAME, doc="What the firewall is called.", example="FW01", title="Name")
    )
    format: str = field(
        metadata=describe(
            one_of(lambda _: {device.slug: device.name for device in DEVICES.values()}),
            doc="What kind of firewall it is: in this format its file is written.",
            said=("format", "formats"),
        )
    )
    zones: Mapping[str, str] = field(
        metadata=describe(
            reading.NAMED,
            doc="By zone of the plan: the interface, or the zone of the device, that it is behind.",
            example={"DMZ": "port2", "Internal": "port1"},
            names="zones",
            check=keys_must_be_there("zones"),
            merges="keys",
            said=("zone", "zones"),
            lost=("where it has the zone", ""),
        )
    )
    log: bool = field(
        default=True,
        metadata=describe(
            reading.FLAG,
            doc="Whether the firewall logs what these rules admit.",
            example=False,
            said=("now logs", "no longer logs"),
        ),
    )
    options: Mapping[str, str] = field(
        default_factory=dict,
        metadata=describe(
            reading.TEXTS,
            doc="What else its format can be told, such as the chain that a file fills.",
            example={"chain": "planner"},
            check=check_options,
            merges="keys",
            said=("option", "options"),
        ),
    )
    published: Mapping[str, str] = field(
        default_factory=dict,
        metadata=describe(
            reading.PUBLISHED,
            doc="By endpoint: the address that the other side sees in place of its own (destination NAT).",
            example={"PS01": "203.0.113.10"},
            names="endpoints",
            check=keys_must_be_there("endpoints"),
            merges="keys",
            said=("published address", "published addresses"),
            lost=("the published address of", ""),
        ),
    )
