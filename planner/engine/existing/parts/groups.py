"""What names stand for, through groups within groups. Pure."""

from collections.abc import Callable, Mapping, Sequence

from planner.engine.existing.parts.count import Count


class Names[Value]:
    """The objects and groups of one kind, by name; each is put together once, and only if something asks for it.

    A group that contains itself, and a name that isn't there, stand for what `unknown` makes of a sentence about it.
    """

    def __init__(
        self,
        *,
        kind: str,
        plain: Mapping[str, Value],
        groups: Mapping[str, Sequence[str]],
        unite: Callable[[Sequence[Value]], Value],
        unknown: Callable[[str], Value],
        count: Count,
    ) -> None:
        """Take the objects that are no groups, and the members of groups. `kind` is what the device calls them."""
        self._kind = kind
        self._groups = groups
        self._unite = unite
        self._unknown = unknown
        self._count = count
        self._found: dict[str, Value] = dict(plain)
        self._sizes: dict[str, int] = {}
        self._together: dict[tuple[str, ...], Value] = {}

    def get(self, name: str) -> Value:
        """What a name stands for. Raises Unreadable where the members of groups are too many."""
        waiting = [name]
        opened: set[str] = set()
        while waiting:
            current = waiting[-1]
            if current in self._found:
                waiting.pop()
            elif current not in self._groups:
                self._found[current] = self._unknown(f"{self._kind} {current}, which isn't there")
            elif current in opened:
                self._found[current] = self._put_together(current)
            else:
                opened.add(current)
                waiting += [one for one in self._groups[current] if one not in self._found and one not in opened]
        return self._found[name]

    def _put_together(self, name: str) -> Value:
        members = self._groups[name]
        self._sizes[name] = sum(self._sizes.get(one, 1) for one in members) + 1
        self._count.take(self._sizes[name])
        # Members that are not put together yet are those that this group stands in.
        circle = f"{self._kind} {{}}, which contains itself"
        return self._unite([
            self._found[one] if one in self._found else self._unknown(circle.format(one)) for one in members
        ])  # fmt: skip

    def get_all(self, names: Sequence[str]) -> Value:
        """What several names stand for together; the same object for the same names."""
        key = tuple(names)
        if key not in self._together:
            self._together[key] = self._unite([self.get(name) for name in key])
        return self._together[key]
