"""Configurations that are trees of statements, said one a line: `set` writes one, `delete` takes it back. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from planner.report.firewall.devices.items import Item
from planner.report.firewall.devices.openings import Opening, Plan
from planner.report.firewall.words import name_any

_PLAIN = re.compile(r"[A-Za-z0-9_.:/-]+")
Rest = tuple[str, tuple[str, ...]]
"""An any that is said as what is left of its family: the object's name, and its networks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A value, or one of several, at a path."""

    path: tuple[str, ...]
    value: str | None = None
    many: bool = False
    """Whether the path holds several values: then another one is added, and none replaced."""

    def set(self) -> str:
        """The line that sets it."""
        return f"set {say(*self.path, *([] if self.value is None else [self.value]))}"

    def item(self, within: str) -> Item:
        """It as an item of the thing that it belongs to."""
        path = say(*self.path, *([self.value] if self.many and self.value is not None else []))
        return Item(key=path, lines=(self.set(),), undo=(f"delete {path}",), within=within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """An object, a group, a rule: a path, and the statements under it."""

    path: tuple[str, ...]
    statements: tuple[Statement, ...]
    within: tuple[str, ...] = ()
    """The path of the thing that it is a part of, and that takes it along when it goes."""

    def items(self) -> Iterator[Item]:
        """The thing as a whole, which says nothing and takes all of it back, then its statements."""
        key = say(*self.path)
        within = f"{say(*self.within)} " if self.within else ""
        yield Item(key=f"{key} ", lines=(), undo=(f"delete {key}",), within=within)
        for statement in self.statements:
            yield statement.item(f"{key} ")


def say(*words: str) -> str:
    """Words of a line, quoted where they have to be."""
    return " ".join(word if _PLAIN.fullmatch(word) else f'"{word}"' for word in words)


def under(path: tuple[str, ...], **values: "str | tuple[str, ...]") -> Thing:
    """A thing with its values; several of one key are a tuple. An underscore in a key is a hyphen."""
    found: list[Statement] = []
    for key, value in values.items():
        at = (*path, key.rstrip("_").replace("_", "-"))
        if isinstance(value, str):
            found.append(Statement(path=at, value=value))
        else:
            found += [Statement(path=at, value=one, many=True) for one in value]
    return Thing(path=path, statements=tuple(found))


def name_anyone(plan: Plan, opening: Opening) -> Rest | None:
    """Where both sides are any and a family has to be said: an object for the destination, and its networks.

    “None of these” of one family is the whole of the other one, so one side has to say what it is.
    """
    permit = opening.permit
    if permit.sources is not None or permit.destinations is not None:
        return None
    networks = plan.permits.addresses.find_rest(permit.family, permit.not_destinations)
    return _name_rest(permit.other_destinations, permit.family), networks


def _name_rest(others: tuple[str, ...], family: int) -> str:
    return name_any(others) if others else f"V{family}-everyone_0"


def find_rests(plan: Plan, apart: tuple[str, ...] = ()) -> Mapping[str, Mapping[str, Rest]]:
    """By name of an opening its sides ("source", "destination") that are any and have to say of which family.

    “None of these” of one family is the whole of the other one, and any is both. A side that is any at the other end
    doesn't tell them apart, nor does an object of a DNS name where that stands for both. `apart` are networks of IPv6
    that the device takes for IPv4.
    """
    found: dict[str, dict[str, Rest]] = {}
    for opening in plan.openings:
        permit, one = opening.permit, opening.name
        for side, members, others, networks, far in (
            ("source", permit.sources, permit.other_sources, permit.not_sources, permit.destinations),
            ("destination", permit.destinations, permit.other_destinations, permit.not_destinations, permit.sources),
        ):
            told = far is None and side == "source"  # of two that are any one says it
            if members is not None or told or not (far is None or any(map(plan.is_name, far))):
                continue
            left_out = (*networks, *(apart if permit.family == 6 else ()))
            rest = plan.permits.addresses.find_rest(permit.family, left_out)
            found.setdefault(one, {})[side] = _name_rest(others, permit.family), rest
    return found


def is_said_already(plan: Plan, opening: Opening) -> bool:
    """Between DNS names alone the rule of IPv4 is that of IPv6 too, where an object of a name has both."""
    permit = opening.permit
    sides = (permit.sources, permit.destinations)
    return permit.family == 6 and all(side and all(map(plan.is_name, side)) for side in sides)


def list_objects(plan: Plan, rests: Iterable[Rest]) -> dict[str, tuple[str, ...]]:
    """The objects that openings name, and those for an any that has to say of which family it is."""
    return dict(sorted({**plan.objects, **dict(rests)}.items()))
