"""A picture of a page is drawn once for each report; its links are those of the page that shows it."""

import random
import re
from dataclasses import replace

import pytest

from planner.engine import evaluate_report
from planner.plan.document import check_plan
from planner.report.diagram import diagram, kept
from planner.report.diagram.diagram import NoDiagram, render_diagram, render_overview
from planner.report.diagram.kept import LAST, MOST, draw_once
from ports.queries import shipped_matrix
from tests.engine.test_takeover import edit
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
    assert len(kept._drawn) <= before


@pytest.fixture
def drawn(monkeypatch):
    """What is laid out from now on; nothing is kept of before."""
    kept._said.clear()
    found, lay_out = [], diagram.lay_out
    monkeypatch.setattr(diagram, "lay_out", lambda picture, **how: found.append(picture) or lay_out(picture, **how))
    return found


@pytest.mark.parametrize("render", [render_diagram, render_overview])
def test_a_picture_that_says_the_same_is_taken_from_another_report(render, drawn):
    report = example("everything")
    first = render(report, link=str)
    count = len(drawn)
    assert count
    plan = replace(report.plan, description="Something that no picture says")
    assert render(evaluate_report(report.matrix, plan), link=str) == first
    assert len(drawn) == count
    renamed = replace(plan.zones[0], name="Elsewhere")
    moved = tuple(replace(one, zone="Elsewhere") if one.zone == plan.zones[0].name else one for one in plan.endpoints)
    other = replace(plan, zones=(renamed, *plan.zones[1:]), endpoints=moved, firewalls=())
    assert "Elsewhere" in render(evaluate_report(report.matrix, other), link=str)
    assert len(drawn) > count


@pytest.mark.parametrize("render", [render_diagram, render_overview])
def test_whatever_changes_the_picture_is_what_it_is_when_it_is_drawn_anew(render):
    matrix = shipped_matrix()
    rng = random.Random(7)
    for document in edit(rng, matrix, contoso(), contoso()):
        report = evaluate_report(matrix, check_plan(document, matrix=matrix))
        taken = render(report, link=str)
        kept._said.clear()
        assert render(evaluate_report(matrix, report.plan), link=str) == taken


def test_only_the_last_pictures_are_kept_by_what_they_say():
    for number in range(LAST + 3):
        draw_once(evaluate(contoso()), "it", lambda link: "drawn", str, lambda number=number: str(number))
    assert len(kept._said) == LAST
