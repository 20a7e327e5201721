"""Reads the Dockerfile, as much of the language as ours needs: what is not known here is an error, never left out.

Read are ARG, FROM, ENV, WORKDIR, RUN in shell form, COPY, USER, VOLUME, EXPOSE, HEALTHCHECK and CMD in exec form, with
comments, continued lines, quotes and variables as in https://docs.docker.com/reference/dockerfile/. Pure: text in,
stages out. `scripts/container_smoke.py` carries them out.
"""

import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

INHERITED = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
"""The variables that the official Python image sets, as far as commands may depend on them."""


class BadDockerfile(ValueError):
    """What is wrong, in a sentence that begins with the number of the line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """WORKDIR: a folder that is made unless it is there."""

    line: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """RUN: a command for the shell, and what holds for it at its place."""

    line: int
    command: str
    environment: Mapping[str, str]
    workdir: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """COPY: from the build context, or from an earlier stage. A destination that ends in a slash is a folder."""

    line: int
    sources: tuple[str, ...]
    destination: str
    stage: str | None


type Step = Folder | Run | Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """HEALTHCHECK: a command in exec form; times in seconds."""

    command: tuple[str, ...]
    interval: float = 30
    timeout: float = 30
    start_period: float = 0
    retries: int = 3


@dataclass(slots=True, kw_only=True)
class Stage:
    """One FROM with what follows it: the steps in their order, and how the image is run after the last of them."""

    line: int
    image: str
    name: str | None
    environment: dict[str, str]
    arguments: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    workdir: str = "/"
    user: str = ""
    volumes: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)
    healthcheck: Healthcheck | None = None
    command: tuple[str, ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        """What stands for $NAME: ENV wins over ARG."""
        return self.arguments | self.environment


def read_dockerfile(
    text: str, arguments: Mapping[str, str] | None = None, inherited: Mapping[str, str] = INHERITED
) -> tuple[Stage, ...]:
    """The stages of a Dockerfile, with every variable replaced.

    `arguments` are build arguments (--build-arg), `inherited` the variables of the images that stages start from.
    Raises BadDockerfile for what is wrong or isn't known here.
    """
    reader = _Reader(dict(arguments or {}), dict(inherited))
    last = 1
    for line, name, rest in _instructions(text):
        reader.read(line, name, rest)
        last = line
    if not reader.stages:
        raise BadDockerfile(last, "There is no FROM.")
    for argument in reader.given.keys() - reader.declared:
        raise BadDockerfile(last, f"No ARG declares the build argument {argument}.")
    return tuple(reader.stages)


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """The line where each instruction begins, its name, and the rest with continued lines joined and comments gone."""
    begun, parts = 0, list[str]()
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            if re.match(r"\s*#\s*(syntax|escape|check)\s*=", line, re.IGNORECASE):
                raise BadDockerfile(number, "A parser directive isn't known here.")
            continue
        if not line.strip():
            if parts:
                raise BadDockerfile(number, "An instruction that goes on has an empty line.")
            continue
        begun = begun if parts else number
        continued = re.fullmatch(r"(.*)\\[ \t]*", line)
        parts.append(continued[1] if continued else line)
        if not continued:
            name, *rest = "".join(parts).split(None, 1)
            yield begun, name, "".join(rest).strip()
            parts = []
    if parts:
        raise BadDockerfile(begun, "The last instruction goes on, but nothing follows.")


class _Reader:
    """The stages so far. An instruction is the method with its name."""

    def __init__(self, given: dict[str, str], inherited: dict[str, str]) -> None:
        self.given, self.inherited = given, inherited
        self.declared = set[str]()
        self.globals = dict[str, str]()
        self.stages = list[Stage]()
        self.line = 0
        self.known: dict[str, Callable[[str], None]] = {
            "ARG": self._arg, "FROM": self._from, "ENV": self._env, "WORKDIR": self._workdir, "RUN": self._run,
            "COPY": self._copy, "USER": self._user, "VOLUME": self._volume, "EXPOSE": self._expose,
            "HEALTHCHECK": self._healthcheck, "CMD": self._cmd,
        }  # fmt: skip

    def read(self, line: int, name: str, rest: str) -> None:
        """Take one instruction in."""
        self.line = line
        if name not in self.known:
            raise self._bad(f"{name} isn't known here.")
        if not rest:
            raise self._bad(f"{name} has nothing behind it.")
        if not self.stages and name not in ("ARG", "FROM"):
            raise self._bad(f"{name} comes before the first FROM.")
        self.known[name](rest)

    def _bad(self, message: str) -> BadDockerfile:
        return BadDockerfile(self.line, message)

    @property
    def _stage(self) -> Stage:
        return self.stages[-1]

    def _words(self, text: str) -> list[str]:
        return _expand(text, self._stage.variables if self.stages else self.globals, self._bad)

    def _arg(self, rest: str) -> None:
        for word in self._words(rest):
            name, has_default, default = word.partition("=")
            self._check_name(name)
            self.declared.add(name)
            if name in self.given:
                value: str | None = self.given[name]
            elif has_default:
                value = default
            else:
                value = self.globals.get(name) if self.stages else None
            if value is not None:
                (self._stage.arguments if self.stages else self.globals)[name] = value

    def _from(self, rest: str) -> None:
        words = _expand(rest, self.globals, self._bad)
        named = len(words) == 3 and words[1].upper() == "AS"
        if words[0].startswith("--") or (len(words) != 1 and not named):
            raise self._bad("FROM must be an image, perhaps with AS and a name.")
        name = words[2] if named else None
        if name and not re.fullmatch(r"[a-z][a-z0-9_.-]*", name):
            raise self._bad(f"A stage can't be called {name}.")
        names = [stage.name for stage in self.stages]
        if name is not None and name in names:
            raise self._bad(f"There is a stage {name} already.")
        if words[0] in names:
            raise self._bad(f"To start from another stage, {words[0]}, isn't known here.")
        self.stages.append(Stage(line=self.line, image=words[0], name=name, environment=dict(self.inherited)))

    def _env(self, rest: str) -> None:
        words = self._words(rest)
        for word in words:
            name, equals, value = word.partition("=")
            if not equals:
                raise self._bad(f"ENV must be NAME=value, not {word}.")
            self._check_name(name)
            self._stage.environment[name] = value

    def _check_name(self, name: str) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise self._bad(f"{name!r} is no name of a variable.")

    def _one_word(self, name: str, rest: str) -> str:
        words = self._words(rest)
        if len(words) != 1 or not words[0]:
            raise self._bad(f"{name} must be one word.")
        return words[0]

    def _workdir(self, rest: str) -> None:
        if self._stage.user:
            raise self._bad("WORKDIR comes after USER, where builders differ in who owns the folder.")
        self._stage.workdir = self._absolute(self._one_word("WORKDIR", rest))
        self._stage.steps.append(Folder(line=self.line, path=self._stage.workdir))

    def _absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self._stage.workdir, path))

    def _run(self, rest: str) -> None:
        if rest.startswith(("--", "[")) or "<<" in rest:
            raise self._bad("RUN must be a command for the shell: no options, no exec form, no here-document.")
        stage = self._stage
        self._stage.steps.append(
            Run(line=self.line, command=rest, environment=stage.variables, workdir=stage.workdir, user=stage.user)
        )

    def _copy(self, rest: str) -> None:
        words, stage = self._words(rest), None
        while words and words[0].startswith("--"):
            option, _, value = words.pop(0).partition("=")
            if option != "--from" or stage is not None:
                raise self._bad(f"COPY {option} isn't known here.")
            stage = value
            if value not in [earlier.name for earlier in self.stages[:-1] if earlier.name]:
                raise self._bad(f"There is no earlier stage {value!r}.")
        if len(words) < 2 or rest.startswith("["):
            raise self._bad("COPY must name what is copied and where to.")
        *sources, destination = words
        for source in sources:
            if re.search(r"[*?\[\\]|<<", source):
                raise self._bad(f"COPY must name each file or folder, not {source}.")
            if ".." in source.split("/"):
                raise self._bad(f"{source} leads out of what can be copied.")
        is_folder = destination.endswith("/") or destination in (".", "..")
        if len(sources) > 1 and not is_folder:
            raise self._bad("COPY of several needs a destination that ends in a slash.")
        target = self._absolute(destination)
        self._stage.steps.append(
            Copy(
                line=self.line,
                sources=tuple(posixpath.normpath(source.lstrip("/") or ".") for source in sources),
                destination=target + "/" if is_folder and target != "/" else target,
                stage=stage,
            )
        )

    def _user(self, rest: str) -> None:
        self._stage.user = self._one_word("USER", rest)

    def _volume(self, rest: str) -> None:
        if rest.startswith("["):
            raise self._bad("VOLUME must be words, not a list in JSON.")
        self._stage.volumes += [self._absolute(word) for word in self._words(rest)]

    def _expose(self, rest: str) -> None:
        for word in self._words(rest):
            if not (re.fullmatch(r"[0-9]{1,5}", word) and 0 < int(word) < 65536):
                raise self._bad(f"EXPOSE must be ports, not {word}.")
            self._stage.ports.append(int(word))

    def _healthcheck(self, rest: str) -> None:
        if self._stage.healthcheck is not None:
            raise self._bad("Only the last HEALTHCHECK of a stage would count.")
        options = dict[str, str]()
        while match := re.match(r"--(\S+?)=(\S+)\s+", rest):
            if match[1] in options:
                raise self._bad(f"HEALTHCHECK --{match[1]} is there twice.")
            options[match[1]] = match[2]
            rest = rest[match.end() :]
        if unknown := options.keys() - {"interval", "timeout", "start-period", "retries"}:
            raise self._bad(f"HEALTHCHECK --{min(unknown)} isn't known here.")
        name, _, command = rest.partition(" ")
        if name != "CMD":
            raise self._bad("HEALTHCHECK must be options and a CMD.")
        retries = options.get("retries", "3")
        if not re.fullmatch(r"[1-9][0-9]?", retries):
            raise self._bad(f"--retries must be a number from 1 to 99, not {retries}.")
        self._stage.healthcheck = Healthcheck(
            command=self._exec_form("HEALTHCHECK", command),
            interval=self._seconds(options.get("interval", "30s")),
            timeout=self._seconds(options.get("timeout", "30s")),
            start_period=self._seconds(options.get("start-period", "0s")),
            retries=int(retries),
        )

    def _seconds(self, text: str) -> float:
        units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
        if not re.fullmatch(r"([0-9]+(h|ms|m|s))+", text):
            raise self._bad(f"{text} is no duration such as 30s.")
        return sum(int(count) * units[unit] for count, unit in re.findall(r"([0-9]+)(h|ms|m|s)", text))

    def _cmd(self, rest: str) -> None:
        if self._stage.command:
            raise self._bad("Only the last CMD of a stage would count.")
        self._stage.command = self._exec_form("CMD", rest)

    def _exec_form(self, name: str, text: str) -> tuple[str, ...]:
        try:
            words = json.loads(text)
        except ValueError:
            words = None
        if not (isinstance(words, list) and words and all(isinstance(word, str) for word in words) and words[0]):
            raise self._bad(f'{name} must be in exec form, such as ["program", "argument"].')
        return tuple(words)


def _expand(text: str, variables: Mapping[str, str], bad: Callable[[str], BadDockerfile]) -> list[str]:
    """The words of a text, with quotes and backslashes taken off and $NAME, ${NAME}, ${NAME:-…}, ${NAME:+…} replaced.

    What a variable holds is never cut into several words. `bad` makes the error that is raised.
    """
    words, word, quote, place = list[str](), None, "", 0
    while place < len(text):
        letter = text[place]
        place += 1
        if not quote and letter in " \t":
            words += [word] if word is not None else []
            word = None
            continue
        word = word or ""
        if letter == quote:
            quote = ""
        elif not quote and letter in "\"'":
            quote = letter
        elif letter == "\\" and quote != "'":
            if place == len(text):
                raise bad("A backslash has nothing behind it.")
            if quote and text[place] not in '"$\\':
                word += letter
            word += text[place]
            place += 1
        elif letter == "$" and quote != "'":
            value, place = _replace(text, place, variables, bad)
            word += value
        else:
            word += letter
    if quote:
        raise bad(f"A {quote} isn't closed.")
    return words + ([word] if word is not None else [])


def _replace(
    text: str, place: int, variables: Mapping[str, str], bad: Callable[[str], BadDockerfile]
) -> tuple[str, int]:
    """What stands for the variable whose name begins at the place, behind the $; and the place behind it."""
    match = re.compile(r"\{(\w+)(?::([-+])([^{}$\"'\\]*))?\}|([A-Za-z_]\w*)").match(text, place)
    if match is None:
        raise bad("Behind a $ must be NAME, {NAME}, {NAME:-…} or {NAME:+…}.")
    name, kind, other = match[1] or match[4], match[2], match[3]
    value = variables.get(name)
    if kind == "+":
        value = other if value else ""
    elif kind == "-":
        value = value or other
    if value is None:
        raise bad(f"{name} is set nowhere.")
    return value, match.end()
