"""The fields of a plan: an entry of this table says all that there is to know of one.

A field is an attribute of `Plan` below, or of a row (`planner.plan.row_fields`), with its entry beside it. What reads
documents, writes them, edits and merges them, describes them to editors, says what changed, shows forms and tables,
and lists what would be lost goes by the entries, so that a field is added there and nowhere else. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from planner.plan import reading
from planner.plan.field import Field, Part, describe, part_of
from planner.plan.kinds import USUAL
from planner.plan.reading import one_of, some_of
from planner.plan.references import (
    WORDS,
    check_either,
)
from planner.plan.row_fields import (
    AdditionalFlow,
    Choices,
    Endpoint,
    Exclusion,
    Expectation,
    Firewall,
    Never,
    Zone,
)
from ports.matrix import Caveat

__all__ = [
    "PARTS",
    "PLAN",
    "AdditionalFlow",
    "Choices",
    "Endpoint",
    "Exclusion",
    "Expectation",
    "Firewall",
    "Never",
    "Plan",
    "Zone",
    "forget_gone",
]

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

    name: str = field(metadata=describe(reading.NAME, doc="What the plan is called.", example="Contoso"))
    description: str = field(
        default="",
        metadata=describe(
            reading.PROSE,
            doc="What it is about, with line breaks if need be.",
            example="Two sites and a DMZ",
            said=("description", "descriptions"),
        ),
    )
    product: str | None = field(
        default=None,
        metadata=describe(
            one_of(lambda matrix: {matrix.product_slug: matrix.product}),
            doc="The product whose port matrix the plan is for; without it the default product.",
        ),
    )
    zones: tuple[Zone, ...] = field(
        metadata=describe(
            reading.ROWS,
            doc="The parts of the network between firewalls; at least one.",
            example=[{"name": "Internal", "kind": USUAL}],
            row=Zone,
            merges="rows",
            lost=("the zone", ""),
        )
    )
    endpoints: tuple[Endpoint, ...] = field(
        metadata=describe(
            reading.ROWS,
            doc="The machines, people and managed systems in the zones.",
            example=[{"name": "PS01", "zone": "Internal"}],
            row=Endpoint,
            merges="rows",
        )
    )
    choices: Choices = field(
        default_factory=dict,
        metadata=describe(
            reading.CHOICES, doc="What is decided of what the document leaves to its reader, by choice.", merges="keys"
        ),
    )
    ports: Mapping[str, str] = field(
        default_factory=dict,
        metadata=describe(reading.PORTS, doc="The ports of services that can be changed, by service.", merges="keys"),
    )
    corrections: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            CORRECTIONS, doc="The caveats where practice is followed in place of the document.", merges="members"
        ),
    )
    as_documented: tuple[str, ...] = field(
        default=(),
        metadata=describe(
            CORRECTIONS,
            doc="The caveats where the document is followed on purpose.",
            merges="members",
            check=check_either("corrections"),
        ),
    )
    exclusions: tuple[Exclusion, ...] = field(
        default=(),
        metadata=describe(
            reading.ROWS,
            doc="The flows that the document asks for and this site doesn’t need.",
            example=[{"source": "PS01", "destination": "DC01", "reason": "Each node has its own"}],
            row=Exclusion,
            merges="rows",
            lost=("the exclusion", ""),
        ),
    )
    never: tuple[Never, ...] = field(
        default=(),
        metadata=describe(
            reading.ROWS,
            doc="What must stay closed, whatever the document asks for.",
            example=[{"from": {"zone": "DMZ"}, "to": {"endpoint": "PS01"}, "reason": "Policy 12"}],
            row=Never,
            merges="rows",
            lost=("what must stay closed", ""),
        ),
    )
    firewalls: tuple[Firewall, ...] = field(
        default=(),
        metadata=describe(
            reading.ROWS,
            doc="The devices that stand between zones.",
            example=[{"name": "FW01", "format": "nftables", "zones": {"DMZ": "port2", "Internal": "port1"}}],
            row=Firewall,
            merges="rows",
            lost=("the firewall", ""),
        ),
    )
    additional_flows: tuple[AdditionalFlow, ...] = field(
        default=(),
        metadata=describe(
            reading.ROWS,
            doc="The flows that the site needs beyond the document.",
            example=[
                {"source": "PS01", "destination": "DC01", "protocol": "udp", "ports": "8125", "reason": "Monitoring"}
            ],
            row=AdditionalFlow,
            merges="rows",
            lost=("the additional flow", ""),
        ),
    )
    expect: tuple[Expectation, ...] = field(
        default=(),
        metadata=describe(
            reading.ROWS,
            doc="What somebody expects the plan to allow or not; lint says what isn’t so.",
            example=[{"from": {"zone": "DMZ"}, "to": {"endpoint": "PS01"}, "allowed": False}],
            row=Expectation,
            merges="rows",
            lost=("the expectation", ""),
        ),
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
