"""What a plan's choices, corrections and ports make of the matrix: what is in force, and on which ports. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from functools import cached_property, lru_cache
from typing import NamedTuple

from planner.engine.topology import PLAIN, Setting, Topology
from planner.plan.document import Plan
from ports.matrix import (
    AnyOf,
    Condition,
    Matrix,
    Requirement,
    RoleAbsent,
    RolePresent,
    Service,
    choices_in,
    split_ports,
)


class Mark(NamedTuple):
    """An option of an undecided choice: the flow is needed if that option is taken."""

    choice: str
    option: str


class AllOf(NamedTuple):
    """Options of several undecided choices, on which a single requirement depends: all of them have to be taken."""

    all: tuple[Mark, ...]


Alternative = Mark | AllOf
"""What a flow depends on while choices are undecided; any one of its alternatives is enough."""


def order_of(alternatives: Iterable[Alternative]) -> tuple[tuple[Mark, ...], ...]:
    """Alternatives as what they can be sorted by."""
    return tuple(one.all if isinstance(one, AllOf) else (one,) for one in alternatives)


def marks_of(alternatives: Iterable[Alternative]) -> Iterator[Mark]:
    """Every option that alternatives name."""
    for marks in order_of(alternatives):
        yield from marks


Conditional = frozenset[frozenset[Mark]]
"""What something depends on while choices are undecided: any one of these sets of options, all of it. A set that is
empty is met in any case; where there is no set, nothing meets it."""
ALWAYS: Conditional = frozenset([frozenset()])
NEVER: Conditional = frozenset()


def _both(one: Conditional, other: Conditional) -> Conditional:
    """What meets both. Options of one choice exclude each other."""
    if ALWAYS in (one, other):
        return other if one == ALWAYS else one
    joined = (first | second for first in one for second in other)
    return frozenset(marks for marks in joined if len({mark.choice for mark in marks}) == len(marks))


def _either(several: Iterable[Conditional]) -> Conditional:
    """What meets one of them."""
    joined = frozenset[frozenset[Mark]]().union(*several)
    return ALWAYS if frozenset() in joined else joined


@lru_cache(1024)
def _any_option(choice: str, options: tuple[str, ...]) -> Conditional:
    """What one of these options meets, while the choice is undecided."""
    return frozenset(frozenset([Mark(choice, option)]) for option in options)


class Ask(NamedTuple):
    """A service that a requirement asks for, on one of its ports, and the undecided options that this depends on."""

    service: Service
    ports: str | None
    marks: Conditional


Met = tuple[tuple[Service, Conditional], ...]
"""The services that a requirement asks for, with the undecided options that each depends on: wherever they are."""


class Asked(Mapping[str, tuple[Ask, ...]]):
    """What each requirement asks for under a setting: the same as without, but for those that the setting bears on.

    Twenty thousand endpoints can have as many settings, so that each keeps no more than what is its own.
    """

    __slots__ = ("_own", "_plain")

    def __init__(self, plain: Mapping[str, tuple[Ask, ...]], own: Mapping[str, tuple[Ask, ...]]) -> None:
        self._plain = plain
        self._own = own

    def __getitem__(self, slug: str) -> tuple[Ask, ...]:
        plain = self._plain[slug]
        return self._own.get(slug, plain)

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Asked) and self._plain == other._plain:
            own = (self._own.keys() | other._own.keys()) & self._plain.keys()
            return all(self[slug] == other[slug] for slug in own)
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment] # as of every mapping that is compared by what it has


class Terms:
    """What the plan's choices, corrections and overrides make of the matrix."""

    def __init__(self, matrix: Matrix, plan: Plan, topology: Topology) -> None:
        self.matrix = matrix
        self.plan = plan
        self.topology = topology
        self.choices: Mapping[str, str | tuple[str, ...]] = plan.choices
        self._with: dict[Setting, Terms] = {PLAIN: self}
        self._ports: Mapping[str, str | None] = {
            slug: ports
            for caveat in matrix.caveats.values()
            if caveat.slug in plan.corrections
            for slug, ports in caveat.service_ports
        } | {**plan.ports}
        self._met = self._meet_each()
        everything = {slug: self._place(met) for slug, met in self._met.items()}
        self.asks: Mapping[str, tuple[Ask, ...]] = {
            requirement.slug: everything[requirement.slug]
            for requirement in matrix.requirements
            if requirement.correction is None or requirement.correction in plan.corrections
        }
        """What each requirement asks for that the plan's choices and corrections leave in force."""
        self.offers: Mapping[str, tuple[Ask, ...]] = {
            requirement.slug: everything[requirement.slug]
            for requirement in matrix.requirements
            if requirement.slug in self.asks or requirement.destination is not None
        }
        """The same, and what roles offer although only a correction opens it."""

    def under(self, setting: Setting) -> "Terms":
        """The terms of flows to endpoints with this setting."""
        if setting not in self._with:
            self._with[setting] = self._with[PLAIN]._alter(setting)
        return self._with[setting]

    def _alter(self, setting: Setting) -> "Terms":
        """The same with what a setting chooses; all that it doesn't bear on is shared."""
        other = copy(self)
        other.choices = {**self.choices, **dict(setting.choices)} if setting.choices else self.choices
        other._ports = {**self._ports, **dict(setting.ports)} if setting.ports else self._ports
        met: dict[str, Met] = {}
        for service, _ in setting.ports:
            met |= {requirement.slug: self._met[requirement.slug] for requirement in self._by_service[service]}
        for choice, _ in setting.choices:
            met |= {requirement.slug: other._meet(requirement) for requirement in self._by_choice[choice]}
        # Those that ask for the same share what they ask for: most of the others for one service.
        placed = {key: other._place(one) for key, one in {id(one): one for one in met.values()}.items()}
        own = {slug: placed[id(one)] for slug, one in met.items()}
        other.asks, other.offers = Asked(self.asks, own), Asked(self.offers, own)
        return other

    def chosen(self, choice: str) -> frozenset[str] | None:
        """The options taken, by the plan or by default; None while the choice is undecided."""
        taken: str | tuple[str, ...] | None = self.choices.get(choice, self.matrix.choices[choice].default)
        if taken is None:
            return None
        return frozenset((taken,) if isinstance(taken, str) else taken)

    def ports(self, service: Service) -> str | None:
        """The ports of a service in this plan, in one text: override, else applied correction, else default."""
        return self._ports.get(service.slug, service.ports)

    def meets(self, condition: Condition) -> Conditional:
        """On what a condition depends; NEVER when it doesn't hold."""
        if isinstance(condition, RolePresent):
            return ALWAYS if self.topology.has_role(condition.role) else NEVER
        if isinstance(condition, RoleAbsent):
            return NEVER if self.topology.has_role(condition.no_role) else ALWAYS
        if isinstance(condition, AnyOf):
            return _either(self.meets(one) for one in condition.any)
        chosen = self.chosen(condition.choice)
        if chosen is None:
            return _any_option(condition.choice, condition.options)
        met = chosen & set(condition.options) if condition.options else not chosen
        return ALWAYS if met else NEVER

    def meets_all(self, conditions: Iterable[Condition]) -> Conditional:
        """On what all conditions together depend; NEVER when one of them doesn't hold."""
        met = ALWAYS
        for condition in conditions:
            met = _both(met, self.meets(condition))
        return met

    def _meet_each(self) -> Mapping[str, Met]:
        """By requirement what it asks for; the same object of those that ask for the same."""
        same: dict[tuple[tuple[str, Conditional], ...], Met] = {}
        found = {}
        for requirement in self.matrix.requirements:
            met = self._meet(requirement)
            found[requirement.slug] = same.setdefault(tuple((service.slug, marks) for service, marks in met), met)
        return found

    def _meet(self, requirement: Requirement) -> Met:
        common = self.meets_all(requirement.when)
        asks = ((ask.service, _both(common, self.meets(ask.when)) if ask.when else common) for ask in requirement.asks)
        return tuple((self.matrix.services[service], met) for service, met in asks if met) if common else ()

    def _place(self, met: Met) -> tuple[Ask, ...]:
        return tuple(
            Ask(service, ports, marks) for service, marks in met for ports in split_ports(self.ports(service))
        )

    @cached_property
    def _by_service(self) -> Mapping[str, list[Requirement]]:
        """The requirements that ask for a service."""
        found: dict[str, list[Requirement]] = defaultdict(list)
        for requirement in self.matrix.requirements:
            for service in {ask.service for ask in requirement.asks}:
                found[service].append(requirement)
        return found

    @cached_property
    def _by_choice(self) -> Mapping[str, list[Requirement]]:
        """The requirements that depend on a choice, or of which a service does."""
        found: dict[str, list[Requirement]] = defaultdict(list)
        for requirement in self.matrix.requirements:
            conditions = (*requirement.when, *(ask.when for ask in requirement.asks if ask.when))
            for choice in set(choices_in(conditions)):
                found[choice].append(requirement)
        return found


def open_alternatives(causes: list[Conditional], matrix: Matrix) -> tuple[Alternative, ...]:
    """The alternatives of a flow: none when a cause needs it outright, or when each option of a choice leads to it."""
    alternatives = frozenset[frozenset[Mark]]().union(*causes)
    if frozenset() in alternatives:
        return ()
    leading: Mapping[str, set[str]] = defaultdict(set)
    for mark, *others in alternatives:
        if not others:
            leading[mark.choice].add(mark.option)
    if any(options.issuperset(matrix.choices[choice].slugs) for choice, options in leading.items()):
        return ()
    ordered = sorted(tuple(sorted(marks)) for marks in alternatives)
    return tuple(marks[0] if len(marks) == 1 else AllOf(marks) for marks in ordered)
