"""Texts that count how often they are compared: what is looked for in a list is, and what is looked up isn't."""

from typing import Any


class Compared(str):
    """Its comparisons are counted, all in one number."""

    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __str__(self) -> str:
        return self


def count_comparisons(work: Any) -> int:
    """How often texts are compared by this work."""
    before = Compared.times
    work()
    return Compared.times - before
