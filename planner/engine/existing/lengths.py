"""How long what a configuration names may be in an answer: what is longer is cut, and told apart all the same. Pure.

An answer names the same entry beside thousands of flows: twenty lines of a megabyte would come to gigabytes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from planner.engine.existing.model import Entry, Ruleset
from ports.text import cut

LONGEST = 1_000
"""Most characters of a name, and of something that isn't understood."""
MOST_OBSCURE = 20
"""Most that are named of what isn't understood and could bear on anything: each makes all flows unknown."""


def shorten(ruleset: Ruleset) -> Ruleset:
    """The ruleset as it is, or where a name has more than LONGEST characters with that one cut and numbered.

    The number is its place among those that are cut, from 1: two that begin alike stay two. Of more than MOST_OBSCURE
    constructs that could bear on anything the rest is counted.
    """
    obscure = name_some(ruleset.obscure)
    if obscure is not ruleset.obscure or _is_long(obscure):
        ruleset = replace(ruleset, obscure=_cut(obscure))
    lists = [*(stage.entries for stage in ruleset.stages), *ruleset.chains.values()]
    stages = [name for stage in ruleset.stages for name in (stage.name, stage.default_name)]
    others = [*stages, *ruleset.chains, *(one.name for one in ruleset.translations)]
    if not _is_long(others) and not any(_has_long(entry) for entries in lists for entry in entries):
        return ruleset
    name = _number()
    kept = _keep_entries(name)
    return replace(
        ruleset,
        stages=tuple(
            replace(one, name=name(one.name), default_name=name(one.default_name), entries=kept(one.entries))
            for one in ruleset.stages
        ),
        chains={name(key): kept(entries) for key, entries in ruleset.chains.items()},
        translations=tuple(replace(one, name=name(one.name)) for one in ruleset.translations),
    )


def name_some(obscure: tuple[str, ...]) -> tuple[str, ...]:
    """Constructs that could bear on anything; of more than MOST_OBSCURE the first, and how many more there are."""
    more = len(obscure) - MOST_OBSCURE
    return (*obscure[:MOST_OBSCURE], f"and {more:,} more of the kind") if more > 0 else obscure


def _is_long(texts: Iterable[str]) -> bool:
    return any(len(text) > LONGEST for text in texts)


def _has_long(entry: Entry) -> bool:
    return len(entry.name) > LONGEST or len(entry.target) > LONGEST or _is_long(entry.obscure)


def _cut(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(cut(text, LONGEST) for text in texts)


def _number() -> Callable[[str], str]:
    """What cuts names: the same one always to the same."""
    known: dict[str, str] = {}

    def name(text: str) -> str:
        if len(text) <= LONGEST:
            return text
        return known.setdefault(text, f"{cut(text, LONGEST)} ({len(known) + 1:,})")

    return name


def _keep_entries(name: Callable[[str], str]) -> Callable[[Sequence[Entry]], tuple[Entry, ...]]:
    """What puts shorter names into entries; those that have none are the same objects."""

    def keep(entry: Entry) -> Entry:
        if not _has_long(entry):
            return entry
        return replace(entry, name=name(entry.name), target=name(entry.target), obscure=_cut(entry.obscure))

    return lambda entries: tuple(map(keep, entries))
