"""Each boundary as a picture: few lines, letters that can be read, the firewalls on the boundary, nothing outside."""

import re
from xml.etree import ElementTree

import pytest

from planner.report.diagram import boundaries
from planner.report.diagram.boundaries import MOST_RULES, WIDTH, draw_boundaries
from planner.report.paper.report_pages import compose_report
from planner.report.said.edition import Edition
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, sites, write_plan
from tests.report.test_print import DAY, example

SIZE = re.compile(r'font-size="([\d.]+)"')


def read(picture):
    return ElementTree.fromstring(picture.svg)


def words(picture):
    return ["".join(text.itertext()) for text in read(picture).iter("text")]


def ways(picture):
    return [path for path in read(picture).iter("path") if path.get("class") == "way"]


def titles(report):
    return [title for part in compose_report(report, Edition(date=DAY)).parts for title in headings(part)]


def headings(part):
    return ["".join(kid.texts()) for kid in part.kids if not isinstance(kid, str) and kid.tag == "h2"]


@pytest.mark.parametrize("slug", ["everything", "remote-sites", "high-availability"])
def test_every_rule_is_in_one_picture_and_ends_of_it_beside_it(slug):
    report = example(slug)
    pictures, more = draw_boundaries(report)
    assert more == 0
    drawn = [word for picture in pictures for word in words(picture) if any(word == rule.id for rule in report.rules)]
    assert sorted(drawn) == sorted(rule.id for rule in report.rules)
    pairs = {frozenset((boundary.source.code, boundary.destination.code)) for boundary in report.boundaries}
    assert len(pictures) == len(pairs)


@pytest.mark.parametrize("report", [example("everything"), evaluate(sites(300))], ids=["everything", "sites"])
def test_a_picture_has_few_lines_and_no_letter_below_seven_points(report):
    for picture in draw_boundaries(report)[0]:
        assert len(ways(picture)) < 60
        assert min(map(float, SIZE.findall(picture.svg))) >= 7
        assert f'width="{WIDTH:.0f}pt"' in picture.svg
        assert float(re.search(r'height="([\d.]+)pt"', picture.svg)[1]) < 425, "it fits a page"


def test_an_arrow_ends_at_whoever_accepts():
    report = evaluate(contoso())
    accepting = sum(len(rule.destinations) for rule in report.rules)
    arrows = sum(picture.svg.count("<polygon") for picture in draw_boundaries(report)[0])
    assert 0 < arrows <= accepting


def test_the_firewalls_that_its_rules_pass_stand_on_a_boundary_and_no_other_does():
    firewalls = [{"name": "FW-1", "format": "asa", "zones": {"Internal": "inside", "DMZ": "dmz"}}]
    pictures = {picture.title: picture for picture in draw_boundaries(evaluate(contoso(firewalls=firewalls)))[0]}
    assert len(pictures) == 2
    assert {title: "FW-1" in words(picture) for title, picture in pictures.items()} == {
        "Internet → DMZ": False, "DMZ ↔ Internal": True,
    }  # fmt: skip
    assert all(('class="wall"' in picture.svg) == (title != "Internet → DMZ") for title, picture in pictures.items())


def test_many_rules_of_a_boundary_are_drawn_in_several_pictures():
    flows = [
        {"source": "A", "destination": f"B{number}", "protocol": "tcp", "ports": str(1000 + number), "reason": "x"}
        for number in range(MOST_RULES + 1)
    ]
    ends = [{"name": "A", "zone": "DMZ"}, *({"name": flow["destination"], "zone": "Internal"} for flow in flows)]
    pictures, _ = draw_boundaries(evaluate(write_plan(*ends, additional_flows=flows)))
    assert sorted(picture.title for picture in pictures) == ["DMZ → Internal, 1 of 2", "DMZ → Internal, 2 of 2"]
    heights = [picture.height for picture in pictures]
    assert heights == sorted(heights, reverse=True)


def test_no_more_pictures_than_can_be_looked_at(monkeypatch):
    whole, _ = draw_boundaries(example("everything"))
    monkeypatch.setattr(boundaries, "MOST_PICTURES", 2)
    few, more = draw_boundaries(example("everything"))
    assert more == len(whole) - 2 == len(whole) - len(few)
    assert {*few} <= {*whole}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_text(name):
    for picture in draw_boundaries(evaluate(hostile(name)))[0]:
        assert {element.tag for element in read(picture).iter()} <= {
            "svg",
            "title",
            "g",
            "rect",
            "path",
            "text",
            "polygon",
        }


def test_a_picture_of_all_endpoints_stands_where_it_can_be_read_and_boundaries_where_it_can_not():
    assert "Endpoints and their connections" in titles(example("dmz"))
    assert "Each boundary, drawn" not in titles(example("dmz"))
    assert "Each boundary, drawn" in titles(example("everything"))
    assert "Endpoints and their connections" not in titles(example("everything"))


def test_a_picture_of_endpoints_that_are_all_unlike_each_other_still_fits_a_page():
    number = 12
    ends = [{"name": f"E{mask}", "zone": "DMZ"} for mask in range(1, 60)]
    targets = [{"name": f"T{place}", "zone": "Internal"} for place in range(number)]
    flows = [
        {"source": f"E{mask}", "destination": f"T{place}", "protocol": "tcp", "ports": str(place + 1), "reason": "x"}
        for mask in range(1, 60)
        for place in range(number)
        if mask >> (place % 6) & 1
    ]
    pictures, _ = draw_boundaries(evaluate(write_plan(*ends, *targets, additional_flows=flows)))
    assert len(pictures) > 1
    assert max(picture.height for picture in pictures) < 425
