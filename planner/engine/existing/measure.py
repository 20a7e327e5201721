"""What several sets of packets come to together, however they are cut: how many packets, and which services. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from planner.engine.existing.bits import list_bits
from planner.engine.existing.boxes import Box
from planner.engine.existing.words import list_services
from planner.engine.spans import NOTHING, Spans

_Sides = tuple[Spans, ...]


def count_packets(boxes: Iterable[Box]) -> int:
    """How many packets there are in any of some boxes, by addresses, protocols and destination ports."""
    return _count([(box.sources, box.destinations, box.protocols, box.ports) for box in boxes])


def _count(several: Sequence[_Sides]) -> int:
    """How many points are in any of these, each of as many axes."""
    if not several:
        return 0
    first, *rest = several[0]
    if len(several) == 1:
        return first.size * (_count([tuple(rest)]) if rest else 1)
    if all(one[0] == first for one in several):
        return first.size * (_count([one[1:] for one in several]) if rest else 1)
    total = 0
    for length, places in divide([one[0] for one in several]):
        total += length.size * (_count([several[place][1:] for place in places]) if rest else 1)
    return total


def divide(sets: Sequence[Spans]) -> Iterator[tuple[Spans, tuple[int, ...]]]:
    """What of some sets is in the same of them, and the places of these: parts that have nothing in common."""
    if all(one == sets[0] for one in sets):
        if sets and sets[0]:
            yield sets[0], tuple(range(len(sets)))
        return
    turns: dict[int, int] = defaultdict(int)
    for place, spans in enumerate(sets):
        for first, last in spans:
            turns[first] ^= 1 << place
            turns[last + 1] ^= 1 << place
    parts: dict[int, list[tuple[int, int]]] = defaultdict(list)
    inside, begin = 0, 0
    for bound in sorted(turns):
        if inside:
            parts[inside].append((begin, bound - 1))
        inside ^= turns[bound]
        begin = bound
    for bits, several in parts.items():
        yield Spans.of(several), tuple(list_bits(bits))


def list_all_services(boxes: Iterable[Box]) -> Iterator[str]:
    """Protocols and ports of some boxes in words: those of each protocol once, in the order of their numbers."""
    found = list(dict.fromkeys((box.protocols, box.ports) for box in boxes))
    alike: dict[Spans, Spans] = defaultdict(lambda: NOTHING)
    for protocols, places in divide([one for one, _ in found]):
        ports = Spans.of(span for place in places for span in found[place][1])
        alike[ports] |= protocols
    for ports, protocols in sorted(alike.items(), key=lambda one: one[1].spans):
        yield from list_services(protocols, ports)
