"""What a report's page knows of the past, and which of its rows it marks by that."""

from dataclasses import dataclass

from planner.engine.compare import Comparison
from planner.store.models import Revision
from planner.web.views.keeper import NO_KEEPER, Keeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What the page knows of the past: the last change, and what differs from the revision of the filter."""

    revision: Revision | None = None
    """The newest revision; None while the plan is as it was first stored."""
    last: Comparison | None = None
    since: Comparison | None = None
    keeper: Keeper = NO_KEEPER
    """The states of the rules."""

    @property
    def shown(self) -> Comparison | None:
        """What rows are marked by."""
        return self.since or self.last


def mark_rules(compared: Comparison | None) -> dict[str, str]:
    """By number of the rule: "new" when all of it has to be opened, "more" when some has, else "changed"."""
    if not compared:
        return {}
    opened = {opening for rule in compared.rules_opened for opening in rule.openings()}
    changed = {opening for rule in compared.rules_changed for opening in rule.openings()}
    marks = {}
    for rule in compared.after.rules:
        openings = set(rule.openings())
        if openings & opened:
            marks[rule.id] = "new" if openings <= opened else "more"
        elif openings & changed:
            marks[rule.id] = "changed"
    return marks
