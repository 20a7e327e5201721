"""What differs between two states of a matrix: which row, which field, what it was and what it is. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ports.matrix.following import NewNames, follow_names, list_new_names
from ports.matrix.reading import FIELDS, HEAD, Record, Records, complete, record_key
from ports.matrix.renames import Renames, list_renames, map_names

_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that was added or removed, one field that was changed, or rows of one kind in another order (moved).

    A row that was renamed is changed in the field that names it, and goes by its new name. Rows that name it are not
    changed by that.
    """

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
    renames = _known_renames(old, new)
    called = {kind: _call_rows(kind, old, new, renames) for kind in FIELDS if kind != HEAD}
    options = {of: names for of, names in list_new_names(renames, new).items() if of not in FIELDS}
    names = {**called, **options}
    found = tuple(
        difference
        for kind in FIELDS
        for difference in _compare_kind(kind, old.get(kind, ()), new.get(kind, ()), names if renames else {})
    )
    return tuple(difference for difference in found if not _is_told(difference, found))


def describe_difference(difference: Difference, *, old: str = "here", new: str = "in the file") -> str:
    """A difference in a sentence; `old` and `new` are words for where the two sides are."""
    if difference.change == "added":
        return f"{difference.row} is {new} and not {old}."
    if difference.change == "removed":
        return f"{difference.row} is {old} and not {new}."
    if difference.change == "moved":
        return f"{difference.row}: the rows have another order {new} than {old}."
    if is_rename(difference):
        return f"{difference.row} is called '{difference.old}' {old} and '{difference.new}' {new}."
    before, now = show_both(difference.old, difference.new)
    return f"{difference.row}: the field '{difference.field}' is {before} {old} and {now} {new}."


def is_rename(difference: Difference) -> bool:
    """Whether it is another name of the row."""
    kind = difference.row.partition("/")[0]
    return difference.change == "changed" and kind != HEAD and difference.field == record_key(kind)


def _is_told(difference: Difference, found: Sequence[Difference]) -> bool:
    """Whether it is what an edition says of renamed rows, and each of those is among what was found."""
    if (difference.row, difference.field) != (HEAD, "renamed"):
        return False
    told = {(one.row.partition("/")[0], frozenset((one.old, one.new))) for one in found if is_rename(one)}
    entries = [*(difference.old or ()), *(difference.new or ())]
    return all(
        (kind, frozenset((name, entry["was"]))) in told
        for entry in entries
        for kind, _, name in [entry["row"].partition("/")]
        if not (entry in (difference.old or ()) and entry in (difference.new or ()))
    )


def _known_renames(old: Records, new: Records) -> Renames:
    heads = [record for records in (old, new) for record in records.get(HEAD, ())]
    return tuple(sorted({pair for head in heads for pair in list_renames(head)}))


def _call_rows(kind: str, old: Records, new: Records, renames: Renames) -> dict[str, str]:
    """What each old row of a kind is called in the new records; its own name where it isn't there or can't be told."""
    key = record_key(kind)
    olds, news = ([str(row[key]) for row in records.get(kind, ())] for records in (old, new))
    mapped = map_names(renames, kind, news)
    claims = Counter(mapped[name] for name in olds if name in mapped)
    claims.update(name for name in olds if name in news)
    return {name: now if claims[now := mapped.get(name, name)] == 1 else name for name in olds}


def _compare_kind(kind: str, old: Sequence[Record], new: Sequence[Record], names: NewNames) -> Iterator[Difference]:
    if kind == HEAD:
        for before, now in zip(old, new, strict=False):
            yield from _compare_row(kind, kind, before, now)
        return
    key = record_key(kind)
    olds, news = {row[key]: row for row in old}, {row[key]: row for row in new}
    called = {name: names.get(kind, {}).get(name, name) for name in olds}
    for name, row in olds.items():
        if called[name] in news:
            new_name = called[name]
            if new_name != name:
                yield Difference(change="changed", row=f"{kind}/{new_name}", field=key, old=name, new=new_name)
            followed = {**follow_names(kind, row, names), key: new_name}
            yield from _compare_row(kind, f"{kind}/{new_name}", followed, news[new_name])
        else:
            yield Difference(change="removed", row=f"{kind}/{name}", old=dict(row))
    kept = [name for name in called.values() if name in news]
    for name, row in news.items():
        if name not in kept:
            yield Difference(change="added", row=f"{kind}/{name}", new=dict(row))
    if kept != [name for name in news if name in kept]:
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
