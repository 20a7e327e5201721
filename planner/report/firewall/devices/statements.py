"""Configurations that are trees of statements, said one a line: `set` writes one, `delete` takes it back. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from planner.report.firewall.devices.items import Item
from planner.report.firewall.devices.openings import Opening, Plan, name_any
from planner.report.firewall.elsewhere import find_rest

_PLAIN = re.compile(r"[A-Za-z0-9_.:/-]+")


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

    def items(self) -> Iterator[Item]:
        """The thing as a whole, which says nothing and takes all of it back, then its statements."""
        key = say(*self.path)
        yield Item(key=f"{key} ", lines=(), undo=(f"delete {key}",))
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


def name_anyone(opening: Opening) -> tuple[str, tuple[str, ...]] | None:
    """Where both sides are any and a family has to be said: an object for the destination, and its networks.

    “None of these” of one family is the whole of the other one, so one side has to say what it is.
    """
    permit = opening.permit
    if permit.sources is not None or permit.destinations is not None:
        return None
    if not permit.other_sources and not permit.other_destinations:
        return f"V{permit.family}-everyone_0", ("0.0.0.0/0" if permit.family == 4 else "::/0",)
    networks = find_rest(permit.not_destinations, permit.family)
    others = permit.other_destinations
    return (name_any(others) if others else f"V{permit.family}-everyone_0"), networks


def is_said_already(plan: Plan, opening: Opening) -> bool:
    """Between DNS names alone the rule of IPv4 is that of IPv6 too, where an object of a name has both."""
    permit = opening.permit
    sides = (permit.sources, permit.destinations)
    return permit.family == 6 and all(side and all(map(plan.is_name, side)) for side in sides)


def list_objects(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The objects that openings name, and those for an any that has to say of which family it is."""
    objects = dict(plan.objects)
    for opening in plan.openings:
        found = name_anyone(opening)
        if found:
            objects[found[0]] = found[1]
    return dict(sorted(objects.items()))
