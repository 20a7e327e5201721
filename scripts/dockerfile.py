"""Reads a Dockerfile and .dockerignore, as far as ours go; what they use beyond that is an error and not skipped."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

WALKED = ("RUN", "WORKDIR", "ENV", "COPY", "USER", "VOLUME")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An instruction and what follows it, with continued lines put together."""

    word: str
    text: str

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The variables of ENV and ARG."""
        for part in shlex.split(self.text):
            name, _, value = part.partition("=")
            yield name, value


@dataclass(slots=True, kw_only=True)
class Stage:
    """A stage: its name or number, the image that it begins with, its steps, and what a container of it runs."""

    name: str
    image: str
    steps: list[Step] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def read_dockerfile(text: str, **arguments: str) -> list[Stage]:
    """The stages, with these build arguments. Raises ValueError for an instruction that isn't known here."""
    known: dict[str, str] = {}
    stages: list[Stage] = []
    for step in _list_steps(text):
        if step.word == "ARG" and not stages:
            known |= {name: arguments.get(name, value) for name, value in step.pairs()}
        elif step.word == "FROM":
            image, _, name = re.sub(r"\s+", " ", step.text).partition(" AS ")
            stages.append(Stage(name=name or f"stage-{len(stages)}", image=_put_in(image, known)))
        elif step.word == "CMD":
            stages[-1].command = json.loads(step.text)
        elif step.word == "HEALTHCHECK":
            stages[-1].health = json.loads(step.text.partition("CMD ")[2])
        elif step.word in WALKED:
            stages[-1].steps.append(step)
        elif step.word != "EXPOSE":
            raise ValueError(f"{step.word} is not known here; known are {', '.join(WALKED)}.")
    return stages


def _list_steps(text: str) -> Iterator[Step]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield Step(word=word.upper(), text=rest.strip())


def _put_in(text: str, variables: dict[str, str]) -> str:
    """${NAME}, and ${NAME:+TEXT}, the text if the variable says anything."""
    text = re.sub(
        r"\$\{(\w+):\+([^{}]*(?:\$\{\w+\})?[^{}]*)\}", lambda found: found[2] if variables.get(found[1]) else "", text
    )
    return re.sub(r"\$\{(\w+)\}", lambda found: variables[found[1]], text)


def list_context(root: Path, name: str) -> Iterator[Path]:
    """The files that COPY takes for a name, without what .dockerignore names; paths from the root."""
    ignored = (root / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line.strip() for line in ignored if line.strip() and not line.startswith("#")]
    if unknown := [pattern for pattern in patterns if pattern.startswith("!")]:
        raise ValueError(f"{unknown[0]} is not known here: exceptions of .dockerignore aren't read.")
    start = root / name
    yield from _list_files(start.relative_to(root) if start.is_file() else Path(), root, patterns)


def _list_files(path: Path, root: Path, patterns: list[str]) -> Iterator[Path]:
    if path != Path() and is_ignored(path, patterns):
        return
    if not (root / path).is_dir():
        yield path
        return
    for child in sorted((root / path).iterdir()):
        yield from _list_files(child.relative_to(root), root, patterns)


def is_ignored(path: Path, patterns: list[str]) -> bool:
    """Whether a pattern names the path: one with **/ before it at any depth, another one from the top."""
    return any(
        fnmatchcase(path.name, pattern.removeprefix("**/"))
        if pattern.startswith("**/")
        else fnmatchcase(str(path), pattern)
        for pattern in patterns
    )
