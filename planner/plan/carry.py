"""A document that was written under another edition, with the names that the rows of the matrix have here. Pure.

Which fields hold slugs of the matrix, and of which kind of row, is said in the table of fields. Names that no edition
ties to one of here stay, and reading the document says what is wrong with them.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

from planner.plan.faults import Fault, PlanError, say_where, shown
from planner.plan.fields import PARTS, PLAN
from planner.plan.reading import Reader
from planner.plan.syntax import Path
from ports.matrix import Choice, Matrix
from ports.text import many

BOTH_NAMES = "both-names"
"""The code of the fault of a document that has an old name and a new one."""
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A name of a document that is another one in the matrix."""

    kind: str
    """That of the row: "service"; "choice/esxi" for an option of that choice, by its name here."""
    old: str
    new: str

    def __str__(self) -> str:
        of, _, choice = self.kind.partition("/")
        what = f"option of {choice}" if choice else of
        return f"{what} {shown(self.old)[1:-1]} → {self.new}"


def carry(document: object, matrix: Matrix) -> tuple[Any, tuple[Carried, ...]]:
    """The document with the names of the matrix, and what of it is called otherwise there, each name once.

    The document is of any shape, and stays as it is; what comes back is the same object where nothing is renamed.
    Raises PlanError where a row goes by two names in it, since they may have been meant for two.
    """
    if not matrix.renames or not isinstance(document, dict):
        return document, ()
    walk = _Walk(matrix)
    carried = walk.carry_part(PLAN, document, ())
    faults = list(walk.find_faults())
    if faults:
        raise PlanError(faults)
    return (carried, tuple(walk.carried)) if walk.carried else (document, ())


def say_carried(carried: Iterable[Carried]) -> str:
    """What was carried over, in a clause: "2 names follow: service web → website, role a → b"; empty for nothing."""
    told = [str(one) for one in carried]
    if not told:
        return ""
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"{many(len(told), 'name follows', 'names follow')}: {', '.join(told[:_NAMED])}{more}"


class _Walk:
    """One way through a document, and what was met on it."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._maps: dict[str, dict[str, str]] = {}
        self._met: dict[tuple[str, str], dict[str, Path]] = {}
        self.carried: dict[Carried, None] = {}

    def carry_part(self, part: str, row: dict[str, Any], at: Path) -> dict[str, Any]:
        """A row of a part, or the plan itself."""
        made = copy(row)
        for entry in PARTS[part].fields:
            value = row.get(entry.key)
            here = (*at, entry.key)
            if entry.row and isinstance(value, list):
                made[entry.key] = [
                    self.carry_part(entry.key, one, (*here, number)) if isinstance(one, dict) else one
                    for number, one in enumerate(value)
                ]
            elif entry.reads.kind and value is not None:
                made[entry.key] = self._carry_value(entry.reads, value, here)
        return made

    def _carry_value(self, reads: Reader, value: Any, at: Path) -> Any:
        if isinstance(value, dict):
            made = copy(value)
            made.clear()
            for key, item in value.items():
                new = self._name(reads.kind, key, (*at, key))
                inner = f"{reads.kind}/{new}"
                made[new] = self._carry_names(inner, item, (*at, key)) if reads.kind == Choice.KIND else item
            return made
        return self._carry_names(reads.kind, value, at)

    def _carry_names(self, kind: str, value: Any, at: Path) -> Any:
        if isinstance(value, list):
            return [self._name(kind, one, (*at, number)) for number, one in enumerate(value)]
        return self._name(kind, value, at)

    def _name(self, kind: str, name: Any, at: Path) -> Any:
        """What a name is here; what is no text is itself."""
        if not isinstance(name, str):
            return name
        if kind not in self._maps:
            self._maps[kind] = self._matrix.map_names(kind)
        new = self._maps[kind].get(name, name)
        self._met.setdefault((kind, new), {}).setdefault(str(name), at)
        if new != name:
            self.carried.setdefault(Carried(kind=kind, old=str(name), new=new))
        return new

    def find_faults(self) -> Iterator[Fault]:
        """A fault for each row that goes by several names."""
        for (_, new), names in self._met.items():
            for old, at in names.items():
                if old != new and len(names) > 1:
                    others = " and ".join(shown(name) for name in names if name != old)
                    sentence = (
                        f"{shown(old)} is called {shown(new)} in the edition {self._matrix.edition}, and the document "
                        f"has {others} as well; use {shown(new)} for both, or keep one of them."
                    )
                    yield Fault(say_where(at), sentence, BOTH_NAMES)
