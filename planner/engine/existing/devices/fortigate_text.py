"""The text of a FortiGate's configuration as sections of entries with their settings. Pure.

Syntax: FortiOS CLI Reference, “CLI basics” (config, edit, set, append, unset, move, delete, rename, next, end; strings
in quotes over several lines). hier-config 3.7.1 (MIT) was tried: 13 µs a line, but it goes by lines and indentation,
so a certificate or a message in quotes becomes commands, and lines nested 3,000 deep end it by a RecursionError. ttp
takes templates of regular expressions, and knows no quotes over lines either.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from planner.engine.existing.model import Unreadable
from planner.engine.existing.parts.order import Order

Settings = dict[str, list[str]]
"""Key -> the words after it."""

_WORD = re.compile(
    r'(?m)(^[ \t]*+#[^\n]*+)|(\n)|"((?:[^"\\]++|\\.)*+)("?)|((?:[^\s"\\]|\\.)++)|(\\)', re.DOTALL
)  # fmt: skip
_SIGNS = re.compile(r"[\"\\#]")
"""What makes more of a line than words between blanks."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DEEPEST = 50


@dataclass(slots=True)
class Domain:
    """A virtual domain, or what is said outside of any: the settings of each entry, by section and name, in order."""

    sections: dict[str, dict[str, Settings]] = field(default_factory=dict)

    def section(self, name: str) -> dict[str, Settings]:
        """The entries of “firewall policy” and the like; none where it isn't there."""
        return self.sections.get(name, {})

    def settings(self, name: str) -> Settings:
        """What is set in a section without entries."""
        return self.section(name).get("", {})


def read_domains(text: str) -> dict[str, Domain]:
    """Name -> virtual domain, in order; what is outside of them stands under "".

    Raises Unreadable, with the line, where it ends in the midst of something, or is no such text.
    """
    reader = _Reader()
    for number, words in _lines(text):
        reader.take(number, words)
    if reader.path:
        raise Unreadable(
            f"The configuration of the FortiGate ends inside of “{_say(reader.path[-1])}”; each config has an end, "
            "each edit a next. Give the whole of it."
        )
    if not reader.known:
        raise Unreadable(
            "This is no configuration of a FortiGate: no line begins with config. Give a backup, or what "
            "show full-configuration prints."
        )
    return reader.finish()


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each command with the number of its first line; what is in quotes is one word."""
    place, number = 0, 1
    while place < len(text):
        end = text.find("\n", place)
        line = text[place : end if end >= 0 else len(text)]
        if '"' in line and (quick := _split_quoted(line)):
            yield number, quick
        elif _SIGNS.search(line):
            start, words, place, number = _read_command(text, place, number)
            if words:
                yield start, words
            continue
        elif words := line.split():
            yield number, words
        place += len(line) + 1
        number += 1


def _split_quoted(line: str) -> list[str] | None:
    """The words of a line with words in quotes, each between blanks, and nothing else; None for any other line."""
    if "\\" in line or "#" in line:
        return None
    parts = line.split('"')
    last = len(parts) - 1
    if last % 2:
        return None
    words = []
    for place, part in enumerate(parts):
        if place % 2:
            words.append(part)
            continue
        if (place and place < last and not part) or (part and place and not part[0].isspace()):
            return None
        if part and place < last and not part[-1].isspace():
            return None
        words += part.split()
    return words


def _read_command(text: str, place: int, number: int) -> tuple[int, list[str], int, int]:
    """The number of its first line, the words of a command, and the place and number of the line after it.

    It goes on over several lines where they are in quotes, or a backslash stands before their end.
    """
    words: list[list[str]] = []
    """Each in its pieces."""
    start = number
    glued = -1
    """Where the last word ended: what follows at once belongs to it."""
    for found in _WORD.finditer(text, place):
        comment, line, quoted, closed, bare, lone = found.groups()
        if line:
            return start, ["".join(word) for word in words], found.end(), number + 1
        if comment is not None:
            continue
        if quoted is not None and not closed:
            raise Unreadable(f"Line {number} of the FortiGate's configuration opens a quote that nothing closes.")
        word = quoted if quoted is not None else bare if bare is not None else lone
        if not words:
            start = number
        number += word.count("\n")
        word = _ESCAPED.sub(r"\1", word) if "\\" in word else word
        if glued == found.start():
            words[-1].append(word)
        else:
            words.append([word])
        glued = found.end()
    return start, ["".join(word) for word in words], len(text), number


def _say(step: tuple[str, str]) -> str:
    return f"{step[0]} {step[1]}"[:80]


class _Reader:
    """Where we are, and what has been set."""

    def __init__(self) -> None:
        self.path: list[tuple[str, str]] = []
        self.domains: dict[str, Domain] = {"": Domain()}
        self.known = False
        self._here: dict[str, Settings] | None = None
        """The entries of the section that we are in, until the path changes."""
        self._orders: dict[int, tuple[dict[str, Settings], Order]] = {}

    def take(self, number: int, words: list[str]) -> None:
        """Carry out a command. What isn't one is passed by."""
        verb, rest = words[0], words[1:]
        if verb in ("config", "edit") and rest:
            self.known = True
            if len(self.path) == _DEEPEST:
                raise Unreadable(
                    f"Line {number} of the FortiGate's configuration is nested more than {_DEEPEST} deep, which no "
                    "device writes."
                )
            self.path.append((verb, " ".join(rest)))
            self._here = None
            if verb == "edit":
                self._entries().setdefault(self.path[-1][1], {})
        elif verb in ("next", "end"):
            self._leave(number, verb)
        elif self.path:
            self._change(verb, rest)

    def _leave(self, number: int, verb: str) -> None:
        self._here = None
        # end closes an edit that no next has closed.
        if verb == "end" and self.path and self.path[-1][0] == "edit":
            self.path.pop()
        if not self.path or (verb == "next") != (self.path[-1][0] == "edit"):
            raise Unreadable(
                f"Line {number} of the FortiGate's configuration has a “{verb}” to which nothing belongs that is open."
            )
        self.path.pop()

    def _place(self) -> tuple[str, list[tuple[str, str]]]:
        """The virtual domain that we are in, and the path in it."""
        if self.path[0] == ("config", "global"):
            return "", self.path[1:]
        if self.path[0] == ("config", "vdom"):
            return (self.path[1][1] if len(self.path) > 1 else ""), self.path[2:]
        return "", self.path

    def _entries(self) -> dict[str, Settings]:
        """The entries of the section that we are in: of one within an entry, under the names of both."""
        if self._here is None:
            domain, path = self._place()
            name = " ".join(name for kind, name in path if kind == "config")
            self._here = self.domains.setdefault(domain, Domain()).sections.setdefault(name, {})
        return self._here

    def _order(self, entries: dict[str, Settings]) -> Order:
        """The order of the entries of a section, for as long as lines change it."""
        if id(entries) not in self._orders:
            self._orders[id(entries)] = entries, Order(entries)
        order = self._orders[id(entries)][1]
        # What has been added since stands last in both.
        new: list[str] = []
        for name in reversed(entries):
            if name in order:
                break
            new.append(name)
        for name in reversed(new):
            order.add(name)
        return order

    def finish(self) -> dict[str, Domain]:
        """What has been read, each section in its order."""
        for entries, order in self._orders.values():
            found = {name: entries[name] for name in order.names()} | entries
            entries.clear()
            entries.update(found)
        return self.domains

    def _change(self, verb: str, rest: list[str]) -> None:
        entries = self._entries()
        if verb == "move" and len(rest) == 3 and rest[1] in ("before", "after"):
            self._order(entries).move(rest[0], rest[2], behind=rest[1] == "after")
        elif verb == "delete" and rest:
            self._order(entries).remove(rest[0])
            entries.pop(rest[0], None)
        elif verb == "rename" and len(rest) == 3 and rest[0] in entries:
            self._order(entries).rename(rest[0], rest[2])
            entries[rest[2]] = entries.pop(rest[0])
        elif verb == "clone" and len(rest) == 3 and rest[0] in entries:
            entries[rest[2]] = {key: list(words) for key, words in entries[rest[0]].items()}
        elif verb in ("set", "append", "unset") and rest:
            settings = entries.setdefault(self.path[-1][1] if self.path[-1][0] == "edit" else "", {})
            if verb == "set":
                settings[rest[0]] = rest[1:]
            elif verb == "append":
                settings.setdefault(rest[0], []).extend(rest[1:])
            else:
                settings.pop(rest[0], None)
