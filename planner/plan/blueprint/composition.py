"""A new plan from answers: zones from the outside in, endpoints by zone."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from planner.plan.blueprint.answers import Answers, Document, read_answers
from planner.plan.blueprint.draft import FIRST, LAST, THEN, Draft
from planner.plan.blueprint.others import NOBODY, Others, add_others
from planner.plan.document import ANY, Plan, dump_plan
from planner.plan.kinds import KINDS, USUAL
from ports.matrix import Effect, Matrix, Question, ZoneTemplate


def compose(matrix: Matrix, answers: Answers, name: str, others: Others = NOBODY) -> Document:
    """The plan document of these answers, under this name; a question that isn't answered counts as its default.

    `others`: who else comes from a network of their own. Zones come from the outside in, endpoints by zone; the same
    answers give the same document. Raises AnswersError with every fault of the answers. Whether the name is one is
    left to `planner.plan.document.check_plan`.
    """
    return dump_plan(compose_plan(matrix, answers, name, others))


def compose_plan(matrix: Matrix, answers: Answers, name: str, others: Others = NOBODY) -> Plan:
    """The same as a plan, unchecked: what questions bring is sound, a name may be none. Raises AnswersError."""
    given = read_answers(matrix, answers)
    steps = [(question, answer) for question, answer in given if answer]
    names = {question.slug: answer for question, answer in given if question.kind == "list"}
    draft = Draft(matrix, Plan(name=name, zones=(), endpoints=()))
    for turn in (FIRST, THEN, LAST):
        for question, answer in steps:
            for effect, place in _repeated_effects(question, answer, names):
                draft.add_all(effect, place, question.slug, turn=turn)
        if turn == THEN:  # what is granted, the last turn asks for
            for question, answer in steps:
                for effect, _ in _repeated_effects(question, answer, names):
                    draft.grant(effect)
                    draft.choose(effect)
    if not draft.zones:
        draft.make_zone(ZoneTemplate(key="", name="Internal", kind=USUAL), "Internal")
    add_others(draft, others)
    return _sorted_by_zone(_with_ordered_roles(matrix, draft.finish()))


def _repeated_effects(
    question: Question, answer: tuple[str, ...], names: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Effect, str]]:
    """What an answer does, in the order of the options, with the name where it is repeated for names of a list."""
    if question.each:
        repeated = Effect(zones=question.each.zones, endpoints=question.each.endpoints)
        yield from ((repeated, name) for name in answer)
    for option in question.options:
        if option.slug in answer:
            yield option.effect, ""
            if option.effect.each:
                repeated = Effect(zones=option.effect.each.zones, endpoints=option.effect.each.endpoints)
                yield from ((repeated, name) for name in names.get(option.effect.each.of, ()))


def _with_ordered_roles(matrix: Matrix, plan: Plan) -> Plan:
    """The plan with the roles of each endpoint in the matrix's order, whichever question brought them."""
    order = {slug: number for number, slug in enumerate(matrix.roles)}
    endpoints = (replace(one, roles=tuple(sorted(one.roles, key=lambda role: order[role]))) for one in plan.endpoints)
    return replace(plan, endpoints=tuple(endpoints))


def _sorted_by_zone(plan: Plan) -> Plan:
    """The plan with its zones from the outside in, and its endpoints in the order of their zones."""
    zones = tuple(sorted(plan.zones, key=lambda zone: KINDS[zone.kind].order))
    rank = {zone.name: number for number, zone in enumerate(zones)}
    endpoints = tuple(sorted(plan.endpoints, key=lambda endpoint: rank[endpoint.zone]))
    return replace(plan, zones=zones, endpoints=endpoints)


def blank_addresses(plan: Plan) -> Plan:
    """The plan without its addresses, except `any`: those of a ready-made topology are nobody's."""
    return replace(
        plan,
        endpoints=tuple(
            endpoint if endpoint.addresses == (ANY,) else replace(endpoint, addresses=())
            for endpoint in plan.endpoints
        ),
    )
