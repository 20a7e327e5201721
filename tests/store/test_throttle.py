"""Only so many in an hour: counted once, forgotten after the hour, and nothing to read from the rows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from planner.store import throttle
from planner.store.models import Attempt

pytestmark = pytest.mark.django_db


def test_one_more_than_the_limit_is_too_many_and_is_not_counted():
    for _ in range(3):
        throttle.count("kind", "someone", limit=3)
    with pytest.raises(throttle.TooMany):
        throttle.count("kind", "someone", limit=3)
    assert Attempt.objects.count() == 3


def test_subjects_and_kinds_are_counted_apart():
    throttle.count("kind", "someone", limit=1)
    throttle.count("kind", "someone else", limit=1)
    throttle.count("other", "someone", limit=1)


def test_the_same_mark_counts_once():
    for _ in range(5):
        throttle.count("kind", "someone", limit=2, mark="a")
    throttle.count("kind", "someone", limit=2, mark="b")
    throttle.count("kind", "someone", limit=2, mark="a")
    with pytest.raises(throttle.TooMany):
        throttle.count("kind", "someone", limit=2, mark="c")


def test_what_is_forgiven_makes_room():
    throttle.forgive(throttle.count("kind", "someone", limit=1))
    throttle.count("kind", "someone", limit=1)


def test_the_window_slides_and_old_rows_go():
    for age in (59, 30, 61):
        throttle.count("kind", "someone", limit=9)
        newest = Attempt.objects.latest("pk")
        Attempt.objects.filter(pk=newest.pk).update(at=timezone.now() - timedelta(minutes=age))
    with pytest.raises(throttle.TooMany) as caught:
        throttle.count("kind", "someone", limit=2)
    assert 30 < caught.value.wait <= 61, "until the oldest of the two is an hour old"
    throttle.count("kind", "someone else", limit=2)
    assert Attempt.objects.count() == 3, "the one of 61 minutes ago is gone"


def test_rows_tell_nothing_of_whom_they_count():
    throttle.count("plan", "client 192.0.2.7", limit=9, mark="secret")
    row = repr(Attempt.objects.values().get())
    assert "192.0.2.7" not in row
    assert "secret" not in row
