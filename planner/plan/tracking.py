"""Which stored plan a YAML file belongs to, as a comment at its head says; and conflicts as they stand in a file.

The line travels with the file, through clones and branches: `# port-planner: plan=KEY revision=7`. The revision is the
last one that the file and the stored plan have in common. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from uuid import UUID

from planner.plan.syntax import CONFLICT

MARKERS = ("<<<<<<<", "=======", ">>>>>>>")
"""What stands before, between and after the two sides of a conflict, as git writes it and editors know it."""
_LINE = re.compile(r"^# port-planner: plan=([0-9a-f-]{36}) revision=([1-9][0-9]{0,8})[ \t]*$", re.ASCII | re.MULTILINE)
_HEAD = re.compile(r"\A(?:[ \t]*(?:#[^\r\n]*)?(?:\r?\n|\Z))*")
"""What stands above a document: comments and blank lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A stored plan, and the revision of it that a file was last the same as."""

    plan: UUID
    revision: int

    def __str__(self) -> str:
        return f"# port-planner: plan={self.plan} revision={self.revision}"


def read_tracked(text: str) -> Tracked | None:
    """What the head of a file says, without its byte order mark or with it; None where it doesn't say it."""
    found = _LINE.search(_find_head(text.removeprefix("\ufeff")).replace("\r\n", "\n"))
    try:
        return Tracked(plan=UUID(found[1]), revision=int(found[2])) if found else None
    except ValueError:  # as many letters as a key has, and none
        return None


def write_tracked(data: bytes, tracked: Tracked) -> bytes:
    """The file with that line, in the place of the one that it has or as its first, and without a byte order mark."""
    text = data.decode("utf-8-sig")
    above = _find_head(text)
    end = "\r\n" if "\r\n" in text else "\n"
    lines = above.splitlines(keepends=True)
    place = next((number for number, line in enumerate(lines) if _LINE.match(line.rstrip("\r\n"))), None)
    if place is None:
        return f"{tracked}{end}{text}".encode()
    lines[place] = f"{tracked}{end}"
    return ("".join(lines) + text[len(above) :]).encode()


def _find_head(text: str) -> str:
    return next(_HEAD.finditer(text))[0]  # it matches the beginning of anything


def has_conflicts(data: bytes) -> bool:
    """Whether a file has markers of a conflict that nobody has settled."""
    return CONFLICT.search(data.decode("utf-8", "replace")) is not None


def mark_conflicts(mine: bytes, theirs: bytes, *, called: tuple[str, str]) -> bytes:
    """One file out of two that differ in conflicts alone: both sides of each between markers.

    `called` is what the two sides are called after the markers.
    """
    own, other = (data.decode().splitlines(keepends=True) for data in (mine, theirs))
    end = "\r\n" if own[:1] and own[0].endswith("\r\n") else "\n"
    return "".join(_mark(own, other, called, end)).encode()


def _mark(own: list[str], other: list[str], called: tuple[str, str], end: str) -> Iterator[str]:
    for kind, start, stop, begin, until in SequenceMatcher(None, own, other).get_opcodes():
        if kind == "equal":
            yield from own[start:stop]
            continue
        before, between, after = MARKERS
        yield f"{before} {called[0]}{end}"
        yield from own[start:stop]
        yield f"{between}{end}"
        yield from other[begin:until]
        yield f"{after} {called[1]}{end}"
