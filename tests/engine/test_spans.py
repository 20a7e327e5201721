"""Sets of numbers as spans do what Python's sets do."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planner.engine.spans import Spans

NUMBERS = st.frozensets(st.integers(0, 40), max_size=25)


def spans(numbers):
    return Spans.of((number, number) for number in numbers)


def numbers(spans):
    return {number for first, last in spans for number in range(first, last + 1)}


@given(NUMBERS, NUMBERS)
def test_spans_unite_meet_and_part_as_sets_do(here, there):
    assert numbers(spans(here) | spans(there)) == here | there
    assert numbers(spans(here) & spans(there)) == here & there
    assert numbers(spans(here) - spans(there)) == here - there
    assert spans(here).covers(spans(there)) == (here >= there)
    assert spans(here).size == len(here)
    assert all((number in spans(here)) == (number in here) for number in range(42))


@given(NUMBERS, NUMBERS)
def test_what_holds_the_same_numbers_is_equal_whatever_made_it(here, there):
    both = spans(here) | spans(there)
    Spans(both.spans)  # in order and apart, or it would be refused
    assert both == spans(here | there)
    assert (spans(here) == spans(there)) == (here == there)


@given(NUMBERS, NUMBERS)
@example({1, 2}, {4})
@example({1, 2, 3}, {3, 4})
def test_what_is_in_both_or_in_one_alone_is_in_order_and_apart(here, there):
    assert spans(here) & spans(there) == spans(here & there)
    assert spans(here) - spans(there) == spans(here - there)


@pytest.mark.parametrize("wrong", [((3, 1),), ((-1, 2),), ((0, 2), (3, 4)), ((5, 6), (0, 1))])
def test_spans_that_are_none_or_not_in_order_are_refused(wrong):
    with pytest.raises(ValueError, match=r"no span of whole numbers|not in order and apart"):
        Spans(wrong)
