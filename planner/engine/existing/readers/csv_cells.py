"""Cells of a table of rules as text: their values, what negates them, and what may take some of them away. Pure.

What a value means is for who asks: `reads` says whether a text can be read as what the cell is of.
"""

import re
from collections.abc import Callable

from planner.plan.cells import read_back

Reads = Callable[[str], object]

ANY = frozenset({"any", "*", "all", "any any", "-any-", "ip"})
"""Words for anything, in lower case."""
_LESS = re.compile(
    r"(?:^|[\s(])(?:!|(?:but|except|exclud(?:es?|ing)|minus|not|nor|without|unless|other than|less|if|established"
    r"|related|repl(?:y|ies)|disabled|inactive|expired|außer|ohne|nicht|sauf|sans)(?![\w.-]))",
    re.IGNORECASE,
)
"""Words by which somebody takes away from what stands beside them."""
_ONLY = re.compile(r"(?:^|[\s(])only(?![\w.-])", re.IGNORECASE)
"""One by which somebody takes away from all that stands beside its value."""
_SIGN = re.compile(r"[^\w\s*()]+")
"""A sign by itself, which may do so."""
_MINUS = re.compile(r"[-‐‑–—−~^\\]+")
"""Those that do so where a value begins with them: -10.0.0.7."""
_EMPTY = re.compile(r"(?:^|[;,\r\n])[ \t]*-[ \t]*(?=[;,\r\n]|$)")


def tidy(cell: str) -> str:
    """A cell without what says nothing: a lone - among values, and `only` before a single one."""
    if not re.search(r"[;,\r\n]", cell):
        return re.sub(r"^only\s+", "", cell, flags=re.IGNORECASE)
    found = _EMPTY.sub("", cell)
    return found if re.search(r"[^;,\s]", found) else cell


def split_cell(cell: str, reads: Reads) -> tuple[list[str], bool | None]:
    """The values of a cell, and whether all but these are meant.

    None where only some are negated, or where nobody knows: “not” may be the first word of a name.
    """
    items = [read_back(item.strip()) for item in re.split(r"[;,\r\n]+", cell) if item.strip()]
    found = [_take_not(item, reads) for item in items]
    negated = {one for _, one in found}
    return [bare for bare, _ in found], None if None in negated or len(negated) > 1 else True in negated


def _take_not(item: str, reads: Reads) -> tuple[str, bool | None]:
    """A value without what negates it, and whether that was there."""
    if item.startswith("!"):
        return item[1:].strip(), True
    if item[:4].casefold() != "not ":
        return item, False
    bare = item[4:].strip()
    return bare, True if "(" not in bare and (" " not in bare or reads(bare)) else None


def takes_away(item: str, reads: Reads) -> bool:
    """Whether a value that isn't understood may say that less is meant than the others: `except 10.0.0.7`.

    So may a sign with something readable beside it, or one that the value begins with; within a name it's a sign.
    """
    if _LESS.search(item) or _ONLY.search(item):
        return True

    def is_read(word: str) -> bool:
        bare = word.strip("()")
        return bare[:1].isdigit() or bool(bare and reads(bare))

    words = item.split()
    minus = _MINUS.match(item)
    if minus and is_read(words[0][minus.end() :]):
        return True
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if _SIGN.fullmatch(word.strip("()")) and (is_read(before) or is_read(after) or (after and not before)):
            return True
    return False


def takes_zones_away(item: str) -> bool:
    """Whether one of several zones may say that less is meant than the others: their names may have any sign."""
    return bool(_LESS.search(item) or _SIGN.fullmatch(item))


def split_parentheses(item: str) -> tuple[str, str]:
    """A name and what stands in parentheses behind it: SRV01 (10.0.0.1). Empty where nothing does.

    Empty also where the words before it may take it away.
    """
    if not item.endswith(")") or "(" not in item[1:]:
        return "", ""
    name, _, inner = item[:-1].rpartition("(")
    return ("", "") if _LESS.search(name) or _ONLY.search(name) else (name.strip(), inner.strip())


def is_whole(item: str, reads: Reads) -> bool:
    """Whether a value that isn't understood is one, and not several with blanks between them.

    That is what has a sign in it, or parentheses that aren't closed or have something readable within.
    """
    return (
        item.count("(") != item.count(")")
        or any(_SIGN.fullmatch(word) for word in item.split())
        or has_within(item, reads)
    )


def has_within(item: str, reads: Reads) -> bool:
    """Whether a word in parentheses, or behind some, can be read."""
    within = item.partition("(")[2].split()
    return any(reads(bare) for word in within if (bare := word.strip("()")))
