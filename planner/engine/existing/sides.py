"""Which interfaces and zones of a device lead to which zones of a plan. Pure.

By a mapping that somebody wrote, else by the plan's own firewalls. A side that neither names is not understood.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Literal

from planner.engine.existing.model import Ruleset, Sides, Verdict
from planner.plan.document import Plan
from planner.plan.fields import Firewall
from planner.plan.syntax import SyntaxFault, guess_syntax, parse, repeated_keys
from ports.text import cut

MOST_NAMED, MOST_LETTERS = 20, 100
"""Most sides that are named where it isn't known where they lead, and most characters of each."""


class BadMap(ValueError):
    """A mapping that can't be used. The text is a sentence."""


class Ways:
    """By which sides of a device packets come from a zone and go to one."""

    def __init__(
        self,
        pairs: Iterable[tuple[str, str]],
        *,
        mapped: bool = False,
        members: Mapping[str, Collection[str]] | None = None,
        apart: Collection[str] = (),
    ) -> None:
        """`pairs`: side of the device, zone of the plan. A side may lead to several zones, a zone may have several.

        `mapped`: whether somebody wrote down which zone each side leads to. Then an entry that admits what comes by
        them admits nothing of a zone that none of them leads to. `members`: zone of the device -> its interfaces,
        which lead where it does. `apart`: sides of which none is another one by another name.
        """
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for side, zone in pairs:
            found[zone][side] = None
        self._behind = {zone: tuple(sides) for zone, sides in found.items()}
        self.mapped = frozenset(side for sides in found.values() for side in sides)
        self._is_mapped = mapped
        self._apart = frozenset(apart)
        self._members = {zone: frozenset(names) for zone, names in (members or {}).items()}
        self._homes: dict[str, set[str]] = defaultdict(set)
        for zone, names in self._members.items():
            for name in names:
                self._homes[name].add(zone)
        self._known: dict[tuple[Sides, str | None, Verdict], Literal[True, False] | str] = {}

    def of_zone(self, zone: str) -> tuple[str | None, ...]:
        """The sides that a zone is behind; None where it isn't known."""
        return self._behind.get(zone, (None,))

    def between(self, source: str, destination: str) -> tuple[tuple[str | None, str | None], ...]:
        """Each pair of sides by which packets go from a zone to another; None where it isn't known.

        What comes back out where it came in is one of them only where there is no other.
        """
        here, there = self._behind.get(source, (None,)), self._behind.get(destination, (None,))
        pairs = tuple((one, other) for one in here for other in there)
        return tuple(pair for pair in pairs if pair[0] != pair[1] or pair[0] is None) or pairs

    def passes(self, source: str, destination: str) -> bool:
        """Whether what goes from a zone to another passes the device: it knows both, behind different sides.

        Of a firewall of the plan it says what `planner.engine.findings.firewalls.passes` says, and a zone may have
        several sides.
        """
        here, there = self._behind.get(source, ()), self._behind.get(destination, ())
        return any(one != other for one in here for other in there)

    def matches(self, sides: Sides | None, way: str | None, verdict: Verdict) -> Literal[True, False] | str:
        """Whether a side is one of those that are meant, by an entry of this verdict; a few words where that isn't
        known.

        `way` is None for a zone that no side is known to lead to: it may lie behind any of them.
        """
        if sides is None:
            return True
        key = sides, way, verdict
        if key not in self._known:
            self._known[key] = self._match(sides, way, verdict)
        return self._known[key]

    def _match(self, sides: Sides, way: str | None, verdict: Verdict) -> Literal[True, False] | str:
        if way is not None and (way in sides.names or any(map(way.startswith, sides.prefixes))):
            return not sides.negated
        unknown = [name for name in sorted(sides.names) if not self._is_elsewhere(name, way)]
        unknown += [f"{prefix}*" for prefix in sorted(sides.prefixes) if not self._has(prefix)]
        if unknown:
            return f"{'not ' if sides.negated else ''}{_say_some(unknown)}: mapped to no zone of the plan"
        if way is None and not (self._is_mapped and verdict == ("drop" if sides.negated else "accept")):
            named = [*sorted(sides.names), *(f"{prefix}*" for prefix in sorted(sides.prefixes))]
            return f"{'not ' if sides.negated else ''}{_say_some(named)}: what the zone is behind is not known"
        return sides.negated

    def _is_elsewhere(self, name: str, way: str | None) -> bool:
        """Whether it is known where a side leads that isn't the way, by itself, its zone or all that is in it."""
        if name in self.mapped or {name, way} <= self._apart:
            return True
        homes = self._homes.get(name, set()) & self.mapped
        within = self._members.get(name, frozenset())
        return (bool(homes) and way not in homes) or (bool(within) and within <= self.mapped)

    def _has(self, prefix: str) -> bool:
        return any(side.startswith(prefix) for side in self.mapped)


def _say_some(names: Sequence[str]) -> str:
    """The first of some names, each cut, and how many more there are: entries may name thousands."""
    said = ", ".join(cut(name, MOST_LETTERS) for name in names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{said} and {more:,} more" if more > 0 else said


def read_map(data: bytes) -> Mapping[str, str]:
    """A mapping as a file has it, YAML or JSON: the device's interface or zone -> zone of the plan. Raises BadMap."""
    tree = _parse(data)
    if not isinstance(tree, dict):
        raise BadMap("A map has a line for each interface or zone of the device, such as “eth1: DMZ”.")
    for path in repeated_keys(tree):
        raise BadMap(f"{path[0]} stands there more than once.")
    for side, zone in tree.items():
        if not isinstance(zone, str):
            raise BadMap(f"{side} is mapped to what is no name; a zone of the plan is allowed.")
    return {side: str(zone) for side, zone in tree.items()}


def _parse(data: bytes) -> object:
    """JSON or YAML, which may begin with a brace, too. Raises BadMap with the fault of what it looks like."""
    syntax = guess_syntax("", data)
    try:
        return parse(data, syntax)
    except SyntaxFault as error:
        if syntax == "json":
            with suppress(SyntaxFault):
                return parse(data, "yaml")
        raise BadMap(f"{error.where}: {error}") from None


def find_ways(
    plan: Plan,
    mapping: Mapping[str, str],
    firewall: Firewall | None,
    members: Mapping[str, Collection[str]] | None = None,
    apart: Collection[str] = (),
) -> Ways:
    """What leads where: as the mapping says, and of sides that it doesn't name as the plan's firewall says.

    `mapping`: side of the device -> zone of the plan; `members`: zone of the device -> its interfaces; `apart`: sides
    of which none is another one by another name. Raises BadMap where the plan has no such zone.
    """
    zones = {zone.name for zone in plan.zones}
    for side, zone in mapping.items():
        if zone not in zones:
            raise BadMap(
                f"{side} is mapped to {zone}, which is no zone of the plan; its zones are "
                f"{', '.join(zone.name for zone in plan.zones)}."
            )
    pairs = [(side, zone) for side, zone in mapping.items()]
    if firewall is not None:
        pairs += [(side, zone) for zone, side in firewall.zones.items() if side not in mapping]
    return Ways(pairs, mapped=bool(mapping), members=members, apart=apart)


def find_firewall(plan: Plan, ruleset: Ruleset, name: str = "") -> Firewall | None:
    """The firewall of the plan whose configuration this is, as far as can be told: by name, by format, by its sides.

    None where there is none, or several that it could as well be. Raises BadMap for a name that the plan doesn't have.
    """
    if name:
        for firewall in plan.firewalls:
            if firewall.name == name:
                return firewall
        has = ", ".join(firewall.name for firewall in plan.firewalls) or "none"
        raise BadMap(f"The plan has no firewall {name}; it has {has}.")
    alike = [firewall for firewall in plan.firewalls if firewall.format == ruleset.format]
    found = alike or list(plan.firewalls)
    if len(found) > 1:
        known = [len(ruleset.sides & set(firewall.zones.values())) for firewall in found]
        found = [firewall for firewall, count in zip(found, known, strict=True) if count and count == max(known)]
    return found[0] if len(found) == 1 else None
