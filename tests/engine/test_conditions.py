"""Conditions joined by "or", and the one that no endpoint has a role: what follows from them, and what is said."""

import json

import pytest

from planner.engine import evaluate_report
from planner.engine.explain import explain
from planner.engine.flows import evaluate
from planner.engine.idle import find_idle_choices
from planner.engine.terms import Mark
from planner.engine.topology import find_settings
from planner.plan.document import check_plan
from ports.exports import SYNTAXES
from ports.filters import Query, find_rows
from ports.matrix import AnyOf, ChoiceIs, RoleAbsent, RolePresent, build_matrix, find_faults
from tests.ports.records import make_records, record

NO_AGENT = {"no_role": "agent"}
MAIL = {"choice": "mail", "options": ["yes"]}
BY_SSH = {"choice": "transport", "options": ["ssh"]}
DYNAMIC = {"choice": "transport", "options": ["dynamic"]}


def with_rows(people=(), **more):
    """The small matrix, with these conditions for its users' row and these rows beside."""
    records = make_records()
    record(records, "requirement", "people")["when"] = list(people)
    return records | more


def plan_of(matrix, *, agent=True, **more):
    document = {
        "format": 1,
        "name": "Desk",
        "zones": [{"name": "Inside", "kind": "internal"}, {"name": "Out", "kind": "internet"}],
        "endpoints": [
            {"name": "D", "zone": "Inside", "roles": ["desk-main"]},
            {"name": "U", "zone": "Out", "roles": ["user"]},
            *([{"name": "A", "zone": "Inside", "roles": ["agent"]}] if agent else []),
        ],
    }
    return check_plan(document | more, matrix=matrix)


def opened(when, **plan):
    """The alternatives of the users' flow; None where there is no flow."""
    matrix = build_matrix(with_rows(when))
    found = [flow.need.any_of for flow in evaluate(matrix, plan_of(matrix, **plan)) if flow.source.name == "U"]
    return found[0] if found else None


def test_they_are_read_as_what_they_are():
    matrix = build_matrix(with_rows([NO_AGENT, {"any": [{"role": "agent"}, MAIL]}]))
    assert matrix.requirements[0].when == (
        RoleAbsent(no_role="agent"),
        AnyOf(any=(RolePresent(role="agent"), ChoiceIs(choice="mail", options=("yes",)))),
    )


@pytest.mark.parametrize(("agent", "flow"), [(True, None), (False, ())])
def test_no_endpoint_has_the_role(agent, flow):
    assert opened([NO_AGENT], agent=agent) == flow


def test_of_a_group_no_endpoint_has_any_role():
    assert opened([{"no_role": "desk"}]) is None


@pytest.mark.parametrize("agent", [True, False])
@pytest.mark.parametrize("mail", ["yes", "no"])
def test_or_holds_when_one_of_them_does(agent, mail):
    expected = () if mail == "yes" or not agent else None
    assert opened([{"any": [NO_AGENT, MAIL]}], agent=agent, choices={"mail": mail}) == expected


@pytest.mark.parametrize(("mail", "expected"), [("yes", ()), ("no", None)])
def test_all_conditions_of_the_list_hold_beside_an_or(mail, expected):
    assert opened([MAIL, {"any": [NO_AGENT, {"role": "agent"}]}], choices={"mail": mail}) == expected


def test_an_open_choice_marks_a_flow_only_where_nothing_else_of_the_or_holds():
    when = [{"any": [NO_AGENT, BY_SSH]}]
    assert opened(when, agent=True) == (Mark("transport", "ssh"),)
    assert opened(when, agent=False) == ()
    assert opened(when, agent=True, choices={"transport": "dynamic"}) is None
    assert opened([{"any": [BY_SSH, DYNAMIC]}]) == (), "every option leads to it"


def test_a_prohibition_heeds_them():
    row = {
        "slug": "no-way-back", "section": "1", "source": "desk", "destination": "user", "summary": "Never.",
        "when": [{"any": [NO_AGENT, MAIL]}],
    }  # fmt: skip
    matrix = build_matrix(with_rows(prohibition=[row]))
    closed = [
        len(evaluate_report(matrix, plan_of(matrix, agent=agent, choices={"mail": mail})).closed)
        for agent, mail in ((True, "no"), (True, "yes"), (False, "no"))
    ]
    assert closed == [0, 1, 1]


def test_a_check_heeds_them_and_names_those_with_the_roles():
    check = {
        "code": "odd", "severity": "warning", "subject": "agent", "message": "Odd.", "advice": "See to it.",
        "when": [{"any": [MAIL, {"role": "user"}]}, NO_AGENT],
    }  # fmt: skip
    matrix = build_matrix(with_rows(check=[check]))
    found = {
        agent: [f for f in evaluate_report(matrix, plan_of(matrix, agent=agent)).findings if f.code == "odd"]
        for agent in (True, False)
    }
    assert found[True] == []
    assert [finding.endpoints for finding in found[False]] == [("U",)]


def test_what_isnt_used_says_why():
    matrix = build_matrix(with_rows([{"any": [NO_AGENT, MAIL]}]))
    report = evaluate_report(matrix, plan_of(matrix))
    (why,) = (group.why for group in report.unneeded if any(r.slug == "people" for r in group.requirements))
    assert why == "An endpoint is “Agent”. Mail: No (default)."


def test_what_is_needed_says_what_would_take_it_away():
    matrix = build_matrix(with_rows([{"any": [NO_AGENT, MAIL]}]))
    report = evaluate_report(matrix, plan_of(matrix, choices={"mail": "yes"}))
    (rule,) = (rule for rule in report.rules if [end.name for end in rule.sources] == ["U"])
    (cause,) = explain(
        report, rule.requirements, rule.services, find_settings(report.plan, rule.destinations), rule.reasons
    )
    assert cause.conditions == ("Mail: Yes",)
    assert "an endpoint is “Agent”, and “Mail” is decided otherwise than Yes" in cause.removal


def test_a_choice_is_idle_where_roles_alone_decide_an_or():
    matrix = build_matrix(with_rows([{"any": [NO_AGENT, MAIL]}]))
    for agent in (True, False):
        idle = find_idle_choices(evaluate_report(matrix, plan_of(matrix, agent=agent)))
        assert ("mail" in idle) is not agent


def test_a_choice_is_idle_where_a_role_keeps_the_row_away():
    matrix = build_matrix(with_rows([NO_AGENT, BY_SSH]))
    for agent in (True, False):
        idle = find_idle_choices(evaluate_report(matrix, plan_of(matrix, agent=agent)))
        assert ("transport" in idle) is agent


def test_the_page_and_the_files_of_the_matrix_say_them():
    matrix = build_matrix(with_rows([{"any": [NO_AGENT, MAIL]}]))
    row = find_rows(matrix, Query())[0]
    assert row.conditions == ("when no endpoint has the role “Agent”, or when “Mail” is “Yes”",)
    (data, *_) = json.loads(SYNTAXES["json"].write(matrix, Query(), (row,)))["rows"]
    (condition,) = data["when"]
    assert condition["words"] == row.conditions[0]
    assert [one.get("no_role", one.get("choice")) for one in condition["any"]] == ["agent", "mail"]


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"any": [NO_AGENT]}, "'any' is of two conditions or more."),
        ({"any": []}, "'any' is of two conditions or more."),
        ({"no_role": "butler"}, "there is no role 'butler'."),
        ({"any": [NO_AGENT, {"role": "butler"}]}, "there is no role 'butler'."),
        ({"any": [MAIL, {"choice": "mail", "options": ["x"]}]}, "'x' is no option of 'mail'; allowed are no, yes."),
        (
            {"any": [MAIL, {"any": [MAIL, NO_AGENT]}]},
            "a condition in 'any' is {role} or {no_role} or {choice, options}, not {any}.",
        ),
        ({"any": [MAIL, NO_AGENT], "role": "agent"}, "or {any}, not {any, role}."),
    ],
)
def test_what_is_no_condition_is_told(condition, sentence):
    (fault,) = find_faults(with_rows([condition]))
    assert fault.startswith("requirement 'people': ")
    assert fault.endswith(sentence)
