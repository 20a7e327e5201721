"""What a stored plan may have and a new one may not: it was let in once, and stays until somebody changes it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from planner.plan.devices import DEVICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a document may have because a stored one has it."""

    endpoints: int = 0
    """How many endpoints, where that is more than `limits.ENDPOINTS`."""
    options: frozenset[tuple[str, str, str]] = frozenset()
    """Format, option and value of firewalls that the device takes for something of its own: no file is made of it."""


NOTHING = Stored()


def look_through(document: object) -> Stored:
    """What a stored document of any shape has that a new one may not."""
    if not isinstance(document, Mapping):
        return NOTHING
    there = document.get("endpoints")
    count = len(there) if isinstance(there, list) else 0
    return Stored(endpoints=count, options=frozenset(_list_reserved(document)))


def _list_reserved(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    firewalls = document.get("firewalls")
    for row in firewalls if isinstance(firewalls, list) else ():
        given = row.get("options") if isinstance(row, dict) else None
        device = DEVICES.get(str(row.get("format"))) if isinstance(given, dict) else None
        if given is None or device is None:
            continue
        for name, option in device.options.items():
            value = given.get(name)
            if isinstance(value, str) and option.is_reserved(value):
                yield device.slug, name, value
