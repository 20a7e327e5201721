"""What the tables of a plan say to people, word for word: fields, kinds of zone, devices, presets and limits.

Other tests hold the tables against what uses them; this one shows each change of their words as a difference of
tests/plan/tables.json. `make golden` rewrites it; read the difference before you commit it.
"""

import dataclasses
import json
import os
import re
from pathlib import Path

from planner.plan import limits
from planner.plan.devices import DEVICES
from planner.plan.fields import PARTS
from planner.plan.kinds import KINDS, OUTSIDE, USUAL
from planner.plan.presets import PRESETS

FILE = Path(__file__).parent / "tables.json"


def show(value):
    """As JSON has it: of rows their attributes that say something, of readers their shape."""
    match value:
        case re.Pattern():
            return value.pattern
        case type():
            return value.__name__
        case dict():
            return {key: show(one) for key, one in value.items()}
        case tuple() | list():
            return [show(one) for one in value]
        case frozenset():
            return " ".join(sorted(value))
        case _ if dataclasses.is_dataclass(value):
            shown = {field.name: show(getattr(value, field.name)) for field in dataclasses.fields(value)}
            return {key: one for key, one in shown.items() if one not in (None, "", [], {})}
        case _ if callable(value):
            return getattr(value, "__name__", "a function").rpartition(".")[2]
    return value


def list_tables():
    numbers = {name: value for name, value in vars(limits).items() if name.isupper() and not name.startswith("_")}
    sayings = {name: value for name, value in vars(limits).items() if name.startswith("say_")}
    return {
        "fields": {key: {entry.key: show(entry) for entry in part.fields} for key, part in PARTS.items()},
        "kinds": {"all": show(KINDS), "usual": USUAL, "outside": OUTSIDE},
        "devices": show(DEVICES),
        "presets": show(PRESETS),
        "limits": numbers,
        "sayings": {
            name: say(3 * 2**21, 2**22) if say.__code__.co_argcount == 2 else say(3 * 2**21)
            for name, say in sayings.items()
        },
    }


def test_tables_say_what_was_read_over():
    found = json.dumps(list_tables(), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        FILE.write_text(found, "utf-8")
    assert found == FILE.read_text("utf-8")
