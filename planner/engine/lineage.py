"""Which zone or endpoint of one revision of a plan is which of another, by what the revisions between them did.

Each is followed by an identity and not by its name: a rename leaves it as it is; what is added gets one of its own, be
its name an old one; and a revision that brings an earlier state back brings back the identities of that state.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from planner.engine.renames import Rename

Document = Mapping[str, Any]
Kind = Literal["endpoint", "zone"]
KINDS: Mapping[Kind, str] = {"endpoint": "endpoints", "zone": "zones"}
"""What has names, and what plan documents call its list."""

_Identity = tuple[int, str]
"""The number of the revision that added it, 0 for what is older than the first of the steps, and its name then.

With a negative number it is nothing's: of a name that was left in that revision.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a revision says of how it came about."""

    number: int
    renames: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Old and new names, under `zones` and `endpoints`."""
    added: Mapping[str, Collection[str]] = field(default_factory=dict)
    """What `find_added` found, likewise."""
    undo_to: int | None = None
    redo_to: int | None = None
    restored: int | None = None


def find_added(before: Document, after: Document, renames: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """The names in a plan document that come from nothing in the document before: sorted, under zones and endpoints.

    `renames` has old and new names under the same keys. A key without names is left out.
    """
    added = {}
    for key in KINDS.values():
        moved = renames.get(key, {})
        kept = {moved.get(item["name"], item["name"]) for item in before[key]}
        added[key] = sorted({item["name"] for item in after[key]} - kept)
    return {key: names for key, names in added.items() if names}


def find_goal(step: Step, previous: Step) -> int | None:
    """The number of the revision whose state this one brought back, by restore, undo or redo; None for an edit."""
    if step.restored is not None:
        return step.restored
    if step.redo_to == previous.number:
        return previous.undo_to
    # What an edit did is undone by going to the revision before it. After a redo, undo leads to where it led then.
    return previous.redo_to if step.undo_to != previous.number else None


def find_earliest(steps: Sequence[Step]) -> int:
    """The lowest number among these revisions, which come one after the other, and those that they brought back."""
    goals = (find_goal(step, previous) for previous, step in pairwise(steps))
    return min([steps[0].number, *(goal for goal in goals if goal is not None)])


def trace_renames(
    steps: Sequence[Step], before: tuple[int, Document], after: tuple[int, Document]
) -> tuple[Rename, ...]:
    """What is called otherwise in revision `after` than in `before`, sorted; each is given by number and document.

    `steps` are revisions by number, none left out, the first no later than either, and than any that they bring back.
    One that brings back what isn't there counts as the edit that it says it was.
    """
    number, document = before
    there = {(kind, item["name"]) for kind, key in KINDS.items() for item in document[key]}
    return tuple(one for one in trace_heirs(steps, [number], after)[number] if (one.kind, one.old) in there)


def trace_heirs(
    steps: Sequence[Step], numbers: Collection[int], after: tuple[int, Document]
) -> Mapping[int, tuple[Rename, ...]]:
    """What names of each of these revisions have become in `after`, sorted, by number; no document of then is read.

    So there may be names among them that the revision has not, as what had them was deleted before and brought back
    later. For each one that it has, they say what `trace_renames` does. `steps` are those that this wants.
    """
    found: dict[int, list[Rename]] = {number: [] for number in numbers}
    for kind in KINDS:
        for number, rename in _trace(kind, steps, numbers, after):
            found[number].append(rename)
    return {number: tuple(renames) for number, renames in found.items()}


def _trace(
    kind: Kind, steps: Sequence[Step], numbers: Collection[int], after: tuple[int, Document]
) -> Iterator[tuple[int, Rename]]:
    key = KINDS[kind]
    moving = {name for step in steps[1:] for names in step.renames.get(key, {}).items() for name in names}
    if not moving:
        return
    # The identities at each revision, of the names that ever move: the others keep theirs, or their name at least. A
    # name that isn't listed has the identity that it had at first. No two names have the same one.
    states: dict[int, Mapping[str, _Identity]] = {steps[0].number: {}}
    for previous, step in pairwise(steps):
        goal = states.get(find_goal(step, previous) or 0)
        states[step.number] = _follow(states[previous.number], step, key, moving) if goal is None else goal
    last, new = after
    names = {_identify(states[last], item["name"]): item["name"] for item in new[key]}
    ordered = sorted(moving)
    for number in numbers:
        for name in ordered:
            heir = names.get(_identify(states[number], name))
            if heir is not None and heir != name:
                yield number, Rename(kind, name, heir)


def _follow(state: Mapping[str, _Identity], step: Step, key: str, moving: AbstractSet[str]) -> Mapping[str, _Identity]:
    """The identities after an edit."""
    renames, added = step.renames.get(key, {}), moving & set(step.added.get(key, ()))
    if not renames and not added:
        return state
    return {
        **state,
        **{old: (-step.number, old) for old in renames},  # nothing has that name any more
        **{new: _identify(state, old) for old, new in renames.items()},
        **{name: (step.number, name) for name in added},
    }


def _identify(state: Mapping[str, _Identity], name: str) -> _Identity:
    return state.get(name, (0, name))
