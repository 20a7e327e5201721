"""What was taken can be given back for a minute, as it was, and the log says so."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from planner.sharing import links, withdrawals
from planner.sharing.withdrawals import NotGivenBack
from planner.store.holders import Holder
from planner.store.models import Event, Hold, Withdrawal
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
ME, OTHER, LATER = (Holder(browser=letter * 64, name="Kim") for letter in "abc")


@pytest.fixture
def plan():
    row, _ = store()
    row.holds.all().delete()
    return row


def given_back():
    return list(Event.objects.filter(kind="access-given-back").values_list("plan", "actor", "detail"))


def test_a_link_comes_back_with_those_who_had_it_and_without_those_who_came_by_the_next_one(plan):
    ME.give(plan, Hold.Role.OWN)
    first = links.make_edit_link(plan_id=plan.pk)
    links.open_edit_link(token=first, holder=OTHER)
    second = links.make_edit_link(plan_id=plan.pk, holder=ME)
    links.open_edit_link(token=second, holder=LATER)
    plan.refresh_from_db()
    [taken] = withdrawals.list_undoable(plan)
    withdrawals.give_back(plan_id=plan.pk, number=taken.pk, holder=ME)
    assert {hold.browser: hold.role for hold in plan.holds.all()} == {ME.browser: "own", OTHER.browser: "edit"}
    assert links.find_plan(first) == plan
    assert links.find_plan(second) is None
    assert given_back() == [(plan.key, "Kim", "edit link")]
    assert not Withdrawal.objects.exists()


def test_what_was_taken_from_somebody_by_name_comes_back_as_it_was_unless_the_account_is_gone(plan):
    kim, lee = (User.objects.create_user(name) for name in ("kim", "lee"))
    for user in (kim, lee):
        Holder(user=user).give(plan, Hold.Role.READ)
    plan.holds.update(archived=True)
    before = plan.holds.get(user=kim)
    withdrawals.keep(plan=plan, holds=plan.holds.all(), name="both")
    plan.holds.all().delete()
    lee.delete()
    withdrawals.give_back(plan_id=plan.pk, number=Withdrawal.objects.get().pk, holder=ME)
    [hold] = plan.holds.all()
    assert (hold.user, hold.role, hold.archived, hold.since) == (kim, "read", True, before.since)
    assert given_back() == [(plan.key, "Kim", "both")]


@pytest.mark.parametrize(("seconds", "there"), [(50, True), (70, False)])
def test_it_can_be_given_back_for_a_minute(plan, seconds, there):
    withdrawals.keep(plan=plan, holds=[], name="kim")
    Withdrawal.objects.update(at=timezone.now() - timedelta(seconds=seconds))
    number = Withdrawal.objects.get().pk
    assert withdrawals.list_undoable(plan).exists() == there
    if not there:
        with pytest.raises(NotGivenBack):
            withdrawals.give_back(plan_id=plan.pk, number=number, holder=ME)
        assert given_back() == []
    withdrawals.forget()
    assert Withdrawal.objects.exists() == there


def test_accounts_keep_what_they_have_whether_a_link_goes_or_comes_back(plan):
    kim, lee = (Holder(user=User.objects.create_user(name)) for name in ("kim", "lee"))
    kim.give(plan, Hold.Role.EDIT)
    ME.give(plan, Hold.Role.OWN)
    first = links.make_edit_link(plan_id=plan.pk)
    links.open_edit_link(token=first, holder=OTHER)
    links.withdraw_edit_link(plan_id=plan.pk, holder=ME)
    assert {hold.user or hold.browser: hold.role for hold in plan.holds.all()} == {kim.user: "edit", ME.browser: "own"}
    lee.give(plan, Hold.Role.READ)  # meanwhile
    LATER.give(plan, Hold.Role.OWN)
    plan.refresh_from_db()
    [taken] = withdrawals.list_undoable(plan)
    withdrawals.give_back(plan_id=plan.pk, number=taken.pk, holder=ME)
    assert {hold.user or hold.browser: hold.role for hold in plan.holds.all()} == {
        kim.user: "edit", lee.user: "read", ME.browser: "own", OTHER.browser: "edit", LATER.browser: "own",
    }  # fmt: skip
    assert links.find_plan(first) == plan


def test_of_what_was_taken_the_newest_stands_first_and_what_cant_be_given_back_is_told_why(plan):
    for name in ("kim", "lee"):
        withdrawals.keep(plan=plan, holds=[], name=name)
    assert [taken.name for taken in withdrawals.list_undoable(plan)] == ["lee", "kim"]
    with pytest.raises(
        NotGivenBack, match=r"^More than a minute has passed, or something else was done since; nothing"
    ):
        withdrawals.give_back(plan_id=plan.pk, number=0, holder=ME)


def test_where_there_was_no_link_there_is_nothing_to_give_back(plan):
    withdrawals.keep(plan=plan, holds=[], link_after="x")
    assert not Withdrawal.objects.exists()
