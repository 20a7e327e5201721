"""What is wrong with a document: where, a code that programs go by, and a sentence for people."""

from collections.abc import Iterable
from dataclasses import dataclass

from planner.plan.syntax import Null, Path

NAME_TAKEN = "name-taken"
"""Two rows of one list have the same name."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a document: its place, and a sentence with what was found and what is allowed."""

    where: str
    message: str
    code: str = "invalid"
    """What kind of fault it is. The sentence may change, the code doesn't."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class PlanError(ValueError):
    """The document is no plan. `faults` has everything that is wrong with it, in the document's order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))

    @property
    def brief(self) -> tuple[str, ...]:
        """What the first three say, without their places and each once: for people who see what they tried."""
        return tuple(dict.fromkeys(fault.message for fault in self.faults[:3]))


def shown(value: object) -> str:
    """What was found, short and harmless: unprintable characters escaped, long values cut."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, Null):
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ascii(value[:80]) if isinstance(value, str) and not value[:80].isprintable() else repr(value)
    return text if len(text) <= 80 else text[:78] + "…"


def say_where(path: Path) -> str:
    """endpoints[3].zone for ("endpoints", 3, "zone")."""
    where = ""
    for part in path:
        where = say_within(where, part)
    return where or "document"


def say_within(where: str, part: str | int) -> str:
    """`say_where` of an item or a key within a place; the document itself is an empty text."""
    if isinstance(part, int):
        return f"{where}[{part}]"
    name = part if part.isprintable() and len(part) <= 60 else shown(part)
    return f"{where}.{name}" if where else name
