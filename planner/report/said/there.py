"""What a firewall had of each rule, by a comparison that was kept: a few words beside the rule. Pure."""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.engine.rules import Rule
from ports.text import cut, many, show_line

if TYPE_CHECKING:  # most reports have no comparison beside their rules, and comparing takes a while to import
    from planner.engine.existing.drift import Answer, FlowAnswer, Key

MOST_BY = 3
"""How many entries are named beside a rule."""
MOST_LETTERS = 120
"""How long the name of an entry is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """A comparison with a firewall that is shown beside the rules of a report."""

    device: str
    """What the firewall is called."""
    day: datetime.date
    revision: int
    """Of the plan, when it was compared."""
    flows: "Mapping[Key, FlowAnswer]"

    @classmethod
    def of(cls, answer: "Answer", *, device: str, day: datetime.date, revision: int) -> "There":
        """The same of an answer under the names of now."""
        return cls(device=device, day=day, revision=revision, flows={one.key: one for one in answer.flows})

    @property
    def title(self) -> str:
        """What a column of it is called: On FW-HQ."""
        return f"On {cut(show_line(self.device), 60)}"

    def __str__(self) -> str:
        """Of what it is, in a sentence."""
        return (
            f"Beside each rule stands what {cut(show_line(self.device), 60)} had of it, as compared on "
            f"{self.day.isoformat()} at revision {self.revision}."
        )

    def say(self, rule: Rule) -> str:
        """There, partly there, missing or unknown, and by which entries."""
        found = list(self._find(rule))
        counted = Counter(one.state if one else None for one in found)
        total = len(found)
        if counted[None] == total:
            return "not compared"
        by = dict.fromkeys(name for one in found if one and one.state == "open" for name in one.by)
        names = "; ".join(cut(show_line(name), MOST_LETTERS) for name in list(by)[:MOST_BY])
        more = f" and {len(by) - MOST_BY:,} more" if len(by) > MOST_BY else ""
        said = f" ({names}{more})" if names else ""
        if counted["open"] == total:
            return f"there{said}"
        if counted["closed"] + counted[None] == total:
            return "missing"
        if counted["open"] or counted["partly"]:
            return f"partly there, {counted['open']:,} of {many(total, 'flow')} open{said}"
        return "unknown"

    def _find(self, rule: Rule) -> "Iterator[FlowAnswer | None]":
        for source, destination, protocol, ports in rule.openings():
            yield self.flows.get((source, destination, protocol, ports or ""))
