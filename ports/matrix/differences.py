"""What differs between two states of a matrix: which row, which field, what it was and what it is. Pure."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ports.matrix.reading import FIELDS, HEAD, Record, Records, complete, record_key

_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that was added or removed, one field that was changed, or rows of one kind in another order (moved)."""

    change: Literal["added", "removed", "changed", "moved"]
    row: str
    """Kind and name, as in "service/smtp"; the kind alone for rows that were moved and for the one "portmatrix"."""
    field: str = ""
    """For what was changed: the field's name in a fixture."""
    old: Any = None
    new: Any = None


def find_differences(old: Records, new: Records) -> tuple[Difference, ...]:
    """What one has to do to the `old` records to get the `new` ones, in the order of kinds and of the old rows.

    Takes records by kind, as `ports.matrix.build_matrix` does; fields that the matrix doesn't know are no difference.
    """
    return tuple(
        difference for kind in FIELDS for difference in _compare_kind(kind, old.get(kind, ()), new.get(kind, ()))
    )


def describe_difference(difference: Difference, *, old: str = "here", new: str = "in the file") -> str:
    """A difference in a sentence; `old` and `new` are words for where the two sides are."""
    if difference.change == "added":
        return f"{difference.row} is {new} and not {old}."
    if difference.change == "removed":
        return f"{difference.row} is {old} and not {new}."
    if difference.change == "moved":
        return f"{difference.row}: the rows have another order {new} than {old}."
    before, now = show_both(difference.old, difference.new)
    return f"{difference.row}: the field '{difference.field}' is {before} {old} and {now} {new}."


def _compare_kind(kind: str, old: Sequence[Record], new: Sequence[Record]) -> Iterator[Difference]:
    if kind == HEAD:
        for before, now in zip(old, new, strict=False):
            yield from _compare_row(kind, kind, before, now)
        return
    key = record_key(kind)
    olds, news = {row[key]: row for row in old}, {row[key]: row for row in new}
    for name, row in olds.items():
        if name in news:
            yield from _compare_row(kind, f"{kind}/{name}", row, news[name])
        else:
            yield Difference(change="removed", row=f"{kind}/{name}", old=dict(row))
    for name, row in news.items():
        if name not in olds:
            yield Difference(change="added", row=f"{kind}/{name}", new=dict(row))
    if [name for name in olds if name in news] != [name for name in news if name in olds]:
        yield Difference(change="moved", row=kind, old=list(olds), new=list(news))


def _compare_row(kind: str, row: str, old: Record, new: Record) -> Iterator[Difference]:
    before, now = complete(kind, old), complete(kind, new)
    for name in FIELDS[kind]:
        if before.get(name) != now.get(name):
            yield Difference(change="changed", row=row, field=name, old=before.get(name), new=now.get(name))


def show_both(old: Any, new: Any) -> tuple[str, str]:
    """Two values as JSON, for one sentence; of long ones the part around the first character that differs."""
    texts = [json.dumps(value, ensure_ascii=False) for value in (old, new)]
    pairs = zip(*texts, strict=False)
    first = next((place for place, (a, b) in enumerate(pairs) if a != b), min(map(len, texts)))
    start = max(0, first - _LONGEST // 3)
    return _cut(texts[0], start), _cut(texts[1], start)


def _cut(text: str, start: int) -> str:
    if len(text) <= _LONGEST:
        return text
    part = text[start : start + _LONGEST]
    return f"{'…' if start else ''}{part}{'…' if start + _LONGEST < len(text) else ''}"
