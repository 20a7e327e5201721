"""What `make check` leaves out is the same each time, and never the whole of a test."""

from types import SimpleNamespace

from tests.conftest import EVERY, FEW, pytest_collection_modifyitems


def test_a_quick_run_tries_every_test_and_of_many_cases_the_first_and_each_seventh():
    class Item(str):
        nodeid = property(str)

    left_out = []
    config = SimpleNamespace(
        getoption=lambda name: name == "quick",
        hook=SimpleNamespace(pytest_deselected=lambda *, items: left_out.extend(items)),
    )
    few = [Item(f"a.py::test_few[{number}]") for number in range(FEW)]
    many = [Item(f"a.py::TestMany::test_many[{number}-[x]]") for number in range(20)]
    items = [Item("a.py::test_one"), *few, *many, Item("b.py::test_many[0]")]
    everything = list(items)
    pytest_collection_modifyitems(config, items)
    assert items == ["a.py::test_one", *few, many[0], many[EVERY], many[2 * EVERY], "b.py::test_many[0]"]
    assert sorted([*items, *left_out]) == sorted(everything)
