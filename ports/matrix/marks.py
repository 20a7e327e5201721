"""What a field of a row has to be, beside its type: marks in `Annotated[…]` that reading, schema and forms go by.

Pydantic heeds them when a matrix is read. Its context is `TYPES` where types alone are looked at, and the `Known` rows
where it is what the values say, too.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ports.matrix.vocabulary import ICONS, SEVERITIES, ZONE_KINDS, listed, read_port_list, read_ports

SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
NUMBER = re.compile(r"[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*")
PARAGRAPH = object()
"""Marks a text of several lines; others have one."""
LATER = object()
"""Marks a field that matrices of before don't have: while it is blank, it is no part of their digest."""


class Known(Protocol):
    """What a mark may ask of the rows that are read."""

    def has(self, kind: str, name: str) -> bool:
        """Whether there is a row of that kind with that name."""


class Types:
    """The context in which types alone are looked at."""


TYPES = Types()


def fault(sentence: str) -> PydanticCustomError:
    """What is wrong with a value, as pydantic collects it with its place."""
    return PydanticCustomError("fault", "{sentence}", {"sentence": sentence})


def wrong_type() -> PydanticCustomError:
    """A value whose type is wrong; the place and the type are said by who reads."""
    return PydanticCustomError("wrong_type", "wrong type")


class Text(ABC):
    """A text for which `find_fault` has a sentence when it is none of what the mark asks for."""

    __slots__ = ()

    @property
    @abstractmethod
    def words(self) -> str:
        """What it is, for the documentation."""

    @property
    def schema(self) -> Mapping[str, Any]:
        """What JSON Schema can say about it."""
        return {}

    @abstractmethod
    def find_fault(self, text: str, known: Known) -> str | None:
        """The rest of a sentence that begins with the row, or None when the text is right."""

    def normalise(self, text: str) -> str:
        """The text as code sees it."""
        return text

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read a text, of whatever values the type speaks; then ask for its fault."""
        return core_schema.with_info_after_validator_function(self._check, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Text, with what the mark knows."""
        return {**handler(schema), **self.schema}

    def _check(self, text: str, info: ValidationInfo) -> str:
        if info.context is None or info.context is TYPES:
            return text
        sentence = self.find_fault(text, info.context)
        if sentence is not None:
            raise fault(sentence)
        return self.normalise(text)


@dataclass(frozen=True, slots=True)
class Pattern(Text):
    """A text of a certain form. `noun` and `form` end the sentence "is no slug (lower-case letters …)"."""

    pattern: re.Pattern[str]
    noun: str
    form: str

    @property
    def words(self) -> str:
        """What it is."""
        return self.noun

    @property
    def schema(self) -> Mapping[str, Any]:
        """The form as a pattern."""
        return {"pattern": f"^{self.pattern.pattern}$"}

    def find_fault(self, text: str, known: Known) -> str | None:
        """Say what the form is."""
        return None if self.pattern.fullmatch(text) else f"'{text}' is no {self.noun} {self.form}."


@dataclass(frozen=True, slots=True)
class OneOf(Text):
    """One of a few words, or none where `or_blank`. `noun` says what they are, as in "is no kind of zone"."""

    values: tuple[str, ...]
    noun: str
    or_blank: bool = False

    @property
    def words(self) -> str:
        """The values."""
        return f"{', '.join(f'`{value}`' for value in self.values[:-1])} or `{self.values[-1]}`"

    @property
    def schema(self) -> Mapping[str, Any]:
        """The values."""
        return {"enum": ["", *self.values] if self.or_blank else list(self.values)}

    def find_fault(self, text: str, known: Known) -> str | None:
        """Say which words there are."""
        if text in self.values or (self.or_blank and not text):
            return None
        return f"'{text}' is no {self.noun}; allowed are {listed(self.values)}."


@dataclass(frozen=True, slots=True)
class Names(Text):
    """The name of a row of some kind, which must be there.

    `blank_is_said`: an empty text is left to the row, which has a better sentence for it.
    """

    kind: str
    blank_is_said: bool = False

    @property
    def words(self) -> str:
        """What is named."""
        name = "number" if self.kind == "section" else "slug"
        return f"{name} of {'an' if self.kind[0] in 'aeiou' else 'a'} {self.kind}"

    def find_fault(self, text: str, known: Known) -> str | None:
        """Say that there is none."""
        if known.has(self.kind, text) or (self.blank_is_said and not text):
            return None
        return f"there is no {self.kind} '{text}'."


class PortRange(Text):
    """A port or a range of ports, as `read_ports` reads it."""

    __slots__ = ()

    @property
    def words(self) -> str:
        """What it is."""
        return "port or range"

    @property
    def schema(self) -> Mapping[str, Any]:
        """What it looks like; which numbers there are is more than a pattern can say."""
        return {"pattern": "^[0-9]+(-[0-9]+)?$"}

    def find_fault(self, text: str, known: Known) -> str | None:
        """Say what is wrong with the port."""
        try:
            read_ports(text)
        except ValueError as error:
            return f"the port '{text}' {error}."
        return None

    def normalise(self, text: str) -> str:
        """Without leading zeros."""
        return read_ports(text)


class PortList(PortRange):
    """One or several ports or ranges, as `read_port_list` reads them."""

    __slots__ = ()

    @property
    def words(self) -> str:
        """What it is."""
        return "ports or ranges, separated by commas"

    @property
    def schema(self) -> Mapping[str, Any]:
        """What it looks like."""
        return {"pattern": "^ *[0-9]+(-[0-9]+)?( *, *[0-9]+(-[0-9]+)?)* *$"}

    def find_fault(self, text: str, known: Known) -> str | None:
        """Say what is wrong with the first port that is none."""
        return next(filter(None, (super(PortList, self).find_fault(p.strip(), known) for p in text.split(","))), None)

    def normalise(self, text: str) -> str:
        """In order, without leading zeros."""
        return read_port_list(text)


@dataclass(frozen=True, slots=True)
class Blank:
    """A field that is None in code when the file has `value`, an empty text or mapping, or leaves it out."""

    value: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read what is blank as None; null itself is no way to say so."""
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What is blank instead of null."""
        blank = {"const": ""} if self.value == "" else {"type": "object", "maxProperties": 0}
        return {"anyOf": [*_without_null(handler(schema)), blank]}

    def _read(self, value: Any) -> Any:
        if value is None:
            raise wrong_type()
        return None if value == self.value else value


class Absent:
    """A field that is None in code when the file leaves it out."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Refuse null."""
        return core_schema.no_info_before_validator_function(self._read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """No null."""
        (found,) = _without_null(handler(schema))
        return found

    def _read(self, value: Any) -> Any:
        if value is None:
            raise wrong_type()
        return value


def _without_null(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [found for found in schema.get("anyOf", [schema]) if found != {"type": "null"}]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A mapping in the file that is a tuple of pairs in code; `sort` orders them by their keys."""

    sort: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read a mapping."""
        key, value = get_args(get_args(source)[0])
        mapping = core_schema.dict_schema(handler.generate_schema(key), handler.generate_schema(value))
        return core_schema.no_info_after_validator_function(self._list, mapping)

    def _list(self, mapping: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
        return tuple(sorted(mapping.items()) if self.sort else mapping.items())


class OneOrMany:
    """A text, or a list of texts."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read either by what it looks like, so that a fault is one and not two."""
        text, texts = (handler.generate_schema(kind) for kind in get_args(source))
        return core_schema.tagged_union_schema(
            {"<one>": text, "<many>": texts},
            discriminator=lambda value: "<many>" if isinstance(value, list) else "<one>",
        )


class Shapes:
    """A mapping that has one of a few sets of keys, of which each may be a class of its own.

    `lead` begins the sentence for one that has none of them: "a condition is".
    """

    def __init__(self, lead: str, *shapes: tuple[str, ...]) -> None:
        self.lead = lead
        self.shapes = shapes

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read it as the class whose fields it has; a single class has all the shapes."""
        classes = get_args(source)
        if classes:
            by_shape = {frozenset(kind.__dataclass_fields__): kind for kind in classes}
            choices = {
                f"<{listed(shape)}>": handler.generate_schema(by_shape[frozenset(shape)]) for shape in self.shapes
            }
            inner: CoreSchema = core_schema.tagged_union_schema(choices, discriminator=self._tag)
        else:
            inner = handler(source)
        return core_schema.no_info_before_validator_function(self._check, inner)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What is read, and which keys go together."""
        keys = {key for shape in self.shapes for key in shape}
        found = handler(schema)
        if "oneOf" in found:
            return {"oneOf": found["oneOf"]}
        together = [
            {"required": list(shape), "properties": dict.fromkeys(sorted(keys - set(shape)), False)}
            for shape in self.shapes
        ]
        return {"allOf": [found], "anyOf": together}

    def _check(self, value: Any) -> Any:
        if isinstance(value, dict) and set(value) not in map(set, self.shapes):
            allowed = " or ".join(f"{{{listed(shape)}}}" for shape in self.shapes)
            sentence = f"{self.lead} {allowed}, not {{{listed(sorted(map(str, value)))}}}."
            raise PydanticCustomError("shape", "{sentence}", {"sentence": sentence})
        return value

    def _tag(self, value: Any) -> str | None:
        keys = set(value) if isinstance(value, dict) else set()
        return next((f"<{listed(shape)}>" for shape in self.shapes if set(shape) == keys), None)


SLUG_OF_ROW = Pattern(SLUG, "slug", "(lower-case letters, digits and hyphens)")
NUMBER_OF_SECTION = Pattern(NUMBER, "section number", "such as 3, 3.1 or a")
KIND_OF_ZONE = OneOf(ZONE_KINDS, "kind of zone")
WEB_ADDRESS = Pattern(
    re.compile(r"https?://[^/\s<>\"]+(?:/[^\s<>\"]*)?"), "address", "such as https://example.com/ports"
)
SHA256 = Pattern(re.compile("[0-9a-f]{64}"), "SHA-256", "(64 of 0-9 and a-f)")
SEVERITY = OneOf(SEVERITIES, "severity")
ICON = OneOf(ICONS, "icon", or_blank=True)
BLANK_TEXT = Blank("")
BLANK_FACTS = Blank({})
ABSENT = Absent()
