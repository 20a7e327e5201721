"""Destinations that are changed before rules are asked: what these say of the real address, said of the seen one.

Pure. A packet is looked at as it comes in: where rules name real addresses, an entry for one is for packets to the
address that others see, and what goes to the real one itself past its translation isn't understood on every device.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from planner.engine.existing.model import Entry, Match, Sides, Translation
from planner.engine.existing.parts.count import Count
from planner.engine.spans import FAMILIES, NOTHING, Spans


def translate(
    entries: Iterable[Entry], translations: Iterable[Translation], count: Count, *, passes: bool = False
) -> Iterator[Entry]:
    """The entries, said of packets before their destination is changed. Raises Unreadable where there are too many.

    `passes`: whether the device lets what is sent to a real address itself go there, as rules say.
    """
    groups: dict[Sides | None, list[Translation]] = {}
    for one in translations:
        groups.setdefault(one.enters, []).append(one)
    made = [_Group(sides, several, count, passes) for sides, several in groups.items()]
    for entry in entries:
        found = [entry]
        for group in made:
            found = [one for each in found for one in group.apply(each)]
        yield from found


class _Group:
    """The translations of packets that come in on the same sides."""

    def __init__(self, sides: Sides | None, translations: Sequence[Translation], count: Count, passes: bool) -> None:
        self._sides = sides
        self._count = count
        self._passes = passes
        self._of = {family: [one for one in translations if one.family == family] for family in FAMILIES}
        self._touched = {
            family: Spans.of(span for one in several for span in (*one.seen, *one.real))
            for family, several in self._of.items()
        }
        self._at = {family: _Index(several) for family, several in self._of.items()}
        self._known: dict[tuple[int, Spans], _Change] = {}
        """What becomes of destinations, worked out once."""

    def apply(self, entry: Entry) -> Iterator[Entry]:
        """The entry on these sides, what isn't understood of it there, and on the other sides."""
        if not any(_meet(match.destinations, self._touched[match.family]) for match in entry.matches):
            yield entry
            return
        here = _both(entry.enters, self._sides)
        if here is None or here.names or here.negated:
            changed: list[Match] = []
            unclear: list[Match] = []
            why: dict[str, None] = {}
            for match in entry.matches:
                change = self._change(match.family, match.destinations)
                changed += change.clear(match)
                unclear += change.unclear(match)
                why.update(dict.fromkeys(change.names))
            if changed:
                yield replace(entry, matches=tuple(changed), enters=here)
            if unclear:
                yield replace(
                    entry, matches=tuple(unclear), enters=here, obscure=(*entry.obscure, *list(why)[:_NAMED])
                )
        elsewhere = _but(entry.enters, self._sides)
        if elsewhere is not None:
            yield replace(entry, enters=elsewhere)

    def _change(self, family: int, destinations: Spans) -> "_Change":
        change = self._known.get((family, destinations))
        if change is None:
            touched = _meet(destinations, self._touched[family])
            change = _work_out(destinations - touched, touched, self._at[family].find(touched), self._passes)
            self._count.take(len(change.known.spans) + len(change.past.spans) + len(change.ports))
            self._known[family, destinations] = change
        return change


class _Index:
    """Translations by the addresses that they bear on."""

    def __init__(self, translations: Sequence[Translation]) -> None:
        self._translations = translations
        ends = [(*span, number) for number, one in enumerate(translations) for span in (*one.seen, *one.real)]
        self._ends = sorted(ends)
        self._firsts = [first for first, _, _ in self._ends]
        self._reach = list(accumulate((last for _, last, _ in self._ends), max))
        """How far any of the spans up to here goes."""

    def find(self, touched: Spans) -> list[Translation]:
        """Those that bear on any of these addresses, in order."""
        found: set[int] = set()
        for first, last in touched:
            place = bisect_right(self._firsts, last) - 1
            while place >= 0 and self._reach[place] >= first:
                if self._ends[place][1] >= first:
                    found.add(self._ends[place][2])
                place -= 1
        return [self._translations[number] for number in sorted(found)]


def _meet(few: Spans, many: Spans) -> Spans:
    """What is in both, in time that grows with what is found."""
    if len(few.spans) > _FEW:
        return few & many
    found: list[tuple[int, int]] = []
    for first, last in few:
        place = max(0, bisect_right(many.spans, (first,)) - 1)
        while place < len(many.spans) and many.spans[place][0] <= last:
            both = max(first, many.spans[place][0]), min(last, many.spans[place][1])
            if both[0] <= both[1]:
                found.append(both)
            place += 1
    return Spans(tuple(found))


_FEW = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What becomes of a set of destinations."""

    known: Spans
    """Those that nothing touches, and the others where they are seen."""
    ports: tuple[tuple[Spans, Translation], ...]
    """Those where others see one port of them."""
    past: Spans
    """What isn't understood."""
    names: tuple[str, ...]

    def clear(self, match: Match) -> Iterator[Match]:
        """What is understood of a match."""
        if self.known or match.destination_names:
            yield replace(match, destinations=self.known)
        for seen, one in self.ports:
            protocol = one.protocol or 0
            if protocol in match.protocols and (ports := _find_seen_ports(one, match.ports)):
                kept = replace(match, destinations=seen, destination_names=frozenset(), ports=ports)
                yield replace(kept, protocols=Spans.only(protocol))

    def unclear(self, match: Match) -> Iterator[Match]:
        """What isn't."""
        if self.past:
            yield replace(match, destinations=self.past, destination_names=frozenset())


def _work_out(rest: Spans, touched: Spans, translations: Sequence[Translation], passes: bool) -> _Change:
    seen: list[tuple[int, int]] = []
    ports: list[tuple[Spans, Translation]] = []
    names: list[str] = []
    plain = Spans.of(span for one in translations if one.is_clear and one.protocol is None for span in one.seen)
    for one in translations:
        met = touched & one.real
        names.append(one.name)
        if not one.is_clear or not met:
            continue
        there = _shift(met, one.real, one.seen)
        if one.protocol is None:
            seen += there
        else:
            ports.append((there, one))
    # Where it isn't known what is seen, it may be any address.
    changed = Spans.of(span for one in translations for span in one.seen or one.real)
    itself = touched - changed if passes else NOTHING
    # What is sent to a seen address goes to the real one, wherever all of its ports are translated.
    known = Spans.of((*rest, *seen, *itself))
    # It may where that isn't understood.
    perhaps = (span for one in translations if not one.is_clear and touched & one.real for span in one.seen)
    past = Spans.of((*touched, *perhaps)) - plain - itself
    return _Change(known=known, ports=tuple(ports), past=past, names=tuple(names))


def _find_seen_ports(one: Translation, ports: Spans) -> Spans:
    """The ports that others see of those that arrive on some: of a part of a range the same part."""
    both = ports & one.real_ports
    if both and both != one.real_ports and one.real_ports.size == one.seen_ports.size:
        return _shift(both, one.real_ports, one.seen_ports)
    return one.seen_ports if both == one.real_ports else NOTHING


_NAMED = 3
"""Most translations that are named of one entry."""


def _both(sides: Sides | None, others: Sides | None) -> Sides | None:
    """What is in both; without any name where nothing is."""
    if sides is None or others is None:
        return others if sides is None else sides
    return Sides(names=others.names - sides.names if sides.negated else others.names & sides.names)


def _but(sides: Sides | None, others: Sides | None) -> Sides | None:
    """What is in the first alone; None where nothing is."""
    if others is None:
        return None
    if sides is None:
        return Sides(names=others.names, negated=True)
    if sides.negated:
        return Sides(names=sides.names | others.names, negated=True)
    left = sides.names - others.names
    return Sides(names=left) if left else None


def _shift(spans: Spans, start: Spans, end: Spans) -> Spans:
    """Addresses or ports of one span, at the same places of another one."""
    step = end.spans[0][0] - start.spans[0][0]
    return Spans(tuple((first + step, last + step) for first, last in spans))
