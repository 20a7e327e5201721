"""What rows are called in other editions: an edition says of its own rows what they were called before. Pure.

Names that any edition ties together are one row's. What it is called in an edition is the one of them that is there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ports.matrix.rows import KINDS, Rows

Renames = tuple[tuple[str, str], ...]
"""Rows with what they were called before: ("service/website", "web"), ("choice/esxi/powercli", "vmware-cli")."""
OPTIONS_OF = "choice"
"""The kind of row whose options have names of their own."""


def list_renames(head: Mapping[str, Any]) -> Renames:
    """What a record of the document says, and what is known of the other editions (`renames`), each once."""
    own = [(entry["row"], entry["was"]) for entry in head.get("renamed") or ()]
    others = [(row, was) for row, was in head.get("renames") or ()]
    return tuple(sorted({*own, *others}))


def map_names(renames: Renames, kind: str, there: Collection[str]) -> dict[str, str]:
    """From what rows of a kind are called in other editions to what they are called among `there`.

    A kind is that of a row, or "choice/esxi" for the options of that choice. Names that are there themselves aren't in
    it, nor are those that lead to several: which is meant can't be told.
    """
    mapped: dict[str, str] = {}
    for family in _list_families(_list_pairs(renames, kind)):
        found = [name for name in family if name in there]
        if len(found) == 1:
            mapped |= {name: found[0] for name in family if name != found[0]}
    return mapped


def _list_pairs(renames: Renames, kind: str) -> list[tuple[str, str]]:
    """Names of one row, two by two."""
    parent, _, choice = kind.partition("/")
    heads = {choice}
    if choice:
        heads.update(*(family for family in _list_families(_list_pairs(renames, parent)) if choice in family))
    pairs = []
    for row, was in renames:
        of, _, name = row.partition("/")
        if choice:
            head, slash, option = name.partition("/")
            if of == parent and slash and head in heads:
                pairs.append((option, was))
        elif of == kind and not (kind == OPTIONS_OF and "/" in name):
            pairs.append((name, was))
    return pairs


def _list_families(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    families: list[set[str]] = []
    for pair in pairs:
        met = [family for family in families if not family.isdisjoint(pair)]
        families = [family for family in families if family.isdisjoint(pair)]
        families.append({*pair}.union(*met))
    return families


def find_rename_faults(where: str, pairs: Iterable[tuple[str, str]], rows: Rows) -> Iterator[str]:
    """What is wrong with what an edition says of its rows, in sentences that begin with `where`."""
    seen: dict[tuple[str, str], str] = {}
    for row, was in pairs:
        kind, _, name = row.partition("/")
        of = kind
        if kind == OPTIONS_OF and "/" in name:
            of, name = f"{kind}/{name.partition('/')[0]}", name.partition("/")[2]
        names = _list_names(rows, of)
        if names is None or name not in names:
            yield (
                f"{where}: renamed: there is no row '{row}'; a row is KIND/SLUG of this edition, as in "
                "service/website, or choice/SLUG/OPTION."
            )
        elif not was or "/" in was:
            yield f"{where}: renamed: '{was}' is no slug that '{row}' can have had; give the slug alone."
        elif was in names:
            yield f"{where}: renamed: '{row}' can't have been '{was}', as this edition has a {of} '{was}' itself."
        elif seen.setdefault((of, was), row) != row:
            yield f"{where}: renamed: {seen[of, was]} and {row} can't both have been '{was}'."


def _list_names(rows: Rows, of: str) -> set[str] | None:
    """The names of the rows of a kind, or of the options of a choice; None when there is no such kind."""
    kind, _, choice = of.partition("/")
    if kind not in KINDS or kind == "portmatrix":
        return None
    table = rows.tables.get(kind, ())
    if not choice:
        return {getattr(row, row.KEY) for row in table}
    return {option.slug for row in table if getattr(row, row.KEY) == choice for option in getattr(row, "options", ())}
