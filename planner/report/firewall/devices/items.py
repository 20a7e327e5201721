"""A configuration as items: what is told to a device, and what takes it back. Pure; knows no syntax.

So one description makes the whole file, the change from one revision to another, and the way back.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An object, a member of a group, an entry: lines that set it, and lines that take it back.

    Setting it again changes nothing. Two items of one key are the same thing: setting the second replaces the first.
    """

    key: str
    lines: tuple[str, ...]
    undo: tuple[str, ...]
    """Empty: nothing of its own to take back."""
    section: str = ""
    """The line that has to come before, for devices that have sections; neighbours share it."""
    within: str = ""
    """The key of an item that takes this one along when it goes."""
    makes_way: bool = False
    """Whether it is taken back before anything is set: beside it the device refuses what takes its place."""
    entry_of: str = ""
    """The list that it is an entry in force of, where one that is bound to an interface must not be left without."""


type Keep = Callable[[str], Item]
"""Makes the entry that stays in a list which has no other; no packet meets it."""


def write_items(items: Iterable[Item], end: str = "end") -> Iterator[str]:
    """The lines that set the items, in their order; `end` ends a section, empty: nothing does."""
    return _in_sections(((item.section, item.lines) for item in items), end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What takes a device from one configuration to another."""

    added: tuple[Item, ...]
    removed: tuple[Item, ...]
    """In the order in which they are taken back: what needs others goes first."""
    kept: tuple[Item, ...] = ()
    """What alone stays in force in lists that lose all their entries; it is set before, unless it is there."""

    @property
    def making_way(self) -> tuple[Item, ...]:
        """Those of what is taken back that go before anything is set."""
        return tuple(item for item in self.removed if item.makes_way)

    def write(self, end: str = "end", *, back_first: bool = False) -> Iterator[str]:
        """The lines: what makes way, then what is new, so that nothing is closed meanwhile that stays open.

        `back_first`: first all that is gone, for a device that takes all of it at once.
        """
        told = [(item.section, item.lines) for item in self.added]
        before = [(item.section, item.undo) for item in self.removed if item.makes_way or back_first]
        after = [(item.section, item.undo) for item in self.removed if not (item.makes_way or back_first)]
        for parts in (before, told, after):
            yield from _in_sections(parts, end)


def find_change(old: Sequence[Item], new: Sequence[Item], keep: Keep | None = None) -> Change:
    """What is in one alone, or is said otherwise. With `keep` no list is left without an entry."""
    before, after = {item.key: item for item in old}, {item.key: item for item in new}
    kept = _find_kept(old, new, keep)
    after |= {item.key: item for item in kept}
    gone = [item for key, item in before.items() if key not in after]
    going = {item.key for item in gone if item.undo}
    return Change(
        added=tuple(item for key, item in after.items() if key not in before or before[key].lines != item.lines),
        removed=tuple(item for item in reversed(gone) if item.undo and item.within not in going),
        kept=kept,
    )


def _find_kept(old: Iterable[Item], new: Sequence[Item], keep: Keep | None) -> tuple[Item, ...]:
    """What stays in the lists that lose all their entries in force, whether the new have it already or not."""
    if keep is None:
        return ()
    there = set(new)
    losing = dict.fromkeys(item.entry_of for item in old if item.entry_of and item not in there)
    stays = {name: keep(name) for name in losing}
    filled = {item.entry_of for item in new if item != stays.get(item.entry_of)}
    return tuple(item for name, item in stays.items() if name not in filled)


def find_leftovers(earlier: Sequence[Sequence[Item]], new: Sequence[Item], keep: Keep | None = None) -> Change:
    """What earlier configurations have and the new one lacks, in the order in which it is taken back.

    What is set is what stays in lists that would be left without an entry; with `keep` alone.

    A device may have any of them, or several on top of each other. So each is taken back in its own order; what a
    later one has just the same waits for that, since what is there then may need it.
    """
    kept = _find_kept((item for old in earlier for item in old), new, keep)
    there = set(new)
    staying = (*new, *kept)
    removed: list[Item] = []
    for number, old in enumerate(earlier):
        later = {item for items in earlier[number + 1 :] for item in items}
        removed += (item for item in find_change(old, staying).removed if item not in later)
    return Change(added=tuple(item for item in kept if item not in there), removed=tuple(removed), kept=kept)


def _in_sections(parts: Iterable[tuple[str, tuple[str, ...]]], end: str) -> Iterator[str]:
    inside = ""
    for section, lines in parts:
        if not lines:
            continue
        if section != inside:
            if inside and end:
                yield end
            if section:
                yield section
            inside = section
        yield from lines
    if inside and end:
        yield end
