"""Blueprints: from answers to a plan document, and modules switched on and off in one that is there.

What an answer does is a fact of the matrix (docs/matrix-format.md, "Questions"); this package knows how to do it and
nothing about any product. All functions are pure: they take documents, or plans that were checked, and return new
ones. No address is ever made up: only `any`, where a question says so.

`answers` reads what was answered, `draft` is a plan while it is changed; of these `composition` makes a new plan,
`others` who comes from networks of their own, `open_questions` answers what that leaves open, and `modules` changes
a plan that is there, where `survey` finds what belongs to a module, `users` who uses it, and `lost` says what goes.
`shown_answers` reads the answers that a plan shows, and `again` does to a plan what other answers make otherwise.
"""

from planner.plan.blueprint.answers import (
    MAX_NAMES,
    Answers,
    AnswersError,
    Document,
    find_answer_faults,
    split_lines,
)
from planner.plan.blueprint.composition import blank_addresses, compose, compose_plan
from planner.plan.blueprint.modules import ModuleState, add_module, losses, module_state, remove_module
from planner.plan.blueprint.open_questions import DOCUMENTED, PRACTICE, find_topic, settle
from planner.plan.blueprint.others import (
    NAMED,
    NOBODY,
    OFFERED,
    Others,
    find_other_faults,
    find_others_topic,
    list_others,
    read_others,
)
from planner.plan.blueprint.users import find_users_question

__all__ = [
    "DOCUMENTED",
    "MAX_NAMES",
    "NAMED",
    "NOBODY",
    "OFFERED",
    "PRACTICE",
    "Answers",
    "AnswersError",
    "Document",
    "ModuleState",
    "Others",
    "add_module",
    "blank_addresses",
    "compose",
    "compose_plan",
    "find_answer_faults",
    "find_other_faults",
    "find_others_topic",
    "find_topic",
    "find_users_question",
    "list_others",
    "losses",
    "module_state",
    "read_others",
    "remove_module",
    "settle",
    "split_lines",
]
