"""What the guided start reads from its form, and what it says beside the questions: all of it found by evaluation.

The caveats and choices that the plan of the answers leaves open are asked under the topic that they belong to. Beside
each option stands what it would open more or less than the answers so far.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict

from planner.engine import Report, evaluate_report
from planner.engine.consequences import NOTHING, Consequence, weigh_answers, weigh_plans
from planner.engine.findings import Decision
from planner.engine.size import check_size
from planner.plan.blueprint import (
    DOCUMENTED,
    NAMED,
    NOBODY,
    OFFERED,
    PRACTICE,
    Answers,
    AnswersError,
    Others,
    compose,
    compose_plan,
    find_answer_faults,
    find_other_faults,
    find_others_topic,
    find_topic,
    settle,
    split_lines,
)
from planner.plan.blueprint.answers import read_answers
from planner.plan.document import Plan, check_plan
from planner.web.views.panels import say_nothing, say_weight
from ports.matrix import Caveat, Choice, Matrix, Question

FIELD = "answer-"
"""What the names of fields begin with, before the slug of the question."""
OTHERS, OTHER_NAMES, USES = "who-else", "who-else-names", "uses-"
"""Who else comes from networks of their own: those ticked, free names, and before their slug what they use."""
TYPED = "server-"
"""What the names of the fields of the last step begin with."""
CAVEAT, CHOICE = "caveat-", "choice-"
"""The same for what the answers leave open."""
LATER = ""
"""The answer to what is left open."""
MAX_FLOWS = 500
"""In a plan with more flows nothing stands beside the options: each of them costs a plan, with every answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The form as it was sent: the name of the plan, the answers, and the sentences to show beside them."""

    name: str = ""
    answers: Answers = field(default_factory=dict)
    caveats: Mapping[str, str] = field(default_factory=dict)
    """By caveat: practice, or as documented."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """By choice that has no default: an option."""
    others: Others = NOBODY
    faults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_faults: tuple[str, ...] = ()
    """Of the free names of others."""
    name_faults: tuple[str, ...] = ()
    typed: tuple[tuple[str, str], ...] = ()
    """The fields of the last step, as they were typed there."""
    unread: frozenset[str] = frozenset()
    """The questions of which a plan shows no answer: until they are answered they count for nothing."""

    @property
    def is_faulty(self) -> bool:
        """Whether something has to be mended before there can be a plan, its name aside."""
        return bool(self.faults or self.other_faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """The plan of the answers, its report, and what was open before it was answered here."""

    plan: Plan
    report: Report
    decisions: tuple[Decision, ...]
    caveats: tuple[Caveat, ...]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The choices that were open."""
        return tuple(decision.choice for decision in self.decisions)

    @property
    def weighed(self) -> bool:
        """Whether the plan is small enough to say beside each option what it would change."""
        return len(self.report.flows) <= MAX_FLOWS


def read_sheet(matrix: Matrix, data: QueryDict) -> Sheet:
    """The form that was sent, checked. A question that isn't in it was skipped; one of many without a tick was not."""
    answers: dict[str, str | tuple[str, ...]] = {}
    for slug, question in matrix.questions.items():
        name = FIELD + slug
        if name not in data:
            continue
        if question.kind == "list":
            answers[slug] = split_lines(data.get(name, ""))
        elif given := tuple(value for value in data.getlist(name) if value):
            answers[slug] = given
        elif question.kind == "many":
            answers[slug] = ()
    caveats = {slug: data.get(CAVEAT + slug, LATER) for slug in matrix.caveats}
    choices = {slug: data.get(CHOICE + slug, LATER) for slug in matrix.choices}
    others = _read_others(matrix, data)
    faults = find_answer_faults(matrix, answers)
    return Sheet(
        name=data.get("name", "").strip(),
        answers=answers,
        caveats={slug: answer for slug, answer in caveats.items() if answer in (PRACTICE, DOCUMENTED)},
        choices={slug: option for slug, option in choices.items() if option in matrix.choices[slug].slugs},
        others=others,
        typed=tuple((key, data.get(key, "")) for key in data if key.startswith(TYPED)),
        faults=faults,
        other_faults=find_other_faults(compose_plan(matrix, {} if faults else answers, ""), others) if others else (),
    )


def _read_others(matrix: Matrix, data: QueryDict) -> Others:
    """Who else comes from networks of their own; where it isn't said what they use, it is what the plan's own do."""
    people = {role.slug for role in matrix.roles.values() if role.kind == "people"}
    return Others(
        ticked=tuple(slug for slug in OFFERED if slug in data.getlist(OTHERS)),
        names=split_lines(data.get(OTHER_NAMES, "")),
        uses={
            slug: frozenset(people.intersection(data.getlist(USES + slug)))
            for slug in (*OFFERED, NAMED)
            if USES + slug in data
        },
    )


def compose_sheet(matrix: Matrix, sheet: Sheet, name: str) -> Composed:
    """The plan of the answers with those to what it leaves open; answers to what isn't open count for nothing.

    Choices come first: which caveats bear on a plan may depend on them. Raises AnswersError, and PlanError where the
    name is none or the plan is too large.
    """
    plan = check_plan(compose(matrix, sheet.answers, name, sheet.others), matrix=matrix)
    check_size(matrix, plan)
    report = evaluate_report(matrix, plan)
    decisions = report.decisions
    opened = [decision.choice.slug for decision in decisions]
    chosen = {slug: sheet.choices[slug] for slug in opened if slug in sheet.choices}
    if chosen:
        plan = settle(plan, chosen, {})
        report = evaluate_report(matrix, plan, report)
    caveats = tuple(state.caveat for state in report.questions)
    answered = {one.slug: sheet.caveats[one.slug] for one in caveats if one.slug in sheet.caveats}
    if answered:
        plan = settle(plan, {}, answered)
        report = evaluate_report(matrix, plan, report)
    return Composed(plan=plan, report=report, decisions=decisions, caveats=caveats)


# ---- what is left open ----


def describe_open(matrix: Matrix, sheet: Sheet, composed: Composed) -> dict[str, list[dict[str, Any]]]:
    """By topic: the questions about what the answers leave open, each with its options and what they would change."""
    decisions = [decision for decision in composed.decisions if not decision.choice.many]
    options, corrections = weigh_answers(
        composed.report, [one.choice.slug for one in decisions], [caveat.slug for caveat in composed.caveats]
    )
    topics: dict[str, list[dict[str, Any]]] = {}
    for decision in decisions:
        choice = decision.choice
        chosen = sheet.choices.get(choice.slug, LATER)
        weights = options.get(choice.slug, {})
        lines = [
            _describe_line(
                option.slug,
                option.name,
                decision.explain_option(option),
                chosen,
                weights.get(option.slug),
                say_nothing(composed.report, choice, option.slug),
            )
            for option in choice.options
        ]
        lines.append(
            _describe_line(LATER, "Decide later", "All of them stay in the report.", chosen, weights.get(None))
        )
        item = _describe_item(CHOICE + choice.slug, choice.name, choice.question, chosen, lines)
        topics.setdefault(find_topic(matrix, choice), []).append(item)
    for caveat in composed.caveats:
        chosen = sheet.caveats.get(caveat.slug, LATER)
        weight = corrections.get(caveat.slug)
        without = weight if chosen == PRACTICE or weight is None else NOTHING
        lines = [
            _describe_line(PRACTICE, "Follow practice", caveat.correction or "", chosen, weight),
            _describe_line(DOCUMENTED, "As documented", "", chosen, without),
            _describe_line(LATER, "Decide later", "The report keeps the question.", chosen, without),
        ]
        item = _describe_item(CAVEAT + caveat.slug, caveat.title, caveat.text, chosen, lines)
        topics.setdefault(find_topic(matrix, caveat), []).append(item)
    return topics


def _describe_item(name: str, title: str, text: str, chosen: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"field": name, "title": title, "text": text, "open": chosen == LATER, "lines": lines}


def _describe_line(
    value: str, name: str, text: str, chosen: str, weight: Consequence | None, nothing: str = ""
) -> dict[str, Any]:
    """`nothing` says why the answer opens nothing, if it does."""
    checked = value == chosen
    return {
        "value": value,
        "name": name,
        "text": text,
        "checked": checked,
        "weight": "" if checked or weight is None else (nothing if weight.nothing else "") or say_weight(weight),
    }


# ---- beside the options ----


def describe_weights(matrix: Matrix, sheet: Sheet, composed: Composed) -> dict[tuple[str, str], str]:
    """By question and option: what it would change against the answers so far; nothing for what is answered.

    Who else comes from networks of their own stands under OTHERS.

    One of many that is ticked says what would be without it. Questions that aren't asked, and options that can't be
    weighed, have no entry; nor has any in a plan with more than MAX_FLOWS.
    """
    if not composed.weighed:
        return {}
    chosen = {one.slug: sheet.choices[one.slug] for one in composed.choices if one.slug in sheet.choices}
    caveats = {one.slug: sheet.caveats[one.slug] for one in composed.caveats if one.slug in sheet.caveats}
    keys, plans = list[tuple[str, str, bool]](), list[Plan]()
    for question, given in read_answers(matrix, sheet.answers):
        for slug in question.slugs:
            if question.kind == "one" and slug in given:
                continue
            try:
                answers = {**sheet.answers, question.slug: _with(question, given, slug)}
                other = compose_plan(matrix, answers, "", sheet.others)
            except AnswersError:
                continue
            keys.append((question.slug, slug, slug in given))
            plans.append(settle(other, chosen, caveats))
    for slug in OFFERED if find_others_topic(matrix) is not None else ():
        ticked = [one for one in OFFERED if (one in sheet.others.ticked) != (one == slug)]
        keys.append((OTHERS, slug, slug in sheet.others.ticked))
        other = compose_plan(matrix, sheet.answers, "", replace(sheet.others, ticked=ticked))
        plans.append(settle(other, chosen, caveats))
    return {
        (asked, slug): ("without it: " if ticked else "") + say_weight(weight)
        for (asked, slug, ticked), weight in zip(keys, weigh_plans(composed.report, plans), strict=True)
        if weight is not None
    }


def _with(question: Question, given: tuple[str, ...], slug: str) -> tuple[str, ...]:
    """Another answer: this option; to one of many, with it, or without it where it is ticked."""
    if question.kind == "one":
        return (slug,)
    return tuple(one for one in question.slugs if (one in given) != (one == slug))
