"""Modules of a plan: which are in it, switching them on and off, and what that would lose."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planner.plan import limits
from planner.plan.blueprint.answers import (
    AnswersError,
    Document,
    fill,
    find_option_faults,
    first_few,
    longest_name,
    read_names,
    shown,
)
from planner.plan.blueprint.draft import Draft, as_set, is_conditional
from planner.plan.blueprint.lost import describe_losses
from planner.plan.blueprint.survey import ModuleInPlan
from planner.plan.blueprint.users import find_users, find_users_question, set_users
from planner.plan.document import Endpoint, Plan, check_stored, dump_plan
from ports.matrix import Effect, Matrix, Question, ZoneTemplate
from ports.text import name_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleState:
    """Whether a module is in a plan.

    `answer`: the option that describes the plan, or the options, or the names of a list; empty while the module is off
    in a list or is there in a way that no option describes. `endpoints`: names of what it consists of.
    """

    question: Question
    on: bool
    answer: tuple[str, ...]
    endpoints: tuple[str, ...]
    asks: Question | None = None
    """The question about who uses it."""
    users: tuple[str, ...] = ()
    """The option of that question that describes the plan; empty when none does."""


def module_state(matrix: Matrix, document: Mapping[str, Any] | Plan) -> tuple[ModuleState, ...]:
    """Which modules are in a plan, in the matrix's order.

    Takes a document or a plan that was checked. Raises PlanError when the document is none.
    """
    plan = _read(matrix, document)
    draft = Draft(matrix, plan)
    modules = (question for question in matrix.questions.values() if question.module)
    return tuple(_describe_state(matrix, plan, question, draft) for question in modules)


def add_module(
    matrix: Matrix,
    document: Mapping[str, Any] | Plan,
    question: str,
    option: str | Sequence[str],
    users: str | None = None,
) -> Document:
    """The document with a module as this option has it; for a list, with these names added to those there.

    `users`: the option of the question about who uses it. Without one, a module that was off gets the usual users if
    it has none and is there now, and one that is on keeps those that it has.

    What stood for another option is taken off or, where it can be, moved with all that is known about it. The option
    that describes the plan already changes nothing. Raises KeyError when there is no such module, AnswersError when it
    has no such option or a name can't be added, PlanError when the document is no plan.
    """
    plan = _read(matrix, document)
    asked = _module(matrix, question)
    lines = (option,) if isinstance(option, str) else tuple(option)
    if asked.kind == "list":
        after = _add_names(matrix, plan, asked, lines)
    else:
        faults = tuple(find_option_faults(asked, lines))
        if faults:
            raise AnswersError({question: faults})
        options = tuple(slug for slug in asked.slugs if slug in lines)
        after = _set_options(matrix, plan, asked, options)
        asks = find_users_question(matrix, asked)
        if asks and asks.when and not set(options).isdisjoint(asks.when.options):
            state = _describe_state(matrix, plan, asked)
            if users is not None:
                after = set_users(matrix, after, asks, users)
            elif not state.on and state.users == (asks.off,) and _describe_state(matrix, after, asked).on:
                after = set_users(matrix, after, asks, asks.default[0])
        elif asks and _describe_state(matrix, plan, asked).on:
            after = set_users(matrix, after, asks, None)
    if len(after.endpoints) > max(limits.ENDPOINTS, len(plan.endpoints)):
        raise AnswersError({question: (limits.say_endpoints(len(after.endpoints)),)})
    return dump_plan(after)


def remove_module(matrix: Matrix, document: Mapping[str, Any] | Plan, question: str) -> Document:
    """The document without a module: its roles, the endpoints that were nothing else, and zones that only it needed.

    A zone in which something was set or that a row names stays. What people had for it goes with it, where it was on.
    A list takes with it such zones of its names, and what stands in any of them without a role of its own. What named
    an endpoint that goes, goes.
    Raises KeyError when there is no such module, PlanError when the document is no plan.
    """
    plan = _read(matrix, document)
    asked = _module(matrix, question)
    if asked.kind == "list":
        return dump_plan(_remove_names(matrix, plan, asked))
    after = _set_options(matrix, plan, asked, (asked.off,) if asked.off else ())
    asks = find_users_question(matrix, asked)
    if asks and _describe_state(matrix, plan, asked).on:  # who had it would have nothing to reach
        after = set_users(matrix, after, asks, None)
    return dump_plan(after)


def losses(
    matrix: Matrix,
    document: Mapping[str, Any] | Plan,
    question: str,
    option: str | Sequence[str] = (),
    users: str | None = None,
) -> tuple[str, ...]:
    """What taking a module off loses for good: one phrase each for what switching it on again doesn't bring back.

    With an option: what having the module that way loses, which going back doesn't bring back. Empty when nothing is
    lost. Raises KeyError when there is no such module, AnswersError when it has no such option, PlanError when the
    document is no plan.
    """
    plan = _read(matrix, document)
    asked = _module(matrix, question)
    state = _describe_state(matrix, plan, asked)
    if not state.on:
        return ()
    if asked.kind == "list":
        if option:
            return ()  # names are only added
        return tuple(describe_losses(matrix, plan, _read(matrix, remove_module(matrix, plan, question))))
    other = add_module(matrix, plan, question, option, users) if option else remove_module(matrix, plan, question)
    usual = tuple(slug for slug in asked.default if slug != asked.off)
    again = state.answer or usual or next(((slug,) for slug in asked.slugs if slug != asked.off), ())
    back = add_module(matrix, _read(matrix, other), question, again, next(iter(state.users), None))
    return tuple(describe_losses(matrix, plan, _read(matrix, back)))


def _read(matrix: Matrix, document: Mapping[str, Any] | Plan) -> Plan:
    return document if isinstance(document, Plan) else check_stored(dict(document), matrix=matrix)


def _module(matrix: Matrix, slug: str) -> Question:
    """The question that a module belongs to. Raises KeyError when there is none."""
    question = matrix.questions[slug]
    if not question.module:
        raise KeyError(slug)
    return question


def _describe_state(matrix: Matrix, plan: Plan, question: Question, draft: Draft | None = None) -> ModuleState:
    survey = ModuleInPlan(matrix, plan, question, draft)
    if question.kind == "list":
        sites = survey.sites()
        zones = {zone.name for zone in sites.values()}
        names = {endpoint.name for endpoint in survey.holders}
        members = tuple(e.name for e in plan.endpoints if e.name in names or e.zone in zones)
        return ModuleState(question=question, on=bool(survey.holders), answer=tuple(sites), endpoints=members)
    fitting = survey.fitting()
    members = tuple(dict.fromkeys((*(e.name for e in survey.holders), *survey.companions(fitting))))
    asks = find_users_question(matrix, question)
    return ModuleState(
        question=question,
        on=not survey.is_off(),
        answer=fitting,
        endpoints=members,
        asks=asks,
        users=find_users(matrix, plan, asks, draft) if asks else (),
    )


def _set_options(matrix: Matrix, plan: Plan, question: Question, options: tuple[str, ...]) -> Plan:
    """The plan with a module as these options have it, and without what its other options brought; none: without it.

    Endpoints that nothing else needs are moved to where the new options want them, or else taken off.
    """
    survey = ModuleInPlan(matrix, plan, question)
    now = survey.fitting()
    if now == options and (now or not survey.holders):
        return plan
    draft = Draft(matrix, plan)
    spare: dict[str, Endpoint] = {}
    for endpoint in survey.holders:
        key = name_key(endpoint.name)
        if survey.is_shared(endpoint):
            draft.endpoints[key] = survey.relieved(endpoint)
        else:
            spare[key] = endpoint
    for name in survey.companions(now):
        spare[name_key(name)] = draft.endpoints[name_key(name)]
    left = {endpoint.zone for endpoint in (*survey.holders, *spare.values())}
    empty = (zone for slug in now for zone in _left_empty(question.option(slug).effect))
    left |= {zone.name for zone in (draft.find_zone(template, template.name) for template in empty) if zone}
    draft.leaving = set(spare)
    for slug in now:
        for choice, chosen in question.option(slug).effect.choices:
            if choice in draft.choices and as_set(draft.choices[choice]) == as_set(chosen):
                del draft.choices[choice]
    effects = [question.option(slug).effect for slug in options]
    for template in (zone for effect in effects for zone in _left_empty(effect)):
        left.discard((draft.find_zone(template, template.name) or draft.make_zone(template, template.name)).name)
    for conditional in (False, True):
        for effect in effects:
            _move_or_add(draft, effect, spare, survey.roles, question.slug, conditional=conditional)
    draft.remove(spare)
    draft.leaving = set()
    for effect in effects:
        draft.grant(effect)
        draft.choose(effect)
    draft.drop_made(question, left)
    return draft.finish()


def _move_or_add(
    draft: Draft, effect: Effect, spare: dict[str, Endpoint], roles: frozenset[str], maker: str, *, conditional: bool
) -> None:
    """Put the endpoints of an effect into their zones: moved from `spare`, with all that is known of them, or new.

    `spare` has by key what would go otherwise, and loses what is used. `maker`: the slug of the question.
    """
    for template in effect.endpoints:
        if is_conditional(template) != conditional or not draft.admits(template):
            continue
        wanted = next(zone for zone in effect.zones if zone.key == template.zone)
        zone = draft.find_zone(wanted, wanted.name) or draft.make_zone(wanted, wanted.name)
        own = roles & set(template.roles)
        if own:
            alike = [key for key, endpoint in spare.items() if roles & set(endpoint.roles) == own]
            fits = alike or [key for key, endpoint in spare.items() if roles & set(endpoint.roles)]
        else:
            there = draft.endpoints.get(name_key(template.name))
            if there and there.zone == zone.name and set(template.roles) <= set(there.roles):
                spare.pop(name_key(template.name), None)
                draft.leaving.discard(name_key(template.name))
                continue
            fits = [key for key in spare if key == name_key(template.name)]
        if fits:
            key = fits[0]
            old = spare.pop(key)
            draft.leaving.discard(key)
            others = [role for role in old.roles if role not in roles]
            draft.endpoints[key] = draft.sound(
                replace(
                    draft.enriched(old, template),
                    zone=zone.name,
                    roles=draft.combined(draft.combined((), template.roles), others),
                )
            )
        else:
            draft.add(template, zone, "", maker)


def _left_empty(effect: Effect) -> list[ZoneTemplate]:
    """The zones of an effect in which it puts nothing."""
    used = {template.zone for template in effect.endpoints}
    return [zone for zone in effect.zones if zone.key not in used]


def _add_names(matrix: Matrix, plan: Plan, question: Question, lines: Sequence[str]) -> Plan:
    """The plan with the zones and endpoints of more names of a list."""
    names, faults = read_names(lines, longest_name(matrix, question))
    if not faults and not names:
        faults = ("Write at least one name.",)
    repeat = question.repeat
    draft = Draft(matrix, plan)
    if not faults:
        faults = first_few(
            [
                f"The plan has a zone “{shown(taken.name)}” of another kind already; use another name."
                for name in names
                for zone in repeat.zones
                if (taken := draft.zones.get(name_key(fill(zone.name, name)))) and taken.kind != zone.kind
            ]
        )
    if faults:
        raise AnswersError({question.slug: faults})
    held: dict[str, set[str]] = defaultdict(set)
    for endpoint in plan.endpoints:
        held[endpoint.zone].update(endpoint.roles)
    for name in names:
        zones = {}
        for template in repeat.zones:
            full = fill(template.name, name)
            zones[template.key] = draft.find_zone(template, full) or draft.make_zone(template, full)
        for endpoint_template in repeat.endpoints:
            zone = zones[endpoint_template.zone]
            there = endpoint_template.roles and held[zone.name].issuperset(endpoint_template.roles)
            if not there and draft.admits(endpoint_template):
                draft.add(endpoint_template, zone, name, question.slug)
    return draft.finish()


def _remove_names(matrix: Matrix, plan: Plan, question: Question) -> Plan:
    """The plan without the module's roles, and without the zones of a list but for what has roles of its own there.

    A zone that `Draft.drop_empty` leaves stays empty.
    """
    survey = ModuleInPlan(matrix, plan, question)
    if not survey.holders:
        return plan
    draft = Draft(matrix, plan)
    sites = {zone.name for zone in survey.sites().values()}
    for key, endpoint in tuple(draft.endpoints.items()):
        if survey.is_shared(endpoint):
            draft.endpoints[key] = survey.relieved(endpoint)
        elif endpoint.zone in sites or not survey.roles.isdisjoint(endpoint.roles):
            del draft.endpoints[key]
    draft.drop_empty(sites)
    return draft.finish()
