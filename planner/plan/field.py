"""What is to be known of a field of a plan, and of the rows that have fields. Pure.

`planner.plan.fields` has the table of them.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, Literal

from planner.plan.reading import Reader
from planner.plan.references import Check
from ports.matrix import Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the document. A fact that is left out doesn't apply to it."""

    reads: Reader
    """What values it takes."""
    key: str = ""
    """How documents call it; the attribute's own name where an entry doesn't say another."""
    attribute: str = ""
    needed: bool = True
    """Whether a document must have it."""
    default: Any = None
    """What it is where a document doesn't have it."""
    merges: Literal["whole", "keys", "members", "rows"] = "whole"
    """What of it two people may change at the same time: only one of them all, or each another key, member or row."""
    row: type | None = None
    """Of a list of rows: the class of one."""
    names: Literal["", "zones", "endpoints", "sides"] = ""
    """Whose names it holds; "sides": one, of a zone or an endpoint, in a mapping that says which. Renames change them.
    When what is named is deleted, a list loses the name; a row that holds just that name in a field is deleted."""
    rests_on: str = ""
    """A field of what is named that decides whether it may be: `roles` say who can manage others."""
    check: Check | None = None
    """What else of the document it must agree with."""
    said: tuple[str, str] | None = None
    """In summaries: what one and several of its values are called; of a flag, what on and off mean."""
    lost: tuple[str, str] | None = None
    """How a loss of one of its values begins; of a flag: of on and of off."""
    title: str = ""
    """What forms call it."""
    widget: Literal["", "name", "zone", "kind", "lines", "text", "flag", "boxes", "names", "choices", "ports"] = ""
    """How the editor shows it."""
    help: str = ""
    """What the form says about it."""
    column: str = ""
    """What a table of endpoints has in its column of this name."""
    doc: str = ""
    """What the JSON Schema says about it, which editors show; `column` where that says it."""
    example: Any = None
    """A value in a document; None where one follows from its reader."""
    copied: bool = True
    """Whether a copy of the row has it too."""

    @property
    def description(self) -> str:
        """What it is, in a sentence or two."""
        return self.doc or self.column

    def find_example(self, matrix: Matrix) -> Any:
        """A value that a document may have there under this matrix; None where nothing says one."""
        if self.example is not None:
            return self.example
        if self.reads.example:
            return self.reads.example(matrix)
        if self.reads.shape == "flag":
            return not self.default
        options = list(self.reads.options(matrix)) if self.reads.options else []
        return options[:2] if self.reads.shape == "list" else next(iter(options), None)

    @property
    def needs_one(self) -> bool:
        """Whether a row can't be without the one that it names here."""
        return self.needed and (self.names == "sides" or (bool(self.names) and self.reads.shape == "text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A kind of row, or the plan itself: its class, and its fields in the order of the format."""

    key: str
    value: type
    fields: tuple[Field, ...]
    by_key: Mapping[str, Field]

    @property
    def named(self) -> bool:
        """Whether its rows are known by their names; otherwise by all that they say."""
        return "name" in self.by_key

    @property
    def rows(self) -> tuple[Field, ...]:
        """The fields that are lists of rows."""
        return tuple(entry for entry in self.fields if entry.row)


def describe(reads: Reader, **facts: Any) -> Mapping[str, Field]:
    """The entry of an attribute, as its metadata: how it is read, and any other facts of a `Field`."""
    return {"entry": Field(reads=reads, **facts)}


def part_of(key: str, value: type) -> Part:
    """The part that a class describes by the entries of its attributes."""
    entries = []
    for attribute in fields(value):
        default = attribute.default if attribute.default_factory is MISSING else attribute.default_factory()
        entry: Field = attribute.metadata["entry"]
        needed = default is MISSING
        entry = replace(entry, key=entry.key or attribute.name, attribute=attribute.name, needed=needed)
        entries.append(entry if needed else replace(entry, default=default))
    return Part(key=key, value=value, fields=tuple(entries), by_key={entry.key: entry for entry in entries})
