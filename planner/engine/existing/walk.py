"""What becomes of packets on their way through a ruleset, exactly: by sets of packets, never by examples. Pure.

A set of packets goes through the entries of a chain. What an entry decides about is cut out of it; the rest goes on.
Where something isn't understood, packets go on and remember what might have become of them (`Maybe`). At the end they
are unknown only if that differs from what comes out.
"""

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from planner.engine.existing.boxes import Box
from planner.engine.existing.jumps import find_depths
from planner.engine.existing.model import Entry, Ruleset, Stage, Verdict
from planner.engine.existing.outcomes import (
    SURE,
    Doubt,
    Doubts,
    Final,
    Maybe,
    Outcome,
    Pending,
    end_stage,
    judge,
    say_one,
    tell_apart,
)
from planner.engine.existing.packets import Packets, list_parts
from planner.engine.existing.sides import Ways
from planner.engine.existing.stretches import LEAST_MET, Meetings, Settled, Several, Stretch, Stretches
from planner.engine.existing.table import Row, Table

MOST_STEPS = 100_000
"""Most meetings of an entry and a set of packets on one way; beyond it nothing is known."""
MOST_WALKED, LATE_STEPS = 250_000, 200
"""After how many on all ways together the rest have but so many each: chains can have more ways than there is time."""
MOST_NAMED = 20
"""Most entries that are named as those that might have decided about packets."""
MOST_LOOKED = 500
"""Most such meetings on the side, to find what would have admitted packets and comes too late."""
MOST_NESTED = 64
"""Deepest nesting of jumps; Linux allows 16 of nftables."""


_Passed = tuple[list[Final], list[Pending]]
"""What a chain has decided about, and what came out of it."""


class _TooMuch(Exception):
    """More steps than are made for one way."""


@dataclass(slots=True)
class Walker:
    """A ruleset that packets go through."""

    ruleset: Ruleset
    ways: Ways
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
    _known: dict[tuple[str, Hashable, Box], _Passed] = field(default_factory=dict)
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

    def table(self, chain: str) -> Table:
        """The entries of a chain that others jump to."""
        if chain not in self._tables:
            self._tables[chain] = Table(self.ruleset.chains[chain])
        return self._tables[chain]

    def walk(
        self, packets: Packets, boxes: Sequence[Box] | None = None, *, apart: str = "", tells_each: bool = False
    ) -> list[Outcome]:
        """What becomes of packets, or of some of them: each of them is in one outcome.

        Where many entries in a row do the same, as many of them are named as are ever told; but those of the name
        `apart` always are, and with `tells_each` all that admit.
        """
        begin, most = self.steps, MOST_STEPS if self._walked < MOST_WALKED else LATE_STEPS
        self._end = begin + most
        self.apart, self._tells_each = apart, tells_each
        self._begin_way()
        try:
            found = self._walk(packets, [packets.box] if boxes is None else boxes)
            return [tell_apart(one)._replace(family=packets.family) for one in found]
        except _TooMuch:
            return [Outcome(packets.box, "unknown", (), (Doubt(f"more than {most:,} steps through these entries"),))]
        finally:
            self._walked += self.steps - begin

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
                one if one.by or one.several or one.state != "open" else one._replace(by=tuple(filter(None, defaults)))
            )

    def _pass(self, table: Table, packets: Packets, pending: list[Pending], inside: tuple[str, ...]) -> _Passed:
        """What a chain decides about, and what comes out at its end or goes back before."""
        chain = _Chain(self, packets, pending, inside)
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

    def _list_turns(self, table: Table, packets: Packets, chain: "_Chain") -> Iterator[Row | Stretch]:
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

    def enter(self, entry: Entry, packets: Packets, box: Box, inside: tuple[str, ...]) -> _Passed:
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


class _Chain:
    """One chain on its way: the packets that have come so far."""

    def __init__(self, walker: Walker, packets: Packets, pending: list[Pending], inside: tuple[str, ...]) -> None:
        self.walker = walker
        self.packets = packets
        self.pending = pending
        self.inside = inside
        self.finals: list[Final] = []
        self.falls: list[Pending] = []
        self.looks = 0
        """How many times a chain was looked at for what comes too late."""
        self.wonders: list[int] = []
        """Which of what has been dropped might have been admitted later on, by place among the finals."""
        self.named: dict[Settled, int] = {"accept": 0, "drop": 0}
        """How many times packets have been decided about by one entry."""

    def has_named(self, verdict: Settled) -> bool:
        """Whether as many entries have this verdict on packets as are ever named."""
        return not self.walker.names_others or self.named[verdict] >= MOST_NAMED

    def meets(self, stretch: Stretch) -> bool:
        """Whether a stretch bears on what is still going on, or on what was dropped and might be admitted."""
        boxes = [one.box for one in self.pending]
        boxes += [self.finals[place].box for place in self.wonders]
        for box in boxes:
            inside = box.meet(stretch.part) if stretch.part else box
            if inside and self.walker.meetings.both(inside[stretch.axis], stretch.spans):
                return True
        return False

    def meet_stretch(self, stretch: Stretch) -> None:
        """Have a stretch of entries decide about what is still going on."""
        for place in tuple(self.wonders):
            later = stretch.find_admitting(self.finals[place].box)
            if later:
                self.finals[place] = self.finals[place]._replace(later=later)
                self.wonders.remove(place)
        going: list[Pending] = []
        for one in self.pending:
            self.walker.step(1 + self.walker.meetings.take_work())
            inside = one.box.meet(stretch.part) if stretch.part else one.box
            if inside is None:
                going.append(one)
                continue
            if inside is not one.box:
                going += (Pending(box, one.maybe) for box in one.box.without(inside))
            mine = inside[stretch.axis]
            for verdict, several in stretch.parts:
                both = self.walker.meetings.both(mine, several.spans)
                apart = self.walker.apart
                if apart and verdict == "accept" and (part := both & several.find_part(apart)):
                    self._settle(Pending(inside.with_side(stretch.axis, part), one.maybe), verdict, apart)
                    both -= part
                if both:
                    by = stretch.rows[0].entry.name if len(stretch.rows) == 1 else several
                    self._settle(Pending(inside.with_side(stretch.axis, both), one.maybe), verdict, by)
            if rest := self.walker.meetings.rest(mine, stretch.spans):
                is_whole = rest is mine and inside is one.box
                going.append(one if is_whole else Pending(inside.with_side(stretch.axis, rest), one.maybe))
        self.pending = going

    def meet(self, entry: Entry, part: Box, doubts: tuple[str, ...]) -> None:
        """Have an entry decide about some of what is still going on."""
        translates = bool(entry.becomes) and entry.becomes == self.packets.goal and doubts == entry.obscure[-1:]
        if self.wonders and entry.verdict in ("accept", "jump", "goto") and not doubts:
            self._note_later(entry, part)
        if not translates and (doubts or entry.verdict == "stray") and self._has_said(entry.verdict):
            self.walker.step()
            return
        going: list[Pending] = []
        for one in self.pending:
            self.walker.step(one.box.work(part))
            both = one.box.meet(part)
            if both is None:
                going.append(one)
                continue
            if translates:
                going += (Pending(rest, one.maybe) for rest in one.box.without(both))
                self._translate(entry.name, Pending(both, one.maybe))
            elif not doubts and entry.verdict not in ("obscure", "stray"):
                going += (Pending(rest, one.maybe) for rest in one.box.without(both))
                self._decide(entry, Pending(both, one.maybe), going)
            else:
                going += (Pending(rest, one.maybe) for rest in one.box.without(both))
                going += self._wonder(entry, Pending(both, one.maybe), doubts)
        self.pending = going

    def _has_said(self, verdict: Verdict) -> bool:
        """Whether as many entries as are ever named might have had this verdict on all that is still going on."""
        return all(self.walker.has_said(one.maybe, verdict) for one in self.pending)

    def _note_later(self, entry: Entry, part: Box) -> None:
        """Remember of what was dropped that this entry, or the chain that it leads to, would have admitted some."""
        for place in tuple(self.wonders):
            both = self.finals[place].box.meet(part)
            if both is None:
                continue
            later = entry.name if entry.verdict == "accept" else self._find_later(entry, both)
            if later:
                self.finals[place] = self.finals[place]._replace(later=later)
                self.wonders.remove(place)

    def _find_later(self, entry: Entry, box: Box) -> str:
        """The entry that would admit packets in the chain that this one leads to; empty where none does for sure."""
        if self.looks >= MOST_NAMED:
            return ""
        self.looks += 1
        finals: list[Final] = []
        with self.walker.at_most(MOST_LOOKED):
            finals, _ = self.walker.enter(entry, self.packets, box, self.inside)
        return next((say_one(final) for final in finals if final.verdict == "accept" and not final.maybe), "")

    def _decide(self, entry: Entry, one: Pending, going: list[Pending]) -> None:
        """What an entry does that is understood."""
        verdict = entry.verdict
        if verdict in ("accept", "drop"):
            self._settle(one, "accept" if verdict == "accept" else "drop", entry.name)
        elif verdict == "return":
            self._fall(one)
        else:
            finals, falls = self.walker.enter(entry, self.packets, one.box, self.inside)
            for final in finals:
                so_far = Pending(final.box, one.maybe | final.maybe)
                if final.translated:
                    self._translate(say_one(final), so_far)
                else:
                    self._settle(so_far, final.verdict, final.by, final.later)
            for fall in falls:
                back = Pending(fall.box, one.maybe | fall.maybe)
                if verdict == "goto":
                    self._fall(back)
                else:
                    going.append(back)

    def _translate(self, by: str, one: Pending) -> None:
        """Packets are given their goal; where something else might have become of them, it isn't known any more."""
        unlike = {maybe if maybe.verdict == "stray" else maybe._replace(verdict="drop") for maybe in one.maybe}
        self.finals.append(Final(one.box, "accept", by, frozenset(unlike), "", translated=True))

    def _settle(self, one: Pending, verdict: Settled, by: str | Several, later: str = "") -> None:
        """Packets are decided about, unless they might have gone back to where the chain was called from."""
        returns = [maybe for maybe in one.maybe if maybe.verdict == "return"]
        if returns:
            said = by if isinstance(by, str) else by.name(one.box)
            might = {Maybe(verdict, said, maybe.construct) for maybe in returns}
            self._fall(Pending(one.box, one.maybe | might))
        else:
            self.named[verdict] += isinstance(by, str)
            self.finals.append(Final(one.box, verdict, by, one.maybe, later))
            if verdict == "drop" and not later and self.walker.names_others and len(self.wonders) < MOST_NAMED:
                self.wonders.append(len(self.finals) - 1)

    def _fall(self, one: Pending) -> None:
        self.falls.append(Pending(one.box, frozenset(m for m in one.maybe if m.verdict != "return")))

    def _wonder(self, entry: Entry, one: Pending, doubts: tuple[str, ...]) -> Iterator[Pending]:
        """What an entry might do: packets go on and remember it."""
        verdict = entry.verdict
        if self.walker.has_said(one.maybe, verdict):
            yield one
            return
        constructs = doubts[:MOST_NAMED] or (entry.name,)
        if verdict in ("accept", "drop", "return", "stray"):
            yield Pending(one.box, one.maybe | {Maybe(verdict, entry.name, said) for said in constructs})
        elif verdict == "obscure":
            either: tuple[Verdict, ...] = ("accept", "drop")
            might = {Maybe(one_of, entry.name, said) for said in constructs for one_of in either}
            yield Pending(one.box, one.maybe | might)
        else:
            finals, falls = self.walker.enter(entry, self.packets, one.box, self.inside)
            for final in finals:
                verdicts: tuple[Verdict, ...] = ("accept", "drop") if final.translated else (final.verdict,)
                might = {Maybe(one_of, say_one(final), said) for said in constructs for one_of in verdicts}
                yield Pending(final.box, one.maybe | final.maybe | might)
            for fall in falls:
                back = {Maybe("return", entry.name, said) for said in constructs} if verdict == "goto" else SURE
                yield Pending(fall.box, one.maybe | fall.maybe | back)

    def end(self) -> tuple[list[Final], list[Pending]]:
        """All that was decided, and all that comes out at the end."""
        for one in self.pending:
            self._fall(one)
        return self.finals, self.falls
