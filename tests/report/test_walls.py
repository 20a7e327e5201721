"""The firewalls of a plan in the picture of its zones: each zone says which it is behind, and nothing collides."""

from itertools import combinations

import pytest

from planner.plan.document import dump_plan, read_plan
from planner.report.diagram.diagram import _arrange, render_diagram, render_overview, render_svg
from planner.report.diagram.layout import SMALL
from planner.report.diagram.picture import picture_endpoints
from planner.report.diagram.shapes import inset, trace
from planner.report.diagram.walls import Wall, fit_walls, say_walls
from planner.report.paper.prints import render_html
from tests.examples import UNANSWERED
from tests.report.samples import HOSTILE_NAMES, write_plan
from tests.report.test_diagram import MATRIX, evaluate, holds, labels, link, overlaps, texts


def guard(name, count):
    """A ready-made topology with so many firewalls before all of its zones."""
    document = dump_plan(read_plan(UNANSWERED[name].data, matrix=MATRIX))
    zones = [zone["name"] for zone in document["zones"]]
    document["firewalls"] = [
        {
            "name": f"FW-{number:02}",
            "format": "fortigate",
            "zones": {zone: f"port{at}" for at, zone in enumerate(zones, 1)},
        }
        for number in range(count)
    ]
    return evaluate(document)


@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize("name", UNANSWERED)
def test_every_zone_has_its_wall_clear_of_boxes_names_and_lines(name, count):
    for on_page in (None, link):
        drawing = _arrange(picture_endpoints(guard(name, count)), on_page)
        assert set(drawing.walls) == {frame.key for frame in drawing.picture.frames}
        areas = [area for _, area in drawing.walls.values()]
        assert not [pair for pair in combinations(areas, 2) if overlaps(*pair)]
        assert not [area for area in areas for box in drawing.layout.boxes.values() if overlaps(area, box)]
        assert not [area for area in areas for label, _ in drawing.labels.values() if overlaps(area, label)]
        assert not [area for area in areas for port, _ in drawing.ports.values() if overlaps(area, port)]
        points = [point for curve in drawing.layout.curves.values() for point in trace(curve, steps=40)]
        crossed = [area for area in areas if any(holds(inset(area, 1), point) for point in points)]
        assert len(crossed) <= 1, "a line has to go somewhere, but no more than one"
        for area in areas:
            assert drawing.left <= area.x <= area.x + area.width <= drawing.left + drawing.width
            assert drawing.top <= area.y <= area.y + area.height <= drawing.top + drawing.height


def test_without_firewalls_the_picture_has_none_of_it():
    assert 'class="wall"' not in render_svg(guard("dmz", 0)).decode()


def test_walls_are_named_in_files_on_paper_and_to_those_who_see_no_picture():
    report = guard("dmz", 1)
    assert "FW-00 · port3" in texts(render_svg(report).decode())
    assert f"Zone Internet: its rules; {say_walls([Wall(name='FW-00', side='port1')])}" in labels(
        render_diagram(report, link=link)
    )
    assert any("FW-00" in text for text in texts(render_overview(report)))


def test_many_are_counted_and_what_is_said_of_a_zone_is_true_of_it():
    walls = [Wall(name=f"FW-{number}", side="") for number in range(1, 6)]
    assert fit_walls(walls, 1_000, SMALL) == "FW-1, FW-2, FW-3 +2"
    assert fit_walls(walls[:2], 1_000, SMALL) == "FW-1, FW-2"
    assert fit_walls(walls, 60, SMALL) == "FW-1 +4"
    assert fit_walls(walls, 20, SMALL) == "+5"
    assert fit_walls([Wall(name="F" * 200, side="port1")], 80, SMALL).endswith("…")
    document = write_plan({"name": "A", "zone": "Internal"}, {"name": "B", "zone": "DMZ"})
    document["firewalls"] = [{"name": "FW", "format": "asa", "zones": {"Internal": "inside", "Internet": "outside"}}]
    drawing = _arrange(picture_endpoints(evaluate(document)), None)
    assert {frame.label for frame in drawing.picture.frames if frame.key in drawing.walls} == {"Internal", "Internet"}


def test_a_name_is_text():
    """Each before a zone of its own, wide enough for the beginning of it."""
    zones = {name: f"Z{number}" for number, name in enumerate(HOSTILE_NAMES)}
    servers = [{"name": f"A server with a name, {zone}", "zone": zone} for zone in zones.values()]
    document = write_plan(*servers, zones=[(zone, "internal") for zone in zones.values()])
    document["firewalls"] = [
        {"name": name, "format": "nftables", "zones": {zone: "eth0"}} for name, zone in zones.items()
    ]
    shown = texts(render_diagram(evaluate(document), link=link))
    assert not [name for name in HOSTILE_NAMES if not any(text.startswith(name[:6]) for text in shown)]


def test_paper_says_what_a_wall_means_where_there_are_some():
    said = "A wall at the edge of a zone names the firewalls that it is behind."
    assert said in render_html(guard("dmz", 1)).decode()
    assert said not in render_html(guard("dmz", 0)).decode()
