"""What a plan doesn't need, and why: requirements that lead to nothing, and what stays on one host. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from planner.engine.findings import Finding
from planner.engine.findings.usage import pairing_roles, source_roles
from planner.engine.flows import Flow
from planner.engine.terms import Terms
from planner.engine.topology import PLAIN, Setting, Topology
from planner.engine.words import say_choice
from planner.plan.document import Endpoint
from ports.matrix import ChoiceIs, Condition, Matrix, Requirement, RolePresent, Simple, Target, list_simple

Why = Literal["unused", "missing", "withheld"]
"""Nobody in the plan has to do with it; something that the plan has leads nowhere for want of the other side; a
correction that isn't applied would add it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unneeded:
    """Requirements of one section that lead to nothing in this plan, for one reason."""

    kind: Why
    section: str
    why: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFlows:
    """What stays on one host and meets no firewall."""

    endpoint: Endpoint
    flows: tuple[Flow, ...]


def find_unneeded(
    topology: Topology, terms: Terms, asked: Iterable[Flow], findings: Iterable[Finding]
) -> tuple[Unneeded, ...]:
    """The rows of the document that lead to no flow, by kind, section and reason, in the matrix's order.

    `asked` are the flows, excluded ones too. A row that gives a flow by one of its variants is needed; one that gives
    none stands in one list alone, as one of them.
    """
    matrix = topology.matrix
    used = {slug for need in {id(flow.need): flow.need for flow in asked}.values() for slug in need.requirements}
    rows: dict[_Row, list[Requirement]] = defaultdict(list)
    for requirement in matrix.requirements:
        rows[_row_of(requirement)].append(requirement)
    told: dict[str, set[str | None]] = defaultdict(set)
    for finding in findings:
        told[finding.code].add(finding.subject)
    groups: dict[tuple[Why, str, str], list[Requirement]] = defaultdict(list)
    for variants in rows.values():
        if used.isdisjoint(variant.slug for variant in variants):
            requirement, kind, why = _sort_out(variants, topology, terms, told)
            groups[kind, requirement.section, why].append(requirement)
    return tuple(
        Unneeded(kind=kind, section=section, why=why, requirements=tuple(requirements))
        for (kind, section, why), requirements in groups.items()
    )


_Row = tuple[str, str, str, tuple[str, ...]]


def _row_of(requirement: Requirement) -> _Row:
    """What variants of one row of the document have in common.

    They have one name, what a correction adds among them. What an operation leads to by an endpoint's sessions, or by
    its platform where it has none, is one row with two names.
    """
    target = requirement.target
    if target and target.operation and (target.session or target.without_sessions):
        services = tuple(ask.service for ask in requirement.asks)
        return requirement.section, requirement.topic, target.operation, services
    return requirement.section, requirement.topic, requirement.name, ()


def _sort_out(
    variants: Sequence[Requirement], topology: Topology, terms: Terms, told: dict[str, set[str | None]]
) -> tuple[Requirement, Why, str]:
    """Of a row that leads to no flow: the variant that speaks for it, the list that it belongs in, and why."""
    for variant in variants:
        if _is_withheld(variant, topology, terms):
            return variant, "withheld", _say_withheld(variant, topology.matrix)
    for variant in variants:
        if _is_missing(variant, topology, told):
            return variant, "missing", _why_not(variant, topology, terms)
    return variants[0], "unused", _why_not(variants[0], topology, terms)


def _is_withheld(requirement: Requirement, topology: Topology, terms: Terms) -> bool:
    """Whether its correction alone keeps a requirement from leading to a flow."""
    correction = requirement.correction
    if correction is None or correction in topology.plan.corrections or not topology.has_ends(requirement):
        return False
    return any(
        terms.under(setting).meets_all(requirement.when)
        and any(ask.when is None or terms.under(setting).meets(ask.when) for ask in requirement.asks)
        for setting in _list_settings(requirement, topology)
    )


def _list_settings(requirement: Requirement, topology: Topology) -> tuple[Setting, ...]:
    """What the endpoints that a requirement leads to go by; the plan's own where there are none."""
    kinds = topology.destination_kinds(requirement)
    return tuple(dict.fromkeys(kind.setting for kind in kinds)) or (PLAIN,)


def _is_missing(requirement: Requirement, topology: Topology, told: dict[str, set[str | None]]) -> bool:
    """Whether a finding says of one side that it leads nowhere for want of the other."""
    matrix = topology.matrix
    sources = source_roles(requirement, matrix)
    destinations = matrix.holders[requirement.destination] if requirement.destination else frozenset[str]()
    if (
        requirement.destination
        and not topology.has_role(requirement.destination)
        and sources & told["nothing-to-reach"]
    ):
        return True
    if destinations & told["nobody-uses"] and all(matrix.roles[role].kind == "people" for role in sources):
        return True
    if (sources | destinations) & told["role-without-flow"]:
        return True
    if requirement.target is None or not topology.destination_kinds(requirement):
        return bool(requirement.target and sources & told["nothing-to-reach"])
    if requirement.target.operation:
        return bool(told["operations-without-engine"])
    gateways = [pairing_roles(pairing, matrix) for pairing in matrix.pairings.values() if not pairing.managed_by]
    through = any(sources & roles for roles in gateways)
    return bool(told["sessions-without-gateway"] if through else told["sessions-unused"])


def _say_withheld(requirement: Requirement, matrix: Matrix) -> str:
    return f"Practice is not followed: “{matrix.caveats[requirement.correction or ''].title}”."


def _why_not(requirement: Requirement, topology: Topology, terms: Terms) -> str:
    """The first thing that keeps a requirement from leading to a flow, as a sentence."""
    matrix = topology.matrix
    for role in (requirement.source, requirement.destination):
        if role and not topology.has_role(role):
            return f"No endpoint is “{matrix.roles[role].name}”."
    if requirement.target and not topology.destination_kinds(requirement):
        return _no_target(requirement.target, matrix)
    if requirement.peers and not topology.has_ends(requirement):
        return f"No other endpoint is “{matrix.roles[requirement.destination or ''].name}”."
    settings = _list_settings(requirement, topology)
    for condition in (*requirement.when, *(ask.when for ask in requirement.asks if ask.when)):
        if not any(terms.under(setting).meets(condition) for setting in settings):
            return _unmet(condition, terms, settings)
    return "No endpoint is there that would open the connection."


def _no_target(target: Target, matrix: Matrix) -> str:
    if target.operation:
        return f"No endpoint has the operation “{matrix.operations[target.operation].name}” together with:"
    if target.session:
        return "No endpoint has a session of this kind:"
    return "No endpoint is such a target:"


def _unmet(condition: Condition, terms: Terms, settings: Iterable[Setting]) -> str:
    """Why a condition isn't met; of several each of them, of which any would do."""
    return " ".join(dict.fromkeys(_say_unmet(one, terms, settings) for one in list_simple((condition,))))


def _say_unmet(condition: Simple, terms: Terms, settings: Iterable[Setting]) -> str:
    roles = terms.matrix.roles
    if isinstance(condition, ChoiceIs):
        return f"{say_choice(terms.matrix, terms.plan, condition.choice, settings)}."
    if isinstance(condition, RolePresent):
        return f"No endpoint is “{roles[condition.role].name}”."
    return f"An endpoint is “{roles[condition.no_role].name}”."


def find_local_flows(flows: Iterable[Flow]) -> tuple[LocalFlows, ...]:
    """The flows that stay on one host, by host in the order of the flows."""
    hosts: dict[str, list[Flow]] = defaultdict(list)
    for flow in flows:
        if flow.scope == "same-host":
            hosts[flow.source.name].append(flow)
    return tuple(LocalFlows(endpoint=found[0].source, flows=tuple(found)) for found in hosts.values())
