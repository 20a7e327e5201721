"""Where a ruleset has to be told what it lacks: stage by stage, and before which entry of each. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from planner.engine.existing.decide import Decider, FlowState, Gap
from planner.engine.existing.model import Entry, Stage
from planner.engine.existing.packets import Packets
from planner.engine.existing.sides import Ways, find_ways
from planner.engine.existing.table import Row, Table
from planner.engine.flows import Flow
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
    ) -> None:
        """`mapping` and `firewall` as `compare_with` has had them for this gap; `ways` in place of both."""
        self.stage = stage
        rules = gap.ruleset
        self._ways = ways or find_ways(gap.report.plan, mapping or {}, firewall, rules.members, rules.apart_sides)
        alone = replace(gap.ruleset, stages=(stage,), obscure=())
        self._decider = Decider(gap.report, alone, self._ways, firewall)
        self._table = Table(stage.entries)
        asked = [one.flow for one in gap.flows]
        shut = {id(one.flow) for one in self._decider.list_states(asked) if one.state != "open"}
        self.flows: tuple[Flow, ...] = tuple(
            one.flow for one in gap.flows if one.needed and one.state != "open" and id(one.flow) in shut
        )
        """Those that have to be admitted here, in the order of the report."""

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
