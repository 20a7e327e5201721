"""Consequences: what another answer to a choice, or a correction, would open more or less than the report as it is.

Found by evaluating the plan with that answer, by what differs from the report; what a choice has no requirement for is
not evaluated. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from planner.engine.flows import Flow, count_pairs, list_services
from planner.engine.idle import find_idle_choices
from planner.engine.report import Report, fold_flows
from planner.engine.rules import group_zones
from planner.engine.takeover import derive
from planner.engine.terms import Alternative, Terms
from planner.engine.topology import Topology
from planner.plan import limits
from planner.plan.document import Plan
from ports.matrix import Choice

MAX_FLOWS = 2_000
"""In a plan with more flows nothing is weighed: each answer costs an evaluation, and a page has dozens of them."""
MAX_PAIRS = 10_000
"""An answer that would take more pairs of a flow and a requirement than that isn't weighed, for the same reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What an answer would change: firewall rules more or fewer, flows between zones opened and closed.

    `inside`: whether flows within a zone or a host change. `many`: whether it would open too much to be counted here;
    the numbers are 0 then.
    """

    rules: int
    opened: int
    closed: int
    inside: bool = False
    many: bool = False
    services: tuple[str, ...] = field(default=(), compare=False)
    """Of what would be opened between zones: protocol and ports, each once."""
    dropped: tuple[str, ...] = field(default=(), compare=False)
    """The same of what would be closed."""

    @property
    def nothing(self) -> bool:
        """Whether the firewalls between zones stay as they are."""
        return not (self.rules or self.opened or self.closed or self.many)


NOTHING = Consequence(rules=0, opened=0, closed=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """The consequences of other answers to a plan: by choice and option, and by caveat.

    Where `known` is False the plan is too large for them (MAX_FLOWS), and there are none.

    The option of a choice of many is taken up, or left out if it is in force; None takes a decision back. The
    correction of a caveat is applied, or taken back if it is applied. What is in force already has no consequence.
    """

    known: bool
    options: Mapping[str, Mapping[str | None, Consequence]]
    corrections: Mapping[str, Consequence]
    idle: frozenset[str]
    """Choices on which nothing in this plan depends, however they are decided."""


def weigh_plans(report: Report, others: Iterable[Plan]) -> tuple[Consequence | None, ...]:
    """What each of these plans would open more or less than the report's; None for all where it is too large."""
    if report.too_large or len(report.flows) > MAX_FLOWS:
        return tuple(None for _ in others)
    baseline = _Baseline(report)
    return tuple(baseline.compare(other, Topology(report.matrix, other)) for other in others)


def weigh_answers(
    report: Report, choices: Iterable[str], caveats: Iterable[str]
) -> tuple[Mapping[str, Mapping[str | None, Consequence]], Mapping[str, Consequence]]:
    """The consequences of the options of some choices, and of the corrections of some caveats: by slug.

    Both are empty where the plan is too large for them.
    """
    if report.too_large or len(report.flows) > MAX_FLOWS:
        return {}, {}
    baseline = _Baseline(report)
    return (
        {slug: dict(_weigh_choice(baseline, report.matrix.choices[slug])) for slug in choices},
        {slug: _weigh_correction(baseline, slug) for slug in caveats},
    )


def weigh(report: Report) -> Consequences:
    """The consequences of every answer to every choice, and of every correction."""
    idle = find_idle_choices(report)
    if report.too_large or len(report.flows) > MAX_FLOWS:
        return Consequences(known=False, options={}, corrections={}, idle=idle)
    baseline = _Baseline(report)
    matrix = report.matrix
    return Consequences(
        known=True,
        options={
            slug: {} if slug in idle else dict(_weigh_choice(baseline, choice))
            for slug, choice in matrix.choices.items()
        },
        corrections={
            slug: _weigh_correction(baseline, slug) for slug, caveat in matrix.caveats.items() if caveat.correction
        },
        idle=idle,
    )


def _weigh_choice(baseline: "_Baseline", choice: Choice) -> Iterator[tuple[str | None, Consequence]]:
    answers: list[str | None] = [*choice.slugs]
    if not choice.many and choice.default is None:
        answers.append(None)
    for option in answers:
        yield option, baseline.weigh(choices=_choices_with(baseline.report, choice, option))


def _choices_with(report: Report, choice: Choice, option: str | None) -> dict[str, str | tuple[str, ...]]:
    """The plan's choices with another answer to one of them."""
    chosen = dict(report.plan.choices)
    if option is None:
        chosen.pop(choice.slug, None)
    elif choice.many:
        taken = chosen.get(choice.slug, choice.default or ())
        chosen[choice.slug] = tuple(slug for slug in choice.slugs if (slug in taken) != (slug == option))
    else:
        chosen[choice.slug] = option
    return chosen


def _weigh_correction(baseline: "_Baseline", caveat: str) -> Consequence:
    applied = baseline.report.plan.corrections
    others = tuple(slug for slug in applied if slug != caveat)
    return baseline.weigh(corrections=others if caveat in applied else (*applied, caveat))


_Openings = dict[tuple[str, str, str, str | None], tuple[Alternative, ...]]
"""By source, destination, protocol and ports: the options on which an opening depends."""


def _list_openings(flows: Iterable[Flow]) -> tuple[_Openings, _Openings]:
    """What flows open: first between zones, then within a zone or a host."""
    crossing: _Openings = {}
    inside: _Openings = {}
    for flow in flows:
        openings = crossing if flow.scope == "cross-zone" else inside
        openings[flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports] = flow.need.any_of
    return crossing, inside


def _list_services(openings: Iterable[tuple[str, str, str, str | None]]) -> tuple[str, ...]:
    """Protocol and ports of openings, by number."""
    return list_services((protocol, ports) for _, _, protocol, ports in openings)


class _Baseline:
    """What a plan opens as it is, to compare with what it would open under other choices or corrections."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.topology = Topology(report.matrix, report.plan)
        self.rules = len(report.rules)
        self.openings, self.inside = _list_openings(report.flows)

    def weigh(
        self,
        *,
        choices: Mapping[str, str | tuple[str, ...]] | None = None,
        corrections: tuple[str, ...] | None = None,
    ) -> Consequence:
        """What the plan opens more and less with these choices or corrections instead of its own."""
        plan = self.report.plan
        other = replace(
            plan,
            choices=plan.choices if choices is None else choices,
            corrections=plan.corrections if corrections is None else corrections,
        )
        if (other.choices, other.corrections) == (plan.choices, plan.corrections):
            return NOTHING
        return self.compare(other, self.topology)

    def compare(self, other: Plan, topology: Topology) -> Consequence:
        """What another plan opens more and less; `topology` is that plan's."""
        terms = Terms(self.report.matrix, other, topology)
        if count_pairs(topology, terms) > min(MAX_PAIRS, limits.FLOWS):  # there are never more flows than pairs
            return replace(NOTHING, many=True)
        # Most answers bear on few pairs of endpoints: what the report has of the others holds.
        (flows, _), _, difference = derive(topology, terms, self.report.basis)
        openings, inside = _list_openings(flows)
        if openings == self.openings:  # the same rules then
            return replace(NOTHING, inside=inside != self.inside)
        groups = group_zones(other)
        boundaries = fold_flows(self.report.matrix, other, flows, groups, self.report, difference)
        rules = sum(len(boundary.rules) for boundary in boundaries)
        return Consequence(
            rules=rules - self.rules,
            opened=len(openings.keys() - self.openings.keys()),
            closed=len(self.openings.keys() - openings.keys()),
            inside=inside != self.inside,
            services=_list_services(openings.keys() - self.openings.keys()),
            dropped=_list_services(self.openings.keys() - openings.keys()),
        )
