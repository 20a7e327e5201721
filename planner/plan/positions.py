"""Where in its text each part of a plan document stands: lines and columns for whoever points at a place. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import yaml

from planner.plan.faults import say_within
from planner.plan.syntax import MAX_DEPTH, Syntax

_AT_KEYS = ("unknown-key", "repeated-key", "fixed-service")
"""The codes of faults that are about a key, and not about what stands beside it."""
_IN_TEXT = re.compile(r"line (\d+), column (\d+)")
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}\n]|[^\s\[\]{},:"]++')


class Position(NamedTuple):
    """A place in a text: line and column, both counted from 1, columns in characters."""

    line: int
    column: int


START = Position(1, 1)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value stands. `key`: where its key does; of an item of a list, the item."""

    key: Position
    value: Position


class _Token(NamedTuple):
    """What a value is made of: the begin of a mapping or list, the end of either, or a scalar with its text."""

    kind: Literal["mapping", "list", "end", "scalar"]
    text: str
    at: Position


class Positions:
    """Where each place of one document stands in its text. Made by `locate`."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}
        self._again: dict[str, _Place] = {}

    def add(self, where: str, place: _Place) -> None:
        """Note a place; one that comes again is a key that was written twice."""
        if where in self._places:
            self._again[where] = place
        else:
            self._places[where] = place

    def find(self, where: str, code: str = "") -> Position:
        """Line and column of a place as faults name it; `code` is that of the fault, if it is one.

        Of a place that isn't there, such as a key that is missing, it is what would hold it. A place that is itself a
        line and column stays that.
        """
        in_text = _IN_TEXT.fullmatch(where)
        if in_text:
            return Position(int(in_text[1]), int(in_text[2]))
        if code == "repeated-key" and where in self._again:
            return self._again[where].key
        at_key = code in _AT_KEYS
        while where:
            place = self._places.get(where)
            if place:
                return place.key if at_key else place.value
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
        return START


def locate(data: bytes, syntax: Syntax) -> Positions:
    """The positions of a document in JSON or YAML that `planner.plan.syntax.parse` reads.

    Of a mapping or list that has a key, the position is its key's: what it holds may begin on the next line. Of a
    text that can't be read there are no positions, and everything is at its start.
    """
    positions = Positions()
    try:
        text = data.decode("utf-8-sig")
        _walk(_read_json(text) if syntax == "json" else _read_yaml(text), positions)
    except (ValueError, LookupError, yaml.YAMLError):
        return Positions()
    return positions


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is open: where it is, and the key or the number of what comes next."""

    where: str
    is_list: bool
    number: int = 0
    key: tuple[str, Position] | None = None


def _walk(tokens: Iterator[_Token], positions: Positions) -> None:
    """Put each value at its place."""
    frames: list[_Frame] = []
    for token in tokens:
        if token.kind == "end":
            frames.pop()
            continue
        frame = frames[-1] if frames else None
        where, key = "", token.at
        if frame and frame.is_list:
            where = say_within(frame.where, frame.number)
            frame.number += 1
        elif frame and frame.key is None:
            frame.key = (token.text, token.at)
            continue
        elif frame and frame.key:
            name, key = frame.key
            frame.key = None
            where = say_within(frame.where, name)
        positions.add(where, _Place(key=key, value=token.at if token.kind == "scalar" else key))
        if token.kind != "scalar":
            if len(frames) >= MAX_DEPTH:
                raise ValueError("nested deeper than is read")
            frames.append(_Frame(where, is_list=token.kind == "list"))


def _read_yaml(text: str) -> Iterator[_Token]:
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        mark = event.start_mark
        at = Position(mark.line + 1, mark.column + 1) if mark else START
        if isinstance(event, yaml.ScalarEvent):
            yield _Token("scalar", event.value, at)
        elif isinstance(event, yaml.MappingStartEvent):
            yield _Token("mapping", "", at)
        elif isinstance(event, yaml.SequenceStartEvent):
            yield _Token("list", "", at)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            yield _Token("end", "", at)


_KINDS: dict[str, Literal["mapping", "list", "end"]] = {"{": "mapping", "[": "list", "}": "end", "]": "end"}


def _read_json(text: str) -> Iterator[_Token]:
    """The tokens of a text that is known to be JSON: commas and colons say nothing that their order doesn't."""
    line, start = 1, 0
    for found in _TOKEN.finditer(text):
        written = found[0]
        if written == "\n":
            line, start = line + 1, found.end()
            continue
        at = Position(line, found.start() - start + 1)
        if written in _KINDS:
            yield _Token(_KINDS[written], "", at)
        else:
            yield _Token("scalar", json.loads(written) if written.startswith('"') else written, at)
