"""What a plan's choices, corrections and ports make of the matrix: what is in force, and on which ports. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from planner.engine.topology import PLAIN, Setting, Topology
from planner.plan.document import Plan
from ports.matrix import AnyOf, Condition, Matrix, Requirement, RoleAbsent, RolePresent, Service, split_ports


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


class Terms:
    """What the plan's choices, corrections and overrides make of the matrix; with a setting those of its endpoints."""

    def __init__(self, matrix: Matrix, plan: Plan, topology: Topology, setting: Setting = PLAIN) -> None:
        self.matrix = matrix
        self.plan = plan
        self.topology = topology
        self.choices = {**plan.choices, **dict(setting.choices)}
        self._with: dict[Setting, Terms] = {setting: self}
        self._ports = {
            slug: ports
            for caveat in matrix.caveats.values()
            if caveat.slug in plan.corrections
            for slug, ports in caveat.service_ports
        } | {**plan.ports, **dict(setting.ports)}
        everything = {requirement.slug: tuple(self._asks(requirement)) for requirement in matrix.requirements}
        self.asks = {
            requirement.slug: everything[requirement.slug]
            for requirement in matrix.requirements
            if requirement.correction is None or requirement.correction in plan.corrections
        }
        """What each requirement asks for that the plan's choices and corrections leave in force."""
        self.offers = {
            requirement.slug: everything[requirement.slug]
            for requirement in matrix.requirements
            if requirement.slug in self.asks or requirement.destination is not None
        }
        """The same, and what roles offer although only a correction opens it."""

    def under(self, setting: Setting) -> "Terms":
        """The terms of flows to endpoints with this setting."""
        if setting not in self._with:
            self._with[setting] = Terms(self.matrix, self.plan, self.topology, setting)
        return self._with[setting]

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

    def _asks(self, requirement: Requirement) -> Iterator[Ask]:
        common = self.meets_all(requirement.when)
        if not common:
            return
        for ask in requirement.asks:
            met = _both(common, self.meets(ask.when)) if ask.when else common
            if met:
                service = self.matrix.services[ask.service]
                for ports in split_ports(self.ports(service)):
                    yield Ask(service, ports, met)


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
