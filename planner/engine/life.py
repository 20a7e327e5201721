"""The life of rules: the states that people gave to them, matched with the rules of a report.

A state is given to what a rule opens, not to its number: numbers can come to mean something else, openings can't. So a
state is kept with the openings of its rule, and with the zones and addresses of their ends, as they were then. It is
found again wherever a report asks for these openings, as docs/adr/0015-a-rule-has-a-life.md says. Pure; the cost grows
with the openings of the rules and of the states.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain, product
from typing import NamedTuple

from planner.engine.renames import Rename, follow
from planner.engine.rules import Opening, Ports, Rule
from planner.plan.document import Endpoint, address_key

STATES: Mapping[str, str] = {
    "requested": "Requested",
    "approved": "Approved",
    "implemented": "Implemented",
    "verified": "Verified",
    "rejected": "Rejected",
}
"""The states of a rule, with their names, in the order of a rule's life."""
NOTHING_TO_CLOSE = "rejected"
"""The state that leaves nothing on a firewall when nobody asks for its rule any more."""


class End(NamedTuple):
    """Where an endpoint of a rule stood when a state was given to the rule."""

    zone: str
    addresses: tuple[str, ...]


class Block(NamedTuple):
    """Openings: each of the services, from each source to each destination."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    services: tuple[Ports, ...]

    def openings(self) -> Iterator[Opening]:
        """Every one of them."""
        for source, destination, ports in product(*self):
            yield source, destination, *ports


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Given:
    """A state that somebody gave to a rule, with what the rule opened then, as far as it still has that state."""

    number: int
    """A later one has a higher number."""
    state: str
    """A key of STATES."""
    rule: str
    """The number that the rule had then."""
    boundary: str
    """Between which zones it stood, in words."""
    at: datetime
    blocks: tuple[Block, ...]
    ends: Mapping[str, End]
    """The endpoints of the openings by name."""
    ticket: str = ""
    """The number of a ticket, or the address of one."""
    owner: str = ""
    comment: str = ""
    review: date | None = None
    """When somebody has to look at it again."""
    by: str = ""
    """Who gave it; empty where that isn't known, or isn't said."""

    def openings(self) -> Iterator[Opening]:
        """What the state was given for."""
        return chain.from_iterable(block.openings() for block in self.blocks)

    def is_due(self, today: date) -> bool:
        """Whether the day of its review has come."""
        return self.review is not None and self.review <= today


class Moved(NamedTuple):
    """An endpoint of a rule that has other addresses, or stands in another zone, than when the state was given."""

    name: str
    before: End | None
    """None where that isn't told."""
    now: End


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Life:
    """What is known of the life of one rule."""

    given: Given
    """What it is told by: the state of most of its openings, of equally many the latest."""
    others: tuple[Given, ...] = ()
    """Further states that some of its openings have, the latest first."""
    more: tuple[Opening, ...] = ()
    """What the rule opens and was not given that state."""
    fewer: tuple[Opening, ...] = ()
    """What was given one of these states and no rule asks for any more; told at the first rule that has it."""
    moved: tuple[Moved, ...] = ()
    is_due: bool = False
    """Whether the day of the review has come."""

    @property
    def changed(self) -> bool:
        """Whether the rule says something else than what the state was given for; to have become less is none."""
        return bool(self.more or self.moved)

    @property
    def alike(self) -> tuple[Given, ...]:
        """All of the state that it is told by."""
        return (self.given, *(other for other in self.others if other.state == self.given.state))

    @property
    def tickets(self) -> tuple[str, ...]:
        """The tickets of that state, each once."""
        return tuple(dict.fromkeys(one.ticket for one in self.alike if one.ticket))

    @property
    def newest(self) -> int:
        """The number of the latest state that bears on the rule: who saw another one saw another life."""
        return max(given.number for given in (self.given, *self.others))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lives:
    """The lives of the rules of a report."""

    by_rule: Mapping[str, Life] = field(default_factory=dict)
    """By number of the rule; rules without a state have none."""
    left: tuple[Given, ...] = ()
    """What has a state and nobody asks for any more: to be closed. By number of the rule."""

    def of(self, rule: Rule) -> Life | None:
        """The life of a rule, or of the one that it is a part of."""
        return self.by_rule.get(rule.id.partition("/")[0])

    def for_readers(self) -> "Lives":
        """The same without anything of what the plan was: that rules have changed, but not what they were before."""

        def forget(life: Life) -> Life:
            return replace(life, fewer=(), moved=tuple(moved._replace(before=None) for moved in life.moved))

        return Lives(by_rule={rule: forget(life) for rule, life in self.by_rule.items()})

    def __bool__(self) -> bool:
        return bool(self.by_rule or self.left)


NO_LIVES = Lives()


def hide_people(given: Iterable[Given], *, words: bool) -> tuple[Given, ...]:
    """States as readers see them: without who gave them, and with `words` without owners and comments."""
    unknown = (replace(one, by="") for one in given)
    return tuple(replace(one, owner="", comment="") if words else one for one in unknown)


def match_lives(rules: Iterable[Rule], given: Iterable[Given], today: date) -> Lives:
    """The lives of these rules, which are all those of a report, in its order.

    Where states overlap, the later one counts. A rule has a state if all its openings were given it and the ends of
    these are what they were; if some of them were, it has changed since.
    """
    rules = tuple(rules)
    owners: dict[Opening, Given] = {}
    ordered = sorted(given, key=lambda one: one.number)
    for one in ordered:
        owners.update(dict.fromkeys(one.openings(), one))
    asked = {opening for rule in rules for opening in rule.openings() if opening in owners}
    gone: dict[int, list[Opening]] = defaultdict(list)
    kept: set[int] = set()
    for opening, owner in owners.items():
        if opening in asked:
            kept.add(owner.number)
        else:
            gone[owner.number].append(opening)
    lives = {}
    for rule in rules:
        life = _match(rule, owners, gone, today)
        if life is not None:
            lives[rule.id] = life
    left = [one for one in ordered if one.number in gone and one.number not in kept and one.state != NOTHING_TO_CLOSE]
    return Lives(by_rule=lives, left=tuple(sorted(left, key=lambda one: (one.rule, one.number))))


def _match(rule: Rule, owners: Mapping[Opening, Given], gone: dict[int, list[Opening]], today: date) -> Life | None:
    """The life of a rule; what is gone of its states is told at it, and taken out of `gone`."""
    openings = tuple(rule.openings())
    counts = Counter(owners[opening].number for opening in openings if opening in owners)
    if not counts:
        return None
    bearing = {owners[opening].number: owners[opening] for opening in openings if opening in owners}
    states: Counter[str] = Counter()
    for number, share in counts.items():
        states[bearing[number].state] += share
    latest = {bearing[number].state: number for number in sorted(bearing)}
    state = max(states, key=lambda one: (states[one], latest[one]))
    main = max(
        (one for one in bearing.values() if one.state == state), key=lambda one: (counts[one.number], one.number)
    )
    alike = [number for number, one in bearing.items() if one.state == main.state]
    standing = [number for number in sorted(bearing) if bearing[number].state != NOTHING_TO_CLOSE]
    fewer = [opening for number in standing for opening in gone.pop(number, ())]
    return Life(
        given=main,
        others=tuple(bearing[number] for number in sorted(bearing, reverse=True) if number != main.number),
        more=tuple(opening for opening in openings if opening not in owners or owners[opening].state != main.state),
        fewer=tuple(sorted(fewer, key=_order)),
        moved=tuple(_find_moved(rule, openings, owners, main.state)),
        is_due=any(bearing[number].is_due(today) for number in alike),
    )


def _find_moved(
    rule: Rule, openings: Iterable[Opening], owners: Mapping[Opening, Given], state: str
) -> Iterator[Moved]:
    """The ends of these openings that are no more what they were when they got the state; each once, by name."""
    ends = {end.name: end for end in (*rule.sources, *rule.destinations)}
    seen: dict[str, dict[int, Given]] = defaultdict(dict)
    for opening in openings:
        owner = owners.get(opening)
        if owner is not None and owner.state == state:
            seen[opening[0]][owner.number] = seen[opening[1]][owner.number] = owner
    for name in sorted(seen):
        now = end_of(ends[name])
        latest_first = sorted(seen[name].values(), key=lambda one: -one.number)
        befores = [before for one in latest_first if (before := one.ends.get(name, End("", ()))) != now]
        found = next((before for before in befores if not is_same(before, now)), None)
        if found is not None:
            yield Moved(name, found, now)


def is_same(before: End, now: End) -> bool:
    """Whether it is the same zone and the same addresses, in whatever order and however they are written."""
    return before.zone == now.zone and set(map(address_key, before.addresses)) == set(map(address_key, now.addresses))


def end_of(endpoint: Endpoint) -> End:
    """What is kept of an endpoint of a rule."""
    return End(endpoint.zone, endpoint.addresses)


def block_of(rule: Rule) -> Block:
    """What a rule opens."""
    return Block(tuple(end.name for end in rule.sources), tuple(end.name for end in rule.destinations), rule.services)


def mark_of(rule: Rule) -> str:
    """What tells a rule from every other, and from itself once it opens something else or its ends have changed."""

    def tell(ends: Iterable[Endpoint]) -> list[tuple[str, ...]]:
        return [(end.name, end.zone, *end.addresses) for end in ends]

    said = json.dumps([tell(rule.sources), tell(rule.destinations), rule.services])
    return hashlib.sha256(said.encode()).hexdigest()[:24]


def overtake(given: Given, openings: AbstractSet[Opening]) -> Given:
    """What is left of a state after others were given to these openings; itself where that is all of it."""
    left = [opening for opening in given.openings() if opening not in openings]
    if len(left) == sum(1 for _ in given.openings()):
        return given
    named = {name for opening in left for name in opening[:2]}
    return replace(
        given, blocks=fold_openings(left), ends={name: end for name, end in given.ends.items() if name in named}
    )


def fold_openings(openings: Iterable[Opening]) -> tuple[Block, ...]:
    """Blocks that stand for just these openings: services of a pair together, then destinations, then sources."""
    services: dict[tuple[str, str], set[Ports]] = defaultdict(set)
    for source, destination, protocol, ports in openings:
        services[source, destination].add(Ports(protocol, ports))
    destinations: dict[tuple[str, tuple[Ports, ...]], list[str]] = defaultdict(list)
    for (source, destination), found in services.items():
        destinations[source, tuple(sorted(found, key=lambda one: one.order))].append(destination)
    sources: dict[tuple[tuple[str, ...], tuple[Ports, ...]], list[str]] = defaultdict(list)
    for (source, several), names in destinations.items():
        sources[tuple(sorted(names)), several].append(source)
    blocks = (Block(tuple(sorted(names)), to, ports) for (to, ports), names in sources.items())
    return tuple(sorted(blocks, key=lambda block: (block[:2], [ports.order for ports in block.services])))


def _order(opening: Opening) -> tuple[object, ...]:
    return *opening[:2], Ports(*opening[2:]).order


def rename_given(given: Given, renames: Sequence[Rename], taken: AbstractSet[str]) -> Given:
    """A state under the names of now. What lost its name to something else gets one that is none of `taken`.

    `renames` are all those since the names held that the state has; `taken` are the names of zones and endpoints now.
    """
    if not renames:
        return given
    taken = taken | given.ends.keys() | {end.zone for end in given.ends.values()}
    endpoints = follow("endpoint", renames, taken)
    zones = follow("zone", renames, taken)
    return replace(
        given,
        blocks=tuple(
            Block(
                tuple(sorted(map(endpoints, block.sources))),
                tuple(sorted(map(endpoints, block.destinations))),
                block.services,
            )
            for block in given.blocks
        ),
        ends={endpoints(name): End(zones(end.zone), end.addresses) for name, end in given.ends.items()},
    )
