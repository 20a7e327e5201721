"""Which of the rules to be closed the plan goes on to need: an end of theirs stands in another zone now. Pure.

Addresses can be the same as before, and the firewall between them, too: closed by hand they would be missing.
"""

from planner.engine.compare import Comparison
from planner.engine.rules import Rule
from planner.report.said.numbers import Numbers
from ports.text import several

STILL_NEEDED = "Still needed"
"""The mark of such a rule."""
STAYS_OPEN = (
    "What is marked as still needed goes on by the rule that is named there, or within a zone. At a firewall that "
    "both pass, what has the same addresses stays open; at one that only the old rule passes, it closes."
)
"""What is said above such rules."""


class StillNeeded:
    """What a change request says of the flows of rules to be closed that stay."""

    def __init__(self, comparison: Comparison) -> None:
        self._moved = comparison.moved
        self._closed = comparison.rules_closed if self._moved else ()
        opened, numbers = comparison.rules_opened if self._moved else (), Numbers(comparison)
        self._rules = {opening: numbers.new(rule.id) for rule in opened for opening in rule.openings()}

    def __bool__(self) -> bool:
        """Whether there is such a rule."""
        return any(opening in self._moved for rule in self._closed for opening in rule.openings())

    def say(self, rule: Rule) -> str:
        """By which rules a rule to be closed goes on, without a full stop: "as APP-VD-20 now"; empty where by none."""
        openings = list(rule.openings()) if self._moved else []
        stay = [opening for opening in openings if opening in self._moved]
        if not stay:
            return ""
        rules = [*dict.fromkeys(self._rules[opening] for opening in stay if opening in self._rules)]
        ways = (
            f"as {several(rules)}" if rules else "",
            "within a zone" if any(opening not in self._rules for opening in stay) else "",
        )
        part = "" if len(stay) == len(openings) else "in part, "
        return f"{part}{' and '.join(filter(None, ways))} now"

    def mark(self, rule: Rule) -> str:
        """The mark with it, for a cell of text: "Still needed: as APP-VD-20 now."; empty where it isn't."""
        said = self.say(rule)
        return f"{STILL_NEEDED}: {said}." if said else ""
