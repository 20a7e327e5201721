"""What the log says of accounts and of what staff amend: who, what and no more often than it happened."""

import pytest
from django.contrib.auth.models import User

from planner.accounts import people
from planner.accounts.confirmation import MOST_WRONG, give
from planner.accounts.people import USUAL, note_amendment, note_failed_login
from planner.store.models import Attempt, Event
from planner.store.throttle import TooMany
from ports.models import Amendment

pytestmark = pytest.mark.django_db
AMENDMENT = {"product": "desk", "row": "service/ssh", "field": "ports", "new": "2222", "reason": "Here"}


def lines(kind):
    return list(Event.objects.filter(kind=kind).order_by("pk").values_list("actor", "detail"))


def test_an_amendment_is_told_with_who_made_it_and_with_who_took_it_back():
    one = Amendment.objects.create(**AMENDMENT, author="kim")
    one.reverted_by = "lee"
    one.save()
    assert lines("matrix-amended") == [("kim", str(one)), ("lee", f"{one}, reverted")]


def test_an_amendment_that_is_carried_over_is_no_news():
    note_amendment(Amendment(**AMENDMENT, author="kim"), created=True, raw=True)
    assert lines("matrix-amended") == []


def test_of_privileges_those_are_told_that_have_changed():
    olga = User.objects.create_user("olga", is_staff=True, is_superuser=True)
    olga.is_active = False
    olga.save()
    olga.first_name = "Olga"
    olga.save()
    assert [detail for _, detail in lines("privileges-changed")] == [
        "olga: is_superuser True, is_staff True",
        "olga: is_active False",
    ]
    assert {name: getattr(User(), name) for name in people.PRIVILEGES} == USUAL


def test_a_wrong_login_is_told_with_the_name_that_was_tried_cut_short_or_without_one():
    for credentials in ({"username": "kim"}, {"username": "x" * 151}, {}):
        note_failed_login(credentials)
    assert [actor for actor, _ in lines("login-failed")] == ["kim", "x" * 150, ""]


def test_a_user_that_the_proxy_names_with_each_request_is_told_once_and_another_one_as_well():
    for name in ("alice", "alice", "bob", "alice"):
        note_failed_login({"remote_user": name})
    assert [actor for actor, _ in lines("login-failed")] == ["alice", "bob"]


class Asking:
    """A request of a logged-in user with a session of this key."""

    def __init__(self, user, key):
        self.user = user
        self.session = type("Session", (dict,), {"session_key": key})()


def test_wrong_passwords_are_counted_for_each_session_of_a_user():
    user = User.objects.create_user("olga", password="violet harbour nineteen")
    for _ in range(MOST_WRONG):
        assert not give(Asking(user, "a" * 32), "wrong")
    with pytest.raises(TooMany):
        give(Asking(user, "a" * 32), "violet harbour nineteen")
    assert give(Asking(user, "b" * 32), "violet harbour nineteen")
    assert Attempt.objects.count() == MOST_WRONG
