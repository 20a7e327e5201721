"""The set lines of a Juniper SRX as a tree of words. Pure.

Syntax: Junos OS CLI User Guide, “show | display set”, and the commands set, delete, insert, activate, deactivate.
"""

from collections.abc import Iterable, Iterator, Sequence

from planner.engine.existing.model import Unreadable
from planner.engine.existing.parts.order import Order

Tree = dict[str, "Tree"]
"""A word -> the words after it."""

_READ = {
    "applications", "apply-groups", "firewall", "forwarding-options", "groups", "interfaces", "logical-systems",
    "routing-options", "security", "tenants",
}  # fmt: skip
"""First words of what is read; all else is passed by."""
_LONGEST = 200
_MOST = 2_000_000
"""Most words that are kept; each takes memory. 10,000 policies have 150,000."""


def read_tree(text: str) -> Tree:
    """What is set and active. Raises Unreadable for what is none, or has too much."""
    return _read(text).active()


def read_all(text: str) -> tuple[Tree, list[tuple[str, ...]]]:
    """All that is set, and what of it is deactivated, as it was said. Raises Unreadable as `read_tree` does."""
    read = _read(text)
    return read.tree, read.inactive


def _read(text: str) -> "_Builder":
    builder = _Builder()
    for number, line in enumerate(text.splitlines(), 1):
        words = split_words(line)
        if len(words) > _LONGEST:
            raise Unreadable(f"Line {number:,} has more than {_LONGEST} words, which no SRX writes.")
        if words and words[0] in ("set", "delete", "insert", "activate", "deactivate"):
            builder.take(words[0], words[1:])
    builder.finish()
    return builder


def split_words(line: str) -> list[str]:
    """The words of a line; what is in quotes is one."""
    if '"' not in line:
        return line.split()
    words: list[str] = []
    for number, part in enumerate(line.replace('\\"', "\ufffe").split('"')):
        words += [part.replace("\ufffe", '"')] if number % 2 else part.split()
    return words


class _Builder:
    def __init__(self) -> None:
        self.tree: Tree = {}
        self._count = 0
        self._known = False
        self._inactive: dict[tuple[str, ...], None] = {}
        self._orders: dict[tuple[str, ...], Order] = {}

    def take(self, verb: str, words: list[str]) -> None:
        """Carry out a line."""
        if not words:
            return
        self._known = True
        if words[0] not in _READ:
            return
        if verb == "set":
            self._set(words)
        elif verb == "delete":
            self._delete(words)
        elif verb == "insert":
            self._insert(words)
        elif verb == "deactivate":
            self._inactive[tuple(words)] = None
        else:
            self._inactive.pop(tuple(words), None)

    def _set(self, words: list[str]) -> None:
        node = self.tree
        for word in words:
            found = node.get(word)
            if found is None:
                self._count += 1
                if self._count > _MOST:
                    raise Unreadable(
                        f"The configuration has more than {_MOST:,} words that are kept. Give the part of it that is "
                        "about security and applications."
                    )
                found = node[word] = {}
            node = found

    def _delete(self, words: Sequence[str]) -> None:
        parent = at(self.tree, *words[:-1])
        parent.pop(words[-1], None)

    def _insert(self, words: list[str]) -> None:
        """“insert PATH NAME before KIND NAME”."""
        if len(words) < 5 or words[-3] not in ("before", "after"):
            return
        path, name, other = tuple(words[:-4]), words[-4], words[-1]
        siblings = at(self.tree, *path)
        if name in siblings and other in siblings:
            if path not in self._orders:
                self._orders[path] = Order(siblings)
            order = self._orders[path]
            order.add(name)
            order.add(other)
            order.move(name, other, behind=words[-3] == "after")

    def finish(self) -> None:
        """Bring the tree into the order that is said."""
        if not self._known:
            raise Unreadable(
                "This is no configuration of an SRX in set lines: no line begins with set. Give what show "
                "configuration | display set prints."
            )
        for path, order in self._orders.items():
            siblings = at(self.tree, *path)
            found = {name: siblings[name] for name in order.names() if name in siblings} | siblings
            siblings.clear()
            siblings.update(found)

    @property
    def inactive(self) -> list[tuple[str, ...]]:
        """What there is of the tree and doesn't count."""
        return [words for words in self._inactive if find(self.tree, words) is not None]

    def active(self) -> Tree:
        """The tree without that."""
        for words in self._inactive:
            self._delete(words)
        return self.tree


def at(tree: Tree, *path: str) -> Tree:
    """What stands after these words; nothing where they don't."""
    for word in path:
        tree = tree.get(word, {})
    return tree


def find(tree: Tree, path: Iterable[str]) -> Tree | None:
    """The same; None where they don't stand."""
    found: Tree | None = tree
    for word in path:
        found = None if found is None else found.get(word)
    return found


def list_ends(tree: Tree) -> Iterator[tuple[str, ...]]:
    """What can be said after the words of a tree: each way to its end."""
    waiting: list[tuple[tuple[str, ...], Tree]] = [((), tree)]
    while waiting:
        path, node = waiting.pop()
        if not node:
            yield path
        waiting += (((*path, word), below) for word, below in reversed(node.items()))


def value(tree: Tree, *path: str) -> str:
    """The first word after these; "" where there is none."""
    return next(iter(at(tree, *path)), "")


def flatten(tree: Tree, flags: frozenset[str] = frozenset()) -> Tree:
    """Keywords with all of their values, whether they stand in one line or in several.

    `flags` are keywords without a value.
    """
    found: Tree = {}
    waiting = [tree]
    for node in waiting:
        for key, below in node.items():
            values = found.setdefault(key, {})
            if key in flags:
                waiting.append(below)
                continue
            for one, more in below.items():
                values.setdefault(one, {})
                waiting.append(more)
    return found


def pairs(tree: Tree, first: str, second: str) -> Iterator[tuple[str, str, Tree]]:
    """What stands after “first A second B”: A, B, and that."""
    for one, below in tree.get(first, {}).items():
        for other, found in below.get(second, {}).items():
            yield one, other, found
