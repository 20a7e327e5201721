"""What becomes of packets on their way through a ruleset, exactly: by sets of packets, never by examples. Pure.

A set of packets goes through the entries of a chain. What an entry decides about is cut out of it; the rest goes on.
Where something isn't understood, packets go on and remember what might have become of them (`Maybe`). At the end they
are unknown only if that differs from what comes out.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from planner.engine.existing.boxes import Box
from planner.engine.existing.jumps import find_depths
from planner.engine.existing.model import Entry, Ruleset, Stage, Verdict
from planner.engine.existing.outcomes import (
    SURE,
    Doubt,
    Doubts,
    Maybe,
    Outcome,
    Pending,
    end_stage,
    judge,
    tell_apart,
)
from planner.engine.existing.packets import Packets, list_parts
from planner.engine.existing.passing import MOST_NAMED, Passed, Passing
from planner.engine.existing.sides import Ways
from planner.engine.existing.stretches import LEAST_MET, Meetings, Stretch, Stretches
from planner.engine.existing.table import Row, Table

MOST_STEPS = 100_000
"""Most meetings of an entry and a set of packets on one way; beyond it nothing is known."""
MOST_WALKED, LATE_STEPS = 250_000, 200
"""After how many on all ways together the rest have but so many each: chains can have more ways than there is time."""
MOST_NESTED = 64
"""Deepest nesting of jumps; Linux allows 16 of nftables."""


class _TooMuch(Exception):
    """More steps than are made for one way."""


@dataclass(slots=True)
class Walker:
    """A ruleset that packets go through."""

    ruleset: Ruleset
    ways: Ways
    pause: Callable[[], None]
    """Called before each way: what it raises ends all."""
    steps: int = 0
    """How many times an entry has met packets so far, on all ways; what growth is measured by."""
    _tables: dict[str, Table] = field(default_factory=dict)
    _stages: list[tuple[Stage, Table]] = field(default_factory=list)
    _end: int = 0
    _walked: int = 0
    apart: str = ""
    """The name of entries that admit and are told apart from others that do the same."""
    names_others: bool = True
    """Whether other entries are named as well, and what would have admitted packets and comes too late."""
    _tells_each: bool = False
    """Whether all that admit are told apart; else those of a name, and as many others as are ever named."""
    meetings: Meetings = field(default_factory=Meetings)
    _stretches: dict[int, Stretches] = field(default_factory=dict)
    """By the id of a table."""
    _sides: dict[tuple[int, str | None, str | None], tuple[int, int]] = field(default_factory=dict)
    """By the id of a table and two sides, the rows that packets by these don't meet, and those that they may meet."""
    _known: dict[tuple[str, Hashable, Box], Passed] = field(default_factory=dict)
    """On this way, by chain, destination and packets: what became of them when they came into it before."""
    _parts: dict[tuple[int, Hashable], list[tuple[Box, tuple[str, ...]]]] = field(default_factory=dict)
    """On this way, by the id of a row and destination."""
    _said: dict[tuple[Doubts, Verdict], bool] = field(default_factory=dict)
    _depths: dict[str, int] = field(default_factory=dict)
    has_sides: bool = False
    translates: bool = False
    """Whether there is a place where destinations are translated, if any is."""

    def __post_init__(self) -> None:
        self._stages = [(stage, Table(stage.entries)) for stage in self.ruleset.stages]
        self.translates = any(stage.translates for stage in self.ruleset.stages)
        lists = [*(stage.entries for stage in self.ruleset.stages), *self.ruleset.chains.values()]
        self.has_sides = any(entry.enters or entry.leaves for entries in lists for entry in entries)
        self.has_sides = self.has_sides or any(one.enters for one in self.ruleset.translations)
        self._depths = find_depths(self.ruleset.chains)

    def list_tables(self) -> Iterator[Table]:
        """Those of all stages and chains."""
        yield from (table for _, table in self._stages)
        yield from map(self.table, self.ruleset.chains)

    def list_rows(self) -> Iterator[Row]:
        """The matches of all entries that decide about first packets."""
        for table in self.list_tables():
            yield from table.rows

    def list_open_policies(self, family: int) -> tuple[str, ...]:
        """What admits packets of a family that no entry decides about, as `walk` names it; nothing where that isn't
        known, or one of the chains refuses them."""
        stages = [stage for stage in self.ruleset.stages if family in stage.families]
        if self.ruleset.obscure or any(stage.default != "accept" for stage in stages):
            return ()
        return _name_open((stage.default_name for stage in stages), family)

    def table(self, chain: str) -> Table:
        """The entries of a chain that others jump to."""
        if chain not in self._tables:
            self._tables[chain] = Table(self.ruleset.chains[chain])
        return self._tables[chain]

    def walk(self, packets: Packets, boxes: Sequence[Box] | None = None) -> list[Outcome]:
        """What becomes of packets, or of some of them: each of them is in one outcome.

        Where many entries in a row do the same, as many of them are named as are ever told.
        """
        begin, most = self.steps, MOST_STEPS if self._walked < MOST_WALKED else LATE_STEPS
        found = self._walk_within(packets, [packets.box] if boxes is None else boxes, most, tells_each=False)
        self._walked += self.steps - begin
        if found is None:
            return [Outcome(packets.box, "unknown", (), (Doubt(f"more than {most:,} steps through these entries"),))]
        return found

    def walk_within(self, packets: Packets, most: int) -> list[Outcome] | None:
        """`walk` with all entries that admit told; None where it takes more than so many steps."""
        return self._walk_within(packets, [packets.box], most, tells_each=True)

    def _walk_within(
        self, packets: Packets, boxes: Sequence[Box], most: int, *, tells_each: bool
    ) -> list[Outcome] | None:
        self._end = self.steps + most
        self.apart, self._tells_each = "", tells_each
        self._begin_way()
        try:
            return [tell_apart(one)._replace(family=packets.family) for one in self._walk(packets, boxes)]
        except _TooMuch:
            return None

    def list_admitted(self, packets: Packets, name: str, most: int) -> list[Outcome] | None:
        """What of packets entries of a name admit, and all else that they go through admits as well.

        None where it takes more than so many steps.
        """
        self._end = self.steps + most
        self.apart, self._tells_each, self.names_others = name, False, False
        self._begin_way()
        try:
            found = list(self._walk(packets, [packets.box]))
            return [one for one in found if one.state == "open" and name in one.by]
        except _TooMuch:
            return None
        finally:
            self.names_others = True

    def _begin_way(self) -> None:
        self.pause()
        self._known.clear()
        self._parts.clear()
        self._said.clear()

    def _walk(self, packets: Packets, boxes: Sequence[Box]) -> Iterator[Outcome]:
        """Stage by stage: who is refused once stays so, who is admitted goes on."""
        waiting = [Outcome(box, "open", ()) for box in boxes]
        if self.ruleset.obscure:
            waiting = [Outcome(box, "unknown", (), tuple(map(Doubt, self.ruleset.obscure))) for box in boxes]
        defaults: list[str] = []
        translated = packets.translated
        for stage, table in self._stages:
            if packets.family not in stage.families or not waiting:
                continue
            defaults.append(stage.default_name)
            going = []
            for one in waiting:
                if stage.translates and one.translated:
                    going.append(one)
                    continue
                if packets.goal and not stage.is_early and not one.translated:
                    yield one._replace(untranslated=True)
                    continue
                its = translated if one.translated else packets
                finals, falls = self._pass(table, its, [Pending(one.box, SURE)], ())
                for final in (*finals, *end_stage(stage, falls)):
                    outcome = judge(one, final)
                    if outcome.state == "closed":
                        yield outcome
                    elif final.translated:
                        box = outcome.box._replace(destinations=translated.destination.addresses)
                        going.append(outcome._replace(box=box, translated=True))
                    else:
                        going.append(outcome)
            waiting = going
        for one in waiting:
            if packets.goal and not one.translated:
                yield one._replace(untranslated=True)
                continue
            yield (
                one
                if one.by or one.several or one.state != "open"
                else one._replace(by=_name_open(defaults, packets.family))
            )

    def _pass(self, table: Table, packets: Packets, pending: list[Pending], inside: tuple[str, ...]) -> Passed:
        """What a chain decides about, and what comes out at its end or goes back before."""
        chain = Passing(self, packets, pending, inside)
        for turn in self._list_turns(table, packets, chain):
            if not chain.pending and not chain.wonders:
                break
            if isinstance(turn, Stretch):
                chain.meet_stretch(turn)
                continue
            for part, doubts in self._find_parts(turn, packets):
                chain.meet(turn.entry, part, doubts)
        return chain.end()

    def _find_parts(self, row: Row, packets: Packets) -> list[tuple[Box, tuple[str, ...]]]:
        """What a row means of packets, and what of that isn't known; asked each time they come, on one way."""
        key = id(row), packets.keys[1]
        found = self._parts.get(key)
        if found is None:
            entry = row.entry
            enters = self.ways.matches(entry.enters, packets.enters, entry.verdict)
            leaves = self.ways.matches(entry.leaves, packets.leaves, entry.verdict)
            never = enters is False or leaves is False
            doubts = *entry.obscure, *(one for one in (enters, leaves) if isinstance(one, str))
            parts = () if never else list_parts(row.match, packets.source, packets.destination)
            found = self._parts[key] = [(part, (*doubts, *more)) for part, more in parts]
        return found

    def _list_turns(self, table: Table, packets: Packets, chain: "Passing") -> Iterator[Row | Stretch]:
        """The rows of a table that packets meet, in order; where these are many, stretches of them."""
        ends = (
            packets.family,
            (packets.keys[0], packets.source.addresses),
            (packets.keys[1], packets.destination.addresses),
            packets.service,
        )
        met = table.meet(*ends)
        if met.bit_count() < LEAST_MET:
            yield from table.list_rows(met)
            return
        never, unsure = self._look_at_sides(table, packets)
        met &= ~never
        lone = unsure | (table.accepts if self._tells_each else 0)
        along = tuple(
            rows & met & ~lone if unit.name is None else 0
            for rows, unit in zip(table.find_along(*ends), (packets.source, packets.destination), strict=True)
        )
        has_names = packets.source.name is not None or packets.destination.name is not None
        alike = 0 if has_names else table.plain & met & ~lone
        stretches = self._stretches.setdefault(id(table), Stretches(table))
        yield from stretches.list_turns(met, (along[0], along[1]), alike, chain)

    def _look_at_sides(self, table: Table, packets: Packets) -> tuple[int, int]:
        """The rows that packets don't meet by their sides, and those of which it isn't known, as bits."""
        key = id(table), packets.enters, packets.leaves
        if key not in self._sides:
            never = unsure = 0
            for (enters, leaves, verdict), rows in table.sides.items():
                found = (
                    self.ways.matches(enters, packets.enters, verdict),
                    self.ways.matches(leaves, packets.leaves, verdict),
                )
                if False in found:
                    never |= rows
                elif found != (True, True):
                    unsure |= rows
            self._sides[key] = never, unsure
        return self._sides[key]

    def has_said(self, doubts: Doubts, verdict: Verdict) -> bool:
        """Whether so many entries might have had this verdict that another one isn't remembered."""
        if len(doubts) < MOST_NAMED:
            return False
        key = doubts, verdict
        if key not in self._said:
            self._said[key] = sum(one.verdict == verdict for one in doubts) >= MOST_NAMED
        return self._said[key]

    @contextmanager
    def at_most(self, steps: int) -> Iterator[None]:
        """Take so many steps on the side, which don't count among those of the way; what needs more is left."""
        left, begin = self._end - self.steps, self.steps
        self._end = self.steps + steps
        try:
            yield
        except _TooMuch:
            pass
        finally:
            self.steps = begin
            self._end = begin + left

    def step(self, work: int = 1) -> None:
        """Count one meeting of an entry and a set of packets, or as many as it takes the time of. Raises _TooMuch."""
        self.steps += work
        if self.steps > self._end:
            raise _TooMuch

    def enter(self, entry: Entry, packets: Packets, box: Box, inside: tuple[str, ...]) -> Passed:
        """What becomes of packets in the chain that an entry leads to.

        Chains that lead to one another have many more ways through them than there are chains. Where none leads back
        and all are deep enough, it doesn't matter by which way packets came.
        """
        target = entry.target
        lost = (
            f"no chain {target}"
            if target not in self.ruleset.chains
            else f"{target} leads back to itself"
            if target in inside
            else f"jumps nested deeper than {MOST_NESTED}"
            if len(inside) >= MOST_NESTED
            else ""
        )
        if lost:
            either = (Maybe("accept", entry.name, lost), Maybe("drop", entry.name, lost))
            return [], [Pending(box, frozenset(either))]
        within = len(inside) + self._depths.get(target, MOST_NESTED + 1) <= MOST_NESTED
        key = target, packets.keys[1], box
        if within and key in self._known:
            return self._known[key]
        self.step()
        passed = self._pass(self.table(target), packets, [Pending(box, SURE)], (*inside, target))
        if within:
            self._known[key] = passed
        return passed


def _name_open(defaults: Iterable[str], family: int) -> tuple[str, ...]:
    """What admits packets that no entry decides about: the policies, or that nothing is there to have one."""
    return tuple(filter(None, defaults)) or (f"no chain at the hook forward for IPv{family}",)
