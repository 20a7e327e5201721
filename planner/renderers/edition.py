"""What a report says about itself beyond its content."""

from dataclasses import dataclass
from datetime import date

from planner.engine.compare import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The filter that an export was made with, and how much it let through."""

    fields: tuple[tuple[str, str], ...]
    """Names and values, for readers: ("Port", "443")."""
    rules: int
    all_rules: int

    @property
    def sentence(self) -> str:
        """Port: 443; 3 of 27 rules."""
        return "; ".join((*(f"{name}: {value}" for name, value in self.fields), self.count))

    @property
    def count(self) -> str:
        """3 of 27 rules."""
        return f"{self.rules:,} of {self.all_rules:,} rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The date of a report, the revision of the plan if it is stored, and what the report was made with."""

    date: date
    revision: int | None = None
    selection: Selection | None = None
    """None: the whole report."""
    since: Comparison | None = None
    """What differs from an earlier revision."""
    since_revision: int | None = None
