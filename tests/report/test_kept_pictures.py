"""A picture of a page is drawn once for each report; its links are those of the page that shows it."""

import gc
import re

import pytest

from planner.report.diagram import kept
from planner.report.diagram.diagram import NoDiagram, render_diagram, render_overview
from planner.report.diagram.kept import MOST, draw_once
from tests.report.samples import contoso
from tests.report.test_diagram import evaluate, example


def addresses(svg):
    return re.findall(r' href="([^"]*)"', svg)


@pytest.mark.parametrize("render", [render_diagram, render_overview])
def test_the_links_of_a_kept_picture_are_those_of_the_page_that_shows_it(render):
    report = example("everything")
    first = render(report, link=lambda fields: f"/one/?{sorted(fields)}")
    second = render(report, link=lambda fields: f'/two/?"&<{sorted(fields)}')
    assert addresses(first)
    assert all(address.startswith("/one/?") for address in addresses(first))
    assert all(address.startswith("/two/?&quot;&amp;&lt;") for address in addresses(second))
    assert first.replace("/one/?", "") == second.replace("/two/?&quot;&amp;&lt;", "")


def test_it_is_drawn_once():
    report = evaluate(contoso())
    drawn = []

    def draw(link):
        drawn.append(link({"zone": "INT"}))
        return f'<a href="{drawn[-1]}">'

    assert draw_once(report, "it", draw, lambda fields: fields["zone"]) == '<a href="INT">'
    assert draw_once(report, "it", draw, lambda fields: f"a&b {fields['zone']}") == '<a href="a&amp;b INT">'
    assert len(drawn) == 1


def test_what_is_folded_is_another_picture():
    report = evaluate(contoso())
    whole, folded = (render_diagram(report, unfolded=codes, link=str) for codes in ((), ("-INT",)))
    assert whole != folded
    assert render_diagram(report, unfolded=("-INT", "of no group"), link=str) == folded
    assert render_diagram(report, link=str) == whole


def test_what_cannot_be_drawn_is_tried_again():
    report = evaluate(contoso())

    def fail(link):
        raise NoDiagram("there is no dot")

    with pytest.raises(NoDiagram):
        draw_once(report, "it", fail, str)
    assert draw_once(report, "it", lambda link: "drawn", str) == "drawn"


def test_of_one_report_a_few_are_kept_and_none_without_it():
    report = evaluate(contoso())
    before = len(kept._drawn)
    for number in range(MOST + 3):
        draw_once(report, number, lambda link: "drawn", str)
    assert len(kept._drawn[report]) == MOST
    del report
    gc.collect()
    assert len(kept._drawn) <= before
