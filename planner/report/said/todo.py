"""What is still to be done to a plan, from its report alone: what is wrong, what is undecided, which addresses lack.

It stands at the head of a plan until it is empty, in the order in which it is best done: what makes others go away
comes first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from planner.engine import Report
from planner.engine.findings import Finding
from ports.text import many

Kind = Literal["error", "use", "choice", "caveat", "address", "firewall"]
"""What is wrong, what nobody uses, an undecided choice, an unanswered caveat, missing addresses, no firewall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do: a finding that waits for somebody."""

    kind: Kind
    finding: Finding
    words: str
    """What is to be done or answered, as a line."""

    @property
    def key(self) -> str:
        """What tells it from the others, for as long as it isn't done."""
        return f"{self.finding.code}-{self.finding.subject or ''}".rstrip("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """All that is to be done to a plan, and how far it has come."""

    tasks: tuple[Task, ...]
    addressed: int
    """How many of the endpoints that need an address have one."""
    addressable: int
    """How many endpoints need one: those of rules."""
    answered: int
    """How many of the questions that the plan raises have been answered."""
    open: int
    """How many of them haven't."""

    @property
    def errors(self) -> int:
        """How much is wrong."""
        return sum(1 for task in self.tasks if task.kind == "error")

    @property
    def done(self) -> int:
        """How many steps are behind one."""
        return self.addressed + self.answered

    @property
    def total(self) -> int:
        """How many steps there are, those to be done with those behind."""
        others = sum(1 for task in self.tasks if task.kind in ("error", "use", "firewall"))
        return self.addressable + self.answered + self.open + others

    @property
    def progress(self) -> str:
        """How far the plan is, in words: 9 of 21 addresses · 3 decisions · 1 error."""
        parts = []
        if self.addressable:
            parts.append(f"{self.addressed:,} of {many(self.addressable, 'address', 'addresses')}")
        if self.open:
            parts.append(many(self.open, "decision"))
        if self.errors:
            parts.append(many(self.errors, "error"))
        return " · ".join(parts)


def list_todo(report: Report) -> Todo:
    """What is to be done to the plan of a report; nothing for one that is too large to be evaluated. Linear."""
    tasks = [
        Task(kind=kind, finding=finding, words=_say(kind, finding, report))
        for finding in report.findings
        if (kind := _find_kind(finding)) is not None
    ]
    ends = {end.name: end for rule in report.rules for end in (*rule.sources, *rule.destinations)}
    undecided = {decision.choice.slug for decision in report.decisions}
    decided = [
        slug
        for slug, choice in report.matrix.choices.items()
        if choice.default is None and slug in report.plan.choices and slug not in undecided
    ]
    return Todo(
        tasks=tuple(sorted(tasks, key=_order)),
        addressed=sum(1 for end in ends.values() if end.addresses),
        addressable=len(ends),
        answered=len(decided) + sum(1 for state in report.caveats if state.answer),
        open=len(report.decisions) + len(report.questions),
    )


_CODES: dict[str, Kind] = {
    "address-missing": "address",
    "caveat": "caveat",
    "choice-undecided": "choice",
    "no-firewall": "firewall",
    "nobody-uses": "use",
}
"""The findings beside errors that somebody has to do something about. Other warnings may be meant as they are."""
_KINDS: tuple[Kind, ...] = ("error", "use", "choice", "caveat", "address", "firewall")
"""In the order in which they are best done."""


def _find_kind(finding: Finding) -> Kind | None:
    if finding.severity == "error":
        return "error"
    kind = _CODES.get(finding.code)
    return None if finding.severity == "info" else kind


def _order(task: Task) -> tuple[int, bool]:
    """Errors in addresses after those in what there is: the endpoint may go. The rest stays as found."""
    return _KINDS.index(task.kind), task.finding.code.startswith("address")


_SAYS: dict[Kind, Callable[[Finding, Report], str]] = {
    "address": lambda finding, _: f"{many(len(finding.endpoints), 'endpoint')} {_have(finding)} no address",
    "choice": lambda finding, report: report.matrix.choices[finding.subject or ""].question,
}


def _have(finding: Finding) -> str:
    return "has" if len(finding.endpoints) == 1 else "have"


def _say(kind: Kind, finding: Finding, report: Report) -> str:
    say = _SAYS.get(kind)
    return say(finding, report) if say else finding.title
