"""What firewalls publish of what rules lead to, in words: rules name endpoints' own addresses. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from planner.engine.published import Published, Publishing, is_seen
from planner.engine.rules import Rule
from planner.plan.fields import Firewall
from ports.text import several, show_line

MOST_SIDES = 12
"""How many sides are named from which an address is seen."""
RULES_NAME = (
    "Rules name own addresses. What is published comes in for the address that is seen: the device has to translate "
    "it, and where its rules are asked before that, they need that address."
)
"""What goes before sentences of what one firewall publishes."""


def find_sources(rules: Iterable[Rule]) -> Mapping[str, Collection[str]]:
    """The zones from which rules lead to each of their destinations, by its name."""
    zones: dict[str, set[str]] = defaultdict(set)
    for rule in rules:
        here = rule.source_zones
        for destination in rule.destinations:
            zones[destination.name].update(here)
    return zones


def list_published(
    firewall: Firewall, publishing: Publishing, sources: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """Of the destinations that a firewall publishes, where sources see that: a sentence for each.

    `sources` are zones, as `find_sources` has them. Who can't be translated is told at the end.
    """
    found, unclear = publishing.by_firewall[firewall.name]
    for name, one in found.items():
        if name in sources and is_seen(firewall, one, sources[name]):
            yield say_published(one)
    if names := [name for name in unclear if name in sources]:
        yield f"Not translated, for want of a single address of that family: {several(names)}."


def say_published(one: Published) -> str:
    """PRP01 192.0.2.10 is seen as 203.0.113.10 from wan1."""
    sides = sorted(one.sides)
    more = f" and {len(sides) - MOST_SIDES:,} more" if len(sides) > MOST_SIDES else ""
    named = ", ".join(map(show_line, sides[:MOST_SIDES]))
    return f"{show_line(one.endpoint)} {one.real} is seen as {one.seen} from {named}{more}."
