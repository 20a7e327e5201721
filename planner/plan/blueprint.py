"""Blueprints: from answers to a plan document, and modules switched on and off in one that is there.

What an answer does is a fact of the matrix (docs/matrix-format.md, "Questions"); this module knows how to do it and
nothing about any product. All functions are pure: they take documents, or plans that were checked, and return new
ones. No address is ever made up: only `any`, where a question says so.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planner.plan import limits
from planner.plan.document import ANY, AdditionalFlow, Endpoint, Plan, Zone, check_stored, dump_plan, name_key
from planner.plan.fields import PARTS, Field, forget_gone
from planner.plan.kinds import KINDS, USUAL
from ports.matrix import PLACEHOLDER, Effect, EndpointTemplate, Grant, Matrix, Question, Repeat, ZoneTemplate

Answers = Mapping[str, str | Sequence[str]]
"""By slug of the question: an option, several options, or the lines of a list of names; blank lines don't count."""
Document = dict[str, Any]

MAX_NAMES = 2_000
"""How many names a list may have."""
_MAX_LENGTH = 255
_SHOWN_FAULTS = 20


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


class AnswersError(ValueError):
    """The answers make no plan. `faults` has the sentences for each question that has any, by its slug."""

    def __init__(self, faults: Mapping[str, tuple[str, ...]]) -> None:
        self.faults = dict(faults)
        super().__init__("\n".join(sentence for sentences in faults.values() for sentence in sentences))


# ---- answers ----


def compose(matrix: Matrix, answers: Answers, name: str) -> Document:
    """The plan document of these answers, under this name; a question that isn't answered counts as its default.

    Zones come from the outside in, endpoints by zone; the same answers give the same document. Raises AnswersError
    with every fault of the answers. Whether the name is one is left to `planner.plan.document.check_plan`.
    """
    given = _read_answers(matrix, answers)
    steps = [(question, answer) for question, answer in given if answer]
    names = {question.slug: answer for question, answer in given if question.kind == "list"}
    draft = _Draft(matrix, Plan(name=name, zones=(), endpoints=()))
    for conditional in (False, True):
        for question, answer in steps:
            for effect, place in _effects(question, answer, names):
                draft.add_all(effect, place, question.slug, conditional=conditional)
    for question, answer in steps:
        for effect, _ in _effects(question, answer, names):
            draft.grant(effect)
            draft.choose(effect)
    if not draft.zones:
        draft.make_zone(ZoneTemplate(key="", name="Internal", kind=USUAL), "Internal")
    return dump_plan(_sorted_by_zone(draft.finish()))


def find_answer_faults(matrix: Matrix, answers: Answers) -> dict[str, tuple[str, ...]]:
    """What keeps answers from being composed: sentences by slug of the question, in the matrix's order."""
    try:
        _read_answers(matrix, answers)
    except AnswersError as error:
        return error.faults
    return {}


def effective_answers(matrix: Matrix, answers: Answers) -> dict[str, tuple[str, ...]]:
    """What `compose` goes by: every question that is asked, with its answer or default.

    Raises AnswersError with every fault of the answers.
    """
    return {question.slug: answer for question, answer in _read_answers(matrix, answers)}


def _read_answers(matrix: Matrix, answers: Answers) -> list[tuple[Question, tuple[str, ...]]]:
    """The questions that are asked, with their answers in the order of the options."""
    faults: dict[str, tuple[str, ...]] = {
        slug: (f"There is no question “{_shown(slug)}”.",) for slug in answers if slug not in matrix.questions
    }
    asked: dict[str, tuple[str, ...]] = {}
    for question in matrix.questions.values():
        answer = answers.get(question.slug)
        given = tuple(question.default if answer is None else (answer,) if isinstance(answer, str) else answer)
        if question.when and not _follows(question, asked.get(question.when.question, ())):
            continue
        if question.kind == "list":
            names, found = _read_names(question, given, _longest_name(matrix, question))
            asked[question.slug] = names
        else:
            found = tuple(_find_option_faults(question, given))
            asked[question.slug] = tuple(slug for slug in question.slugs if slug in given)
        if found:
            faults[question.slug] = found
    if not faults:
        faults = _find_taken_zones(matrix, asked, answers)
    if faults:
        raise AnswersError({slug: faults[slug] for slug in (*matrix.questions, *faults) if slug in faults})
    return [(matrix.questions[slug], answer) for slug, answer in asked.items()]


def _follows(question: Question, answer: tuple[str, ...]) -> bool:
    """Whether a question is asked after this answer to the one that it follows."""
    options = question.when.options if question.when else ()
    return any(slug in options for slug in answer) if options else bool(answer)


def _find_option_faults(question: Question, given: tuple[str, ...]) -> Iterator[str]:
    allowed = ", ".join(option.name for option in question.options)
    for slug in given:
        if slug not in question.slugs:
            yield f"“{_shown(slug)}” is no answer to this question; the answers are: {allowed}."
    if question.kind == "one" and len(set(given)) > 1:
        yield "This question takes one answer; choose one."
    if question.kind == "one" and not given:
        yield "This question takes one answer; choose one, or leave the question out."


def _read_names(question: Question, lines: Sequence[str], longest: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of a list and what is wrong with them, by line. Blank lines and white space around names go."""
    found = [(number, stripped) for number, line in enumerate(lines, 1) if (stripped := line.strip())]
    if len(found) > MAX_NAMES:
        return (), (f"These are {len(found):,} names; at most {MAX_NAMES:,} are read here. Import the plan instead.",)
    faults, first = [], dict[str, int]()
    for number, name in found:
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
            faults.append(f"Line {number:,}: “{_shown(name)}” has a control character in it; delete it.")
        elif len(name) > longest:
            faults.append(f"Line {number:,}: this name has {len(name):,} characters; at most {longest} fit.")
        elif (other := first.setdefault(name_key(name), number)) != number:
            faults.append(
                f"Line {number:,}: “{_shown(name)}” is there already, in line {other:,}. Change one of them."
            )
    return tuple(name for _, name in found), _first_few(faults)


def _longest_name(matrix: Matrix, question: Question) -> int:
    """How long a name of this list may be, so that every name made of it is one."""
    names = [
        template.name
        for repeat in _repeats(matrix, question)
        for templates in (repeat.zones, repeat.endpoints)
        for template in templates
    ]
    return _MAX_LENGTH - max((len(name) - len(PLACEHOLDER) for name in names), default=0)


def _repeats(matrix: Matrix, question: Question) -> Iterator[Repeat]:
    """Everything that there is once for each name of this list."""
    if question.each:
        yield question.each
    for other in matrix.questions.values():
        for option in other.options:
            if option.effect.each and option.effect.each.of == question.slug:
                yield option.effect.each


def _find_taken_zones(
    matrix: Matrix, asked: Mapping[str, tuple[str, ...]], answers: Answers
) -> dict[str, tuple[str, ...]]:
    """Names of lists that would be those of zones which another answer makes."""
    taken = {
        name_key(zone.name): zone.name
        for slug, answer in asked.items()
        for option in matrix.questions[slug].options
        if option.slug in answer
        for zone in option.effect.zones
    }
    faults = {}
    for slug, names in asked.items():
        repeat = matrix.questions[slug].each
        if repeat is None:
            continue
        lines = {line.strip(): number for number, line in enumerate(_lines(answers.get(slug) or ()), 1)}
        made: dict[str, str] = {}
        sentences = []
        for name in names:
            for zone in repeat.zones:
                full = _fill(zone.name, name)
                if name_key(full) in taken:
                    sentences.append(
                        f"Line {lines[name]:,}: the plan has a zone “{_shown(taken[name_key(full)])}” already. "
                        "Use another name."
                    )
                made[name_key(full)] = full
        taken |= made
        if sentences:
            faults[slug] = _first_few(sentences)
    return faults


def _lines(answer: str | Sequence[str]) -> Sequence[str]:
    return (answer,) if isinstance(answer, str) else answer


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text as it comes from a form; other separators are control characters, and faults of a name."""
    return tuple(re.split(r"\r\n|\r|\n", text))


def _first_few(sentences: list[str]) -> tuple[str, ...]:
    more = len(sentences) - _SHOWN_FAULTS
    if more <= 0:
        return tuple(sentences)
    return (*sentences[:_SHOWN_FAULTS], f"And {more:,} more lines like these.")


def _shown(text: str) -> str:
    """A text that someone typed, short and harmless enough for a sentence."""
    text = text if len(text) <= 60 else text[:59] + "…"
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cs") else ascii(c)[1:-1] for c in text)


def _fill(template: str, name: str) -> str:
    return template.replace(PLACEHOLDER, name, 1)


def _effects(
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


# ---- a plan that is being changed ----


class _Draft:
    """A plan while it is changed. Zones and endpoints keep their order and are found without a search."""

    def __init__(self, matrix: Matrix, plan: Plan) -> None:
        self.matrix = matrix
        self.plan = plan
        self.zones = {name_key(zone.name): zone for zone in plan.zones}
        self.endpoints = {name_key(endpoint.name): endpoint for endpoint in plan.endpoints}
        self.choices = dict(plan.choices)
        self.leaving: set[str] = set()
        """Keys of endpoints that are about to be taken off or moved: nothing is put beside them."""
        self._made: dict[tuple[str, str, str], str] = {}
        """Keys of endpoints by question, name of the list and template: two options may add to one endpoint."""

    # -- zones

    def find_zone(self, template: ZoneTemplate, name: str) -> Zone | None:
        """The zone that stands for a template now: near a role, under its name, of its kind."""
        if template.near:
            holders = self.matrix.holders[template.near]
            for key, endpoint in self.endpoints.items():
                if key not in self.leaving and not holders.isdisjoint(endpoint.roles):
                    zone = self.zones[name_key(endpoint.zone)]
                    if zone.kind == template.kind:
                        return zone
        named = self.zones.get(name_key(name))
        if named and named.kind == template.kind:
            return named
        if template.own or PLACEHOLDER in template.name:
            return None
        return next((zone for zone in self.zones.values() if zone.kind == template.kind), None)

    def make_zone(self, template: ZoneTemplate, name: str) -> Zone:
        """A new zone, under the name or one like it that is free."""
        zone = Zone(name=_free_name(name, self.zones), kind=template.kind)
        self.zones[name_key(zone.name)] = zone
        return zone

    # -- endpoints

    def add_all(self, effect: Effect, name: str, maker: str, *, conditional: bool) -> None:
        """The zones of an effect, and its endpoints: those without a condition, or those whose condition holds."""
        zones = {}
        for template in effect.zones:
            full = _fill(template.name, name)
            zones[template.key] = self.find_zone(template, full) or self.make_zone(template, full)
        for endpoint in effect.endpoints:
            if is_conditional(endpoint) == conditional and self.admits(endpoint):
                self.add(endpoint, zones[endpoint.zone], name, maker)

    def admits(self, template: EndpointTemplate) -> bool:
        """Whether the conditions of a template hold."""
        return (template.with_role is None or self.has_role(template.with_role)) and (
            template.without_role is None or not self.has_role(template.without_role)
        )

    def has_role(self, role: str) -> bool:
        """Whether some endpoint that stays has the role."""
        holders = self.matrix.holders[role]
        return any(
            key not in self.leaving and not holders.isdisjoint(endpoint.roles)
            for key, endpoint in self.endpoints.items()
        )

    def add(self, template: EndpointTemplate, zone: Zone, name: str, maker: str) -> None:
        """An endpoint from its template; what another option of the question made under this name gets the rest."""
        identity = (maker, name, template.name)
        if identity in self._made:
            key = self._made[identity]
            self.endpoints[key] = self.enriched(self.endpoints[key], template)
            return
        full = _free_name(_fill(template.name, name), self.endpoints)
        endpoint = Endpoint(name=full, zone=zone.name, addresses=template.addresses, group=template.group)
        key = self._made[identity] = name_key(full)
        self.endpoints[key] = self.sound(self.enriched(endpoint, template))

    def enriched(self, endpoint: Endpoint, more: EndpointTemplate | Grant) -> Endpoint:
        """The endpoint with the roles, platforms, operations and sessions of a template or grant as well."""
        return replace(
            endpoint,
            roles=self.combined(endpoint.roles, more.roles) if more.roles else endpoint.roles,
            platforms=_union(endpoint.platforms, more.platforms),
            operations=_union(endpoint.operations, more.operations),
            sessions=_union(endpoint.sessions, more.sessions),
        )

    def combined(self, roles: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
        """Roles and more of them, without those that exclude one that is there."""
        result = dict.fromkeys(roles)
        for role in more:
            groups = [group for group in self.matrix.roles[role].is_a if self.matrix.roles[group].exclusive]
            if not any(self.matrix.holders[group] & result.keys() - {role} for group in groups):
                result[role] = None
        return tuple(result)

    def sound(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint without the address `any` where the format doesn't allow it."""
        anywhere = endpoint.group and KINDS[self.zones[name_key(endpoint.zone)].kind].allows_any
        return endpoint if anywhere or ANY not in endpoint.addresses else replace(endpoint, addresses=())

    # -- the rest

    def grant(self, effect: Effect) -> None:
        """Add what an effect gives to endpoints that are there."""
        for grant in effect.grants:
            holders = self.matrix.holders[grant.to_role] if grant.to_role else frozenset[str]()
            platforms = frozenset(grant.to_platforms)
            for key, endpoint in self.endpoints.items():
                if not (holders.isdisjoint(endpoint.roles) and platforms.isdisjoint(endpoint.platforms)):
                    self.endpoints[key] = self.enriched(endpoint, grant)

    def choose(self, effect: Effect) -> None:
        """Decide what an effect decides, where the plan and the matrix's default don't say so already."""
        for slug, chosen in effect.choices:
            if _in_force(self.matrix, self.choices, slug) != _as_set(chosen):
                self.choices[slug] = chosen

    def remove(self, keys: Iterable[str]) -> None:
        """Take endpoints off."""
        for key in keys:
            del self.endpoints[key]

    def finish(self) -> Plan:
        """The plan as it is now, without what named an endpoint that is gone or manages no more."""
        managing = self.matrix.managing_roles
        managers = {e.name for e in self.endpoints.values() if not managing.isdisjoint(e.roles)}
        plan = replace(
            self.plan,
            zones=tuple(self.zones.values()),
            endpoints=tuple(
                endpoint
                if managers.issuperset(endpoint.managed_by)
                else replace(endpoint, managed_by=tuple(name for name in endpoint.managed_by if name in managers))
                for endpoint in self.endpoints.values()
            ),
            choices={slug: self.choices[slug] for slug in self.matrix.choices if slug in self.choices},
        )
        return forget_gone(plan)


def is_conditional(template: EndpointTemplate) -> bool:
    """Whether it depends on the others if this endpoint is needed."""
    return template.with_role is not None or template.without_role is not None


def _union(values: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*values, *more)))


def _as_set(chosen: str | tuple[str, ...]) -> frozenset[str]:
    return frozenset((chosen,) if isinstance(chosen, str) else chosen)


def _in_force(matrix: Matrix, choices: Mapping[str, str | tuple[str, ...]], slug: str) -> frozenset[str] | None:
    """What is chosen, by the plan or by default; None while the choice is undecided."""
    chosen = choices.get(slug, matrix.choices[slug].default)
    return None if chosen is None else _as_set(chosen)


def _free_name(name: str, taken: Mapping[str, object]) -> str:
    """The name, or one like it whose key isn't taken: PS02 after PS01, "Staff 2" after "Staff"."""
    stem = name.rstrip("0123456789")
    digits = name[len(stem) :]
    number = int(digits) if 0 < len(digits) < 10 else 1
    candidate = name
    while name_key(candidate) in taken:
        number += 1
        end = f"{number:0{len(digits)}d}" if 0 < len(digits) < 10 else f" {number}"
        candidate = (stem if 0 < len(digits) < 10 else name)[: _MAX_LENGTH - len(end)] + end
    return candidate


# ---- modules ----


def module_state(matrix: Matrix, document: Mapping[str, Any] | Plan) -> tuple[ModuleState, ...]:
    """Which modules are in a plan, in the matrix's order.

    Takes a document or a plan that was checked. Raises PlanError when the document is none.
    """
    plan = _read(matrix, document)
    return tuple(_state(matrix, plan, question) for question in matrix.questions.values() if question.module)


def add_module(
    matrix: Matrix, document: Mapping[str, Any] | Plan, question: str, option: str | Sequence[str]
) -> Document:
    """The document with a module as this option has it; for a list, with these names added to those there.

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
        faults = tuple(_find_option_faults(asked, lines))
        if faults:
            raise AnswersError({question: faults})
        after = _switch(matrix, plan, asked, tuple(slug for slug in asked.slugs if slug in lines))
    if len(after.endpoints) > max(limits.ENDPOINTS, len(plan.endpoints)):
        raise AnswersError({question: (limits.say_endpoints(len(after.endpoints)),)})
    return dump_plan(after)


def remove_module(matrix: Matrix, document: Mapping[str, Any] | Plan, question: str) -> Document:
    """The document without a module: its roles, the endpoints that were nothing else, and zones that only it needed.

    A list takes with it the zones of its names and what stands in them without a role of its own. What named an
    endpoint that goes, goes.
    Raises KeyError when there is no such module, PlanError when the document is no plan.
    """
    plan = _read(matrix, document)
    asked = _module(matrix, question)
    if asked.kind == "list":
        return dump_plan(_remove_names(matrix, plan, asked))
    return dump_plan(_switch(matrix, plan, asked, (asked.off,) if asked.off else ()))


def losses(
    matrix: Matrix, document: Mapping[str, Any] | Plan, question: str, option: str | Sequence[str] = ()
) -> tuple[str, ...]:
    """What taking a module off loses for good: one phrase each for what switching it on again doesn't bring back.

    With an option: what having the module that way loses, which going back doesn't bring back. Empty when nothing is
    lost. Raises KeyError when there is no such module, AnswersError when it has no such option, PlanError when the
    document is no plan.
    """
    plan = _read(matrix, document)
    asked = _module(matrix, question)
    state = _state(matrix, plan, asked)
    if not state.on:
        return ()
    if asked.kind == "list":
        if option:
            return ()  # names are only added
        return tuple(_describe_losses(matrix, plan, _read(matrix, remove_module(matrix, plan, question))))
    other = add_module(matrix, plan, question, option) if option else remove_module(matrix, plan, question)
    usual = tuple(slug for slug in asked.default if slug != asked.off)
    again = state.answer or usual or next(((slug,) for slug in asked.slugs if slug != asked.off), ())
    back = add_module(matrix, _read(matrix, other), question, again)
    return tuple(_describe_losses(matrix, plan, _read(matrix, back)))


def _read(matrix: Matrix, document: Mapping[str, Any] | Plan) -> Plan:
    return document if isinstance(document, Plan) else check_stored(dict(document), matrix=matrix)


def _module(matrix: Matrix, slug: str) -> Question:
    question = matrix.questions[slug]
    if not question.module:
        raise KeyError(slug)
    return question


class _Survey:
    """What of a plan belongs to a module."""

    def __init__(self, matrix: Matrix, plan: Plan, question: Question) -> None:
        self.matrix = matrix
        self.plan = plan
        self.question = question
        self.roles = frozenset(question.roles)
        self.derived = frozenset(
            role
            for other in matrix.questions.values()
            for option in other.options
            for grant in option.effect.grants
            if grant.to_role and not self.roles.isdisjoint(matrix.holders[grant.to_role])
            for role in grant.roles
        )
        """Roles that an endpoint has only because it has one of the module's: answers give them to such."""
        self.draft = _Draft(matrix, plan)
        self.holders = tuple(e for e in plan.endpoints if not self.roles.isdisjoint(e.roles))
        self.draft.leaving = {name_key(endpoint.name) for endpoint in self.holders}
        # A machine of its own says more about where the module is than one that does other things besides.
        self.apart = tuple(endpoint for endpoint in self.holders if not self.is_shared(endpoint)) or self.holders
        self._zones: dict[ZoneTemplate, Zone | None] = {}

    def is_shared(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint has roles that have nothing to do with the module."""
        return bool(set(endpoint.roles) - self.roles - self.derived)

    def relieved(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint without the module's roles."""
        return replace(endpoint, roles=tuple(role for role in endpoint.roles if role not in self.roles))

    def zone(self, template: ZoneTemplate) -> Zone | None:
        """The zone that stands for a template, the module itself left aside."""
        if template not in self._zones:
            self._zones[template] = self.draft.find_zone(template, template.name)
        return self._zones[template]

    def stands_in(self, endpoint: Endpoint, template: ZoneTemplate, *, exact: bool) -> bool:
        """Whether an endpoint is where a template wants it: in that very zone, or in one of the kind."""
        zone = self.zone(template)
        if exact:
            return zone is not None and zone.name == endpoint.zone
        return self.draft.zones[name_key(endpoint.zone)].kind == template.kind

    def receives(self, endpoint: Endpoint, grant: Grant) -> bool:
        """Whether an endpoint is one of those that a grant is to."""
        holders = self.matrix.holders[grant.to_role] if grant.to_role else frozenset[str]()
        return not (holders.isdisjoint(endpoint.roles) and set(grant.to_platforms).isdisjoint(endpoint.platforms))

    def decides(self, effect: Effect) -> bool:
        """Whether the plan has chosen what an effect chooses."""
        return all(
            _in_force(self.matrix, self.plan.choices, slug) == _as_set(chosen) for slug, chosen in effect.choices
        )

    def brought(self, effect: Effect, *, exact: bool) -> frozenset[str] | None:
        """Names of the endpoints through which the plan is as an effect would have it; None when it isn't."""
        zones = {template.key: template for template in effect.zones}
        found: set[str] = set()
        for template in effect.endpoints:
            own = self.roles & set(template.roles)
            if not own or is_conditional(template):
                continue
            matching = {
                endpoint.name
                for endpoint in self.apart
                if own.issubset(endpoint.roles) and self.stands_in(endpoint, zones[template.zone], exact=exact)
            }
            if not matching:
                return None
            found |= matching
        for grant in effect.grants:
            own = self.roles & set(grant.roles)
            receivers = [endpoint for endpoint in self.plan.endpoints if own and self.receives(endpoint, grant)]
            matching = {endpoint.name for endpoint in receivers if own.issubset(endpoint.roles)}
            if receivers and not matching:
                return None
            found |= matching
        return frozenset(found)

    def is_off(self) -> bool:
        """Whether nothing of the module is there."""
        if self.holders:
            return False
        return self.question.off is None or self.decides(self.question.option(self.question.off).effect)

    def fitting(self) -> tuple[str, ...]:
        """The option that describes the plan; of a question of many, the options. None does when it is empty."""
        if self.question.kind == "many":
            return tuple(
                option.slug
                for option in self.question.options
                if self.decides(option.effect) and self.brought(option.effect, exact=False)
            )
        if self.is_off():
            return (self.question.off,) if self.question.off else ()
        holders = frozenset(endpoint.name for endpoint in self.holders)
        options = [option for option in self.question.options if option.slug != self.question.off]
        # A zone under another name is more likely the one apart than the one where everything else is.
        options.sort(key=lambda option: not any(zone.own for zone in option.effect.zones))
        for exact in (True, False):
            for option in options:
                if self.decides(option.effect) and self.brought(option.effect, exact=exact) == holders:
                    return (option.slug,)
        return ()

    def companions(self, slugs: Iterable[str]) -> tuple[str, ...]:
        """Names of endpoints that options bring beside those with the module's roles, where they are as brought."""
        others = {
            role
            for question in self.matrix.questions.values()
            if question.module and question is not self.question
            for role in question.roles
        }
        found = []
        for slug in slugs:
            effect = self.question.option(slug).effect
            zones = {template.key: template for template in effect.zones}
            for template in effect.endpoints:
                endpoint = self.draft.endpoints.get(name_key(template.name))
                if (
                    endpoint
                    and not self.roles & set(template.roles)
                    and not others & set(template.roles)
                    and set(template.roles) == set(endpoint.roles)
                    and self.stands_in(endpoint, zones[template.zone], exact=True)
                    and zones[template.zone].own
                ):
                    found.append(endpoint.name)
        return tuple(found)

    def sites(self) -> dict[str, Zone]:
        """Of a list: its names in the plan, each with the zone that stands for it and holds one of the roles."""
        template = self.question.each.zones[0] if self.question.each else None
        if template is None:
            return {}
        before, after = template.name.split(PLACEHOLDER)
        held = {endpoint.zone for endpoint in self.holders}
        return {
            zone.name[len(before) : len(zone.name) - len(after)]: zone
            for zone in self.plan.zones
            if zone.kind == template.kind
            and zone.name in held
            and len(zone.name) > len(before) + len(after)
            and zone.name.startswith(before)
            and zone.name.endswith(after)
        }


def _state(matrix: Matrix, plan: Plan, question: Question) -> ModuleState:
    survey = _Survey(matrix, plan, question)
    if question.kind == "list":
        sites = survey.sites()
        zones = {zone.name for zone in sites.values()}
        names = {endpoint.name for endpoint in survey.holders}
        members = tuple(e.name for e in plan.endpoints if e.name in names or e.zone in zones)
        return ModuleState(question=question, on=bool(survey.holders), answer=tuple(sites), endpoints=members)
    fitting = survey.fitting()
    members = tuple(dict.fromkeys((*(e.name for e in survey.holders), *survey.companions(fitting))))
    return ModuleState(question=question, on=not survey.is_off(), answer=fitting, endpoints=members)


def _switch(matrix: Matrix, plan: Plan, question: Question, options: tuple[str, ...]) -> Plan:
    """The plan with these options of a module, and nothing of its others. No options: without the module."""
    survey = _Survey(matrix, plan, question)
    now = survey.fitting()
    if now == options and (now or not survey.holders):
        return plan
    draft = _Draft(matrix, plan)
    spare: dict[str, Endpoint] = {}
    for endpoint in survey.holders:
        key = name_key(endpoint.name)
        if survey.is_shared(endpoint):
            draft.endpoints[key] = survey.relieved(endpoint)
        else:
            spare[key] = endpoint
    for name in survey.companions(now):
        spare[name_key(name)] = draft.endpoints[name_key(name)]
    left = {endpoint.zone for endpoint in survey.holders} | {endpoint.zone for endpoint in spare.values()}
    draft.leaving = set(spare)
    for slug in now:
        for choice, chosen in question.option(slug).effect.choices:
            if choice in draft.choices and _as_set(draft.choices[choice]) == _as_set(chosen):
                del draft.choices[choice]
    effects = [question.option(slug).effect for slug in options]
    for effect in effects:
        used = {template.zone for template in effect.endpoints}
        for zone in effect.zones:
            if zone.key not in used and draft.find_zone(zone, zone.name) is None:
                draft.make_zone(zone, zone.name)
    for conditional in (False, True):
        for effect in effects:
            _place(draft, effect, spare, survey.roles, question.slug, conditional=conditional)
    draft.remove(spare)
    draft.leaving = set()
    for effect in effects:
        draft.grant(effect)
        draft.choose(effect)
    _drop_empty_zones(draft, question, left)
    return draft.finish()


def _place(
    draft: _Draft, effect: Effect, spare: dict[str, Endpoint], roles: frozenset[str], maker: str, *, conditional: bool
) -> None:
    """The zones and endpoints of an effect; an endpoint that would go is used again, with all that is known of it."""
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


def _drop_empty_zones(draft: _Draft, question: Question, left: Iterable[str]) -> None:
    """Take off zones in which nothing is left and which the module would make again, but never the last one."""
    used = {endpoint.zone for endpoint in draft.endpoints.values()}
    made = {
        (name_key(template.name), template.kind) for option in question.options for template in option.effect.zones
    }
    for name in sorted(set(left) - used):
        key = name_key(name)
        if len(draft.zones) > 1 and (key, draft.zones[key].kind) in made:
            del draft.zones[key]


def _add_names(matrix: Matrix, plan: Plan, question: Question, lines: Sequence[str]) -> Plan:
    """The plan with the zones and endpoints of more names of a list."""
    names, faults = _read_names(question, lines, _longest_name(matrix, question))
    if not faults and not names:
        faults = ("Write at least one name.",)
    repeat = question.each
    if repeat is None:
        raise KeyError(question.slug)
    draft = _Draft(matrix, plan)
    if not faults:
        faults = _first_few(
            [
                f"The plan has a zone “{_shown(taken.name)}” of another kind already; use another name."
                for name in names
                for zone in repeat.zones
                if (taken := draft.zones.get(name_key(_fill(zone.name, name)))) and taken.kind != zone.kind
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
            full = _fill(template.name, name)
            zones[template.key] = draft.find_zone(template, full) or draft.make_zone(template, full)
        for endpoint_template in repeat.endpoints:
            zone = zones[endpoint_template.zone]
            there = endpoint_template.roles and held[zone.name].issuperset(endpoint_template.roles)
            if not there and draft.admits(endpoint_template):
                draft.add(endpoint_template, zone, name, question.slug)
    return draft.finish()


def _remove_names(matrix: Matrix, plan: Plan, question: Question) -> Plan:
    """The plan without the module's roles, and without the zones of a list but for what has roles of its own there."""
    survey = _Survey(matrix, plan, question)
    if not survey.holders:
        return plan
    draft = _Draft(matrix, plan)
    sites = {zone.name for zone in survey.sites().values()}
    for key, endpoint in tuple(draft.endpoints.items()):
        if survey.is_shared(endpoint):
            draft.endpoints[key] = survey.relieved(endpoint)
        elif endpoint.zone in sites or not survey.roles.isdisjoint(endpoint.roles):
            del draft.endpoints[key]
    used = {endpoint.zone for endpoint in draft.endpoints.values()}
    for name in sorted(sites - used):
        if len(draft.zones) > 1:
            del draft.zones[name_key(name)]
    return draft.finish()


# ---- what would be lost ----


def _describe_losses(matrix: Matrix, before: Plan, after: Plan) -> Iterator[str]:
    """What the first plan says and the second doesn't, order aside."""
    zones = {zone.name for zone in after.zones}
    gone = {zone.name: list[str]() for zone in before.zones if zone.name not in zones}
    there = {endpoint.name: endpoint for endpoint in after.endpoints}
    single = []
    for endpoint in before.endpoints:
        other = there.get(endpoint.name)
        if other is None and endpoint.zone in gone:
            gone[endpoint.zone].append(endpoint.name)
        elif other is None:
            single.append(f"“{endpoint.name}” as a whole{_listed_facts(matrix, endpoint)}")
        elif other != endpoint:
            single += _describe_fields(matrix, endpoint, other)
    for zone, names in gone.items():
        yield f"the zone “{zone}”" + (f" with {_some(names)}" if names else "")
    yield from single
    flows = list(after.additional_flows)
    for flow in before.additional_flows:
        if flow in flows:
            flows.remove(flow)
        else:
            yield _describe_flow(flow)
    for slug, chosen in before.choices.items():
        if after.choices.get(slug) != chosen and _in_force(matrix, after.choices, slug) != _as_set(chosen):
            choice = matrix.choices[slug]
            said = ", ".join(choice.option(option).name for option in choice.slugs if option in _as_set(chosen))
            yield f"the decision “{choice.name}: {said or 'none'}”"


def _listed_facts(matrix: Matrix, endpoint: Endpoint) -> str:
    facts = [
        *(matrix.roles[slug].name for slug in endpoint.roles),
        *(matrix.platforms[slug].name for slug in endpoint.platforms),
        *endpoint.addresses,
    ]
    return f" ({', '.join(facts)})" if facts else ""


def _describe_fields(matrix: Matrix, endpoint: Endpoint, other: Endpoint) -> Iterator[str]:
    """What of an endpoint isn't the same any more: first what its lists have lost, then the rest."""
    entries = [entry for entry in PARTS["endpoints"].fields if entry.lost]
    for entry in sorted(entries, key=lambda entry: entry.reads.shape not in ("list", "names")):
        old, new = (getattr(side, entry.attribute) for side in (endpoint, other))
        if old != new and (said := _describe_loss(entry, matrix, old, new)):
            yield f"“{endpoint.name}”: {said}"


def _describe_loss(entry: Field, matrix: Matrix, old: Any, new: Any) -> str:
    one, off = entry.lost or ("", "")
    if entry.reads.shape == "flag":
        return one if old else off
    if entry.reads.shape == "text":
        return f"{one} “{old if entry.names else _shown(old)}”" if old else ""
    called = entry.reads.options(matrix) if entry.reads.options else {}
    lost = [called.get(value, value) for value in old if value not in new]
    return f"{one} {_some(lost)}" if lost else ""


def _describe_flow(flow: AdditionalFlow) -> str:
    ports = f" {flow.ports}" if flow.ports else ""
    reason = _shown(" ".join(flow.reason.split()))
    return f"the additional flow from “{flow.source}” to “{flow.destination}”, {flow.protocol}{ports}: {reason}"


def _some(names: Sequence[str]) -> str:
    """The first few of many names, and how many more there are."""
    more = len(names) - 6
    return ", ".join(names[:6]) + (f" and {more:,} more" if more > 0 else "")
