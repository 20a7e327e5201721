"""The answers that a plan shows: a plan keeps none, so they are found by composing.

Of each question the answer is taken whose plan is most like the one that is there. What counts is what an answer can
make: which roles, systems, operations and sessions there are, in which kinds of zones, beside what, and what is
decided. How things are called, how many there are and which addresses they have doesn't. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, permutations

from planner.plan.blueprint.answers import Answers, AnswersError
from planner.plan.blueprint.composition import compose_plan
from planner.plan.blueprint.draft import choice_in_force
from planner.plan.blueprint.others import Others, list_others, read_others
from planner.plan.blueprint.survey import ModuleInPlan
from planner.plan.document import Endpoint, Plan
from ports.matrix import EndpointTemplate, Grant, Matrix, Question

Trait = tuple[str, ...]
"""One thing that is true of a plan: what it is about, first of all, and the rest."""
ENOUGH = 3
"""How many names of a list are composed: what is true of a plan with many like sites is true of one with few."""
ROUNDS = 2
"""How often all questions are gone through: an answer to one may say more about another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The answers of a plan, by slug of the question, and the questions of which it shows none."""

    answers: Answers
    unread: frozenset[str]
    others: Others


def read_shown(matrix: Matrix, plan: Plan) -> Shown:
    """What a plan shows of the answers from which it could have been made; a question without one in it is unread.

    Questions that wouldn't be asked after these answers are in neither.
    """
    own = _without_others(matrix, plan)
    there = frozenset(list_traits(matrix, own))
    lists = {
        question.slug: tuple(ModuleInPlan(matrix, own, question).sites())
        for question in matrix.questions.values()
        if question.kind == "list"
    }
    answers = {question.slug: question.default for question in matrix.questions.values()}
    answers |= {slug: names[:ENOUGH] for slug, names in lists.items()}
    composer = _Composer(matrix)
    for _ in range(ROUNDS):
        for question in matrix.questions.values():
            if question.kind != "list" and is_asked(matrix, question, answers):
                answers[question.slug] = _find_nearest(composer, question, answers, there)
    asked = [question for question in matrix.questions.values() if is_asked(matrix, question, answers)]
    unread = frozenset(
        question.slug
        for question in asked
        if question.kind == "one" and not _explains(composer, question, answers, there)
    )
    return Shown(
        answers={
            question.slug: lists.get(question.slug, answers[question.slug])
            for question in asked
            if question.slug not in unread
        },
        unread=unread,
        others=read_others(matrix, plan),
    )


def is_asked(matrix: Matrix, question: Question, answers: Mapping[str, Iterable[str]]) -> bool:
    """Whether a question is asked after these answers."""
    if question.when is None:
        return True
    given = set(answers.get(question.when.question, ()))
    return bool(given & set(question.when.options)) if question.when.options else bool(given)


def _without_others(matrix: Matrix, plan: Plan) -> Plan:
    """The plan without those who come from networks of their own: a step of its own makes them."""
    names = {endpoint.name for _, endpoint in list_others(matrix, plan)}
    return replace(plan, endpoints=tuple(one for one in plan.endpoints if one.name not in names))


class _Composer:
    """What is true of the plans that answers make; each is composed once, as most are asked for several times."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._known: dict[tuple[tuple[str, tuple[str, ...]], ...], frozenset[Trait]] = {}

    def list_traits(self, answers: Mapping[str, tuple[str, ...]]) -> frozenset[Trait]:
        """The traits of the plan of these answers; none where they make no plan."""
        key = tuple(answers.items())
        if key not in self._known:
            self._known[key] = self._compose(answers)
        return self._known[key]

    def _compose(self, answers: Answers) -> frozenset[Trait]:
        try:
            return frozenset(list_traits(self._matrix, compose_plan(self._matrix, answers, "")))
        except AnswersError:  # a name of the plan that no list could have
            return frozenset()


def _find_nearest(
    composer: _Composer, question: Question, answers: Mapping[str, tuple[str, ...]], there: frozenset[Trait]
) -> tuple[str, ...]:
    """The answer whose plan differs least from the one that is there; of several the one that is usual, or first."""
    if question.kind == "many":
        taken = answers[question.slug]
        for slug in question.slugs:
            on = tuple(one for one in question.slugs if one in taken or one == slug)
            off = tuple(one for one in question.slugs if one in taken and one != slug)
            with_it, without = (composer.list_traits({**answers, question.slug: one}) for one in (on, off))
            # One that would add something that isn't there is not ticked; one that adds nothing is as usual.
            added = with_it - without
            taken = on if (added <= there if added else slug in question.default) else off
        return taken
    usual = sorted(question.slugs, key=lambda slug: slug not in question.default)
    brought = _list_brought(question)

    def count_differences(answer: tuple[str, ...]) -> int:
        differing = composer.list_traits({**answers, question.slug: answer}) ^ there
        return sum(not brought.isdisjoint(trait) for trait in differing)

    return min(((slug,) for slug in usual), key=count_differences)


def _explains(
    composer: _Composer, question: Question, answers: Mapping[str, tuple[str, ...]], there: frozenset[Trait]
) -> bool:
    """Whether an answer is there as it makes it, and nothing is there of what the other answers are about.

    Otherwise it was made by hand, and isn't read.
    """
    composed = {slug: composer.list_traits({**answers, question.slug: (slug,)}) for slug in question.slugs}
    (taken,) = answers[question.slug]
    shared = frozenset.intersection(*composed.values())
    brought = _list_brought(question)
    if not {trait for trait in composed[taken] - shared if not brought.isdisjoint(trait)} <= there:
        return False
    # Of the roles that its answers bring, every one that is there must come from some answer.
    return not any(trait[0] == "role" and trait[1] in brought for trait in there - composed[taken])


def _list_brought(question: Question) -> frozenset[str]:
    """Slugs of what the answers to a question bring: roles, systems and what is done with them, choices."""
    effects = [option.effect for option in question.options]
    parts = list[EndpointTemplate | Grant]()
    for effect in effects:
        parts += (*effect.endpoints, *effect.grants)
    return frozenset(
        slug for part in parts for slug in (*part.roles, *part.platforms, *part.operations, *part.sessions)
    ) | {slug for effect in effects for slug, _ in effect.choices}


def list_traits(matrix: Matrix, plan: Plan) -> Iterator[Trait]:
    """What is true of a plan, as far as answers can make it so.

    What an answer adds to all of a group of roles is told by the group, whichever of them it is with, and stands where
    these do: a gateway that was taken off one of two web servers is still with the website, not on one of its own.
    """
    kinds = {zone.name: zone.kind for zone in plan.zones}
    groups = _list_groups(matrix)
    by_zone: dict[str, set[str]] = {}
    for endpoint in plan.endpoints:
        yield from _list_of_endpoint(endpoint, kinds[endpoint.zone], groups)
        added = {given for held, given in permutations(endpoint.roles, 2) if (held, given) in groups}
        by_zone.setdefault(endpoint.zone, set()).update({*endpoint.roles} - added, endpoint.platforms)
    for held in by_zone.values():
        yield from (("near", *pair) for pair in combinations(sorted(held), 2))
    for slug in matrix.choices:
        in_force = choice_in_force(matrix, plan.choices, slug)
        yield ("choice", slug, *sorted(in_force or ()))


def _list_groups(matrix: Matrix) -> dict[tuple[str, str], str]:
    """By a role that is held and one that an answer adds to it: what the answer calls the first, or its group."""
    return {
        (held, given): grant.to_role
        for question in matrix.questions.values()
        for option in question.options
        for grant in option.effect.grants
        if grant.to_role
        for held in matrix.holders[grant.to_role]
        for given in grant.roles
    }


def _list_of_endpoint(endpoint: Endpoint, kind: str, groups: Mapping[tuple[str, str], str]) -> Iterator[Trait]:
    for role in endpoint.roles:
        yield ("role", role, kind)
    for one, other in combinations(sorted({*endpoint.roles, *endpoint.platforms}), 2):
        yield ("together", *sorted((groups.get((one, other), one), groups.get((other, one), other))))
    for platform in endpoint.platforms:
        yield ("platform", platform, kind)
        yield from (("operation", platform, operation) for operation in endpoint.operations)
        yield from (("session", platform, session) for session in endpoint.sessions)
