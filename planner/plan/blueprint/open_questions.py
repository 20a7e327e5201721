"""What a composed plan leaves open: under which topic of questions it is asked, and the plan with the answers."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from planner.plan.document import Plan
from ports.matrix import Caveat, Choice, ChoiceIs, EndpointTemplate, Grant, Matrix, Question, Requirement

PRACTICE, DOCUMENTED = "practice", "documented"
"""The answers to a caveat with a correction."""


def settle(plan: Plan, choices: Mapping[str, str], caveats: Mapping[str, str]) -> Plan:
    """The plan with these options chosen and these caveats answered, beside what it says of others."""
    return replace(
        plan,
        choices={**plan.choices, **choices},
        corrections=(*plan.corrections, *(slug for slug, answer in caveats.items() if answer == PRACTICE)),
        as_documented=(*plan.as_documented, *(slug for slug, answer in caveats.items() if answer == DOCUMENTED)),
    )


def find_topic(matrix: Matrix, about: Caveat | Choice) -> str:
    """The topic of questions that a caveat or a choice belongs to: of the first that brings what it is about.

    Looked for are, in this order, the choices that it depends on, the operations and sessions of managed systems, the
    roles at the end of its requirements, and their platforms. The last topic of all where no question brings any.
    """
    for wanted in _list_subjects(matrix, about):
        for question in matrix.questions.values():
            if not wanted.isdisjoint(_list_brought(question)):
                return question.topic
    return list(matrix.questions.values())[-1].topic if matrix.questions else ""


def _list_subjects(matrix: Matrix, about: Caveat | Choice) -> Iterator[set[tuple[str, str]]]:
    """What it is about, the most telling first: pairs of a kind of row and a slug."""
    if isinstance(about, Choice):
        rows = [row for row in matrix.requirements if about.slug in _list_choices(row)]
        roles: set[tuple[str, str]] = set()
        yield {("choice", about.slug)}
    else:
        facts = about.about
        services = set(facts.services)
        rows = [
            row
            for row in matrix.requirements
            if row.slug in facts.requirements or not services.isdisjoint(ask.service for ask in row.asks)
        ]
        roles = {("role", slug) for slug in facts.roles}
        yield {("choice", one.choice) for one in facts.when if isinstance(one, ChoiceIs)}
    targets = [row.target for row in rows if row.target]
    yield {("operation", target.operation) for target in targets if target.operation}
    yield {("session", target.session) for target in targets if target.session}
    yield roles | {("role", row.destination) for row in rows if row.destination}
    yield {("platform", target.platform) for target in targets if target.platform}


def _list_choices(row: Requirement) -> set[str]:
    conditions = (*row.when, *(ask.when for ask in row.asks if ask.when))
    return {one.choice for one in conditions if isinstance(one, ChoiceIs)}


def _list_brought(question: Question) -> set[tuple[str, str]]:
    """What the options of a question bring: pairs of a kind of row and a slug."""
    effects = [option.effect for option in question.options]
    parts: list[EndpointTemplate | Grant] = [part for effect in effects for part in effect.endpoints]
    parts += [part for effect in effects for part in effect.grants]
    parts += [part for effect in effects if effect.each for part in effect.each.endpoints]
    parts += question.each.endpoints if question.each else ()
    brought = {("choice", slug) for effect in effects for slug, _ in effect.choices}
    for part in parts:
        brought |= {("role", slug) for slug in part.roles}
        brought |= {("operation", slug) for slug in part.operations}
        brought |= {("session", slug) for slug in part.sessions}
        brought |= {("platform", slug) for slug in part.platforms}
    return brought
