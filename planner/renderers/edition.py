"""What a report says about itself beyond its content."""

from dataclasses import dataclass
from datetime import date

from planner.engine.compare import Comparison
from planner.filters import Selection


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
