"""Drawings for other programs: what a file refers to is in it, nothing lies on something else, and text is text."""

import re
from collections import Counter
from datetime import date
from html import unescape
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest

from planner.engine import evaluate_report
from planner.plan.topologies import read_topology
from planner.report import FORMATS
from planner.report.diagram import drawio, mermaid
from planner.report.diagram.shapes import Area, contains, overlaps
from planner.report.said.edition import Edition
from ports.queries import shipped_matrix
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, sites, write_plan

EVERYTHING = evaluate_report(shipped_matrix(), read_topology(shipped_matrix(), "everything"))


def many_zones(count):
    """A plan of so many zones, none like another, in which each opens something to the next."""
    return write_plan(
        *({"name": f"E{n}-{m}", "zone": f"Z{n}"} for n in range(count) for m in range(n // 4 + 1)),
        zones=[(f"Z{n}", ("internal", "dmz", "cloud", "internet")[n % 4]) for n in range(count)],
        additional_flows=[
            {
                "source": f"E{n}-0", "destination": f"E{(n + 1) % count}-0", "protocol": "tcp", "ports": "1",
                "reason": "R",
            }
            for n in range(count)
        ],
    )  # fmt: skip


PLANS = {
    "contoso": evaluate(contoso()),
    "everything": EVERYTHING,
    "sites": evaluate(sites(300)),
    "zones": evaluate(many_zones(60)),
}


def read_pages(report, edition=None):
    """The pages of a file: by their ids, the objects by theirs."""
    book = ElementTree.fromstring(drawio.render_drawio(report, edition))
    return {page.get("id"): {one.get("id"): one for one in page.iter("UserObject")} for page in book.iter("diagram")}


def area_of(objects, name):
    """Where a box stands on its page."""
    cell = objects[name].find("mxCell")
    x, y, width, height = (float(cell.find("mxGeometry").get(key)) for key in ("x", "y", "width", "height"))
    parent = cell.get("parent")
    if parent != "1":
        around = area_of(objects, parent)
        x, y = x + around.x, y + around.y
    return Area(x=x, y=y, width=width, height=height)


def boxes_of(objects):
    return [name for name, one in objects.items() if one.find("mxCell").get("vertex")]


@pytest.mark.parametrize("name", PLANS)
def test_everything_that_a_drawing_refers_to_is_in_it(name):
    pages = read_pages(PLANS[name])
    book = ElementTree.fromstring(drawio.render_drawio(PLANS[name]))
    for page in book.iter("diagram"):
        ids = Counter(one.get("id") for one in page.iter() if one.tag in ("UserObject", "mxCell") and one.get("id"))
        assert set(ids.values()) == {1}
        for cell in page.iter("mxCell"):
            assert {cell.get(key) for key in ("parent", "source", "target") if cell.get(key)} <= ids.keys()
    links = [one.get("link") for objects in pages.values() for one in objects.values() if one.get("link")]
    assert links
    assert {link.removeprefix("data:page/id,") for link in links} <= pages.keys()


@pytest.mark.parametrize("name", PLANS)
def test_no_box_of_a_drawing_lies_on_another(name):
    for objects in read_pages(PLANS[name]).values():
        around = {box: objects[box].find("mxCell").get("parent") for box in boxes_of(objects)}
        areas = {box: area_of(objects, box) for box in around}
        for one, other in combinations(around, 2):
            if around[one] == around[other]:
                assert not overlaps(areas[one], areas[other]), (name, one, other)
        assert all(parent == "1" or contains(areas[parent], areas[box]) for box, parent in around.items())


@pytest.mark.parametrize("name", PLANS)
def test_no_line_of_the_overview_runs_through_a_zone_or_along_another(name):
    objects = read_pages(PLANS[name])["overview"]
    zones = [
        area_of(objects, box) for box in boxes_of(objects) if "swimlane" in objects[box].find("mxCell").get("style")
    ]
    upright = Counter()
    for one in objects.values():
        cell = one.find("mxCell")
        if not cell.get("edge"):
            continue
        points = [
            (float(point.get("x")), float(point.get("y"))) for point in cell.iterfind("mxGeometry/Array/mxPoint")
        ]
        upright.update({x for x, _ in points})
        for (x, y), (to_x, to_y) in pairwise(points):
            assert x == to_x or y == to_y
            run = Area(x=min(x, to_x), y=min(y, to_y), width=abs(x - to_x), height=abs(y - to_y))
            assert not any(overlaps(run, zone) for zone in zones)
    assert not upright or max(upright.values()) == 1


def test_each_rule_has_a_box_and_lines_from_its_sources_to_its_destinations():
    pages = read_pages(EVERYTHING)
    said = {}
    for page, objects in pages.items():
        if page == "overview":
            continue
        for one in objects.values():
            cell = one.find("mxCell")
            if cell.get("edge"):
                ends = [objects[cell.get(key)].get("tooltip") for key in ("source", "target")]
                for place, end in enumerate(ends):
                    rule = end.split("<br>")[0]
                    if ": " not in rule:
                        said.setdefault(rule, (set(), set()))[1 - place].update(
                            re.findall(r"(?:^|<br>)(.+?): ", ends[1 - place])
                        )
    assert said == {
        rule.id: ({end.name for end in rule.sources}, {end.name for end in rule.destinations})
        for rule in EVERYTHING.rules
    }


def test_a_rule_says_its_services_with_their_reasons_and_what_it_depends_on():
    report = PLANS["contoso"]
    objects = [one for page in read_pages(report).values() for one in page.values()]
    (open_rule,) = [rule for rule in report.rules if rule.any_of][:1]
    box = next(one for one in objects if one.get("tooltip", "").startswith(f"{open_rule.id}<br>"))
    assert "dashed=1" in box.find("mxCell").get("style")
    assert "Undecided: " in box.get("tooltip")
    for ports, sections in zip(open_rule.services, open_rule.service_sections, strict=True):
        assert f"{ports}: " in unescape(box.get("tooltip"))
        assert all(f"§{section}" in box.get("tooltip") for section in sections)


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "end", '"; click z_INT call x()', "%name%"])
def test_names_are_text_in_drawings(name):
    report = evaluate(hostile(name))
    for objects in read_pages(report).values():
        for one in objects.values():
            for key in ("label", "tooltip"):
                assert set(re.findall(r"<[^>]*>", one.get(key, ""))) <= {"<br>"}
            assert one.get("placeholders") is None
    labels = [unescape(one.get("label")) for one in read_pages(report)["overview"].values()]
    assert any(name[:20] in label for label in labels)
    chart = mermaid.render_mermaid(report).decode()
    text = r"(?:[\w .,:/()+→-]|#\d+;|<br>)*"
    quoted = re.compile(rf' +(?:subgraph )?[ze]_\w+(?:\["{text}"\]| -\.?->\|"{text}"\| z_\w+)')
    for line in chart.splitlines()[1:]:
        assert quoted.fullmatch(line) or line.strip() == "end" or line.startswith("    style z_"), line


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1. Web", "1#46; Web"), ("12) Web", "12#41; Web"), ("- web", "#45; web"), ("+ web", "#43; web"),
        ("---", "#45;--"), ("1.", "1#46;"), ("http://x.example", "http#58;//x.example"), ("_web_", "#95;web#95;"),
        ("www.x.example", "www#46;x.example"), ("PS-01 (10.0.0.1), a_b: 443", "PS-01 (10.0.0.1), a_b: 443"),
    ],
)  # fmt: skip
def test_a_label_is_no_markdown_to_mermaid(text, written):
    """Its version 11 draws “Unsupported markdown” in the place of a list or an address of the web."""
    report = evaluate(write_plan({"name": text, "zone": "Internal", "roles": ["web-primary"]}))
    assert f'["{written}<br>' in mermaid.render_mermaid(report).decode()


def test_a_link_of_the_report_stands_on_the_overview():
    pages = read_pages(PLANS["contoso"], Edition(date=date(2026, 1, 2), link="https://ports.example/v/x"))
    assert next(one.get("link") for one in pages["overview"].values()) == "https://ports.example/v/x"


def test_what_has_no_page_or_line_is_said():
    assert len(read_pages(PLANS["zones"])) == 1 + drawio.MOST_PAGES
    assert FORMATS["drawio"].notes(PLANS["zones"]) == (
        "20 pairs of zones have no page of their own: after the first 40 none has.",
    )
    assert FORMATS["drawio"].notes(EVERYTHING) == ()
    assert FORMATS["mermaid"].notes(PLANS["zones"]) == ()


def test_a_flowchart_has_each_zone_each_endpoint_and_a_line_for_each_boundary():
    chart = mermaid.render_mermaid(EVERYTHING).decode()
    assert chart.count("subgraph ") == len(EVERYTHING.zone_groups)
    assert chart.count("e_n") == len(EVERYTHING.plan.endpoints)
    lines = re.findall(r"z_(\w+) (-->|-\.->)\|.*\| z_(\w+)", chart)
    assert [(source, target) for source, _, target in lines] == [
        (one.source.code, one.destination.code) for one in EVERYTHING.boundaries
    ]


def test_what_nothing_but_undecided_options_needs_is_dotted():
    report = PLANS["contoso"]
    chart = mermaid.render_mermaid(report).decode()
    dotted = {(a, b) for a, b in re.findall(r"z_(\w+) -\.->\|.*\| z_(\w+)", chart)}
    assert dotted == {
        (one.source.code, one.destination.code) for one in report.boundaries if all(rule.any_of for rule in one.rules)
    }
    assert "(undecided)" in chart


def test_more_lines_than_mermaid_draws_are_counted(monkeypatch):
    monkeypatch.setattr(mermaid, "MOST_LINES", 2)
    left = len(EVERYTHING.boundaries) - 2
    assert mermaid.list_notes(EVERYTHING) == (f"{left} boundaries have no line: Mermaid draws no more.",)
    assert mermaid.render_mermaid(EVERYTHING).decode().count("| z_") == 2
