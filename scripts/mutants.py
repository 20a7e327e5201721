"""Single changes of code that a test has to notice: where they can be made, and which are tried.

What can be changed, and into what, is what `mutmut` knows (its operators: other comparisons, other numbers and texts,
arguments left out, `and` for `or`, …). Its runner isn't used: it mutates a copy of the whole tree and knows tests by
function alone, where `scripts/mutate.py` has the lines that each test takes.
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators

from scripts.mutant import Key, Mutant

LEFT_ALONE = {"len", "isinstance", "cast"}
"""Calls whose arguments can't be changed for anything but an error, or for nothing that matters."""


def choose_mutants(root: Path, paths: Sequence[Path], count: int, seed: str) -> tuple[list[Mutant], int]:
    """So many mutants of these files, the same ones for the same seed; with them, of how many places they are.

    Each place is as likely as any other: one of the mutants of a place stands for all of them, so that a call with
    many arguments isn't tried more often than a comparison. Places are ranked by chance, each by a number of its own,
    so that a longer sample goes on where a shorter one ended, and one of a function stays when others change. What
    isn't Python when it is changed, or the same program, is passed over.
    """
    ranked = []
    for path in sorted(paths):
        name = str(path.relative_to(root))
        seen: Counter[object] = Counter()
        for number, found in enumerate(_find_places(path.read_text("utf-8"))[1]):
            function = found[0].function
            said = f"{seed}:{name}:{function}:{seen[function]}".encode()
            seen[function] += 1
            rank = int.from_bytes(hashlib.sha256(said).digest())
            ranked.append((rank, path, number, rank % len(found)))
    ranked.sort()
    made: list[tuple[int, Mutant]] = []
    begun = 0
    while len(made) < count and begun < len(ranked):
        more = ranked[begun : begun + (count - len(made)) * 5 // 4 + 1]
        begun += len(more)
        made += _make_mutants(root, more)
    return [mutant for _, mutant in sorted(made, key=lambda one: one[0])][:count], len(ranked)


def _make_mutants(root: Path, chosen: Sequence[tuple[int, Path, int, int]]) -> Iterator[tuple[int, Mutant]]:
    """The mutants at ranked places, file by file: of each its rank, its file, its number there, and which change."""
    for path in sorted({path for _, path, _, _ in chosen}):
        code = path.read_text("utf-8")
        module, found = _find_places(code)
        for rank, one, number, variant in chosen:
            if one != path:
                continue
            place = found[number][variant]
            changed = cast(cst.Module, module.deep_replace(place.node, place.instead)).code
            if is_python(changed) and not same_program(changed, code):
                name = str(path.relative_to(root))
                yield (
                    rank,
                    Mutant(path=name, first=place.first, last=place.last, function=place.function, code=changed),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    node: cst.CSTNode
    instead: cst.CSTNode
    first: int
    last: int
    function: Key | None


def _find_places(code: str) -> tuple[cst.Module, list[list[_Change]]]:
    """What can be changed in a module, place by place; changes that aren't Python, or are the same, are left out."""
    wrapper = MetadataWrapper(cst.parse_module(code))
    visitor = _Places()
    wrapper.visit(visitor)
    return wrapper.module, visitor.places


class _Places(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.places: list[list[_Change]] = []
        self._names: list[tuple[str, bool]] = []  # classes and functions around, and which are functions
        self._seen: Counter[str] = Counter()
        self._function: Key | None = None
        self._head = 0  # how deep in a head, which is carried out where the function is made

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_alone(node):
            return False
        if isinstance(node, cst.ClassDef | cst.FunctionDef):
            is_function = isinstance(node, cst.FunctionDef)
            self._names.append((node.name.value, is_function))
            if is_function and self._function is None:
                name = ".".join(name for name, _ in self._names)
                self._function = (name, self._seen[name])
                self._seen[name] += 1
        elif isinstance(node, cst.Parameters) and sum(is_function for _, is_function in self._names) == 1:
            self._head += 1
        self._note(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.ClassDef | cst.FunctionDef):
            self._names.pop()
            if not any(is_function for _, is_function in self._names):
                self._function = None
        elif isinstance(original_node, cst.Parameters) and sum(is_function for _, is_function in self._names) == 1:
            self._head -= 1

    def _note(self, node: cst.CSTNode) -> None:
        changes = [
            instead
            for kind, operator in mutation_operators
            if isinstance(node, kind)
            for instead in operator(node)
            if not instead.deep_equals(node)
        ]
        if not changes:
            return
        span = self.get_metadata(PositionProvider, node, None)
        if not isinstance(span, CodeRange):
            return
        self.places.append(
            [
                _Change(
                    node=node,
                    instead=instead,
                    first=span.start.line,
                    last=span.end.line,
                    function=None if self._head else self._function,
                )
                for instead in changes
            ]
        )


def _is_left_alone(node: cst.CSTNode) -> bool:
    """Types, imports, decorators, `__slots__` and what is said to readers: nothing of it is carried out as such."""
    match node:
        case cst.Annotation() | cst.Import() | cst.ImportFrom() | cst.Decorator() | cst.TypeAlias() | cst.Assert():
            return True
        case cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())]):
            return True
        case cst.Call(func=cst.Name(value=name)):
            return name in LEFT_ALONE
        case cst.If(test=cst.Name(value="TYPE_CHECKING")):
            return True
    return False


def is_python(code: str) -> bool:
    """Whether a changed file can still be compiled: `break` for `continue` outside a loop can't."""
    try:
        compile(code, "changed", "exec")
    except SyntaxError:
        return False
    return True


def same_program(one: str, other: str) -> bool:
    """Whether two files differ in nothing that is carried out."""
    return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
