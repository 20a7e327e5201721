"""What is to be done to a plan, as its report says."""

import pytest

from planner.report.said.todo import list_todo
from tests.report.samples import contoso, evaluate, sites, write_plan

WEB = {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary", "database"]}
PEOPLE = {"name": "People", "zone": "DMZ", "addresses": ["192.0.2.9"], "roles": ["website-user"]}
ESX = {"name": "ESX", "zone": "DMZ", "addresses": ["192.0.2.8"], "platforms": ["vmware-esxi"], "operations": ["reset"]}
MAIL = {"name": "Mail", "zone": "DMZ", "addresses": [], "roles": ["mail-server"]}


def todo(*ends, **more):
    return list_todo(evaluate(write_plan(*ends, **more)))


def said(todo):
    return [(task.kind, task.words) for task in todo.tasks]


def test_what_is_wrong_comes_first_then_decisions_then_addresses_then_firewalls():
    found = todo(
        WEB | {"roles": ["web-primary"]},
        PEOPLE,
        ESX,
        MAIL,
        {"name": "Loop", "zone": "DMZ", "addresses": ["127.0.0.1"], "roles": ["app-server"]},
        firewalls=[{"name": "FW", "format": "asa", "zones": {}}],
    )
    assert [task.finding.code for task in found.tasks if task.kind == "error"] == ["no-database", "address-special"]
    assert list(dict.fromkeys(task.kind for task in found.tasks)) == [
        "error", "use", "choice", "caveat", "address", "firewall",
    ]  # fmt: skip


def test_a_choice_is_asked_as_its_question_and_addresses_are_counted():
    assert ("choice", "How are ESXi hosts managed?") in said(todo(WEB, PEOPLE, ESX))
    assert said(todo(WEB, PEOPLE, MAIL)) == [("address", "1 endpoint has no address")]
    two = todo(WEB, PEOPLE, MAIL, MAIL | {"name": "Mail 2"})
    assert said(two) == [("address", "2 endpoints have no address")]


def test_the_progress_counts_addresses_decisions_and_errors_in_words():
    assert todo(WEB, PEOPLE, MAIL).progress == "2 of 3 addresses"
    assert todo(WEB, PEOPLE, ESX).progress == "3 of 3 addresses · 1 decision"
    assert todo(WEB | {"roles": ["web-primary"]}, PEOPLE, MAIL).progress == "2 of 3 addresses · 1 error"


def test_only_endpoints_of_rules_need_an_address():
    inside = {"name": "Inside", "zone": "Internal", "addresses": [], "roles": ["mail-server"]}
    found = todo(WEB, PEOPLE, inside)
    assert (found.addressed, found.addressable, found.tasks) == (2, 2, ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((WEB, PEOPLE, MAIL), (WEB, PEOPLE, MAIL | {"addresses": ["192.0.2.7"]})),
        ((WEB | {"roles": ["web-primary"]}, PEOPLE), (WEB, PEOPLE)),
    ],
)
def test_what_is_done_goes_from_the_list_and_the_bar_is_full_when_it_is_empty(before, after):
    assert todo(*before).done < todo(*before).total
    found = todo(*after)
    assert (found.tasks, found.done) == ((), found.total)


def test_a_decision_that_is_taken_counts_as_a_step_behind_one():
    before, after = todo(WEB, PEOPLE, ESX), todo(WEB, PEOPLE, ESX, choices={"esxi": "ssh"})
    assert (before.open, before.answered) == (1, 0)
    assert (after.open, after.answered, after.tasks) == (0, 1, ())
    assert before.total == after.total


def test_an_answer_to_a_caveat_takes_it_off_the_list_whichever_it_is():
    open_ones = {task.finding.subject for task in list_todo(evaluate(contoso())).tasks if task.kind == "caveat"}
    assert open_ones
    answered = contoso(corrections=[min(open_ones)], as_documented=sorted(open_ones - {min(open_ones)}))
    assert not any(task.kind == "caveat" for task in list_todo(evaluate(answered)).tasks)


def test_warnings_that_may_be_meant_so_are_no_tasks():
    twice = todo(WEB, PEOPLE, MAIL | {"addresses": ["192.0.2.9"]})
    assert twice.tasks == ()


def test_a_thousand_missing_addresses_are_one_task():
    found = list_todo(evaluate(sites(300)))
    assert sum(1 for task in found.tasks if task.kind == "address") <= 1
    assert len(found.tasks) < 20
