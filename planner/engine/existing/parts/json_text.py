"""Documents in JSON: bounded, and their values as names and lists. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from planner.engine.existing.model import Unreadable
from ports.text import cut, show_line

OBJECTS = 2_000_000
"""Most lists and mappings in a configuration that is JSON; each takes memory, however little stands in it."""
KEYS = 10_000
"""Most keys of a mapping in JSON."""


def say(value: Any, most: int = 60) -> str:
    """A value of a document as a sentence or a name repeats it: cut, on one line, without what can't be seen."""
    text = value if isinstance(value, str) else json.dumps(value)[:1000]
    return cut(show_line(text[:1000]), most)


def list_of(value: Any) -> list[Any]:
    """A value that programs write as a list, or by itself where there is one; None and an empty text are no value."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def fold(row: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping by keys in lower case: one program writes securityRules, another SecurityRules.

    Raises Unreadable where two of them differ in nothing else: nobody knows which of them counts.
    """
    found = {key.casefold(): value for key, value in row.items()}
    if len(found) != len(row):
        raise _say_again([key.casefold() for key in row])
    return found


def load_json(text: str) -> Any:
    """A JSON document. Raises Unreadable for what is none, is nested too deeply, or has too many lists, mappings."""
    found = text.count("{") + text.count("[")
    if found > OBJECTS:
        raise Unreadable(
            f"The JSON has {found:,} lists and mappings; at most {OBJECTS:,} are read. Take the part of it that "
            "stands between the zones of the plan."
        )
    try:
        return json.loads(text, parse_int=_parse_int, parse_constant=_refuse, object_pairs_hook=once)
    except RecursionError:
        raise Unreadable("The JSON is nested too deeply; no configuration of a firewall is.") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"This is no JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None


def _parse_int(text: str) -> int:
    if len(text) > 20:
        raise Unreadable(f"The JSON has a number of {len(text):,} digits; no number of a firewall is so long.")
    return int(text)


def _refuse(text: str) -> Any:
    raise Unreadable(f"The JSON has {text}, which is no number.")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The mapping that stands in JSON as these pairs. Raises Unreadable for one with a key twice: the last would count
    for some programs and the first for others (RFC 8259, section 4)."""
    if len(pairs) > KEYS:
        raise Unreadable(f"The JSON has a mapping with {len(pairs):,} keys; no mapping of a firewall has so many.")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _say_again([key for key, _ in pairs])
    return found


def _say_again(keys: Iterable[str]) -> Unreadable:
    again = Counter(keys).most_common(1)[0][0]
    return Unreadable(f"The JSON has a key twice in one mapping: {again[:60]!r}.")
