"""Which rule of a report an entry is named after, where one of the files that we write put it there. Pure.

docs/firewalls.md says how these files name their entries: the comment begins with the rule's number and the service,
and on devices that have names the name is made of both.
"""

import re
from typing import NamedTuple

from planner.engine.existing.model import Entry
from planner.engine.rules import Ports

_RULE = r"(?P<rule>[A-Z0-9]{1,12}(?:-[A-Z0-9]{1,12})?-[0-9]{1,6})(?:[/ _-][0-9]{1,4})?"
"""INT-DMZ-150, or INT-240 within a zone; /2 where a part of a rule became a second one."""
_PORTS = r"(?P<ports>[0-9]{1,5}(?:-[0-9]{1,5})?)"
_COMMENT = re.compile(
    rf"{_RULE}, (?:(?P<protocol>tcp|udp) {_PORTS}|icmp echo request)(?:, undecided)?(?: - .*)?", re.DOTALL
)
_NAME = re.compile(
    rf"(?:PortPlanner-(?:in|out)-)?{_RULE}-(?:(?P<protocol>tcp|udp)-{_PORTS}|icmp(?:-echo)?)"
    r"(?:-v6|-nat|-p[0-9]+|-delta[0-9]*)*"
)
_WORDS = re.compile(r"[\s\"/]+")
LONGEST = 1_000
"""Longest name that is looked at."""


class OwnName(NamedTuple):
    """A rule of a report and one of its services."""

    rule: str
    service: Ports


def find_own_name(entry: Entry) -> OwnName | None:
    """What an entry's comment says it is for, or else its name; None where neither has the form that we write."""
    found = _COMMENT.fullmatch(entry.comment.strip()[:LONGEST])
    if found is None and len(entry.name) <= LONGEST:
        last = entry.name.rstrip('" ')
        found = _NAME.fullmatch(_WORDS.split(last)[-1])
    if found is None:
        return None
    protocol = found["protocol"]
    return OwnName(found["rule"], Ports(protocol, found["ports"]) if protocol else Ports("icmp", None))
