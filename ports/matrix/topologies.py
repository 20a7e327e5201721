"""Ready-made topologies: plans to start from, as far as a matrix knows what a plan is.

That zones, endpoints and all that is named in them fit together is told here. Whether each is a plan to the letter,
with its addresses for one, only who reads plans can tell.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from ports.matrix.basics import Flag, OperationSlug, Paragraph, PlatformSlug, RoleSlug, SessionSlug, Slug
from ports.matrix.caveats import Caveat, ZoneKind
from ports.matrix.effects import Chosen, Name, find_chosen_faults, find_role_faults
from ports.matrix.marks import Names
from ports.matrix.rows import Part, Row, Rows, part, row
from ports.matrix.vocabulary import listed

CaveatSlug = Annotated[str, Names("caveat")]


@part("a zone of a topology", label=("zone", "name"))
class TopologyZone(Part):
    """A zone of a ready-made topology, as a plan has it."""

    name: Name
    """As in a plan."""
    kind: ZoneKind
    """As in a plan."""


@part("an endpoint of a topology", label=("endpoint", "name"))
class TopologyEndpoint(Part):
    """An endpoint of a ready-made topology, as a plan has it."""

    name: Name
    """As in a plan."""
    zone: str
    """The name of a zone of the topology."""
    addresses: tuple[str, ...] = ()
    """Invented ones, for demonstrations; a plan that is started from the topology has none but `any`."""
    group: Flag = False
    """As in a plan."""
    roles: tuple[RoleSlug, ...] = ()
    """As in a plan."""
    platforms: tuple[PlatformSlug, ...] = ()
    """As in a plan."""
    operations: tuple[OperationSlug, ...] = ()
    """As in a plan."""
    sessions: tuple[SessionSlug, ...] = ()
    """As in a plan."""
    managed_by: tuple[str, ...] = ()
    """As in a plan: names of endpoints of the topology."""


@row("topology", later=True)
class Topology(Row):
    """A ready-made topology: a plan to start from."""

    slug: Slug
    """Names it."""
    name: Name
    """The name of a plan that is started from it."""
    description: Paragraph
    """What it is about, and how far it works as it is."""
    zones: tuple[TopologyZone, ...]
    """Its zones, from the outside in."""
    endpoints: tuple[TopologyEndpoint, ...]
    """Its endpoints, by zone."""
    choices: Chosen = ()
    """Decisions, as in a plan."""
    corrections: tuple[CaveatSlug, ...] = ()
    """Caveats where practice is followed, as in a plan."""
    as_documented: tuple[CaveatSlug, ...] = ()
    """Caveats left as the document has them, as in a plan."""

    def find_faults(self, where: str, rows: Rows) -> Iterator[str]:
        """What no plan could have."""
        for noun, named in (("zones", self.zones), ("endpoints", self.endpoints)):
            counts = Counter(one.name.casefold() for one in named)
            yield from (f"{where} has {count} {noun} named '{name}'." for name, count in counts.items() if count > 1)
        if not self.zones:
            yield f"{where} has no zone; a plan has one or more."
        kinds = {zone.name: zone.kind for zone in self.zones}
        for endpoint in self.endpoints:
            yield from self._find_endpoint_faults(f"{where}, endpoint '{endpoint.name}'", endpoint, kinds, rows)
        yield from find_chosen_faults(where, self.choices, rows)
        yield from self._find_caveat_faults(where, rows)

    def _find_endpoint_faults(
        self, where: str, endpoint: TopologyEndpoint, kinds: dict[str, str], rows: Rows
    ) -> Iterator[str]:
        if endpoint.zone not in kinds:
            yield f"{where}: there is no zone '{endpoint.zone}'; allowed are {listed(kinds)}."
        yield from find_role_faults(where, endpoint.roles, rows)
        anywhere = endpoint.group and kinds.get(endpoint.zone) == "internet"
        if "any" in endpoint.addresses and not (anywhere and endpoint.addresses == ("any",)):
            yield f"{where}: the address any stands alone, for a group in a zone of kind internet."
        names = {other.name for other in self.endpoints}
        for manager in endpoint.managed_by:
            if manager not in names:
                yield f"{where}: it is managed by '{manager}', which is no endpoint of the topology."

    def _find_caveat_faults(self, where: str, rows: Rows) -> Iterator[str]:
        for slug in dict.fromkeys((*self.corrections, *self.as_documented)):
            caveat = rows.find(Caveat, slug)
            if caveat is not None and not caveat.correction:
                yield f"{where}: the caveat '{slug}' has no correction, so there is nothing to answer."
            if slug in self.corrections and slug in self.as_documented:
                yield f"{where}: the caveat '{slug}' has two answers; practice is followed, or it is as documented."
