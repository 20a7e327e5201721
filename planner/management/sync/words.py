"""What differs between a file and a stored plan, in words."""

from collections.abc import Mapping
from typing import Any

from planner.plan.changes import Change, FieldPath
from planner.plan.fields import PARTS
from planner.plan.references import WORDS
from planner.plan.threeway import Conflict
from ports.text import short, show_line

MOST = 300
"""How many characters of a value are shown."""
_ROWS = {
    **WORDS, "firewalls": "firewall", "exclusions": "exclusion", "never": "prohibition",
    "additional_flows": "own flow", "expect": "expectation",
}  # fmt: skip
"""What a row of each part is called."""


def say_change(change: Change) -> str:
    """One change as a line: where, and both values."""
    return f"{_say_place(change.where, change.before or change.after)}: {say(change.before)} → {say(change.after)}"


def say_conflict(conflict: Conflict) -> str:
    """A conflict as a sentence: where, and all three values."""
    rows = conflict.mine or conflict.theirs or conflict.before
    return (
        f"{_say_place(conflict.where, rows)}: {say(conflict.mine)} in the file, {say(conflict.theirs)} in the stored "
        f"plan, {say(conflict.before)} before."
    )


def say(value: Any) -> str:
    """A value of a plan, in one line."""
    return show_line(_write(value))[:MOST]


def _write(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_write(item)}" for key, item in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return "; ".join(map(_write, value)) or "nothing"
    return str(value)


def _say_place(where: FieldPath, value: Any) -> str:
    part = where[0]
    if part not in _ROWS:
        return show_line(" ".join(where))
    if not PARTS[part].named:
        row = value[0] if isinstance(value, list) else value
        ends = [_write(row.get(key)) for key in ("source", "from", "destination", "to") if key in row]
        return show_line(f"{_ROWS[part]} {' → '.join(map(short, ends))}")
    return show_line(" ".join([f"{_ROWS[part]} “{short(where[1])}”", *where[2:]]))
