"""Answers that change nothing in a plan, and why: the ends of what they ask for aren't there. Pure."""

from collections.abc import Iterator

from planner.engine.report import Report
from planner.engine.topology import Topology
from planner.engine.words import target_facts
from ports.matrix import AnyOf, ChoiceIs, Condition, Requirement, RolePresent, choices_in, list_simple

_NAMED = 3
"""How many of the things that aren't there a sentence names."""


def find_idle_choices(report: Report) -> frozenset[str]:
    """The choices that change nothing in this plan: no requirement that leads anywhere, check or caveat needs them."""
    matrix = report.matrix
    topology = Topology(matrix, report.plan)
    found = {finding.code for finding in report.findings}
    busy = {slug for check in matrix.checks if check.code in found for slug in choices_in(check.when)}
    busy |= {slug for state in report.caveats for slug in choices_in(state.caveat.about.when)}
    for requirement in matrix.requirements:
        if requirement.correction not in (None, *report.plan.corrections):
            continue
        if not all(_may_hold(condition, topology) for condition in requirement.when):
            continue
        slugs = {slug for condition in requirement.when for slug in _deciding(condition, topology)}
        slugs |= {ask.when.choice for ask in requirement.asks if ask.when}
        if not slugs <= busy and topology.has_ends(requirement):
            busy |= slugs
    return frozenset(matrix.choices.keys() - busy)


def _may_hold(condition: Condition, topology: Topology) -> bool:
    """Whether a condition holds under some choices."""
    if isinstance(condition, AnyOf):
        return any(_may_hold(one, topology) for one in condition.any)
    if isinstance(condition, ChoiceIs):
        return True
    if isinstance(condition, RolePresent):
        return topology.has_role(condition.role)
    return not topology.has_role(condition.no_role)


def _deciding(condition: Condition, topology: Topology) -> tuple[str, ...]:
    """The choices on which a condition depends; none where it holds by roles alone."""
    ones = condition.any if isinstance(condition, AnyOf) else (condition,)
    by_roles = any(not isinstance(one, ChoiceIs) and _may_hold(one, topology) for one in ones)
    return () if by_roles else tuple(choices_in(ones))


def explain_nothing(report: Report, choice: str, option: str) -> str:
    """Why an option asks for nothing in this plan: "no endpoint is “App Server”"; empty where that isn't why.

    `choice` and `option` are slugs. It is why where every requirement that the option brings in lacks something: a
    role that nobody holds, or a target that nobody is.
    """
    topology = Topology(report.matrix, report.plan)
    applied = (None, *report.plan.corrections)
    brought = [
        one
        for one in report.matrix.requirements
        if one.correction in applied and (choice, option) in list_answers(one)
    ]
    if report.too_large or not brought:
        return ""
    lacks = [tuple(_find_lacks(requirement, topology)) for requirement in brought]
    if not all(lacks):
        return ""
    names = list(dict.fromkeys(found[0] for found in lacks))
    more = f", nor any of {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"no endpoint {' or '.join(names[:_NAMED])}{more}"


def list_answers(requirement: Requirement) -> Iterator[tuple[str, str]]:
    """The options by which a requirement, or a service of it, is asked for: each with its choice."""
    for condition in (*list_simple(requirement.when), *(ask.when for ask in requirement.asks if ask.when)):
        if isinstance(condition, ChoiceIs):
            yield from ((condition.choice, option) for option in condition.options)


def _find_lacks(requirement: Requirement, topology: Topology) -> Iterator[str]:
    """What no endpoint is or has of what a requirement needs, in clauses."""
    matrix = topology.matrix
    for role in (requirement.destination, requirement.source):
        if role and not topology.has_role(role):
            yield f"is “{matrix.roles[role].name}”"
    if requirement.target and not topology.destination_kinds(requirement):
        facts = " and ".join(target_facts(requirement.target, matrix))
        yield f"has {facts}" if facts else "is such a target"
    for condition in requirement.when:
        if isinstance(condition, RolePresent) and not topology.has_role(condition.role):
            yield f"is “{matrix.roles[condition.role].name}”"
    if requirement.pairing and topology.destination_kinds(requirement) and not topology.has_ends(requirement):
        pairing = matrix.pairings[requirement.pairing]
        near, fallback = matrix.roles[pairing.near].name, matrix.roles[pairing.fallback].name
        yield f"is “{near}” or “{fallback}” where it would reach the target"
