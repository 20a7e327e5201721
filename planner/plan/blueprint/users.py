"""Who uses a module of a plan: read off the plan, and changed with the module or by itself."""

from dataclasses import replace

from planner.plan.blueprint.answers import AnswersError, find_option_faults
from planner.plan.blueprint.draft import Draft
from planner.plan.blueprint.survey import ModuleInPlan
from planner.plan.document import Endpoint, Plan
from ports.matrix import Matrix, Question
from ports.text import name_key


def find_users_question(matrix: Matrix, module: Question) -> Question | None:
    """The question about who uses a module; None where the matrix has none."""
    return next(
        (one for one in matrix.questions.values() if one.users and one.when and one.when.question == module.slug), None
    )


def find_users(matrix: Matrix, plan: Plan, question: Question, draft: Draft | None = None) -> tuple[str, ...]:
    """The option that describes who uses a module; empty when none does, or nobody is there as an option would.

    `draft` is as in `ModuleInPlan`.
    """
    return ModuleInPlan(matrix, plan, question, draft).fitting()


def set_users(matrix: Matrix, plan: Plan, question: Question, option: str | None) -> Plan:
    """The plan in which those use a module whom an option of the question is about; None: nobody.

    People of the kinds of zone that the option is about stay as they are; others lose the roles for the module, and go
    where they had no others, with a zone that is empty then. Raises AnswersError when there is no such option.
    """
    chosen = option if option is not None else question.off or ""
    faults = tuple(find_option_faults(question, (chosen,)))
    if faults:
        raise AnswersError({question.slug: faults})
    survey = ModuleInPlan(matrix, plan, question)
    if survey.fitting() == (chosen,):
        return plan
    draft = Draft(matrix, plan)
    effect = question.option(chosen).effect
    zones = {zone.key: zone for zone in effect.zones}
    wanted = {zones[template.zone].kind: template for template in effect.endpoints}
    served, left = set(), set()
    for endpoint in survey.holders:
        key = name_key(endpoint.name)
        kind = draft.zones[name_key(endpoint.zone)].kind
        if kind in wanted:
            served.add(kind)
        elif _is_left_with_nothing(survey.relieved(endpoint)):
            del draft.endpoints[key]
            left.add(endpoint.zone)
        else:
            draft.endpoints[key] = survey.relieved(endpoint)
    for kind, template in wanted.items():
        if kind not in served:
            draft.share(template, zones[template.zone], question.slug)
    draft.drop_made(question, left)
    return draft.finish()


def _is_left_with_nothing(endpoint: Endpoint) -> bool:
    return endpoint == replace(endpoint, roles=(), platforms=(), operations=(), sessions=())
