"""A plan document in the one style of its files: the order of the format's keys, the same quotes and indentation.

What it means stays, and so do its comments and, one at a time, its blank lines. The style is that of the export, so
that what the service writes is formatted already.

Comments are no part of what a YAML parser makes of a document, and the library that keeps them (ruamel.yaml) ties each
to what stands before it, so that it would go astray with the keys that are put in order. So the document is written
without them by `planner.plan.syntax.to_yaml`, and each is put back at what it stood at, by its path. Pure.
"""

import math
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import yaml

from planner.plan import syntax
from planner.plan.faults import Fault, PlanError, say_where, shown
from planner.plan.fields import PARTS, PLAN
from planner.plan.rows import Document, Renames, Row, apply_renames, ends_key, row_key
from planner.plan.syntax import Null, Oddity, Path, Syntax, SyntaxFault, to_json, to_yaml

_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line, by YAML 1.1 (section 4.2), whose rules the parser has."""
_COMMENT = re.compile(r"#[^\n\r\x85\u2028\u2029]*")
_DIRECTIVE = re.compile(r"^%[^\n\r\x85\u2028\u2029]*", re.MULTILINE)
_HALF = re.compile(r"[\ud800-\udfff]")
_MOST_TIMES = 5
"""How often comments are looked at again; nearly always nothing moves the second time."""
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def format_document(data: bytes, kind: Syntax) -> bytes:
    """The document in its one style, in UTF-8 without a byte order mark.

    Lines end as those of the document do: in CRLF if all of them did. A document that is formatted stays as it is.
    Whatever the document says is kept, unknown keys at the end of what they stand in. Raises PlanError for what can't
    be read, or couldn't be written without losing something: a key that is there twice, or all of a text that would be
    longer than is read.
    """
    try:
        tree = syntax.parse(data, kind)
    except SyntaxFault as fault:
        raise PlanError([Fault(fault.where, str(fault), "syntax")]) from None
    twice = [Fault(say_where(path), _TWICE, "repeated-key") for path in syntax.repeated_keys(tree)]
    if not isinstance(tree, dict):
        twice.append(Fault("document", f"A plan is a mapping with keys, found {shown(tree)}.", "no-mapping"))
    if twice:
        raise PlanError(twice)
    text = data.decode("utf-8-sig")
    ordered = _order(PLAN, tree)
    formatted = _write_json(ordered) if kind == "json" else _write_yaml(ordered, text)
    if _ends_in_crlf(text):
        formatted = formatted.replace("\n", "\r\n")
    written = formatted.encode()
    if len(written) > syntax.MAX_BYTES:
        raise PlanError([Fault("document", "Formatted, this document would be longer than is read.", "unformattable")])
    if _meaning(syntax.parse(written, kind), kind) != _meaning(tree, kind):
        raise PlanError([Fault("document", "This document can't be formatted without changing it.", "unformattable")])
    return written


def rewrite_document(data: bytes, before: Document, after: Document, renames: Renames) -> bytes:
    """A YAML file that says another plan than it did, in the one style, with its comments at what they are about.

    `before` is the plan that the file says, `after` the one that it is to say, both as `dump_plan` writes them;
    `renames` is what is called otherwise in that one. What is gone takes its comments along, and all of them go where
    the file would be longer with them than is read.
    """
    text = data.decode("utf-8-sig")
    move = _find_moves(syntax.parse(data, "yaml"), before, after, renames)
    found = _collect(_outline(text))
    moved = _Comments(head=found.head, tail=found.tail)
    for old, new in ((found.before, moved.before), (found.beside, moved.beside), (found.after, moved.after)):
        new.update((goal, lines) for path, lines in old.items() if (goal := move(path)) is not None)
    try:
        written = format_document(_put_back(_outline(to_yaml(after)), moved).encode(), "yaml")
    except PlanError:
        return syntax.write_document(after, "yaml")
    as_before = written.replace(b"\n", b"\r\n") if _ends_in_crlf(text) else written
    return as_before if len(as_before) <= syntax.MAX_BYTES else written


def _ends_in_crlf(text: str) -> bool:
    """Whether all of its lines do."""
    return "\r\n" in text and not re.search(r"(?<!\r)\n", text)


def _find_moves(tree: Any, before: Document, after: Document, renames: Renames) -> Callable[[Path], Path | None]:
    """From the path of something in a file to where it is in the plan that the file is to say; None: nowhere."""
    rows = {entry.key: _match_rows(entry.key, before, after, renames) for entry in PARTS[PLAN].rows}
    places: dict[int, dict[str, int]] = {}
    """By a list of the plan: where each of its items stands first."""

    def move(path: Path) -> Path | None:
        was, now, goal = tree, after, []
        for depth, step in enumerate(path):
            place: Any = step
            if depth == 1 and path[0] in rows:
                place = rows[str(path[0])].get(step)
            else:
                entry = PARTS[str(path[0])].by_key.get(str(path[2])) if depth == 3 and path[0] in rows else None
                called = renames.of(entry.names) if entry else {}
                if isinstance(step, int):
                    if id(now) not in places:
                        places[id(now)] = {str(one): at for at, one in reversed([*enumerate(now)])}
                    item = str(was[step])
                    place = places[id(now)].get(called.get(item, item))
                else:
                    place = called.get(step, step)
            if place is None or not (isinstance(place, int) or place in now):
                return None
            goal.append(place)
            was, now = was[step], now[place]
        return tuple(goal)

    return move


def _match_rows(part: str, before: Document, after: Document, renames: Renames) -> dict[int | str, int]:
    """From where rows of a part were to where they are: by their names, or else alike, or with the same ends."""
    renamed = apply_renames(before, renames)
    found: dict[int | str, int] = {}
    kinds: list[Callable[[str, Row], str]] = [row_key] if PARTS[part].named else [row_key, ends_key]
    for identify in kinds:
        taken = set(found.values())
        left: defaultdict[str, deque[int]] = defaultdict(deque)
        for goal, row in enumerate(after.get(part, ())):
            if goal not in taken:
                left[identify(part, row)].append(goal)
        for place, row in enumerate(renamed.get(part, ())):
            if place not in found and (alike := left[identify(part, row)]):
                found[place] = alike.popleft()
    return found


def _meaning(tree: dict[str, Any], kind: Syntax) -> object:
    """What two documents that mean the same have in common, whatever the order of their keys."""
    typed = _type(PLAN, tree) if kind == "yaml" else tree
    return typed, {path for path, value in _walk(typed) if isinstance(value, Null)}


_TWICE = "This key is written more than once; keep one of them."


def _order(part: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row, or the plan itself, with its keys in the order of the format."""
    known = PARTS[part].by_key
    first = ["format"] if part == PLAN else []
    keys = [*(key for key in (*first, *known) if key in row), *(key for key in row if key not in (*first, *known))]
    ordered = {}
    for key in keys:
        entry, value = known.get(key), row[key]
        if entry and entry.row and isinstance(value, list):
            value = [_order(key, item) if isinstance(item, dict) else item for item in value]
        ordered[key] = value
    return ordered


def _write_json(tree: Mapping[str, Any]) -> str:
    for path, value in _walk(tree):
        if isinstance(value, Oddity) or (isinstance(value, float) and not math.isfinite(value)):
            sentence = f"{shown(value)} is no number that JSON can have; write it as text, or leave it away."
            raise PlanError([Fault(say_where(path), sentence, "number")])
    # Half a surrogate pair stands in strings alone, and has no UTF-8.
    return _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", to_json(tree))


def _walk(tree: object) -> Iterator[tuple[Path, object]]:
    """Everything in a tree, with its path."""
    stack: list[tuple[Path, object]] = [((), tree)]
    while stack:
        path, value = stack.pop()
        yield path, value
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        stack.extend(((*path, step), item) for step, item in items)


# ---- YAML ----


def _write_yaml(tree: Mapping[str, Any], source: str) -> str:
    plain = _outline(to_yaml(_type(PLAN, tree)))
    written = _put_back(plain, _collect(_outline(source)))
    for _ in range(_MOST_TIMES if "#" in source else 0):
        # Where keys change places, a comment may come to stand where it is about something else.
        before, written = written, _put_back(plain, _collect(_outline(written)))
        if written == before:
            break
    return written


def _type(part: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What isn't text as what it is, so that it is written without quotes: the format, and flags."""
    typed = dict(row)
    for key, value in row.items():
        entry = PARTS[part].by_key.get(key)
        if entry and entry.row and isinstance(value, list):
            typed[key] = [_type(key, item) if isinstance(item, dict) else item for item in value]
        elif entry and entry.reads.shape == "flag" and isinstance(value, str):
            typed[key] = _FLAGS.get(value, value)
    if part == PLAN and typed.get("format") == "1":
        typed["format"] = 1
    return typed


@dataclass(slots=True, kw_only=True, eq=False)
class _Entry:
    """A key with its value, or an item of a list, in a text."""

    path: Path
    line: int
    column: int
    above: "_Entry | None"
    """The entry that it stands in."""
    last: int
    """The last line of what it holds."""
    is_flow: bool = False
    """Whether it holds a mapping or list in brackets."""
    is_block: bool = False
    """Whether it holds a text in lines of its own: what is further to the right after it would be part of that."""

    def reach(self, line: int) -> None:
        """Have it, and all that it stands in, go as far as a line."""
        at: _Entry | None = self
        while at:
            at.last = max(at.last, line)
            at = at.above


@dataclass(slots=True, kw_only=True)
class _Text:
    """A YAML text: its entries in their order, its lines, and what is in them. Lines are counted from 0."""

    lines: list[str]
    entries: list[_Entry] = field(default_factory=list)
    comments: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By line: the column and the text of its comment."""
    within: set[int] = field(default_factory=set)
    """The lines that a text began before: what is blank there is part of it."""
    ends: dict[int, int] = field(default_factory=dict)
    """By line in which a text of several lines begins: where a comment about it can stand."""


@dataclass(slots=True, kw_only=True)
class _Comments:
    """The comments and blank lines of a document, by the path of what they stand at."""

    head: list[str] = field(default_factory=list)
    before: dict[Path, list[str]] = field(default_factory=dict)
    beside: defaultdict[Path, list[str]] = field(default_factory=lambda: defaultdict(list))
    after: defaultdict[Path, list[str]] = field(default_factory=lambda: defaultdict(list))
    tail: list[str] = field(default_factory=list)


def _collect(text: _Text) -> _Comments:
    """The comments of a document, each at what it is about.

    One that has a line of its own is about what comes next, unless it is further to the right: then it belongs to what
    came before, such as an endpoint that is commented out at the end of the list. What stands above the first key is
    about the whole file. One at the end of a line is about what begins there.
    """
    found = _Comments()
    starts: defaultdict[int, list[_Entry]] = defaultdict(list)
    for entry in text.entries:
        starts[entry.line].append(entry)
    waiting: list[tuple[int, str]] = []
    latest: _Entry | None = None
    for number, line in enumerate(text.lines):
        here, comment = starts.get(number), text.comments.get(number)
        if here:
            _place(found, waiting, latest, here[0])
            waiting, latest = [], here[-1]
            if comment:
                found.beside[_find_about(here).path].append(comment[1])
        elif comment and (latest is None or not line[: comment[0]].strip(" \t-?")):
            waiting.append(comment)
        elif comment and latest:
            found.beside[latest.path].append(comment[1])
        elif not line.strip(" \t") and number not in text.within and waiting[-1:] != [(0, "")]:
            waiting.append((0, ""))
    _place(found, waiting, latest, None)
    return found


def _find_about(entries: list[_Entry]) -> _Entry:
    """Of entries that begin in one line the innermost; but brackets that end there are one with what is in them."""
    return next((entry for entry in entries if entry.is_flow and entry.last == entry.line), entries[-1])


def _place(found: _Comments, waiting: list[tuple[int, str]], latest: _Entry | None, coming: _Entry | None) -> None:
    """Put the comments and blank lines between two entries at one of them; before the first, at the file."""
    if latest is None:
        found.head = [text for _, text in waiting]
        return
    owners = _list_owners(latest, coming)
    least = coming.column if coming else 0
    blank: list[str] = []
    rest = 0
    for number, (column, text) in enumerate(waiting if owners else []):
        if not text:
            blank = [""]
            continue
        owner = next((one for one in owners if one.column <= column), owners[-1])
        if column <= least or (owner is owners[-1] and column <= owner.column):
            break
        found.after[owner.path] += [*blank, f"  {text}" if column > owner.column else text]
        blank, rest = [], number + 1
    left = [text for _, text in waiting[rest:]]
    if coming:
        found.before[coming.path] = left
    else:
        found.tail = left


def _list_owners(latest: _Entry, coming: _Entry | None) -> list[_Entry]:
    """The entries that end between two entries, the innermost first."""
    owners: list[_Entry] = []
    at: _Entry | None = latest
    while at and not (coming and coming.path[: len(at.path)] == at.path):
        owners.append(at)
        at = at.above
    return owners


class _Open(NamedTuple):
    """A mapping or list that hasn't ended: the entry that it is the value of, None for the document."""

    entry: _Entry | None
    is_list: bool


def _outline(source: str) -> _Text:
    """The entries of a YAML text that can be read, and its comments."""
    text = _Text(lines=_BREAK.split(source))
    spans: list[tuple[int, int]] = []
    opened: list[_Open] = []
    counts: list[int] = []
    """How many keys and values, or items, each of these had so far."""
    events: Iterator[Any] = yaml.parse(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for event in events:  # each has its marks, which the types don't promise
        mark, end = event.start_mark, event.end_mark
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            counts.pop()
            closed = opened.pop().entry
            if closed and closed.is_flow:
                closed.reach(end.line)
        elif isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            entry = _find_entry(text, opened, counts, event)
            if isinstance(event, yaml.ScalarEvent):
                spans.append(_read_text(text, source, event, cast("_Entry", entry)))  # a document that is read is none
                continue
            if entry:
                entry.is_flow = bool(event.flow_style)
                entry.reach(mark.line)
            opened.append(_Open(entry, isinstance(event, yaml.SequenceStartEvent)))
            counts.append(0)
    text.comments = _find_comments(source, spans)
    return text


def _find_entry(text: _Text, opened: list[_Open], counts: list[int], event: Any) -> _Entry | None:
    """The entry that a key, a value or an item is of; a new one but for values. None for the document itself."""
    if not opened:
        return None
    above, is_list = opened[-1]
    number = counts[-1]
    counts[-1] += 1
    if not is_list and number % 2:
        return next(entry for entry in reversed(text.entries) if entry.above is above)
    mark = event.start_mark
    step: str | int = number if is_list else event.value
    column, line = mark.column, text.lines[mark.line]
    sign = _skip_blanks(line, column) - 1
    if is_list or (sign >= 0 and line[sign] == "?"):
        column = _find_sign(line, column)
    path = (*above.path, step) if above else (step,)
    text.entries.append(_Entry(path=path, line=mark.line, column=column, above=above, last=mark.line))
    return text.entries[-1]


def _read_text(text: _Text, source: str, event: Any, entry: _Entry) -> tuple[int, int]:
    """Note the lines of a scalar. From where to where there is no comment."""
    mark, end = event.start_mark, event.end_mark
    is_block = event.style in ("|", ">")
    start = mark.index
    last = end.line if end.column or end.line == mark.line else end.line - 1
    if is_block:
        head = _BREAK.search(source, start)  # in the line of its head, such as |-, there can be a comment
        start = head.start() if head else len(source)
        if "+" not in source[mark.index : start].partition("#")[0]:  # else the blank lines are of the text
            while last > mark.line and not text.lines[last].strip(" \t"):
                last -= 1
    entry.is_block = is_block
    entry.reach(last)
    text.within |= set(range(mark.line + 1, last + 1))
    if not is_block:
        text.ends[mark.line] = max(last, text.ends.get(mark.line, last))
    return start, end.index


def _find_sign(line: str, column: int) -> int:
    """The column of the dash before an item, or of the question mark before a key; its own where there is none."""
    at, nearest = column, column
    while (sign := _skip_blanks(line, at) - 1) >= 0:
        if sign + 1 == at or line[sign] not in "-?":
            return column  # looked at no further: a line of brackets may be as long as the text
        at, nearest = sign, nearest if nearest < column else sign
    return nearest


def _skip_blanks(line: str, column: int) -> int:
    """Where the blanks before a column begin; what stands before them is one further back."""
    while column and line[column - 1] in " \t":
        column -= 1
    return column


def _find_comments(source: str, spans: list[tuple[int, int]]) -> dict[int, tuple[int, str]]:
    """By line: column and text of each comment. Between scalars each # begins one, but for those of directives."""
    comments: dict[int, tuple[int, str]] = {}
    starts = [0, *(found.end() for found in _BREAK.finditer(source))]
    line, before = 0, 0
    for start, end in (*spans, (len(source), len(source))):
        between = _DIRECTIVE.sub(lambda found: " " * len(found[0]), source[before:start])
        for found in _COMMENT.finditer(between):
            at = before + found.start()
            while line + 1 < len(starts) and starts[line + 1] <= at:
                line += 1
            comments[line] = (at - starts[line], found[0].rstrip())
        before = max(before, end)
    return comments


def _put_back(text: _Text, comments: _Comments) -> str:
    """The text without comments with each comment at the entry that has its path."""
    above: defaultdict[int, list[str]] = defaultdict(list)
    below: defaultdict[int, list[str]] = defaultdict(list)
    lines = text.lines[:-1]  # a copy; after the last line break there is nothing
    indents: dict[int, str] = {}
    previous: _Entry | None = None
    for entry in text.entries:
        indent = indents.setdefault(entry.line, " " * entry.column)
        before = comments.before.get(entry.path, [])
        if entry.above is previous:
            before = before[1:] if before[:1] == [""] else before
        above[entry.line] += [f"{indent}{one}".rstrip() for one in before]
        after = comments.after.get(entry.path, [])
        own = " " * entry.column
        below[entry.last] = [
            *(f"{own}{one.lstrip() if entry.is_block else one}".rstrip() for one in after),
            *below[entry.last],
        ]
        if entry.path in comments.beside:
            at = text.ends.get(entry.line, entry.line)
            lines[at] = "  ".join([lines[at], *comments.beside[entry.path]])
        previous = entry
    written = comments.head[1:] if comments.head[:1] == [""] else comments.head
    # `to_yaml` writes no text to which blank lines after it would be added.
    for number, line in enumerate(lines):
        written += [*above[number], line, *below[number]]
    tail = comments.tail[:-1] if comments.tail[-1:] == [""] else comments.tail
    return "\n".join([*written, *tail]) + "\n"
