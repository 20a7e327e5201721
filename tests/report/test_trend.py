"""How an acceptance went from run to run: its steps, the picture of them, and the table that says the same."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from planner.engine.acceptance import STATUSES, assess
from planner.report.diagram.shapes import measure
from planner.report.paper.acceptance_pages import compose_acceptance, render_pdf
from planner.report.said.trend import APART, MOST_STEPS, Step, draw_trend, join_steps, say_step, trace_runs
from tests.checking import only, run_all
from tests.report.checks.test_acceptance_pages import DAY
from tests.report.samples import contoso, evaluate

NIGHT = datetime(2026, 11, 25, 3, 15, tzinfo=UTC)


def step(after=None, runs=1, **counts):
    counts = {name.replace("_", "-"): number for name, number in counts.items()}
    return Step(at=NIGHT + (after or timedelta()), runs=runs, counts=counts)


def rects(svg):
    return [one.attrib for one in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")]


def test_what_comes_within_ten_minutes_of_another_is_one_step_with_the_last_state():
    one, two, later = step(open=1, blocked=2), step(APART, open=3), step(APART * 2 + timedelta(seconds=1), blocked=3)
    assert join_steps([one, two, later]) == (step(APART, runs=2, open=3), later)


def test_the_newest_steps_are_shown():
    steps = [step(timedelta(days=day), open=day) for day in range(MOST_STEPS + 5)]
    assert join_steps(steps) == tuple(steps[5:])


def test_a_column_is_as_high_as_there_are_flows_of_a_state():
    found = rects(draw_trend([step(open=1, blocked=3), step(timedelta(days=1), open=4)]))
    assert [one["class"] for one in found] == ["trend-open", "trend-blocked", "trend-open"]
    heights = [float(one["height"]) + 1 for one in found]
    assert heights[1] == 3 * heights[0]
    assert heights[2] == heights[0] + heights[1]
    assert found[0]["x"] == found[1]["x"] != found[2]["x"]


@pytest.mark.parametrize("flows", [7, 9_999, 10_000, 150_000])
def test_the_figure_of_the_axis_has_room_before_the_columns(flows):
    svg = draw_trend([step(open=flows), step(timedelta(days=1), open=flows)])
    figure = next(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"))
    assert figure.text == f"{flows:,}"
    assert measure(figure.text, 10) <= float(figure.get("x")) < float(rects(svg)[0]["x"])


def test_one_step_is_no_trend():
    assert draw_trend([step(open=1)]) == ""
    assert draw_trend([]) == ""


def test_the_picture_says_its_beginning_and_end_in_words():
    svg = draw_trend([step(open=1, blocked=2), step(timedelta(days=1), open=3)])
    title = ElementTree.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title")
    assert title == "2026-11-25 03:15: 1 of 3 flows open, 2 blocked; 2026-11-26 03:15: 3 of 3 flows open"
    assert say_step(step(forbidden_open=1)) == "2026-11-25 03:15: 0 of 1 flow open, 1 open that must stay closed"


def test_files_have_steps_by_when_they_were_made():
    report = evaluate(contoso())
    bad = run_all(report, only(lambda check: not check.closed, "filtered"), "2026-11-25T03:15:00Z")
    good = run_all(report, started="2026-11-26T03:15:00Z")
    steps = trace_runs(report, [*good, *bad])
    assert [(one.at.day, one.runs) for one in steps] == [(25, len(bad)), (26, len(good))]
    assert steps[-1].counts == {status: assess(report, [*bad, *good]).counts[status] for status in STATUSES}
    assert steps[0].counts["blocked"] > 0 == steps[1].counts["blocked"]


def test_the_document_has_the_picture_and_its_numbers():
    report = evaluate(contoso())
    steps = [step(open=1, blocked=2), step(timedelta(days=1), runs=4, open=3)]
    state = assess(report, run_all(report))
    printed = compose_acceptance(report, state, date=DAY, steps=steps)
    [part] = [one for one in printed.parts if one.get("id") == "trend"]
    text = " ".join(part.texts())
    assert "in each column from below: open, blocked." in text
    assert "2026-11-25 03:15 1 1 of 3 2 blocked 2026-11-26 03:15 4 3 of 3" in " ".join(text.split())
    assert not [one for one in compose_acceptance(report, state, date=DAY).parts if one.get("id") == "trend"]
    assert render_pdf(report, state, date=DAY, steps=steps).startswith(b"%PDF-")
