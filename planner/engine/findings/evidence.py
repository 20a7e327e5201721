"""What findings are made of, and what they are derived from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from planner.engine.flows import Excluded, Flow, Need
from planner.engine.prohibitions import Closed
from planner.engine.rules import Boundary
from planner.engine.terms import Terms
from planner.engine.topology import PLAIN, Topology
from planner.plan.document import Endpoint
from ports.matrix import Choice, Condition, Option
from ports.text import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding: a cause, with all that it concerns."""

    code: str
    severity: str
    title: str
    """What it is about, in words."""
    subject: str | None
    """The slug of what it is about, or its place in the plan; None where one finding speaks for all."""
    endpoints: tuple[str, ...] = ()
    """The names of the endpoints that it concerns, sorted; empty where it concerns none."""
    message: str
    advice: str
    """What to do about it."""
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A choice that is open: the options that flows depend on, and those that would need nothing more."""

    choice: Choice
    flows: int
    free: tuple[str, ...]
    """Options that would need nothing beyond what is open anyway."""
    excluded: tuple[str, ...]
    """Options of which the plan excludes all that they would need beyond that."""
    services: Mapping[str, tuple[str, ...]]
    """By option: protocol and ports of the flows between zones that depend on it, each once."""

    def say_option(self, option: Option) -> str:
        """What an option of the choice opens in this plan: Opens tcp 389, udp 389."""
        if option.slug in self.free:
            return "Needs nothing more than is open anyway."
        if option.slug in self.excluded:
            return "What it needs beyond what is open is excluded by the plan."
        services = self.services[option.slug]
        return f"Opens {listed(services)}." if services else "Opens nothing between zones."

    def explain_option(self, option: Option) -> str:
        """What the matrix says about an option, and what it opens in this plan."""
        return f"{option.consequence} {self.say_option(option)}".strip()


class Evidence:
    """What findings are derived from."""

    def __init__(
        self,
        topology: Topology,
        terms: Terms,
        flows: Sequence[Flow],
        boundaries: Sequence[Boundary],
        excluded: Sequence[Excluded],
        closed: Sequence[Closed],
    ) -> None:
        self.topology = topology
        self.terms = terms
        self.matrix = topology.matrix
        self.plan = topology.plan
        self.flows = flows
        self.boundaries = boundaries
        self.excluded = excluded
        self.closed = closed
        self.asked = (*flows, *(one.flow for one in excluded)) if excluded else tuple(flows)
        """The flows that the document or the plan asks for, those that the plan excludes too."""
        self.needs: dict[int, Need] = {id(flow.need): flow.need for flow in flows}
        closed_off = {(one.source, one.destination) for one in self.plan.exclusions if one.protocol is None}
        beside = [f for f in (one.flow for one in excluded) if (f.source.name, f.destination.name) not in closed_off]
        self.concerned = (*flows, *beside) if beside else tuple(flows)
        """The flows that caveats are about: those that the plan excludes too, while others may lead from the same
        source to the same end, because a correction adds one there."""
        concerned = (self.needs | {id(flow.need): flow.need for flow in beside}).values()
        self.concerned_needs = tuple(concerned)
        """The needs of these flows, each once."""
        self.services = frozenset(slug for need in concerned for slug in need.services)
        self.sections = frozenset(number for need in concerned for number in need.sections)
        self.requirements = frozenset(slug for need in concerned for slug in need.requirements)
        self.answered = frozenset((*self.plan.corrections, *self.plan.as_documented))
        """The caveats whose correction the plan applies, or leaves out on purpose."""
        self.decisions: tuple[Decision, ...] | None = None
        """What `planner.engine.findings.decisions.find_decisions` has found, for who asks again."""

    @cached_property
    def between_zones(self) -> tuple[Flow, ...]:
        """The flows that cross zones."""
        return tuple(flow for flow in self.flows if flow.scope == "cross-zone")

    def may_meet(self, conditions: Iterable[Condition], endpoints: Iterable[Endpoint]) -> bool:
        """Whether conditions hold or may come to: for one of these endpoints, or without any for the plan."""
        conditions = tuple(conditions)
        settings = {PLAIN}
        if self.topology.settings:
            settings = {self.topology.settings.get(endpoint.name, PLAIN) for endpoint in endpoints} or settings
        return any(self.terms.under(setting).meets_all(conditions) for setting in settings)

    def crossing(self) -> dict[str, Endpoint]:
        """The endpoints of rules, by name."""
        return {
            endpoint.name: endpoint
            for boundary in self.boundaries
            for rule in boundary.rules
            for endpoint in (*rule.sources, *rule.destinations)
        }


def both_ends(flows: Iterable[Flow]) -> tuple[str, ...]:
    """The names of the endpoints of flows, sorted."""
    return tuple(sorted({end.name for flow in flows for end in (flow.source, flow.destination)}))


def say_count(number: int, one: str, more: str) -> str:
    """A number with what it counts."""
    return f"{number:,} {plural(number, one, more)}"


def say_endpoints(names: Sequence[str]) -> str:
    """How many endpoints these are, and the first few of them."""
    return f"{say_count(len(names), 'endpoint', 'endpoints')} ({listed(names)})"


def listed(values: Sequence[str]) -> str:
    """The first few of many values, and how many more there are."""
    if len(values) > 6:
        return f"{', '.join(values[:6])} and {len(values) - 6:,} more"
    return ", ".join(values)


def say_pairs(flows: Iterable[Flow]) -> str:
    """The first few pairs of source and destination, and how many more there are."""
    pairs = dict.fromkeys((flow.source.name, flow.destination.name) for flow in flows)
    return listed([f"{source} → {destination}" for source, destination in pairs])
