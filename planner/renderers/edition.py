"""What a report says about itself beyond its content."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The date of a report, and the revision of the plan if it is stored."""

    date: date
    revision: int | None = None
