"""Where a ruleset has to be told what it lacks: stage by stage, and before which entry of each. Pure."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import replace

from planner.engine.existing.decide import Decider, FlowState, Gap
from planner.engine.existing.model import Entry, Sides, Stage, Translation
from planner.engine.existing.packets import Packets
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.translations import translate
from planner.engine.existing.sent import Translations
from planner.engine.existing.sides import Ways, find_ways
from planner.engine.existing.table import Row, Table
from planner.engine.flows import Flow
from planner.engine.published import find_published
from planner.engine.spans import PORTS, PROTOCOLS, Spans
from planner.plan.fields import Firewall


class Lacks:
    """What one stage refuses of the flows that are missing, or may refuse."""

    def __init__(
        self,
        gap: Gap,
        stage: Stage,
        mapping: Mapping[str, str] | None = None,
        firewall: Firewall | None = None,
        *,
        ways: Ways | None = None,
        translated: bool = False,
    ) -> None:
        """`mapping` and `firewall` as `compare_with` has had them for this gap; `ways` in place of both.

        `translated`: whether it is asked as if all that the firewall publishes were translated there already.
        """
        rules = gap.ruleset
        self._ways = ways or find_ways(gap.report.plan, mapping or {}, firewall, rules.members, rules.apart_sides)
        coming = tuple(self._list_coming(gap, firewall)) if translated and firewall else ()
        self.stage = stage = replace(stage, entries=tuple(translate(stage.entries, coming, Count())))
        alone = replace(rules, stages=(stage,), obscure=(), translations=(*rules.translations, *coming))
        self._decider = Decider(gap.report, alone, self._ways, firewall)
        self._table = Table(stage.entries)
        asked = [one.flow for one in gap.flows]
        shut = {id(one.flow) for one in self._decider.list_states(asked) if one.state != "open"}
        self.flows: tuple[Flow, ...] = tuple(
            one.flow for one in gap.flows if one.needed and one.state != "open" and id(one.flow) in shut
        )
        """Those that have to be admitted here, in the order of the report."""

    def _list_coming(self, gap: Gap, firewall: Firewall) -> Iterator[Translation]:
        """Translations of what the firewall publishes, from where nothing is done with the address that is seen."""
        there = Translations(gap.ruleset.translations, self._ways)
        published, _ = find_published(gap.report.plan, firewall)
        for one in published.values():
            seen, real = (ipaddress.ip_address(address) for address in (one.seen, one.real))
            bearing = list(there.list_bearing(seen.version, int(seen), (PROTOCOLS, PORTS)))
            sides = frozenset(
                side
                for side in one.sides
                if all(self._ways.matches(other.enters, side, "obscure") is False for other in bearing)
            )
            if sides:
                yield Translation(
                    name=f"{seen} into {real}",
                    enters=Sides(names=sides),
                    family=seen.version,
                    seen=Spans.only(int(seen)),
                    real=Spans.only(int(real)),
                )

    def decide(self, flow: Flow) -> FlowState:
        """What the stage by itself makes of a flow."""
        return self._decider.decide(flow)

    def find_first(self, flow: Flow, family: int | None = None) -> tuple[int, Entry] | None:
        """The first entry that may refuse packets of a flow, and its place among the stage's; None: no entry does.

        It may stand too early, where an entry meets addresses and ports of the flow and yet no packet of it: what is
        put before it admits the same. `family`: only packets of that one, 4 or 6.
        """
        rows = (self._find(packets) for packets in self._list_packets(flow) if family in (None, packets.family))
        first = min(filter(None, rows), key=lambda row: row.place, default=None)
        return first and (first.place, first.entry)

    def _list_packets(self, flow: Flow) -> Iterator[Packets]:
        for several in self._decider.list_packets(flow):
            for ways in several:
                yield from ways

    def _find(self, packets: Packets) -> Row | None:
        met = self._table.meet(
            packets.family,
            (packets.keys[0], packets.source.addresses),
            (packets.keys[1], packets.destination.addresses),
            packets.service,
        )
        for row in self._table.list_rows(met & ~self._table.accepts):
            entry = row.entry
            if all(
                self._ways.matches(sides, way, entry.verdict) is not False
                for sides, way in ((entry.enters, packets.enters), (entry.leaves, packets.leaves))
            ):
                return row
        return None
