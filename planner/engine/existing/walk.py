"""What becomes of packets on their way through a ruleset, exactly: by sets of packets, never by examples. Pure.

A set of packets goes through the entries of a chain. What an entry decides about is cut out of it; the rest goes on.
Where something isn't understood, packets go on and remember what might have become of them (`Maybe`). At the end they
are unknown only if that differs from what comes out.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from operator import attrgetter
from typing import Literal, NamedTuple

from planner.engine.existing.boxes import Box
from planner.engine.existing.model import Entry, Match, Ruleset, Stage, Verdict
from planner.engine.existing.packets import Unit
from planner.engine.existing.sides import Ways
from planner.engine.existing.spans import FAMILIES, Spans
from planner.engine.existing.table import Row, Table

MOST_STEPS = 200_000
"""Most meetings of an entry and a set of packets on one way; beyond it nothing is known."""
MOST_NAMED = 20
"""Most entries that are named as those that might have decided about packets."""
MOST_LOOKED = 500
"""Most such meetings on the side, to find what would have admitted packets and comes too late."""
MOST_NESTED = 64
"""Deepest nesting of jumps; Linux allows 16 of nftables."""


class Maybe(NamedTuple):
    """What might have become of packets, if something that isn't understood meant it."""

    verdict: Verdict
    entry: str
    construct: str


Doubts = frozenset[Maybe]
SURE: Doubts = frozenset()


class Pending(NamedTuple):
    """Packets that go on."""

    box: Box
    maybe: Doubts


class Final(NamedTuple):
    """Packets of which one chain has decided."""

    box: Box
    verdict: Literal["accept", "drop"]
    by: str
    maybe: Doubts
    later: str = ""
    """Of what is dropped: an entry after the one that did it, which would have admitted some of it."""
    translated: bool = False
    """Whether the destination has become the goal of the packets."""


class Doubt(NamedTuple):
    """Something that isn't understood, and the entry where it stands; an empty name where it is of no entry."""

    construct: str
    entry: str = ""


class Outcome(NamedTuple):
    """What becomes of packets."""

    box: Box
    state: Literal["open", "closed", "unknown"]
    by: tuple[str, ...]
    """The entries that admit, or the one that refuses; of unknown the ones that aren't understood."""
    doubts: tuple[Doubt, ...] = ()
    later: str = ""
    family: int = 4
    translated: bool = False
    """Whether the destination has become the goal of the packets."""
    strays: bool = False
    """Whether they may be sent to others: no later refusal tells what becomes of them."""
    untranslated: bool = False
    """Whether it has not and should have: what becomes of them is told up to there alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packets:
    """Packets of one family between two units, and how they come."""

    family: Literal[4, 6]
    source: Unit
    destination: Unit
    service: tuple[Spans, Spans]
    keys: tuple[Hashable, Hashable]
    """What both ends are remembered by."""
    enters: str | None = None
    leaves: str | None = None
    goal: tuple[int, int] | None = None
    """Family and number of the address that a translation on the way has to give them; None where there is none."""

    @property
    def translated(self) -> "Packets":
        """They, once their destination is the goal."""
        if self.goal is None:
            return self
        unit = Unit(addresses=Spans.only(self.goal[1]))
        return replace(self, destination=unit, keys=(self.keys[0], ("goal", self.goal)))

    @property
    def box(self) -> Box:
        """All of them."""
        return Box(self.source.addresses, self.destination.addresses, *self.service)


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
    has_sides: bool = False
    translates: bool = False
    """Whether there is a place where destinations are translated, if any is."""

    def __post_init__(self) -> None:
        self._stages = [(stage, Table(stage.entries)) for stage in self.ruleset.stages]
        self.translates = any(stage.translates for stage in self.ruleset.stages)
        lists = [*(stage.entries for stage in self.ruleset.stages), *self.ruleset.chains.values()]
        self.has_sides = any(entry.enters or entry.leaves for entries in lists for entry in entries)

    def list_rows(self) -> Iterator[Row]:
        """The matches of all entries that decide about first packets."""
        for _, table in self._stages:
            yield from table.rows
        for chain in self.ruleset.chains:
            yield from self.table(chain).rows

    def table(self, chain: str) -> Table:
        """The entries of a chain that others jump to."""
        if chain not in self._tables:
            self._tables[chain] = Table(self.ruleset.chains[chain])
        return self._tables[chain]

    def walk(self, packets: Packets, boxes: Sequence[Box] | None = None) -> list[Outcome]:
        """What becomes of packets, or of some of them: each of them is in one outcome."""
        self._end = self.steps + MOST_STEPS
        try:
            found = self._walk(packets, [packets.box] if boxes is None else boxes)
            return [one._replace(family=packets.family) for one in found]
        except _TooMuch:
            doubt = Doubt(f"more than {MOST_STEPS:,} steps through these entries")
            return [Outcome(packets.box, "unknown", (), (doubt,))]

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
                for final in (*finals, *_end_stage(stage, falls)):
                    outcome = _judge(one, final)
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
            yield one if one.by or one.state != "open" else one._replace(by=tuple(filter(None, defaults)))

    def _pass(
        self, table: Table, packets: Packets, pending: list[Pending], inside: tuple[str, ...]
    ) -> tuple[list[Final], list[Pending]]:
        """What a chain decides about, and what comes out at its end or goes back before."""
        chain = _Chain(self, packets, pending, inside)
        rows = table.find(
            packets.family,
            (packets.keys[0], packets.source.addresses),
            (packets.keys[1], packets.destination.addresses),
            packets.service,
        )
        for row, match, run in _take_together(table, rows):
            if not chain.pending and not chain.wonders:
                break
            enters = self.ways.matches(row.entry.enters, packets.enters, row.entry.verdict)
            leaves = self.ways.matches(row.entry.leaves, packets.leaves, row.entry.verdict)
            if enters is False or leaves is False:
                continue
            doubts = tuple(one for one in (enters, leaves) if isinstance(one, str))
            for part, more in _list_parts(match, packets):
                chain.meet(row, part, (*row.entry.obscure, *doubts, *more), run)
        return chain.end()

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

    def step(self) -> None:
        """Count one meeting of an entry and a set of packets. Raises _TooMuch."""
        self.steps += 1
        if self.steps > self._end:
            raise _TooMuch

    def enter(
        self, entry: Entry, packets: Packets, box: Box, inside: tuple[str, ...]
    ) -> tuple[list[Final], list[Pending]]:
        """What becomes of packets in the chain that an entry leads to."""
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
        return self._pass(self.table(target), packets, [Pending(box, SURE)], (*inside, target))


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

    def meet(self, row: Row, part: Box, doubts: tuple[str, ...], run: Sequence[Row] = ()) -> None:
        """Have an entry decide about some of what is still going on, or a run of refusals that it is the first of."""
        entry = row.entry
        translates = bool(entry.becomes) and entry.becomes == self.packets.goal and doubts == entry.obscure[-1:]
        if self.wonders and entry.verdict in ("accept", "jump", "goto") and not doubts:
            self._note_later(entry, part)
        going: list[Pending] = []
        for one in self.pending:
            self.walker.step()
            both = one.box.meet(part)
            if both is None:
                going.append(one)
                continue
            if translates:
                going += (Pending(rest, one.maybe) for rest in one.box.without(both))
                self._translate(entry.name, Pending(both, one.maybe))
            elif not doubts and entry.verdict not in ("obscure", "stray"):
                going += (Pending(rest, one.maybe) for rest in one.box.without(both))
                self._decide(_find_refusal(run, both) or entry, Pending(both, one.maybe), going)
            else:
                going += (Pending(rest, one.maybe) for rest in one.box.without(both))
                going += self._wonder(entry, Pending(both, one.maybe), doubts)
        self.pending = going

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
        return next((final.by for final in finals if final.verdict == "accept" and not final.maybe), "")

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
                    self._translate(final.by, so_far)
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

    def _settle(self, one: Pending, verdict: Literal["accept", "drop"], by: str, later: str = "") -> None:
        """Packets are decided about, unless they might have gone back to where the chain was called from."""
        returns = [maybe for maybe in one.maybe if maybe.verdict == "return"]
        if returns:
            might = {Maybe(verdict, by, maybe.construct) for maybe in returns}
            self._fall(Pending(one.box, one.maybe | might))
        else:
            self.finals.append(Final(one.box, verdict, by, one.maybe, later))
            if verdict == "drop" and not later and len(self.wonders) < MOST_NAMED:
                self.wonders.append(len(self.finals) - 1)

    def _fall(self, one: Pending) -> None:
        self.falls.append(Pending(one.box, frozenset(m for m in one.maybe if m.verdict != "return")))

    def _wonder(self, entry: Entry, one: Pending, doubts: tuple[str, ...]) -> Iterator[Pending]:
        """What an entry might do: packets go on and remember it."""
        verdict = entry.verdict
        if len(one.maybe) >= MOST_NAMED and sum(maybe.verdict == verdict for maybe in one.maybe) >= MOST_NAMED:
            yield one  # that many others say the same already
            return
        constructs = doubts or (entry.name,)
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
                might = {Maybe(one_of, final.by, said) for said in constructs for one_of in verdicts}
                yield Pending(final.box, one.maybe | final.maybe | might)
            for fall in falls:
                back = {Maybe("return", entry.name, said) for said in constructs} if verdict == "goto" else SURE
                yield Pending(fall.box, one.maybe | fall.maybe | back)

    def end(self) -> tuple[list[Final], list[Pending]]:
        """All that was decided, and all that comes out at the end."""
        for one in self.pending:
            self._fall(one)
        return self.finals, self.falls


def _find_refusal(run: Sequence[Row], box: Box) -> Entry | None:
    """The first of a run of refusals that some of these packets meet."""
    for row in run:
        if row.match.sources & box.sources and row.match.destinations & box.destinations:
            return row.entry
    return None


def _take_together(table: Table, rows: Iterable[Row]) -> Iterator[tuple[Row, Match, Sequence[Row]]]:
    """Each row with its match; of many refusals in a row that are alike all but the first few as one, and with them.

    So many are named as those that refuse; what the others are called nobody reads, and packets that go through
    thousands of them are cut to pieces once.
    """
    for run, several in groupby(rows, attrgetter("run")):
        if not run:
            yield from ((row, row.match, ()) for row in several)
            continue
        yield from ((row, row.match, ()) for row in islice(several, MOST_NAMED))
        if rest := list(several):
            yield rest[0], table.unite(rest), rest


def _list_parts(match: Match, packets: Packets) -> Iterator[tuple[Box, tuple[str, ...]]]:
    """What a match means of these packets, and what of that isn't known."""
    for sources, from_doubt in _list_sides(match.family, match.sources, match.source_names, packets.source):
        for destinations, to_doubt in _list_sides(
            match.family, match.destinations, match.destination_names, packets.destination
        ):
            box = Box(sources, destinations, match.protocols, match.ports, match.source_ports)
            yield box, tuple(filter(None, (from_doubt, to_doubt)))


def _list_sides(family: Literal[4, 6], spans: Spans, names: frozenset[str], unit: Unit) -> Iterator[tuple[Spans, str]]:
    everything = FAMILIES[family]
    if unit.name is not None:
        known = spans == everything or unit.name in names
        yield everything, "" if known else unit.doubt
        return
    if spans:
        yield spans, ""
    if names and spans != everything:
        yield everything - spans, f"address of {', '.join(sorted(names))}"


def _end_stage(stage: Stage, falls: list[Pending]) -> Iterator[Final]:
    """What the default does with those that no entry decides about; it is named only where nothing else is."""
    for one in falls:
        if stage.default == "accept":
            yield Final(one.box, "accept", "", one.maybe)
        elif stage.default == "drop":
            yield Final(one.box, "drop", stage.default_name, one.maybe)
        else:
            name = stage.default_name
            yield Final(one.box, "drop", name, one.maybe | {Maybe("accept", name, name)})


def _judge(before: Outcome, final: Final) -> Outcome:
    """What becomes of packets after one more stage, of which all before was `before`."""
    doubts = sorted(one for one in final.maybe if one.verdict != final.verdict)
    if before.strays and not doubts:
        return before._replace(box=final.box)
    if doubts:
        earlier = before.by if before.state == "unknown" else ()
        by = dict.fromkeys((*earlier, *(one.entry for one in doubts)))
        named = dict.fromkeys((*before.doubts, *(Doubt(one.construct, one.entry) for one in doubts)))
        strays = before.strays or any(one.verdict == "stray" for one in doubts)
        return Outcome(final.box, "unknown", tuple(by), tuple(named), strays=strays, translated=before.translated)
    if final.verdict == "drop":
        return Outcome(final.box, "closed", (final.by,), (), final.later)
    if before.state == "open" and final.by:
        return before._replace(box=final.box, by=(*before.by, final.by))
    return before._replace(box=final.box)
