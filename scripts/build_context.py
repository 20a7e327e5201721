"""What of this folder a build of the container gets to see: everything that .dockerignore doesn't leave out.

The rules are those of https://docs.docker.com/build/concepts/context/#dockerignore-files: a pattern is for a path and
for all below it, * and ? stay within a name, ** goes through folders, and the last pattern that fits decides; one with
! takes back in.
"""

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of .dockerignore."""

    expression: re.Pattern[str]
    leaves_out: bool


def read_patterns(text: str) -> tuple[Pattern, ...]:
    """The patterns of a .dockerignore. Raises ValueError with the line for what isn't known here: [ and backslash."""
    patterns = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        words = line.strip()
        path = posixpath.normpath(words.removeprefix("!").strip()).lstrip("/")
        if re.search(r"[\[\]\\]", path) or path in ("", ".", "..") or path.startswith("../"):
            raise ValueError(f"line {number}: {words} isn't known here.")
        patterns.append(Pattern(re.compile(_expression(path)), leaves_out=not words.startswith("!")))
    return tuple(patterns)


def _expression(path: str) -> str:
    kinds = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", path)
    return "".join(kinds.get(part) or re.escape(part) for part in parts)


def is_left_out(path: str, patterns: Sequence[Pattern]) -> bool:
    """Whether a build doesn't see this path, which begins below the folder: `planner/plan/fields.py`."""
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    left_out = False
    for pattern in patterns:
        if any(pattern.expression.fullmatch(name) for name in above):
            left_out = pattern.leaves_out
    return left_out


def list_context(folder: Path, patterns: Sequence[Pattern]) -> Iterator[str]:
    """The paths below the folder that a build sees, folders before what is in them; links are not followed."""
    prunes = all(pattern.leaves_out for pattern in patterns)
    for parent, folders, files in os.walk(folder):
        place = Path(parent).relative_to(folder)
        for name in sorted((*folders, *files)):
            path = (place / name).as_posix()
            if not is_left_out(path, patterns):
                yield path
            elif prunes and name in folders:
                folders.remove(name)
