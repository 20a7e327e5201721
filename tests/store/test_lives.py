"""States of rules in the database: set all or none, kept over revisions and new names, and never lost unseen."""

import copy
from datetime import date

import pytest

from planner.engine.life import mark_of
from planner.store import actions, lives
from planner.store.actions import Sender
from planner.store.lives import Pick, Wish
from planner.store.models import RuleState
from planner.store.reports import report_for
from ports.queries import shipped_matrix
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
MATRIX = shipped_matrix()


@pytest.fixture
def plan():
    return store()[0]


def report_of(plan):
    plan.refresh_from_db()
    return report_for(plan.version, MATRIX)


def lives_now(plan):
    report = report_of(plan)
    return report, lives.lives_of(plan, report)


def pick(plan, *rules):
    report, known = lives_now(plan)
    wanted = rules or [rule.id for rule in report.rules]
    return [
        Pick(mark=mark_of(rule), seen=life.newest if (life := known.of(rule)) else 0)
        for rule in report.rules
        if rule.id in wanted
    ]


def give(plan, *rules, picks=None, operation=None, author="Ada", via="", **wish):
    return lives.set_states(
        plan_id=plan.pk, matrix=MATRIX, picks=picks or pick(plan, *rules), wish=Wish(**wish),
        sender=Sender(operation=operation, author=author), via=via,
    )  # fmt: skip


def first_rule(plan):
    return report_of(plan).rules[0]


def life_of(plan, rule):
    return lives_now(plan)[1].by_rule.get(rule)


def change(plan, alter):
    """Store a document that was altered, as a restored one would be."""
    document = copy.deepcopy(plan.document)
    alter(document)
    plan.document, plan.revision = document, plan.revision + 1
    plan.save()
    plan.revisions.create(number=plan.revision, document=document, summary="Altered")


def test_a_state_is_set_for_one_rule_and_no_other(plan):
    rule = first_rule(plan).id
    assert give(plan, rule, state="approved", ticket="CHG-7", owner="Kim", review=date(2027, 1, 1)) == 1
    _, known = lives_now(plan)
    assert list(known.by_rule) == [rule]
    given = known.by_rule[rule].given
    assert (given.state, given.ticket, given.owner, given.review) == ("approved", "CHG-7", "Kim", date(2027, 1, 1))
    assert given.by == "Ada"


def test_a_ticket_alone_requests_what_has_no_state_and_leaves_others_theirs(plan):
    rules = [rule.id for rule in report_of(plan).rules[:2]]
    give(plan, rules[0], state="verified")
    give(plan, *rules, ticket="CHG-7")
    assert [life_of(plan, rule).given.state for rule in rules] == ["verified", "requested"]
    assert {life_of(plan, rule).given.ticket for rule in rules} == {"CHG-7"}


def test_the_same_operation_counts_once(plan):
    picks = pick(plan, first_rule(plan).id)
    for _ in range(2):
        assert give(plan, picks=picks, operation="a" * 32, state="requested") == 1
    assert RuleState.objects.count() == 1


def test_who_has_not_seen_what_another_set_is_told_and_nothing_is_set(plan):
    rules = [rule.id for rule in report_of(plan).rules[:2]]
    picks = pick(plan, *rules)
    give(plan, rules[0], state="rejected", author="Bob", ticket="CHG-1")
    with pytest.raises(lives.Overtaken, match=rf"{rules[0]}: rejected by Bob, CHG-1"):
        give(plan, picks=picks, state="verified")
    assert life_of(plan, rules[0]).given.state == "rejected"
    assert life_of(plan, rules[1]) is None


def test_who_has_not_seen_that_a_state_was_taken_back_is_told(plan):
    rule = first_rule(plan).id
    give(plan, rule, state="approved")
    picks = pick(plan, rule)
    give(plan, rule, state="none")
    with pytest.raises(lives.Overtaken, match=f"{rule}: taken back"):
        give(plan, picks=picks, state="verified")
    assert life_of(plan, rule) is None


def test_a_rule_that_says_something_else_by_now_gets_no_state(plan):
    picks = pick(plan)
    change(plan, lambda document: document["endpoints"][0].update(addresses=["10.9.9.9"]))
    with pytest.raises(lives.Overtaken, match="The plan has changed since"):
        give(plan, picks=picks, state="approved")
    assert not RuleState.objects.exists()


def test_a_state_follows_its_rule_through_a_new_name_and_back(plan):
    rule = first_rule(plan)
    name, source = rule.id, rule.sources[0]
    give(plan, name, state="implemented")
    params = {"endpoint": source.name, "changes": {"name": "Renamed"}}
    actions.apply_edit(plan_id=plan.pk, matrix=MATRIX, edit="edit-endpoint", params=params)
    life = life_of(plan, name)
    assert (life.given.state, life.changed) == ("implemented", False)
    assert "Renamed" in life.given.ends
    actions.undo(plan_id=plan.pk, matrix=MATRIX)
    life = life_of(plan, name)
    assert (life.given.state, life.changed) == ("implemented", False)
    assert source.name in life.given.ends


def test_an_undo_of_the_plan_takes_no_state_back(plan):
    actions.rename_plan(plan_id=plan.pk, matrix=MATRIX, name="Other", description="")
    rule = first_rule(plan).id
    give(plan, rule, state="approved")
    revision = plan.revision
    actions.undo(plan_id=plan.pk, matrix=MATRIX)
    assert life_of(plan, rule).given.state == "approved"
    assert revision == plan.revision - 1


def test_what_is_set_anew_takes_the_place_of_what_was_and_both_stand_in_the_history(plan):
    rule = first_rule(plan).id
    for name in ("requested", "approved", "implemented"):
        give(plan, rule, state=name)
    assert [row.state for row in plan.states.filter(stands=True)] == ["implemented"]
    history = lives.list_history(plan, life_of(plan, rule), 10)
    assert [(row.before, row.state) for row in history] == [
        ("approved", "implemented"),
        ("requested", "approved"),
        ("", "requested"),
    ]


def test_a_rule_that_is_gone_is_left_to_be_closed_until_someone_says_that_it_is(plan):
    give(plan, state="implemented")
    total = len(report_of(plan).rules)
    change(plan, lambda document: [item.update(roles=[], managed_by=[]) for item in document["endpoints"]])
    known = lives_now(plan)[1]
    assert len(known.left) > 0
    closing = [given.number for given in known.left]
    assert lives.close_states(plan_id=plan.pk, matrix=MATRIX, numbers=closing) == len(closing)
    assert not lives_now(plan)[1].left
    assert plan.states.filter(state="closed").count() == len(closing) <= total


def test_nothing_is_closed_that_is_asked_for(plan):
    rule = first_rule(plan).id
    give(plan, rule, state="implemented")
    number = life_of(plan, rule).given.number
    with pytest.raises(lives.Overtaken, match=f"asks for {rule} again"):
        lives.close_states(plan_id=plan.pk, matrix=MATRIX, numbers=[number])
    assert life_of(plan, rule) is not None


def test_an_act_of_many_rules_is_one_entry_of_the_history(plan):
    give(plan, state="requested", ticket="CHG-1")
    give(plan, first_rule(plan).id, state="approved", via="Network team", author="Kim")
    acts = lives.list_acts(plan, before=None, most=10)
    assert [act.total for act in acts] == [1, len(report_of(plan).rules)]
    assert lives.name_author(acts[0].rows[0]) == "Kim (by the link “Network team”)"
    assert lives.list_acts(plan, before=acts[0].rows[0].pk, most=10) == acts[1:]


def test_the_queries_do_not_grow_with_the_states(plan, django_assert_num_queries):
    give(plan, state="requested")
    give(plan, state="approved")
    report = report_of(plan)
    with django_assert_num_queries(2):
        lives.lives_of(plan, report, date(2030, 1, 1))
