"""What differs between two plan documents, as data that is small where they differ in little. Pure.

A difference is JSON: `values` has by key what is new or another, `gone` the keys that are there no more, `keys` all
of them where their order is another. `rows` has by key of a list the pieces that the new list is made of, in their
order: `[start, count]` are so many rows of the old list from there on, `[[row, ...]]` are rows that it has not. So it
needs to know nothing of what rows mean, and holds for rows without names, for copies and for any order.

Values that are equal in Python are the same here. That true is equal to 1 does no harm: a field of a document has one
type, to which `planner.plan.document` holds it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]
Difference = dict[str, Any]

_PARTS = frozenset({"values", "gone", "keys", "rows"})


def find_difference(old: Document, new: Document) -> Difference:
    """What makes the new document of the old one; empty where they say the same in the same order of keys."""
    found: Difference = {"values": {}, "rows": {}, "gone": [key for key in old if key not in new], "keys": []}
    for key, value in new.items():
        before = old.get(key)
        if key in old and before == value:
            continue
        if isinstance(before, list) and isinstance(value, list):
            found["rows"][key] = list(_find_pieces(before, value))
        else:
            found["values"][key] = value
    # What is new comes at the end where nothing is said of the order.
    kept = [key for key in old if key in new]
    if [*kept, *(key for key in new if key not in old)] != list(new):
        found["keys"] = list(new)
    return {part: value for part, value in found.items() if value}


def _find_pieces(old: Sequence[Any], new: Sequence[Any]) -> Iterator[list[Any]]:
    """The pieces of a list, in time that grows with both lists and not with their product."""
    places: dict[str, int] = {}
    start = end = 0  # of the old rows that are taken over
    came: list[Any] = []  # or the rows that are new; one of both is empty
    for place, row in enumerate(new):
        if not came and end < len(old) and old[end] == row:
            end += 1
            continue
        near = range(end, end + len(came) + 2) if len(came) < _NEAR else range(end, end)
        at = next((one for one in near if one < len(old) and old[one] == row), None)
        if at is None and not _stands_among(new, place, old, near):
            # The neighbourhood doesn't tell, so all of the old rows are looked through.
            if not places:
                places = {json.dumps(old[one], sort_keys=True): one for one in reversed(range(len(old)))}
            at = places.get(json.dumps(row, sort_keys=True))
        if start < end:
            yield [start, end - start]
            start = end
        if at is None:
            came.append(row)
            continue
        if came:
            yield [came]
        start, end, came = at, at + 1, []
    if start < end:
        yield [start, end - start]
    if came:
        yield [came]


_NEAR = 4
"""After so many new rows in a row it isn't guessed any more where the old list goes on."""


def _stands_among(new: Sequence[Any], place: int, old: Sequence[Any], near: range) -> bool:
    """Whether what comes after a row stands near in the old list, or both end there: then the row itself is new."""
    if not near or place + 1 == len(new):
        return bool(near) and near.stop >= len(old)
    return any(old[one] == new[place + 1] for one in range(near.start, min(near.stop + 1, len(old))))


def apply_difference(old: Document, difference: Mapping[str, Any]) -> dict[str, Any]:
    """The document that the difference makes of the old one, with which it shares its rows.

    Raises ValueError for a difference that can't be one of this document; not of all that aren't can that be seen.
    """
    if not isinstance(difference, dict) or not _PARTS.issuperset(difference):
        raise ValueError("this is no difference")
    try:
        gone = set(difference.get("gone", ()))
        new = {key: value for key, value in old.items() if key not in gone} | difference.get("values", {})
        for key, pieces in difference.get("rows", {}).items():
            new[key] = [row for piece in pieces for row in _take(old[key], piece)]
        return {key: new[key] for key in difference["keys"]} if "keys" in difference else new
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this difference is of another document") from error


def _take(rows: Sequence[Any], piece: Sequence[Any]) -> Sequence[Any]:
    if len(piece) == 1:
        return list(piece[0])
    start, count = piece
    taken = rows[start : start + count]
    if len(taken) != count or start < 0:
        raise ValueError("this difference is of a longer list")
    return taken
