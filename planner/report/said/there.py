"""What a firewall had of each rule, by a comparison that was kept: a few words beside the rule. Pure."""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from planner.engine.rules import Rule
from ports.text import cut, many, show_line

if TYPE_CHECKING:  # most reports have no comparison beside their rules, and comparing takes a while to import
    from planner.engine.existing.decide import State
    from planner.engine.existing.drift import Answer, FlowAnswer, Key

MOST_BY = 3
"""How many entries are named beside a rule."""
MOST_LETTERS = 120
"""How long the name of an entry is there."""


Standing = Literal["there", "partly there", "missing", "unknown", "not compared"]
STANDINGS: tuple[Standing, ...] = ("there", "partly there", "missing", "unknown", "not compared")


@dataclass(frozen=True, slots=True, kw_only=True)
class Had:
    """What a firewall had of one rule."""

    standing: Standing
    open: int
    """How many of the rule's flows were open whole."""
    flows: int
    """How many flows the rule has."""
    by: tuple[str, ...]
    """The entries that let the open ones through, each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """A comparison with a firewall that is shown beside the rules of a report."""

    device: str
    """What the firewall is called."""
    day: datetime.date
    revision: int
    """Of the plan, when it was compared."""
    flows: "Mapping[Key, FlowAnswer]"
    whole_icmp: bool = False
    """Whether its entries can't tell messages of ICMP apart."""

    @classmethod
    def of(
        cls, answer: "Answer", *, device: str, day: datetime.date, revision: int, whole_icmp: bool = False
    ) -> "There":
        """The same of an answer under the names of now."""
        flows = {one.key: one for one in answer.flows}
        return cls(device=device, day=day, revision=revision, flows=flows, whole_icmp=whole_icmp)

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
        had = self.find(rule)
        if had.standing not in ("there", "partly there"):
            return had.standing
        names = "; ".join(cut(show_line(name), MOST_LETTERS) for name in had.by[:MOST_BY])
        more = f" and {len(had.by) - MOST_BY:,} more" if len(had.by) > MOST_BY else ""
        count = f", {had.open:,} of {many(had.flows, 'flow')} open" if had.standing == "partly there" else ""
        echo = any(one.protocol == "icmp" for one in rule.services)
        whole = "; its rules have no types of ICMP, so more than the echo is open" if self.whole_icmp and echo else ""
        return f"{had.standing}{count}" + (f" ({names}{more})" if names else "") + whole

    def find(self, rule: Rule) -> Had:
        """The same, to be counted and sorted by."""
        found = list(self._find(rule))
        by = dict.fromkeys(name for one in found if one and one.state == "open" for name in one.by)
        counted = Counter(one.state if one else None for one in found)
        return Had(standing=_sum_up(counted), open=counted["open"], flows=len(found), by=tuple(by))

    def describe(self) -> dict[str, Any]:
        """What was compared, as plain data: `firewall`, `date`, `revision`."""
        return {"firewall": self.device, "date": self.day.isoformat(), "revision": self.revision}

    def describe_rule(self, rule: Rule) -> dict[str, Any]:
        """What the firewall had of a rule, as plain data; every entry by its whole name."""
        had = self.find(rule)
        return {"state": had.standing, "open": had.open, "flows": had.flows, "by": list(had.by)}

    def _find(self, rule: Rule) -> "Iterator[FlowAnswer | None]":
        for source, destination, protocol, ports in rule.openings():
            yield self.flows.get((source, destination, protocol, ports or ""))


def _sum_up(counted: "Mapping[State | None, int]") -> Standing:
    """One word for the states of a rule's flows, each counted; None is a flow that the comparison didn't have."""
    total = sum(counted.values())
    if counted.get(None) == total:
        return "not compared"
    if counted.get("open") == total:
        return "there"
    if counted.get("closed", 0) + counted.get(None, 0) == total:
        return "missing"
    return "partly there" if counted.get("open") or counted.get("partly") else "unknown"
