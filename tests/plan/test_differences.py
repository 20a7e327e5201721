"""Differences between documents: what they are applied to becomes the other document, and little is little."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan.differences import apply_difference, find_difference
from ports.queries import shipped_matrix
from tests.strategies import documents, often

ROWS = [{"name": f"Row {number}", "tags": ["a", "b"]} for number in range(1_000)]
VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
ANYTHING = st.dictionaries(st.sampled_from("abcd"), VALUES | st.lists(st.sampled_from([1, 2, 3, [], {}]), max_size=8))


def carry(old, new):
    """The new document by way of what is kept of it, and the size of that."""
    written = json.dumps(find_difference(old, new))
    return apply_difference(old, json.loads(written)), len(written)


@given(old=ANYTHING, new=ANYTHING)
@settings(max_examples=often(400))
def test_any_document_follows_from_any_other_with_its_keys_in_their_order(old, new):
    came, _ = carry(old, new)
    assert came == new
    assert list(came) == list(new)


@given(old=documents(shipped_matrix()), new=documents(shipped_matrix()))
@settings(max_examples=often(40))
def test_any_plan_follows_from_any_other(old, new):
    assert carry(old, new)[0] == new


@given(
    taken=st.lists(st.integers(0, 29), max_size=40),
    came=st.lists(st.tuples(st.integers(0, 40), st.integers(100, 103)), max_size=6),
)
@settings(max_examples=often(200))
def test_rows_may_come_go_move_and_be_there_twice(taken, came):
    old, new = [{"row": number} for number in range(30)], [{"row": number} for number in taken]
    for place, number in came:
        new.insert(place, {"row": number})
    assert carry({"rows": old}, {"rows": new})[0] == {"rows": new}


@pytest.mark.parametrize(
    ("changed", "pieces"),
    [
        ([*ROWS[:500], {"name": "Other"}, *ROWS[501:]], 3),
        ([*ROWS[:500], *ROWS[501:]], 2),
        ([*ROWS[:500], {"name": "New"}, *ROWS[500:]], 3),
        ([*ROWS, {"name": "Last"}], 2),
        ([*ROWS[:-1], {"name": "Other"}], 2),
        ([{"name": "A"}, {"name": "B"}, *ROWS[1:]], 2),
        ([ROWS[-1], *ROWS[:-1]], 2),
        ([*ROWS[500:], *ROWS[:500]], 2),
        ([*ROWS[:10], {"name": "A"}, *ROWS[11:20], {"name": "B"}, {"name": "C"}, *ROWS[30:]], 5),
        (ROWS[::100], 10),
    ],
    ids=["other", "gone", "new", "last", "last-other", "several", "first", "halves", "scattered", "few"],
)
def test_of_a_long_list_only_what_is_new_is_written(changed, pieces):
    difference = find_difference({"rows": ROWS}, {"rows": changed})
    assert len(difference["rows"]["rows"]) == pieces
    assert apply_difference({"rows": ROWS}, difference) == {"rows": changed}


def test_what_is_the_same_has_no_difference():
    assert find_difference({"a": 1, "rows": ROWS}, {"a": 1, "rows": list(ROWS)}) == {}


def test_rows_are_looked_up_only_where_their_neighbours_do_not_tell(monkeypatch):
    written = []
    monkeypatch.setattr("planner.plan.differences.json.dumps", lambda *_, **__: written.append(1))
    find_difference({"rows": ROWS}, {"rows": [*ROWS[:500], {"name": "Other"}, *ROWS[501:]]})
    assert not written


@pytest.mark.parametrize(
    "difference",
    [
        [],
        None,
        {"other": 1},
        {"rows": {"none": [[0, 1]]}},
        {"rows": {"rows": [[999, 2]]}},
        {"rows": {"rows": [[-1, 1]]}},
        {"rows": {"rows": [[0, 1, 2]]}},
        {"rows": {"rows": 1}},
        {"rows": [1]},
        {"values": 1},
        {"keys": ["none"]},
        {"gone": 1},
    ],
)
def test_a_difference_that_can_be_none_of_the_document_is_refused(difference):
    with pytest.raises(ValueError, match=r"difference|unpack"):
        apply_difference({"rows": ROWS}, difference)
