"""By which sides packets pass a device between which zones of a plan, as few ways as it tells apart. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from planner.engine.existing.model import Sides, Verdict
from planner.engine.existing.walk import Walker


class Passage(NamedTuple):
    """From any of these zones to any of those."""

    enters: str | None
    """The side that packets come in by, or one that no entry tells from it; None where it isn't known."""
    leaves: str | None
    sources: frozenset[str]
    destinations: frozenset[str]


def list_passages(walker: Walker, zones: Iterable[str]) -> Iterator[Passage]:
    """All passages between some zones of the plan; one where no entry asks for sides."""
    all_zones = frozenset(zones)
    if not walker.has_sides:
        yield Passage(None, None, all_zones, all_zones)
        return
    names = _Names(walker)
    alike: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for zone in sorted(all_zones):
        alike[walker.ways.of_zone(zone)].append(zone)
    found: dict[tuple[str | None, str | None], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for here in alike.values():
        for there in alike.values():
            for enters, leaves in walker.ways.between(here[0], there[0]):
                found[names.find(enters), names.find(leaves)][here[0]].update(there)
    for (enters, leaves), by_source in found.items():
        together: dict[frozenset[str], list[str]] = defaultdict(list)
        for source, destinations in by_source.items():
            together[frozenset(destinations)] += alike[walker.ways.of_zone(source)]
        for reached, sources in together.items():
            yield Passage(enters, leaves, frozenset(sources), reached)


class _Names:
    """Sides, each by the name of the first of those that no entry and no translation tells apart."""

    def __init__(self, walker: Walker) -> None:
        self._ways = walker.ways
        asked: dict[tuple[Sides, Verdict], None] = {}
        for table in walker.list_tables():
            for enters, leaves, verdict in table.sides:
                asked.update(dict.fromkeys((one, verdict) for one in (enters, leaves) if one))
        asked.update(dict.fromkeys((one.enters, "obscure") for one in walker.ruleset.translations if one.enters))
        self._asked = tuple(asked)
        self._known: dict[str | None, str | None] = {}
        self._first: dict[tuple[bool | str, ...], str | None] = {}

    def find(self, side: str | None) -> str | None:
        if side not in self._known:
            answers = tuple(self._ways.matches(sides, side, verdict) for sides, verdict in self._asked)
            self._known[side] = self._first.setdefault(answers, side)
        return self._known[side]
