"""From zone to zone as one table: what passes between each two, and what must stay closed there.

Page, PDF, workbook and Markdown show this table. Only arrangement: every fact comes from the report.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from planner.engine.prohibitions import Closed
from planner.engine.report import Report
from planner.engine.rules import Ports, ZoneGroup
from planner.plan.kinds import KINDS
from planner.report.said.closed import Sides, code_zones
from ports.text import many

MOST_ZONES = 60
"""With more zones that are unlike each other there is no table: nobody could read it."""
MOST_PORTS = 6
"""How many ports a cell names before it counts."""
ZONE_LEGEND = (
    "Connections are opened from the zone of a row to the zone of a column. “Within” a zone no firewall between zones "
    "sees them. A dash: nothing passes. What is kept closed, by the plan or the vendor’s document, is named too, and "
    "what breaks that."
)
"""How to read the table."""
NOTHING = "–"
"""What a cell says where nothing passes and nothing is forbidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCell:
    """What leads from the zones of a row to those of a column."""

    source: ZoneGroup
    destination: ZoneGroup
    rules: int
    """How many firewall rules there are; like zones that stand together may have some among themselves."""
    inside: int
    """How many flows stay within one of these zones: a firewall between zones sees none of them."""
    ports: tuple[Ports, ...]
    """Every port of the rules, or within a zone of the flows."""
    kept: tuple[int, ...]
    """What must stay closed and does, by its place among `Report.closed`."""
    broken: tuple[int, ...]
    """What must stay closed and is needed nevertheless, likewise."""

    @property
    def code(self) -> str:
        """INT-DMZ: the start of the numbers of its rules."""
        return f"{self.source.code}-{self.destination.code}"

    @property
    def is_empty(self) -> bool:
        """Whether nothing passes and nothing is forbidden."""
        return not (self.rules or self.inside or self.kept or self.broken)

    @property
    def passes(self) -> str:
        """3 rules; 2 flows within; empty where nothing passes."""
        inside = f"{many(self.inside, 'flow')} within" if self.inside else ""
        return ", ".join(filter(None, (many(self.rules, "rule") if self.rules else "", inside)))

    @property
    def short_ports(self) -> str:
        """tcp 88, 443, udp 53 and 4 more: each protocol once, and the first few ports."""
        named: dict[str, list[str]] = defaultdict(list)
        for protocol, ports in self.ports[:MOST_PORTS]:
            named[protocol] += [ports] if ports else []
        said = ", ".join(" ".join(filter(None, (protocol, ", ".join(ports)))) for protocol, ports in named.items())
        more = len(self.ports) - MOST_PORTS
        return f"{said} and {more:,} more" if more > 0 else said

    @property
    def forbidden(self) -> str:
        """2 kept closed, 1 broken; empty where nothing is forbidden."""
        kept = f"{len(self.kept):,} kept closed" if self.kept else ""
        broken = f"{len(self.broken):,} broken" if self.broken else ""
        return ", ".join(filter(None, (kept, broken)))

    def lines(self) -> tuple[str, ...]:
        """What a cell says, line by line; NOTHING in an empty one."""
        return tuple(filter(None, (self.passes, self.short_ports, self.forbidden))) or (NOTHING,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneTable:
    """Rows are where connections come from, columns where they go, both in the order of `groups`."""

    groups: tuple[ZoneGroup, ...]
    rows: tuple[tuple[ZoneGroup, tuple[ZoneCell, ...]], ...]

    @property
    def is_useful(self) -> bool:
        """Whether there are two zones at least: of one there is nothing to tell."""
        return len(self.groups) > 1


def tabulate_zones(report: Report) -> ZoneTable | None:
    """The table of a whole report; None with more than MOST_ZONES zones or groups of like ones.

    Zones are folded as in rules, and stand from the outside in. What is excluded doesn't pass. In a part of a report
    a dash would say what isn't so: no part has the table.
    """
    groups = sorted(report.zone_groups, key=lambda group: (KINDS[group.kind].order, group.zones))
    if len(groups) > MOST_ZONES:
        return None
    rules = {(bound.source.code, bound.destination.code): bound for bound in report.boundaries}
    inside = _find_inside(report)
    kept, broken = _place_closed(report.closed, report)
    rows = []
    for source in groups:
        cells = []
        for destination in groups:
            pair = source.code, destination.code
            bound = rules.get(pair)
            within = inside.get(source.code, []) if source is destination else []
            there = {*(bound.ports if bound else ()), *within}
            cells.append(
                ZoneCell(
                    source=source,
                    destination=destination,
                    rules=len(bound.rules) if bound else 0,
                    inside=len(within),
                    ports=tuple(sorted(there, key=lambda ports: ports.order)),
                    kept=tuple(kept.get(pair, ())),
                    broken=tuple(broken.get(pair, ())),
                )
            )
        rows.append((source, tuple(cells)))
    return ZoneTable(groups=tuple(groups), rows=tuple(rows))


def _find_inside(report: Report) -> Mapping[str, list[Ports]]:
    """By code of a group: the port of each flow that stays within one of its zones."""
    codes = code_zones(report)
    inside: dict[str, list[Ports]] = defaultdict(list)
    for flow in report.flows:
        if flow.scope == "same-zone":
            inside[codes[flow.source.zone]].append(Ports(flow.need.protocol, flow.need.ports))
    return inside


_Places = dict[tuple[str, str], list[int]]


def _place_closed(closed: Iterable[Closed], report: Report) -> tuple[_Places, _Places]:
    """The places of what is kept and of what is broken, by the codes of both sides."""
    kept: _Places = defaultdict(list)
    broken: _Places = defaultdict(list)
    locate = Sides(report)
    for place, item in enumerate(closed):
        (kept if item.kept else broken)[locate.codes(item)].append(place)
    return kept, broken
