"""An order of names that lines of a configuration change, each in constant time. Pure."""

from collections.abc import Iterable


class Order:
    """Names in order, each once."""

    def __init__(self, names: Iterable[str]) -> None:
        """Begin with these."""
        self._after: dict[str | None, str | None] = {None: None}
        self._before: dict[str | None, str | None] = {None: None}
        for name in names:
            self.add(name)

    def __contains__(self, name: str) -> bool:
        """Whether a name is in it."""
        return name in self._after

    def add(self, name: str) -> None:
        """Put a name at the end; nothing where it is there."""
        if name not in self._after:
            self._put(name, self._before[None])

    def remove(self, name: str) -> None:
        """Take a name out; nothing where it isn't there."""
        if name in self._after:
            before, after = self._before.pop(name), self._after.pop(name)
            self._after[before], self._before[after] = after, before

    def move(self, name: str, other: str, *, behind: bool) -> None:
        """Put a name right before another one, or behind it; nothing where one isn't there, or both are the same."""
        if name == other or name not in self._after or other not in self._after:
            return
        self.remove(name)
        self._put(name, other if behind else self._before[other])

    def rename(self, old: str, new: str) -> None:
        """Call a name that is there otherwise; what was called so goes."""
        if old != new:
            self.remove(new)
            before = self._before[old]
            self.remove(old)
            self._put(new, before)

    def _put(self, name: str, before: str | None) -> None:
        after = self._after[before]
        self._after[before], self._after[name] = name, after
        self._before[after], self._before[name] = name, before

    def names(self) -> list[str]:
        """All of them."""
        found: list[str] = []
        name = self._after[None]
        while name is not None:
            found.append(name)
            name = self._after[name]
        return found
