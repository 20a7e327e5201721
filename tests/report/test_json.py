"""JSON is written piece by piece, and is the text that it would be in one go."""

import json
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.engine.compare import compare_reports
from planner.plan.syntax import to_json, write_json
from planner.report import CHANGE_FORMATS
from planner.report.formats.json import comparison_data, render_json, report_data
from planner.report.said.edition import Editions
from tests.report.samples import contoso, evaluate, sites

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('aä"\n\\', max_size=3), inner, max_size=3),
    max_leaves=10,
)
WHOLE = st.dictionaries(
    st.text("abcd", max_size=2), PLAIN | st.dictionaries(st.text("ab"), st.lists(PLAIN)) | st.lists(PLAIN), max_size=4
)


def lazily(data, *, top=True):
    """The same, with an iterator for each list in a mapping."""
    return {
        key: lazily(value, top=False)
        if isinstance(value, dict) and top
        else iter(value)
        if isinstance(value, list)
        else value
        for key, value in data.items()
    }


@given(WHOLE)
def test_in_pieces_it_is_the_text_that_it_is_in_one_go(data):
    assert write_json(data) == write_json(lazily(data)) == to_json(data).encode()


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 400, 401])
def test_items_that_are_written_in_lots_are_each_there_once(count):
    data = {"rows": [{"number": number} for number in range(count)], "end": True}
    written = write_json(lazily(data))
    assert json.loads(written) == data
    assert written == to_json(data).encode()


def test_reports_and_comparisons_are_written_as_their_data():
    before, after = evaluate(contoso()), evaluate(sites(3))
    assert render_json(after) == to_json(report_data(after)).encode()
    compared = compare_reports(before, after)
    written = CHANGE_FORMATS["json"].render(compared, Editions(before="a", after="b"))
    assert written == to_json(comparison_data(compared)).encode()


def test_a_comparison_names_the_addresses_of_every_endpoint_in_it_once():
    old, new = contoso(), contoso()
    gone = new["endpoints"].pop()
    data = comparison_data(compare_reports(evaluate(old), evaluate(new)))
    flows = [*data["opened"], *data["closed"]]
    named = [end["name"] for end in data["endpoints"]]
    assert named == sorted({flow[side] for flow in flows for side in ("source", "destination")})
    assert gone["name"] in named
    said = {end["name"]: end for end in data["endpoints"]}
    for end in old["endpoints"]:
        if end["name"] in said:
            assert said[end["name"]] == {
                "name": end["name"],
                "zone": end["zone"],
                "addresses": end.get("addresses", []),
            }


class Row(dict):
    """An item that can be watched."""

    __hash__ = object.__hash__


def test_no_more_than_a_few_items_are_there_at_a_time():
    alive = weakref.WeakSet()
    most = 0

    def rows():
        nonlocal most
        for number in range(5_000):
            row = Row(number=number)
            alive.add(row)
            most = max(most, len(alive))
            yield row
            del row

    write_json({"rows": rows()})
    assert most <= 500
