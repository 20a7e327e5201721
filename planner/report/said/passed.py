"""Which firewalls of the plan a rule passes, in words. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from planner.engine.rules import Rule
from planner.plan.fields import Firewall

MOST_NAMED = 3
"""How many firewalls of a rule are named before they are counted."""


class Passed:
    """Finds the firewalls of rules: each costs what its own zones have of them, however many the plan has."""

    def __init__(self, firewalls: Iterable[Firewall]) -> None:
        self._behind: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for firewall in firewalls:
            for zone, side in firewall.zones.items():
                self._behind[zone].append((firewall.name, side))

    def find(self, rule: Rule) -> tuple[str, ...]:
        """The names of those that some flow of a rule passes: its zones stand behind different sides of them."""
        sides: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        for place, zones in enumerate((rule.source_zones, rule.destination_zones)):
            for zone in zones:
                for name, side in self._behind.get(zone, ()):
                    sides[name][place].add(side)
        # Two of one side pass where they meet two others, or one that is another.
        return tuple(sorted(name for name, (here, there) in sides.items() if here and there and len(here | there) > 1))

    def say(self, rule: Rule) -> str:
        """FW-HQ, FW-DMZ; of many the first few, and how many more. Empty where it passes none."""
        names = self.find(rule)
        more = len(names) - MOST_NAMED
        return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
