"""What a kind of row is: a frozen dataclass that pydantic reads, and the list of kinds that everything else follows.

A kind is declared once, with `@row("kind")`, in the module of its subject. From its fields follow how a fixture is
read and what is wrong with it (`reading`), the fixture's JSON Schema (`schema`), the tables of docs/matrix-format.md
(`reference`), the table in the database (`ports.models`) and what can be amended (`amendments`). What a mapping inside
a row holds is declared in the same way, with `@part("a zone")`.

The classes are the standard library's dataclasses: they have slots, which pydantic's own models don't, and pydantic
takes its time only where a matrix is read.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from itertools import pairwise
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo

from ports.matrix.marks import LATER, PARAGRAPH, Absent, Blank, OneOf, Pairs, Text


class Part:
    """What a mapping inside a row holds."""

    __slots__ = ()

    NOUN: ClassVar[str] = ""
    """What it is called in sentences: "a zone"."""
    LABEL: ClassVar[tuple[str, str] | None] = None
    """Where sentences name it within its row: the word and the field that has its name, as in "option 'yes'"."""


class Row:
    """A row of a matrix."""

    __slots__ = ()

    KIND: ClassVar[str] = ""
    KEY: ClassVar[str] = "slug"
    """The field that names it within its matrix."""
    LATER: ClassVar[bool] = False
    """Whether matrices of before don't have such rows: while there are none, the kind is no part of their digest."""

    def find_faults(self, where: str, rows: "Rows") -> Iterator[str]:
        """What no single field can tell, in sentences that begin with `where`; none unless a kind says otherwise.

        The row's own values may be anything of their types here: what a mark asks for is told beside this.
        """
        return iter(())


KINDS: dict[str, type[Row]] = {}
"""Every kind of row by its name in a fixture, in the order in which faults are told."""
PARTS: dict[str, type[Part]] = {}
"""Everything that a mapping inside a row can hold, by the name of its class."""


def _make(facts: type[Any]) -> type[Any]:
    made = dataclass(frozen=True, slots=True, kw_only=True)(facts)
    made.__pydantic_config__ = ConfigDict(extra="forbid")
    return made


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def row[R: type[Row]](kind: str, *, key: str = "slug", later: bool = False) -> Callable[[R], R]:
    """Declare a kind of row: its name in fixtures, and the field by which others name it."""

    def declare(facts: R) -> R:
        made: Any = _make(facts)
        made.KIND, made.KEY, made.LATER = kind, key, later
        KINDS[kind] = made
        return cast(R, made)

    return declare


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def part[P: type[Part]](noun: str, *, label: tuple[str, str] | None = None) -> Callable[[P], P]:
    """Declare what a mapping inside a row holds, and what it is called in sentences."""

    def declare(facts: P) -> P:
        made: Any = _make(facts)
        made.NOUN, made.LABEL = noun, label
        PARTS[made.__name__] = made
        return cast(P, made)

    return declare


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """A field of a row or a part, as its type declares it."""

    name: str
    """As a fixture has it."""
    attribute: str
    """As code has it."""
    store: Literal["text", "flag", "list", "facts"]
    """What JSON it is: text, true or false, a list, a mapping."""
    required: bool
    blank: Any
    """What it is when it is left out, as a fixture would have it; None for one that must not be."""
    nullable: bool = False
    """Whether null is a value of its own."""
    several_lines: bool = False
    later: bool = False
    text: Text | None = None
    """What texts in it have to be: the field's own, those in its list, or those that its mapping leads to."""
    keys: Text | None = None
    """For a mapping with keys of its own: what they have to be."""
    parts: tuple[type[Part], ...] = ()
    """What mappings in it hold: the field's own, or those in its list. One of them, if there are several."""

    @property
    def allowed(self) -> tuple[str, ...]:
        """The words that a text may be, if there are only a few."""
        return self.text.values if isinstance(self.text, OneOf) else ()


_FACETS: dict[type[Row | Part], tuple[Facet, ...]] = {}
_ADAPTERS: dict[type[Row], TypeAdapter[Any]] = {}


def facets(facts: type[Row | Part]) -> tuple[Facet, ...]:
    """The fields of a kind or a part, in their order."""
    if facts not in _FACETS:
        _FACETS[facts] = tuple(_find_facets(facts))
    return _FACETS[facts]


def field_names(facts: type[Row | Part]) -> tuple[str, ...]:
    """The names of its fields, as a fixture has them."""
    return tuple(facet.name for facet in facets(facts))


def find_facet(facts: type[Row | Part], name: str) -> Facet | None:
    """The field of that name in a fixture."""
    return next((facet for facet in facets(facts) if facet.name == name), None)


def adapter[R: Row](facts: type[R]) -> TypeAdapter[R]:
    """What reads rows of this kind."""
    if facts not in _ADAPTERS:
        _ADAPTERS[facts] = TypeAdapter(facts)
    return _ADAPTERS[facts]


class Rows:
    """The rows of a matrix that is being read, by kind: what they name can be asked for."""

    def __init__(self, tables: Mapping[str, Sequence[Row]]) -> None:
        self.tables: Mapping[str, tuple[Row, ...]] = {kind: tuple(table) for kind, table in tables.items()}
        self._by_name = {
            kind: {getattr(found, found.KEY): found for found in table} for kind, table in self.tables.items()
        }

    def of[R: Row](self, facts: type[R]) -> tuple[R, ...]:
        """All rows of a kind, in their order."""
        return self.tables.get(facts.KIND, ())  # type: ignore[return-value]

    def has(self, kind: str, name: str) -> bool:
        """Whether there is a row of that kind with that name."""
        return name in self._by_name.get(kind, ())

    def find[R: Row](self, facts: type[R], name: str) -> R | None:
        """The row of that kind with that name."""
        return self._by_name.get(facts.KIND, {}).get(name)  # type: ignore[return-value]


def describe_fields(facts: type[Row | Part]) -> dict[str, str]:
    """What the docstrings under the fields say of them, those of the class that it was made from included.

    Takes from attribute to text. Reads the source, so it is for documentation and forms.
    """
    described: dict[str, str] = {}
    for made in reversed(facts.__mro__):
        if issubclass(made, Row | Part) and made not in (Row, Part):
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(made))).body
            for line, below in pairwise(cast(ast.ClassDef, tree).body):
                match line, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        described[name] = " ".join(text.split())
    return described


def _find_facets(facts: type[Row | Part]) -> Iterator[Facet]:
    hints = get_type_hints(facts, include_extras=True)
    for declared in fields(cast(Any, facts)):
        if declared.init:
            yield _facet(declared, hints[declared.name])


def _facet(declared: Field[Any], hint: Any) -> Facet:
    held, marks, nullable = _peel(hint)
    blank = next((mark.value for mark in marks if isinstance(mark, Blank)), None)
    text = keys = _find_text(marks)
    store: Literal["text", "flag", "list", "facts"] = "text"
    if held is bool:
        store, blank = "flag", declared.default is True
    elif get_origin(held) is tuple and any(isinstance(mark, Pairs) for mark in marks):
        store, blank = "facts", {}
        key, value = get_args(get_args(held)[0])
        keys, (held, inner, _) = _find_text(_peel(key)[1]), _peel(value)
        text = _find_text(inner)
    elif get_origin(held) is tuple:
        store, blank = "list", None if nullable else []
        held, inner, _ = _peel(get_args(held)[0])
        text = _find_text(inner)
    elif _find_parts(held):
        store, blank = "facts", {}
    elif blank is None and not nullable:
        blank = declared.default if isinstance(declared.default, str) else ""
    return Facet(
        name=next((str(mark.validation_alias) for mark in marks if isinstance(mark, FieldInfo)), declared.name),
        attribute=declared.name,
        store=store,
        required=declared.default is MISSING and declared.default_factory is MISSING,
        blank=blank,
        nullable=nullable and not any(isinstance(mark, Blank | Absent) for mark in marks),
        several_lines=PARAGRAPH in marks,
        later=LATER in marks,
        text=text,
        keys=keys if store == "facts" else None,
        parts=_find_parts(held),
    )


def _find_text(marks: Iterable[object]) -> Text | None:
    return next((mark for mark in marks if isinstance(mark, Text)), None)


def _find_parts(held: Any) -> tuple[type[Part], ...]:
    kinds = get_args(held) or (held,)
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Part))


def _peel(hint: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """A type without its marks and without None, the marks, and whether it may be None."""
    marks: tuple[Any, ...] = ()
    nullable = False
    while True:
        if get_origin(hint) is Annotated:
            marks, hint = (*marks, *hint.__metadata__), hint.__origin__
        elif get_origin(hint) in (Union, UnionType) and type(None) in get_args(hint):
            nullable = True
            (hint,) = (found for found in get_args(hint) if found is not type(None))
        else:
            return hint, marks, nullable
