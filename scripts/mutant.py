"""A single change of code, and how it gets into a process.

Apart from `scripts/mutants.py`, as whoever tries one needs none of what finds them, which takes longer to be imported
than most are tried.
"""

import gc
import types
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from inspect import CO_NEWLOCALS, CO_OPTIMIZED
from pathlib import Path

type Key = tuple[str, int]
"""A function of a module that is in no other: its qualified name, and which of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one file."""

    path: str  # from the top folder
    first: int  # the lines of what is changed, counted from 1
    last: int
    function: Key | None  # none where it is carried out when the module is imported
    code: str  # the whole file, changed

    @property
    def name(self) -> str:
        return f"{self.path}:{self.first}"

    def show(self, original: str) -> str:
        """The changed lines, as a difference without its head."""
        lines = unified_diff(original.splitlines(), self.code.splitlines(), n=0, lineterm="")
        return "\n".join(line for line in list(lines)[2:] if not line.startswith("@@"))


def find_functions(code: types.CodeType) -> Iterator[tuple[Key, types.CodeType]]:
    """The functions of a compiled module that are in no other, with those of its classes."""
    seen: Counter[str] = Counter()

    def look(inside: types.CodeType) -> Iterator[tuple[Key, types.CodeType]]:
        for one in inside.co_consts:
            if not isinstance(one, types.CodeType):
                continue
            is_function = one.co_flags & CO_OPTIMIZED and one.co_flags & CO_NEWLOCALS
            if is_function and not one.co_name.startswith("<generic parameters"):
                yield (one.co_qualname, seen[one.co_qualname]), one
                seen[one.co_qualname] += 1
            else:
                yield from look(one)

    yield from look(code)


def live_functions(paths: Sequence[Path]) -> dict[tuple[str, str, int], list[types.FunctionType]]:
    """The functions that this process has of these files, by file, qualified name and first line.

    Whoever imported one, and whatever wraps it, has the very same, so other code in it counts everywhere.
    """
    wanted = {str(path) for path in paths}
    found: dict[tuple[str, str, int], list[types.FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, types.FunctionType) and one.__code__.co_filename in wanted:
            code = one.__code__
            found.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(one)
    return found


def put_in(
    mutant: Mutant, path: Path, original: str, live: Mapping[tuple[str, str, int], list[types.FunctionType]]
) -> bool:
    """Give the mutant's function its other code, in this process; False if this process has no such function."""
    if mutant.function is None:
        return False
    old = dict(find_functions(compile(original, str(path), "exec"))).get(mutant.function)
    new = dict(find_functions(compile(mutant.code, str(path), "exec"))).get(mutant.function)
    if old is None or new is None:
        return False
    functions = live.get((str(path), old.co_qualname, old.co_firstlineno), [])
    try:
        for function in functions:
            function.__code__ = new
    except ValueError:  # it needs other names of the functions around it
        return False
    return bool(functions)
