"""Where an SRX looks at packets by themselves, before and after its policies: firewall filters. Pure.

Junos OS Routing Policies, Firewall Filters, and Traffic Policers User Guide, “Firewall Filter Overview”: the first
term that matches decides, and what none matches is discarded. What a filter refuses isn't followed: one that may
refuse makes what it looks at unknown, by name.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from planner.engine.existing.devices.srx_tree import Tree, at
from planner.engine.existing.model import Entry, Match, Sides

FAMILIES: Mapping[str, Literal[4, 6]] = {"inet": 4, "inet6": 6}
"""Family as it is written -> its number."""
_INWARD, _OUTWARD = ("input", "input-list"), ("output", "output-list")
_LETS_THROUGH = frozenset({
    "accept", "count", "dscp", "forwarding-class", "log", "loss-priority", "port-mirror", "sample", "syslog",
})  # fmt: skip
"""What a term may do with packets that go on to the policies."""
_OWN = ("fxp", "lo", "em")
"""Beginnings of the interfaces that packets through the device don't pass."""


def list_filters(tree: Tree, units: Iterable[tuple[str, Tree]], zones: Mapping[str, Iterable[str]]) -> Iterator[Entry]:
    """An entry that isn't understood for each interface and way at which a filter stands that may refuse something.

    `units`: interface -> what is said of it; `zones`: zone -> its interfaces.
    """
    for unit, said in units:
        if unit.startswith(_OWN):
            continue
        sides = Sides(names=frozenset({unit, *(zone for zone, members in zones.items() if unit in members)}))
        for family, number in FAMILIES.items():
            for word, names in at(said, "family", family, "filter").items():
                for name in names:
                    if word in _INWARD + _OUTWARD and _may_refuse(tree, family, name):
                        is_inward = word in _INWARD
                        yield not_understood(
                            f"firewall filter {name} at {unit}",
                            number,
                            enters=sides if is_inward else None,
                            leaves=None if is_inward else sides,
                        )
    for family, number in FAMILIES.items():
        for names in at(tree, "forwarding-options", "family", family, "filter").values():
            for name in names:
                if _may_refuse(tree, family, name):
                    yield not_understood(f"firewall filter {name} for all that is forwarded", number)


def has_filter(tree: Tree) -> bool:
    """Whether a filter stands at any interface of a tree, such as a group that others take over."""
    places = at(tree, "interfaces"), at(tree, "forwarding-options", "family")
    return any("filter" in one for place in places for one in walk(place))


def walk(tree: Tree) -> Iterator[Tree]:
    """A tree and all that is in it."""
    waiting = [tree]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += one.values()


def _may_refuse(tree: Tree, family: str, name: str) -> bool:
    terms = at(tree, "firewall", "family", family, "filter", name, "term")
    if family == "inet":
        terms = terms or at(tree, "firewall", "filter", name, "term")
    whole = any(not at(term, "from") for term in terms.values())
    return not whole or any(at(term, "then").keys() - _LETS_THROUGH for term in terms.values())


def not_understood(
    name: str, family: Literal[4, 6], *, enters: Sides | None = None, leaves: Sides | None = None
) -> Entry:
    """An entry for all packets of a family, of which nobody knows what it does."""
    return Entry(
        name=name,
        verdict="obscure",
        matches=(Match.everything(family),),
        enters=enters,
        leaves=leaves,
        obscure=(name,),
    )
