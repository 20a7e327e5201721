"""Sets of packets of one family by what firewalls ask for: what two have in common, what one has alone. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from planner.engine.spans import PORTS, Spans

SPANS_OF_WORK = 16
"""To go over so many spans takes as long as to compare two boxes of few."""


class Box(NamedTuple):
    """The packets of one family that are in all of these sets."""

    sources: Spans
    destinations: Spans
    protocols: Spans
    ports: Spans
    source_ports: Spans = PORTS

    def meet(self, other: "Box") -> "Box | None":
        """What is in both; None where that is nothing. What is the same as in this one is the same object."""
        ports = self.ports & other.ports
        if not ports:
            return None
        protocols = self.protocols & other.protocols
        if not protocols:
            return None
        destinations = self.destinations & other.destinations
        if not destinations:
            return None
        sources = self.sources & other.sources
        if not sources:
            return None
        source_ports = self.source_ports & other.source_ports
        return Box(sources, destinations, protocols, ports, source_ports) if source_ports else None

    def work(self, other: "Box") -> int:
        """How much it takes to say what is in both, and in this one alone: 1 where all sets have few spans."""
        work = 1
        for mine, theirs in zip(self, other, strict=True):
            if mine is not theirs and len(mine.spans) + len(theirs.spans) > SPANS_OF_WORK:
                work += mine.work(theirs) // SPANS_OF_WORK
        return work

    def without(self, part: "Box") -> Iterator["Box"]:
        """What is in this one and not in a part of it, as boxes that have nothing in common."""
        left = list(self)
        for axis, theirs in enumerate(part):
            if theirs is self[axis]:
                continue
            rest = self[axis] - theirs
            if rest:
                left[axis] = rest
                yield Box._make(left)
            left[axis] = theirs

    def with_side(self, axis: int, side: Spans) -> "Box":
        """The same with another set on one axis: 0 to 4, in the order of the fields."""
        return Box._make((*self[:axis], side, *self[axis + 1 :]))

    @property
    def size(self) -> int:
        """How many packets there are, by addresses and destination ports."""
        return self.sources.size * self.destinations.size * self.ports.size * self.protocols.size


def cut_all(boxes: list[Box], several: Iterable[Box]) -> list[Box]:
    """What of some boxes is in none of several others; those that have nothing in common stay so."""
    for other in several:
        if not boxes:
            break
        left: list[Box] = []
        for box in boxes:
            part = box.meet(other)
            if part is None:
                left.append(box)
            else:
                left += box.without(part)
        boxes = left
    return boxes
