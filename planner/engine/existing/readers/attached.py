"""Groups of rules that are attached to machines or networks of a cloud, as stages. Pure.

One group: every flow is taken as one to what it is attached to, and its inbound rules decide. Several: each group is a
side by its name, to be mapped to the zone that it stands before; its inbound rules decide about flows to the zone, its
outbound ones about those from it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from planner.engine.existing.model import Entry, Ruleset, Sides, Stage

Way = Literal["inbound", "outbound"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Of which way a group's rules are read, and the sides that its entries are for; None where there is one group."""

    way: Way
    enters: Sides | None = None
    leaves: Sides | None = None


def make_ruleset(
    form: str, kind: str, groups: Sequence[str], list_entries: Callable[[str, Place], Iterable[Entry]], default: str
) -> Ruleset:
    """The ruleset of some groups, by their names.

    `form`: the format; `kind`: what several groups are called; `list_entries`: the entries of a group one way, what
    refuses the rest among them where there are several groups; `default`: what refuses the rest of a group alone.
    """
    if len(groups) == 1:
        entries = tuple(list_entries(groups[0], Place(way="inbound")))
        name = f"inbound rules of {groups[0]}"
        stage = Stage(name=name, entries=entries, default="drop", default_name=default)
        return Ruleset(format=form, stages=(stage,), chains={})
    ways: tuple[tuple[Way, str], ...] = (("inbound", "target"), ("outbound", "source"))
    stages = tuple(
        Stage(
            name=f"{way} rules of {kind}s",
            entries=tuple(entry for group in groups for entry in list_entries(group, _place(way, group))),
            default="obscure" if way == "inbound" else "accept",
            default_name=f"no {kind} is mapped to the {end}",
        )
        for way, end in ways
    )
    both = (side for stage in stages for entry in stage.entries for side in (entry.enters, entry.leaves) if side)
    return Ruleset(
        format=form, stages=stages, chains={}, sides=frozenset(name for side in both for name in side.names)
    )


def _place(way: Way, group: str) -> Place:
    side = Sides(names=frozenset({group}))
    return Place(way=way, leaves=side) if way == "inbound" else Place(way=way, enters=side)
