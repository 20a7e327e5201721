"""The last few values that were made, kept in the memory of a process under what they were made of."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any

KEPT = 200_000
"""Most flows of the reports that are kept, and of the comparisons; the newest is kept however many it has."""


class Recent[Value]:
    """The last few values by key: at most `count`, and as many as together don't weigh more than KEPT."""

    def __init__(self, weight: Callable[[Value], int], count: int) -> None:
        self._weight, self._count = weight, count
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Value | None:
        """The value of a key; None where it isn't there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def list_items(self) -> tuple[tuple[Any, Value], ...]:
        """All keys with their values, what was asked for last first."""
        with self._lock:
            return tuple(reversed(self._values.items()))

    def clear(self) -> None:
        """Keep nothing any more."""
        with self._lock:
            self._values.clear()

    def keep(self, key: Hashable, value: Value) -> None:
        """Keep a value that was made elsewhere."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > 1 and (len(self._values) > self._count or self._weigh_all() > KEPT):
                self._values.popitem(last=False)

    def find(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it isn't there. What `make` raises is raised, and nothing is kept of it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        self.keep(key, value)
        return value

    def _weigh_all(self) -> int:
        return sum(map(self._weight, self._values.values()))
