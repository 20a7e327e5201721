"""A table within a test hides nothing that cases of their own would show."""

from inspect import signature

import pytest

from tests.each import EVERY, FEW, each, run


@pytest.fixture(autouse=True)
def _whole(monkeypatch):
    monkeypatch.setattr(run, "is_quick", False)


def make_table(test, *, tried):
    """A test with two tables and a fixture, which notes the rows that it is tried with."""

    @each(("first", "second"), [(1, 2), (3, 4)])
    @each("third", "ab")
    def test_something(first, third, second, fixture):
        tried.append((first, second, third, fixture))
        test(first)

    return test_something


def test_every_row_is_tried_with_every_row_of_the_other_tables_and_with_the_same_fixtures():
    tried = []
    made = make_table(lambda _: None, tried=tried)
    assert list(signature(made).parameters) == ["fixture"]
    made(fixture="f")
    assert sorted(tried) == [(1, 2, "a", "f"), (1, 2, "b", "f"), (3, 4, "a", "f"), (3, 4, "b", "f")]


@pytest.mark.parametrize("failure", [AssertionError, ValueError, pytest.fail.Exception])
def test_what_fails_keeps_no_other_row_from_being_tried_and_is_named(failure):
    tried = []

    def test(first):
        if first == 3:
            raise failure("no")

    with pytest.raises(BaseExceptionGroup) as found:
        make_table(test, tried=tried)(fixture="f")
    assert len(tried) == 4
    assert found.value.message == "first=3, second=4, third='a'; first=3, second=4, third='b'"
    assert [type(one) for one in found.value.exceptions] == [failure, failure]


def test_a_row_that_is_no_tuple_of_as_many_values_is_refused():
    with pytest.raises(ValueError, match="longer"):
        each(("first", "second"), [(1, 2), (1, 2, 3)])


@pytest.mark.parametrize(("rows", "tried"), [(FEW, [0, 1]), (20, [0, EVERY, 2 * EVERY])])
def test_under_quick_many_rows_are_tried_as_many_cases_are(rows, tried, monkeypatch):
    monkeypatch.setattr(run, "is_quick", True)
    found = []

    @each("row", range(rows))
    def test_something(row):
        found.append(row)

    test_something()
    assert found == tried
