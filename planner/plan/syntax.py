"""JSON and YAML text to a plain tree, and back.

Knows nothing of plans. YAML scalars stay the text they were written as; which type they have is for the reader of the
tree to say. Anchors, aliases and tags are refused: a plan needs none of them, and they make small files large.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import batched, islice
from typing import Any, Literal, NamedTuple

import yaml

from planner.plan import limits

Syntax = Literal["json", "yaml"]

MAX_BYTES = limits.DOCUMENT
MAX_VALUES = limits.VALUES
MAX_DEPTH = 32
"""Deepest nesting of lists and mappings; a plan needs five levels. Who says where something is names each level."""

Path = tuple[str | int, ...]


class SyntaxFault(ValueError):
    """The text is no JSON or YAML document. The message is a sentence; `where` names line and column if known."""

    def __init__(self, message: str, where: str = "document") -> None:
        super().__init__(message)
        self.where = where


class Null(str):
    """A plain YAML scalar that can mean "nothing": the text as written, for where nothing isn't allowed."""

    __slots__ = ()


class Oddity:
    """A JSON number that no plan can contain (NaN, infinity, thousands of digits), kept to be named in an error."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class Tree(dict[str, Any]):
    """A mapping that remembers which keys were written more than once."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__(pairs)
        self.repeated: list[str] = []

    def put(self, key: str, value: object) -> None:
        """Set a key; the first value stays when the key comes again."""
        if key in self:
            self.repeated.append(key)
        else:
            self[key] = value


class Most(NamedTuple):
    """How much of a text is read."""

    bytes: int
    values: int


def parse(data: bytes, syntax: Syntax, most: Most | None = None) -> Any:
    """Parse a document in UTF-8, with or without a byte order mark.

    `most` is how much is read, without it MAX_BYTES and MAX_VALUES; of YAML as many values in any case. Returns
    dictionaries (`Tree`), lists and scalars: for JSON text, integers, floats, booleans, None and `Oddity`; for YAML
    text and `Null`. Raises SyntaxFault with a sentence for anything that can't be read.
    """
    most = most or Most(MAX_BYTES, MAX_VALUES)
    if len(data) > most.bytes:
        raise SyntaxFault(f"The document has {len(data) / 2**20:.1f} MiB; at most {most.bytes // 2**20} MiB are read.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SyntaxFault(f"The document is not UTF-8: the byte at offset {error.start} fits no character.") from None
    if syntax == "yaml":
        return _parse_yaml(text)
    tree = _parse_json(text, most.values)
    levels = list(islice(_list_levels(tree), MAX_DEPTH + 1))
    if len(levels) > MAX_DEPTH:
        raise SyntaxFault(_TOO_DEEP)
    if 1 + sum(levels) > most.values:
        raise SyntaxFault(_say_too_many(most.values))
    return tree


_TOO_DEEP = "The document is nested too deeply; a plan has five levels."


def _say_too_many(most: int) -> str:
    return f"The document has more than {most:,} values, which no plan needs."


def count_values(tree: object) -> int:
    """How many values there are: scalars, lists and mappings, whatever stands in what."""
    return 1 + sum(_list_levels(tree))


def _list_levels(tree: object) -> Iterator[int]:
    """How many values stand in the lists and mappings of each level, from the outermost on."""
    level = [tree] if isinstance(tree, (dict, list)) else []
    while level:
        yield sum(map(len, level))
        values = (value.values() if isinstance(value, dict) else value for value in level)
        level = [item for items in values for item in items if isinstance(item, (dict, list))]


_JSON_OBJECT = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+\{[ \t\r\n]*+(?:[^ \t\r\n\w']|\Z)")


def guess_syntax(name: str, data: bytes) -> Syntax:
    """JSON or YAML, by the end of the file's name, else by whether the text starts like a JSON object.

    YAML may begin with a brace as well, before a key without quotes: `{eth0: Internal}`.
    """
    lower = name.lower()
    if lower.endswith(".json"):
        return "json"
    if lower.endswith((".yaml", ".yml")):
        return "yaml"
    return "json" if _JSON_OBJECT.match(data) else "yaml"


def repeated_keys(tree: object) -> Iterator[Path]:
    """Paths of all keys that were written more than once in one mapping."""
    stack: list[tuple[Path, object]] = [((), tree)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Tree):
            for key in value.repeated:
                yield (*path, key)
            stack.extend(((*path, key), item) for key, item in value.items() if isinstance(item, (Tree, list)))
        elif isinstance(value, list):
            stack.extend(((*path, index), item) for index, item in enumerate(value) if isinstance(item, (Tree, list)))


def to_compact(data: object) -> str:
    """JSON text without white space: no longer than any other text of the same."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def to_json(data: object) -> str:
    """JSON text with two spaces of indentation and a line break at the end."""
    return _ENCODER.encode(data) + "\n"


def to_flow(data: object) -> str:
    """YAML text in one line, the JSON of `to_compact` but for what YAML takes for a break or doesn't allow."""
    return _NOT_IN_YAML.sub(lambda found: _SHORT.get(found[0], f"\\u{ord(found[0]):04x}"), to_compact(data))


_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_SHORT = {"\x85": r"\N", "\u2028": r"\L", "\u2029": r"\P"}


def write_document(data: object, syntax: Syntax, *, quick: bool = False) -> bytes:
    """The text of a document in the one style of its files; a shorter one where that is longer than is read.

    So what has at most MAX_BYTES without white space is read again. `quick` is that of `to_yaml`.
    """
    styles: list[Callable[[object], str]] = [to_json, to_compact]
    if syntax == "yaml":
        styles = [*([] if quick else [to_yaml]), partial(to_yaml, quick=True), to_flow]
    *longer, shortest = styles
    for write in longer:
        written = write(data).encode()
        if len(written) <= MAX_BYTES:
            return written
    return shortest(data).encode()


def write_json(data: Mapping[str, Any]) -> bytes:
    """The text of `to_json` in UTF-8, of mappings in which iterators stand for long lists.

    The items of an iterator are made a few at a time, written and forgotten, so that a long report takes little more
    memory than its text.
    """
    text = io.BytesIO()
    for piece in _pieces(data, "\n"):
        text.write(piece.encode())
    text.write(b"\n")
    return text.getvalue()


_ENCODER = json.JSONEncoder(ensure_ascii=False, indent=2)


_TOGETHER = 200
"""How many items of an iterator are made and written together."""


def _pieces(data: object, line: str) -> Iterator[str]:
    """JSON text in pieces; `line` is a line break and the indentation of what holds the data."""
    comma = ""
    if isinstance(data, Mapping):
        yield "{"
        for key, value in data.items():
            yield f"{comma}{line}  {_ENCODER.encode(key)}: "
            yield from _pieces(value, line + "  ")
            comma = ","
        yield f"{line}}}" if comma else "}"
    elif isinstance(data, Iterator):
        yield "["
        for items in batched(data, _TOGETHER):
            yield comma + _shift(items, line)[1 : -len(line) - 1]  # without its brackets, and the line of the last
            comma = ","
        yield f"{line}]" if comma else "]"
    else:
        yield _shift(data, line)


def _shift(data: object, line: str) -> str:
    """JSON text further to the right; a line break in JSON text is never part of a string."""
    return _ENCODER.encode(data).replace("\n", line)


def to_yaml(data: object, *, quick: bool = False) -> str:
    """YAML text in the order given; every text that another reader could take for a number or date is quoted.

    `quick`: with lists at the margin of their key, which libyaml writes in a fourth of the time.
    """
    if quick:
        return _write_quickly(data)
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key, and never writes anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


_NO_LINES = re.compile(r"[^\S\n]\n|\n\n\Z|[\r\t]")
"""What keeps a text of several lines from standing in lines of its own."""
_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
"""What YAML takes for the end of a line, and reads as another one: such a text is written with escapes."""


def _write_null(dumper: yaml.SafeDumper, data: Null) -> yaml.ScalarNode:
    """As it was written, without quotes."""
    return yaml.ScalarNode("tag:yaml.org,2002:null", str(data))


def _write_text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    """A text of several lines in lines of its own, where that needs no sign of how far they are indented."""
    style = None
    if _OTHER_BREAKS.search(data):
        style = '"'
    elif "\n" in data and not data[0].isspace() and not _NO_LINES.search(data):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(Tree, yaml.SafeDumper.represent_dict)
_Dumper.add_representer(Null, _write_null)
_Dumper.add_representer(str, _write_text)


def _write_quickly(data: object) -> str:
    """What `yaml.dump` writes, as events: without nodes in between, and each text is looked at once, such as keys."""
    text = io.StringIO()
    writer = _Writer(text, allow_unicode=True, width=100)
    writer.emit(yaml.StreamStartEvent())
    writer.emit(yaml.DocumentStartEvent(explicit=False))
    writer.put(data)
    writer.emit(yaml.DocumentEndEvent(explicit=False))
    writer.emit(yaml.StreamEndEvent())
    return text.getvalue()


class _Writer(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc] # not every machine has libyaml
    """Writes plain data without anchors, mappings and lists as blocks."""

    def __init__(self, stream: io.StringIO, **options: Any) -> None:
        super().__init__(stream, **options)
        self._texts: dict[object, yaml.ScalarEvent] = {}

    def put(self, data: object) -> None:
        """Write a value with all that is in it."""
        if isinstance(data, dict):
            self.emit(_MAPPING)
            for pair in data.items():
                self._put_all(pair)
            self.emit(_MAPPING_END)
        elif isinstance(data, list | tuple):
            self.emit(_LIST)
            self._put_all(data)
            self.emit(_LIST_END)
        elif type(data) is str:
            event = self._texts[data] = self._make_scalar(_TEXT, data)
            self.emit(event)
        else:
            node = self.represent_data(data)
            self.emit(self._make_scalar(node.tag, node.value, node.style))

    def _put_all(self, values: Iterable[object]) -> None:
        for value in values:
            # Most are texts that were there before: keys, zones, roles.
            event = self._texts.get(value) if type(value) is str else None
            if event is None:
                self.put(value)
            else:
                self.emit(event)

    def _make_scalar(self, tag: str, text: str, style: str | None = None) -> yaml.ScalarEvent:
        """With what libyaml has to know: whether a reader takes it for what it is without quotes, and with them."""
        plain = self.resolve(yaml.ScalarNode, text, (True, False)) == tag
        return yaml.ScalarEvent(None, tag, (plain, tag == _TEXT), text, style=style)


_TEXT = "tag:yaml.org,2002:str"
_MAPPING = yaml.MappingStartEvent(None, None, True, flow_style=False)
_MAPPING_END = yaml.MappingEndEvent()
_LIST = yaml.SequenceStartEvent(None, None, True, flow_style=False)
_LIST_END = yaml.SequenceEndEvent()


# One that doesn't end counts as well: what fails is tried again at each quote in it.
_JSON_STRING = re.compile(r'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_JSON_STRETCH = re.compile(rf"(?:[^\"]++|{_JSON_STRING.pattern}){{1,4096}}+", re.DOTALL)
"""Some strings and what is between them: what is made of one stretch at a time takes no memory to speak of."""


def _count_marks(text: str) -> int:
    """How many commas and opening brackets there are."""
    return sum(text.count(mark) for mark in "[{,")


def _parse_json(text: str, most: int) -> Any:
    # Each value has a comma or a bracket before it and, if it holds others, a bracket of its own. Values that are far
    # too many are refused before they are built: millions of empty mappings would take hundreds of megabytes. What
    # strings hold of these signs is told apart only where there are so many with it.
    if _count_marks(text) > 2 * most:
        marks = 0
        for stretch in _JSON_STRETCH.finditer(text):
            marks += _count_marks(_JSON_STRING.sub("", stretch[0]))
            if marks > 2 * most:
                raise SyntaxFault(_say_too_many(most))

    def mapping(pairs: list[tuple[str, Any]]) -> Tree:
        if len(pairs) > most:
            raise SyntaxFault(_say_too_many(most))
        tree = Tree(pairs)
        if len(tree) < len(pairs):
            tree.clear()
            for key, value in pairs:
                tree.put(key, value)
        return tree

    def integer(digits: str) -> int | Oddity:
        return int(digits) if len(digits) <= 20 else Oddity(digits[:20] + "…")

    try:
        return json.loads(text, object_pairs_hook=mapping, parse_int=integer, parse_constant=Oddity)
    except json.JSONDecodeError as error:
        raise SyntaxFault(f"This is no JSON: {error.msg}.", f"line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise SyntaxFault(_TOO_DEEP) from None


CONFLICT = re.compile(r"^(?:<<<<<<< |>>>>>>> )", re.MULTILINE)
"""What stands around two versions of the same lines, as git writes it. Within a text of several lines it is text."""


def _parse_yaml(text: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = _build(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        if conflict := CONFLICT.search(text):
            line = text.count("\n", 0, conflict.start()) + 1
            raise SyntaxFault("Here is a conflict of two versions that nobody has settled.", f"line {line}") from None
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"
        raise SyntaxFault(f"This is no YAML: {error.problem or error.context}.", where) from None
    except yaml.YAMLError:
        raise SyntaxFault("This is no YAML: there is a character that YAML doesn't allow.") from None
    if len(documents) > 1:
        raise SyntaxFault("There is more than one YAML document; give one plan at a time.")
    return documents[0] if documents else Null("")


def _build(events: Iterator[yaml.Event]) -> list[Any]:
    """The documents of a stream of YAML events, built without recursion."""
    documents: list[Any] = []
    adders: list[Callable[[Any], None]] = []
    adder: Callable[[Any], None] = documents.append
    for number, event in enumerate(events):
        if number > 3 * MAX_VALUES:  # a key, a value and the end of a collection at most for each value
            raise SyntaxFault(_say_too_many(MAX_VALUES), _say_where(event))
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise SyntaxFault(
                "YAML anchors and aliases (& and *) are not read; write the value out.", _say_where(event)
            )
        if getattr(event, "tag", None):
            raise SyntaxFault("YAML tags (!) are not read; leave the tag away.", _say_where(event))
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style and event.value in ("", "~", "null", "Null", "NULL")
            adder(Null(event.value) if plain else event.value)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(adders) >= MAX_DEPTH:
                raise SyntaxFault(_TOO_DEEP, _say_where(event))
            adders.append(adder)
            if isinstance(event, yaml.SequenceStartEvent):
                items: list[Any] = []
                adder(items)
                adder = items.append
            else:
                tree = Tree()
                adder(tree)
                adder = _pairs_into(tree, event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            adder = adders.pop()
    return documents


def _say_where(event: yaml.Event) -> str:
    """The place where it begins; to say it takes as long as to read it, so that is left to where it is told."""
    mark = event.start_mark
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document"


def _pairs_into(tree: Tree, begin: yaml.Event) -> Callable[[Any], None]:
    """A function that takes keys and values by turns and puts them into the tree of the mapping that begins there."""
    waiting: list[str] = []

    def add(value: object) -> None:
        if waiting:
            tree.put(waiting.pop(), value)
        elif isinstance(value, str):
            waiting.append(str(value))
        else:
            raise SyntaxFault("A list or mapping can't be a key; keys are names.", _say_where(begin))

    return add
