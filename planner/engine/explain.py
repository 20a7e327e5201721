"""Why a rule or flow is there and what would take it away: requirements of the matrix in words, against one plan.

Only the matrix's own names and the vocabulary of plans occur in the sentences, so that they hold for any matrix.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from planner.engine.report import Report
from planner.engine.rules import Ports
from planner.engine.topology import Setting
from planner.engine.words import say_choice, target_facts
from ports.matrix import AnyOf, ChoiceIs, Condition, Matrix, Reason, Requirement, RolePresent, choices_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A requirement behind a rule or flow, and what would take it away."""

    title: str
    """The requirement's own name, with its topic; the plan's own reason if it comes from the plan."""
    summary: str
    sections: tuple[str, ...]
    path: str
    """Who connects to whom, by role: "Website users → Web server"; empty when only the plan says so."""
    conditions: tuple[str, ...]
    """The decisions and corrections it depends on, as they are: "Self-destruct messages: embedded"."""
    removal: tuple[str, ...]
    """Each by itself would take it away: "no source is a database any more"."""


def explain(
    report: Report,
    requirements: Iterable[str],
    services: Iterable[Ports],
    settings: Sequence[Setting],
    reasons: Iterable[Reason] = (),
) -> tuple[Cause, ...]:
    """The causes behind what these requirements (slugs) need on these ports, in the matrix's order.

    `settings` are those of the endpoints that they lead to. Those of `reasons` that no requirement gives are the
    plan's own and come last.
    """
    matrix, wanted, asked = report.matrix, frozenset(requirements), frozenset(services)
    found = [requirement for requirement in matrix.requirements if requirement.slug in wanted]
    given = {requirement.reason for requirement in found}
    return (
        *(_cause(requirement, report, asked, settings) for requirement in found),
        *(_own_cause(str(reason)) for reason in dict.fromkeys(reasons) if reason not in given),
    )


def _cause(requirement: Requirement, report: Report, asked: frozenset[Ports], settings: Sequence[Setting]) -> Cause:
    matrix = report.matrix
    conditions: list[Condition] = list(requirement.when)
    # A requirement can ask for several services; only what stands on these ports is of interest here.
    for ask in requirement.asks:
        protocol = matrix.services[ask.service].protocol
        stands = any(Ports(protocol, ports) in asked for ports in report.own_ports[ask.service])
        if ask.when and stands and ask.when not in conditions:
            conditions.append(ask.when)
    said = [say_choice(matrix, report.plan, choice, settings) for choice in dict.fromkeys(choices_in(conditions))]
    if requirement.correction:
        said.append(f"Correction applied: {matrix.caveats[requirement.correction].title}")
    return Cause(
        title=str(requirement.reason),
        summary=requirement.summary,
        sections=(requirement.section,),
        path=f"{_name_source(requirement, matrix)} → {_name_destination(requirement, matrix)}",
        conditions=tuple(said),
        removal=tuple(dict.fromkeys(_removals(requirement, conditions, matrix))),
    )


def _own_cause(reason: str) -> Cause:
    return Cause(
        title=reason, summary="", sections=(), path="", conditions=(), removal=("the plan's own flow is deleted",)
    )


def _removals(requirement: Requirement, conditions: Iterable[Condition], matrix: Matrix) -> Iterator[str]:
    if requirement.source:
        yield f"no source is “{matrix.roles[requirement.source].name}” any more"
    elif requirement.pairing and matrix.pairings[requirement.pairing].managed_by:
        yield "the destination is managed by another endpoint"
    if requirement.destination:
        yield f"no destination is “{matrix.roles[requirement.destination].name}” any more"
    if requirement.target:
        yield from (f"the destination loses {fact}" for fact in target_facts(requirement.target, matrix))
    for condition in conditions:
        yield _say_unmet(condition, matrix)
    if requirement.correction:
        yield "the correction is taken back"


def _say_unmet(condition: Condition, matrix: Matrix) -> str:
    """What would have a condition hold no longer, in a clause; of several all of it together."""
    if isinstance(condition, AnyOf):
        return ", and ".join(_say_unmet(one, matrix) for one in condition.any)
    if isinstance(condition, ChoiceIs):
        choice = matrix.choices[condition.choice]
        options = " or ".join(choice.option(option).name for option in condition.options) or "none"
        return f"“{choice.name}” is decided otherwise than {options}"
    if isinstance(condition, RolePresent):
        return f"no endpoint is “{matrix.roles[condition.role].name}” any more"
    return f"an endpoint is “{matrix.roles[condition.no_role].name}”"


def _name_source(requirement: Requirement, matrix: Matrix) -> str:
    if requirement.source:
        return matrix.roles[requirement.source].name
    return matrix.pairings[requirement.pairing].name if requirement.pairing else ""


def _name_destination(requirement: Requirement, matrix: Matrix) -> str:
    if requirement.destination:
        return matrix.roles[requirement.destination].name
    facts = ", ".join(target_facts(requirement.target, matrix)) if requirement.target else ""
    return f"endpoint with {facts}" if facts else "endpoint"
