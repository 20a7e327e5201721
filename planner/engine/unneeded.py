"""What a plan doesn't need, and why: requirements that lead to nothing, and what stays on one host."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from planner.engine.flows import Flow, Terms, Topology
from planner.engine.words import say_choice
from planner.plan.document import Endpoint
from ports.matrix import ChoiceIs, Condition, Matrix, Requirement, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Unneeded:
    """Requirements of one section that lead to nothing in this plan, for one reason."""

    section: str
    why: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFlows:
    """What stays on one host and meets no firewall."""

    endpoint: Endpoint
    flows: tuple[Flow, ...]


def find_unneeded(topology: Topology, terms: Terms, flows: Sequence[Flow]) -> tuple[Unneeded, ...]:
    """The requirements that lead to no flow, by section and reason, in the matrix's order."""
    used = {slug for need in {id(flow.need): flow.need for flow in flows}.values() for slug in need.requirements}
    groups: dict[tuple[str, str], list[Requirement]] = defaultdict(list)
    for requirement in topology.matrix.requirements:
        if requirement.slug not in used:
            groups[requirement.section, _why_not(requirement, topology, terms)].append(requirement)
    return tuple(
        Unneeded(section=section, why=why, requirements=tuple(requirements))
        for (section, why), requirements in groups.items()
    )


def _why_not(requirement: Requirement, topology: Topology, terms: Terms) -> str:
    """The first thing that keeps a requirement from leading to a flow, as a sentence."""
    matrix = topology.matrix
    for role in (requirement.source, requirement.destination):
        if role and not topology.has_role(role):
            return f"No endpoint is “{matrix.roles[role].name}”."
    if requirement.target and not topology.destination_kinds(requirement):
        return _no_target(requirement.target, matrix)
    for condition in requirement.when:
        if terms.marks(condition) is None:
            return _unmet(condition, terms)
    if requirement.correction and requirement.correction not in topology.plan.corrections:
        return f"The correction “{matrix.caveats[requirement.correction].title}” is not applied."
    for ask in requirement.asks:
        if ask.when and terms.marks(ask.when) is None:
            return _unmet(ask.when, terms)
    return "No endpoint is there that would open the connection."


def _no_target(target: Target, matrix: Matrix) -> str:
    if target.operation:
        return f"No endpoint has the operation “{matrix.operations[target.operation].name}” together with:"
    if target.session:
        return "No endpoint has a session of this kind:"
    return "No endpoint is such a target:"


def _unmet(condition: Condition, terms: Terms) -> str:
    if isinstance(condition, ChoiceIs):
        return f"{say_choice(terms.matrix, terms.plan, condition.choice)}."
    return f"No endpoint is “{terms.matrix.roles[condition.role].name}”."


def find_local_flows(flows: Iterable[Flow]) -> tuple[LocalFlows, ...]:
    """The flows that stay on one host, by host in the order of the flows."""
    hosts: dict[str, list[Flow]] = defaultdict(list)
    for flow in flows:
        if flow.scope == "same-host":
            hosts[flow.source.name].append(flow)
    return tuple(LocalFlows(endpoint=found[0].source, flows=tuple(found)) for found in hosts.values())
