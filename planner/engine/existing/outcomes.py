"""What becomes of packets: on their way through a chain, and at its end. Pure."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from planner.engine.existing.boxes import Box
from planner.engine.existing.model import Stage, Verdict
from planner.engine.existing.stretches import Settled, Several


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
    verdict: Settled
    by: str | Several
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
    several: tuple[Several, ...] = ()
    """Entries that admit and aren't told apart yet: which of them do is told at the end, of the packets left then."""


def say_one(final: Final) -> str:
    """The entry that has decided, or one of several."""
    return final.by if isinstance(final.by, str) else final.by.name(final.box)


def tell_apart(outcome: Outcome) -> Outcome:
    """An outcome with the names of entries that were taken together."""
    if not outcome.several:
        return outcome
    by = dict.fromkeys((*outcome.by, *(several.name(outcome.box) for several in outcome.several)))
    return outcome._replace(by=tuple(by), several=())


def end_stage(stage: Stage, falls: list[Pending]) -> Iterator[Final]:
    """What the default does with those that no entry decides about; it is named only where nothing else is."""
    for one in falls:
        if stage.default == "accept":
            yield Final(one.box, "accept", "", one.maybe)
        elif stage.default == "drop":
            yield Final(one.box, "drop", stage.default_name, one.maybe)
        else:
            name = stage.default_name
            yield Final(one.box, "drop", name, one.maybe | {Maybe("accept", name, name)})


def judge(before: Outcome, final: Final) -> Outcome:
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
        return Outcome(final.box, "closed", (say_one(final),), (), final.later)
    if before.state != "open" or not final.by:
        return before._replace(box=final.box)
    if isinstance(final.by, Several):
        return before._replace(box=final.box, several=(*before.several, final.by))
    return before._replace(box=final.box, by=(*before.by, final.by))
