"""What the entries of one chain decide about packets on their way, in order. Pure."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from planner.engine.existing.boxes import Box
from planner.engine.existing.model import Entry, Verdict
from planner.engine.existing.outcomes import SURE, Doubts, Final, Maybe, Pending, say_one
from planner.engine.existing.packets import Packets
from planner.engine.existing.stretches import Meetings, Settled, Several, Stretch

MOST_NAMED = 20
"""Most entries that are named as those that might have decided about packets."""
MOST_LOOKED = 500
"""Most such meetings on the side, to find what would have admitted packets and comes too late."""

Passed = tuple[list[Final], list[Pending]]
"""What a chain has decided about, and what came out of it."""


class Way(Protocol):
    """What a chain asks of whoever leads packets through a ruleset."""

    apart: str
    """The name of entries that admit and are told apart from others that do the same."""
    names_others: bool
    """Whether other entries are named as well, and what would have admitted packets and comes too late."""
    meetings: Meetings

    def has_said(self, doubts: Doubts, verdict: Verdict) -> bool:
        """Whether so many entries might have had this verdict that another one isn't remembered."""

    def at_most(self, steps: int) -> AbstractContextManager[None]:
        """Take so many steps on the side, which don't count among those of the way; what needs more is left."""

    def step(self, work: int = 1) -> None:
        """Count one meeting of an entry and a set of packets, or as many as it takes the time of."""

    def enter(self, entry: Entry, packets: Packets, box: Box, inside: tuple[str, ...]) -> Passed:
        """What becomes of packets in the chain that an entry leads to."""


class Passing:
    """One chain on its way: the packets that have come so far."""

    def __init__(self, walker: Way, packets: Packets, pending: list[Pending], inside: tuple[str, ...]) -> None:
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
