"""How much of a configuration is read. Pure."""

from typing import Any

from planner.engine.existing.model import Unreadable
from planner.plan.limits import ENTRIES


class Count:
    """How many entries have been read so far, with groups put in; too many are refused before they are made."""

    def __init__(self) -> None:
        """Nothing has been read yet."""
        self.found = 0
        self.kept: dict[int, tuple[object, Any]] = {}
        """What was made of something that many entries name, by its id; it is kept as well, so that its id stays."""

    def take(self, more: int = 1) -> None:
        """So many more are about to be made. Raises Unreadable where they would be more than ENTRIES in all."""
        self.found += more
        if self.found > ENTRIES:
            raise Unreadable(
                f"At most {ENTRIES:,} entries are read, with what groups stand for put in, and this configuration has "
                "more. Take the part of it that stands between the zones of the plan."
            )
