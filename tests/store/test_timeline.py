"""What folds in a history and what doesn't."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from planner.store.timeline import BURST, fold

START = datetime(2026, 1, 1, tzinfo=UTC)


def change(number, seconds=0, author="Kim", checkpoint="", restored=None):
    created = START + timedelta(seconds=seconds)
    return SimpleNamespace(number=number, author=author, created=created, checkpoint=checkpoint, restored=restored)


def numbers(changes, sent=()):
    """Numbers of the revisions of each entry; the changes are given oldest first."""
    return [[one.number for one in entry.changes] for entry in fold(list(reversed(changes)), sent)]


def test_what_one_author_does_within_minutes_folds():
    assert numbers([change(2, 0), change(3, 60), change(4, 299)]) == [[4, 3, 2]]


def test_a_burst_lasts_no_longer_than_it_may():
    limit = BURST.total_seconds()
    assert numbers([change(2, 0), change(3, limit / 2), change(4, limit + 1)]) == [[4, 3], [2]]


def test_authors_dont_mix():
    assert numbers([change(2), change(3, author="Ana"), change(4)]) == [[4], [3], [2]]


def test_what_stands_for_itself_doesnt_fold():
    assert numbers([change(1), change(2), change(3)]) == [[3, 2], [1]]
    assert numbers([change(2), change(3, checkpoint="N"), change(4)]) == [[4], [3], [2]]
    assert numbers([change(2), change(3, restored=1), change(4)]) == [[4], [3], [2]]
    assert numbers([change(2), change(3), change(4)], sent={3}) == [[4], [3], [2]]


def test_what_doesnt_follow_doesnt_fold():
    assert numbers([change(2), change(4)]) == [[4], [2]]


def test_a_clock_that_went_back_doesnt_fold():
    assert numbers([change(2, 100), change(3, 0)]) == [[3], [2]]


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("AB"), st.sampled_from(["", "N"])), max_size=12))
def test_nothing_is_lost_and_the_order_stays(steps):
    seconds, changes = 0, []
    for number, (wait, author, checkpoint) in enumerate(steps, start=1):
        seconds += wait
        changes.append(change(number, seconds, author, checkpoint))
    entries = fold(list(reversed(changes)), {3})
    assert [one for entry in entries for one in entry.changes] == list(reversed(changes))
    for entry in entries:
        assert entry.newest.created - entry.oldest.created <= BURST
        assert len({one.author for one in entry.changes}) == 1
        assert not (entry.is_burst and any(one.checkpoint for one in entry.changes))
