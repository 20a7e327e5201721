"""Packets that an entry matches, narrowed criterion by criterion. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planner.engine.existing.model import Match, Sides
from planner.engine.spans import Spans


class Obscure(ValueError):
    """Something that isn't understood; the text is how the device would say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Packets of one family that come and go by certain sides."""

    match: Match
    enters: Sides | None = None
    leaves: Sides | None = None


Limits = Mapping[str, Any]
"""What a part is narrowed to, by attribute of a match; `family`, `enters` and `leaves` beside them."""


def narrow(parts: Iterable[Part], found: Sequence[Limits]) -> Iterator[Part]:
    """What of the parts is in one of the limits. Raises Obscure where a part has two sides that differ."""
    for part in parts:
        for limits in found:
            made = _narrow(part, limits)
            if made is not None:
                yield made


def _narrow(part: Part, limits: Limits) -> Part | None:
    match = part.match
    if limits.get("family", match.family) != match.family:
        return None
    changed: dict[str, Any] = {}
    for name in ("sources", "destinations", "protocols", "source_ports", "ports"):
        if name in limits:
            changed[name] = getattr(match, name) & limits[name]
            if not changed[name]:
                return None
    sides = {name: limits[name] for name in ("enters", "leaves") if name in limits}
    for name, side in sides.items():
        if getattr(part, name) not in (None, side):
            raise Obscure(f"{name} by two interfaces at once")
    if changed:
        match = Match(
            family=match.family,
            sources=changed.get("sources", match.sources),
            destinations=changed.get("destinations", match.destinations),
            protocols=changed.get("protocols", match.protocols),
            source_ports=changed.get("source_ports", match.source_ports),
            ports=changed.get("ports", match.ports),
            source_names=match.source_names,
            destination_names=match.destination_names,
        )
    elif not sides:
        return part
    return Part(match=match, enters=sides.get("enters", part.enters), leaves=sides.get("leaves", part.leaves))


def by_sides(parts: Iterable[Part]) -> Iterator[tuple[Sides | None, Sides | None, tuple[Match, ...]]]:
    """The matches of parts that come and go by the same sides, together."""
    found: dict[tuple[Sides | None, Sides | None], list[Match]] = defaultdict(list)
    for part in parts:
        found[part.enters, part.leaves].append(part.match)
    for (enters, leaves), matches in found.items():
        yield enters, leaves, tuple(matches)


def find_becomes(goal: tuple[tuple[int, int], int | None] | None, matches: Iterable[Match]) -> tuple[int, int] | None:
    """The address that packets with these matches are sent to; None where there is none, or their port is another."""
    if goal is None:
        return None
    address, port = goal
    return address if port is None or all(match.ports == Spans.only(port) for match in matches) else None
